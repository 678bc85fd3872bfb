"""Reads for feeds that need more than a primary key."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from app.exchanges.models import Exchange
from app.tandems.models import Tandem


def meetings_of(session: Session, community_id: str, since: datetime) -> Sequence[tuple[Exchange, Tandem]]:
    """The exchanges of a community's tandems that begin after a moment, in the order of their times."""
    query = (
        select(Exchange, Tandem)
        .join(Tandem, col(Tandem.id) == col(Exchange.tandem_id))
        .where(
            or_(col(Tandem.a_id) == community_id, col(Tandem.b_id) == community_id), col(Exchange.starts_at) > since
        )
        .order_by(col(Exchange.starts_at), col(Exchange.id))
    )
    return session.exec(query).all()
