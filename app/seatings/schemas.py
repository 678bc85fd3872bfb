"""What the API accepts and returns about seatings, and about whom somebody wants to meet again."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Id, Input, Output, UtcTime
from app.seatings.models import SeatingStatus
from app.seatings.sizes import LARGEST, SMALLEST

MAX_ROTATIONS = 6
_MOST_NAMED = 1_000

Rotations = Annotated[int, Field(ge=1, le=MAX_ROTATIONS, strict=True)]
GroupSize = Annotated[int, Field(ge=SMALLEST, le=LARGEST, strict=True)]
Minutes = Annotated[int, Field(ge=5, le=180, strict=True)]
Pair = Annotated[list[Id], Field(min_length=2, max_length=2)]


class Seated(StrEnum):
    """Who is seated."""

    REGISTERED = "registered"
    """Everybody who has a place."""
    PRESENT = "present"
    """Without those who are marked as not there."""


class SeatingCreate(Input):
    rotations: Rotations = Field(3, description="How often people change tables, with the first time.")
    group_size: GroupSize = Field(4, description="How many are to sit together.")
    min_size: GroupSize | None = Field(
        None, description="The smallest group that will do; left out: one fewer than `group_size`, at least 3."
    )
    max_size: GroupSize | None = Field(
        None, description="The largest group that will do; left out: one more than `group_size`, at most 6."
    )
    rotation_minutes: Minutes | None = Field(None, description="How long they sit together, for the table cards.")
    apart: list[Pair] = Field(
        default_factory=list,
        max_length=_MOST_NAMED,
        description="Pairs of registrations that never sit together, besides those who have excluded each other's "
        "company.",
    )
    people: Seated = Field(
        Seated.REGISTERED, description="Everybody who has a place, or on the day those who are there."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rotations": 3,
                "group_size": 4,
                "min_size": 3,
                "max_size": 5,
                "rotation_minutes": 20,
                "apart": [["reg_06em2n0u4hsm7bg6m3r8t2f5ac", "reg_06em2n0u4hsm7bg6m3r8t2f5ad"]],
            }
        }
    )


class ReseatCreate(Input):
    """Sizes that are left out stay as they are."""

    from_rotation: Rotations = Field(
        description="The first rotation that is planned anew; those before it have been held, or run, and stay."
    )
    absent: list[Id] = Field(
        default_factory=list, max_length=_MOST_NAMED, description="Registrations of people who did not come."
    )
    late: list[Id] = Field(
        default_factory=list, max_length=_MOST_NAMED, description="Registrations of people who have come since."
    )
    group_size: GroupSize | None = None
    min_size: GroupSize | None = None
    max_size: GroupSize | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from_rotation": 2,
                "absent": ["reg_06em2n0u4hsm7bg6m3r8t2f5ac", "reg_06em2n0u4hsm7bg6m3r8t2f5ad"],
                "late": ["reg_06em2n0u4hsm7bg6m3r8t2f5ae"],
            }
        }
    )


class AgainCreate(Input):
    registration_ids: list[Id] = Field(
        max_length=60,
        description="Everybody of the own groups whom the person wants to meet again; who is left out is taken back, "
        "unless both have said it.",
    )

    model_config = ConfigDict(json_schema_extra={"example": {"registration_ids": ["reg_06em2n0u4hsm7bg6m3r8t2f5ad"]}})


_CARD: JsonDict = {
    "table": 1,
    "theme": "Peer learning",
    "opening_question": "Who of you can show something about “Peer learning”, and what do the others want to see "
    "first?",
    "language": "en",
}
_SEATING: JsonDict = {
    "id": "stg_06em2n0u4hsm7bg6m3r8t2f5ac",
    "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
    "status": "done",
    "progress": 1.0,
    "stage": "done",
    "current": True,
    "people": 60,
    "rotations": 3,
    "kept": 0,
    "based_on": None,
    "group_size": 4,
    "min_size": 3,
    "max_size": 5,
    "rotation_minutes": 20,
    "apart": [["reg_06em2n0u4hsm7bg6m3r8t2f5ac", "reg_06em2n0u4hsm7bg6m3r8t2f5ad"]],
    "figures": {
        "people": 60,
        "rotations": 3,
        "groups": 45,
        "repeated_pairs": 0,
        "least_repeated_pairs": 0,
        "same_company_pairs": 0,
        "least_same_company_pairs": 0,
        "groups_without_language": 0,
        "mean_similarity": 0.31,
        "random_similarity": 0.11,
        "times_random": 2.8,
        "worst_group": 0.12,
        "worst_person": 0.09,
        "texts": [
            "No two people meet twice.",
            "Nobody sits with somebody of the same company.",
            "Those of a group have 2.8 times as much in common as in groups drawn at random.",
        ],
    },
    "cards_url": "https://c3.example/table-cards/WyJzdGdfMDZlbTJuMHU0aHNtIiwxODAwMDAwMDAwXQ.c2lnbmF0dXJl",
    "created_at": "2027-03-03T08:00:00Z",
    "started_at": "2027-03-03T08:00:01Z",
    "finished_at": "2027-03-03T08:00:04Z",
    "problem": None,
}
_ROTATION: JsonDict = {
    "rotation": 1,
    "kept": False,
    "groups": [
        {
            **_CARD,
            "no_common_language": False,
            "similarity": 0.34,
            "shared": [{"text": "peer learning", "people": 3, "wanted_by": 2, "shown_by": 1}],
            "same_company_pairs": 0,
            "repeated_pairs": 0,
            "members": [
                {"registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac", "first_name": "Alex", "company": "Nordwerk"},
                {"registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ad", "first_name": "Kim", "company": "Suedbank"},
                {"registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ae", "first_name": None, "company": None},
            ],
        }
    ],
}
_OWN_GROUPS: JsonDict = {
    "registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac",
    "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
    "seating_id": "stg_06em2n0u4hsm7bg6m3r8t2f5ac",
    "rotation_minutes": 20,
    "groups": [
        {
            "rotation": 1,
            **_CARD,
            "companions": [
                {
                    "registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ad",
                    "first_name": "Kim",
                    "company": "Suedbank",
                    "said_again": True,
                    "both": False,
                }
            ],
        }
    ],
    "again_from": "2027-03-03T09:00:00Z",
    "again_until": "2027-04-02T11:00:00Z",
}


class FiguresOut(Output):
    """How good a seating is, over the rotations that it has planned, and how good it could be at best."""

    people: int
    rotations: int = Field(description="How many were planned: without those that were kept.")
    groups: int = Field(description="Over all these rotations.")
    repeated_pairs: int = Field(description="Pairs that meet once more, those of kept rotations counted.")
    least_repeated_pairs: int = Field(description="No seating has fewer, by counting alone.")
    same_company_pairs: int = Field(description="Pairs of one company in a group.")
    least_same_company_pairs: int = Field(description="No seating has fewer, by counting alone.")
    groups_without_language: int = Field(description="Groups without a language that all of them speak.")
    mean_similarity: float = Field(description="How much those of a group have in common, 0 to 1.")
    random_similarity: float = Field(description="The same for groups drawn at random.")
    times_random: float | None = Field(description="How many times that of groups drawn at random; null where 0.")
    worst_group: float = Field(description="Similarity of the group with the least in common.")
    worst_person: float = Field(
        description="The lowest mean similarity that a person has with those it sits with, over the rotations."
    )
    texts: list[str] = Field(description="The same in words.")


class SeatingOut(Output):
    """A seating without its groups: what was asked for, how far it is, how good it is."""

    id: str
    meetup_id: str
    status: SeatingStatus
    progress: float = Field(description="From 0 to 1.")
    stage: str = Field(description="What is happening, in words.")
    current: bool = Field(description="Whether it is the one that counts: the newest that is done.")
    people: int = Field(description="How many are seated in the rotations that are not kept.")
    rotations: int = Field(description="How many in all.")
    kept: int = Field(description="How many of them were taken over from the seating that it is based on.")
    based_on: str | None = Field(description="The seating whose first rotations it keeps.")
    group_size: int
    min_size: int
    max_size: int
    rotation_minutes: int | None
    apart: list[list[str]] = Field(description="Pairs of registrations that never sit together.")
    figures: FiguresOut | None = Field(description="Null until it is done.")
    cards_url: str | None = Field(
        description="A page with a card for each table, to be printed; whoever has the address can open it until 30 "
        "days after the meetup. Null until it is done."
    )
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    problem: str | None = Field(description="What went wrong and what to do, when it failed.")

    model_config = ConfigDict(json_schema_extra={"example": _SEATING})


class SharedOut(Output):
    text: str = Field(description="As somebody of the group has written it.")
    people: int = Field(description="How many of the group it connects.")
    wanted_by: int = Field(description="How many want to learn about it.")
    shown_by: int = Field(description="How many can show something.")


class MemberOut(Output):
    registration_id: str
    first_name: str | None = Field(description="Null where the seat is free: the person has cancelled or is erased.")
    company: str | None


class GroupOut(Output):
    table: int = Field(description="From 1, in each rotation.")
    theme: str = Field(description="What stands on the card, in the language of the group.")
    opening_question: str
    language: str | None = Field(description="One that all of the group speak; null: there is none, or nobody said.")
    no_common_language: bool = Field(description="Whether they have named languages and share none.")
    similarity: float
    shared: list[SharedOut] = Field(description="What they have in common, the strongest first; at most three.")
    same_company_pairs: int
    repeated_pairs: int
    members: list[MemberOut]


class RotationOut(Output):
    rotation: int = Field(description="From 1.")
    kept: bool = Field(description="Whether it was taken over from the seating before.")
    groups: list[GroupOut]


class SeatingPlanOut(SeatingOut):
    """A seating with all of its groups."""

    plan: list[RotationOut] = Field(description="Who sits with whom; empty until it is done.")

    model_config = ConfigDict(json_schema_extra={"example": _SEATING | {"plan": [_ROTATION]}})


class CompanionOut(Output):
    registration_id: str
    first_name: str
    company: str
    said_again: bool | None = Field(
        description="Whether this person was named as one to meet again; null for portals, as it is the person's own."
    )
    both: bool | None = Field(
        description="Whether both have said it: until then the other does not learn of it. Null for portals."
    )


class OwnGroupOut(Output):
    rotation: int
    table: int
    theme: str
    opening_question: str
    language: str | None
    companions: list[CompanionOut]


class OwnGroupsOut(Output):
    """With whom a person sits, or sat."""

    registration_id: str
    meetup_id: str
    seating_id: str | None = Field(description="Null while nobody is seated.")
    rotation_minutes: int | None
    groups: list[OwnGroupOut] = Field(description="One for each rotation in which the person has a seat.")
    again_from: UtcTime = Field(description="From when on it can be said whom the person wants to meet again.")
    again_until: UtcTime

    model_config = ConfigDict(json_schema_extra={"example": _OWN_GROUPS})
