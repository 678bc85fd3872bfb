"""The events that portals are told by webhook. Each brings ids only: what they stand for is read by REST."""

from collections.abc import Mapping
from enum import StrEnum

PING = "ping"
"""What a company sends itself to try its endpoint; goes to every endpoint, whatever it asks for."""


class EventKind(StrEnum):
    SUGGESTION_OPENED = "suggestion.opened"
    SUGGESTION_REMINDED = "suggestion.reminded"
    SUGGESTION_ENDED = "suggestion.ended"
    SUGGESTION_AWAITING_COORDINATOR = "suggestion.awaiting_coordinator"
    TANDEM_STARTED = "tandem.started"
    TANDEM_PAUSED = "tandem.paused"
    TANDEM_RESUMED = "tandem.resumed"
    TANDEM_CLOSED = "tandem.closed"
    TANDEM_RENEWED = "tandem.renewed"
    EXCHANGE_PLANNED = "exchange.planned"
    EXCHANGE_MOVED = "exchange.moved"
    EXCHANGE_CANCELLED = "exchange.cancelled"
    EXCHANGE_HELD = "exchange.held"
    EXCHANGE_MISSED = "exchange.missed"
    EXCHANGE_ENDED_BY_OBJECTION = "exchange.ended_by_objection"
    MINUTES_WRITTEN = "minutes.written"
    MINUTES_CONFIRMED = "minutes.confirmed"
    STORY_RELEASED = "story.released"
    CONTACT_ERASED = "contact.erased"
    COMMUNITY_CONFIRMATION_DUE = "community.confirmation_due"
    MEETUP_ANNOUNCED = "meetup.announced"
    MEETUP_CHANGED = "meetup.changed"
    MEETUP_CANCELLED = "meetup.cancelled"
    MEETUP_HELD = "meetup.held"
    TALK_ACCEPTED = "talk.accepted"
    TALK_DECLINED = "talk.declined"
    REGISTRATION_CHANGED = "registration.changed"


TOLD: Mapping[str, str] = {
    EventKind.SUGGESTION_OPENED: "A community of yours has a suggestion, masked; its managers are asked.",
    EventKind.SUGGESTION_REMINDED: "A suggestion has not been answered for a week; its managers were reminded.",
    EventKind.SUGGESTION_ENDED: "A suggestion is not open any more. Why is not told: a no looks like any other end.",
    EventKind.SUGGESTION_AWAITING_COORDINATOR: "Both sides have said yes, and your coordinator is asked.",
    EventKind.TANDEM_STARTED: "All have said yes: contacts are shown to both sides now.",
    EventKind.TANDEM_PAUSED: "A tandem pauses until a date.",
    EventKind.TANDEM_RESUMED: "A tandem that paused goes on.",
    EventKind.TANDEM_CLOSED: "A tandem has ended; the partner's contacts are not shown any more.",
    EventKind.TANDEM_RENEWED: "A tandem goes on for another term.",
    EventKind.EXCHANGE_PLANNED: "A meeting has a date.",
    EventKind.EXCHANGE_MOVED: "A meeting has another date.",
    EventKind.EXCHANGE_CANCELLED: "A meeting that was planned does not take place.",
    EventKind.EXCHANGE_HELD: "A meeting took place.",
    EventKind.EXCHANGE_MISSED: "A meeting did not take place.",
    EventKind.EXCHANGE_ENDED_BY_OBJECTION: "Somebody objected on record, and the meeting counts as ended.",
    EventKind.MINUTES_WRITTEN: "A side has written the minutes of a meeting; the other one is to confirm them.",
    EventKind.MINUTES_CONFIRMED: "Both sides have confirmed the minutes of a meeting.",
    EventKind.STORY_RELEASED: "Both sides have released what they learned as a story for the next meetup.",
    EventKind.CONTACT_ERASED: (
        "A contact is erased: delete your copy. Of your own company `person_id` tells whose. Of a partner's, "
        "`tandem_id` and `community_id` (the partner's) tell where it spoke: read the tandem anew and drop who is no "
        "longer in it."
    ),
    EventKind.COMMUNITY_CONFIRMATION_DUE: (
        "The profile `community_id` is to be confirmed until the day `by`, else it is hidden; where the day is over, "
        "it is hidden already, until somebody confirms it."
    ),
    EventKind.MEETUP_ANNOUNCED: "There is a new meetup; registration opens with a `meetup.changed`.",
    EventKind.MEETUP_CHANGED: "A meetup has another date, place, agenda or number of places, or is open now.",
    EventKind.MEETUP_CANCELLED: "A meetup does not take place; why stands in its `cancel_message`.",
    EventKind.MEETUP_HELD: "A meetup took place.",
    EventKind.TALK_ACCEPTED: "A talk of a community of yours is part of a meetup: everybody may read it now.",
    EventKind.TALK_DECLINED: "A talk of a community of yours is not, or no longer, part of a meetup.",
    EventKind.REGISTRATION_CHANGED: "A person of yours has a place at a meetup, waits for one, or does not come.",
    PING: "Sent by `POST /v1/webhooks/{webhook_id}/test`, to try the endpoint.",
}
"""What has happened, for the description of the interface."""
