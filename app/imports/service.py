"""Imports: a file is queued, read row by row, and each row is stored whole or refused with what to do."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.access import service as access
from app.access.service import Caller
from app.communities import service as communities
from app.communities.schemas import CommunityDocument, CommunityRow
from app.companies import service as companies
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import NotFound, Unprocessable
from app.core.i18n import Language, mark, translate
from app.core.ids import new_id
from app.core.validation import context_of, pointer, told
from app.imports.models import Import, ImportFormat, ImportPayload, ImportRefusal, ImportStatus
from app.imports.schemas import ImportOut, RefusalOut

JOB = "import"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_QUOTE = 300
_MOST_REFUSALS_OF_A_ROW = 20

STAGES = {
    ImportStatus.QUEUED: mark("waiting for a worker"),
    ImportStatus.RUNNING: mark("storing rows"),
    ImportStatus.DONE: mark("done"),
    ImportStatus.FAILED: mark("failed"),
}

# What only a file can have wrong; fields of a row have the messages of any input.
_ROW_MESSAGES = {
    "row_not_json": mark("this line is not JSON (column {column}: {reason}); write one object a line"),
    "row_not_utf8": mark("this line is not UTF-8 (byte {byte}); save the file as UTF-8"),
    "row_not_object": mark('this row is not an object; write {{"external_id": ..., "name": ...}}'),
    "row_repeated": mark("the external id {external_id} was on line {first} already; keep one of them"),
}
_FILE_MESSAGES = {
    "file_not_json": mark(
        "The file is not JSON (line {line}, column {column}: {reason}). Nothing was stored: mend it "
        "and send it again, or send NDJSON, where a broken line stops only itself."
    ),
    "file_not_utf8": mark(
        "The file is not UTF-8 (byte {byte}). Nothing was stored: save it as UTF-8, send it again."
    ),
    "file_not_array": mark("The file is not a JSON array. Nothing was stored: put the rows between [ and ]."),
    "worker_lost": mark("The import was given up after several tries. Rows stored so far remain; send it again."),
}


Context = Mapping[str, str | int | float]


class ImportNotFound(NotFound):
    slug = "import-not-found"
    title = mark("No such import")
    detail = mark("There is no import {import_id} that you may see. List yours with GET /v1/imports.")


class NothingToImport(Unprocessable):
    slug = "nothing-to-import"
    title = mark("The file is empty")
    detail = mark("Send the rows as the body: NDJSON (one object a line) or a JSON array.")


class UnreadableFile(Exception):
    """The file as a whole cannot be read: kind and context of its message."""

    def __init__(self, kind: str, **context: str | int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.context = context


@dataclass(frozen=True, slots=True)
class Refusal:
    line: int
    kind: str
    field: str | None = None
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: its line, and its document or why it is refused."""

    line: int
    external_id: str | None
    document: CommunityDocument | None
    refusals: tuple[Refusal, ...] = ()


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
    if not content.removeprefix(_BYTE_ORDER_MARK).strip():
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


def page(session: Session, caller: Caller, *, after: str | None, limit: int) -> Sequence[Import]:
    """Imports of the caller's company (operators: all), newest first, one more than `limit`."""
    query = select(Import).order_by(col(Import.id).desc()).limit(limit + 1)
    if caller.company_id is not None:
        query = query.where(col(Import.company_id) == caller.company_id)
    if after is not None:
        query = query.where(col(Import.id) < after)
    return session.exec(query).all()


def refusals(
    session: Session, import_id: str, *, after: tuple[int, int] | None, limit: int
) -> Sequence[ImportRefusal]:
    """Refused rows in the order of the file, one more than `limit`."""
    line, number = col(ImportRefusal.line), col(ImportRefusal.number)
    query = select(ImportRefusal).where(col(ImportRefusal.import_id) == import_id)
    if after is not None:
        query = query.where((line > after[0]) | ((line == after[0]) & (number > after[1])))
    return session.exec(query.order_by(line, number).limit(limit + 1)).all()


def rows_of(content: bytes, file_format: ImportFormat) -> Iterator[Row]:
    """The rows of a file, checked one by one. Raises UnreadableFile where the whole file is at fault."""
    seen: dict[str, int] = {}
    records = _json_lines(content) if file_format is ImportFormat.NDJSON else _json_array(content)
    for line, record, refusal in records:
        if refusal is not None:
            yield Row(line, None, None, (refusal,))
            continue
        row = _checked(line, record)
        if row.external_id is not None and row.external_id in seen:
            context: Context = {"external_id": _storable(row.external_id), "first": seen[row.external_id]}
            yield Row(line, row.external_id, None, (Refusal(line, "row_repeated", "/external_id", context),))
            continue
        if row.external_id is not None:
            seen[row.external_id] = line
        yield row


