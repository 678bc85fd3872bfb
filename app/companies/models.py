"""A participating company."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, stored_as_text


class CompanyStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    LEAVING = "leaving"
    LEFT = "left"


class Company(SQLModel, table=True):
    __tablename__ = "company"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    sector: str
    time_zone: str
    mail_domains: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    status: CompanyStatus = Field(index=True, sa_type=stored_as_text(CompanyStatus))
    created_at: datetime = Field(sa_type=UtcDateTime)
