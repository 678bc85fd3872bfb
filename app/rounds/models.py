"""A match round, the frozen input it ran on, and what came out."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, stored_as_text


class RoundStatus(StrEnum):
    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    PROPOSED = "proposed"
    FAILED = "failed"


class Round(SQLModel, table=True):
    __tablename__ = "round"

    id: str = Field(primary_key=True)
    title: str
    status: RoundStatus = Field(index=True, sa_type=stored_as_text(RoundStatus))
    objective: str
    min_similarity: float
    cost: float
    alternates: int
    scope_companies: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    scope_communities: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snapshot_hash: str | None = None
    communities: int | None = None
    proposals: int | None = None
    unmatched: int | None = None
    total_similarity: float | None = None
    problem: str | None = None


class RoundSnapshot(SQLModel, table=True):
    """The fields that the engine reads, frozen at the start; never contacts."""

    __tablename__ = "round_snapshot"

    round_id: str = Field(primary_key=True, foreign_key="round.id", ondelete="CASCADE")
    content: bytes = Field(sa_type=LargeBinary)


class Proposal(SQLModel, table=True):
    """A pair that a round proposes."""

    __tablename__ = "proposal"
    __table_args__ = (Index("ix_proposal_round_id_rank", "round_id", "rank", unique=True),)

    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", ondelete="CASCADE")
    rank: int
    a_id: str = Field(foreign_key="community.id", index=True)
    b_id: str = Field(foreign_key="community.id", index=True)
    similarity: float
    reasons: list[dict[str, object]] = Field(sa_type=JsonColumn)
    other: float
    alternates_of_a: list[dict[str, object]] = Field(sa_type=JsonColumn)
    alternates_of_b: list[dict[str, object]] = Field(sa_type=JsonColumn)


class RoundUnmatched(SQLModel, table=True):
    """A community of the round that stayed alone, and why."""

    __tablename__ = "round_unmatched"

    round_id: str = Field(primary_key=True, foreign_key="round.id", ondelete="CASCADE")
    community_id: str = Field(primary_key=True, foreign_key="community.id")
    kind: str
    changes: list[str] = Field(sa_type=JsonColumn)
    nearest_id: str | None = None
    nearest_similarity: float | None = None
    rule: str | None = None