def store_rows(session: Session, running: Import, rows: Sequence[Row]) -> None:
    """Store one batch: documents, refusals, counts and how far the file is done, all or none."""
    documents = {row.external_id: row.document for row in rows if row.document is not None and row.external_id}
    stored = communities.store(session, running.company_id, running.source, documents, dry_run=running.dry_run)
    for row in rows:
        for number, refusal in enumerate(row.refusals):
            session.add(
                ImportRefusal(
                    import_id=running.id,
                    line=row.line,
                    number=number,
                    field=refusal.field,
                    kind=refusal.kind,
                    context=dict(refusal.context or {}),
                )
            )
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


def finish(session: Session, import_id: str, failure: UnreadableFile | None = None) -> None:
    """Close an import; its file is no longer needed."""
    done = session.get_one(Import, import_id)
    done.status = ImportStatus.FAILED if failure else ImportStatus.DONE
    done.finished_at = now()
    if failure:
        done.problem = {"kind": failure.kind} | {key: str(value) for key, value in failure.context.items()}
    session.add(done)
    payload = session.get(ImportPayload, import_id)
    if payload is not None:
        session.delete(payload)
    events.record(session, f"import.{done.status.value}", done.id)


def give_up(session: Session, import_id: str) -> None:
    finish(session, import_id, UnreadableFile("worker_lost"))


def erase_company(session: Session, company_id: str) -> None:
    """The imports of a company with their files and refused rows."""
    session.execute(delete(Import).where(col(Import.company_id) == company_id))


def shown(session: Session, imports: Sequence[Import], language: Language) -> list[ImportOut]:
    """Imports with their progress."""
    work = jobs.latest(session, [one.id for one in imports])

    def as_out(one: Import) -> ImportOut:
        job = work.get(one.id)
        rows = one.created + one.updated + one.unchanged + one.refused
        problem = None
        if one.problem is not None:
            context = {key: value for key, value in one.problem.items() if key != "kind"}
            problem = translate(_FILE_MESSAGES[one.problem["kind"]], language, **context)
        extra = {
            "progress": 1.0 if one.status is ImportStatus.DONE else job.progress if job else 0.0,
            "stage": translate(STAGES[one.status], language),
            "rows": rows,
            "problem": problem,
        }
        return ImportOut.model_validate(one.model_dump() | extra)

    return [as_out(one) for one in imports]


def refusal_shown(refusal: ImportRefusal, language: Language) -> RefusalOut:
    """A refused row in words."""
    if refusal.kind in _ROW_MESSAGES:
        problem = translate(_ROW_MESSAGES[refusal.kind], language, **refusal.context)
    else:
        problem = told(refusal.kind, refusal.context, language)
    return RefusalOut(line=refusal.line, field=refusal.field, problem=problem)


def _checked(line: int, record: object) -> Row:
    if not isinstance(record, dict):
        return Row(line, None, None, (Refusal(line, "row_not_object"),))
    try:
        row = CommunityRow.model_validate(record)
    except ValidationError as error:
        findings = error.errors(include_url=False, include_input=False)
        refused = (_refusal(line, one) for one in findings[:_MOST_REFUSALS_OF_A_ROW])
        return Row(line, None, None, tuple(refused))
    return Row(line, row.external_id, row)


def _refusal(line: int, finding: ErrorDetails) -> Refusal:
    context = {k: _storable(v) if isinstance(v, str) else v for k, v in context_of(finding).items()}
    return Refusal(line, finding["type"], _storable(pointer(finding["loc"])) or None, context)


def _json_lines(content: bytes) -> Iterator[tuple[int, object, Refusal | None]]:
    for line, raw in enumerate(content.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            yield line, json.loads(raw.decode("utf-8")), None
        except UnicodeDecodeError as error:
            yield line, None, Refusal(line, "row_not_utf8", None, {"byte": error.start + 1})
        except (ValueError, RecursionError) as error:
            yield line, None, Refusal(line, "row_not_json", None, _where(error))


def _json_array(content: bytes) -> Iterator[tuple[int, object, Refusal | None]]:
    try:
        decoded = json.loads(content.removeprefix(_BYTE_ORDER_MARK).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableFile("file_not_utf8", byte=error.start + 1) from error
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise UnreadableFile("file_not_json", line=line, **_where(error)) from error
    if not isinstance(decoded, list):
        raise UnreadableFile("file_not_array")
    for number, record in enumerate(decoded, start=1):
        yield number, record, None


def _where(error: Exception) -> dict[str, str | int]:
    if isinstance(error, json.JSONDecodeError):
        return {"column": error.colno, "reason": error.msg}
    return {"column": 1, "reason": "too deeply nested, or a number of too many digits"}


def _storable(text: str) -> str:
    """What somebody sent, fit to be stored and shown: no control characters, no half characters, not too long."""
    whole = text[:_LONGEST_QUOTE].encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "?" for character in whole)
