"""A person who speaks for communities: as little as a message needs."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import UtcDateTime, stored_as_text


class PersonStatus(StrEnum):
    ACTIVE = "active"
    ERASED = "erased"


class Person(SQLModel, table=True):
    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("company_id", "email"),)

    id: str = Field(primary_key=True)
    company_id: str = Field(foreign_key="company.id", index=True)
    email: str
    first_name: str
    language: str | None = None
    status: PersonStatus = Field(default=PersonStatus.ACTIVE, sa_type=stored_as_text(PersonStatus))
    created_at: datetime = Field(sa_type=UtcDateTime)
