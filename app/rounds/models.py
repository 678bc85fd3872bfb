"""A match round, the frozen input it ran on, what came out, and what an organizer tried and decided."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, no_values, stored_as_text


class RoundStatus(StrEnum):
    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    PROPOSED = "proposed"
    RELEASED = "released"
    CLOSED = "closed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class CalibrationSource(StrEnum):
    """Where the probabilities of a round come from."""

    SHIPPED = "shipped"
    """The engine's own judgements."""
    ANSWERS = "answers"
    """What the sides of earlier suggestions have said."""


class Round(SQLModel, table=True):
    __tablename__ = "round"

    id: str = Field(primary_key=True)
    version: int = 1
    title: str
    status: RoundStatus = Field(index=True, sa_type=stored_as_text(RoundStatus))
    objective: str
    min_similarity: float
    cost: float
    alternates: int
    repeat_after: int | None = None
    max_per_company_pair: int | None = None
    answer_within_days: int = 14
    remind_after_days: int | None = None
    """Days after which a side that has not answered is reminded; None: never."""
    scope_companies: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    scope_communities: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    scope_meetup: str | None = Field(default=None, foreign_key="meetup.id", index=True)
    """Only communities for which somebody comes to this meetup, or came; their wishes are read with their texts."""
    planned_on: date | None = None
    """When the organizer means to start it; nothing starts by itself."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, index=True, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    run: int = 0
    """Whose results count; a further run replaces them only when it has come to its end."""
    running: int = 0
    """The run that is under way, or was the last one tried."""
    rerun_needed: bool = False
    """Whether a pin or a lifted ban waits for another run."""
    snapshot_hash: str | None = None
    communities: int | None = None
    proposals: int | None = None
    unmatched: int | None = None
    total_similarity: float | None = None
    expected: float | None = None
    """How many of the proposals are expected to be good tandems: the sum of their probabilities."""
    calibration_source: CalibrationSource | None = Field(default=None, sa_type=stored_as_text(CalibrationSource))
    calibration_answers: int | None = None
    """How many answers there were when the input was frozen."""
    problem: str | None = None
    problem_values: dict[str, str] = Field(default_factory=no_values, sa_type=JsonColumn)


class RoundSnapshot(SQLModel, table=True):
    """What the engine reads, frozen at the start; never contacts."""

    __tablename__ = "round_snapshot"

    round_id: str = Field(primary_key=True, foreign_key="round.id", ondelete="CASCADE")
    content: bytes = Field(sa_type=LargeBinary)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when texts are missing: the round cannot run on it again."""


class DecisionKind(StrEnum):
    PIN = "pin"
    BAN = "ban"


class RoundDecision(SQLModel, table=True):
    """What the organizer has decided about one pair: together in any case, or in no case."""

    __tablename__ = "round_decision"
    __table_args__ = (Index("ix_round_decision_pair", "round_id", "a_id", "b_id", unique=True),)

    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", ondelete="CASCADE")
    kind: DecisionKind = Field(sa_type=stored_as_text(DecisionKind))
    a_id: str = Field(foreign_key="community.id")
    b_id: str = Field(foreign_key="community.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class PreviewStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RoundPreview(SQLModel, table=True):
    """What a round would come to with one or several settings; kept for a day."""

    __tablename__ = "round_preview"

    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True, ondelete="CASCADE")
    status: PreviewStatus = Field(sa_type=stored_as_text(PreviewStatus))
    settings: list[dict[str, object]] = Field(sa_type=JsonColumn)
    outcomes: list[dict[str, object]] = Field(default_factory=no_items, sa_type=JsonColumn)
    created_at: datetime = Field(index=True, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snapshot_hash: str | None = None
    communities: int | None = None
    problem: str | None = None
    problem_values: dict[str, str] = Field(default_factory=no_values, sa_type=JsonColumn)


class Proposal(SQLModel, table=True):
    """A pair that a run of a round proposes."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index("ix_proposal_round_id_run_rank", "round_id", "run", "rank", unique=True),
        Index("ix_proposal_left_out", "round_id", "run", "left_out", "rank"),
    )

    id: str = Field(primary_key=True)
    """Made from round and pair: a further run that proposes the same pair names it by the same id."""
    run: int = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", ondelete="CASCADE")
    rank: int
    a_id: str = Field(foreign_key="community.id", index=True)
    b_id: str = Field(foreign_key="community.id", index=True)
    similarity: float
    correction: float | None = None
    """From similarity to the score that the probability is made of; None of runs before there were any."""
    probability: float | None = None
    pinned: bool = False
    reasons: list[dict[str, object]] = Field(sa_type=JsonColumn)
    other: float
    alternates_of_a: list[dict[str, object]] = Field(sa_type=JsonColumn)
    alternates_of_b: list[dict[str, object]] = Field(sa_type=JsonColumn)
    left_out: str | None = None
    """Why the release did not ask this pair."""
    suggestion_id: str | None = None


class RoundUnmatched(SQLModel, table=True):
    """A community of the round that stayed alone, and why."""

    __tablename__ = "round_unmatched"

    round_id: str = Field(primary_key=True, foreign_key="round.id", ondelete="CASCADE")
    run: int = Field(primary_key=True)
    community_id: str = Field(primary_key=True, foreign_key="community.id")
    kind: str
    changes: list[str] = Field(sa_type=JsonColumn)
    nearest_id: str | None = None
    nearest_similarity: float | None = None
    rule: str | None = None
