"""retention, and events that wait before they are tried again

Revision ID: a1c3f0d20012
Revises: a1c3f0d20011
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20012"
down_revision: str | Sequence[str] | None = "a1c3f0d20011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_column("next_try_at")
