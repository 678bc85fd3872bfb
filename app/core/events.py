"""Facts that travel upward: a feature records an event in its transaction, a handler registered above reacts later.

Events carry ids, never contents, and stay as a record of what happened. Each that has a handler is handled in one
transaction together with what its handlers change, so a fact is acted on exactly once; a handler that raises undoes
its own changes only, and leaves its event to be tried again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Index, delete, insert, or_, text, update
from sqlmodel import Field, Session, SQLModel, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.clock import now
from app.core.database import Database, UtcDateTime
from app.core.ids import new_id

log = structlog.get_logger()

MAX_ATTEMPTS = 10
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
# A transaction for each takes longer than most handlers; in a long one all others wait to write, on SQLite.
_MOST_TOGETHER = 50
_SECONDS_TOGETHER = 0.1
# While others write in quick succession, what follows of it waits for a pause of theirs, at most for so long.
_A_MOMENT, _LONG = timedelta(seconds=0.2), timedelta(seconds=5)
_OPEN = text("handled_at IS NULL")


class Event(SQLModel, table=True):
    __tablename__ = "event"
    __table_args__ = (
        # Most kinds have no handler and stay open for ever: they are not to be looked through.
        Index("ix_event_open", "kind", "attempts", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: str = Field(primary_key=True)
    kind: str
    subject_id: str = Field(index=True)
    happened_at: datetime = Field(sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is tried again, after a handler has failed."""


_GIVEN_UP = (col(Event.handled_at).is_(None), col(Event.attempts) >= MAX_ATTEMPTS)

Handler = Callable[[Session, Event], None]
Handlers = Mapping[str, Sequence[Handler]]


def record(session: Session, kind: str, subject_id: str) -> None:
    """Note that something happened, e.g. `community.published`, in the transaction in which it does."""
    session.add(Event(id=new_id("evt"), kind=kind, subject_id=subject_id, happened_at=now()))


def record_many(session: Session, kind: str, subject_ids: Sequence[str]) -> None:
    """As `record`, for many subjects at once."""
    moment = now()
    rows = [
        {
            "id": new_id("evt"),
            "kind": kind,
            "subject_id": one,
            "happened_at": moment,
            "handled_at": None,
            "attempts": 0,
            "next_try_at": None,
        }
        for one in subject_ids
    ]
    if rows:
        session.execute(insert(Event), rows)


def forget_handled(session: Session, before: datetime, limit: int) -> list[str]:
    """Forget events of before this moment that wait for nobody any more; their ids."""
    waits = col(Event.handled_at).is_(None) & (col(Event.attempts) > 0)
    old = select(Event.id).where(col(Event.happened_at) < before, ~waits).order_by(col(Event.id)).limit(limit)
    ids = list(session.exec(old))
    session.execute(delete(Event).where(col(Event.id).in_(ids)))
    return ids


def given_up(session: Session, limit: int) -> Sequence[Event]:
    """Events that failed too often and wait for a person, oldest first."""
    return session.exec(select(Event).where(*_GIVEN_UP).order_by(col(Event.id)).limit(limit)).all()


def try_again(session: Session, event_id: str | None = None) -> int:
    """Have this event, or each, that was given up tried anew; how many."""
    these = _GIVEN_UP if event_id is None else (*_GIVEN_UP, col(Event.id) == event_id)
    ids = session.scalars(update(Event).where(*these).values(attempts=0, next_try_at=None).returning(col(Event.id)))
    return len(ids.all())


def newest(database: Database) -> str:
    """The id of the event that happened last; empty where there is none."""
    with database.reader() as session:
        return session.scalar(select(func.max(Event.id))) or ""


def keep_coming(database: Database, handlers: Handlers, after: str) -> bool:
    """Whether one has happened a moment ago, later than the event `after`, and none has waited for long: others are
    at work, more will come, and these can wait a little."""
    moment = now()
    due = _due(list(handlers), moment).subquery()
    with database.reader() as session:
        ends = select(func.max(due.c.id), func.max(due.c.happened_at), func.min(due.c.happened_at))
        last, latest, earliest = session.execute(ends).one()
    if last is None or last <= after:
        return False
    # Of a clock that was put back since, nothing is waited for.
    return bool(abs(moment - latest) < _A_MOMENT and abs(moment - earliest) < _LONG)


def handle_some(database: Database, handlers: Handlers) -> bool:
    """Handle the oldest open events, as many as one transaction is to take; False when there is none.

    One whose handler raises is tried again after a pause that grows; one that failed too often waits for a person.
    """
    if not handlers:
        return False
    with database.session() as session:
        oldest = _due(list(handlers), now()).order_by(col(Event.attempts), col(Event.id)).limit(_MOST_TOGETHER)
        some = session.exec(oldest.with_for_update(skip_locked=True)).all()
        ends = time.monotonic() + _SECONDS_TOGETHER
        for event in some:
            _handle(session, event, handlers)
            if time.monotonic() > ends:
                break
    return bool(some)


def _due(kinds: Sequence[str], moment: datetime) -> SelectOfScalar[Event]:
    return select(Event).where(
        col(Event.handled_at).is_(None),
        col(Event.kind).in_(kinds),
        col(Event.attempts) < MAX_ATTEMPTS,
        or_(col(Event.next_try_at).is_(None), col(Event.next_try_at) <= moment),
    )


def _handle(session: Session, event: Event, handlers: Handlers) -> None:
    """What its handlers change goes with it: all of it is kept, or none."""
    event_id, kind = event.id, event.kind
    try:
        with session.begin_nested():
            for handler in handlers[kind]:
                handler(session, event)
            event.handled_at = now()
    except Exception as error:
        log.error("event_failed", event_id=event_id, kind=kind, exc_info=error)
        _count_failure(session, session.get_one(Event, event_id))
    # As in a transaction of its own: the next one reads what is stored now.
    session.expire_all()


def _count_failure(session: Session, event: Event) -> None:
    event.attempts += 1
    pause = RETRY_SECONDS[min(event.attempts, len(RETRY_SECONDS)) - 1]
    event.next_try_at = now() + timedelta(seconds=pause)
    session.flush()
