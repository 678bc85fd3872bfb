"""The record of objections: who objected, when, and at which item, but not to what. It is only ever added to."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.ids import new_id
from app.guardrails.models import Objection


def record(
    session: Session,
    *,
    tandem_id: str,
    exchange_id: str | None,
    side: str,
    person_id: str | None,
    item: str,
    at: datetime,
) -> str:
    """Put an objection on record; its id. `item` names a point of the agenda, never what was said there."""
    objection = Objection(
        id=new_id("obj"),
        tandem_id=tandem_id,
        exchange_id=exchange_id,
        side=side,
        person_id=person_id,
        item=item,
        objected_at=at,
    )
    session.add(objection)
    session.flush()
    return objection.id


def of_tandem(session: Session, tandem_id: str) -> Sequence[Objection]:
    """The objections of a tandem, oldest first, for its two sides."""
    query = select(Objection).where(col(Objection.tandem_id) == tandem_id)
    return session.exec(query.order_by(col(Objection.objected_at), col(Objection.id))).all()


def page(session: Session, *, after: str | None, limit: int) -> Sequence[Objection]:
    """All objections, newest first, one more than `limit`."""
    query = select(Objection)
    if after is not None:
        query = query.where(col(Objection.id) < after)
    return session.exec(query.order_by(col(Objection.id).desc()).limit(limit + 1)).all()
