"""What an import changes, row by row, and which communities its file misses; kept for the newest imports only."""

from collections.abc import Iterator, Sequence, Set
from typing import TypeVar

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col

from app.communities import service as communities
from app.communities.documents import Stored
from app.imports import queries
from app.imports.models import Change, Import, ImportChange, ImportRefusal
from app.imports.reading import Row

KEPT = 20
_BATCH = 1000

T = TypeVar("T")


def record(session: Session, running: Import, rows: Sequence[Row], stored: Stored) -> None:
    """Note what became of a batch, before its counts are added."""
    number = running.created + running.updated
    noted: list[dict[str, object]] = []
    for row in rows:
        if row.document is None or row.external_id is None:
            continue
        new = row.external_id in stored.created
        if not new and row.external_id not in stored.changes:
            continue
        number += 1
        noted.append(
            {
                "import_id": running.id,
                "number": number,
                "change": Change.NEW if new else Change.CHANGED,
                "line": row.line,
                "external_id": row.external_id,
                "community_id": None if new and running.dry_run else stored.ids[row.external_id],
                "name": row.document.name,
                "fields": list(stored.changes.get(row.external_id, ())),
            }
        )
    if noted:
        session.execute(insert(ImportChange), noted)


def record_missing(session: Session, running: Import, in_file: Set[str]) -> None:
    """Note what of the source is stored, not archived, and not in the file; they stay as they are."""
    stored = communities.of_source(session, running.company_id, running.source)
    absent = [one for one in stored if one.external_id not in in_file]
    if absent:
        known_otherwise = _found_by_another_name(session, running, in_file, {one.external_id for one in stored})
        absent = [one for one in absent if one.id not in known_otherwise]
    number = running.created + running.updated
    for batch in _batches(absent):
        noted: list[dict[str, object]] = [
            {
                "import_id": running.id,
                "number": number + place,
                "change": Change.MISSING,
                "line": None,
                "external_id": one.external_id,
                "community_id": one.id,
                "name": one.name,
                "fields": [],
            }
            for place, one in enumerate(batch, start=1)
        ]
        session.execute(insert(ImportChange), noted)
        number += len(batch)
    running.missing = len(absent)


def forget_old(session: Session, company_id: str, source: str) -> None:
    """Of all but the newest imports of a source only the counts remain."""
    for import_id in queries.with_old_details(session, company_id, source, newest=KEPT):
        session.execute(delete(ImportChange).where(col(ImportChange.import_id) == import_id))
        session.execute(delete(ImportRefusal).where(col(ImportRefusal.import_id) == import_id))
        session.execute(update(Import).where(col(Import.id) == import_id).values(details_kept=False))


def _found_by_another_name(session: Session, running: Import, in_file: Set[str], own: Set[str]) -> Set[str]:
    """Ids of communities that the file names by an external id that is not their own."""
    found: set[str] = set()
    for batch in _batches(sorted(in_file - own)):
        found |= set(communities.ids_of(session, running.company_id, running.source, batch).values())
    return found


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
