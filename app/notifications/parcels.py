"""A message made ready to be sent: put into words from what is true now, or not to be sent any more."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

import structlog
from sqlmodel import Session, col, select

from app.core.clock import now
from app.notifications import preferences, sealing
from app.notifications.composing import AddressNotUsable, Letterhead, composed
from app.notifications.letters import Reading, Template, Templates, language_of
from app.notifications.models import EndpointStatus, Message, Wants, WebhookEndpoint
from app.notifications.sealing import SecretUnreadable
from app.notifications.tries import Try, Verdict
from app.people.models import Person, PersonStatus

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint; signed when it goes out, for a signature is good for minutes."""

    url: str
    body: str
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message and what to send; or, where there is nothing to send, what has come of it."""

    message_id: str
    attempts: int
    """How often it was tried before."""
    content: Call | EmailMessage | Try


def calls(session: Session, endpoint_id: str, messages: Sequence[Message], pepper: str) -> list[Parcel]:
    """Requests to an endpoint. The same message makes the same body each time."""
    endpoint = session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        # Deleted this moment, and its messages with it.
        return []
    secrets: Sequence[str] = ()
    refused: Try | None = None
    if endpoint.status is EndpointStatus.DISABLED:
        refused = Try(Verdict.REFUSED, "the endpoint is disabled")
    else:
        try:
            secrets = sealing.secrets_of(endpoint, pepper, now())
        except SecretUnreadable:
            refused = Try(Verdict.FAILED, "the secret cannot be read; rotate it", nobody_there=True)
    return [Parcel(one.id, one.attempts, refused or Call(endpoint.url, body_of(one), secrets)) for one in messages]


def body_of(message: Message) -> str:
    """What a portal is told: the type of the event, when it happened, and ids."""
    told = {"type": message.template, "timestamp": _with_z(message.created_at), "data": message.ids}
    return json.dumps(told, separators=(",", ":"))


def mails(session: Session, messages: Sequence[Message], templates: Templates, head: Letterhead) -> list[Parcel]:
    """Mails to people who are there and want them."""
    ids = {one.person_id for one in messages if one.person_id is not None}
    found = session.exec(select(Person).where(col(Person.id).in_(ids)))
    readers = {one.id: one for one in found}
    wants = preferences.wants(session, ids)

    def content(message: Message) -> EmailMessage | Try:
        reader = readers.get(message.person_id or "")
        template = templates.get(message.template)
        if reader is None or not _is_there(reader, template):
            return Try(Verdict.NOT_WANTED, "nobody to send it to")
        if template is None:
            # Queued by a newer release, perhaps: the worker that knows it will send it.
            log.error("template_unknown", template=message.template)
            return Try(Verdict.FAILED, "the template is not known")
        if not _wanted(template, wants[reader.id]):
            return Try(Verdict.NOT_WANTED, "not wanted")
        return _mail(session, message, reader, template, head)

    return [Parcel(one.id, one.attempts, content(one)) for one in messages]


def _is_there(reader: Person, template: Template | None) -> bool:
    """Whoever waits or has not confirmed its address is mailed only what answers its own typing."""
    if reader.status is PersonStatus.ACTIVE:
        return True
    return reader.status is not PersonStatus.ERASED and template is not None and template.asked_for


def _wanted(template: Template, wants: Wants) -> bool:
    return wants is Wants.ALL or template.asked_for or (wants is Wants.NEEDS_ME and template.needs_reader)


def _mail(
    session: Session, message: Message, reader: Person, template: Template, head: Letterhead
) -> EmailMessage | Try:
    language = language_of(reader.language)
    reading = Reading(session, reader, language, message.ids, head.public_url, head.pepper, head.sender.addr_spec)
    try:
        # A query that fails inside one letter leaves the others their transaction.
        with session.begin_nested():
            letter = template.write(reading)
        if letter is None:
            return Try(Verdict.NOT_WANTED, "it is over")
        return composed(letter, reader, language, message.id, head, now())
    except AddressNotUsable:
        return Try(Verdict.REFUSED, "the address cannot be used")
    except Exception as error:
        log.error("mail_not_written", template=message.template, message_id=message.id, exc_info=error)
        return Try(Verdict.FAILED, f"it could not be written ({type(error).__name__})")


def _with_z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
