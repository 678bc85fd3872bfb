"""What the API accepts and returns about match rounds."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Id, Input, Line, Output, UtcTime
from app.rounds.models import CalibrationSource, RoundStatus
from app.tandems.models import DeclineReason

_PLANNED_ON = "The day on which you mean to start it, for yourself: nothing starts by itself."


class Objective(StrEnum):
    QUALITY = "quality"
    COVERAGE = "coverage"
    FAIR = "fair"


class RoundSettings(Input):
    """How pairs are chosen; the same names as in the engine and on its command line."""

    objective: Objective = Field(
        Objective.QUALITY,
        description="`quality`: the largest expected number of good tandems, less `cost` for each. `coverage`: as "
        "many communities as possible, then the same. `fair`: as many as possible, then the weakest tandem as good "
        "as possible, then the same.",
    )
    min_similarity: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.10, description="Least similarity of a pair, as it is before any correction."
    )
    cost: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.1,
        description="What a suggestion costs, in good tandems: a pair is proposed only if it is a good one with a "
        "larger probability.",
    )
    alternates: Annotated[int, Field(ge=0, le=9, strict=True)] = Field(
        3, description="Further partners named for each community."
    )
    repeat_after: Annotated[int, Field(ge=1, le=40, strict=True)] | None = Field(
        None,
        description="After how many released rounds a pair that met, or was declined, may be proposed again; null: "
        "never.",
    )
    max_per_company_pair: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        None, description="Most tandems between the same two companies; null: any number."
    )


class RoundScope(Input):
    """Who takes part: those who are in all that is named. Nothing named means everybody who is published."""

    companies: list[Id] = Field(default_factory=list, max_length=1000, description="Empty: all.")
    communities: list[Id] = Field(default_factory=list, max_length=10_000, description="Empty: all.")
    meetup: Id | None = Field(
        None,
        description="Only communities that somebody comes to this meetup for, or came for where attendance was kept. "
        "What these people want to learn, can show and name as themes is read with the texts of their community.",
    )


class RoundAsking(Input):
    """How the two sides of a pair are asked once the round is released; its alternates too."""

    answer_within_days: Annotated[int, Field(ge=1, le=60, strict=True)] = Field(
        14, description="After so many days a suggestion that is not answered ends."
    )
    remind_after_days: Annotated[int, Field(ge=1, le=59, strict=True)] | None = Field(
        7,
        description="After so many days a side that has not answered is reminded, once; null: never. Earlier than "
        "the last day.",
    )


class RoundCreate(Input):
    title: Line
    settings: RoundSettings = Field(default_factory=RoundSettings)
    asking: RoundAsking = Field(default_factory=RoundAsking)
    scope: RoundScope = Field(default_factory=RoundScope)
    planned_on: date | None = Field(None, description=_PLANNED_ON)

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"title": "Spring meetup 2027", "settings": {"objective": "quality", "min_similarity": 0.1}}
        }
    )


class RoundUpdate(Input):
    """What is left out stays as it is; settings, asking and scope are replaced as a whole."""

    title: Line | None = None
    settings: RoundSettings | None = None
    asking: RoundAsking | None = None
    scope: RoundScope | None = None
    planned_on: date | None = Field(None, description=f"{_PLANNED_ON} Null takes it back.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"settings": {"objective": "coverage", "min_similarity": 0.15}}}
    )


class RoundSettingsOut(Output):
    objective: Objective
    min_similarity: float
    cost: float
    alternates: int
    repeat_after: int | None
    max_per_company_pair: int | None


class RoundAskingOut(Output):
    answer_within_days: int
    remind_after_days: int | None


class RoundScopeOut(Output):
    companies: list[str]
    communities: list[str]
    meetup: str | None


EXAMPLE_SETTINGS: JsonDict = {
    "objective": "quality",
    "min_similarity": 0.1,
    "cost": 0.1,
    "alternates": 3,
    "repeat_after": None,
    "max_per_company_pair": None,
}


class CalibrationOut(Output):
    """Where the probabilities of a round come from."""

    source: CalibrationSource = Field(
        description="`shipped`: as the engine is shipped. `answers`: fitted to what was said in earlier rounds."
    )
    answers: int = Field(
        description="How many there were when the input was frozen; 300 are enough, with 30 of each kind."
    )


class SuggestionsOut(Output):
    """The pairs of a round that were asked."""

    open: int = Field(description="Still to be answered.")
    accepted: int = Field(description="Tandems that came of them.")
    total: int
    left_out: int = Field(description="Pairs that the release did not ask; see the proposals with `left_out=true`.")


class RoundOut(Output):
    id: str
    title: str
    status: RoundStatus
    settings: RoundSettingsOut
    asking: RoundAskingOut
    scope: RoundScopeOut
    planned_on: date | None = Field(description="The day on which the organizer means to start it.")
    progress: float = Field(description="0 to 1.")
    stage: str = Field(description="What is happening, in words.")
    problem: str | None = Field(description="Why the round failed, and what to do.")
    snapshot_hash: str | None = Field(description="SHA-256 of the frozen input; null before it is frozen.")
    communities: int | None = Field(description="How many take part; null before the round has run.")
    proposals: int | None
    unmatched: int | None
    total_similarity: float | None
    expected: float | None = Field(
        description="How many of the proposals are expected to be good tandems: the sum of their probabilities. Null "
        "before the round has run, and for one that ran before there were probabilities."
    )
    calibration: CalibrationOut | None = Field(
        description="Where its probabilities come from; null before its input is frozen."
    )
    run: int = Field(description="Which run the proposals are of; 0 before there are any.")
    rerun_needed: bool = Field(description="Whether a pin, or a ban that was lifted, waits for another run.")
    suggestions: SuggestionsOut | None = Field(description="What became of the pairs; null before the release.")
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    released_at: UtcTime | None
    ended_at: UtcTime | None = Field(description="When it was closed or withdrawn.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "rnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "title": "Spring meetup 2027",
                "status": "proposed",
                "settings": EXAMPLE_SETTINGS,
                "asking": {"answer_within_days": 14, "remind_after_days": 7},
                "scope": {"companies": [], "communities": [], "meetup": None},
                "planned_on": "2027-01-14",
                "progress": 1.0,
                "stage": "done: look at the proposals",
                "snapshot_hash": "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
                "communities": 155,
                "proposals": 68,
                "unmatched": 26,
                "total_similarity": 18.4,
                "expected": 41.7,
                "calibration": {"source": "shipped", "answers": 112},
                "run": 1,
                "rerun_needed": False,
                "created_at": "2026-11-24T09:00:00Z",
                "started_at": "2026-11-24T09:01:00Z",
                "finished_at": "2026-11-24T09:01:04Z",
            }
        }
    )


class DeclineCountOut(Output):
    why: DeclineReason
    text: str = Field(description="The same in words, in the language of Accept-Language.")
    sides: int | None = Field(
        description="How many have given it, where these are enough to tell; one side may give several."
    )


class RemindersOut(Output):
    sent: int
    answered: int = Field(description="Of those who were reminded, how many have answered then.")


class RoundFeedbackOut(Output):
    """What the answers to a round say, in figures of many: never of one company or community."""

    round_id: str
    asked: int = Field(description="Sides that were asked, also by alternates.")
    answered: int | None = Field(description="How many of them have answered; null where it is not told.")
    declines: list[DeclineCountOut] | None = Field(description="The causes of no and not now; null where not told.")
    reminders: RemindersOut | None = Field(description="Null where it is not told.")
    useful: int | None = Field(
        description="How often a side found a meeting of the round's tandems useful: told once all of them have been "
        "closed for 30 days; null where it is not told."
    )
    not_useful: int | None = Field(description="How often it did not; null where it is not told.")
    text: str | None = Field(description="Why something is not told; null when everything is.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "round_id": "rnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "asked": 136,
                "answered": 118,
                "declines": [{"why": "no_time", "text": "We have no time at present.", "sides": 11}],
                "reminders": {"sent": 41, "answered": 27},
                "useful": 164,
                "not_useful": 21,
                "text": None,
            }
        }
    )
