"""Rounds as an organizer meets them: previews, a round, its proposals, its release over HTTP, beside other readers.

python -m benchmarks.rounds_api [COUNT]     (default 15000 communities; `tandem serve` on SQLite; three lines of JSON)
"""

import asyncio
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil
from sqlmodel import col, select

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.communities.models import Community
from app.core import logs, migrations
from app.core.clock import now
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import get_settings
from app.rounds.models import Proposal
from app.tandems.models import SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
from benchmarks.measuring import input_profiles, tell
from benchmarks.round import seed
from tests.end_to_end.service import serving

TEN_SETTINGS = [{"min_similarity": round(0.05 * step, 2)} for step in range(1, 11)]
# Those of an organizer who also compares what the objectives do.
TEN_MIXED = [
    {"min_similarity": least, "objective": objective}
    for objective in ("quality", "coverage")
    for least in (0.1, 0.15, 0.2, 0.25, 0.3)
]
PAGE = 50
READS_PER_SECOND = 40
CONNECTIONS = 8
USUAL_SECONDS = 12.0
_QUIET = {"TANDEM_LOG_LEVEL": "error"}


@dataclass(frozen=True)
class Service:
    """`tandem serve`, spoken to as an organizer."""

    client: httpx2.Client
    worker: psutil.Process

    def made(self, path: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.client.post(path, json=wish)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def followed(self, path: str, until: Sequence[str]) -> dict[str, Any]:
        """What is there, once it has one of these states."""
        pause = threading.Event()
        while True:
            shown: dict[str, Any] = self.client.get(path).json()
            if shown["status"] in until:
                return shown
            assert shown["status"] != "failed", shown
            pause.wait(0.1)

    def preview(self, round_id: str, settings: Sequence[dict[str, Any]]) -> float:
        """Seconds until a preview is there."""
        started = time.perf_counter()
        made = self.made(f"/v1/rounds/{round_id}/preview", {"settings": list(settings)})
        self.followed(f"/v1/rounds/{round_id}/previews/{made['id']}", ["done"])
        return time.perf_counter() - started

    def peak_mib(self) -> int:
        """The most memory that the worker has held."""
        for line in Path(f"/proc/{self.worker.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
        raise AssertionError("no peak is told")


@contextmanager
def service(url: str, key: str) -> Iterator[Service]:
    """A service that has just been started, so that its worker's peak is that of one piece of work."""
    with serving(url, environment=_QUIET) as (address, pid):
        worker = next(one for one in psutil.Process(pid).children() if "app.worker" in one.cmdline())
        with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=120) as client:
            yield Service(client, worker)


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rounds.db"
        url = f"sqlite:///{file}"
        migrations.upgrade(url)
        database = Database(url)
        seed(database, profiles)
        wish = KeyCreate(role=Role.ORGANIZER, label="benchmark")
        with database.session() as session:
            key = access.create_key(session, SYSTEM, wish, get_settings().key_pepper.get_secret_value()).plain
            community_id = session.exec(select(Community.id).order_by(col(Community.id)).limit(1)).one()
        database.dispose()
        _index(url, key)
        _previews(name, url, key)
        round_id = _round(name, url, key, community_id)
        _release(name, file, key, round_id)


def _index(url: str, key: str) -> None:
    """Let discovery read all first: it would do so beside the work that is measured."""
    with service(url, key) as here:
        calm = 0
        while calm < 5:
            calm = calm + 1 if here.worker.cpu_percent(0.5) < 10 else 0


def _previews(name: str, url: str, key: str) -> None:
    """One setting, ten at once, and ten one after the other: each on a worker that was just started."""
    with service(url, key) as here:
        round_id = here.made("/v1/rounds", {"title": "Benchmark"})["id"]
        one = here.preview(round_id, TEN_SETTINGS[1:2])
        peak_of_one = here.peak_mib()
    with service(url, key) as here:
        ten = here.preview(round_id, TEN_SETTINGS)
        peak_of_ten = here.peak_mib()
    with service(url, key) as here:
        peers = [here.preview(round_id, [settings]) for settings in TEN_SETTINGS]
        mixed = here.preview(round_id, TEN_MIXED)
    usual = statistics.median([one, *peers])
    tell(
        benchmark="previews",
        input=name,
        one_seconds=round(usual, 1),
        one_peak_mib=peak_of_one,
        ten_seconds=round(ten, 1),
        ten_peak_mib=peak_of_ten,
        ten_to_one=round(ten / usual, 2),
        ten_one_by_one_seconds=round(sum(peers), 1),
        faster_than_one_by_one=round(sum(peers) / ten, 1),
        ten_of_two_objectives_seconds=round(mixed, 1),
        load=psutil.getloadavg()[0],
    )


def _round(name: str, url: str, key: str, community_id: str) -> str:
    """A round, its proposals page by page, and what readers notice of it."""
    path = f"/v1/communities/{community_id}"
    with service(url, key) as here:
        address = str(here.client.base_url)
        with _Readers(address, path, key) as usual:
            threading.Event().wait(USUAL_SECONDS)
        round_id: str = here.made("/v1/rounds", {"title": "Benchmark"})["id"]
        with _Readers(address, path, key) as beside:
            started = time.perf_counter()
            here.made(f"/v1/rounds/{round_id}/start")
            done = here.followed(f"/v1/rounds/{round_id}", ["proposed"])
            seconds = time.perf_counter() - started
        peak = here.peak_mib()
        pages = _pages(here.client, f"/v1/rounds/{round_id}/proposals?limit={PAGE}")
    tell(
        benchmark="round_over_http",
        input=name,
        proposals=done["proposals"],
        seconds=round(seconds, 1),
        worker_peak_mib=peak,
        page_of_50_proposals_p50_ms=round(1000 * statistics.median(pages), 1),
        page_of_50_proposals_p95_ms=round(1000 * _quantile(pages, 0.95), 1),
        reads_per_second=READS_PER_SECOND,
        read_p50_ms=[round(1000 * _quantile(one.seconds, 0.5), 1) for one in (usual, beside)],
        read_p99_ms=[round(1000 * _quantile(one.seconds, 0.99), 1) for one in (usual, beside)],
        read_p99_beside_a_round_to_usual=round(_quantile(beside.seconds, 0.99) / _quantile(usual.seconds, 0.99), 2),
        load=psutil.getloadavg()[0],
    )
    return round_id


def _pages(client: httpx2.Client, path: str) -> list[float]:
    """Seconds of each page of a list."""
    taken, cursor = [], ""
    while True:
        started = time.perf_counter()
        answer = client.get(path + cursor)
        taken.append(time.perf_counter() - started)
        shown = answer.json()
        if shown["next_cursor"] is None:
            return taken
        cursor = f"&cursor={shown['next_cursor']}"


def _release(name: str, file: Path, key: str, round_id: str) -> None:
    """The release over HTTP, against a loop that stores the same rows object by object, on copies of one database."""
    copies = [Path(shutil.copy(file, file.with_name(f"{which}.db"))) for which in ("ours", "loop")]
    headers = {"Authorization": f"Bearer {key}"}
    with serving(f"sqlite:///{copies[0]}", "--no-worker", environment=_QUIET) as (address, _):
        started = time.perf_counter()
        answer = httpx2.post(f"{address}/v1/rounds/{round_id}/release", headers=headers, timeout=120)
        seconds = time.perf_counter() - started
    assert answer.is_success, answer.text
    looped = _stored_one_by_one(f"sqlite:///{copies[1]}", round_id)
    suggestions = answer.json()["suggestions"]["total"]
    tell(
        benchmark="release",
        input=name,
        suggestions=suggestions,
        seconds=round(seconds, 2),
        seconds_for_5000=round(seconds / suggestions * 5000, 2),
        object_by_object_seconds=round(looped, 2),
        to_object_by_object=round(seconds / looped, 2),
        load=psutil.getloadavg()[0],
    )


def _stored_one_by_one(url: str, round_id: str) -> float:
    """Seconds to add the suggestions and their sides, and nothing else, one object after the other."""
    database = Database(url)
    with database.reader() as session:
        company_of = dict(session.exec(select(Community.id, Community.company_id)).all())
    started = time.perf_counter()
    with database.session() as session:
        for one in session.exec(select(Proposal).where(col(Proposal.round_id) == round_id)).all():
            suggestion = Suggestion(
                id=new_id("sug"),
                origin=SuggestionOrigin.ROUND,
                round_id=round_id,
                a_id=one.a_id,
                b_id=one.b_id,
                status=SuggestionStatus.OPEN,
                similarity=one.similarity,
                reasons=one.reasons,
                other=one.other,
                opened_at=now(),
                expires_at=now() + timedelta(days=14),
            )
            session.add(suggestion)
            session.flush()
            for side, community_id in ((SideName.A, one.a_id), (SideName.B, one.b_id)):
                session.add(
                    SuggestionSide(
                        suggestion_id=suggestion.id,
                        side=side,
                        community_id=community_id,
                        company_id=company_of[community_id],
                    )
                )
            session.flush()
    seconds = time.perf_counter() - started
    database.dispose()
    return seconds


class _Readers:
    """A process that reads at a constant rate while the block runs; seconds of each read, counted from its turn."""

    def __init__(self, address: str, path: str, key: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.seconds: list[float] = []
        self._over: Signal = context.Event()
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_read, args=(address, path, key, self._over, sender))

    def __enter__(self) -> "_Readers":
        self._process.start()
        assert self._receiver.recv() == []
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self.seconds = self._receiver.recv()
        self._process.join()


def _read(address: str, path: str, key: str, over: Signal, sender: Any) -> None:
    sender.send([])
    sender.send(asyncio.run(_reads(address, path, key, over)))


async def _reads(address: str, path: str, key: str, over: Signal) -> list[float]:
    """Reads that are due in turn on a few connections; one that is late is late for whoever waits for it."""
    host = urlsplit(address)
    request = f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    taken: list[float] = []
    begun = time.perf_counter()

    async def reader(number: int) -> None:
        stream, writer = await asyncio.open_connection(host.hostname, host.port)
        while not over.is_set():
            due = begun + number / READS_PER_SECOND
            await asyncio.sleep(due - time.perf_counter())
            writer.write(request)
            head = await stream.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await stream.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            taken.append(time.perf_counter() - due)
            number += CONNECTIONS
        writer.close()

    await asyncio.gather(*(reader(number) for number in range(CONNECTIONS)))
    return taken


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


if __name__ == "__main__":
    logs.configure("error")
    measure(int(sys.argv[1]) if sys.argv[1:] else 15_000)
