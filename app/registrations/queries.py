"""Reads of registrations that need more than a primary key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access.models import Role
from app.access.service import Caller
from app.communities.models import Community
from app.companies.models import Company, CompanyStatus
from app.meetups.models import Meetup, MeetupStatus
from app.people.models import MailDomain, Person
from app.registrations import totals
from app.registrations.models import IN_LINE, TAKES_A_PLACE, Registration, RegistrationStatus

SEES_ALL = (Role.ORGANIZER, Role.OPERATOR)
# Put together once, as everybody who registers needs them.
_OF_PERSON = select(Registration).where(
    col(Registration.meetup_id) == bindparam("meetup_id"), col(Registration.person_id) == bindparam("person_id")
)
_OVERDUE = (
    select(Registration)
    .where(
        col(Registration.meetup_id) == bindparam("meetup_id"),
        col(Registration.status) == RegistrationStatus.OFFERED,
        col(Registration.offered_until) <= bindparam("moment"),
    )
    .order_by(col(Registration.number))
)
_AROUND = (
    sa_select(
        col(Registration.id),
        col(Person.first_name),
        col(Company.name),
        col(Community.name),
        col(Meetup.online_link),
        col(Meetup.place),
        col(Meetup.limit_per_company),
    )
    .join(Person, col(Person.id) == col(Registration.person_id))
    .join(Company, col(Company.id) == col(Registration.company_id))
    .join(Meetup, col(Meetup.id) == col(Registration.meetup_id))
    .outerjoin(Community, col(Community.id) == col(Registration.community_id))
    .where(col(Registration.id).in_(bindparam("ids", expanding=True)))
)
_before = aliased(Registration)
_POSITIONS = (
    sa_select(col(Registration.id), func.count())
    .join(
        _before,
        and_(
            col(_before.meetup_id) == col(Registration.meetup_id),
            col(_before.status) == RegistrationStatus.WAITING,
            col(_before.number) <= col(Registration.number),
        ),
    )
    .where(col(Registration.id).in_(bindparam("ids", expanding=True)))
    .group_by(col(Registration.id))
)


def in_line(session: Session, meetup_id: str) -> Sequence[Registration]:
    """Who has a place, is offered one or waits, by number."""
    return session.exec(_of_meetup(meetup_id, *IN_LINE)).all()


def with_place(session: Session, meetup_id: str) -> Sequence[Registration]:
    """Who has a place, by number."""
    return session.exec(_of_meetup(meetup_id, RegistrationStatus.REGISTERED)).all()


def present(session: Session, meetup_id: str) -> Sequence[Registration]:
    """Who is there, by number: everybody with a place who is not said to be away. Once the meetup was held and
    anybody was said to have been there, only those."""
    meetup = session.get_one(Meetup, meetup_id)
    coming = [one for one in with_place(session, meetup_id) if one.attended is not False]
    there = [one for one in coming if one.attended]
    was_held = meetup.status in (MeetupStatus.HELD, MeetupStatus.ARCHIVED)
    return there if was_held and there else coming


def of_person(session: Session, meetup_id: str, person_id: str) -> Registration | None:
    return session.exec(_OF_PERSON, params={"meetup_id": meetup_id, "person_id": person_id}).first()


def by_ids(session: Session, ids: Iterable[str]) -> Sequence[Registration]:
    """Those of these registrations that exist, by id."""
    wanted = col(Registration.id).in_(list(ids))
    return session.exec(select(Registration).where(wanted).order_by(col(Registration.id))).all()


def visible(session: Session, caller: Caller, registration_id: str) -> Registration | None:
    """The registration, if the caller may see it."""
    return session.exec(_seen_by(caller).where(col(Registration.id) == registration_id)).first()


def page(
    session: Session,
    caller: Caller,
    meetup_id: str,
    *,
    status: RegistrationStatus | None,
    company_id: str | None,
    after: int | None,
    limit: int,
) -> Sequence[Registration]:
    """Registrations of a meetup that the caller may see, by number, one more than `limit`.

    Without a number there is at most one: that of the caller itself.
    """
    query = _seen_by(caller).where(col(Registration.meetup_id) == meetup_id)
    if status is not None:
        query = query.where(col(Registration.status) == status)
    if company_id is not None:
        query = query.where(col(Registration.company_id) == company_id)
    if after is not None:
        query = query.where(col(Registration.number) > after)
    return session.exec(query.order_by(col(Registration.number)).limit(limit + 1)).all()


def overdue(session: Session, meetup_id: str, moment: datetime) -> Sequence[Registration]:
    """Whose offer was not confirmed in time, by number."""
    return session.exec(_OVERDUE, params={"meetup_id": meetup_id, "moment": moment}).all()


def kept_beyond(session: Session, meetup_id: str, moment: datetime) -> Sequence[Registration]:
    """For whom a place is kept after this moment, by number."""
    late = _of_meetup(meetup_id, RegistrationStatus.OFFERED).where(col(Registration.offered_until) > moment)
    return session.exec(late).all()


def next_waiting(session: Session, meetup_id: str, *, of_others_than: Collection[str]) -> Registration | None:
    """Who has waited longest, leaving out these companies."""
    query = _of_meetup(meetup_id, RegistrationStatus.WAITING)
    if of_others_than:
        query = query.where(col(Registration.company_id).not_in(sorted(of_others_than)))
    return session.exec(query.limit(1)).first()


def places_of(session: Session, meetup_id: str, company_id: str) -> int:
    """How many places a company has taken or is offered."""
    return places_by_company(session, meetup_id, [company_id]).get(company_id, 0)


def places_by_company(
    session: Session, meetup_id: str, company_ids: Collection[str] | None = None
) -> Mapping[str, int]:
    """How many places each company has taken or is offered; those with none are absent."""
    query = (
        sa_select(col(Registration.company_id), func.count())
        .where(col(Registration.meetup_id) == meetup_id, col(Registration.status).in_(TAKES_A_PLACE))
        .group_by(col(Registration.company_id))
    )
    if company_ids is not None:
        query = query.where(col(Registration.company_id).in_(sorted(company_ids)))
    return {company_id: int(number) for company_id, number in session.execute(query)}


def waiting_positions(session: Session, ids: Collection[str]) -> Mapping[str, int]:
    """For registrations that wait, how many are on the waiting list up to and with them."""
    if not ids:
        return {}
    rows = session.execute(_POSITIONS, {"ids": sorted(ids)})
    return {registration_id: int(position) for registration_id, position in rows}


@dataclass(frozen=True, slots=True)
class Around:
    """What is shown of a registration, and stands elsewhere."""

    first_name: str
    company: str
    community: str | None
    online_link: str | None
    place: str | None
    limit_per_company: int | None


def around(session: Session, ids: Collection[str]) -> Mapping[str, Around]:
    """For each registration what stands around it: of one meetup or of several."""
    return {
        registration_id: Around(*rest) for registration_id, *rest in session.execute(_AROUND, {"ids": sorted(ids)})
    }


def company_of_domain(session: Session, domain: str) -> str | None:
    """The company that takes part and whose verified mail domain this is, locked."""
    query = (
        select(Company.id)
        .join(MailDomain, col(MailDomain.company_id) == col(Company.id))
        .where(
            col(MailDomain.domain) == domain,
            col(MailDomain.verified_at).is_not(None),
            col(Company.status) == CompanyStatus.ACTIVE,
        )
        .with_for_update(key_share=True, of=Company)
    )
    return session.exec(query).first()


def takes_part(session: Session, company_id: str) -> bool:
    """Whether a company takes part, and goes on to until the transaction is over."""
    query = select(Company.id).where(col(Company.id) == company_id, col(Company.status) == CompanyStatus.ACTIVE)
    return session.exec(query.with_for_update(read=True)).first() is not None


def unknown_companies(session: Session, ids: Collection[str]) -> list[str]:
    """Those of these ids that are no company's."""
    if not ids:
        return []
    known = set(session.exec(select(Company.id).where(col(Company.id).in_(sorted(set(ids))))))
    return [one for one in ids if one not in known]


def _of_meetup(meetup_id: str, *statuses: RegistrationStatus) -> SelectOfScalar[Registration]:
    query = select(Registration).where(
        col(Registration.meetup_id) == meetup_id, col(Registration.status).in_(statuses)
    )
    return query.order_by(col(Registration.number))


def _seen_by(caller: Caller) -> SelectOfScalar[Registration]:
    """What was entered on the public page is nobody's but the person's before the address is confirmed. Organizers
    see nobody who is kept only to be told of the next meetups."""
    query = select(Registration)
    confirmed = col(Registration.number).is_not(None)
    match caller.role:
        case Role.OPERATOR | Role.ORGANIZER:
            at_hand = sa_select(col(Meetup.id)).where(~totals.IS_KEPT)
            return query.where(confirmed, col(Registration.meetup_id).in_(at_hand))
        case Role.COORDINATOR | Role.PORTAL:
            return query.where(col(Registration.company_id) == caller.company_id, confirmed)
        case Role.MANAGER | Role.PARTICIPANT:
            return query.where(col(Registration.person_id) == caller.person_id)
