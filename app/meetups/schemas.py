"""What the API accepts and returns about meetups and their talks."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.i18n import mark
from app.core.schemas import (
    Clean,
    EmptyIsNull,
    Id,
    Input,
    LanguageTag,
    Line,
    LongLine,
    MomentOrLocal,
    Output,
    TimeZone,
    UtcTime,
)
from app.core.validation import describe
from app.guardrails.schemas import HintOut
from app.meetups.models import MeetupStatus, TalkStatus

MOST_ITEMS = 40

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), Clean]
Minutes = Annotated[int, Field(ge=1, le=480)]
_LINK = describe(
    r"^https?://[^\s<>\"']+$", mark("is not the address of a page; send one like `https://meet.example/c3`")
)
OnlineLink = Annotated[str, StringConstraints(max_length=1000, pattern=_LINK), Clean]
Places = Annotated[int, Field(ge=1, le=10_000)]
Hours = Annotated[int, Field(ge=1, le=336)]


class MeetupAgendaItem(Input):
    """A text of your own, or an accepted talk of this meetup: one of the two."""

    text: Line | None = None
    talk_id: Id | None = None
    minutes: Minutes


Agenda = Annotated[list[MeetupAgendaItem], Field(max_length=MOST_ITEMS)]

_WELCOME: JsonDict = {"text": "Welcome, and our card on competition law", "minutes": 15}
_MEETUP: JsonDict = {
    "title": "Spring meetup",
    "language": "en",
    "purpose": "We show each other how communities start well, and find partners for tandems.",
}


class MeetupCreate(Input):
    title: Line
    language: LanguageTag = Field(description="In which most is said.")
    purpose: Text
    starts_at: MomentOrLocal = Field(
        description="With an offset, e.g. `2027-03-11T12:00:00Z`; or as the clocks of `time_zone` show it, e.g. "
        "`2027-03-11T13:00:00`. Of a time that they show twice the first is meant."
    )
    ends_at: MomentOrLocal = Field(
        description="As `starts_at`, at most three days later. An end and no length, for people plan by their "
        "clocks: where these change during a meetup, it lasts an hour more or less than they seem to show."
    )
    time_zone: TimeZone = Field(description="An IANA name.")
    online_link: Annotated[OnlineLink | None, EmptyIsNull] = Field(
        None, description="Shown to those who have a place. To be announced, a meetup needs this or a place."
    )
    place: Annotated[LongLine | None, EmptyIsNull] = Field(None, description="Shown to everybody.")
    host_company_id: Id | None = Field(None, description="The company that hosts it; one that takes part.")
    agenda: Agenda = Field([], description="Its items, in their order.")
    capacity: Places | None = Field(None, description="Places; left out: any number.")
    limit_per_company: Places | None = Field(None, description="How many of one company get a place.")
    registration_until: MomentOrLocal | None = Field(
        None, description="As `starts_at`, and not after it. Left out: until it starts."
    )
    confirm_within_hours: Hours = Field(48, description="So long is a place kept for somebody of the waiting list.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": _MEETUP
            | {
                "starts_at": "2027-03-11T13:00:00",
                "ends_at": "2027-03-11T17:00:00",
                "time_zone": "Europe/Berlin",
                "online_link": "https://meet.nordwerk.example/c3-spring",
                "agenda": [_WELCOME],
                "capacity": 120,
                "limit_per_company": 20,
                "registration_until": "2027-03-09T18:00:00",
            }
        }
    )


class MeetupUpdate(Input):
    """What is left out stays as it is, and so does a start, an end or a time zone that is null."""

    title: Line = ""
    language: LanguageTag = ""
    purpose: Text = ""
    starts_at: MomentOrLocal | None = Field(
        None,
        description="Another start. What you do not send with it moves along: the end, and until when people may "
        "register, by as much as the clocks show.",
    )
    ends_at: MomentOrLocal | None = Field(None, description="As `starts_at`.")
    time_zone: TimeZone | None = Field(
        None, description="Sent alone, the meetup stays at its moment and is shown by other clocks."
    )
    online_link: Annotated[OnlineLink | None, EmptyIsNull] = Field(None, description="Null for none.")
    place: Annotated[LongLine | None, EmptyIsNull] = Field(None, description="Null for none.")
    host_company_id: Id | None = Field(None, description="Null for none.")
    agenda: Agenda = Field([], description="All of its items.")
    capacity: Places | None = Field(None, description="Not fewer than are taken; null for any number.")
    limit_per_company: Places | None = Field(
        None, description="For those to come: a place that somebody has stays. Null for no limit."
    )
    registration_until: MomentOrLocal | None = Field(
        None, description="One that is over ends registration; null: until it starts."
    )
    confirm_within_hours: Hours = Field(48, description="For places that are offered from now on.")

    model_config = ConfigDict(json_schema_extra={"example": {"agenda": [_WELCOME], "capacity": 150}})


class MeetupCancel(Input):
    message: Annotated[str, StringConstraints(min_length=1, max_length=1000), Clean] = Field(
        description="What everybody is told, in your words."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"message": "The house of our host is closed that week. We meet in June."}}
    )


class TalkCreate(Input):
    community_id: Id = Field(description="One that you speak for.")
    title: Line
    abstract: Text
    language: LanguageTag
    minutes: Minutes = 20
    speaker_id: Id | None = Field(
        None, description="A person of your company. Left out: you, or for a portal somebody who is named later."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "title": "A buddy for the first month",
                "abstract": "How new members find their way, and what we would do differently today.",
                "language": "en",
                "minutes": 20,
                "speaker_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
            }
        }
    )


class TalkUpdate(Input):
    """What is left out stays as it is."""

    title: Line = ""
    abstract: Text = ""
    language: LanguageTag = ""
    minutes: Minutes = 20
    speaker_id: Id | None = Field(None, description="A person of your company; null for one who is named later.")

    model_config = ConfigDict(json_schema_extra={"example": {"title": "A buddy for the first weeks", "minutes": 15}})


_HINT: JsonDict = {
    "start": 8,
    "end": 14,
    "matched": "prices",
    "topic": 1,
    "name": "Prices",
    "explanation": "Prices are never a topic between companies.",
}


class MeetupAgendaItemOut(Output):
    text: str = Field(description="Of a talk: its title.")
    talk_id: str | None
    minutes: int
    hints: list[HintOut] | None = Field(
        description="Words that may touch competition law; they block nothing. Null unless you organize."
    )


class MeetupOut(Output):
    id: str
    status: MeetupStatus
    title: str
    language: str
    purpose: str
    starts_at: UtcTime
    ends_at: UtcTime
    time_zone: str
    local_start: str = Field(description="What the clocks of `time_zone` show when it starts.")
    local_end: str = Field(description="What they show when it ends.")
    start_remark: str | None = Field(description="Which of two is meant, where they show that start twice.")
    end_remark: str | None = Field(description="Which of two is meant, where they show that end twice.")
    online_link: str | None = Field(
        description="For those who organize, null for others: who has a place finds it in the own registration."
    )
    place: str | None
    host_company_id: str | None
    host_company: str | None = Field(description="Its name.")
    agenda: list[MeetupAgendaItemOut]
    capacity: int | None = Field(description="Places; null: any number.")
    places_left: int | None = Field(description="Null: any number.")
    limit_per_company: int | None
    registration_until: UtcTime | None = Field(description="Null: until it starts.")
    confirm_within_hours: int = Field(description="So long is a place kept for somebody of the waiting list.")
    taken: int | None = Field(
        description="Places that are taken or kept for somebody; once it is held or cancelled, as it was at the end, "
        "also when registrations are deleted. Null unless you organize."
    )
    waiting: int | None = Field(
        description="How many are on the waiting list; once it is held or cancelled, as it was at the end. Null "
        "unless you organize."
    )
    sequence: int = Field(description="How often its date or place has changed since it was announced.")
    people_told: int | None = Field(
        description="Of a change of date, place or link: how many people in line are told of it now. Else null."
    )
    cancel_message: str | None
    notice: str = Field(description="The notice on competition law, in the language of Accept-Language.")
    created_at: UtcTime
    announced_at: UtcTime | None
    held_at: UtcTime | None
    archived_at: UtcTime | None
    cancelled_at: UtcTime | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac", "status": "open"}
            | _MEETUP
            | {
                "starts_at": "2027-03-11T12:00:00Z",
                "ends_at": "2027-03-11T16:00:00Z",
                "time_zone": "Europe/Berlin",
                "local_start": "2027-03-11T13:00:00",
                "local_end": "2027-03-11T17:00:00",
                "start_remark": None,
                "end_remark": None,
                "online_link": "https://meet.nordwerk.example/c3-spring",
                "place": "Nordwerk, Hafenstrasse 1, Hamburg",
                "host_company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "host_company": "Nordwerk",
                "agenda": [
                    {"text": "Welcome: never about prices", "talk_id": None, "minutes": 15, "hints": [_HINT]},
                    {
                        "text": "A buddy for the first month",
                        "talk_id": "tlk_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "minutes": 20,
                        "hints": [],
                    },
                ],
                "capacity": 120,
                "places_left": 79,
                "limit_per_company": 20,
                "registration_until": "2027-03-09T17:00:00Z",
                "confirm_within_hours": 48,
                "taken": 41,
                "waiting": 0,
                "sequence": 0,
                "people_told": None,
                "cancel_message": None,
                "notice": "Competition law: we do not talk about prices, costs, terms, customers, ...",
                "created_at": "2026-11-27T09:00:00Z",
                "announced_at": "2026-12-01T09:00:00Z",
                "held_at": None,
                "archived_at": None,
                "cancelled_at": None,
            }
        }
    )


class TalkHint(Output):
    field: str
    hint: HintOut


class TalkOut(Output):
    """A talk. Once it is accepted everybody may read it: with its title and abstract the names of its community and
    company, and the first name of its speaker."""

    id: str
    meetup_id: str
    status: TalkStatus
    title: str
    abstract: str
    language: str
    minutes: int
    company: str
    community: str
    speaker: str | None = Field(description="The first name; null where nobody is named, or the person was erased.")
    community_id: str | None = Field(description="For its own company and those who organize, null for others.")
    speaker_id: str | None = Field(description="For its own company, null for others.")
    story_id: str | None = Field(description="The released story that it tells, see `GET /v1/stories`.")
    hints: list[TalkHint] | None = Field(
        description="Words that may touch competition law; they block nothing. For its own company and those who "
        "organize, null for others."
    )
    proposed_at: UtcTime
    decided_at: UtcTime | None = Field(description="When it was accepted, declined or withdrawn.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "tlk_06em2n0u4hsm7bg6m3r8t2f5ac",
                "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "status": "accepted",
                "title": "A buddy for the first month",
                "abstract": "Our path: prices for newcomers are none.",
                "language": "en",
                "minutes": 20,
                "company": "Nordwerk",
                "community": "Welcome Circle",
                "speaker": "Alex",
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "speaker_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "story_id": None,
                "hints": [{"field": "abstract", "hint": _HINT | {"start": 10, "end": 16}}],
                "proposed_at": "2026-12-02T09:00:00Z",
                "decided_at": "2026-12-05T09:00:00Z",
            }
        }
    )
