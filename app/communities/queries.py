"""Reads of communities that need more than a primary key."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy import ColumnElement, and_, case, false, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access.models import Role
from app.access.service import Caller
from app.communities.models import (
    Carded,
    Community,
    CommunityAlias,
    CommunityConsent,
    CommunityManager,
    CommunityStatus,
    LearnedPreference,
    Participant,
    Speaker,
    Terms,
)
from app.companies.models import Company, CompanyStatus
from app.core.clock import now
from app.people.models import Person, PersonStatus

# A statement has at most some ten thousand places for values.
_NAMED_AT_ONCE = 5000


def visible(session: Session, caller: Caller, community_id: str, *, for_update: bool = False) -> Community | None:
    """The community, if the caller may see it in full; locked until the transaction ends where asked."""
    query = _seen_by(caller).where(col(Community.id) == community_id)
    return session.exec(_locked(query) if for_update else query).first()


def visible_many(session: Session, caller: Caller, community_ids: Iterable[str]) -> dict[str, Community]:
    """As `visible`, for several at once by id, each locked until the transaction ends."""
    query = _seen_by(caller).where(col(Community.id).in_(list(community_ids))).order_by(col(Community.id))
    return {community.id: community for community in session.exec(_locked(query))}


def visible_ids(session: Session, caller: Caller, community_ids: Iterable[str]) -> set[str]:
    """Those of these communities that the caller may see, however many."""
    ids = sorted(set(community_ids))
    found: set[str] = set()
    for start in range(0, len(ids), _NAMED_AT_ONCE):
        named = col(Community.id).in_(ids[start : start + _NAMED_AT_ONCE])
        found.update(session.execute(_seen_by(caller).where(named).with_only_columns(col(Community.id))).scalars())
    return found


def page(
    session: Session,
    caller: Caller,
    *,
    company_id: str | None,
    status: CommunityStatus | None,
    source: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Community]:
    """Communities that the caller may see, by id, one more than `limit`."""
    query = _seen_by(caller).order_by(col(Community.id)).limit(limit + 1)
    if company_id is not None:
        query = query.where(col(Community.company_id) == company_id)
    if status is not None:
        query = query.where(col(Community.status) == status)
    if source is not None:
        # Who is not shown the source cannot find it out by asking for one after the other.
        told = caller.role is not Role.ORGANIZER
        query = query.where(col(Community.source) == source if told else false())
    if after is not None:
        query = query.where(col(Community.id) > after)
    return session.exec(query).all()


def by_external_ids(
    session: Session, company_id: str, source: str, external_ids: Iterable[str], *, for_update: bool = False
) -> dict[str, Community]:
    """Communities of one source by their external ids; unknown ones are absent.

    An identifier of a community that was merged finds the one that it was merged into.
    """
    wanted = list(external_ids)
    own = select(Community).where(
        col(Community.company_id) == company_id,
        col(Community.source) == source,
        col(Community.external_id).in_(wanted),
    )
    # Locked in one order, so that two imports never wait for each other.
    found = session.exec(_locked(own.order_by(col(Community.id))) if for_update else own)
    known = {str(community.external_id): community for community in found}
    merged = session.exec(
        select(CommunityAlias.external_id, CommunityAlias.community_id).where(
            col(CommunityAlias.company_id) == company_id,
            col(CommunityAlias.source) == source,
            col(CommunityAlias.external_id).in_(wanted),
        )
    ).all()
    if merged:
        into = select(Community).where(col(Community.id).in_({community_id for _, community_id in merged}))
        survivors = session.exec(_locked(into.order_by(col(Community.id))) if for_update else into)
        by_id = {community.id: community for community in survivors}
        known |= {external_id: by_id[community_id] for external_id, community_id in merged}
    return known


def aliases_of(session: Session, community_ids: Iterable[str]) -> dict[str, list[CommunityAlias]]:
    """The identifiers that communities have taken over from merged ones, in their order."""
    rows = session.exec(
        select(CommunityAlias)
        .where(col(CommunityAlias.community_id).in_(list(community_ids)))
        .order_by(col(CommunityAlias.source), col(CommunityAlias.external_id))
    )
    aliases: dict[str, list[CommunityAlias]] = {}
    for alias in rows:
        aliases.setdefault(alias.community_id, []).append(alias)
    return aliases


def consents(session: Session, community_id: str, *, after: str | None, limit: int) -> Sequence[CommunityConsent]:
    """The consents recorded for a community, newest first, one more than `limit`."""
    query = select(CommunityConsent).where(col(CommunityConsent.community_id) == community_id)
    if after is not None:
        query = query.where(col(CommunityConsent.id) < after)
    return session.exec(query.order_by(col(CommunityConsent.id).desc()).limit(limit + 1)).all()


def learned(session: Session, community_id: str) -> Sequence[LearnedPreference]:
    """What a community's declines have led to, the first one first."""
    mine = select(LearnedPreference).where(col(LearnedPreference.community_id) == community_id)
    return session.exec(mine.order_by(col(LearnedPreference.learned_at), col(LearnedPreference.value))).all()


