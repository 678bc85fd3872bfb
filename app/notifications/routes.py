"""HTTP for webhooks, their deliveries, and what people want to be mailed."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app.access.dependencies import CallerDep, CompanyDep, KeyedRoute, OnceDep, SettingsDep
from app.core.clock import now
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.notifications import preferences, targets
from app.notifications import service as webhooks
from app.notifications.kinds import TOLD
from app.notifications.models import MailPreference, MessageStatus, WebhookEndpoint
from app.notifications.schemas import (
    DeliveryOut,
    EventOut,
    MailPreferenceOut,
    MailPreferenceUpdate,
    WebhookCreate,
    WebhookCreated,
    WebhookOut,
    WebhookRotate,
    WebhookUpdate,
    event_examples,
)
from app.notifications.service import NewSecret

router = APIRouter(prefix="/v1", route_class=KeyedRoute, responses=problems(401, 403))

WebhookId = Annotated[Id, Path(description="Id of the webhook.", examples=["whk_06em2n0u4hsm7bg6m3r8t2f5ac"])]
DeliveryId = Annotated[Id, Path(description="Id of the message.", examples=["msg_06em2n0u4hsm7bg6m3r8t2f5ac"])]
PersonId = Annotated[Id, Path(description="Id of the person.", examples=["per_06em2n0u4hsm7bg6m3r8t2f5ac"])]
CompanyQuery = Annotated[Id | None, Query(description="For operators only: the company meant.")]


async def _new_target(wish: WebhookCreate, caller: CompanyDep, settings: SettingsDep) -> None:
    """Looked at before there is a session: a name that takes seconds to be found must hold up no writer."""
    await targets.require_usable(wish.url, targets.rules_of(settings))


async def _changed_target(wish: WebhookUpdate, caller: CompanyDep, settings: SettingsDep) -> None:
    if "url" in wish.model_fields_set:
        await targets.require_usable(wish.url, targets.rules_of(settings))


@router.post(
    "/webhooks",
    status_code=201,
    operation_id="create_webhook",
    tags=["webhooks"],
    dependencies=[Depends(_new_target)],
    responses=problems(400, 404, 409, 422),
)
def create_webhook(
    wish: WebhookCreate,
    session: SessionDep,
    caller: CompanyDep,
    settings: SettingsDep,
    once: OnceDep,
    response: Response,
    company: CompanyQuery = None,
) -> WebhookCreated:
    """Name an address that is told what happens to your communities. Its secret is shown in this answer only.

    What is sent is described under *Webhooks*. Try it with `POST /v1/webhooks/{webhook_id}/test`.
    """
    pepper = settings.key_pepper.get_secret_value()
    made = once.of(
        lambda: webhooks.create(session, caller, wish, company, pepper),
        lambda known: webhooks.shown_before(session, caller, known),
    )
    return _shown_once(made, response)


@router.get("/webhooks", operation_id="list_webhooks", tags=["webhooks"], responses=problems(422))
def list_webhooks(
    session: ReaderDep, caller: CompanyDep, request: PageDep, company: CompanyQuery = None
) -> Page[WebhookOut]:
    """Webhooks of your company (operators: of all), oldest first, without their secrets."""
    after = request.key(str)
    found = webhooks.page(session, caller, company, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    moment = now()
    return Page(items=[WebhookOut.of(one, moment) for one in page], next_cursor=cursor)


@router.get("/webhooks/{webhook_id}", operation_id="read_webhook", tags=["webhooks"], responses=problems(404))
def read_webhook(webhook_id: WebhookId, session: ReaderDep, caller: CompanyDep, response: Response) -> WebhookOut:
    """One webhook: where it goes and which events it is sent. Never its secret."""
    return _webhook(webhooks.get(session, caller, webhook_id), response)


@router.patch(
    "/webhooks/{webhook_id}",
    operation_id="update_webhook",
    tags=["webhooks"],
    dependencies=[Depends(_changed_target)],
    responses=problems(400, 404, 412, 422, 428),
)
def update_webhook(
    webhook_id: WebhookId,
    wish: WebhookUpdate,
    session: SessionDep,
    caller: CompanyDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> WebhookOut:
    """Change where a webhook goes or what it is sent, or disable it. Fields left out stay as they are.

    What waits to be sent goes to the new address.
    """
    return _webhook(webhooks.change(session, caller, webhook_id, wish, if_match), response)


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    operation_id="delete_webhook",
    tags=["webhooks"],
    responses=problems(404, 412, 428),
)
def delete_webhook(
    webhook_id: WebhookId, session: SessionDep, caller: CompanyDep, if_match: IfMatchHeader = None
) -> None:
    """Delete a webhook with its deliveries. What waits for it is not sent any more."""
    webhooks.remove(session, caller, webhook_id, if_match)


@router.post(
    "/webhooks/{webhook_id}/rotate",
    status_code=201,
    operation_id="rotate_webhook",
    tags=["webhooks"],
    responses=problems(400, 404, 409, 422),
)
def rotate_webhook(
    webhook_id: WebhookId,
    wish: WebhookRotate,
    session: SessionDep,
    caller: CompanyDep,
    settings: SettingsDep,
    once: OnceDep,
    response: Response,
) -> WebhookCreated:
    """Give a webhook a new secret, shown in this answer only; for the overlap messages have both signatures."""
    pepper, overlap = settings.key_pepper.get_secret_value(), timedelta(hours=wish.overlap_hours)
    made = once.of(
        lambda: webhooks.rotate(session, caller, webhook_id, overlap, pepper),
        lambda known: webhooks.shown_before(session, caller, known),
    )
    return _shown_once(made, response)


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=201,
    operation_id="test_webhook",
    tags=["webhooks"],
    responses=problems(404, 409),
)
def test_webhook(
    webhook_id: WebhookId, session: SessionDep, caller: CompanyDep, once: OnceDep, response: Response
) -> DeliveryOut:
    """Send a `ping` to a webhook; what came of it is told at `Location` a moment later."""
    sent = once.of(
        lambda: webhooks.ping(session, caller, webhook_id), lambda known: webhooks.delivery(session, caller, known)
    )
    response.headers["Location"] = f"/v1/deliveries/{sent.id}"
    return DeliveryOut.of(sent)


@router.get("/deliveries", operation_id="list_deliveries", tags=["webhooks"], responses=problems(422))
def list_deliveries(
    session: ReaderDep,
    caller: CompanyDep,
    request: PageDep,
    company: CompanyQuery = None,
    webhook_id: Annotated[Id | None, Query(description="Only those to this webhook.")] = None,
    status: MessageStatus | None = None,
) -> Page[DeliveryOut]:
    """Messages to your webhooks, newest first, kept for a while after they were sent.

    `?status=parked`: what was tried for three days in vain.
    """
    after = request.key(str)
    found = webhooks.deliveries(
        session,
        caller,
        company,
        webhook_id=webhook_id,
        status=status,
        after=str(after[0]) if after else None,
        limit=request.limit,
    )
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=[DeliveryOut.of(one) for one in page], next_cursor=cursor)


@router.get("/deliveries/{delivery_id}", operation_id="read_delivery", tags=["webhooks"], responses=problems(404))
def read_delivery(delivery_id: DeliveryId, session: ReaderDep, caller: CompanyDep) -> DeliveryOut:
    """One message: what has become of it, how often it was tried, and why the last try failed."""
    return DeliveryOut.of(webhooks.delivery(session, caller, delivery_id))


@router.post(
    "/deliveries/{delivery_id}/resend",
    operation_id="resend_delivery",
    tags=["webhooks"],
    responses=problems(404, 409),
)
def resend_delivery(delivery_id: DeliveryId, session: SessionDep, caller: CompanyDep, once: OnceDep) -> DeliveryOut:
    """Send a message that was sent or is parked once more, with the same `webhook-id`."""
    sent = once.of(
        lambda: webhooks.resend(session, caller, delivery_id),
        lambda known: webhooks.delivery(session, caller, known),
    )
    return DeliveryOut.of(sent)


@router.get(
    "/people/{person_id}/mail-preference",
    operation_id="read_mail_preference",
    tags=["people"],
    responses=problems(404),
)
def read_mail_preference(
    person_id: PersonId, session: ReaderDep, caller: CallerDep, response: Response
) -> MailPreferenceOut:
    """What a person wants to be mailed: for itself (manager keys) and for its company."""
    return _preference(person_id, preferences.get(session, caller, person_id), response)


@router.put(
    "/people/{person_id}/mail-preference",
    operation_id="set_mail_preference",
    tags=["people"],
    responses=problems(400, 404, 412, 422, 428),
)
def set_mail_preference(
    person_id: PersonId,
    wish: MailPreferenceUpdate,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> MailPreferenceOut:
    """Say what a person wants to be mailed: everything, only what waits for it, or nothing. Each mail also has a link
    for that."""
    changed = preferences.change(session, caller, person_id, wish.wants, if_match)
    return _preference(person_id, changed, response)


def described_events() -> APIRouter:
    """Every event that is sent, for the section *Webhooks* of the description. Nothing is served there."""

    def receive(event: EventOut) -> None:
        """Stands for the portal."""

    events = APIRouter()
    for kind, told in TOLD.items():
        events.add_api_route(
            kind,
            receive,
            methods=["POST"],
            status_code=204,
            operation_id=f"receive_{kind.replace('.', '_')}",
            summary=kind,
            description=f"{told}\n\n{_HOW_SENT}",
            tags=["webhooks"],
            openapi_extra={"requestBody": {"content": {"application/json": event_examples(kind)}}},
        )
    return events


_HOW_SENT = (
    "Signed as [Standard Webhooks](https://www.standardwebhooks.com) describes: verify `webhook-signature` over "
    "`webhook-id`, `webhook-timestamp` and the body with your secret; its libraries do. Answer 2xx within 10 "
    "seconds: anything else, a redirect too, is tried again for three days. It may come twice, with the same "
    "`webhook-id`, and in another order than it happened."
)


def _shown_once(made: NewSecret, response: Response) -> WebhookCreated:
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    response.headers["Cache-Control"] = "no-store"
    return WebhookCreated(**WebhookOut.of(made.endpoint, now()).model_dump(), secret=made.plain)


def _webhook(endpoint: WebhookEndpoint, response: Response) -> WebhookOut:
    response.headers["ETag"] = etag(endpoint.version)
    return WebhookOut.of(endpoint, now())


def _preference(person_id: str, preference: MailPreference | None, response: Response) -> MailPreferenceOut:
    response.headers["ETag"] = etag(preferences.version(preference))
    return MailPreferenceOut.of(person_id, preference)
