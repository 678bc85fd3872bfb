"""API keys and what they may do."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.core.database import UtcDateTime, stored_as_text


class Role(StrEnum):
    OPERATOR = "operator"
    """Companies and keys, for the whole service."""
    ORGANIZER = "organizer"
    """Meetups and match rounds, for all companies."""
    COORDINATOR = "coordinator"
    """One company: approvals, keys, people."""
    PORTAL = "portal"
    """One company's intranet: its communities."""
    MANAGER = "manager"
    """One person: the communities it speaks for."""
    PARTICIPANT = "participant"
    """One person: its own registrations."""


COMPANY_ROLES = frozenset({Role.COORDINATOR, Role.PORTAL})
PERSON_ROLES = frozenset({Role.MANAGER, Role.PARTICIPANT})


class KeyStatus(StrEnum):
    ACTIVE = "active"
    ROTATING = "rotating"
    """The secret was replaced; the one before still works for a while."""
    REVOKED = "revoked"
    EXPIRED = "expired"


class ApiKey(SQLModel, table=True):
    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    prefix: str = Field(unique=True)
    secret_hash: str
    role: Role = Field(sa_type=stored_as_text(Role))
    read_only: bool = False
    company_id: str | None = Field(default=None, foreign_key="company.id", index=True)
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    label: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    # The secret before the last rotation.
    previous_prefix: str | None = Field(default=None, unique=True)
    previous_hash: str | None = None
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
