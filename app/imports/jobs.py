"""Background work on imports: load by id, store batch by batch, resume where a lost worker stopped."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from app.core.jobs import JobKind, Lease
from app.imports import service as imports
from app.imports.models import Import, ImportFormat
from app.imports.service import UnreadableFile

BATCH = 1000

T = TypeVar("T")


def run(lease: Lease, import_id: str) -> None:
    """Store the rows in batches of 1,000, each with its counts in one transaction under the lease's fence."""
    with lease.database.session() as session:
        lease.guard(session)
        running, content = imports.begin(session, import_id)
        done, file_format = running.lines_done, running.format
    try:
        _store(lease, import_id, content, file_format, done)
    except UnreadableFile as failure:
        with lease.database.session() as session:
            lease.finish(session)
            imports.finish(session, import_id, failure)
        return
    with lease.database.session() as session:
        lease.finish(session)
        imports.finish(session, import_id)


def _store(lease: Lease, import_id: str, content: bytes, file_format: ImportFormat, done: int) -> None:
    total = max(1, _lines(content, file_format))
    waiting = (row for row in imports.rows_of(content, file_format) if row.line > done)
    for batch in _batches(waiting, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            imports.store_rows(session, session.get_one(Import, import_id), batch)
        lease.tell("storing", min(batch[-1].line / total, 1.0))


def _lines(content: bytes, file_format: ImportFormat) -> int:
    # An array has one element a line in most files; where not, the progress is a guess.
    return content.count(b"\n") + 1 if file_format is ImportFormat.NDJSON else max(content.count(b"external_id"), 1)


def _batches(rows: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while batch := list(islice(rows, size)):
        yield batch


KIND = JobKind(imports.JOB, run, imports.give_up)
