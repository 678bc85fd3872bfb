"""Registration by the public page: whoever knows an address may enter it, and only its owner confirms it.

What the page answers never tells whether somebody is known or registered.
"""

from sqlmodel import Session

from app.core import events
from app.core.clock import now
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.meetups import service as meetups
from app.meetups.models import Meetup
from app.people import service as people
from app.people.models import Person
from app.people.schemas import Contact
from app.registrations import limits, places, queries
from app.registrations.models import IN_LINE, RegisteredBy, Registration, RegistrationStatus
from app.registrations.schemas import SignUp


class MailDomainUnknown(Unprocessable):
    slug = "mail-domain-unknown"
    title = mark("The mail domain belongs to no participating company")
    detail = mark(
        "No company that takes part has the mail domain {domain}. Use the address that you have at work; or ask your "
        "company's coordinator to have the domain added, or to register you."
    )


class SentAgain(Conflict):
    slug = "sign-up-sent-again"
    title = mark("The form was sent once more")
    detail = mark(
        "What the form says has changed since you looked. Please look once more, and confirm it if it is right."
    )


def sign_up(session: Session, meetup_id: str, form: SignUp, client: str, pepper: str) -> None:
    """Somebody, from a network address, has entered a mail address. Its owner is sent a mail with a link: to confirm
    it or, where it has or had a registration for the meetup, to that one, and then nothing of the form is stored.

    Raises MailDomainUnknown, TooManySignUps, and what keeps everybody from registering.
    """
    meetup = meetups.public(session, meetup_id, for_update=True)
    places.opened(session, meetup)
    domain = form.email.rpartition("@")[2]
    company_id = queries.company_of_domain(session, domain)
    if company_id is None:
        raise MailDomainUnknown(domain=domain)
    is_mailed = limits.count(session, meetup, form.email, client, pepper)
    contact = Contact(email=form.email, first_name=form.first_name, language=form.language)
    registration = earlier_or_new(session, meetup, people.typed(session, company_id, contact))
    kind = "registration.known"
    if registration.status is RegistrationStatus.UNCONFIRMED:
        kind = "registration.signed_up"
        registration.version += 1
        for field in ("themes", "learn", "show", "languages", "stays"):
            setattr(registration, field, getattr(form, field))
        session.add(registration)
        session.flush()
    if is_mailed:
        events.record(session, kind, registration.id)


def confirm_address(session: Session, registration_id: str, seen: int | None = None) -> Registration:
    """The owner of the address has come by the link: it takes its number now. Also who had cancelled comes again so;
    who is in line stays there. Raises SentAgain where another version was `seen`, CompanyIsOut, and what keeps
    everybody from registering."""
    registration, meetup = places.at_hand(session, registration_id)
    if registration.status in IN_LINE and not places.is_overdue(registration):
        return registration
    if registration.status is RegistrationStatus.UNCONFIRMED and seen not in (None, registration.version):
        raise SentAgain
    places.require_taking_part(session, registration)
    places.opened(session, meetup)
    people.confirm(session, registration.person_id)
    places.enter(session, meetup, registration)
    return registration


def earlier_or_new(session: Session, meetup: Meetup, person: Person) -> Registration:
    """The person's registration for the meetup, or one that is not stored yet and has no number."""
    return queries.of_person(session, meetup.id, person.id) or Registration(
        id=new_id("reg"),
        meetup_id=meetup.id,
        person_id=person.id,
        company_id=person.company_id,
        status=RegistrationStatus.UNCONFIRMED,
        by=RegisteredBy.PAGE,
        version=0,
        created_at=now(),
    )
