"""What the API returns about imports."""

from pydantic import Field

from app.core.schemas import Output, UtcTime
from app.imports.models import ImportFormat, ImportStatus


class ImportOut(Output):
    id: str
    company_id: str
    source: str
    format: ImportFormat
    dry_run: bool
    status: ImportStatus
    progress: float = Field(description="0 to 1.")
    stage: str = Field(description="What is happening, in words.")
    rows: int = Field(description="Rows looked at so far.")
    created: int
    updated: int
    unchanged: int
    refused: int = Field(description="Rows not stored; see /v1/imports/{id}/refusals.")
    problem: str | None = Field(description="Why the whole import failed, and what to do.")
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None


class RefusalOut(Output):
    line: int = Field(description="Line of the file, or number of the element in a JSON array, from 1.")
    field: str | None = Field(description="JSON pointer to the field; null when the whole row is meant.")
    problem: str = Field(description="What is wrong and what to do.")
