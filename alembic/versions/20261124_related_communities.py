"""what discovery keeps of published communities

Revision ID: a1c3f0d20002
Revises: a1c3f0d20001
Create Date: 2026-11-24 14:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20002"
down_revision: str | Sequence[str] | None = "a1c3f0d20001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    clock = op.create_table(
        "discovery_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discovery_clock")),
    )
    op.bulk_insert(clock, [{"id": 1, "seq": 0}])
    op.create_table(
        "discovery_entry",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("company_name", sa.String(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("term_keys", sa.LargeBinary(), nullable=False),
        sa.Column("term_counts", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("facets", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["community.id"],
            name=op.f("fk_discovery_entry_community_id_community"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_discovery_entry")),
    )
    op.create_index("ix_discovery_entry_seq_hidden", "discovery_entry", ["seq", "hidden"])
    op.create_index(
        "ix_community_discovery",
        "community",
        ["id", "company_id", "status", "version", "paused_until", "confirm_again_by"],
    )


def downgrade() -> None:
    op.drop_index("ix_community_discovery", table_name="community")
    op.drop_table("discovery_entry")
    op.drop_table("discovery_clock")