def managers_of(session: Session, community_ids: Iterable[str]) -> dict[str, list[Speaker]]:
    """Who speaks for each community, in the order of their addresses."""
    # Columns, not objects: a list of communities is read often.
    rows = session.execute(
        sa_select(
            col(CommunityManager.community_id),
            col(Person.id),
            col(Person.email),
            col(Person.first_name),
            col(Person.language),
            col(Person.status),
            col(CommunityManager.deputy),
        )
        .join(Person, col(Person.id) == col(CommunityManager.person_id))
        .where(col(CommunityManager.community_id).in_(list(community_ids)), col(Person.status) != PersonStatus.ERASED)
        .order_by(col(Person.email))
    )
    managers: dict[str, list[Speaker]] = {}
    for community_id, *speaker in rows:
        managers.setdefault(community_id, []).append(Speaker(*speaker))
    return managers


def spoken_for(session: Session, person_id: str) -> frozenset[str]:
    """The communities that a person speaks for."""
    theirs = select(col(CommunityManager.community_id)).where(col(CommunityManager.person_id) == person_id)
    return frozenset(session.execute(theirs).scalars())


def most_managers(session: Session, company_id: str | None) -> tuple[int, int]:
    """How many managers, and how many deputies, one community has at most."""
    counted = (
        sa_select(col(CommunityManager.deputy), func.count().label("number"))
        .join(Person, col(Person.id) == col(CommunityManager.person_id))
        .where(col(Person.status) != PersonStatus.ERASED)
        .group_by(col(CommunityManager.community_id), col(CommunityManager.deputy))
    )
    if company_id is not None:
        counted = counted.where(col(Person.company_id) == company_id)
    each = counted.subquery()
    rows = session.execute(sa_select(each.c.deputy, func.max(each.c.number)).group_by(each.c.deputy))
    most = {bool(deputy): int(number) for deputy, number in rows}
    return most.get(False, 0), most.get(True, 0)


def taking_part(
    session: Session, *, company_ids: Sequence[str], community_ids: Sequence[str], today: date
) -> list[Participant]:
    """Published communities of active companies that are not paused, by id; empty lists mean all."""
    # Columns, not objects: cheaper for thousands of rows. SQLModel does not type a model's `__table__`.
    columns = [Community.__table__.c[field.name] for field in fields(Participant)]  # type: ignore[attr-defined]
    query = _taking_part(company_ids, community_ids, today).order_by(col(Community.id)).with_only_columns(*columns)
    return [Participant(*row) for row in session.execute(query)]


def companies_of(session: Session, community_ids: Iterable[str]) -> dict[str, str]:
    """The company of each community, however many."""
    ids = sorted(community_ids)
    found: dict[str, str] = {}
    for start in range(0, len(ids), _NAMED_AT_ONCE):
        named = col(Community.id).in_(ids[start : start + _NAMED_AT_ONCE])
        rows = session.execute(sa_select(col(Community.id), col(Community.company_id)).where(named))
        found.update((community_id, company_id) for community_id, company_id in rows)
    return found


