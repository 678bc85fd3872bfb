"""A person who speaks for communities: as little as a message needs."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.database import UtcDateTime, stored_as_text


class PersonStatus(StrEnum):
    ACTIVE = "active"
    WAITING = "waiting"
    """Of a mail domain that is not the company's: a coordinator looks first."""
    UNCONFIRMED = "unconfirmed"
    """Somebody has typed the address into a form. Until its owner confirms it nobody sees the person."""
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
    guest: bool = False
    """Known by registrations for meetups only: forgotten with the last one, unless the company enters the person."""
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class MailDomain(SQLModel, table=True):
    """A mail domain of a company; verified once an operator has vouched for it."""

    __tablename__ = "mail_domain"

    domain: str = Field(primary_key=True)
    company_id: str = Field(foreign_key="company.id", index=True)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
