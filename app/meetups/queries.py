"""Reads of meetups and talks that need more than a primary key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, true
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.access.models import COMPANY_ROLES, Role
from app.access.service import Caller
from app.communities.models import CommunityManager
from app.companies.models import Company
from app.core.clock import now
from app.meetups.models import PUBLIC, TO_COME, Meetup, MeetupStatus, Talk, TalkStatus
from app.people.models import Person, PersonStatus

ORGANIZES = (Role.ORGANIZER, Role.OPERATOR)
# One that was given up as a draft is nobody's but the organizers'.
_PUBLIC = and_(col(Meetup.status).in_(PUBLIC), col(Meetup.announced_at).is_not(None))
# Put together once, as everybody who registers needs it. What the transaction has changed of the meetup is written
# before it is read anew.
_HELD_FAST = (
    select(Meetup)
    .where(col(Meetup.id) == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def is_public(meetup: Meetup) -> bool:
    """Whether everybody may read it: it was announced once."""
    return meetup.announced_at is not None


def held_fast(session: Session, meetup_id: str) -> Meetup | None:
    """The meetup as it is now, and stays for everybody else until the transaction is over."""
    return session.exec(_HELD_FAST, params={"id": meetup_id}).first()


def place(starts_at: str, meetup_id: str) -> tuple[datetime, str]:
    """Where a page of meetups ends, from its cursor."""
    return datetime.fromisoformat(starts_at), meetup_id


def page(
    session: Session,
    caller: Caller,
    *,
    status: MeetupStatus | None,
    starts_from: datetime | None,
    starts_before: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Meetup]:
    """Meetups that the caller may see, by their start, one more than `limit`."""
    query = select(Meetup).where(true() if caller.role in ORGANIZES else _PUBLIC)
    if status is not None:
        query = query.where(col(Meetup.status) == status)
    if starts_from is not None:
        query = query.where(col(Meetup.starts_at) >= starts_from)
    if starts_before is not None:
        query = query.where(col(Meetup.starts_at) < starts_before)
    if after is not None:
        starts_at, meetup_id = after
        later = col(Meetup.starts_at) > starts_at
        query = query.where(or_(later, and_(col(Meetup.starts_at) == starts_at, col(Meetup.id) > meetup_id)))
    return session.exec(query.order_by(col(Meetup.starts_at), col(Meetup.id)).limit(limit + 1)).all()


def to_come(session: Session, limit: int) -> Sequence[Meetup]:
    """Meetups that are announced and not held yet, by their start."""
    query = select(Meetup).where(col(Meetup.status).in_(TO_COME))
    return session.exec(query.order_by(col(Meetup.starts_at), col(Meetup.id)).limit(limit)).all()


def next_to_come(session: Session) -> Meetup | None:
    """The next one that takes proposals for talks."""
    query = select(Meetup).where(col(Meetup.status).in_(TO_COME), col(Meetup.starts_at) > now())
    return session.exec(query.order_by(col(Meetup.starts_at), col(Meetup.id)).limit(1)).first()


def public_feed(session: Session, since: datetime) -> Sequence[Meetup]:
    """Every meetup that everybody may read and that ends after then, also cancelled ones, by their start."""
    query = select(Meetup).where(_PUBLIC, col(Meetup.ends_at) >= since)
    return session.exec(query.order_by(col(Meetup.starts_at), col(Meetup.id))).all()


def talks_of(session: Session, meetup_id: str, *statuses: TalkStatus) -> Sequence[Talk]:
    """The talks of a meetup in these states, or in any where none is named, as they were proposed."""
    query = select(Talk).where(col(Talk.meetup_id) == meetup_id)
    if statuses:
        query = query.where(col(Talk.status).in_(statuses))
    return session.exec(query.order_by(col(Talk.id))).all()


def accepted_talks(session: Session, meetup_ids: Iterable[str]) -> Sequence[Talk]:
    """The accepted talks of some meetups, as they were proposed."""
    query = select(Talk).where(col(Talk.meetup_id).in_(list(meetup_ids)), col(Talk.status) == TalkStatus.ACCEPTED)
    return session.exec(query.order_by(col(Talk.id))).all()


def page_of_talks(
    session: Session, caller: Caller, meetup_id: str, *, after: str | None, limit: int
) -> Sequence[Talk]:
    """The talks of a meetup that the caller may see, as they were proposed, one more than `limit`."""
    query = select(Talk).where(col(Talk.meetup_id) == meetup_id, _seen_by(caller))
    if after is not None:
        query = query.where(col(Talk.id) > after)
    return session.exec(query.order_by(col(Talk.id)).limit(limit + 1)).all()


def visible_talk(session: Session, caller: Caller, talk_id: str) -> Talk | None:
    """The talk, if the caller may see it."""
    return session.exec(select(Talk).where(col(Talk.id) == talk_id, _seen_by(caller))).first()


def own_talks(session: Session, caller: Caller, talk_ids: Collection[str]) -> frozenset[str]:
    """Those of these talks that are the caller's own: of its company, or of a community that it speaks for."""
    if not talk_ids:
        return frozenset()
    return frozenset(session.exec(select(Talk.id).where(col(Talk.id).in_(list(talk_ids)), _own(caller))))


