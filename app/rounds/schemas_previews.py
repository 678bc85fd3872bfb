"""What the API accepts and returns about previews of match rounds."""

from pydantic import ConfigDict, Field

from app.core.schemas import Input, Output, UtcTime
from app.rounds.models import PreviewStatus
from app.rounds.schemas import EXAMPLE_SETTINGS, RoundSettings, RoundSettingsOut

MAX_PREVIEWED = 10


class PreviewCreate(Input):
    """Several settings are computed side by side, on one reading of the texts."""

    settings: list[RoundSettings] = Field(
        default_factory=list,
        max_length=MAX_PREVIEWED,
        description="What to try; empty: the settings of the round.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"settings": [{"min_similarity": 0.1}, {"min_similarity": 0.2, "objective": "coverage"}]}
        }
    )


class BinOut(Output):
    """How many pairs have a similarity from `from`, less than `to`."""

    from_: float = Field(alias="from")
    to: float
    pairs: int

    model_config = ConfigDict(populate_by_name=True)


class CompanyLeftOver(Output):
    company_id: str
    company: str
    communities: int | None = Field(description="How many take part; null where fewer than five.")
    left_over: int | None = Field(description="How many of them stay alone; null where fewer than five.")


class AloneOut(Output):
    kind: str = Field(description="Why communities stay alone, for programs; see the unmatched of a round.")
    communities: int


class OutcomeOut(Output):
    """What the round would come to with one of the settings."""

    settings: RoundSettingsOut
    pairs: int
    coverage: float = Field(description="Share of the communities that would have a partner, 0 to 1.")
    total_similarity: float
    mean_similarity: float | None = Field(description="Of the pairs; null without any.")
    expected: float | None = Field(
        description="How many of the pairs are expected to be good tandems: the sum of their probabilities. Null in "
        "a preview of before there were any."
    )
    histogram: list[BinOut] = Field(description="Pairs by similarity, in tenths.")
    left_over: list[CompanyLeftOver] | None = Field(
        description="By company, in the order of the alphabet; for organizers only, null for others."
    )
    unmatched: list[AloneOut] = Field(description="Why communities stay alone, the most frequent first.")


class PreviewOut(Output):
    id: str
    round_id: str
    status: PreviewStatus
    progress: float = Field(description="0 to 1.")
    stage: str = Field(description="What is happening, in words.")
    problem: str | None = Field(description="Why the preview failed, and what to do.")
    snapshot_hash: str | None = Field(
        description="SHA-256 of what it was computed on: a round that starts with the same input has the same."
    )
    communities: int | None
    outcomes: list[OutcomeOut] = Field(description="One for each of the settings, in their order; empty before done.")
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    deleted_at: UtcTime = Field(description="When the preview is deleted.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "prv_06em2n0u4hsm7bg6m3r8t2f5ac",
                "round_id": "rnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "status": "done",
                "progress": 1.0,
                "stage": "done",
                "snapshot_hash": "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
                "communities": 155,
                "outcomes": [
                    {
                        "settings": EXAMPLE_SETTINGS,
                        "pairs": 68,
                        "coverage": 0.877,
                        "total_similarity": 18.4,
                        "mean_similarity": 0.271,
                        "expected": 41.7,
                        "histogram": [{"from": 0.1, "to": 0.2, "pairs": 19}, {"from": 0.2, "to": 0.3, "pairs": 31}],
                        "left_over": [
                            {
                                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                                "company": "Nordwerk AG",
                                "communities": 31,
                                "left_over": 7,
                            }
                        ],
                        "unmatched": [{"kind": "below_min_similarity", "communities": 12}],
                    }
                ],
                "created_at": "2026-11-24T09:00:00Z",
                "started_at": "2026-11-24T09:00:01Z",
                "finished_at": "2026-11-24T09:00:04Z",
                "deleted_at": "2026-11-25T09:00:00Z",
            }
        }
    )
