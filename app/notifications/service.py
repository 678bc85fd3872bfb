"""Webhooks of a company: where they go, which secret signs them, and what has become of each message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from app.access.service import Caller, company_for
from app.companies import service as companies
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound
from app.core.i18n import mark
from app.core.ids import new_id
from app.notifications import queries, sealing
from app.notifications.kinds import PING
from app.notifications.models import Channel, EndpointStatus, MailPreference, Message, MessageStatus, WebhookEndpoint
from app.notifications.schemas import WebhookCreate, WebhookUpdate
from app.people.models import Person

_MOST = 20


class WebhookNotFound(NotFound):
    slug = "webhook-not-found"
    title = mark("No such webhook")
    detail = mark("There is no webhook {webhook_id} that you may see. List yours with GET /v1/webhooks.")


class TooManyWebhooks(Conflict):
    slug = "too-many-webhooks"
    title = mark("There are enough webhooks")
    detail = mark("A company has at most {most} webhooks. Change or delete one of them.")


class WebhookDisabled(Conflict):
    slug = "webhook-disabled"
    title = mark("The webhook is disabled")
    detail = mark("To {webhook_id} nothing is sent. Make it active with PATCH /v1/webhooks/{webhook_id} first.")


class WebhookSecretShownBefore(Conflict):
    slug = "webhook-secret-shown-before"
    title = mark("The secret was made already")
    detail = mark(
        "This request was carried out before, and a secret is shown once only. The webhook is {webhook_id}: to see a "
        "new secret, rotate it with POST /v1/webhooks/{webhook_id}/rotate."
    )


class DeliveryNotFound(NotFound):
    slug = "delivery-not-found"
    title = mark("No such delivery")
    detail = mark("There is no delivery {delivery_id} that you may see. List yours with GET /v1/deliveries.")


class NothingToResend(Conflict):
    slug = "nothing-to-resend"
    title = mark("This message is not to be sent again")
    detail = mark("Only what was sent or is parked can be sent again; this one is {status}.")


@dataclass(frozen=True, slots=True)
class NewSecret:
    endpoint: WebhookEndpoint
    plain: str

    @property
    def id(self) -> str:
        return self.endpoint.id


def create(session: Session, caller: Caller, wish: WebhookCreate, company: str | None, pepper: str) -> NewSecret:
    """An endpoint, with the secret that is never seen again. That its address is usable was looked at before."""
    company_id = company_for(caller, company)
    companies.get(session, caller, company_id, for_update=True)
    if len(queries.page_of_endpoints(session, company_id, after=None, limit=_MOST)) >= _MOST:
        raise TooManyWebhooks(most=_MOST)
    secret = sealing.new_secret()
    endpoint = WebhookEndpoint(
        id=new_id("whk"),
        company_id=company_id,
        url=wish.url,
        kinds=[kind.value for kind in wish.kinds],
        status=EndpointStatus.ACTIVE,
        secret=sealing.sealed(secret, pepper),
        created_at=now(),
    )
    session.add(endpoint)
    session.flush()
    return NewSecret(endpoint, secret)


def get(session: Session, caller: Caller, webhook_id: str, *, for_update: bool = False) -> WebhookEndpoint:
    """The endpoint, if it is the caller's company's. Raises WebhookNotFound."""
    endpoint = session.get(WebhookEndpoint, webhook_id, with_for_update=for_update)
    if endpoint is None or caller.company_id not in (None, endpoint.company_id):
        raise WebhookNotFound(webhook_id=webhook_id)
    return endpoint


def page(
    session: Session, caller: Caller, company: str | None, *, after: str | None, limit: int
) -> Sequence[WebhookEndpoint]:
    """Endpoints that the caller may see, by id, one more than `limit`."""
    return queries.page_of_endpoints(session, _seen(caller, company), after=after, limit=limit)


def change(
    session: Session, caller: Caller, webhook_id: str, wish: WebhookUpdate, if_match: str | None
) -> WebhookEndpoint:
    """Change what was sent. Messages that wait go to the new address."""
    endpoint = get(session, caller, webhook_id, for_update=True)
    require_match(if_match, endpoint.version)
    for field, value in wish.model_dump(mode="json", exclude_unset=True).items():
        setattr(endpoint, field, EndpointStatus(value) if field == "status" else value)
    return _changed(session, endpoint)


def remove(session: Session, caller: Caller, webhook_id: str, if_match: str | None) -> None:
    """Delete an endpoint, and what was or was to be sent to it."""
    endpoint = get(session, caller, webhook_id, for_update=True)
    require_match(if_match, endpoint.version)
    session.delete(endpoint)
    session.flush()


def rotate(session: Session, caller: Caller, webhook_id: str, overlap: timedelta, pepper: str) -> NewSecret:
    """A new secret; for `overlap` messages are signed with the present one too, no more with one from before."""
    endpoint = get(session, caller, webhook_id, for_update=True)
    secret = sealing.new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now() + overlap
    endpoint.secret = sealing.sealed(secret, pepper)
    return NewSecret(_changed(session, endpoint), secret)


def shown_before(session: Session, caller: Caller, webhook_id: str) -> NewSecret:
    """The answer to a request that made a secret and is repeated: always WebhookSecretShownBefore."""
    raise WebhookSecretShownBefore(webhook_id=get(session, caller, webhook_id).id)


def ping(session: Session, caller: Caller, webhook_id: str) -> Message:
    """Queue an event that tries the endpoint."""
    endpoint = get(session, caller, webhook_id)
    if endpoint.status is EndpointStatus.DISABLED:
        raise WebhookDisabled(webhook_id=webhook_id)
    moment = now()
    message_id = new_id("msg")
    message = Message(
        id=message_id,
        channel=Channel.WEBHOOK,
        template=PING,
        ids={"webhook_id": endpoint.id},
        subject_id=endpoint.id,
        endpoint_id=endpoint.id,
        key=f"{PING}:{message_id}",
        status=MessageStatus.WAITING,
        created_at=moment,
        due_at=moment,
    )
    session.add(message)
    session.flush()
    return message


def deliveries(
    session: Session,
    caller: Caller,
    company: str | None,
    *,
    webhook_id: str | None,
    status: MessageStatus | None,
    after: str | None,
    limit: int,
) -> Sequence[Message]:
    """Messages to endpoints that the caller may see, newest first, one more than `limit`."""
    return queries.page_of_deliveries(
        session, _seen(caller, company), endpoint_id=webhook_id, status=status, after=after, limit=limit
    )


def delivery(session: Session, caller: Caller, delivery_id: str, *, for_update: bool = False) -> Message:
    """A message to an endpoint of the caller's company. Raises DeliveryNotFound."""
    message = queries.delivery(session, caller.company_id, delivery_id, for_update=for_update)
    if message is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return message


