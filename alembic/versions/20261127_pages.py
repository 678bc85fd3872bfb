"""what pages and calendar feeds need

Revision ID: a1c3f0d20013
Revises: a1c3f0d20012
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20013"
down_revision: str | Sequence[str] | None = "a1c3f0d20012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("community", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feed_number", sa.Integer(), nullable=False, server_default="0"))
    # Only those that are there already are filled by the database.
    with op.batch_alter_table("community", schema=None) as batch_op:
        batch_op.alter_column("feed_number", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("community", schema=None) as batch_op:
        batch_op.drop_column("feed_number")
