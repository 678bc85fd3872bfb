"""suggestions and tandems

Revision ID: a1c3f0d20004
Revises: a1c3f0d20003
Create Date: 2026-11-24 16:50:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20004"
down_revision: str | Sequence[str] | None = "a1c3f0d20003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IS_OPEN = sa.text("status IN ('open', 'one_yes', 'awaiting_coordinator')")


def upgrade() -> None:
    op.create_table(
        "suggestion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("a_id", sa.String(), nullable=False),
        sa.Column("b_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("other", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tandem_id", sa.String(), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["a_id"], ["community.id"], name=op.f("fk_suggestion_a_id_community")),
        sa.ForeignKeyConstraint(["b_id"], ["community.id"], name=op.f("fk_suggestion_b_id_community")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestion_a_id"), ["a_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_b_id"), ["b_id"], unique=False)
        batch_op.create_index(
            "ix_suggestion_open_pair", ["a_id", "b_id"], unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        )
        batch_op.create_index("ix_suggestion_round_id_status", ["round_id", "status"], unique=False)
        batch_op.create_index("ix_suggestion_status_expires_at", ["status", "expires_at"], unique=False)

    op.create_table(
        "suggestion_side",
        sa.Column("suggestion_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_as", sa.String(), nullable=True),
        sa.Column("approval", sa.String(length=40), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_suggestion_side_community_id_community")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_suggestion_side_company_id_company")),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestion.id"],
            name=op.f("fk_suggestion_side_suggestion_id_suggestion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("suggestion_id", "side", name=op.f("pk_suggestion_side")),
    )
    with op.batch_alter_table("suggestion_side", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestion_side_community_id"), ["community_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_side_company_id"), ["company_id"], unique=False)

    op.create_table(
        "tandem",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("suggestion_id", sa.String(), nullable=False),
        sa.Column("a_id", sa.String(), nullable=False),
        sa.Column("b_id", sa.String(), nullable=False),
        sa.Column("a_company", sa.String(), nullable=False),
        sa.Column("b_company", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["a_company"], ["company.id"], name=op.f("fk_tandem_a_company_company")),
        sa.ForeignKeyConstraint(["a_id"], ["community.id"], name=op.f("fk_tandem_a_id_community")),
        sa.ForeignKeyConstraint(["b_company"], ["company.id"], name=op.f("fk_tandem_b_company_company")),
        sa.ForeignKeyConstraint(["b_id"], ["community.id"], name=op.f("fk_tandem_b_id_community")),
        sa.ForeignKeyConstraint(
            ["suggestion_id"], ["suggestion.id"], name=op.f("fk_tandem_suggestion_id_suggestion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tandem")),
        sa.UniqueConstraint("suggestion_id", name=op.f("uq_tandem_suggestion_id")),
    )
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tandem_a_company"), ["a_company"], unique=False)
        batch_op.create_index(batch_op.f("ix_tandem_a_id"), ["a_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tandem_b_company"), ["b_company"], unique=False)
        batch_op.create_index(batch_op.f("ix_tandem_b_id"), ["b_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tandem_status"), ["status"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tandem_status"))
        batch_op.drop_index(batch_op.f("ix_tandem_b_id"))
        batch_op.drop_index(batch_op.f("ix_tandem_b_company"))
        batch_op.drop_index(batch_op.f("ix_tandem_a_id"))
        batch_op.drop_index(batch_op.f("ix_tandem_a_company"))

    op.drop_table("tandem")
    with op.batch_alter_table("suggestion_side", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suggestion_side_company_id"))
        batch_op.drop_index(batch_op.f("ix_suggestion_side_community_id"))

    op.drop_table("suggestion_side")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_status_expires_at")
        batch_op.drop_index("ix_suggestion_round_id_status")
        batch_op.drop_index("ix_suggestion_open_pair")
        batch_op.drop_index(batch_op.f("ix_suggestion_b_id"))
        batch_op.drop_index(batch_op.f("ix_suggestion_a_id"))

    op.drop_table("suggestion")
