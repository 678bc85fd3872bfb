"""guidelines, acceptances and objections

Revision ID: a1c3f0d20008
Revises: a1c3f0d20007
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Sequence

revision: str = "a1c3f0d20008"
down_revision: str | Sequence[str] | None = "a1c3f0d20007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
