"""What is on record about the guardrail: who accepted the guideline, who objected, which hints were kept and why."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.core.database import UtcDateTime


class GuidelineAcceptance(SQLModel, table=True):
    """A person has accepted a version of the guideline. Each renewal is a row of its own."""

    __tablename__ = "guideline_acceptance"

    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    version: str
    accepted_at: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(index=True, sa_type=UtcDateTime)
    recorded_by: str
    """The role of the key that recorded it."""
    end_told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was made known that it runs out."""


class Objection(SQLModel, table=True):
    """Somebody objected in an exchange: who, when, at which item of the agenda; not to what. Only ever added to.

    It stands for itself: what it refers to may be gone, and of an erased person the opaque id stays.
    """

    __tablename__ = "objection"

    id: str = Field(primary_key=True)
    tandem_id: str = Field(index=True)
    exchange_id: str | None = Field(default=None, index=True)
    side: str
    person_id: str | None = Field(default=None, index=True)
    item: str
    objected_at: datetime = Field(sa_type=UtcDateTime)


class GuardrailNote(SQLModel, table=True):
    """An author keeps a text in spite of a hint, with a reason. Only ever added to; it counts while the text is the
    same."""

    __tablename__ = "guardrail_note"

    id: str = Field(primary_key=True)
    subject_kind: str
    """What kind of thing the text belongs to, e.g. `community`."""
    subject_id: str = Field(index=True)
    pointer: str
    """A JSON pointer to the text in it."""
    topic: int
    text_hash: str
    reason: str
    recorded_by: str
    """The role of the key that recorded it."""
    person_id: str | None = Field(default=None, index=True)
    """Whose key it was, where it was a person's."""
    recorded_at: datetime = Field(sa_type=UtcDateTime)
