"""Importing a file through the API and a worker process: import, dry run, unchanged, all changed, CSV, gzip.

python -m benchmarks.imports [COUNT]      (default 15000 profiles of 1 kB; SQLite, or TANDEM_DATABASE_URL)

The peer is a plain ORM loop over the same rows: one object each, a commit every 1,000; no API, no checks, no
managers, no reports. It runs on 3,000 rows and is scaled.
"""

import csv
import gzip
import io
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx2

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.communities import documents
from app.communities.models import Community
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import get_settings
from benchmarks import generator
from benchmarks.measuring import tell

_ROW_BYTES = 1000
_PEER_ROWS = 3000

Rows = list[dict[str, Any]]


def rows(count: int) -> Rows:
    """Profiles of 1 kB with a manager each."""
    made = []
    for profile in generator.profiles(count):
        row: dict[str, Any] = {
            "external_id": profile.id,
            "name": profile.name,
            "purpose": profile.purpose[:500],
            "description": profile.description,
            "tags": list(profile.tags),
            "languages": list(profile.languages),
            "managers": [{"email": f"{profile.id}@nordwerk.example", "first_name": "Kim"}],
        }
        length = len(json.dumps(row))
        words = f" {profile.description}" * (1 + _ROW_BYTES // max(len(profile.description), 1))
        row["description"] = (profile.description + words)[: len(profile.description) + max(0, _ROW_BYTES - length)]
        made.append(row)
    return made


def ndjson(profiles: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in profiles).encode()


def as_csv(profiles: Rows) -> bytes:
    written = io.StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow(
        [
            "Externe ID",
            "Name",
            "Zweck",
            "Beschreibung",
            "Schlagworte",
            "Sprachen",
            "Manager E-Mail",
            "Manager Vorname",
        ]
    )
    table.writerows(
        [
            row["external_id"],
            row["name"],
            row["purpose"],
            row["description"],
            "|".join(row["tags"]),
            ",".join(row["languages"]),
            row["managers"][0]["email"],
            row["managers"][0]["first_name"],
        ]
        for row in profiles
    )
    return written.getvalue().encode()


@contextmanager
def running(url: str) -> Iterator[tuple[str, Popen[bytes]]]:
    """API and worker as processes of their own; the API's address and the worker."""
    environment = os.environ | {"TANDEM_DATABASE_URL": url, "TANDEM_LOG_LEVEL": "error"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    api = Popen([sys.executable, "-m", "app.cli", "serve", "--no-worker", "--port", str(port)], env=environment)
    worker = Popen([sys.executable, "-m", "app.worker"], env=environment)
    try:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}", worker
    finally:
        for process in (api, worker):
            process.terminate()
            process.wait(20)


def imported(client: httpx2.Client, content: bytes, content_type: str, **query: str) -> tuple[float, dict[str, Any]]:
    """Seconds from sending the file to reading that it is done, and what it did."""
    started = time.perf_counter()
    headers = {"Content-Type": content_type}
    queued = client.post("/v1/imports", params={"source": "intranet", **query}, content=content, headers=headers)
    queued.raise_for_status()
    pause = threading.Event()
    while True:
        done: dict[str, Any] = client.get(queued.headers["Location"]).json()
        if done["status"] in ("done", "failed"):
            assert done["status"] == "done", done
            return time.perf_counter() - started, done
        pause.wait(0.05)


def orm_loop(profiles: Rows, url: str, *, every_column: bool) -> float:
    """Seconds of the peer. Naming every column spares it the model's defaults, which take most of its time."""
    migrations.upgrade(url)
    database = Database(url)
    with database.session() as session:
        company = companies.create(session, SYSTEM, CompanyCreate(name="Peer", sector="other"))
    named = (
        set(Community.model_fields) if every_column else {"id", "company_id", "status", "created_at", "updated_at"}
    )
    started = time.perf_counter()
    for start in range(0, len(profiles), 1000):
        with database.session() as session:
            for row in profiles[start : start + 1000]:
                new = documents.new_row(company.id, "intranet", None)
                values: dict[str, Any] = {name: new[name] for name in named}
                values |= {name: value for name, value in row.items() if name != "managers"}
                session.add(Community(**values))
    seconds = time.perf_counter() - started
    database.dispose()
    return seconds


def measure(count: int) -> None:
    profiles = rows(count)
    content = ndjson(profiles)
    changed = ndjson([row | {"description": "New. " + row["description"][5:]} for row in profiles])
    in_csv = as_csv([row | {"external_id": f"csv-{row['external_id']}"} for row in profiles])
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("TANDEM_DATABASE_URL", f"sqlite:///{Path(folder) / 'imports.db'}")
        migrations.upgrade(url)
        key = _key(url)
        with running(url) as (address, worker):
            with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
                dry, _ = imported(client, content, "application/x-ndjson", dry_run="true")
                first, stored = imported(client, content, "application/x-ndjson")
                again, unchanged = imported(client, content, "application/x-ndjson")
                all_changed, updated = imported(client, changed, "application/x-ndjson")
                table, from_table = imported(client, in_csv, "text/csv", source="files")
                packed, _ = imported(client, gzip.compress(changed), "application/x-ndjson")
            peak_mib = _peak_mib(worker.pid)
        assert (stored["created"], unchanged["unchanged"], updated["updated"]) == (count, count, count)
        assert (from_table["created"], from_table["missing"]) == (count, 0)
        few = profiles[:_PEER_ROWS]
        peer, plain_peer = (
            orm_loop(few, f"sqlite:///{Path(folder) / name}", every_column=every_column) * count / len(few)
            for name, every_column in (("peer.db", True), ("plain.db", False))
        )
    tell(
        benchmark="imports",
        database=url.split(":", 1)[0],
        rows=count,
        bytes_per_row=len(content) // count,
        import_seconds=round(first, 2),
        dry_run_seconds=round(dry, 2),
        unchanged_seconds=round(again, 2),
        all_changed_seconds=round(all_changed, 2),
        csv_seconds=round(table, 2),
        gzip_unchanged_seconds=round(packed, 2),
        rows_per_second=round(count / first),
        worker_peak_mib=peak_mib,
        peer="one object a row, no managers, no checks",
        peer_seconds=round(peer, 2),
        peer_with_defaults_seconds=round(plain_peer, 2),
    )


def _key(url: str) -> str:
    database = Database(url)
    pepper = get_settings().key_pepper.get_secret_value()
    with database.session() as session:
        company = companies.create(session, SYSTEM, CompanyCreate(name=f"Company {new_id('x')}", sector="other"))
        companies.activate(session, SYSTEM, company.id)
        wish = KeyCreate(role=Role.PORTAL, label="benchmark", company_id=company.id)
        plain = access.create_key(session, SYSTEM, wish, pepper).plain
    database.dispose()
    return plain


def _answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the service did not start"
        pause.wait(0.05)


def _peak_mib(pid: int) -> int | None:
    """The most memory that a process ever held; unknown where the system does not tell it."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) >> 10


if __name__ == "__main__":
    logs.configure("error")
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15_000)
