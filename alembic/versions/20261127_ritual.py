"""what the ritual of a tandem needs beyond its meetings

Revision ID: a1c3f0d20011
Revises: a1c3f0d20010
Create Date: 2026-11-27 15:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20011"
down_revision: str | Sequence[str] | None = "a1c3f0d20010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_HANDLED_BEFORE = (
    "person.changed",
    "community.paused",
    "community.archived",
    "company.leaving",
    "round.suggestions_ended",
)
_DATES = ("ends_on", "paused_until", "closes_on")


def upgrade() -> None:
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("closes_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("ending", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("pulse_asked", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("renewal_asked", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("contacts_a", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("contacts_b", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        # Only those that are there already are filled by the database.
        batch_op.alter_column("pulse_asked", existing_type=sa.Integer(), server_default=None)
        batch_op.alter_column("renewal_asked", existing_type=sa.Integer(), server_default=None)
        for name in (*_DATES, "next_due_at"):
            batch_op.create_index(batch_op.f(f"ix_tandem_{name}"), [name], unique=False)
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kick_off", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("time_zone", sa.String(), nullable=False, server_default="UTC"))
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.alter_column("kick_off", existing_type=sa.Boolean(), server_default=None)
        batch_op.alter_column("time_zone", existing_type=sa.String(), server_default=None)
    with op.batch_alter_table("harvest", schema=None) as batch_op:
        batch_op.add_column(sa.Column("story_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_harvest_story_id"), ["story_id"])
    # What happened before anybody was told of it is not told now, long after.
    event = sa.table("event", sa.column("kind"), sa.column("happened_at"), sa.column("handled_at"))
    untold = sa.and_(event.c.handled_at.is_(None), event.c.kind.not_in(_HANDLED_BEFORE))
    op.execute(event.update().where(untold).values(handled_at=event.c.happened_at))


def downgrade() -> None:
    with op.batch_alter_table("harvest", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_harvest_story_id"), type_="unique")
        batch_op.drop_column("released_at")
        batch_op.drop_column("story_id")
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        for name in ("asked_at", "time_zone", "kick_off"):
            batch_op.drop_column(name)
    with op.batch_alter_table("tandem", schema=None) as batch_op:
        for name in ("next_due_at", *reversed(_DATES)):
            batch_op.drop_index(batch_op.f(f"ix_tandem_{name}"))
        for name in ("forgotten_at", "contacts_b", "contacts_a", "renewal_asked", "pulse_asked", "due_told_at"):
            batch_op.drop_column(name)
        for name in ("next_due_at", "ending", "closes_on", "paused_on"):
            batch_op.drop_column(name)
