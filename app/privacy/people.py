"""A person takes along what is stored of it, and nothing of it stays behind: each feature offers its part."""

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

from sqlmodel import Session

from app.access import personal as keys
from app.access.models import Role
from app.access.service import Caller
from app.communities import personal as managed
from app.companies import personal as coordinated
from app.core import events
from app.core.database import Database
from app.core.events import Event
from app.core.settings import Settings, get_settings
from app.exchanges import personal as met
from app.guardrails import personal as lawful
from app.meetups import personal as tells
from app.notifications import mailing, outbox
from app.notifications import personal as messages
from app.notifications import queries as messages_sent
from app.people import personal as itself
from app.people import service as people
from app.people.models import Person, PersonStatus
from app.people.service import PersonNotFound
from app.privacy import queries, records
from app.registrations import personal as comes
from app.rounds import personal as paired
from app.seatings import personal as sat
from app.tandems import personal as answered
from app.tandems.models import SideName, Tandem

# In this order: for which communities it speaks is looked up by the first ones, who it is by all.
PARTS: Sequence[ModuleType] = (
    met,
    answered,
    sat,
    paired,
    comes,
    tells,
    messages,
    lawful,
    keys,
    coordinated,
    managed,
    itself,
)

Records = Iterator[tuple[str, dict[str, object]]]


def get(session: Session, caller: Caller, person_id: str, *, for_update: bool = False) -> Person:
    """The person, for itself or its company. Raises PersonNotFound."""
    if caller.person_id not in (None, person_id):
        raise PersonNotFound(person_id=person_id)
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER, Role.PARTICIPANT)
    return people.get(session, person_id, company_id=caller.company_id, for_update=for_update)


def export(database: Database, caller: Caller, person_id: str) -> Iterator[bytes]:
    """Everything that is stored about a person, one JSON object a line, each with its `record`; for an operator
    without what the sides of a tandem have answered and written.

    Raises PersonNotFound before the first line.
    """
    with database.reader() as session:
        get(session, caller, person_id)
    return _lines(database, caller, person_id)


def erase(session: Session, caller: Caller, person_id: str, settings: Settings) -> Person:
    """Erase a person: itself, its company's coordinator or the operator. One that is erased stays so.

    Its company is told that it is gone, and the partners to whom it was shown that a contact is. Files of mails that
    may hold its name or address go once the transaction is committed.
    """
    get(session, caller, person_id)
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.MANAGER, Role.PARTICIPANT)
    # Before the person: whoever registers it for one of them holds the meetup, and waits for the person.
    queries.hold_meetups_of(session, person_id)
    person = get(session, caller, person_id, for_update=True)
    if person.status is PersonStatus.ERASED:
        return person
    _tell(session, person)
    mailing.forget_files(session, settings, queries.mails_with_person(session, person_id))
    _forget(session, person_id)
    return person


def forget_unknown(session: Session, event: Event) -> None:
    """Erase somebody who was known by a registration only that is forgotten, unless its company has entered the
    person or something else has come of it.

    Nobody is told: of whom nobody knows, nobody misses anything.
    """
    queries.hold_meetups_of(session, event.subject_id)
    person = people.get(session, event.subject_id, company_id=None, for_update=True)
    if person.status is PersonStatus.ERASED or not person.guest or queries.has_function(session, person.id):
        return
    mails = messages_sent.ids_of_mails(session, [person.id])
    _forget(session, person.id)
    mailing.forget_files(session, get_settings(), mails)


def _forget(session: Session, person_id: str) -> None:
    for part in PARTS:
        part.erase_person(session, person_id)
    events.record(session, "person.erased", person_id)
    session.flush()


def _tell(session: Session, person: Person) -> None:
    key = f"contact.erased:{person.id}"
    outbox.tell_companies(
        session, "contact.erased", person.id, [person.company_id], ids={"person_id": person.id}, key=key
    )
    for tandem, side in _shown_in(session, person):
        own, other = (tandem.a_id, tandem.b_company), (tandem.b_id, tandem.a_company)
        community_id, company_id = own if side is SideName.A else other
        outbox.tell_companies(
            session,
            "contact.erased",
            person.id,
            [company_id],
            ids={"tandem_id": tandem.id, "community_id": community_id},
            key=f"{key}:{tandem.id}",
        )


def _shown_in(session: Session, person: Person) -> list[tuple[Tandem, SideName]]:
    """The tandems whose other side was shown the person and may have kept a copy, with the person's own side."""
    return [
        (tandem, side)
        for tandem, side in queries.tandems_of(session, person.id)
        if tandem.forgotten_at is None and (tandem.closed_at is None or tandem.closed_at > person.created_at)
    ]


def _lines(database: Database, caller: Caller, person_id: str) -> Iterator[bytes]:
    for part in reversed(PARTS):
        export_part: Callable[[Session, str], Records] = part.export_person
        with database.reader() as session:
            found = list(export_part(session, person_id))
        for record, content in found:
            yield from records.lines(caller, record, content)
