"""One sender for the whole database: a lease that ends by itself, and a fence that keeps a lost one from storing."""

from datetime import timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from app.core.clock import now
from app.core.database import Database, inserting
from app.notifications.models import SenderLease

_NAME = "messages"


class SenderReplaced(Exception):
    """Another process sends now: stop, and store nothing more."""


class Turn:
    """One process's right to send, for as long as it is renewed."""

    def __init__(self, database: Database, fence: int, seconds: float) -> None:
        self.seconds = seconds
        self._database = database
        self._fence = fence

    def guard(self, session: Session) -> None:
        """Call first in a transaction that stores what was sent. Renews; raises SenderReplaced when it is gone."""
        self._update(session, lease_until=now() + timedelta(seconds=self.seconds))

    def renew(self) -> None:
        """Tell in a short transaction of its own that the sending goes on."""
        with self._database.session() as session:
            self.guard(session)

    def end(self) -> None:
        """Let another process send at once."""
        with self._database.session() as session:
            self._update(session, lease_until=None)

    def _update(self, session: Session, **values: object) -> None:
        mine = (col(SenderLease.name) == _NAME, col(SenderLease.fence) == self._fence)
        changed = session.execute(update(SenderLease).where(*mine).values(**values).returning(col(SenderLease.name)))
        if changed.first() is None:
            raise SenderReplaced


def take(database: Database, seconds: float) -> Turn | None:
    """The right to send, unless another process has it and was heard of within its lease."""
    with database.session() as session:
        moment = now()
        session.execute(inserting(session, SenderLease).values(name=_NAME, fence=0).on_conflict_do_nothing())
        free = or_(col(SenderLease.lease_until).is_(None), col(SenderLease.lease_until) < moment)
        taken = session.execute(
            update(SenderLease)
            .where(col(SenderLease.name) == _NAME, free)
            .values(fence=col(SenderLease.fence) + 1, lease_until=moment + timedelta(seconds=seconds))
            .returning(col(SenderLease.fence))
        ).first()
        return None if taken is None else Turn(database, taken[0], seconds)
