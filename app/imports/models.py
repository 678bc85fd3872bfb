"""An import, its file while it is worked on, the rows it refused, and what it changed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, UniqueConstraint, true
from sqlmodel import Field, SQLModel

from app.core.database import JsonColumn, UtcDateTime, no_items, no_values, stored_as_text


class ImportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportFormat(StrEnum):
    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"


class Change(StrEnum):
    """What an import does to a community; unchanged ones are only counted."""

    NEW = "new"
    CHANGED = "changed"
    MISSING = "missing"


class Import(SQLModel, table=True):
    __tablename__ = "import"

    id: str = Field(primary_key=True)
    company_id: str = Field(foreign_key="company.id", index=True)
    source: str
    format: ImportFormat = Field(sa_type=stored_as_text(ImportFormat))
    dry_run: bool
    status: ImportStatus = Field(sa_type=stored_as_text(ImportStatus))
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lines_done: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    missing: int | None = None
    details_kept: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    problem: dict[str, str] | None = Field(default=None, sa_type=JsonColumn)


class ImportPayload(SQLModel, table=True):
    """The file of an import as it came, kept until it is done."""

    __tablename__ = "import_payload"

    import_id: str = Field(primary_key=True, foreign_key="import.id", ondelete="CASCADE")
    content: bytes = Field(sa_type=LargeBinary)


class ImportRefusal(SQLModel, table=True):
    """A row that was not stored, and what to do about it."""

    __tablename__ = "import_refusal"
    __table_args__ = (UniqueConstraint("import_id", "line", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    import_id: str = Field(foreign_key="import.id", ondelete="CASCADE")
    line: int
    number: int
    field: str | None = None
    heading: str | None = None
    kind: str
    context: dict[str, str | int | float] = Field(default_factory=no_values, sa_type=JsonColumn)


class ImportChange(SQLModel, table=True):
    """A community that an import makes, changes or misses, numbered in the order of the file."""

    __tablename__ = "import_change"

    import_id: str = Field(primary_key=True, foreign_key="import.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    change: Change = Field(sa_type=stored_as_text(Change))
    line: int | None = None
    external_id: str
    community_id: str | None = None
    name: str
    fields: list[str] = Field(default_factory=no_items, sa_type=JsonColumn)
