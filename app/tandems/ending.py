"""How suggestions and tandems end, one or many: in one statement, with what others are told."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col

from app.core import events
from app.core.clock import now
from app.tandems.models import OPEN, Suggestion, SuggestionStatus, Tandem, TandemEnding, TandemStatus


def end_where(session: Session, which: ColumnElement[bool], status: SuggestionStatus) -> list[str]:
    """End the open suggestions among these; their ids."""
    ended = session.execute(
        update(Suggestion)
        .where(which, col(Suggestion.status).in_(OPEN))
        .values(status=status, ended_at=now())
        .returning(col(Suggestion.id), col(Suggestion.round_id))
    ).all()
    ids = sorted(suggestion_id for suggestion_id, _ in ended)
    events.record_many(session, f"suggestion.{status.value}", ids)
    tell_rounds(session, (round_id for _, round_id in ended))
    return ids


def tell_rounds(session: Session, round_ids: Iterable[str | None]) -> None:
    """Some suggestions of these rounds are over: once for each round, however many."""
    events.record_many(session, "round.suggestions_ended", sorted({one for one in round_ids if one is not None}))


def close_where(session: Session, which: ColumnElement[bool], ending: TandemEnding) -> list[str]:
    """Close the tandems among these that go on; their ids."""
    closed = session.execute(
        update(Tandem)
        .where(which, col(Tandem.status) != TandemStatus.CLOSED)
        .values(
            status=TandemStatus.CLOSED,
            closed_at=now(),
            ending=ending,
            paused_on=None,
            paused_until=None,
            closes_on=None,
            next_due_at=None,
            version=col(Tandem.version) + 1,
        )
        .returning(col(Tandem.id))
    )
    ids = sorted(closed.scalars())
    events.record_many(session, "tandem.closed", ids)
    return ids
