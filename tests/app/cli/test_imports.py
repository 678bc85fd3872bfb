"""`tandem import`: what is told, what is refused, who does the work, and what Ctrl-C leaves."""

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli import following
from app.core import jobs
from app.core.clock import now
from app.core.database import Database
from app.core.jobs import Job, JobStatus, WorkerSeen
from app.core.settings import get_settings
from app.imports.models import Import, ImportStatus
from tests.app.cli.conftest import Tandem
from tests.end_to_end.service import ROOT, process, wait_for
from tests.world import World, ndjson

# A child's own handler: one that was started in the background would ignore the signal.
COMMAND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from app.cli import app; app()"
GOOD = [{"external_id": "a", "name": "Lauftreff"}, {"external_id": "b", "name": "Schach"}]
TO_NORDWERK = ("--company", "Nordwerk", "--source", "intranet")


@pytest.fixture(autouse=True)
def nordwerk(world: World) -> str:
    return world.company()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def names(world: World) -> set[str]:
    return {one["name"] for one in world.operator.get("/v1/communities").json()["items"]}


def only_import(database: Database) -> Import:
    with database.reader() as session:
        return session.exec(select(Import)).one()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.ndjson", ndjson(GOOD)),
        ("rows.JSONL", ndjson(GOOD)),
        ("rows.json", json.dumps(GOOD).encode()),
        ("rows.csv", b"external_id,name\na,Lauftreff\nb,Schach\n"),
        ("rows.csv.gz", gzip.compress(b"external_id,name\na,Lauftreff\nb,Schach\n", mtime=0)),
    ],
)
def test_a_file_is_stored_by_its_ending(
    tandem: Tandem, world: World, tmp_path: Path, name: str, content: bytes
) -> None:
    done = tandem("import", written(tmp_path / name, content), *TO_NORDWERK)

    assert (done.exit_code, names(world)) == (0, {"Lauftreff", "Schach"})
    assert only_import(world.database).created == 2


def test_standard_input_needs_its_format(tandem: Tandem, world: World) -> None:
    without = tandem("import", "-", *TO_NORDWERK, stdin=ndjson(GOOD))
    told = tandem("import", "--format", "ndjson", *TO_NORDWERK, "-", stdin=ndjson(GOOD))

    assert (without.exit_code, "--format" in without.stderr) == (2, True)
    assert (told.exit_code, names(world)) == (0, {"Lauftreff", "Schach"})


def test_refused_rows_are_told_and_written_and_end_with_one(tandem: Tandem, world: World, tmp_path: Path) -> None:
    broken = b"Kennung;Name;Sprachen\n" + b"".join(b"k%d;;=x\n" % n for n in range(25)) + b"ok;Chor;de\n"
    refusals = tmp_path / "refusals.csv"

    shown = tandem("import", written(tmp_path / "rows.csv", broken), *TO_NORDWERK)
    to_file = tandem("import", tmp_path / "rows.csv", *TO_NORDWERK, "--refusals", refusals, "--lang", "de")

    assert (shown.exit_code, to_file.exit_code, names(world)) == (1, 1, {"Chor"})
    assert shown.stdout.count("│ Sprachen") + shown.stdout.count("│ name") + shown.stdout.count("│ Name") == 20
    assert "--refusals FILE.csv" in shown.stderr
    rows = list(csv.DictReader(io.StringIO(refusals.read_text(encoding="utf-8"))))
    assert len(rows) == 50
    assert {row["line"] for row in rows} == {str(line) for line in range(2, 27)}
    assert [row for row in rows if row["problem"].startswith("=")] == []
    assert any("'=x ist kein Sprachkürzel" in row["problem"] or "=x" in row["problem"] for row in rows)


def test_a_dry_run_tells_what_would_change_and_stores_nothing(tandem: Tandem, world: World, tmp_path: Path) -> None:
    tandem("import", written(tmp_path / "before.ndjson", ndjson(GOOD)), *TO_NORDWERK)
    after = [{"external_id": "b", "name": "Schach [für alle]"}, {"external_id": "c", "name": "Chor"}]

    done = tandem("import", written(tmp_path / "after.ndjson", ndjson(after)), *TO_NORDWERK, "--dry-run")

    assert (done.exit_code, names(world)) == (0, {"Lauftreff", "Schach"})
    for told in ("Would be new:", "Chor", "Would be changed:", "Schach [für alle]", "not in the file", "Lauftreff"):
        assert told in done.stdout


