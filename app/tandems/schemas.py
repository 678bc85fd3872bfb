"""What the API accepts and returns about suggestions and tandems."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.communities.schemas import CARD_EXAMPLE, CardOut
from app.core.schemas import Clean, EmptyIsNull, Flag, Input, Output, TimeZone, UtcTime
from app.tandems.models import (
    Answer,
    DeclineReason,
    SideName,
    SuggestionOrigin,
    SuggestionStatus,
    TandemEnding,
    TandemStatus,
)

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), Clean]


class AnswerCreate(Input):
    answer: Answer = Field(description="A no needs no reason, and is never shown as one.")
    side: SideName | None = Field(
        None, description="For operators only, who answer for one of the two; all others answer for their own."
    )
    until: date | None = Field(
        None, description="With `not_now`: from this day on the two may be suggested again. Left out: in 90 days."
    )
    reason: Annotated[Reason | None, EmptyIsNull] = Field(
        None, description="Why, in your own words, for your side only."
    )

    why: list[DeclineReason] = Field(
        default_factory=list,
        max_length=len(DeclineReason),
        description="With `no` and `not_now`, as you like: what it was about, for your side only. It can become a "
        "preference of your community, see GET /v1/communities/{community_id}/preferences.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "answer": "not_now",
                "until": "2099-02-01",
                "reason": "We reorganize first.",
                "why": ["no_time"],
            }
        }
    )


class ApprovalCreate(Input):
    approve: Flag = Field(description="Whether the two may become a tandem.")

    model_config = ConfigDict(json_schema_extra={"example": {"approve": True}})


class TermPairOut(Output):
    """The same theme in each side's own words."""

    a: str
    b: str


class ReasonOut(Output):
    kind: Literal["theme", "offer_meets_seek", "difference", "unknown"]
    terms: list[TermPairOut]
    share: float = Field(description="Part of the similarity that these terms make, 0 to 1.")
    giver: Literal["a", "b"] | None = Field(description="The side that offers what the other seeks.")
    text: str = Field(description="The reason in words, in the language of Accept-Language.")


class StrengthOut(Output):
    """How sure a suggestion is, in a word."""

    kind: Literal["strong", "good", "worth_a_look"]
    text: str = Field(description="The same in the language of Accept-Language.")


class OwnCommunity(Output):
    id: str
    name: str


class PairedCommunity(Output):
    """One of the two, as the organizer sees it."""

    id: str
    name: str
    company: str


class Pair(Output):
    a: PairedCommunity
    b: PairedCommunity


class OwnAnswer(Output):
    answer: Answer
    until: date | None
    reason: str | None
    why: list[DeclineReason]


_OWN: JsonDict = {"id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac", "name": "Data Literacy Circle"}
_STRENGTH: JsonDict = {"kind": "good", "text": "good"}
_REASON: JsonDict = {
    "kind": "theme",
    "terms": [{"a": "supply chain", "b": "Lieferkette"}],
    "share": 0.62,
    "giver": None,
    "text": "Shared themes: supply chain / Lieferkette",
}


class SuggestionOut(Output):
    """A suggestion as one of its sides, or the organizer, sees it."""

    id: str
    origin: SuggestionOrigin = Field(
        description="`round`: from a match round; `alternate`: offered after another one came to nothing; "
        "`spontaneous`: wished for; `meetup`: one of yours and one of theirs have met at a meetup and want to meet "
        "again."
    )
    round_id: str | None = Field(description="For organizers and operators only.")
    meetup_id: str | None = Field(
        description="With `meetup`: which one. The two are not named. Organizers see both communities and who sat "
        "with whom, and you who of yours was there: from that it can be clear who they are."
    )
    status: SuggestionStatus = Field(
        description="As far as your side knows. What the other side said is never told: a suggestion that is over "
        "for any other reason than your own answer or the time is `withdrawn`, or `replaced` where you got another."
    )
    side: SideName | None = Field(description="Which of the two you are; null for organizers and operators.")
    own: OwnCommunity | None = Field(description="Your community; null for organizers and operators.")
    partner: CardOut | None = Field(
        description="The other one: masked until both sides, and the coordinators asked, have said yes."
    )
    pair: Pair | None = Field(description="Both with their names, for organizers and operators only.")
    similarity: float = Field(description="Of the two profiles, 0 to 1.")
    strength: StrengthOut | None = Field(
        description="How sure it is that the two are a good pair, in a word; null where no round has compared them."
    )
    probability: float | None = Field(
        description="That the two are a good pair, 0 to 1, as the round had it; for organizers and operators only."
    )
    reasons: list[ReasonOut] = Field(description="At most three, the strongest first; `a` and `b` as in `side`.")
    other: float = Field(description="The share that is not told; with the shares of the reasons it makes 1.")
    next_steps: str = Field(description="What happens next, in the language of Accept-Language.")
    own_answer: OwnAnswer | None = Field(description="What your side has said; null before, and for organizers.")
    approval_needed: bool = Field(
        description="Whether your company's coordinator is asked at present; for organizers, whether any one is."
    )
    opened_at: UtcTime
    expires_at: UtcTime = Field(description="From then on no answer is accepted.")
    ended_at: UtcTime | None
    tandem_id: str | None = Field(description="The tandem that came of it.")
    replaced_by: str | None = Field(description="The suggestion that your side got instead.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "sug_06em2n0u4hsm7bg6m3r8t2f5ac",
                "origin": "round",
                "round_id": None,
                "meetup_id": None,
                "status": "open",
                "side": "a",
                "own": _OWN,
                "partner": CARD_EXAMPLE,
                "pair": None,
                "similarity": 0.41,
                "strength": _STRENGTH,
                "probability": None,
                "reasons": [_REASON],
                "other": 0.38,
                "next_steps": "Read the reasons, then answer: yes, not now or no.",
                "own_answer": None,
                "approval_needed": False,
                "opened_at": "2026-11-24T09:00:00Z",
                "expires_at": "2026-12-08T09:00:00Z",
                "ended_at": None,
                "tandem_id": None,
                "replaced_by": None,
            }
        }
    )


