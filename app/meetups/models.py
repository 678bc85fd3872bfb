"""A meetup of communities of several companies, and its talks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, stored_as_text


class MeetupStatus(StrEnum):
    DRAFT = "draft"
    ANNOUNCED = "announced"
    """Everybody may read it; nobody can register yet, talks can be proposed."""
    OPEN = "open"
    FULL = "full"
    """As open, but whoever comes now waits."""
    HELD = "held"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


class TalkStatus(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


TO_COME = (MeetupStatus.ANNOUNCED, MeetupStatus.OPEN, MeetupStatus.FULL)
"""States of a meetup that everybody may read and that is yet to be held."""
PUBLIC = (*TO_COME, MeetupStatus.HELD, MeetupStatus.ARCHIVED, MeetupStatus.CANCELLED)


class Meetup(SQLModel, table=True):
    __tablename__ = "meetup"
    __table_args__ = (Index("ix_meetup_status_starts_at", "status", "starts_at"),)

    id: str = Field(primary_key=True)
    version: int = 1
    status: MeetupStatus = Field(sa_type=stored_as_text(MeetupStatus))
    title: str
    language: str
    purpose: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    time_zone: str
    """In which it was planned: it keeps its local time there."""
    online_link: str | None = None
    """Shown to those who have a place, and to organizers."""
    place: str | None = None
    host_company_id: str | None = Field(default=None, foreign_key="company.id", index=True)
    agenda: list[dict[str, object]] = Field(default_factory=no_items, sa_type=JsonColumn)
    """Items `{"text", "minutes"}`, or `{"talk_id", "minutes"}`, in their order."""

    capacity: int | None = None
    """Places; None: any number."""
    limit_per_company: int | None = None
    registration_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: until it starts."""
    confirm_within_hours: int = 48
    """So long is a place kept for somebody of the waiting list."""
    taken: int = 0
    """Places that are taken, or kept for somebody of the waiting list.

    This, `waiting` and `last_number` follow the registrations until the meetup is held or cancelled. From then on
    they tell how it was at the end: who is erased, or forgotten after some time, is still counted.
    """
    waiting: int = 0
    """How many are on the waiting list."""
    last_number: int = 0
    """The number in line that was given out last."""

    uid: str
    """Of its calendar entry."""
    sequence: int = 0
    """How often its date or place has changed since it was announced."""
    cancel_message: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    announced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminded_week_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of which start people were reminded a week before; another one is told anew."""
    reminded_day_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    feedback_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    summary_told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    figures: dict[str, object] | None = Field(default=None, sa_type=JsonColumn)
    """What was said of it, once that is told; and totals, once registrations are forgotten. Kept by registrations."""


class Talk(SQLModel, table=True):
    """What a community wants to tell at a meetup."""

    __tablename__ = "talk"
    __table_args__ = (
        UniqueConstraint("meetup_id", "story_id"),
        Index("ix_talk_meetup_id_id", "meetup_id", "id"),
    )

    id: str = Field(primary_key=True)
    version: int = 1
    meetup_id: str = Field(foreign_key="meetup.id", ondelete="CASCADE")
    status: TalkStatus = Field(sa_type=stored_as_text(TalkStatus))
    title: str
    abstract: str
    language: str
    minutes: int
    company_id: str = Field(foreign_key="company.id", index=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    speaker_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    """Who speaks; None once that person is erased."""
    # Tandems are neighbours: no foreign key.
    story_id: str | None = None
    """The released story that it tells."""
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
