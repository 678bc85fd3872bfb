"""Background work on imports: load by id, store batch by batch, resume where a lost worker stopped."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from app.core.jobs import JobKind, Lease
from app.imports import service as imports
from app.imports.messages import UnreadableFile
from app.imports.models import Import
from app.imports.reading import FileReading

BATCH = 1000

T = TypeVar("T")


def run(lease: Lease, import_id: str) -> None:
    """Store the rows in batches of 1,000, each with its counts in one transaction under the lease's fence."""
    with lease.database.session() as session:
        lease.guard(session)
        running, content = imports.begin(session, import_id)
        done, reading = running.lines_done, FileReading(content, running.format)
    try:
        with _rare_garbage_collection():
            _store(lease, import_id, reading, done)
    except UnreadableFile as failure:
        reading.failure = failure
    with lease.database.session() as session:
        lease.finish(session)
        if reading.failure is not None:
            imports.fail(session, import_id, reading.failure)
            return
        imports.finish(session, import_id, reading.external_ids)


def _store(lease: Lease, import_id: str, reading: FileReading, done: int) -> None:
    # Read from the start also when going on: what is repeated or missing shows in the whole file only.
    waiting = (row for row in reading.rows() if row.line > done)
    for batch in _batches(waiting, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            imports.store_rows(session, session.get_one(Import, import_id), batch)
        lease.tell("storing", reading.progress)


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Half of an import's time would go into looking for reference cycles among rows that have none."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _batches(rows: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while batch := list(islice(rows, size)):
        yield batch


KIND = JobKind(imports.JOB, run, imports.give_up)
