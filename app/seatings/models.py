"""A seating of a meetup: groups for each rotation; and who of them want to meet again."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, no_values, stored_as_text


class SeatingStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Seating(SQLModel, table=True):
    """The newest that is done is the one that counts."""

    __tablename__ = "seating"

    id: str = Field(primary_key=True)
    meetup_id: str = Field(foreign_key="meetup.id", index=True, ondelete="CASCADE")
    status: SeatingStatus = Field(sa_type=stored_as_text(SeatingStatus))
    rotations: int
    """How many in all, with those that are kept of the seating before."""
    kept: int = 0
    """How many rotations are taken over from the seating that it is based on: held already, or running."""
    based_on: str | None = None
    group_size: int
    min_size: int
    max_size: int
    rotation_minutes: int | None = None
    people: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    """Registrations that are seated in the rotations that are not kept."""
    apart: list[list[str]] = Field(default_factory=no_items, sa_type=JsonColumn)
    """Pairs of registrations that the organizer keeps apart."""
    figures: dict[str, object] | None = Field(default=None, sa_type=JsonColumn)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem: str | None = None
    problem_values: dict[str, str] = Field(default_factory=no_values, sa_type=JsonColumn)


class SeatingGroup(SQLModel, table=True):
    __tablename__ = "seating_group"

    seating_id: str = Field(primary_key=True, foreign_key="seating.id", ondelete="CASCADE")
    rotation: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    """From 1, in each rotation: the table."""
    members: list[str] = Field(sa_type=JsonColumn)
    """Registrations; one that is forgotten leads nowhere."""
    language: str | None = None
    similarity: float
    shared: list[dict[str, object]] = Field(default_factory=no_items, sa_type=JsonColumn)
    """What they have in common: `{"text", "people", "wanted_by", "shown_by"}`, strongest first."""
    same_company_pairs: int = 0
    repeated_pairs: int = 0
    no_common_language: bool = False


class Again(SQLModel, table=True):
    """One person's wish to meet another of its groups again; the other learns of it when it wishes the same."""

    __tablename__ = "again"
    __table_args__ = (UniqueConstraint("registration_id", "other_id"),)

    id: str = Field(primary_key=True)
    meetup_id: str = Field(foreign_key="meetup.id", index=True, ondelete="CASCADE")
    registration_id: str = Field(foreign_key="registration.id", ondelete="CASCADE")
    other_id: str = Field(foreign_key="registration.id", index=True, ondelete="CASCADE")
    said_at: datetime = Field(sa_type=UtcDateTime)
