"""What the API accepts and returns about what ties features together: asking, telling a story, planning a year."""

from typing import Annotated, cast

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.communities.schemas import CARD_EXAMPLE
from app.core.schemas import Clean, Id, Input, LanguageTag, MomentOrLocal, Output, Phrase, TimeZone
from app.meetups.schemas import MeetupOut, Places
from app.rounds.schemas import RoundOut, RoundSettings

MOST_MEETUPS = 12


class SuggestionCreate(Input):
    handle: Id = Field(description="Of the community to be asked, as a card of discovery shows it to your company.")

    model_config = ConfigDict(json_schema_extra={"example": {"handle": CARD_EXAMPLE["handle"]}})


class StoryTalkCreate(Input):
    meetup_id: Id | None = Field(None, description="Left out: the next one that takes talks.")
    speaker_id: Id | None = Field(
        None, description="A person of your company. Left out: you, or for a portal somebody who is named later."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac"}})


class MeetupPlanned(Input):
    starts_at: MomentOrLocal = Field(
        description="As the clocks of `time_zone` show it, e.g. `2027-02-11T13:00:00`; or with an offset."
    )
    title: Phrase | None = Field(None, description="Left out: that of the plan, with its number.")


class PlanCreate(Input):
    """The meetups of a year, and a round before each. Name either `meetups` or `first`."""

    title: Phrase = Field(description="Of the year; its meetups and rounds are named after it.")
    language: LanguageTag = Field(description="Of the meetups; titles are German for `de`, else English.")
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=2000), Clean]
    time_zone: TimeZone = Field(description="An IANA name: local times are meant there.")
    meetups: Annotated[list[MeetupPlanned], Field(min_length=1, max_length=MOST_MEETUPS)] | None = Field(
        None, description="Their dates, in any order."
    )
    first: MomentOrLocal | None = Field(
        None,
        description="The first of four, one in each quarter: three, six and nine months later, at the same local "
        "time on the same weekday of the month. After a second Thursday comes a second one, after a fifth the last.",
    )
    minutes: Annotated[int, Field(ge=15, le=3 * 24 * 60)] = Field(120, description="How long each lasts.")
    host_company_ids: list[Id] = Field(
        default_factory=list, max_length=MOST_MEETUPS, description="Who hosts, in turn; empty: nobody yet."
    )
    capacity: Places | None = Field(None, description="Places of each; left out: any number.")
    limit_per_company: Places | None = Field(None, description="How many of one company get a place.")
    round_weeks_before: Annotated[int, Field(ge=1, le=26)] | None = Field(
        4, description="So many weeks before each meetup a round is to be started; null: no rounds."
    )
    round_settings: RoundSettings = Field(default_factory=RoundSettings, description="Of each round.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "C3 2027",
                "language": "en",
                "purpose": "Communities of several companies learn from each other.",
                "time_zone": "Europe/Berlin",
                "first": "2027-02-11T13:00:00",
                "minutes": 180,
                "round_weeks_before": 4,
            }
        }
    )


class PlanOut(Output):
    """What a plan makes: drafts, each to be changed, announced and started by itself."""

    dry_run: bool = Field(description="Whether this only tells what would be made: then nothing has these ids.")
    meetups: list[MeetupOut] = Field(description="By their start.")
    rounds: list[RoundOut] = Field(description="In the order of the meetups; empty where none were wanted.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "dry_run": False,
                "meetups": [cast("JsonDict", MeetupOut.model_config["json_schema_extra"])["example"]],
                "rounds": [cast("JsonDict", RoundOut.model_config["json_schema_extra"])["example"]],
            }
        }
    )
