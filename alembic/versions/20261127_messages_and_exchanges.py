"""messages and exchanges

Revision ID: a1c3f0d20009
Revises: a1c3f0d20008
Create Date: 2026-11-27 14:28:23.487863+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20009"
down_revision: str | Sequence[str] | None = "a1c3f0d20008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OF_TANDEMS: dict[str, tuple[sa.types.TypeEngine[object], str]] = {
    "term": (sa.Integer(), "1"),
    "rhythm_weeks": (sa.Integer(), "6"),
    "meeting_minutes": (sa.Integer(), "60"),
    "horizon_months": (sa.Integer(), "6"),
    "time_zone": (sa.String(), "UTC"),
    "next_host": (sa.String(length=40), "a"),
}


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("previous_secret", sa.String(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_webhook_endpoint_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_endpoint_company_id"), ["company_id"], unique=False)

    op.create_table(
        "mail_preference",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("wants", sa.String(length=40), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_preference_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_preference")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("endpoint_id", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name=op.f("fk_message_endpoint_id_webhook_endpoint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_endpoint_id"), ["endpoint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_message_status_due_at", ["status", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "exchange",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tandem_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("agenda", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("moved_to", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("topics", sa.String(), nullable=True),
        sa.Column("take_away", sa.String(), nullable=True),
        sa.Column("next", sa.String(), nullable=True),
        sa.Column("minutes_by", sa.String(length=40), nullable=True),
        sa.Column("minutes_version", sa.Integer(), nullable=False),
        sa.Column("confirmed_a", sa.Integer(), nullable=True),
        sa.Column("confirmed_b", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tandem_id"], ["tandem.id"], name=op.f("fk_exchange_tandem_id_tandem")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("tandem_id", "number", name=op.f("uq_exchange_tandem_id_number")),
    )
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_starts_at"), ["starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_tandem_id"), ["tandem_id"], unique=False)

    op.create_table(
        "harvest",
        sa.Column("tandem_id", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("written_by", sa.String(length=40), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("released_a", sa.Integer(), nullable=True),
        sa.Column("released_b", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tandem_id"], ["tandem.id"], name=op.f("fk_harvest_tandem_id_tandem"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tandem_id", name=op.f("pk_harvest")),
    )
    op.create_table(
        "tandem_pulse",
        sa.Column("tandem_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("at_end", sa.Boolean(), nullable=False),
        sa.Column("pulse", sa.String(length=40), nullable=True),
        sa.Column("fitted", sa.Boolean(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tandem_id"], ["tandem.id"], name=op.f("fk_tandem_pulse_tandem_id_tandem"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tandem_id", "side", "term", "at_end", name=op.f("pk_tandem_pulse")),
    )
    op.create_table(
        "exchange_feedback",
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name=op.f("fk_exchange_feedback_exchange_id_exchange"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "side", name=op.f("pk_exchange_feedback")),
    )
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        for name, (kind, value) in _OF_TANDEMS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        batch_op.add_column(sa.Column("kicked_off_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("paused_until", sa.Date(), nullable=True))
    # Only those that are there already are filled by the database.
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        for name, (kind, _) in _OF_TANDEMS.items():
            batch_op.alter_column(name, existing_type=kind, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        for name in ("paused_until", "ends_on", "kicked_off_at", *_OF_TANDEMS):
            batch_op.drop_column(name)

    op.drop_table("exchange_feedback")
    op.drop_table("tandem_pulse")
    op.drop_table("harvest")
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exchange_tandem_id"))
        batch_op.drop_index(batch_op.f("ix_exchange_starts_at"))

    op.drop_table("exchange")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_subject_id"))
        batch_op.drop_index("ix_message_status_due_at")
        batch_op.drop_index(batch_op.f("ix_message_person_id"))
        batch_op.drop_index(batch_op.f("ix_message_endpoint_id"))

    op.drop_table("message")
    op.drop_table("mail_preference")
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_endpoint_company_id"))

    op.drop_table("webhook_endpoint")
