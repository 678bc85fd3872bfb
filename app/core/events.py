"""Facts that travel upward: a feature records an event in its transaction, a handler registered above reacts later.

Events carry ids, never contents, and stay as a record of what happened. Each that has a handler is handled in a
transaction of its own together with what its handlers change, so a fact is acted on exactly once; a handler that
raises leaves its event to be tried again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_
from sqlmodel import Field, Session, SQLModel, col, select

from app.core.clock import now
from app.core.database import Database, UtcDateTime
from app.core.ids import new_id

MAX_ATTEMPTS = 10
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)


class Event(SQLModel, table=True):
    __tablename__ = "event"

    id: str = Field(primary_key=True)
    kind: str
    subject_id: str = Field(index=True)
    happened_at: datetime = Field(sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, index=True, sa_type=UtcDateTime)
    attempts: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is tried again, after a handler has failed."""


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


def handle_next(database: Database, handlers: Handlers) -> bool:
    """Handle the oldest open event; False when there is none. What a handler raises goes to the caller,
    after the failure was counted: it is tried again after a pause that grows, and one that failed too often waits
    for a person."""
    if not handlers:
        return False
    with database.session() as session:
        open_events = select(Event).where(
            col(Event.handled_at).is_(None),
            col(Event.kind).in_(list(handlers)),
            col(Event.attempts) < MAX_ATTEMPTS,
            or_(col(Event.next_try_at).is_(None), col(Event.next_try_at) <= now()),
        )
        event = session.exec(
            open_events.order_by(col(Event.attempts), col(Event.id)).limit(1).with_for_update(skip_locked=True)
        ).first()
        if event is None:
            return False
        event_id = event.id
        try:
            with session.begin_nested():
                for handler in handlers[event.kind]:
                    handler(session, event)
        except Exception:
            failed = session.get_one(Event, event_id)
            failed.attempts += 1
            pause = RETRY_SECONDS[min(failed.attempts, len(RETRY_SECONDS)) - 1]
            failed.next_try_at = now() + timedelta(seconds=pause)
            session.add(failed)
            session.commit()
            raise
        event.handled_at = now()
        session.add(event)
        return True
