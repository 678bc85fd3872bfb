"""What the API accepts and returns about match rounds."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Id, Input, Line, Output, UtcTime
from app.rounds.models import RoundStatus
from app.tandems.schemas import ReasonOut


class Objective(StrEnum):
    QUALITY = "quality"
    COVERAGE = "coverage"
    FAIR = "fair"


class RoundSettings(Input):
    """How pairs are chosen; the same names as in the engine and on its command line."""

    objective: Objective = Field(
        Objective.QUALITY,
        description="`quality`: the largest total similarity. `coverage`: as many communities as possible, then the "
        "largest total. `fair`: as many as possible, then the weakest tandem as good as possible.",
    )
    min_similarity: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.10, description="Least similarity of a pair."
    )
    cost: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.0, description="What a poor suggestion costs, in similarity; a pair must be worth more."
    )
    alternates: Annotated[int, Field(ge=0, le=9, strict=True)] = Field(
        3, description="Further partners named for each community."
    )


class RoundScope(Input):
    """Who takes part; empty lists mean everybody who is published."""

    companies: list[Id] = Field(default_factory=list, max_length=1000)
    communities: list[Id] = Field(default_factory=list, max_length=10_000)


class RoundCreate(Input):
    title: Line
    settings: RoundSettings = Field(default_factory=RoundSettings)
    scope: RoundScope = Field(default_factory=RoundScope)

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"title": "Spring meetup 2027", "settings": {"objective": "quality", "min_similarity": 0.1}}
        }
    )


class RoundSettingsOut(Output):
    objective: Objective
    min_similarity: float
    cost: float
    alternates: int


class RoundScopeOut(Output):
    companies: list[str]
    communities: list[str]


_CARD: JsonDict = {
    "id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
    "name": "Data Literacy Circle",
    "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
    "company": "Nordwerk AG",
}
_NEAREST: JsonDict = {
    "id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ad",
    "name": "Chart readers",
    "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ad",
    "company": "Suedhafen Health",
}


class RoundOut(Output):
    id: str
    title: str
    status: RoundStatus
    settings: RoundSettingsOut
    scope: RoundScopeOut
    progress: float = Field(description="0 to 1.")
    stage: str = Field(description="What is happening, in words.")
    problem: str | None = Field(description="Why the round failed, and what to do.")
    snapshot_hash: str | None = Field(description="SHA-256 of the frozen input; null before it is frozen.")
    communities: int | None = Field(description="How many take part; null before the round has run.")
    proposals: int | None
    unmatched: int | None
    total_similarity: float | None
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "rnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "title": "Spring meetup 2027",
                "status": "proposed",
                "settings": {"objective": "quality", "min_similarity": 0.1, "cost": 0.0, "alternates": 3},
                "scope": {"companies": [], "communities": []},
                "progress": 1.0,
                "stage": "done: look at the proposals",
                "snapshot_hash": "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
                "communities": 155,
                "proposals": 68,
                "unmatched": 26,
                "total_similarity": 18.4,
                "created_at": "2026-11-24T09:00:00Z",
                "started_at": "2026-11-24T09:01:00Z",
                "finished_at": "2026-11-24T09:01:04Z",
            }
        }
    )


class CommunityCard(Output):
    """A community as the organizer sees it."""

    id: str
    name: str
    company_id: str
    company: str


class AlternateOut(Output):
    community: CommunityCard
    similarity: float


class ProposalOut(Output):
    id: str
    a: CommunityCard
    b: CommunityCard
    similarity: float = Field(description="Cosine similarity of the two profiles, 0 to 1.")
    reasons: list[ReasonOut] = Field(description="At most three, the strongest first.")
    other: float = Field(description="The share that is not told; with the shares of the reasons it makes 1.")
    alternates_of_a: list[AlternateOut]
    alternates_of_b: list[AlternateOut]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "prp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "a": _CARD,
                "b": _NEAREST,
                "similarity": 0.41,
                "reasons": [
                    {
                        "kind": "theme",
                        "terms": [{"a": "data literacy", "b": "data literacy"}, {"a": "charts", "b": "chart"}],
                        "share": 0.62,
                        "giver": None,
                        "text": "Shared themes: data literacy, charts / chart",
                    }
                ],
                "other": 0.38,
                "alternates_of_a": [],
                "alternates_of_b": [],
            }
        }
    )


class ChangeOut(Output):
    kind: str
    text: str


class UnmatchedOut(Output):
    community: CommunityCard
    kind: str = Field(description="Why it stayed alone, for programs.")
    text: str = Field(description="Why it stayed alone, in words.")
    rule: str | None = Field(description="The rule that stands between it and the nearest one.")
    nearest: CommunityCard | None
    nearest_similarity: float | None
    changes: list[ChangeOut] = Field(description="What would change it.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "community": _CARD,
                "kind": "below_min_similarity",
                "text": "The most similar community is not similar enough.",
                "nearest": _NEAREST,
                "nearest_similarity": 0.07,
                "changes": [{"kind": "describe_more", "text": "Describe purpose, topics, offers in more words."}],
            }
        }
    )