def test_a_file_that_cannot_be_read_ends_with_two_and_its_reason(
    tandem: Tandem, world: World, tmp_path: Path
) -> None:
    done = tandem("import", written(tmp_path / "rows.csv", b"Kennung;Nahme\na;b\n"), *TO_NORDWERK)

    assert done.exit_code == 2
    assert "Nahme (did you mean" in done.stderr
    assert only_import(world.database).status is ImportStatus.FAILED


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "NDJSON (one object a line)"),
        ("blank.csv", b" \r\n\n", "NDJSON (one object a line)"),
        ("half.csv.gz", gzip.compress(b"external_id,name\n" * 99, mtime=0)[:40], "not a whole gzip file"),
        ("plain.csv.gz", b"external_id,name\n", "not a whole gzip file"),
        ("rows.pdf", b"x", "--format ndjson, json or csv"),
    ],
)
def test_what_is_no_import_is_refused_and_leaves_none(
    tandem: Tandem, world: World, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    done = tandem("import", written(tmp_path / name, content), *TO_NORDWERK)

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert told in done.stderr
    assert world.operator.get("/v1/imports").json()["items"] == []


def test_a_missing_file_a_directory_and_a_large_file_are_told(
    tandem: Tandem, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    missing = tandem("import", tmp_path / "none.csv", *TO_NORDWERK)
    directory = tandem("import", folder, *TO_NORDWERK, "--lang", "de")
    source = tandem("import", written(tmp_path / "a.csv", b"x"), "--company", "Nordwerk", "--source", "Not One")
    nobody = tandem("import", tmp_path / "a.csv", "--company", "Nobody", "--source", "intranet")

    monkeypatch.setenv("TANDEM_MAX_IMPORT_BYTES", "10")
    get_settings.cache_clear()
    large = tandem("import", written(tmp_path / "large.csv", b"x" * 11), *TO_NORDWERK)

    assert [done.exit_code for done in (missing, directory, source, nobody, large)] == [2, 2, 2, 2, 2]
    assert "more than 10 bytes" in large.stderr
    assert "There is no file" in missing.stderr
    assert "ist ein Verzeichnis" in directory.stderr
    assert "not a short name" in source.stderr
    assert "There is no company Nobody" in nobody.stderr


def test_a_running_worker_does_the_work(
    tandem: Tandem, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(helper: object) -> None:
        raise AssertionError("a worker is there already")

    monkeypatch.setattr(following._Helper, "start", fails)
    with process([sys.executable, "-m", "app.worker"], world.database.url):
        wait_for(lambda: following.worker_is_there(world.database, world.settings) or None, "the worker")

        done = tandem("import", written(tmp_path / "rows.ndjson", ndjson(GOOD)), *TO_NORDWERK)

    assert (done.exit_code, names(world)) == (0, {"Lauftreff", "Schach"})


def test_a_worker_that_has_fallen_silent_is_not_waited_for(tandem: Tandem, world: World, tmp_path: Path) -> None:
    with world.database.session() as session:
        session.add(WorkerSeen(name="lost", seen_at=now() - timedelta(hours=1)))

    done = tandem("import", written(tmp_path / "rows.ndjson", ndjson(GOOD)), *TO_NORDWERK)

    assert (done.exit_code, names(world)) == (0, {"Lauftreff", "Schach"})


def test_control_c_while_a_worker_is_waited_for_leaves_the_import_in_the_queue(
    tandem: Tandem, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(helper: object, seconds: float) -> None:
        raise KeyboardInterrupt

    jobs.tell_worker_seen(world.database, "busy elsewhere")
    monkeypatch.setattr(following._Helper, "wait", pressed)

    done = tandem("import", written(tmp_path / "rows.ndjson", ndjson(GOOD)), *TO_NORDWERK)

    left = only_import(world.database)
    assert (done.exit_code, left.status) == (130, ImportStatus.QUEUED)
    assert f"tandem import show {left.id}" in done.stderr
    world.worker.run_until_idle()
    assert tandem("import", "show", left.id).exit_code == 0
    assert left.id in tandem("import", "list", "--company", "Nordwerk").stdout


def test_control_c_while_it_works_hands_the_import_back_and_a_worker_finishes_it(
    world: World, tmp_path: Path
) -> None:
    text = "Wir laufen bei jedem Wetter. " * 20
    rows = [{"external_id": f"c{n}", "name": "Kreis", "description": text} for n in range(20_000)]
    file = written(tmp_path / "rows.ndjson", ndjson(rows))
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "import", str(file), *TO_NORDWERK],
        cwd=ROOT,
        env={"TANDEM_DATABASE_URL": world.settings.database_url, "TANDEM_LOG_LEVEL": "error", "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:

        def has_begun() -> bool:
            with world.database.reader() as session:
                found = session.exec(select(Import)).first()
            assert child.poll() is None, child.communicate()
            return found is not None and found.lines_done > 0

        wait_for(has_begun, "the first rows to be stored")
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)

    assert (child.returncode, "Traceback" in errors) == (130, False), errors
    with world.database.reader() as session:
        assert session.exec(select(Job)).one().status is JobStatus.QUEUED
    assert "Stopped. The import stays in the queue" in errors
    world.worker.run_until_idle()
    done = only_import(world.database)
    assert (done.status, done.created, done.updated, done.unchanged) == (ImportStatus.DONE, 20_000, 0, 0)
