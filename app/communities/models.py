"""Community profiles and who speaks for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, stored_as_text
from app.people.models import PersonStatus


class CommunityStatus(StrEnum):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    PUBLISHED = "published"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Kind(StrEnum):
    INTEREST = "interest"
    ACTION = "action"
    CIRCUMSTANCE = "circumstance"
    PLACE = "place"
    PRACTICE = "practice"


class Practice(StrEnum):
    HELPING = "helping"
    BEST_PRACTICE = "best_practice"
    INNOVATION = "innovation"
    STEWARDING = "stewarding"


class Origin(StrEnum):
    GRASSROOTS = "grassroots"
    SPONSORED = "sponsored"


class Access(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class SizeBand(StrEnum):
    UNDER_50 = "<50"
    FROM_50 = "50-99"
    FROM_100 = "100-499"
    FROM_500 = "500-1999"
    FROM_2000 = "2000-4000"
    OVER_4000 = ">4000"


class Collaboration(StrEnum):
    ON_SITE = "on_site"
    HYBRID = "hybrid"
    VIRTUAL = "virtual"


class Stage(StrEnum):
    IDEA = "idea"
    CONCEPT = "concept"
    FIRST_STEPS = "first_steps"
    RAMP_UP = "ramp_up"
    LIVE = "live"
    GROWTH = "growth"
    ENDING = "ending"


class Format(StrEnum):
    TALK = "talk"
    AMA = "ama"
    BARCAMP = "barcamp"
    CASE_CLINIC = "case_clinic"
    KNOWLEDGE_CAFE = "knowledge_cafe"
    PEER_LEARNING = "peer_learning"
    PODCAST = "podcast"
    HACKATHON = "hackathon"
    WORKING_OUT_LOUD = "working_out_loud"
    LUNCH_AND_LEARN = "lunch_and_learn"
    OTHER = "other"


def formats_in_words(practised: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The formats that a community practises or wants as one reads them, each once; `other` says nothing."""
    both = dict.fromkeys((*practised, *wanted))
    return tuple(one.replace("_", " ") for one in both if one != Format.OTHER)


class SensitiveTopic(StrEnum):
    """Work that a community touches and that calls for care under competition law."""

    PURCHASING = "purchasing"
    SALES = "sales"
    PRICING = "pricing"
    PAY_OR_HR_TERMS = "pay_or_hr_terms"
    TENDERS = "tenders"
    PRODUCT_ROADMAP = "product_roadmap"


class Community(SQLModel, table=True):
    __tablename__ = "community"
    __table_args__ = (
        UniqueConstraint("company_id", "source", "external_id"),
        Index("ix_community_status_id", "status", "id"),
        Index("ix_community_company_id_id", "company_id", "id"),
    )

    id: str = Field(primary_key=True)
    company_id: str = Field(foreign_key="company.id")
    source: str | None = None
    external_id: str | None = None
    status: CommunityStatus = Field(sa_type=stored_as_text(CommunityStatus))
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)

    # What a portal knows.
    name: str
    teaser: str | None = None
    purpose: str | None = None
    description: str | None = None
    topics: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    tags: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    target_group: str | None = None
    kind: Kind | None = Field(default=None, sa_type=stored_as_text(Kind))
    practice: Practice | None = Field(default=None, sa_type=stored_as_text(Practice))
    origin: Origin | None = Field(default=None, sa_type=stored_as_text(Origin))
    access: Access | None = Field(default=None, sa_type=stored_as_text(Access))
    size_band: SizeBand | None = Field(default=None, sa_type=stored_as_text(SizeBand))
    founded_year: int | None = None
    languages: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    time_zone: str | None = None
    platform: str | None = None
    collaboration: Collaboration | None = Field(default=None, sa_type=stored_as_text(Collaboration))

    # What a manager adds; once entered, a portal does not overwrite it.
    stage: Stage | None = Field(default=None, sa_type=stored_as_text(Stage))
    offers: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    seeks: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    formats_practised: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    formats_wanted: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    rhythm_weeks: int | None = None
    meeting_minutes: int | None = None
    capacity: int = 1
    horizon_months: int | None = None
    wished_companies: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    excluded_companies: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    wished_sectors: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    excluded_sectors: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
    touches: list[str] | None = Field(default=None, sa_type=JsonColumn)
    listed_openly: bool = False
    asks_per_quarter: int | None = None
    """How often at most it wants to be suggested somebody in a quarter of the calendar; None: no limit."""
    ask_not_before: date | None = None
    entered_by_manager: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)

    # State.
    consent_by: str | None = None
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: date | None = None
    paused_by: str | None = None
    merged_into: str | None = None
    confirm_again_by: date | None = None
    confirm_asked_for: date | None = None
    """Of which `confirm_again_by` its managers were asked."""
    feed_number: int = 0
    """Of its calendar feed; one more makes the addresses given out before useless."""


class CommunityManager(SQLModel, table=True):
    """A person who speaks for a community."""

    __tablename__ = "community_manager"

    community_id: str = Field(primary_key=True, foreign_key="community.id", ondelete="CASCADE")
    person_id: str = Field(primary_key=True, foreign_key="person.id", index=True)
    deputy: bool = False


class LearnedPreference(SQLModel, table=True):
    """What a community's own declines have led to. It stands in the community's own field, and only tells where it
    came from: once somebody has changed the field, it does not hold any more."""

    __tablename__ = "learned_preference"

    community_id: str = Field(primary_key=True, foreign_key="community.id", ondelete="CASCADE")
    field: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    """A day, or a sector of the list."""
    because: str
    """The code of a decline."""
    learned_at: datetime = Field(sa_type=UtcDateTime)


class CommunityAlias(SQLModel, table=True):
    """An identifier of a community that was merged into another, and finds that one from then on."""

    __tablename__ = "community_alias"

    company_id: str = Field(primary_key=True, foreign_key="company.id")
    source: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True, ondelete="CASCADE")


class CommunityConsent(SQLModel, table=True):
    """Who of a community agreed to be published and when, and who recorded it. Only ever added to."""

    __tablename__ = "community_consent"

    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True, ondelete="CASCADE")
    consent_by: str
    consent_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class Speaker(NamedTuple):
    """A person who speaks for a community."""

    person_id: str
    email: str
    first_name: str
    language: str | None
    status: PersonStatus
    deputy: bool


@dataclass(frozen=True, slots=True)
class Participant:
    """What a round reads of a community: never contacts."""

    id: str
    company_id: str
    name: str
    teaser: str | None
    purpose: str | None
    description: str | None
    topics: list[str]
    tags: list[str]
    offers: list[str]
    seeks: list[str]
    target_group: str | None
    stage: Stage | None
    formats_practised: list[Format]
    formats_wanted: list[Format]
    languages: list[str]
    time_zone: str | None
    capacity: int
    excluded_companies: list[str]
    excluded_sectors: list[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether a community can be paired at this moment, and whom it keeps away from."""

    id: str
    company_id: str
    sector: str
    takes_part: bool
    capacity: int
    excluded_companies: list[str]
    excluded_sectors: list[str]
    asks_per_quarter: int | None
    ask_not_before: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carded:
    """What the masked card of a community is made from, and whose it is."""

    id: str
    company_id: str
    name: str
    purpose: str | None
    topics: list[str]
    tags: list[str]
    languages: list[str]
    kind: Kind | None
    size_band: SizeBand | None
    stage: Stage | None
    formats_practised: list[Format]
    formats_wanted: list[Format]
    listed_openly: bool
    company_name: str
    sector: str
