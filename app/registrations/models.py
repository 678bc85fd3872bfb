"""A person who comes to a meetup, and what it says after it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, stored_as_text


class RegistrationStatus(StrEnum):
    UNCONFIRMED = "unconfirmed"
    """Made on the public page; the address has not been confirmed, and no place is taken."""
    REGISTERED = "registered"
    WAITING = "waiting"
    OFFERED = "offered"
    """A place is kept for somebody of the waiting list, until it is confirmed or its time is over."""
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    """The place that was offered was not confirmed in time."""


class RegisteredBy(StrEnum):
    PAGE = "page"
    PORTAL = "portal"
    PERSON = "person"
    """By a key of its own."""


class Usefulness(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"


TAKES_A_PLACE = (RegistrationStatus.REGISTERED, RegistrationStatus.OFFERED)
IN_LINE = (*TAKES_A_PLACE, RegistrationStatus.WAITING)


class Registration(SQLModel, table=True):
    """One row for each person and meetup; who registers again after cancelling goes to the end of the line."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("meetup_id", "person_id"),
        UniqueConstraint("meetup_id", "number"),
        Index("ix_registration_meetup_id_status_number", "meetup_id", "status", "number"),
        Index("ix_registration_company_id_id", "company_id", "id"),
        Index("ix_registration_status_offered_until", "status", "offered_until"),
    )

    id: str = Field(primary_key=True)
    version: int = 1
    meetup_id: str = Field(foreign_key="meetup.id", ondelete="CASCADE")
    person_id: str = Field(foreign_key="person.id", index=True)
    company_id: str = Field(foreign_key="company.id")
    community_id: str | None = Field(default=None, foreign_key="community.id", index=True)
    status: RegistrationStatus = Field(sa_type=stored_as_text(RegistrationStatus))
    number: int | None = None
    """Its number in line, in the order in which registrations were stored; None while it is unconfirmed."""
    by: RegisteredBy = Field(sa_type=stored_as_text(RegisteredBy))
    themes: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    learn: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    """What the person wants to learn about."""
    show: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    """What the person can show."""
    languages: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    excluded_companies: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    """With whom the person is not to sit in a group."""
    stays: bool = False
    """Whether the person consents that this is kept beyond 90 days after the meetup, to be told of the next ones."""
    attended: bool | None = None
    """None: nobody has said."""
    turn: int = 0
    """How often the person has come or gone: counted into the sequence of its calendar entry."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    registered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it took its number in line."""
    offered_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Until when an offered place is kept: until the meetup begins, as long as nobody has told the person."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was cancelled, or lapsed."""


class SentSignUp(SQLModel, table=True):
    """A form that was sent on a public page, whoever it names; kept for some days, to count them."""

    __tablename__ = "sign_up"
    __table_args__ = (
        Index("ix_sign_up_meetup_id_sent_at", "meetup_id", "sent_at"),
        Index("ix_sign_up_address_sent_at", "address", "sent_at"),
    )

    id: str = Field(primary_key=True)
    meetup_id: str = Field(foreign_key="meetup.id", ondelete="CASCADE")
    domain: str
    network: str
    """A keyed mark of where it came from, and of the day."""
    address: str | None = None
    """A keyed mark of the mailbox that was mailed; None where that has had enough mails for a day."""
    sent_at: datetime = Field(sa_type=UtcDateTime, index=True)


class MeetupFeedback(SQLModel, table=True):
    """What a person says of a meetup; others see it in aggregates of enough people only."""

    __tablename__ = "meetup_feedback"

    registration_id: str = Field(primary_key=True, foreign_key="registration.id", ondelete="CASCADE")
    meetup_id: str = Field(foreign_key="meetup.id", index=True, ondelete="CASCADE")
    useful: Usefulness = Field(sa_type=stored_as_text(Usefulness))
    comment: str | None = None
    """For organizers, without a name."""
    said_at: datetime = Field(sa_type=UtcDateTime)
