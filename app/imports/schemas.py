"""What the API returns about imports."""

from pydantic import ConfigDict, Field

from app.core.schemas import Output, UtcTime
from app.imports.models import Change, ImportFormat, ImportStatus


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
    missing: int | None = Field(
        description="Communities of this source that are stored, not archived, and not in the file; they stay as "
        "they are. Null until the whole file has been read."
    )
    details_kept: bool = Field(
        description="Whether /refusals and /changes still list rows: they do for the newest 20 imports of a source."
    )
    problem: str | None = Field(description="Why the whole import failed, and what to do.")
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "imp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "source": "intranet",
                "format": "csv",
                "dry_run": False,
                "status": "done",
                "progress": 1.0,
                "stage": "done",
                "rows": 3,
                "created": 1,
                "updated": 1,
                "unchanged": 0,
                "refused": 1,
                "missing": 0,
                "details_kept": True,
                "created_at": "2026-11-24T09:00:00Z",
                "started_at": "2026-11-24T09:00:00Z",
                "finished_at": "2026-11-24T09:00:01Z",
            }
        }
    )


class RefusalOut(Output):
    line: int = Field(
        description="Line of the file on which the row starts, or number of the element in a JSON array, from 1."
    )
    field: str | None = Field(
        description="In a CSV file the heading as it is written there (the one to add where the column is missing), "
        "otherwise the same as `pointer`; null when the whole row is meant."
    )
    pointer: str | None = Field(description="JSON pointer to the field of the profile that is meant.")
    problem: str = Field(description="What is wrong and what to do.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "line": 4,
                "field": "Sprachen",
                "pointer": "/languages/0",
                "problem": "deutsch is not a language tag; use one like `de`, `en` or `de-CH`",
            }
        }
    )


class ChangeOut(Output):
    change: Change
    line: int | None = Field(description="Line of the file; null for a missing community.")
    external_id: str
    community_id: str | None = Field(description="Null for a new one in a dry run.")
    name: str
    fields: list[str] = Field(description="Fields that differ, for a changed community.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "change": "changed",
                "line": 2,
                "external_id": "data-literacy",
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "name": "Data Literacy Circle",
                "fields": ["purpose", "tags"],
            }
        }
    )