def terms(session: Session, community_ids: Iterable[str], today: date) -> dict[str, Terms]:
    """What stands of these communities, in whatever state they are; unknown ones are absent."""
    takes_part = and_(col(Company.status) == CompanyStatus.ACTIVE, _is_published(today))
    query = (
        sa_select(
            col(Community.id),
            col(Community.company_id),
            col(Company.sector),
            case((takes_part, True), else_=False),
            col(Community.capacity),
            col(Community.excluded_companies),
            col(Community.excluded_sectors),
            col(Community.asks_per_quarter),
            col(Community.ask_not_before),
        )
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(col(Community.id).in_(list(community_ids)))
    )
    return {
        community_id: Terms(community_id, company_id, sector, bool(takes_part), *more)
        for community_id, company_id, sector, takes_part, *more in session.execute(query)
    }


def reserved(session: Session, today: date) -> list[tuple[str, int | None, date | None]]:
    """Communities that want to be asked so often only, or not before a day to come: id, limit and day."""
    waits = col(Community.ask_not_before) > today
    query = sa_select(col(Community.id), col(Community.asks_per_quarter), col(Community.ask_not_before)).where(
        or_(waits, col(Community.asks_per_quarter).is_not(None))
    )
    return [(community_id, limit, day) for community_id, limit, day in session.execute(query)]


def carded(session: Session, community_ids: Iterable[str]) -> dict[str, Carded]:
    """What the cards of these communities are made from, in whatever state they are."""
    own = [field.name for field in fields(Carded) if field.name not in ("company_name", "sector")]
    columns = [Community.__table__.c[name] for name in own]  # type: ignore[attr-defined]  # not typed by SQLModel
    query = (
        select(Community)
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(col(Community.id).in_(list(community_ids)))
        .with_only_columns(*columns, col(Company.name), col(Company.sector))
    )
    names = [*own, "company_name", "sector"]
    rows = [Carded(**dict(zip(names, row, strict=True))) for row in session.execute(query)]
    return {row.id: row for row in rows}


def count_taking_part(
    session: Session, *, company_ids: Sequence[str], community_ids: Sequence[str], today: date
) -> tuple[int, int]:
    """How many communities would take part, and of how many companies."""
    among = _taking_part(company_ids, community_ids, today).subquery()
    communities, companies = session.exec(
        select(func.count(among.c.id), func.count(func.distinct(among.c.company_id)))
    ).one()
    return communities, companies


def _taking_part(company_ids: Sequence[str], community_ids: Sequence[str], today: date) -> SelectOfScalar[Community]:
    query = (
        select(Community)
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(
            col(Company.status) == CompanyStatus.ACTIVE,
            _is_published(today),
        )
    )
    if company_ids:
        query = query.where(col(Community.company_id).in_(list(company_ids)))
    if community_ids:
        query = query.where(col(Community.id).in_(list(community_ids)))
    return query


def _is_published(today: date) -> ColumnElement[bool]:
    """Published and confirmed in time; a pause with a date ends by itself."""
    pause_is_over = (col(Community.status) == CommunityStatus.PAUSED) & (col(Community.paused_until) <= today)
    in_time = or_(col(Community.confirm_again_by).is_(None), col(Community.confirm_again_by) >= today)
    return and_(or_(col(Community.status) == CommunityStatus.PUBLISHED, pause_is_over), in_time)


def _locked(query: SelectOfScalar[Community]) -> SelectOfScalar[Community]:
    """Rows as they are now and stay until the transaction ends; SQLite has one writer at a time anyway."""
    return query.with_for_update().execution_options(populate_existing=True)


def _seen_by(caller: Caller) -> SelectOfScalar[Community]:
    query = select(Community)
    match caller.role:
        case Role.OPERATOR:
            return query
        case Role.ORGANIZER:
            active = select(Company.id).where(col(Company.status) == CompanyStatus.ACTIVE)
            return query.where(_is_published(now().date()), col(Community.company_id).in_(active))
        case Role.COORDINATOR | Role.PORTAL:
            return query.where(col(Community.company_id) == caller.company_id)
        case Role.MANAGER:
            mine = select(CommunityManager.community_id).where(col(CommunityManager.person_id) == caller.person_id)
            return query.where(col(Community.id).in_(mine))
        case Role.PARTICIPANT:
            return query.where(col(Community.id).is_(None))
