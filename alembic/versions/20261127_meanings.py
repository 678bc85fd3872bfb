"""discovery reads texts with a dictionary: all entries are made anew

Revision ID: a1c3f0d20007
Revises: a1c3f0d20006
Create Date: 2026-11-27 14:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20007"
down_revision: str | Sequence[str] | None = "a1c3f0d20006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # The worker fills the table again by itself, so that nothing has to be converted; SQLite adds a column that must
    # have a value only to a table made anew.
    op.execute("DELETE FROM discovery_entry")
    with op.batch_alter_table("discovery_entry", recreate="auto" if _is_postgresql() else "always") as batch:
        batch.add_column(sa.Column("reading", sa.String(), nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM discovery_entry")
    with op.batch_alter_table("discovery_entry") as batch:
        batch.drop_column("reading")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
