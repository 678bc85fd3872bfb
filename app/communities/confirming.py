"""A profile is confirmed every half a year: its managers are asked in time, then it is hidden, at last archived."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.core.clock import now

ASKED_BEFORE = timedelta(days=30)

_FOUND = (CommunityStatus.PUBLISHED, CommunityStatus.PAUSED)


def take_to_be_asked(session: Session) -> Sequence[Community]:
    """Communities whose managers are to look at them within a month, or should have done so, by id; from now on they
    count as asked. Those whose day is over come once, the others until then, for people may join meanwhile."""
    asked = col(Community.confirm_asked_for)
    due = select(Community).where(
        col(Community.confirm_again_by) <= now().date() + ASKED_BEFORE,
        or_(
            col(Community.confirm_again_by) >= now().date(),
            asked.is_(None),
            asked != col(Community.confirm_again_by),
        ),
        col(Community.status).in_(_FOUND),
    )
    found = session.exec(due.order_by(col(Community.id))).all()
    for community in found:
        community.confirm_asked_for = community.confirm_again_by
    return found


def is_asked(community: Community) -> bool:
    """Whether its managers are to look at it within a month, or should have done so."""
    by = community.confirm_again_by
    return community.status in _FOUND and by is not None and by <= now().date() + ASKED_BEFORE


def is_overdue(community: Community) -> bool:
    """Whether nobody has confirmed it in time, so that it is hidden."""
    return community.confirm_again_by is not None and community.confirm_again_by < now().date()


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
