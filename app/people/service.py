"""People of a company: found by their address, created when new."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, insert
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.database import inserting
from app.core.errors import Conflict, NotFound, SameMoment, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.people.models import MailDomain, Person, PersonStatus
from app.people.personal import ERASED
from app.people.schemas import Contact, PersonUpdate

_PERSON = SQLModel.metadata.tables["person"]
# Put together once, as everybody who is entered needs it.
_VERIFIED = select(MailDomain.domain).where(
    col(MailDomain.company_id) == bindparam("company_id"), col(MailDomain.verified_at).is_not(None)
)


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


class PersonErased(Conflict):
    slug = "person-erased"
    title = mark("The person was erased")
    detail = mark("Nothing is stored of this person any more. Add the person anew with POST /v1/people.")


class PersonNotWaiting(Conflict):
    slug = "person-not-waiting"
    title = mark("The person is not waiting")
    detail = mark("Only somebody who waits can be approved; this person is {status}.")


class PersonWaiting(Conflict):
    slug = "person-waiting"
    title = mark("The person waits for the coordinator")
    detail = mark(
        "The address is of a mail domain that is not the company's. A coordinator approves the person first, with "
        "POST /v1/people/{person_id}/approve."
    )


class MailDomainTaken(Conflict):
    slug = "mail-domain-taken"
    title = mark("The mail domain belongs to another company")
    detail = mark("The domain {domain} is another company's already. Check the spelling, or ask the operator.")


def create(session: Session, company_id: str, contact: Contact) -> Person:
    """A new person, or a guest whom the company enters now. Raises PersonExists for an address that the company has
    already."""
    person, is_new = _found_or_added(session, company_id, contact)
    if is_new:
        return person
    if not person.guest:
        raise PersonExists
    named = {"first_name": contact.first_name, "language": contact.language}
    _apply(session, person, **named, **_entered(person, verified_domains(session, company_id)))
    return person


def registered(session: Session, company_id: str, contact: Contact) -> tuple[Person, bool]:
    """Whom a company registers for a meetup, locked, and whether nobody vouched for the person before: then it is a
    guest, named as the company says. One that is known keeps name and language."""
    person, is_new = _found_or_added(session, company_id, contact, guest=True)
    if person.status is not PersonStatus.UNCONFIRMED:
        return person, is_new
    status = _status(person.email, verified_domains(session, company_id))
    _apply(session, person, first_name=contact.first_name, language=contact.language, status=status)
    return person, True


def typed(session: Session, company_id: str, contact: Contact) -> Person:
    """Whose address somebody has typed into a form, locked. Until it is confirmed, the name and language that were
    typed last hold; of a person who is known nothing changes, for whoever types may be anybody."""
    person, _ = _found_or_added(session, company_id, contact, guest=True, status=PersonStatus.UNCONFIRMED)
    if person.status is PersonStatus.UNCONFIRMED:
        _apply(session, person, first_name=contact.first_name, language=contact.language)
    return person


def confirm(session: Session, person_id: str) -> Person:
    """The owner of the address has shown that it is its own: it may speak for itself, if the domain is the company's.
    So may who waited for that. Raises PersonErased, PersonWaiting."""
    person = session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.status is PersonStatus.ERASED:
        raise PersonErased
    status = _status(person.email, verified_domains(session, person.company_id))
    if person.status is not PersonStatus.ACTIVE:
        if status is PersonStatus.WAITING:
            raise PersonWaiting(person_id=person_id)
        _apply(session, person, status=status)
    return person


def ensured(session: Session, company_id: str, contacts: Iterable[Contact]) -> dict[str, str]:
    """For each address the id of the company's person, created when new, renamed when changed."""
    wanted = {contact.email: contact for contact in contacts}
    present, domains = _by_email(session, company_id, list(wanted)), verified_domains(session, company_id)
    for email, person in present.items():
        # A language that is not named stays as it is.
        language = wanted[email].language or person.language
        _apply(session, person, first_name=wanted[email].first_name, language=language, **_entered(person, domains))
    new_ones = [_row(company_id, contact, domains) for email, contact in wanted.items() if email not in present]
    session.flush()
    if new_ones:
        # Plain rows: an import brings thousands.
        session.execute(insert(_PERSON), new_ones)
    return {email: person.id for email, person in present.items()} | {
        str(row["email"]): str(row["id"]) for row in new_ones
    }


