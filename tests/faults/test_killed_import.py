"""A worker killed with kill -9 in the middle of an import: another goes on where it stopped, and nothing is twice."""

import gzip
import sys
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, func, select

from app.access.service import SYSTEM
from app.communities import service as communities
from app.communities.models import Community
from app.communities.schemas import CommunityDocument
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core.database import Database
from app.core.jobs import Job
from app.imports import service as imports
from app.imports.models import Change, Import, ImportChange, ImportFormat, ImportStatus
from tests.end_to_end.service import process, wait_for
from tests.world import ndjson

SHORT_LEASE = {"TANDEM_LEASE_SECONDS": "2", "TANDEM_POLL_SECONDS": "0.05"}
WORKER = [sys.executable, "-m", "app.worker"]
ROWS = 12_000
TEXT = "Wir laufen bei jedem Wetter. " * 20


def as_table() -> bytes:
    # Two lines a row, so that rows and lines are not the same.
    return ("Kennung;Name;Beschreibung\n" + "".join(f'c{n};Kreis;"Ä\n{TEXT}"\n' for n in range(ROWS))).encode(
        "cp1252"
    )


def as_lines() -> bytes:
    return gzip.compress(
        ndjson([{"external_id": f"c{n}", "name": "Kreis", "description": TEXT} for n in range(ROWS)])
    )


def present(database: Database, import_id: str) -> Import:
    with database.reader() as session:
        return session.get_one(Import, import_id)


def count(session: Session, import_id: str, change: Change) -> int:
    found = select(func.count()).select_from(ImportChange)
    return session.exec(
        found.where(col(ImportChange.import_id) == import_id, col(ImportChange.change) == change)
    ).one()


@pytest.mark.parametrize(("written", "file_format"), [(as_table, ImportFormat.CSV), (as_lines, ImportFormat.NDJSON)])
def test_another_worker_goes_on_with_the_import_and_nothing_is_twice_or_lost(
    database: Database, written: Callable[[], bytes], file_format: ImportFormat
) -> None:
    with database.session() as session:
        company = companies.create(session, SYSTEM, CompanyCreate(name="Nordwerk", sector="other"))
        companies.activate(session, SYSTEM, company.id)
        communities.store(session, company.id, "intranet", {"gone": CommunityDocument(name="Gone")})
        queued = imports.create(
            session,
            SYSTEM,
            content=written(),
            file_format=file_format,
            source="intranet",
            company=company.id,
            dry_run=False,
        )

    with process(WORKER, database.url, SHORT_LEASE) as first:
        wait_for(lambda: present(database, queued.id).lines_done > 0, "the first rows to be stored")
        first.kill()
        first.wait()
    assert present(database, queued.id).status is ImportStatus.RUNNING
    with process(WORKER, database.url, SHORT_LEASE):
        wait_for(lambda: present(database, queued.id).status is ImportStatus.DONE, "another worker to finish")

    done = present(database, queued.id)
    with database.reader() as session:
        assert (done.created, done.updated, done.unchanged, done.refused, done.missing) == (ROWS, 0, 0, 0, 1)
        assert session.exec(select(func.count()).select_from(Community)).one() == ROWS + 1
        assert count(session, queued.id, Change.NEW) == ROWS
        assert count(session, queued.id, Change.MISSING) == 1
        assert session.exec(select(Job).where(col(Job.subject_id) == queued.id)).one().attempts == 2
