"""what imports remember

Revision ID: a1c3f0d20001
Revises: 32ad5fd67748
Create Date: 2026-11-24 14:00:00+00:00
"""

from collections.abc import Sequence

revision: str = "a1c3f0d20001"
down_revision: str | Sequence[str] | None = "32ad5fd67748"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
