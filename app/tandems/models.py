"""A suggestion with its two sides, and the tandem that comes of it when all have said yes."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, stored_as_text


class SuggestionOrigin(StrEnum):
    ROUND = "round"
    ALTERNATE = "alternate"
    """Offered after another suggestion of the round came to nothing."""
    SPONTANEOUS = "spontaneous"
    MEETUP = "meetup"
    """Two people of a group at a meetup want to meet again."""


class SuggestionStatus(StrEnum):
    OPEN = "open"
    ONE_YES = "one_yes"
    AWAITING_COORDINATOR = "awaiting_coordinator"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NOT_NOW = "not_now"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_NOW = "not_now"


class DeclineReason(StrEnum):
    """Why a side does not want a suggestion, as it may say and need not."""

    NO_TIME = "no_time"
    THEME_DOES_NOT_FIT = "theme_does_not_fit"
    PARTNER_TOO_SIMILAR = "partner_too_similar"
    OTHER_SECTOR_WISHED = "other_sector_wished"
    SAME_SECTOR_NOT_WISHED = "same_sector_not_wished"
    LANGUAGE = "language"
    OTHER = "other"


class Approval(StrEnum):
    ASKED = "asked"
    """Both sides have said yes, and the company's coordinator is to approve."""
    APPROVED = "approved"
    REFUSED = "refused"


class SideName(StrEnum):
    A = "a"
    B = "b"

    @property
    def other(self) -> "SideName":
        return SideName.B if self is SideName.A else SideName.A


class TandemStatus(StrEnum):
    STARTING = "starting"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSING = "closing"
    CLOSED = "closed"


class TandemEnding(StrEnum):
    """How a tandem came to its end."""

    CLOSED = "closed"
    """One of the two has closed it."""
    ROTATED = "rotated"
    """One of the two looks for another partner."""
    RUN_OUT = "run_out"
    """Its time was over, or it was to end well, and nobody has renewed it."""
    COMMUNITY_GONE = "community_gone"
    COMPANY_LEFT = "company_left"


OPEN = (SuggestionStatus.OPEN, SuggestionStatus.ONE_YES, SuggestionStatus.AWAITING_COORDINATOR)
"""A suggestion in one of these states waits for somebody and takes a place of each side's capacity."""

_IS_OPEN = text("status IN ('open', 'one_yes', 'awaiting_coordinator')")


class Suggestion(SQLModel, table=True):
    """A pair that is offered to its two sides."""

    __tablename__ = "suggestion"
    __table_args__ = (
        Index("ix_suggestion_status_expires_at", "status", "expires_at"),
        Index("ix_suggestion_round_id_status", "round_id", "status"),
        Index("ix_suggestion_status_remind_at", "status", "remind_at"),
        # Two rounds released at the same moment would otherwise ask the same pair twice.
        Index(
            "ix_suggestion_open_pair",
            "a_id",
            "b_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    id: str = Field(primary_key=True)
    origin: SuggestionOrigin = Field(sa_type=stored_as_text(SuggestionOrigin))
    # Rounds stand above, meetups aside: no foreign keys.
    round_id: str | None = None
    meetup_id: str | None = Field(default=None, index=True)
    a_id: str = Field(foreign_key="community.id", index=True)
    b_id: str = Field(foreign_key="community.id", index=True)
    status: SuggestionStatus = Field(sa_type=stored_as_text(SuggestionStatus))
    similarity: float
    score: float | None = None
    """Similarity times correction, as the round had it; None where no round has compared the two."""
    probability: float | None = None
    """That the two are a good pair, as the round had it. Never shown to the two."""
    reasons: list[dict[str, object]] = Field(sa_type=JsonColumn)
    other: float
    opened_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tandem_id: str | None = None
    followed_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was looked whether the sides are to be offered somebody else; None until then."""
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When somebody is to be reminded next; None: nobody any more."""
    awaiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when both sides have said yes and coordinators are asked."""
    forgotten_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When what it said of the two was taken out, for nobody had answered it."""


class SuggestionSide(SQLModel, table=True):
    """What one side of a suggestion, and its company's coordinator, have said."""

    __tablename__ = "suggestion_side"

    suggestion_id: str = Field(primary_key=True, foreign_key="suggestion.id", ondelete="CASCADE")
    side: SideName = Field(primary_key=True, sa_type=stored_as_text(SideName))
    community_id: str = Field(foreign_key="community.id", index=True)
    company_id: str = Field(foreign_key="company.id", index=True)
    answer: Answer | None = Field(default=None, sa_type=stored_as_text(Answer))
    until: date | None = None
    """With `not_now`: from this day on the pair may be suggested again."""
    reason: str | None = None
    """In the side's own words, and for itself only."""
    why: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    """Codes of `DeclineReason`, for the own side only."""
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the side spoke first; who asks another one is the first of the two."""
    answered_by: str | None = None
    """Id of the person, or of the key where it is no person's."""
    answered_as: str | None = None
    """The role in which it was said."""
    approval: Approval | None = Field(default=None, sa_type=stored_as_text(Approval))
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replaced_by: str | None = None
    """The suggestion that this side was offered instead."""


class Tandem(SQLModel, table=True):
    """Two communities that meet, after both have said yes."""

    __tablename__ = "tandem"

    id: str = Field(primary_key=True)
    suggestion_id: str = Field(foreign_key="suggestion.id", unique=True)
    a_id: str = Field(foreign_key="community.id", index=True)
    b_id: str = Field(foreign_key="community.id", index=True)
    a_company: str = Field(foreign_key="company.id", index=True)
    b_company: str = Field(foreign_key="company.id", index=True)
    status: TandemStatus = Field(index=True, sa_type=stored_as_text(TandemStatus))
    started_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
    term: int = 1
    """One more with each renewal."""
    rhythm_weeks: int = 6
    meeting_minutes: int = 60
    horizon_months: int = 6
    """For how long the two want to meet before they decide anew."""
    time_zone: str = "UTC"
    """In which its dates are meant: an exchange stays at ten o'clock when the clocks change."""
    next_host: SideName = Field(default=SideName.A, sa_type=stored_as_text(SideName))
    kicked_off_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_on: date | None = Field(default=None, index=True)
    """When the horizon is over: set at the kick-off and by each renewal. Until the kick-off: when it is given up."""
    paused_on: date | None = None
    paused_until: date | None = Field(default=None, index=True)
    """From this day on it goes on by itself."""
    closes_on: date | None = Field(default=None, index=True)
    """While it is closing: on this day it is closed with thanks."""
    ending: TandemEnding | None = Field(default=None, sa_type=stored_as_text(TandemEnding))
    next_due_at: datetime | None = Field(default=None, index=True, sa_type=UtcDateTime)
    """When the two should meet next, by their rhythm."""
    due_told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of which `next_due_at` the two were reminded."""
    pulse_asked: int = 0
    """The last term in which both were asked how it goes."""
    renewal_asked: int = 0
    """The last term in which both were asked whether they go on."""
    contacts_a: str | None = None
    contacts_b: str | None = None
    """Who spoke for each side when its partner was last told, as a mark that names nobody."""
    forgotten_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When what is personal in its meetings was thrown away."""

    def side_of(self, company_id: str) -> SideName:
        """Which of the two a company is."""
        return SideName.A if company_id == self.a_company else SideName.B