def get(session: Session, person_id: str, *, company_id: str | None, for_update: bool = False) -> Person:
    """The person, if it belongs to the company (None: any) and is known to it. Raises PersonNotFound."""
    person = session.get(Person, person_id, with_for_update=for_update)
    if person is None or (company_id is not None and not _is_known_to(company_id, person)):
        raise PersonNotFound(person_id=person_id)
    return person


def may_speak(session: Session, person_id: str) -> bool:
    """Whether the person may act for itself now: neither unconfirmed, nor waiting for the coordinator, nor erased."""
    person = session.get(Person, person_id)
    return person is not None and person.status is PersonStatus.ACTIVE


def page(session: Session, *, company_id: str | None, after: str | None, limit: int) -> Sequence[Person]:
    """People by id, of one company or of all, one more than `limit`; none who is known by a form only."""
    query = select(Person).where(col(Person.status) != PersonStatus.UNCONFIRMED)
    query = query.order_by(col(Person.id)).limit(limit + 1)
    if company_id is not None:
        query = query.where(col(Person.company_id) == company_id)
    if after is not None:
        query = query.where(col(Person.id) > after)
    return session.exec(query).all()


def update(
    session: Session, person_id: str, change: PersonUpdate, *, company_id: str | None, if_match: str | None
) -> Person:
    """Change what was sent. Another address is looked at like a new person's."""
    person = get(session, person_id, company_id=company_id, for_update=True)
    if person.status is PersonStatus.ERASED:
        raise PersonErased
    require_match(if_match, person.version)
    domains = verified_domains(session, person.company_id)
    named = change.model_dump(exclude_unset=True) | _entered(person, domains)
    email = named.pop("email", person.email)
    if email != person.email:
        if _by_email(session, person.company_id, [email]):
            raise PersonExists
        named |= {"email": email, "status": _status(email, domains)}
    try:
        with session.begin_nested():
            _apply(session, person, **named)
    except IntegrityError as error:
        raise PersonExists from error
    return person


def approve(session: Session, person_id: str, *, company_id: str | None) -> Person:
    """Somebody of another mail domain may speak for communities."""
    person = get(session, person_id, company_id=company_id, for_update=True)
    if person.status is not PersonStatus.WAITING:
        raise PersonNotWaiting(status=person.status.value)
    _apply(session, person, status=PersonStatus.ACTIVE)
    return person


def mail_domains(session: Session, company_ids: Iterable[str]) -> Sequence[MailDomain]:
    """The mail domains of some companies, by name."""
    mine = select(MailDomain).where(col(MailDomain.company_id).in_(list(company_ids)))
    return session.exec(mine.order_by(col(MailDomain.domain))).all()


def verified_domains(session: Session, company_id: str) -> frozenset[str]:
    """Whose addresses need no second look; empty where none is verified, and then none is asked for."""
    return frozenset(session.scalars(_VERIFIED, {"company_id": company_id}))