def resend(session: Session, caller: Caller, delivery_id: str) -> Message:
    """Send a message once more, under its own id, tried for three days as if it were new."""
    return again(session, delivery(session, caller, delivery_id, for_update=True))


def again(session: Session, message: Message) -> Message:
    """As `resend`, of any message. Raises NothingToResend."""
    if message.status not in (MessageStatus.SENT, MessageStatus.PARKED):
        raise NothingToResend(status=message.status.value)
    message.status, message.due_at, message.attempts = MessageStatus.WAITING, now(), 0
    message.finished_at = message.problem = None
    session.add(message)
    session.flush()
    return message


def forget_finished(session: Session, before: datetime, limit: int) -> list[str]:
    """Delete messages that came to an end before a moment, whatever the end was; their ids."""
    return queries.delete_finished(session, before, limit)


def erase_company(session: Session, company_id: str) -> None:
    """Nothing is sent to a company that has left: its endpoints are gone, what was sent to them, and what its people
    wanted to be mailed."""
    everybody = select(Person.id).where(col(Person.company_id) == company_id)
    session.execute(delete(MailPreference).where(col(MailPreference.person_id).in_(everybody)))
    session.execute(delete(WebhookEndpoint).where(col(WebhookEndpoint.company_id) == company_id))


def _seen(caller: Caller, company: str | None) -> str | None:
    """The company whose things are listed; None for all, which only operators see."""
    return company if caller.company_id is None else company_for(caller, company)


def _changed(session: Session, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    endpoint.version += 1
    session.add(endpoint)
    session.flush()
    return endpoint
