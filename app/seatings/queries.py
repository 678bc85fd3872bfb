"""Reads of seatings that need more than a primary key."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.companies.models import Company
from app.people.models import Person, PersonStatus
from app.registrations.models import Registration, RegistrationStatus
from app.seatings.models import Again, Seating, SeatingGroup, SeatingStatus

UNDER_WAY = (SeatingStatus.QUEUED, SeatingStatus.RUNNING)

Name = tuple[str, str]
"""First name and company."""


def page(session: Session, meetup_id: str, *, after: str | None, limit: int) -> Sequence[Seating]:
    """Seatings of a meetup, newest first, one more than `limit`."""
    query = select(Seating).where(col(Seating.meetup_id) == meetup_id)
    if after is not None:
        query = query.where(col(Seating.id) < after)
    return session.exec(query.order_by(col(Seating.id).desc()).limit(limit + 1)).all()


def newest(session: Session, meetup_id: str, *statuses: SeatingStatus) -> Seating | None:
    """The newest of these states."""
    query = select(Seating).where(col(Seating.meetup_id) == meetup_id, col(Seating.status).in_(statuses))
    return session.exec(query.order_by(col(Seating.id).desc()).limit(1)).first()


def newest_done(session: Session, meetup_ids: Iterable[str]) -> dict[str, str]:
    """For each of these meetups the seating that counts; those without one are absent."""
    done = (col(Seating.meetup_id).in_(sorted(meetup_ids)), col(Seating.status) == SeatingStatus.DONE)
    query = sa_select(col(Seating.meetup_id), col(Seating.id)).where(*done).order_by(col(Seating.id))
    return dict(session.execute(query).all())


def groups(session: Session, seating_id: str) -> list[SeatingGroup]:
    """All groups, by rotation and table."""
    of_seating = select(SeatingGroup).where(col(SeatingGroup.seating_id) == seating_id)
    return list(session.exec(of_seating.order_by(col(SeatingGroup.rotation), col(SeatingGroup.number))))


def names(session: Session, meetup_ids: Iterable[str]) -> dict[str, Name]:
    """Who has a place at these meetups, by registration. Who has cancelled or is erased is absent: a free seat."""
    query = (
        sa_select(col(Registration.id), col(Person.first_name), col(Company.name))
        .join(Person, col(Person.id) == col(Registration.person_id))
        .join(Company, col(Company.id) == col(Registration.company_id))
        .where(
            col(Registration.meetup_id).in_(sorted(meetup_ids)),
            col(Registration.status) == RegistrationStatus.REGISTERED,
            col(Person.status) != PersonStatus.ERASED,
        )
    )
    return {registration_id: (first_name, company) for registration_id, first_name, company in session.execute(query)}


def companies(session: Session, company_ids: Iterable[str]) -> dict[str, Company]:
    """These companies, in whatever state they are."""
    found = session.exec(select(Company).where(col(Company.id).in_(sorted(company_ids))))
    return {company.id: company for company in found}


def languages_of_people(session: Session, person_ids: Iterable[str]) -> dict[str, str]:
    """The language of each person who has said one."""
    said = (col(Person.id).in_(sorted(person_ids)), col(Person.language).is_not(None))
    query = sa_select(col(Person.id), col(Person.language)).where(*said)
    return dict(session.execute(query).all())


def said_by(session: Session, registration_id: str) -> Mapping[str, Again]:
    """Whom a person wants to meet again, by the other's registration."""
    query = select(Again).where(col(Again.registration_id) == registration_id)
    return {one.other_id: one for one in session.exec(query.execution_options(populate_existing=True))}


def said_of(session: Session, registration_id: str) -> frozenset[str]:
    """Who wants to meet a person again: registrations."""
    return frozenset(session.exec(select(Again.registration_id).where(col(Again.other_id) == registration_id)))


def said_by_person(session: Session, person_id: str) -> Sequence[Again]:
    """Whom a person has named at any meetup, by id."""
    mine = select(Registration.id).where(col(Registration.person_id) == person_id)
    return session.exec(select(Again).where(col(Again.registration_id).in_(mine)).order_by(col(Again.id))).all()


def held_together(session: Session, registration_ids: Iterable[str]) -> set[str]:
    """Hold these registrations until the transaction ends, in the order of ids, so that two who do so at the same
    moment wait for one another and not for each other. Those that there are."""
    these = select(Registration.id).where(col(Registration.id).in_(sorted(registration_ids)))
    return set(session.exec(these.order_by(col(Registration.id)).with_for_update(key_share=True)))


def held_to_erase(session: Session, which: ColumnElement[bool]) -> dict[str, str]:
    """Each of these registrations with its meetup; a seating that is stored meanwhile waits, and misses them."""
    theirs = select(Registration.id, Registration.meetup_id).where(which)
    return dict(session.exec(theirs.order_by(col(Registration.id)).with_for_update()).all())


def of_meetups(session: Session, meetup_ids: Iterable[str]) -> Sequence[Seating]:
    """All seatings of these meetups."""
    return session.exec(select(Seating).where(col(Seating.meetup_id).in_(sorted(set(meetup_ids))))).all()


def groups_of_meetups(session: Session, meetup_ids: Iterable[str]) -> Sequence[SeatingGroup]:
    """The groups of all seatings of these meetups."""
    theirs = select(Seating.id).where(col(Seating.meetup_id).in_(sorted(set(meetup_ids))))
    return session.exec(select(SeatingGroup).where(col(SeatingGroup.seating_id).in_(theirs))).all()


def about_person(person_id: str) -> ColumnElement[bool]:
    """What a person has said, and what others have said of it."""
    mine = select(Registration.id).where(col(Registration.person_id) == person_id)
    return or_(col(Again.registration_id).in_(mine), col(Again.other_id).in_(mine))
