"""Meetings of a tandem, what its sides say at half-time and after, and the harvest."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, stored_as_text
from app.tandems.models import SideName


class ExchangeStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    MOVED = "moved"
    """Another exchange has taken its place."""
    MISSED = "missed"
    CANCELLED = "cancelled"
    """Taken back before its time."""
    ENDED_BY_OBJECTION = "ended_by_objection"


class Pulse(StrEnum):
    """What a side wishes at half-time."""

    CONTINUE = "continue"
    ADJUST = "adjust"
    PAUSE = "pause"
    END_WELL = "end_well"


class Exchange(SQLModel, table=True):
    """One meeting of a tandem; the first one is its kick-off."""

    __tablename__ = "exchange"
    __table_args__ = (UniqueConstraint("tandem_id", "number"),)

    id: str = Field(primary_key=True)
    tandem_id: str = Field(foreign_key="tandem.id", index=True)
    number: int
    """From 1. One that took the place of another has a number of its own."""
    kick_off: bool = False
    """Whether it is the first meeting, or was to be."""
    status: ExchangeStatus = Field(sa_type=stored_as_text(ExchangeStatus))
    starts_at: datetime = Field(index=True, sa_type=UtcDateTime)
    time_zone: str = "UTC"
    """In which it was planned, for whoever reads its time."""
    minutes: int
    """How long it lasts."""
    host: SideName = Field(sa_type=stored_as_text(SideName))
    place: str | None = None
    """A link or a room."""
    agenda: list[dict[str, object]] = Field(sa_type=JsonColumn)
    """Items `{"text", "minutes", "parked"}` in their order; those of the template with `step` in place of `text`."""
    uid: str
    """Of its calendar entry; an exchange that took the place of another keeps that one's."""
    sequence: int = 0
    """How often its calendar entry was sent anew."""
    moved_to: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was held, missed, moved, cancelled or ended."""
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When both sides were asked how it was."""
    topics: str | None = None
    take_away: str | None = None
    next: str | None = None
    """The three fields of its minutes."""
    minutes_by: SideName | None = Field(default=None, sa_type=stored_as_text(SideName))
    minutes_version: int = 0
    """How often the minutes were written; a confirmation is of one of them."""
    confirmed_a: int | None = None
    confirmed_b: int | None = None
    """Which version of the minutes each side has confirmed."""
    version: int = 1


class ExchangeFeedback(SQLModel, table=True):
    """Whether one side found an exchange useful: one click, seen by that side, and by others in aggregates only."""

    __tablename__ = "exchange_feedback"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id", ondelete="CASCADE")
    side: SideName = Field(primary_key=True, sa_type=stored_as_text(SideName))
    useful: bool
    said_at: datetime = Field(sa_type=UtcDateTime)


class TandemPulse(SQLModel, table=True):
    """What a side says at half-time, or at the end why."""

    __tablename__ = "tandem_pulse"

    tandem_id: str = Field(primary_key=True, foreign_key="tandem.id", ondelete="CASCADE")
    side: SideName = Field(primary_key=True, sa_type=stored_as_text(SideName))
    term: int = Field(primary_key=True)
    """1, and one more with each renewal."""
    at_end: bool = Field(default=False, primary_key=True)
    pulse: Pulse | None = Field(default=None, sa_type=stored_as_text(Pulse))
    fitted: bool | None = None
    """At the end: whether the two fitted. Where one says no they are not suggested to each other again."""
    why: str | None = None
    """In the side's own words, and for itself only."""
    said_at: datetime = Field(sa_type=UtcDateTime)


class Harvest(SQLModel, table=True):
    """Three lines on what the two have learned; a story once both sides say so."""

    __tablename__ = "harvest"

    tandem_id: str = Field(primary_key=True, foreign_key="tandem.id", ondelete="CASCADE")
    lines: list[str] = Field(sa_type=JsonColumn)
    written_by: SideName = Field(sa_type=stored_as_text(SideName))
    written_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    released_a: int | None = None
    released_b: int | None = None
    """Which version each side has released; the story is out while both have released the present one."""
    story_id: str | None = Field(default=None, unique=True)
    """What it is known by to everybody while it is out: it tells nothing of the tandem."""
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