def set_domains(session: Session, company_id: str, domains: Iterable[str], *, vouched: bool) -> None:
    """Replace a company's domains. New ones are verified where an operator vouches, else they wait for one.

    Raises MailDomainTaken for one of another company; one that only waits there goes to whom an operator vouches for,
    so that naming a domain first keeps nobody from its own.
    """
    wanted = sorted(set(domains))
    known = {one.domain: one for one in session.exec(select(MailDomain).where(col(MailDomain.domain).in_(wanted)))}
    for domain in wanted:
        entry = known.get(domain) or MailDomain(domain=domain, company_id=company_id)
        if entry.company_id != company_id:
            if not vouched or entry.verified_at is not None:
                raise MailDomainTaken(domain=domain)
            entry.company_id = company_id
        if vouched and entry.verified_at is None:
            entry.verified_at = now()
        session.add(entry)
    for one in mail_domains(session, [company_id]):
        if one.domain not in wanted:
            session.delete(one)
    session.flush()


def erase_company(session: Session, company_id: str) -> None:
    """Of each person of a company only the opaque id is left; its mail domains are free again."""
    session.execute(
        update_rows(Person)
        .where(col(Person.company_id) == company_id)
        .values(email=ERASED + col(Person.id), first_name="", language=None, status=PersonStatus.ERASED)
    )
    session.execute(delete(MailDomain).where(col(MailDomain.company_id) == company_id))


def _apply(session: Session, person: Person, **values: object) -> None:
    """Set what differs; nothing happens where nothing does."""
    changed = {name: value for name, value in values.items() if getattr(person, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(person, name, value)
    person.version += 1
    session.add(person)
    session.flush()
    events.record(session, "person.changed", person.id)


def _found_or_added(session: Session, company_id: str, contact: Contact, **values: object) -> tuple[Person, bool]:
    """The company's person with this address as it is stored, locked, or a new one; and whether it is new."""
    # Many come at once: it may be another request that adds the same person, and then it is waited for. Or one has
    # just given the person another address: then this one is free again.
    for _ in range(2):
        if (person := _added(session, company_id, contact, **values)) is not None:
            return person, True
        if (person := _locked(session, company_id, contact.email)) is not None:
            return person, False
    raise SameMoment


def _added(session: Session, company_id: str, contact: Contact, **values: object) -> Person | None:
    """A new person; None where the company has one with this address. Raises CompanyUnknown."""
    row = _row(company_id, contact, verified_domains(session, company_id)) | values
    new_one = inserting(session, Person).values(row).on_conflict_do_nothing(index_elements=["company_id", "email"])
    try:
        return session.scalars(new_one.returning(Person)).first()
    except IntegrityError as error:
        raise CompanyUnknown(company_id=company_id) from error


def _entered(person: Person, domains: frozenset[str]) -> dict[str, object]:
    """What becomes of a person whom its company enters: it is no guest any more, and was vouched for."""
    if person.status is not PersonStatus.UNCONFIRMED:
        return {"guest": False}
    return {"guest": False, "status": _status(person.email, domains)}


def _is_known_to(company_id: str, person: Person) -> bool:
    return person.company_id == company_id and person.status is not PersonStatus.UNCONFIRMED


def _status(email: str, domains: frozenset[str]) -> PersonStatus:
    known = not domains or email.rpartition("@")[2] in domains
    return PersonStatus.ACTIVE if known else PersonStatus.WAITING


def _row(company_id: str, contact: Contact, domains: frozenset[str]) -> dict[str, object]:
    return {
        "id": new_id("per"),
        "company_id": company_id,
        "email": contact.email,
        "first_name": contact.first_name,
        "language": contact.language,
        "status": _status(contact.email, domains),
        "guest": False,
        "version": 1,
        "created_at": now(),
    }


def _by_email(session: Session, company_id: str, emails: Sequence[str]) -> dict[str, Person]:
    mine = select(Person).where(col(Person.company_id) == company_id, col(Person.email).in_(emails))
    return {person.email: person for person in session.exec(mine)}


def _locked(session: Session, company_id: str, email: str) -> Person | None:
    """The company's person with this address as it is now, and stays until the transaction is over."""
    mine = select(Person).where(col(Person.company_id) == company_id, col(Person.email) == email)
    return session.exec(mine.with_for_update().execution_options(populate_existing=True)).first()
