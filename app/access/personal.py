"""The keys of a person."""

from collections.abc import Iterator

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.access.models import ApiKey
from app.access.schemas import KeyOut
from app.core.clock import now


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    mine = select(ApiKey).where(col(ApiKey.person_id) == person_id).order_by(col(ApiKey.id))
    for key in session.exec(mine):
        yield "key", KeyOut.of(key, now()).model_dump(mode="json")


def erase_person(session: Session, person_id: str) -> None:
    """Its keys stop; their labels, which somebody has written by hand, go."""
    moment = now()
    mine = col(ApiKey.person_id) == person_id
    session.execute(update(ApiKey).where(mine).values(label="erased"))
    session.execute(update(ApiKey).where(mine, col(ApiKey.revoked_at).is_(None)).values(revoked_at=moment))
