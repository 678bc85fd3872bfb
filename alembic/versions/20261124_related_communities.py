"""terms of published communities

Revision ID: a1c3f0d20002
Revises: a1c3f0d20001
Create Date: 2026-11-24 14:00:00+00:00
"""

from collections.abc import Sequence

revision: str = "a1c3f0d20002"
down_revision: str | Sequence[str] | None = "a1c3f0d20001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
