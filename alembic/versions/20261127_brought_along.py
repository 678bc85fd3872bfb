"""what tandems and suggestions from before there was a ritual live on with, and who was asked to confirm

Revision ID: a1c3f0d20016
Revises: a1c3f0d20015
Create Date: 2026-11-27 16:30:00.000000+00:00
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20016"
down_revision: str | Sequence[str] | None = "a1c3f0d20015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KICK_OFF_DUE_AFTER = timedelta(days=14)
_KICKED_OFF_WITHIN = timedelta(weeks=12)
_APPROVED_WITHIN = timedelta(days=14)
_REMIND_AFTER = timedelta(days=7)
_BEFORE_DEADLINE = timedelta(days=3)

_TIME = sa.DateTime(timezone=True)
_COMMUNITY = sa.table("community", sa.column("id"), sa.column("time_zone", sa.String()))
_COMPANY = sa.table("company", sa.column("id"), sa.column("time_zone", sa.String()))
_ROUND = sa.table("round", sa.column("id"), sa.column("remind_after_days", sa.Integer()))
_TANDEM = sa.table(
    "tandem",
    sa.column("a_id"),
    sa.column("a_company"),
    sa.column("status"),
    sa.column("time_zone"),
    sa.column("next_due_at", _TIME),
    sa.column("ends_on", sa.Date()),
)
_SUGGESTION = sa.table(
    "suggestion",
    sa.column("id"),
    sa.column("round_id"),
    sa.column("status"),
    sa.column("opened_at", _TIME),
    sa.column("expires_at", _TIME),
    sa.column("remind_at", _TIME),
    sa.column("awaiting_since", _TIME),
)


def upgrade() -> None:
    with op.batch_alter_table("community", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirm_asked_for", sa.Date(), nullable=True))
    moment = datetime.now(UTC)
    _tandems_live_on(moment)
    _sides_are_reminded(moment)
    _coordinators_are_waited_for(moment)


def downgrade() -> None:
    with op.batch_alter_table("community", schema=None) as batch_op:
        batch_op.drop_column("confirm_asked_for")


def _tandems_live_on(moment: datetime) -> None:
    """They begin as if agreed on now; nothing is due of a tandem that has neither a next meeting nor an end."""
    of_community = sa.select(_COMMUNITY.c.time_zone).where(_COMMUNITY.c.id == _TANDEM.c.a_id).scalar_subquery()
    of_company = sa.select(_COMPANY.c.time_zone).where(_COMPANY.c.id == _TANDEM.c.a_company).scalar_subquery()
    op.execute(
        _TANDEM.update()
        .where(_TANDEM.c.status != "closed", _TANDEM.c.next_due_at.is_(None), _TANDEM.c.ends_on.is_(None))
        .values(
            time_zone=sa.func.coalesce(of_community, of_company, _TANDEM.c.time_zone),
            next_due_at=moment + _KICK_OFF_DUE_AFTER,
            ends_on=moment.date() + _KICKED_OFF_WITHIN,
        )
    )


def _sides_are_reminded(moment: datetime) -> None:
    """Once, as the round says; one whose time for that is over already is not reminded any more."""
    query = (
        sa.select(
            _SUGGESTION.c.id,
            _SUGGESTION.c.opened_at,
            _SUGGESTION.c.expires_at,
            _SUGGESTION.c.round_id,
            _ROUND.c.remind_after_days,
        )
        .outerjoin(_ROUND, _ROUND.c.id == _SUGGESTION.c.round_id)
        .where(_SUGGESTION.c.status.in_(("open", "one_yes")), _SUGGESTION.c.remind_at.is_(None))
    )
    for one in op.get_bind().execute(query).all():
        if one.round_id is not None and one.remind_after_days is None:
            continue
        after = timedelta(days=one.remind_after_days) if one.remind_after_days else _REMIND_AFTER
        remind_at = _in_utc(one.opened_at) + after
        if moment < remind_at < _in_utc(one.expires_at):
            _update(one.id, remind_at=remind_at)


def _coordinators_are_waited_for(moment: datetime) -> None:
    """The second yes had moved the end to so long after it, so it tells when that was."""
    query = sa.select(_SUGGESTION.c.id, _SUGGESTION.c.expires_at).where(
        _SUGGESTION.c.status == "awaiting_coordinator", _SUGGESTION.c.awaiting_since.is_(None)
    )
    for suggestion_id, expires_at in op.get_bind().execute(query).all():
        until = _in_utc(expires_at)
        since = until - _APPROVED_WITHIN
        steps = (since + _APPROVED_WITHIN / 2, until - _BEFORE_DEADLINE)
        coming = min((at for at in steps if at > moment), default=None)
        _update(suggestion_id, awaiting_since=since, remind_at=coming)


def _update(suggestion_id: str, **values: datetime | None) -> None:
    op.execute(_SUGGESTION.update().where(_SUGGESTION.c.id == suggestion_id).values(**values))


def _in_utc(moment: datetime) -> datetime:
    """SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
