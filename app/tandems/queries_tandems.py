"""Reads of tandems that need more than a primary key."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import Boolean, ColumnElement, Select, String, column, false, or_, select, table, true
from sqlmodel import Session, col
from sqlmodel import select as rows_of
from sqlmodel.sql.expression import SelectOfScalar

from app.access.models import Role
from app.access.service import Caller
from app.communities.models import Community, CommunityManager
from app.companies.models import Company
from app.core.clock import now
from app.core.dates import today_in
from app.tandems.models import Tandem, TandemStatus

# Exchanges, whose table this is, stand above.
_PULSE = table("tandem_pulse", column("tandem_id", String()), column("fitted", Boolean()))

GOES_ON: ColumnElement[bool] = col(Tandem.status) != TandemStatus.CLOSED


def visible(session: Session, caller: Caller, tandem_id: str, *, for_update: bool = False) -> Tandem | None:
    """The tandem, if the caller may see it; locked until the transaction ends where asked."""
    query = _seen_by(caller).where(col(Tandem.id) == tandem_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def page(
    session: Session,
    caller: Caller,
    *,
    is_open: bool | None = None,
    community_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Tandem]:
    """Tandems that the caller may see, newest first, one more than `limit`."""
    query = _seen_by(caller)
    if is_open is not None:
        query = query.where(GOES_ON if is_open else ~GOES_ON)
    if community_id is not None:
        query = query.where(or_(col(Tandem.a_id) == community_id, col(Tandem.b_id) == community_id))
    if after is not None:
        query = query.where(col(Tandem.id) < after)
    return session.exec(query.order_by(col(Tandem.id).desc()).limit(limit + 1)).all()


def in_tandems() -> list[SelectOfScalar[str]]:
    """Queries for the ids of communities with a tandem that goes on, to be used inside another."""
    return [rows_of(Tandem.a_id).where(GOES_ON), rows_of(Tandem.b_id).where(GOES_ON)]


def tag(session: Session, tandem: Tandem) -> str:
    """Another one whenever anything changes that is shown of a tandem, its two communities and companies."""
    versions = session.execute(
        select(col(Community.version), col(Company.version))
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(col(Community.id).in_((tandem.a_id, tandem.b_id)))
        .order_by(col(Community.id))
    )
    told = [tandem.id, tandem.version, *(version for row in versions for version in row)]
    return blake2b(repr(told).encode(), digest_size=9).hexdigest()


def whose_day_has_come(
    session: Session,
    day: str,
    statuses: Collection[TandemStatus],
    limit: int,
    *,
    before: timedelta = timedelta(0),
    which: ColumnElement[bool] | None = None,
) -> list[Tandem]:
    """Tandems in these states whose `day`, or one that long before it, has begun where they are; locked.

    Where it has begun is not known to the database: those of tomorrow are looked at one by one.
    """
    wanted = (col(Tandem.status).in_(statuses), true() if which is None else which)
    named: ColumnElement[date] = getattr(Tandem, day)

    def is_due(on: date, zone: str) -> bool:
        return on - before <= today_in(zone)

    soon = (
        select(col(Tandem.id), named, col(Tandem.time_zone))
        .where(*wanted, named <= now().date() + before + timedelta(days=1))
        .order_by(named, col(Tandem.id))
    )
    ids = [tandem_id for tandem_id, on, zone in session.execute(soon) if is_due(on, zone)][:limit]
    locked = rows_of(Tandem).where(*wanted, col(Tandem.id).in_(ids)).order_by(col(Tandem.id)).with_for_update()
    found = session.exec(locked.execution_options(populate_existing=True))
    return [one for one in found if getattr(one, day) is not None and is_due(getattr(one, day), one.time_zone)]


def closed(session: Session, community_id: str | None = None) -> list[tuple[str, str, datetime, bool]]:
    """Both communities of each closed tandem, when it was closed, and whether one of the two has said that they did
    not fit; those of one community, or all."""
    did_not_fit = (
        select(_PULSE.c.tandem_id).where(_PULSE.c.tandem_id == col(Tandem.id), _PULSE.c.fitted.is_(False)).exists()
    )
    closed = select(col(Tandem.a_id), col(Tandem.b_id), col(Tandem.closed_at), did_not_fit).where(
        col(Tandem.status) == TandemStatus.CLOSED, col(Tandem.closed_at).is_not(None)
    )
    if community_id is not None:
        closed = closed.where(or_(col(Tandem.a_id) == community_id, col(Tandem.b_id) == community_id))
    return [(a_id, b_id, closed_at, bool(failed)) for a_id, b_id, closed_at, failed in session.execute(closed)]


def _seen_by(caller: Caller) -> SelectOfScalar[Tandem]:
    query = rows_of(Tandem)
    match caller.role:
        case Role.OPERATOR | Role.ORGANIZER:
            return query
        case Role.COORDINATOR | Role.PORTAL:
            own = caller.company_id
            return query.where(or_(col(Tandem.a_company) == own, col(Tandem.b_company) == own))
        case Role.MANAGER:
            mine = of_manager(caller)
            return query.where(or_(col(Tandem.a_id).in_(mine), col(Tandem.b_id).in_(mine)))
        case Role.PARTICIPANT:
            return query.where(false())


def of_manager(caller: Caller) -> Select[str]:
    """Query for the ids of communities that a manager speaks for, to be used inside another."""
    mine = col(CommunityManager.person_id) == caller.person_id
    return select(col(CommunityManager.community_id)).where(mine)
