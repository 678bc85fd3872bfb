"""What the API accepts and returns about webhooks, their deliveries, and what people want to be mailed."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.schemas import Clean, Input, Output, UtcTime
from app.notifications.kinds import EventKind
from app.notifications.models import EndpointStatus, MailPreference, Message, MessageStatus, Wants, WebhookEndpoint

_ID = "whk_06em2n0u4hsm7bg6m3r8t2f5ac"
_URL = "https://intranet.nordwerk.example/hooks/c3-tandem"
_WEBHOOK: JsonDict = {
    "id": _ID,
    "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
    "url": _URL,
    "kinds": ["suggestion.opened", "tandem.started"],
    "status": "active",
    "previous_until": None,
    "created_at": "2026-11-27T09:00:00Z",
}


def _each_once(kinds: list[EventKind]) -> list[EventKind]:
    return sorted(set(kinds))


Url = Annotated[str, StringConstraints(min_length=1, max_length=2000), Clean]
Kinds = Annotated[list[EventKind], Field(max_length=100), AfterValidator(_each_once)]


class WebhookCreate(Input):
    url: Url = Field(description="Where events are posted to, by https; reached from the internet.")
    kinds: Kinds = Field([], description="The types of events that are sent; left out or empty: all.")

    model_config = ConfigDict(json_schema_extra={"example": {"url": _URL, "kinds": ["suggestion.opened"]}})


class WebhookUpdate(Input):
    """Any part of an endpoint; what is left out stays as it is."""

    # Never applied: only fields that were sent are.
    url: Url = ""
    kinds: Kinds = Field([], description="Empty: all.")
    status: EndpointStatus = Field(
        EndpointStatus.ACTIVE, description="To a disabled one nothing is sent; what waits for it is parked."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"status": "disabled"}})


class WebhookRotate(Input):
    """How long messages are signed with the old secret too."""

    overlap_hours: Annotated[int, Field(ge=0, le=720, strict=True)] = Field(
        24, description="0 stops the old secret at once."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"overlap_hours": 24}})


class WebhookOut(Output):
    id: str
    company_id: str
    url: str
    kinds: list[EventKind] = Field(description="Empty: all.")
    status: EndpointStatus
    previous_until: UtcTime | None = Field(description="Until then messages are signed with the old secret too.")
    created_at: UtcTime

    model_config = ConfigDict(json_schema_extra={"example": _WEBHOOK})

    @classmethod
    def of(cls, endpoint: WebhookEndpoint, moment: datetime) -> Self:
        until = endpoint.previous_until
        rotating = until is not None and until > moment
        return cls.model_validate(endpoint.model_dump() | {"previous_until": until if rotating else None})


class WebhookCreated(WebhookOut):
    secret: str = Field(description="What you verify signatures with. Shown only now: store it safely.")

    model_config = ConfigDict(
        json_schema_extra={"example": _WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}}
    )


class DeliveryOut(Output):
    """A message to an endpoint."""

    id: str = Field(description="Comes as `webhook-id`, the same at each try.")
    webhook_id: str
    type: str
    data: dict[str, str]
    status: MessageStatus = Field(
        description="`waiting` to be sent or tried again, `sent`, `parked`: tried for three days in vain, "
        "`retracted` or `dropped` before it was sent."
    )
    attempts: int = Field(description="How often its turn came.")
    problem: str | None = Field(description="Why the last try failed.")
    created_at: UtcTime
    due_at: UtcTime | None = Field(description="When it is tried next, while it waits.")
    finished_at: UtcTime | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "msg_06em2n0u4hsm7bg6m3r8t2f5ac",
                "webhook_id": _ID,
                "type": "tandem.started",
                "data": {"tandem_id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac"},
                "status": "waiting",
                "attempts": 2,
                "problem": "answered 500",
                "created_at": "2026-11-27T09:00:00Z",
                "due_at": "2026-11-27T09:01:05Z",
                "finished_at": None,
            }
        }
    )

    @classmethod
    def of(cls, message: Message) -> Self:
        waits = message.status is MessageStatus.WAITING
        return cls.model_validate(
            message.model_dump()
            | {
                "webhook_id": message.endpoint_id,
                "type": message.template,
                "data": message.ids,
                "due_at": message.due_at if waits else None,
            }
        )


class MailPreferenceUpdate(Input):
    wants: Wants

    model_config = ConfigDict(json_schema_extra={"example": {"wants": "needs_me"}})


class MailPreferenceOut(Output):
    person_id: str
    wants: Wants = Field(description="`all`, `needs_me`: only what waits for this person, or `nothing`.")
    changed_at: UtcTime | None = Field(description="Null: nothing was said yet, so it is `all`.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "person_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "wants": "needs_me",
                "changed_at": "2026-11-27T09:00:00Z",
            }
        }
    )

    @classmethod
    def of(cls, person_id: str, preference: MailPreference | None) -> Self:
        if preference is None:
            return cls(person_id=person_id, wants=Wants.ALL, changed_at=None)
        return cls.model_validate(preference)


class EventOut(Output):
    """What is posted to an endpoint: what has happened, and ids to read the rest by."""

    type: str
    timestamp: UtcTime = Field(description="When it happened; when it is sent stands in `webhook-timestamp`.")
    data: dict[str, str] = Field(
        description="Ids of what it is about, by the name that they have in the API, and at most a date or a time."
    )


def event_examples(kind: str) -> JsonDict:
    """Events of this kind, for the description of the interface: each form that the data have."""
    forms: dict[str, JsonDict] = _FORMS.get(kind) or {"": _DATA.get(kind.partition(".")[0], {"webhook_id": _ID})}
    events: dict[str, JsonDict] = {
        form: {"type": kind, "timestamp": "2026-11-27T09:00:00Z", "data": data} for form, data in forms.items()
    }
    if len(events) == 1:
        return {"example": next(iter(events.values()))}
    return {"examples": {form: {"value": event} for form, event in events.items()}}


_NUMBER = "06em2n0u4hsm7bg6m3r8t2f5ac"
_SUGGESTION: JsonDict = {"suggestion_id": f"sug_{_NUMBER}"}
_TANDEM: JsonDict = {"tandem_id": f"tnd_{_NUMBER}"}
_EXCHANGE: JsonDict = _TANDEM | {"exchange_id": f"exc_{_NUMBER}"}
_COMMUNITY: JsonDict = {"community_id": f"cmt_{_NUMBER}"}
_MEETUP: JsonDict = {"meetup_id": f"mtp_{_NUMBER}"}
_DATA: dict[str, JsonDict] = {
    "suggestion": _SUGGESTION,
    "tandem": _TANDEM,
    "exchange": _EXCHANGE,
    "minutes": _EXCHANGE,
    "story": _TANDEM,
    "meetup": _MEETUP,
    "talk": _MEETUP | {"talk_id": f"tlk_{_NUMBER}"},
    "registration": _MEETUP | {"registration_id": f"reg_{_NUMBER}"},
}
_FORMS: dict[str, dict[str, JsonDict]] = {
    EventKind.CONTACT_ERASED: {
        "a person of your own company": {"person_id": f"per_{_NUMBER}"},
        "a contact of a partner": _TANDEM | _COMMUNITY,
    },
    EventKind.COMMUNITY_CONFIRMATION_DUE: {"": _COMMUNITY | {"by": "2027-05-25"}},
}
