"""People of a company: found by their address, created when new."""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from app.core.clock import now
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.people.models import Person, PersonStatus
from app.people.schemas import Contact

_PERSON = SQLModel.metadata.tables["person"]


class PersonNotFound(NotFound):
    slug = "person-not-found"
    title = mark("No such person")
    detail = mark("There is no person {person_id} that you may see. List yours with GET /v1/people.")


class CompanyUnknown(Unprocessable):
    slug = "company-unknown"
    title = mark("The company does not exist")
    detail = mark("There is no company {company_id}. List the companies with GET /v1/companies.")


class PersonExists(Conflict):
    slug = "person-exists"
    title = mark("This person exists already")
    detail = mark("A person with this address exists in the company already. Find it with GET /v1/people.")


def create(session: Session, company_id: str, contact: Contact) -> Person:
    """A new person. Raises PersonExists for an address that the company has already."""
    if _by_email(session, company_id, [contact.email]):
        raise PersonExists
    person = Person.model_validate(_row(company_id, contact))
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        # Either somebody has just added the same person, or there is no such company.
        if _by_email(session, company_id, [contact.email]):
            raise PersonExists from error
        raise CompanyUnknown(company_id=company_id) from error
    return person


def ensured(session: Session, company_id: str, contacts: Iterable[Contact]) -> dict[str, str]:
    """For each address the id of the company's person, created when new, renamed when changed."""
    wanted = {contact.email: contact for contact in contacts}
    present = _by_email(session, company_id, list(wanted))
    for email, person in present.items():
        person.first_name = wanted[email].first_name
        person.language = wanted[email].language or person.language
        session.add(person)
    new_ones = [_row(company_id, contact) for email, contact in wanted.items() if email not in present]
    session.flush()
    if new_ones:
        # Plain rows: an import brings thousands.
        session.execute(insert(_PERSON), new_ones)
    return {email: person.id for email, person in present.items()} | {
        str(row["email"]): str(row["id"]) for row in new_ones
    }


def get(session: Session, person_id: str, *, company_id: str | None) -> Person:
    """The person, if it belongs to the company (None: any). Raises PersonNotFound."""
    person = session.get(Person, person_id)
    if person is None or (company_id is not None and person.company_id != company_id):
        raise PersonNotFound(person_id=person_id)
    return person


def page(session: Session, *, company_id: str | None, after: str | None, limit: int) -> Sequence[Person]:
    """People by id, of one company or of all, one more than `limit`."""
    query = select(Person).order_by(col(Person.id)).limit(limit + 1)
    if company_id is not None:
        query = query.where(col(Person.company_id) == company_id)
    if after is not None:
        query = query.where(col(Person.id) > after)
    return session.exec(query).all()


def _row(company_id: str, contact: Contact) -> dict[str, object]:
    return {
        "id": new_id("per"),
        "company_id": company_id,
        "email": contact.email,
        "first_name": contact.first_name,
        "language": contact.language,
        "status": PersonStatus.ACTIVE,
        "created_at": now(),
    }


def _by_email(session: Session, company_id: str, emails: Sequence[str]) -> dict[str, Person]:
    mine = select(Person).where(col(Person.company_id) == company_id, col(Person.email).in_(emails))
    return {person.email: person for person in session.exec(mine)}
