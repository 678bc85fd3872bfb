"""What the API accepts and returns about people who come to a meetup."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Email, Flag, Id, Input, LanguageTag, Line, Output, Phrase, UtcTime
from app.guardrails.schemas import HintOut
from app.people.schemas import EXAMPLE as PERSON
from app.people.schemas import Contact
from app.registrations.models import RegisteredBy, RegistrationStatus

MOST_MARKED = 1000

Wishes = Annotated[list[Phrase], Field(max_length=5)]
Languages = Annotated[list[LanguageTag], Field(max_length=10)]
Excluded = Annotated[list[Id], Field(max_length=20)]

_WISHES: JsonDict = {
    "themes": ["onboarding"],
    "learn": ["how to keep a community alive without its founder"],
    "show": ["our barcamp in three formats"],
    "languages": ["de", "en"],
}


class WaitingBecause(StrEnum):
    FULL = "full"
    """All places are taken, or kept for somebody who waits longer."""
    COMPANY_LIMIT = "company_limit"
    """The company has as many places as one may have."""


class _Wishes(Input):
    themes: Wishes = Field(default_factory=list, description="What the person is interested in.")
    learn: Wishes = Field(default_factory=list, description="What the person wants to learn about.")
    show: Wishes = Field(default_factory=list, description="What the person can show.")
    languages: Languages = Field(default_factory=list, description="In which the person likes to talk.")
    stays: Flag = Field(
        False,
        description="Whether the person consents that this is kept beyond 90 days after the meetup, to be told of "
        "the next ones.",
    )


class RegistrationCreate(_Wishes):
    """Keys of a company name the person; a person's own key leaves it out."""

    person: Contact | None = Field(
        None, description="Whom your company registers; created when new, else left as stored. Or `person_id`."
    )
    person_id: Id | None = None
    community_id: Id | None = Field(None, description="For which community of your company the person comes.")
    excluded_companies: Excluded = Field(
        default_factory=list, description="Ids of companies with whose people the person is not to sit in a group."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"person": PERSON, "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac", **_WISHES}}
    )


class RegistrationUpdate(_Wishes):
    """What is left out stays as it is."""

    community_id: Id | None = Field(None, description="Of the person's company; null for none.")
    excluded_companies: Excluded = Field(default_factory=list)

    model_config = ConfigDict(json_schema_extra={"example": _WISHES})


class SignUp(_Wishes):
    """What somebody enters on the public page of a meetup."""

    email: Email
    first_name: Line
    language: LanguageTag | None = None


class AttendanceMark(Input):
    registration_id: Id
    attended: Flag


class AttendanceCreate(Input):
    items: Annotated[list[AttendanceMark], Field(min_length=1, max_length=MOST_MARKED)]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [{"registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac", "attended": True}]}
        }
    )


_HINT: JsonDict = {
    "pointer": "/learn/0",
    "start": 0,
    "end": 7,
    "matched": "Pricing",
    "topic": 1,
    "name": "Prices, price components, discounts, surcharges",
    "explanation": "Whoever knows what others charge or pay easily follows them.",
}


class WishHintOut(HintOut):
    pointer: str = Field(description="JSON pointer to the wish, such as `/learn/0`.")

    model_config = ConfigDict(json_schema_extra={"example": _HINT})


class RegistrationOut(Output):
    """A registration as its company, the person itself, or an organizer sees it: never with an e-mail address."""

    id: str
    meetup_id: str
    status: RegistrationStatus
    number: int | None = Field(
        description="In line, in the order in which registrations were stored; null until the address is confirmed."
    )
    by: RegisteredBy
    person_id: str | None = Field(description="Null for organizers and operators.")
    first_name: str
    company_id: str
    company: str
    community_id: str | None = Field(
        description="For organizers only while that community is published, and never one of the kind `circumstance`."
    )
    community: str | None
    themes: list[str]
    learn: list[str]
    show: list[str]
    hints: list[WishHintOut] = Field(
        description="Where a wish comes near a topic that companies never exchange. They block nothing."
    )
    languages: list[str]
    excluded_companies: list[str] | None = Field(description="Null for organizers and operators.")
    stays: bool | None = Field(description="Null for organizers and operators.")
    waiting_position: int | None = Field(description="On the waiting list, from 1.")
    waiting_because: WaitingBecause | None
    offered_until: UtcTime | None = Field(
        description="A place is kept until then: confirm it with POST /v1/registrations/{registration_id}/confirm. "
        "The time counts from when the person is told, by mail and webhook; before that the place is kept until the "
        "meetup begins."
    )
    online_link: str | None = Field(description="For who has a place, and its company.")
    place: str | None = Field(description="For who has a place, and its company.")
    attended: bool | None = Field(description="Null while nobody has said.")
    registered_at: UtcTime | None
    ended_at: UtcTime | None = Field(description="When it was cancelled, or the offer's time was over.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac",
                "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "status": "registered",
                "number": 17,
                "by": "portal",
                "person_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "first_name": "Alex",
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "company": "Nordwerk",
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "community": "Data Literacy Circle",
                **_WISHES,
                "hints": [_HINT],
                "excluded_companies": [],
                "stays": False,
                "waiting_position": None,
                "waiting_because": None,
                "offered_until": None,
                "online_link": "https://meet.nordwerk.example/c3",
                "place": None,
                "attended": None,
                "registered_at": "2027-01-14T09:00:00Z",
                "ended_at": None,
            }
        }
    )


class AttendanceRow(Output):
    registration_id: str
    marked: bool
    problem: str | None = Field(description="Why it was not marked.")


class AttendanceReport(Output):
    marked: int
    refused: int
    rows: list[AttendanceRow]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "marked": 1,
                "refused": 0,
                "rows": [{"registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac", "marked": True, "problem": None}],
            }
        }
    )
