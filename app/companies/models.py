"""Participating companies, and how close two of them are in their business."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.core.database import UtcDateTime, stored_as_text


class CompanyStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    LEAVING = "leaving"
    LEFT = "left"


class Proximity(StrEnum):
    """What competition law asks of two companies, the least care first."""

    FREE = "free"
    APPROVAL = "approval"
    """A coordinator approves each tandem."""
    EXCLUDED = "excluded"
    """Their communities never meet."""


class Approves(StrEnum):
    """Of which tandems a company wants its coordinators to approve, where it has decided nothing about the other."""

    SAME_SECTOR = "same_sector"
    ALWAYS = "always"


class Company(SQLModel, table=True):
    __tablename__ = "company"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    sector: str
    time_zone: str
    imprint: str | None = None
    privacy_notice: str | None = None
    status: CompanyStatus = Field(index=True, sa_type=stored_as_text(CompanyStatus))
    version: int = 1
    erase_on: date | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    approves: Approves = Field(default=Approves.SAME_SECTOR, sa_type=stored_as_text(Approves))
    approve_within_days: int = 14
    """For how long its coordinators are waited for."""


class CompanyCoordinator(SQLModel, table=True):
    """A person who approves tandems for a company; a deputy is asked when half of the time is over."""

    __tablename__ = "company_coordinator"

    company_id: str = Field(primary_key=True, foreign_key="company.id")
    person_id: str = Field(primary_key=True, foreign_key="person.id", index=True)
    deputy: bool = False


class CompanyProximity(SQLModel, table=True):
    """What one company has decided about another; the stricter of the two sides holds."""

    __tablename__ = "company_proximity"

    company_id: str = Field(primary_key=True, foreign_key="company.id")
    other_id: str = Field(primary_key=True, foreign_key="company.id", index=True)
    proximity: Proximity = Field(sa_type=stored_as_text(Proximity))
    version: int = 1
    decided_at: datetime = Field(sa_type=UtcDateTime)
