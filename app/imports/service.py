"""Imports: a file is queued, read row by row, and each row is stored whole or refused with what to do."""

from collections.abc import Sequence, Set
from datetime import datetime

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from app.access import service as access
from app.access.service import Caller
from app.communities import service as communities
from app.companies import service as companies
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import NotFound, Unprocessable
from app.core.i18n import Language, mark, translate
from app.core.ids import new_id
from app.imports import changes, unpacking
from app.imports.messages import UnreadableFile, file_problem, row_problem
from app.imports.models import Import, ImportFormat, ImportPayload, ImportRefusal, ImportStatus
from app.imports.reading import Row
from app.imports.schemas import ImportOut, RefusalOut

JOB = "import"

STAGES = {
    ImportStatus.QUEUED: mark("waiting for a worker"),
    ImportStatus.RUNNING: mark("storing rows"),
    ImportStatus.DONE: mark("done"),
    ImportStatus.FAILED: mark("failed"),
}


class ImportNotFound(NotFound):
    slug = "import-not-found"
    title = mark("No such import")
    detail = mark("There is no import {import_id} that you may see. List yours with GET /v1/imports.")


class NothingToImport(Unprocessable):
    slug = "nothing-to-import"
    title = mark("The file is empty")
    detail = mark("Send the rows as the body: NDJSON (one object a line), a JSON array, or CSV with headings.")


def create(
    session: Session,
    caller: Caller,
    *,
    content: bytes,
    file_format: ImportFormat,
    source: str,
    company: str | None,
    dry_run: bool,
) -> Import:
    """Queue a file. The rows are looked at later, by a worker."""
    owner = companies.get_active(session, caller, access.company_for(caller, company))
    if unpacking.is_blank(content):
        raise NothingToImport
    queued = Import(
        id=new_id("imp"),
        company_id=owner.id,
        source=source,
        format=file_format,
        dry_run=dry_run,
        status=ImportStatus.QUEUED,
        created_at=now(),
    )
    session.add(queued)
    session.flush()
    session.add(ImportPayload(import_id=queued.id, content=content))
    jobs.enqueue(session, JOB, queued.id)
    return queued


def get(session: Session, caller: Caller, import_id: str) -> Import:
    """The import, if it is of the caller's company. Raises ImportNotFound."""
    found = session.get(Import, import_id)
    if found is None or (caller.company_id is not None and found.company_id != caller.company_id):
        raise ImportNotFound(import_id=import_id)
    return found


def store_rows(session: Session, running: Import, rows: Sequence[Row]) -> None:
    """Store one batch: documents, refusals, changes, counts and how far the file is done, all or none."""
    documents = {row.external_id: row.document for row in rows if row.document is not None and row.external_id}
    stored = communities.store(session, running.company_id, running.source, documents, dry_run=running.dry_run)
    refused = [
        {
            "import_id": running.id,
            "line": row.line,
            "number": number,
            "field": refusal.field,
            "heading": refusal.heading,
            "kind": refusal.kind,
            "context": dict(refusal.context or {}),
        }
        for row in rows
        for number, refusal in enumerate(row.refusals)
    ]
    if refused:
        session.execute(insert(ImportRefusal), refused)
    changes.record(session, running, rows, stored)
    running.created += len(stored.created)
    running.updated += len(stored.updated)
    running.unchanged += len(documents) - len(stored.created) - len(stored.updated)
    running.refused += sum(row.document is None for row in rows)
    running.lines_done = rows[-1].line
    session.add(running)


def begin(session: Session, import_id: str) -> tuple[Import, bytes]:
    """Take up an import, for the first time or where a lost worker left it."""
    running = session.get_one(Import, import_id)
    payload = session.get_one(ImportPayload, import_id)
    running.status = ImportStatus.RUNNING
    running.started_at = running.started_at or now()
    session.add(running)
    return running, payload.content


def finish(session: Session, import_id: str, external_ids: Set[str]) -> None:
    """The file was read to its end, with these external ids in it: note what it misses, and close the import."""
    changes.record_missing(session, session.get_one(Import, import_id), external_ids)
    _close(session, import_id, ImportStatus.DONE)


def fail(session: Session, import_id: str, failure: UnreadableFile) -> None:
    """The file cannot be read, or not to its end. What it misses stays unknown."""
    session.get_one(Import, import_id).problem = failure.stored()
    _close(session, import_id, ImportStatus.FAILED)


def give_up(session: Session, import_id: str) -> None:
    fail(session, import_id, UnreadableFile("worker_lost"))


def forget_finished(session: Session, before: datetime, limit: int) -> list[str]:
    """Forget imports that ended before this moment, with their rows; their ids."""
    ended = select(Import.id).where(col(Import.finished_at) < before).order_by(col(Import.id)).limit(limit)
    ids = list(session.exec(ended))
    session.execute(delete(Import).where(col(Import.id).in_(ids)))
    return ids


def erase_company(session: Session, company_id: str) -> None:
    """The imports of a company with their files and refused rows."""
    session.execute(delete(Import).where(col(Import.company_id) == company_id))


def shown(session: Session, imports: Sequence[Import], language: Language) -> list[ImportOut]:
    """Imports with their progress."""
    work = jobs.latest(session, [one.id for one in imports])

    def as_out(one: Import) -> ImportOut:
        job = work.get(one.id)
        extra = {
            "progress": 1.0 if one.status is ImportStatus.DONE else job.progress if job else 0.0,
            "stage": translate(STAGES[one.status], language),
            "rows": one.created + one.updated + one.unchanged + one.refused,
            "problem": None if one.problem is None else file_problem(one.problem, language),
        }
        return ImportOut.model_validate(one.model_dump() | extra)

    return [as_out(one) for one in imports]


def refusal_shown(refusal: ImportRefusal, language: Language) -> RefusalOut:
    """A refused row in words."""
    return RefusalOut(
        line=refusal.line,
        field=refusal.heading or refusal.field,
        pointer=refusal.field,
        problem=row_problem(refusal.kind, refusal.context, language),
    )


def _close(session: Session, import_id: str, status: ImportStatus) -> None:
    """The import has ended; its file is no longer needed."""
    closed = session.get_one(Import, import_id)
    closed.status = status
    closed.finished_at = now()
    session.add(closed)
    session.flush()
    session.execute(delete(ImportPayload).where(col(ImportPayload.import_id) == import_id))
    changes.forget_old(session, closed.company_id, closed.source)
    events.record(session, f"import.{status.value}", import_id)