def talk_held_fast(session: Session, talk_id: str) -> Talk:
    """The talk as it is now; its meetup is held fast already."""
    found = select(Talk).where(col(Talk.id) == talk_id).with_for_update()
    return session.exec(found.execution_options(populate_existing=True)).one()


def of_story(session: Session, meetup_id: str, story_id: str) -> Talk | None:
    """The talk that tells this story at a meetup."""
    return session.exec(select(Talk).where(col(Talk.meetup_id) == meetup_id, col(Talk.story_id) == story_id)).first()


def of_speaker(session: Session, person_id: str) -> Sequence[Talk]:
    return session.exec(select(Talk).where(col(Talk.speaker_id) == person_id).order_by(col(Talk.id))).all()


def page_of_company(session: Session, company_id: str, *, after: str | None, limit: int) -> Sequence[Talk]:
    """The talks of a company by id, one more than `limit`, for the company to take along."""
    query = select(Talk).where(col(Talk.company_id) == company_id)
    if after is not None:
        query = query.where(col(Talk.id) > after)
    return session.exec(query.order_by(col(Talk.id)).limit(limit + 1)).all()


def of_company(session: Session, company_id: str) -> Sequence[Talk]:
    return session.exec(select(Talk).where(col(Talk.company_id) == company_id).order_by(col(Talk.id))).all()


def company_names(session: Session, company_ids: Iterable[str | None]) -> Mapping[str, str]:
    """The names of some companies by their ids."""
    named = col(Company.id).in_({one for one in company_ids if one is not None})
    rows = session.execute(sa_select(col(Company.id), col(Company.name)).where(named))
    return {row.id: row.name for row in rows}


def first_names(session: Session, person_ids: Iterable[str | None]) -> Mapping[str, str]:
    """The first names of some people by their ids; who is erased has none."""
    named = col(Person.id).in_({one for one in person_ids if one is not None})
    there = col(Person.status) != PersonStatus.ERASED
    rows = session.execute(sa_select(col(Person.id), col(Person.first_name)).where(named, there))
    return {row.id: row.first_name for row in rows}


def _seen_by(caller: Caller) -> ColumnElement[bool]:
    """Accepted talks are everybody's; any other is its own side's and the organizers'."""
    if caller.role in ORGANIZES:
        return true()
    return or_(col(Talk.status) == TalkStatus.ACCEPTED, _own(caller))


def _own(caller: Caller) -> ColumnElement[bool]:
    if caller.role in COMPANY_ROLES:
        return col(Talk.company_id) == caller.company_id
    if caller.person_id is None:
        return false()
    mine = select(CommunityManager.community_id).where(col(CommunityManager.person_id) == caller.person_id)
    speaks_for = col(Talk.community_id).in_(mine) if caller.role is Role.MANAGER else false()
    return or_(col(Talk.speaker_id) == caller.person_id, speaks_for)
