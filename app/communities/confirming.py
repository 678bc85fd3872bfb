"""A profile is confirmed every half a year: its managers are asked in time, then it is hidden, at last archived."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.core.clock import now

ASKED_BEFORE = timedelta(days=30)

_FOUND = (CommunityStatus.PUBLISHED, CommunityStatus.PAUSED)


def to_be_asked(session: Session) -> Sequence[Community]:
    """Communities whose managers are to look at them within a month, by id."""
    today = now().date()
    due = select(Community).where(
        col(Community.confirm_again_by) >= today,
        col(Community.confirm_again_by) <= today + ASKED_BEFORE,
        col(Community.status).in_(_FOUND),
    )
    return session.exec(due.order_by(col(Community.id))).all()


def is_asked(community: Community) -> bool:
    """Whether it is one of `to_be_asked`."""
    today, by = now().date(), community.confirm_again_by
    return community.status in _FOUND and by is not None and today <= by <= today + ASKED_BEFORE


def archive_unconfirmed(
    session: Session, before: datetime, limit: int, *, spared: Sequence[SelectOfScalar[str]] = ()
) -> list[str]:
    """Archive those that were confirmed last before this moment, the longest ago first, but for the ids of some
    queries; their ids."""
    last = (before + communities.CONFIRM_AGAIN_AFTER).date()
    due = select(Community).where(col(Community.confirm_again_by) < last, col(Community.status).in_(_FOUND))
    for ids in spared:
        due = due.where(col(Community.id).not_in(ids))
    found = session.exec(due.order_by(col(Community.confirm_again_by), col(Community.id)).limit(limit)).all()
    for community in found:
        communities.move(session, community, CommunityStatus.ARCHIVED)
    return [one.id for one in found]