class TaskOut(Output):
    """Something that waits for the caller."""

    kind: str = Field(
        description="`answer_suggestion`, `approve_suggestion`; further kinds may come: show those by their text."
    )
    subject_id: str = Field(description="What it is about, such as the id of the suggestion.")
    due_at: UtcTime
    text: str = Field(description="What to do, in the language of Accept-Language.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "answer_suggestion",
                "subject_id": "sug_06em2n0u4hsm7bg6m3r8t2f5ac",
                "due_at": "2026-12-08T09:00:00Z",
                "text": "Answer the suggestion for Data Literacy Circle: yes, not now or no. A no needs no reason.",
            }
        }
    )


class TandemManager(Output):
    """Who speaks for a community of a tandem."""

    first_name: str
    email: str
    deputy: bool


class TandemCommunity(Output):
    community_id: str
    name: str
    purpose: str | None
    company: str
    managers: list[TandemManager] | None = Field(
        description="Null for organizers and operators; the partner's also once the tandem is closed."
    )


class TandemPair(Output):
    a: TandemCommunity
    b: TandemCommunity


_PARTY: JsonDict = {
    "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
    "name": "Data Literacy Circle",
    "purpose": "We help each other to read figures.",
    "company": "Nordwerk AG",
    "managers": [{"first_name": "Alex", "email": "data.literacy@nordwerk.example", "deputy": False}],
}
_PARTNER: JsonDict = {
    "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ad",
    "name": "Chart readers",
    "purpose": "Charts for everybody.",
    "company": "Suedhafen Health",
    "managers": [{"first_name": "Kim", "email": "charts@suedhafen.example", "deputy": False}],
}


class TandemPause(Input):
    until: date | None = Field(
        None, description="From this day on it goes on by itself. Left out: in 8 weeks; at most 12 months."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"until": "2099-02-01"}})


class TandemRenew(Input):
    horizon_months: Annotated[int, Field(ge=2, le=24)] | None = Field(
        None, description="For how long from the end of the present term on. Left out: as long as before."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"horizon_months": 6}})


class TandemUpdate(Input):
    """Any part of what the two have agreed on; what is left out stays as it is."""

    # Never applied: only fields that were sent are.
    rhythm_weeks: int = Field(0, ge=2, le=26, description="Weeks from one meeting to the next.")
    meeting_minutes: int = Field(0, ge=15, le=240, description="Of meetings that are planned from now on.")
    horizon_months: int = Field(0, ge=2, le=24, description="Of the present term; its end moves along.")
    time_zone: TimeZone = Field("", description="In which its dates are meant.")

    model_config = ConfigDict(json_schema_extra={"example": {"rhythm_weeks": 8, "time_zone": "Europe/Berlin"}})


class TandemOut(Output):
    """A tandem as one of its sides, or the organizer, sees it."""

    id: str
    suggestion_id: str = Field(description="Where the reasons are.")
    status: TandemStatus
    own: TandemCommunity | None = Field(description="Your community; null for organizers and operators.")
    partner: TandemCommunity | None = Field(description="The other one; null for organizers and operators.")
    pair: TandemPair | None = Field(description="Both, for organizers and operators only.")
    side: SideName | None = Field(description="Which of the two you are; null for organizers and operators.")
    rhythm_weeks: int = Field(description="Weeks from one meeting to the next; at first the slower of both wishes.")
    meeting_minutes: int
    horizon_months: int = Field(description="How long a term is, from the kick-off on.")
    time_zone: str = Field(description="In which its dates are meant.")
    term: int = Field(description="1, and one more with each renewal.")
    next_host: SideName = Field(description="Whose turn it is to be the host of the next meeting.")
    started_at: UtcTime
    kicked_off_at: UtcTime | None
    next_due_at: UtcTime | None = Field(
        description="When the next meeting should be, by the rhythm: at the same time of the day in `time_zone`."
    )
    ends_on: date | None = Field(
        description="When its time is over unless it is renewed; before the kick-off: when it is given up."
    )
    paused_until: date | None = Field(description="From this day on it goes on by itself.")
    closes_on: date | None = Field(description="While it is closing: on this day it is closed with thanks.")
    closed_at: UtcTime | None
    ending: TandemEnding | None = Field(description="How a closed one came to its end.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "suggestion_id": "sug_06em2n0u4hsm7bg6m3r8t2f5ac",
                "status": "active",
                "own": _PARTY,
                "partner": _PARTNER,
                "pair": None,
                "side": "a",
                "rhythm_weeks": 6,
                "meeting_minutes": 60,
                "horizon_months": 6,
                "time_zone": "Europe/Berlin",
                "term": 1,
                "next_host": "b",
                "started_at": "2026-11-26T09:00:00Z",
                "kicked_off_at": "2026-12-03T09:00:00Z",
                "next_due_at": "2027-01-14T09:00:00Z",
                "ends_on": "2027-06-03",
                "paused_until": None,
                "closes_on": None,
                "closed_at": None,
                "ending": None,
            }
        }
    )
