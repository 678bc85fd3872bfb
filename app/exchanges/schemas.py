"""What the API accepts and returns about meetings of a tandem, what is said of them, and what comes of them."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.schemas import (
    Clean,
    EmptyIsNull,
    Flag,
    Input,
    Line,
    LongLine,
    MomentOrLocal,
    Output,
    TimeZone,
    UtcTime,
)
from app.exchanges.agendas import MOST_ITEMS
from app.exchanges.models import ExchangeStatus, Pulse
from app.guardrails.schemas import HintOut, MarkedHintOut
from app.tandems.models import SideName, TandemStatus

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000), Clean]
Number = Annotated[int, Field(ge=1, le=MOST_ITEMS)]


class AgendaItem(Input):
    text: Line
    minutes: int = Field(ge=1, le=240)
    parked: Flag = Field(False, description="Set aside; proposed again for the next meeting unless it has hints.")


_ITEM: JsonDict = {"text": "Peer question: how do you welcome new members?", "minutes": 20, "parked": False}
Agenda = Annotated[list[AgendaItem], Field(min_length=1, max_length=MOST_ITEMS)]


class ExchangeCreate(Input):
    starts_at: MomentOrLocal = Field(
        description="With an offset, e.g. `2027-01-14T09:00:00Z`; or as the clocks of `time_zone` show it, e.g. "
        "`2027-01-14T10:00:00`. Of a time that they show twice the first is meant."
    )
    time_zone: TimeZone | None = Field(None, description="An IANA name. Left out: that of the tandem.")
    meeting_minutes: Annotated[int, Field(ge=15, le=240)] | None = Field(
        None, description="Left out: as the two have agreed."
    )
    place: Annotated[LongLine | None, EmptyIsNull] = Field(None, description="A link or a room.")
    agenda: Agenda | None = Field(None, description="Left out: that of the ritual, with what was parked before.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "starts_at": "2027-01-14T10:00:00",
                "time_zone": "Europe/Berlin",
                "place": "https://meet.nordwerk.example/tandem",
            }
        }
    )


class ExchangeUpdate(Input):
    """What is left out stays as it is."""

    agenda: Agenda = Field([], description="All of its items.")
    place: Annotated[LongLine | None, EmptyIsNull] = Field(None, description="A link or a room; null for none.")

    model_config = ConfigDict(json_schema_extra={"example": {"agenda": [_ITEM], "place": "Room 7"}})


class ExchangeMove(Input):
    starts_at: MomentOrLocal = Field(description="As when it was planned: with an offset, or as the clocks show it.")
    time_zone: TimeZone | None = Field(None, description="An IANA name. Left out: the one it was planned in.")

    model_config = ConfigDict(json_schema_extra={"example": {"starts_at": "2027-01-21T10:00:00"}})


class MinutesCreate(Input):
    """Short and correct: what was talked about, never who said what."""

    topics: Text
    take_away: Text
    next: Text

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "topics": "How new members are welcomed.",
                "take_away": "A buddy for the first month.",
                "next": "Suedhafen shows its barcamp.",
            }
        }
    )


class MinutesConfirm(Input):
    version: int = Field(ge=1, le=1_000_000, description="Of the minutes that you have read.")

    model_config = ConfigDict(json_schema_extra={"example": {"version": 1}})


class ObjectionCreate(Input):
    """On record are who objected, when, and to which item; never what was said."""

    item: Number | None = Field(
        None, description="The number of the agenda's item, from 1; left out for anything else."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"item": 3}})


class ParkCreate(Input):
    item: Number = Field(description="The number of the agenda's item, from 1.")
    parked: Flag = Field(True, description="False to take it back in.")

    model_config = ConfigDict(json_schema_extra={"example": {"item": 3, "parked": True}})


class UsefulCreate(Input):
    useful: Flag

    model_config = ConfigDict(json_schema_extra={"example": {"useful": True}})


class PulseCreate(Input):
    """How it goes on, at half-time; or with `at_end`, once the tandem is closing, whether the two fitted."""

    pulse: Pulse | None = Field(None, description="`pause` and `end_well` count at once, for both.")
    why: Annotated[Text | None, EmptyIsNull] = Field(None, description="In your own words, for your side only.")
    at_end: Flag = Field(False)
    fitted: Flag | None = Field(
        None, description="With `at_end`. Where one side says no, the two are not suggested to each other again."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"pulse": "continue"}})


class HarvestUpdate(Input):
    lines: Annotated[list[Line], Field(min_length=1, max_length=3)] = Field(description="What the two have learned.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "lines": [
                    "A buddy for the first month keeps new members.",
                    "Charts are read aloud before they are discussed.",
                    "A barcamp needs no agenda, but a host.",
                ]
            }
        }
    )


class ReleaseCreate(Input):
    version: int = Field(ge=1, le=1_000_000, description="Of the three lines that you have read.")
    release: Flag = Field(True, description="False to take your side's release back.")

    model_config = ConfigDict(json_schema_extra={"example": {"version": 1}})


_HINT: JsonDict = {
    "start": 8,
    "end": 14,
    "matched": "prices",
    "topic": 1,
    "name": "Prices",
    "explanation": "Prices are never a topic between companies.",
}


class AgendaItemOut(Output):
    text: str
    minutes: int
    parked: bool
    hints: list[HintOut] = Field(description="Words that may touch competition law. They block nothing.")


class MinutesHint(Output):
    field: str
    hint: HintOut


class MinutesOut(Output):
    topics: str
    take_away: str
    next: str
    written_by: SideName
    version: int = Field(description="One more each time they are written; a confirmation is of one version.")
    own_confirmed: bool
    partner_confirmed: bool
    hints: list[MinutesHint]


class ExchangeOut(Output):
    """A meeting as one of the two sides, or the organizer, sees it."""

    id: str
    tandem_id: str
    number: int
    kick_off: bool = Field(description="Whether it is the first meeting.")
    status: ExchangeStatus
    side: SideName | None = Field(description="Which of the two you are; null for organizers and operators.")
    starts_at: UtcTime
    local_time: str = Field(description="What the clocks of `time_zone` show then.")
    time_zone: str
    time_remark: str | None = Field(description="Which of two is meant, where they show this time twice.")
    meeting_minutes: int
    host: SideName
    place: str | None = Field(description="Null for organizers and operators.")
    agenda: list[AgendaItemOut] | None = Field(description="Null for organizers and operators.")
    minutes: MinutesOut | None = Field(description="Null until they are written; always for organizers.")
    own_useful: bool | None = Field(description="Whether your side found it useful; null where it has not said.")
    moved_to: str | None = Field(description="The one that has taken its place.")
    settled_at: UtcTime | None = Field(description="When it was held, missed, moved, cancelled or ended.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "exc_06em2n0u4hsm7bg6m3r8t2f5ac",
                "tandem_id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "number": 2,
                "kick_off": False,
                "status": "held",
                "side": "a",
                "starts_at": "2027-01-14T09:00:00Z",
                "local_time": "2027-01-14T10:00:00",
                "time_zone": "Europe/Berlin",
                "time_remark": None,
                "meeting_minutes": 60,
                "host": "b",
                "place": "https://meet.nordwerk.example/tandem",
                "agenda": [{"text": "Talk about prices", "minutes": 20, "parked": True, "hints": [_HINT]}],
                "minutes": {
                    "topics": "How new members are welcomed.",
                    "take_away": "A buddy for the first month.",
                    "next": "Suedhafen shows its barcamp.",
                    "written_by": "a",
                    "version": 1,
                    "own_confirmed": True,
                    "partner_confirmed": False,
                    "hints": [],
                },
                "own_useful": True,
                "moved_to": None,
                "settled_at": "2027-01-14T10:05:00Z",
            }
        }
    )


class MeetingHintOut(MarkedHintOut):
    """A hint on a text of a meeting."""

    kept_by: SideName | None = Field(description="Which side keeps it so; null where neither does.")


class MeetingHintsOut(Output):
    items: list[MeetingHintOut]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    _HINT
                    | {
                        "pointer": "/next",
                        "kept": {
                            "pointer": "/next",
                            "topic": 1,
                            "reason": "We talk about tickets for our meetup.",
                            "recorded_by": "manager",
                            "recorded_at": "2027-01-14T10:10:00Z",
                        },
                        "kept_by": "a",
                    }
                ]
            }
        }
    )


class TandemObjectionOut(Output):
    id: str
    exchange_id: str | None
    side: SideName = Field(description="Which of the two has objected.")
    item: int | None = Field(description="To which item of the agenda, from 1; null for anything else.")
    objected_at: UtcTime


class TandemObjectionsOut(Output):
    """The objections on record of a tandem, the earliest first: never what was said."""

    items: list[TandemObjectionOut]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "id": "obj_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "exchange_id": "exc_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "side": "a",
                        "item": 3,
                        "objected_at": "2027-01-14T09:30:00Z",
                    }
                ]
            }
        }
    )


class PulseOut(Output):
    """What your side has said."""

    tandem_id: str
    side: SideName
    term: int
    at_end: bool
    pulse: Pulse | None
    fitted: bool | None
    why: str | None
    said_at: UtcTime
    tandem_status: TandemStatus = Field(description="What came of it.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "tandem_id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "side": "a",
                "term": 1,
                "at_end": False,
                "pulse": "continue",
                "fitted": None,
                "why": None,
                "said_at": "2027-03-04T09:00:00Z",
                "tandem_status": "active",
            }
        }
    )


class HarvestOut(Output):
    """The three lines of a tandem, before and after they are released."""

    tandem_id: str
    lines: list[str] = Field(description="Empty until somebody has written them.")
    version: int = Field(
        description="0 until then; one more each time they are written. A release is of one version."
    )
    written_by: SideName | None
    own_released: bool
    partner_released: bool
    story_id: str | None = Field(description="While both have released the present version: see GET /v1/stories.")
    hints: list[list[HintOut]] = Field(description="For each line the words that may touch competition law.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "tandem_id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "lines": ["A buddy for the first month keeps new members."],
                "version": 1,
                "written_by": "a",
                "own_released": True,
                "partner_released": False,
                "story_id": None,
                "hints": [[]],
            }
        }
    )


class StoryOut(Output):
    """What two communities have learned from each other, released by both."""

    id: str
    lines: list[str]
    themes: list[str] = Field(description="Those that stand on the masked cards of both; maybe none.")
    communities: list[str] = Field(description="The names of both.")
    tandem_id: str | None = Field(description="For organizers and operators only.")
    released_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "sty_06em2n0u4hsm7bg6m3r8t2f5ac",
                "lines": ["A buddy for the first month keeps new members."],
                "themes": ["onboarding"],
                "communities": ["Data Literacy Circle", "Chart readers"],
                "tandem_id": None,
                "released_at": "2027-06-10T09:00:00Z",
            }
        }
    )


class KitItem(Output):
    text: str
    minutes: int


class Kit(Output):
    """A kick-off kit in one language."""

    kick_off: list[KitItem]
    regular: list[KitItem]
    rules: list[str]
    card: str = Field(description="The competition-law card.")
    questions: list[str] = Field(description="For the one question that both share, from the themes of the two.")


class KitOut(Output):
    """All that a kick-off needs, in both languages: the two may not share theirs with the reader."""

    host: SideName = Field(description="Whose turn it is.")
    side: SideName | None = Field(description="Which of the two you are; null for organizers and operators.")
    de: Kit
    en: Kit

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "host": "a",
                "side": "a",
                "de": {
                    "kick_off": [{"text": "Einander kennenlernen", "minutes": 15}],
                    "regular": [{"text": "Check-in", "minutes": 5}],
                    "rules": ["Was hier gesagt wird, bleibt hier."],
                    "card": "Nie über Preise sprechen.",
                    "questions": ["Was habt ihr zum Thema „Einarbeitung“ ausprobiert?"],
                },
                "en": {
                    "kick_off": [{"text": "Get to know each other", "minutes": 15}],
                    "regular": [{"text": "Check-in", "minutes": 5}],
                    "rules": ["What is said here stays here."],
                    "card": "Never talk about prices.",
                    "questions": ["What have you tried in onboarding?"],
                },
            }
        }
    )
