"""what is open and has a handler is found without looking through all events

Revision ID: a1c3f0d20015
Revises: a1c3f0d20014
Create Date: 2026-11-27 16:30:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20015"
down_revision: str | Sequence[str] | None = "a1c3f0d20014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("handled_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_handled_at")
        batch_op.create_index(
            "ix_event_open", ["kind", "attempts", "id"], unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN
        )


def downgrade() -> None:
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_open", sqlite_where=_OPEN, postgresql_where=_OPEN)
        batch_op.create_index("ix_event_handled_at", ["handled_at"], unique=False)
