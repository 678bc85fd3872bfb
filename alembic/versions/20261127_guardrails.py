"""guidelines, acceptances and objections

Revision ID: a1c3f0d20008
Revises: a1c3f0d20007
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20008"
down_revision: str | Sequence[str] | None = "a1c3f0d20007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "guideline_acceptance",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_guideline_acceptance_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_acceptance")),
    )
    with op.batch_alter_table("guideline_acceptance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guideline_acceptance_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guideline_acceptance_valid_until"), ["valid_until"], unique=False)

    op.create_table(
        "objection",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tandem_id", sa.String(), nullable=False),
        sa.Column("exchange_id", sa.String(), nullable=True),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_exchange_id"), ["exchange_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_objection_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_objection_tandem_id"), ["tandem_id"], unique=False)

    op.create_table(
        "guardrail_note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("pointer", sa.String(), nullable=False),
        sa.Column("topic", sa.Integer(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardrail_note")),
    )
    with op.batch_alter_table("guardrail_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guardrail_note_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guardrail_note_subject_id"), ["subject_id"], unique=False)


def downgrade() -> None:
    op.drop_table("guardrail_note")
    op.drop_table("objection")
    op.drop_table("guideline_acceptance")
