"""The people who approve a company's tandems: coordinators, and deputies who are asked when they do not answer."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.companies import service as companies
from app.companies.models import Company, CompanyCoordinator
from app.companies.schemas import CoordinatorContact, CoordinatorOut, CoordinatorsOut
from app.core import events
from app.core.concurrency import require_match
from app.people import service as people
from app.people.models import Person, PersonStatus

Entry = tuple[Person, bool]
"""A person, and whether it is a deputy."""


def get(session: Session, caller: Caller, company_id: str) -> list[Entry]:
    """Who approves for a company that the caller may see, coordinators first. Raises CompanyNotFound."""
    companies.get(session, caller, company_id)
    caller.require(Role.OPERATOR, Role.COORDINATOR)
    return _entries(session, company_id)


def replace(
    session: Session, caller: Caller, company_id: str, contacts: Sequence[CoordinatorContact], if_match: str | None
) -> list[Entry]:
    """Name all of them; who is new becomes a person of the company."""
    company = companies.get(session, caller, company_id, for_update=True)
    caller.require(Role.OPERATOR, Role.COORDINATOR)
    require_match(if_match, tag(session, company_id, _entries(session, company_id)))
    persons = people.ensured(session, company_id, contacts)
    session.execute(delete(CompanyCoordinator).where(col(CompanyCoordinator.company_id) == company_id))
    for contact in {one.email: one for one in contacts}.values():
        session.add(
            CompanyCoordinator(company_id=company_id, person_id=persons[contact.email], deputy=contact.deputy)
        )
    company.version += 1
    session.add(company)
    session.flush()
    events.record(session, "company.coordinators_changed", company_id)
    return _entries(session, company_id)


def of(session: Session, company_id: str, *, deputy: bool | None = None) -> list[Person]:
    """The active ones, in the order of their addresses; all, or only the deputies, or only the others."""
    return [
        person
        for person, is_deputy in _entries(session, company_id)
        if person.status is PersonStatus.ACTIVE and deputy in (None, is_deputy)
    ]


def approve_within(session: Session, company_ids: Collection[str]) -> timedelta:
    """For how long the coordinators of these companies are waited for: the shortest of their times."""
    shortest = select(func.min(Company.approve_within_days)).where(col(Company.id).in_(list(company_ids)))
    return timedelta(days=session.exec(shortest).one())


def tag(session: Session, company_id: str, entries: Sequence[Entry]) -> str:
    """What they are known by when they are to be changed: also each person, whose address may change."""
    company = session.get_one(Company, company_id)
    return ".".join(str(version) for version in (company.version, *(person.version for person, _ in entries)))


def shown(company_id: str, entries: Sequence[Entry]) -> CoordinatorsOut:
    return CoordinatorsOut(
        company_id=company_id,
        coordinators=[
            CoordinatorOut(
                person_id=person.id,
                first_name=person.first_name,
                email=person.email,
                language=person.language,
                deputy=deputy,
                status=person.status,
            )
            for person, deputy in entries
        ],
    )


def _entries(session: Session, company_id: str) -> list[Entry]:
    query = (
        select(Person, CompanyCoordinator.deputy)
        .join(CompanyCoordinator, col(CompanyCoordinator.person_id) == col(Person.id))
        .where(col(CompanyCoordinator.company_id) == company_id, col(Person.status) != PersonStatus.ERASED)
        .order_by(col(CompanyCoordinator.deputy), col(Person.email))
    )
    return [(person, deputy) for person, deputy in session.exec(query)]
