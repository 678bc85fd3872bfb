"""tandems

Revision ID: a1c3f0d20004
Revises: a1c3f0d20003
Create Date: 2026-11-24 16:50:00.000000+00:00

"""

revision = "a1c3f0d20004"
down_revision = "a1c3f0d20003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
