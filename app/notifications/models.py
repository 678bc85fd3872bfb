"""The outbox, where webhooks go, and what a person wants to be told."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, stored_as_text


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class MessageStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"
    """Tried for long enough in vain: it waits for somebody to send it again."""
    RETRACTED = "retracted"
    """Taken back before it was sent."""
    DROPPED = "dropped"
    """What it was to tell was over when its turn came, or the recipient does not want it."""


class Message(SQLModel, table=True):
    """What is to be sent, as the name of a template and ids: it is put into words at sending time."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_status_due_at", "status", "due_at"),
        # What is due for one endpoint, and for the mail server (null).
        Index("ix_message_endpoint_id_status_due_at", "endpoint_id", "status", "due_at"),
    )

    id: str = Field(primary_key=True)
    """Also what the receiver knows it by: of two with the same id one is a duplicate."""
    channel: Channel = Field(sa_type=stored_as_text(Channel))
    template: str
    """The name of a mail's template, or the type of a webhook's event."""
    ids: dict[str, str] = Field(sa_type=JsonColumn)
    subject_id: str = Field(index=True)
    """What the message is about, to take it back by."""
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    endpoint_id: str | None = Field(default=None, foreign_key="webhook_endpoint.id", ondelete="CASCADE")
    key: str = Field(unique=True)
    """What makes it one message: the same key is never queued twice."""
    status: MessageStatus = Field(sa_type=stored_as_text(MessageStatus))
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When it is tried next, while it waits."""
    attempts: int = 0
    """How often it was tried, or was due for an endpoint that did not answer."""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem: str | None = None
    """Why the last try failed, in a word that names nobody."""


class EndpointStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class WebhookEndpoint(SQLModel, table=True):
    """An address of a company that is told what happens to its communities."""

    __tablename__ = "webhook_endpoint"

    id: str = Field(primary_key=True)
    company_id: str = Field(foreign_key="company.id", index=True)
    url: str
    kinds: list[str] = Field(sa_type=JsonColumn)
    """The types of events that are sent; empty for all."""
    status: EndpointStatus = Field(sa_type=stored_as_text(EndpointStatus))
    secret: str
    """Encrypted with a key made from the pepper: signing needs it in plain."""
    previous_secret: str | None = None
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Wants(StrEnum):
    ALL = "all"
    NEEDS_ME = "needs_me"
    """Only what waits for this person."""
    NOTHING = "nothing"


class MailPreference(SQLModel, table=True):
    """What a person wants to be mailed; no row is `all`."""

    __tablename__ = "mail_preference"

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    wants: Wants = Field(sa_type=stored_as_text(Wants))
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SenderLease(SQLModel, table=True):
    """The right to send the messages of this database, one row for all of it; see `leasing`."""

    __tablename__ = "sender_lease"

    name: str = Field(primary_key=True)
    fence: int
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
