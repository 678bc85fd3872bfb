"""coordinators as people, deadlines, reminders, what a community wants to be asked and what its declines say

Revision ID: a1c3f0d20010
Revises: a1c3f0d20009
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

revision: str = "a1c3f0d20010"
down_revision: str | Sequence[str] | None = "a1c3f0d20009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# Columns that may be empty, by table.
_OPEN: Mapping[str, Mapping[str, TypeEngine[object]]] = {
    "community": {"asks_per_quarter": sa.Integer(), "ask_not_before": sa.Date()},
    "suggestion": {"remind_at": _TIME, "awaiting_since": _TIME, "forgotten_at": _TIME},
    "suggestion_side": {"reminded_at": _TIME},
    "round": {"remind_after_days": sa.Integer()},
}
# Columns that have a value everywhere, with what is there already.
_FILLED: Mapping[str, Mapping[str, tuple[TypeEngine[object], str]]] = {
    "company": {"approves": (sa.String(length=40), "same_sector"), "approve_within_days": (sa.Integer(), "14")},
    "suggestion_side": {"why": (_JSON, "[]")},
    "round": {"answer_within_days": (sa.Integer(), "14")},
}


def upgrade() -> None:
    op.create_table(
        "company_coordinator",
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("deputy", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_company_coordinator_company_id_company")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_company_coordinator_person_id_person")),
        sa.PrimaryKeyConstraint("company_id", "person_id", name=op.f("pk_company_coordinator")),
    )
    with op.batch_alter_table("company_coordinator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_coordinator_person_id"), ["person_id"], unique=False)
    op.create_table(
        "learned_preference",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("learned_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["community.id"],
            name=op.f("fk_learned_preference_community_id_community"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("community_id", "field", "value", name=op.f("pk_learned_preference")),
    )
    for table, columns in _OPEN.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, kind in columns.items():
                batch_op.add_column(sa.Column(name, kind, nullable=True))
    for table, filled in _FILLED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, (kind, value) in filled.items():
                batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        # Only those that are there already are filled by the database.
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, (kind, _) in filled.items():
                batch_op.alter_column(name, existing_type=kind, server_default=None)
    op.execute("UPDATE round SET remind_after_days = 7")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index("ix_suggestion_status_remind_at", ["status", "remind_at"], unique=False)
    # Nobody is mailed about what happened before there were mails.
    op.execute(
        "UPDATE event SET handled_at = happened_at WHERE handled_at IS NULL "
        "AND (kind LIKE 'suggestion.%' OR kind IN ('tandem.started', 'tandem.closed'))"
    )


def downgrade() -> None:
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_status_remind_at")
    for table in dict.fromkeys([*_OPEN, *_FILLED]):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in (*_OPEN.get(table, {}), *_FILLED.get(table, {})):
                batch_op.drop_column(name)
    op.drop_table("learned_preference")
    with op.batch_alter_table("company_coordinator", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_coordinator_person_id"))
    op.drop_table("company_coordinator")
