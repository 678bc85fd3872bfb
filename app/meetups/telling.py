"""Who is told what of meetups: portals by webhook, speakers by mail."""

from sqlmodel import Session

from app.companies import service as companies
from app.core.events import Event
from app.meetups import wording
from app.meetups.models import Meetup, Talk
from app.notifications import outbox
from app.notifications.letters import Template
from app.notifications.outbox import Mail

_NAMED = "talk.speaker_named"
_DECISIONS = ("talk.accepted", "talk.declined")
TEMPLATES: tuple[Template, ...] = (
    Template("talk.accepted", needs_reader=False, write=wording.accepted),
    Template("talk.declined", needs_reader=False, write=wording.declined),
    # Silence lets a name become public: also who wants only what waits for it gets this.
    Template(_NAMED, needs_reader=True, write=wording.named),
)


def announced(session: Session, event: Event) -> None:
    """Portals hear of a new meetup."""
    _tell_portals(session, "meetup.announced", event.subject_id, event.id)


def changed(session: Session, event: Event) -> None:
    """Portals hear that something has changed: once, where one change was to more than one thing."""
    meetup = session.get_one(Meetup, event.subject_id)
    _tell_portals(session, "meetup.changed", meetup.id, f"{meetup.id}:{meetup.version}")


def cancelled(session: Session, event: Event) -> None:
    """Portals hear that it does not take place."""
    _tell_portals(session, "meetup.cancelled", event.subject_id, event.id)


def held(session: Session, event: Event) -> None:
    """Portals hear that it was held."""
    _tell_portals(session, "meetup.held", event.subject_id, event.id)


def speaker_named(session: Session, event: Event) -> None:
    """Somebody else has named this person as speaker: it hears what will be public, and how that is prevented."""
    talk = session.get_one(Talk, event.subject_id)
    if talk.speaker_id is not None:
        ids = {"meetup_id": talk.meetup_id, "talk_id": talk.id}
        outbox.queue(session, [Mail(_NAMED, talk.speaker_id, talk.id, ids, f"{_NAMED}:{event.id}")])


def talk_decided(session: Session, event: Event) -> None:
    """The speaker hears what became of a proposal, and the portal of its company. A mail about a decision that was
    another one a moment ago is taken back."""
    talk = session.get_one(Talk, event.subject_id)
    ids = {"meetup_id": talk.meetup_id, "talk_id": talk.id}
    outbox.retract(session, talk.id, _DECISIONS)
    key = f"{event.kind}:{event.id}"
    outbox.queue(session, [Mail(event.kind, reader, talk.id, ids, key) for reader in wording.readers(session, talk)])
    outbox.tell_companies(session, event.kind, talk.id, [talk.company_id], ids=ids, key=key)


def _tell_portals(session: Session, kind: str, meetup_id: str, once: str) -> None:
    """All companies that take part."""
    everybody = [company.id for company in companies.active(session)]
    outbox.tell_companies(session, kind, meetup_id, everybody, ids={"meetup_id": meetup_id}, key=f"{kind}:{once}")
