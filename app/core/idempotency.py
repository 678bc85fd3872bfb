"""Requests that may be repeated without fear: an Idempotency-Key is kept for 24 hours with what it made.

The key is claimed in the transaction that does the work: of two requests at the same moment the second waits for the
first, and a request that failed has claimed nothing. The answer of a repeated request is built again from the
resource as its caller sees it now; no answer is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import delete, update
from sqlmodel import Field, Session, SQLModel, col

from app.core.clock import now
from app.core.database import UtcDateTime, inserting
from app.core.errors import RetryWithOtherBody

KEPT_FOR = timedelta(hours=24)


class IdempotencyKey(SQLModel, table=True):
    __tablename__ = "idempotency_key"

    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    operation: str
    body_hash: str
    resource_id: str | None = None
    created_at: datetime = Field(index=True, sa_type=UtcDateTime)


class HasId(Protocol):
    @property
    def id(self) -> str: ...


Made = TypeVar("Made", bound=HasId)
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Once:
    """One request: who sent it, under which Idempotency-Key (None: none), what it asks for."""

    session: Session
    owner: str
    key: str | None
    operation: str
    body_hash: str

    def of(self, make: Callable[[], Made], again: Callable[[str], Made]) -> Made:
        """What `make` makes; for a repeated request what `again` finds by the id of what was made.

        Raises RetryWithOtherBody when the key came with another request.
        """
        return self.told(make, again, lambda made: made.id)

    def told(self, make: Callable[[], Told], again: Callable[[str], Told], id_of: Callable[[Told], str]) -> Told:
        """As `of`, for what has no id of its own: `id_of` makes a short text of it, from which `again` tells it."""
        if self.key is None:
            return make()
        if self._claimed(self.key):
            made = make()
            mine = (col(IdempotencyKey.owner) == self.owner, col(IdempotencyKey.key) == self.key)
            self.session.execute(update(IdempotencyKey).where(*mine).values(resource_id=id_of(made)))
            return made
        known = self.session.get_one(IdempotencyKey, (self.owner, self.key))
        if (known.operation, known.body_hash) != (self.operation, self.body_hash):
            raise RetryWithOtherBody
        return again(known.resource_id or "")

    def _claimed(self, key: str) -> bool:
        """Whether the key is new; a request of the same moment is waited for."""
        moment = now()
        outdated = (
            col(IdempotencyKey.owner) == self.owner,
            col(IdempotencyKey.key) == key,
            col(IdempotencyKey.created_at) <= moment - KEPT_FOR,
        )
        self.session.execute(delete(IdempotencyKey).where(*outdated))
        claim = inserting(self.session, IdempotencyKey).values(
            owner=self.owner, key=key, operation=self.operation, body_hash=self.body_hash, created_at=moment
        )
        claimed = self.session.execute(claim.on_conflict_do_nothing().returning(col(IdempotencyKey.key)))
        return claimed.first() is not None


def forget_outdated(session: Session) -> None:
    """Keys whose time is over."""
    session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) <= now() - KEPT_FOR))
