"""meetups: dates, talks, registrations, seatings; rounds and suggestions that come of them

Revision ID: a1c3f0d20017
Revises: a1c3f0d20016
Create Date: 2026-11-27 18:20:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20017"
down_revision: str | Sequence[str] | None = "a1c3f0d20016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "meetup",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("online_link", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("host_company_id", sa.String(), nullable=True),
        sa.Column("agenda", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("limit_per_company", sa.Integer(), nullable=True),
        sa.Column("registration_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirm_within_hours", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cancel_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_week_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_day_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feedback_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["host_company_id"], ["company.id"], name=op.f("fk_meetup_host_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetup")),
    )
    with op.batch_alter_table("meetup") as batch:
        batch.create_index(batch.f("ix_meetup_host_company_id"), ["host_company_id"], unique=False)
        batch.create_index("ix_meetup_status_starts_at", ["status", "starts_at"], unique=False)

    op.create_table(
        "registration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("themes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("learn", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("show", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("languages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("excluded_companies", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("stays", sa.Boolean(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("made_person", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_registration_community_id_community")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_registration_company_id_company")),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_registration_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("meetup_id", "number", name=op.f("uq_registration_meetup_id_number")),
        sa.UniqueConstraint("meetup_id", "person_id", name=op.f("uq_registration_meetup_id_person_id")),
    )
    with op.batch_alter_table("registration") as batch:
        batch.create_index(batch.f("ix_registration_community_id"), ["community_id"], unique=False)
        batch.create_index("ix_registration_company_id_id", ["company_id", "id"], unique=False)
        batch.create_index("ix_registration_meetup_id_status_number", ["meetup_id", "status", "number"], unique=False)
        batch.create_index(batch.f("ix_registration_person_id"), ["person_id"], unique=False)
        batch.create_index("ix_registration_status_offered_until", ["status", "offered_until"], unique=False)

    op.create_table(
        "seating",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("rotations", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("based_on", sa.String(), nullable=True),
        sa.Column("group_size", sa.Integer(), nullable=False),
        sa.Column("min_size", sa.Integer(), nullable=False),
        sa.Column("max_size", sa.Integer(), nullable=False),
        sa.Column("rotation_minutes", sa.Integer(), nullable=True),
        sa.Column("people", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("apart", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("figures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("problem_values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_seating_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seating")),
    )
    with op.batch_alter_table("seating") as batch:
        batch.create_index(batch.f("ix_seating_meetup_id"), ["meetup_id"], unique=False)

    op.create_table(
        "talk",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("abstract", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("speaker_id", sa.String(), nullable=True),
        sa.Column("story_id", sa.String(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_talk_community_id_community")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_talk_company_id_company")),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_talk_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["speaker_id"], ["person.id"], name=op.f("fk_talk_speaker_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk")),
        sa.UniqueConstraint("meetup_id", "story_id", name=op.f("uq_talk_meetup_id_story_id")),
    )
    with op.batch_alter_table("talk") as batch:
        batch.create_index(batch.f("ix_talk_community_id"), ["community_id"], unique=False)
        batch.create_index(batch.f("ix_talk_company_id"), ["company_id"], unique=False)
        batch.create_index("ix_talk_meetup_id_id", ["meetup_id", "id"], unique=False)
        batch.create_index(batch.f("ix_talk_speaker_id"), ["speaker_id"], unique=False)

    op.create_table(
        "again",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_again_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["registration.id"], name=op.f("fk_again_other_id_registration"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_again_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_again")),
        sa.UniqueConstraint("registration_id", "other_id", name=op.f("uq_again_registration_id_other_id")),
    )
    with op.batch_alter_table("again") as batch:
        batch.create_index(batch.f("ix_again_meetup_id"), ["meetup_id"], unique=False)
        batch.create_index(batch.f("ix_again_other_id"), ["other_id"], unique=False)

    op.create_table(
        "meetup_feedback",
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("useful", sa.String(length=40), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_meetup_feedback_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_meetup_feedback_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_meetup_feedback")),
    )
    with op.batch_alter_table("meetup_feedback") as batch:
        batch.create_index(batch.f("ix_meetup_feedback_meetup_id"), ["meetup_id"], unique=False)

    op.create_table(
        "seating_group",
        sa.Column("seating_id", sa.String(), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("members", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("shared", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("same_company_pairs", sa.Integer(), nullable=False),
        sa.Column("repeated_pairs", sa.Integer(), nullable=False),
        sa.Column("no_common_language", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seating_id"], ["seating.id"], name=op.f("fk_seating_group_seating_id_seating"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seating_id", "rotation", "number", name=op.f("pk_seating_group")),
    )
    with op.batch_alter_table("round") as batch:
        batch.add_column(sa.Column("scope_meetup", sa.String(), nullable=True))
        batch.add_column(sa.Column("planned_on", sa.Date(), nullable=True))
        batch.create_index(batch.f("ix_round_scope_meetup"), ["scope_meetup"], unique=False)
        batch.create_foreign_key(batch.f("fk_round_scope_meetup_meetup"), "meetup", ["scope_meetup"], ["id"])

    with op.batch_alter_table("suggestion") as batch:
        batch.add_column(sa.Column("meetup_id", sa.String(), nullable=True))
        batch.create_index(batch.f("ix_suggestion_meetup_id"), ["meetup_id"], unique=False)


def downgrade() -> None:
    op.execute("UPDATE suggestion SET origin = 'spontaneous' WHERE origin = 'meetup'")
    with op.batch_alter_table("suggestion") as batch:
        batch.drop_index(batch.f("ix_suggestion_meetup_id"))
        batch.drop_column("meetup_id")

    with op.batch_alter_table("round") as batch:
        batch.drop_constraint(batch.f("fk_round_scope_meetup_meetup"), type_="foreignkey")
        batch.drop_index(batch.f("ix_round_scope_meetup"))
        batch.drop_column("planned_on")
        batch.drop_column("scope_meetup")

    op.drop_table("seating_group")
    with op.batch_alter_table("meetup_feedback") as batch:
        batch.drop_index(batch.f("ix_meetup_feedback_meetup_id"))

    op.drop_table("meetup_feedback")
    with op.batch_alter_table("again") as batch:
        batch.drop_index(batch.f("ix_again_other_id"))
        batch.drop_index(batch.f("ix_again_meetup_id"))

    op.drop_table("again")
    with op.batch_alter_table("talk") as batch:
        batch.drop_index(batch.f("ix_talk_speaker_id"))
        batch.drop_index("ix_talk_meetup_id_id")
        batch.drop_index(batch.f("ix_talk_company_id"))
        batch.drop_index(batch.f("ix_talk_community_id"))

    op.drop_table("talk")
    with op.batch_alter_table("seating") as batch:
        batch.drop_index(batch.f("ix_seating_meetup_id"))

    op.drop_table("seating")
    with op.batch_alter_table("registration") as batch:
        batch.drop_index("ix_registration_status_offered_until")
        batch.drop_index(batch.f("ix_registration_person_id"))
        batch.drop_index("ix_registration_meetup_id_status_number")
        batch.drop_index("ix_registration_company_id_id")
        batch.drop_index(batch.f("ix_registration_community_id"))

    op.drop_table("registration")
    with op.batch_alter_table("meetup") as batch:
        batch.drop_index("ix_meetup_status_starts_at")
        batch.drop_index(batch.f("ix_meetup_host_company_id"))

    op.drop_table("meetup")
