"""What the API accepts and returns about what a match round proposes, and what organizers decide of it."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Id, Input, Output, UtcTime
from app.rounds.models import DecisionKind
from app.tandems.schemas import ReasonOut, StrengthOut

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
_ALTERNATE: JsonDict = {
    "id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ae",
    "name": "Ask your data",
    "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ad",
    "company": "Suedhafen Health",
}


class CommunityCard(Output):
    """A community as the organizer sees it."""

    id: str
    name: str
    company_id: str
    company: str


class AlternateOut(Output):
    community: CommunityCard
    similarity: float
    probability: float | None = Field(description="That the two are a good pair, 0 to 1; null in rounds of before.")


class LeftOutOut(Output):
    kind: str = Field(description="What stands between the two, for programs.")
    text: str = Field(description="The same in words.")


class ProposalOut(Output):
    id: str
    a: CommunityCard
    b: CommunityCard
    similarity: float = Field(description="Of the two profiles as they are, 0 to 1.")
    correction: float | None = Field(
        description="What neighbours and favour change: similarity times this is the score that the probability is "
        "made of. Null where there is no probability."
    )
    probability: float | None = Field(
        description="That the two are a good pair, 0 to 1. Null for a round that ran before there were probabilities."
    )
    strength: StrengthOut | None = Field(description="The probability in a word, as the two sides see it.")
    reasons: list[ReasonOut] = Field(description="At most three, the strongest first.")
    other: float = Field(description="The share that is not told; with the shares of the reasons it makes 1.")
    alternates_of_a: list[AlternateOut]
    alternates_of_b: list[AlternateOut]
    pinned: bool = Field(description="Whether the organizer wanted this pair in any case.")
    dropped: bool = Field(description="Whether a ban takes it out: it is not asked, and not proposed again.")
    left_out: LeftOutOut | None = Field(description="Why the release did not ask this pair.")
    suggestion_id: str | None = Field(description="The suggestion that the release made of it.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "prp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "a": _CARD,
                "b": _NEAREST,
                "similarity": 0.41,
                "correction": 1.08,
                "probability": 0.64,
                "strength": {"kind": "strong", "text": "strong"},
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
                "alternates_of_a": [{"community": _ALTERNATE, "similarity": 0.27, "probability": 0.33}],
                "alternates_of_b": [],
                "pinned": False,
                "dropped": False,
            }
        }
    )


class RemedyOut(Output):
    kind: str
    text: str


class UnmatchedOut(Output):
    community: CommunityCard
    kind: str = Field(description="Why it stayed alone, for programs.")
    text: str = Field(description="Why it stayed alone, in words.")
    rule: str | None = Field(description="The rule that stands between it and the nearest one.")
    nearest: CommunityCard | None
    nearest_similarity: float | None
    changes: list[RemedyOut] = Field(description="What would change it.")

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


class DecisionCreate(Input):
    a: Id = Field(description="Id of one community.")
    b: Id = Field(description="Id of the other.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"a": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac", "b": "cmt_06em2n0u4hsm7bg6m3r8t2f5ad"}}
    )


class DecisionOut(Output):
    """A pin: together in any case. A ban: in no case."""

    id: str
    kind: DecisionKind
    a: CommunityCard
    b: CommunityCard
    created_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "dec_06em2n0u4hsm7bg6m3r8t2f5ac",
                "kind": "pin",
                "a": _CARD,
                "b": _NEAREST,
                "created_at": "2026-11-24T09:00:00Z",
            }
        }
    )
