"""Registration opens: 500 people of 20 companies within a second, 300 places; beside an endpoint that just counts.

python -m benchmarks.registrations [COUNT]     (default 500; `tandem serve` on SQLite with its worker; 64 connections)

The peer has the driver's default transactions: it reads how many places are taken, then writes.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
from fastapi import FastAPI, Request, Response
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.clock import now
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import get_settings
from app.meetups.models import Meetup, MeetupStatus
from benchmarks.measuring import tell
from tests.end_to_end.service import free_port, process, serving, wait_for

COMPANIES = 20
CONNECTIONS = 64
PLACES_OF_500 = 300
STARTED_WITHIN = 1.0
_PEER_FILE = "peer.db"


@dataclass(frozen=True)
class Asked:
    """One request of one connection, and when it goes out, in seconds from the start."""

    at: float
    content: bytes


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    seconds: float
    """From when it went out."""
    at: float
    """From the start."""


def measure(count: int) -> None:
    places = count * PLACES_OF_500 // 500
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'registrations.db'}"
        migrations.upgrade(url)
        keys, meetup_id = _seed(url, places)
        environment = {"TANDEM_LOG_LEVEL": "error", "TANDEM_MAIL_FOLDER": folder}
        with serving(url, environment=environment) as (address, pid):
            _warm(address, keys)
            requests = _requests(address, f"/v1/meetups/{meetup_id}/registrations", keys, count)
            answers = asyncio.run(_ask(address, requests))
            answered = time.perf_counter()
            wait_for(lambda: sum(1 for _ in Path(folder).glob("*.eml")) >= count, "everybody to be told", seconds=120)
            told = time.perf_counter() - answered
            peaks = {_role(one): _peak_mib(one.pid) for one in psutil.Process(pid).children()}
        figures = _checked(url, answers, count, places)
        with _peer(Path(folder) / _PEER_FILE, places) as peer:
            theirs = asyncio.run(_ask(peer, _requests(peer, "/registrations", keys, count)))
        stored = _peer_stored(Path(folder) / _PEER_FILE)
    tell(
        benchmark="registrations",
        people=count,
        companies=COMPANIES,
        connections=CONNECTIONS,
        places=places,
        **figures,
        all_told_seconds_later=round(told, 1),
        api_peak_mib=peaks["api"],
        worker_peak_mib=peaks["worker"],
        peer_last_seconds=round(max(one.at for one in theirs), 2),
        peer_registered=stored["registered"],
        peer_lost=sum(one.status != 200 for one in theirs),
        peer_numbers_given_twice=stored["twice"],
    )


def peer() -> FastAPI:
    """The least that looks right: count, decide, insert, commit."""
    app = FastAPI()
    engine, places = create_engine(os.environ["PEER_URL"]), int(os.environ["PEER_PLACES"])

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(OperationalError)
    def is_lost(request: Request, error: Exception) -> Response:
        """The database was locked by others for too long."""
        return Response(status_code=503)

    @app.post("/registrations")
    def register() -> dict[str, object]:
        with Session(engine) as session:
            taken, last = (
                session.connection()
                .execute(
                    text("SELECT coalesce(sum(status = 'registered'), 0), coalesce(max(number), 0) FROM registration")
                )
                .one()
            )
            status = "registered" if taken < places else "waiting"
            row = {"id": new_id("reg"), "number": last + 1, "status": status}
            session.connection().execute(text("INSERT INTO registration VALUES (:id, :number, :status)"), row)
            session.commit()
        return row

    return app


def _seed(url: str, places: int) -> tuple[list[str], str]:
    """A key of each company's portal, and a meetup that is open."""
    database = Database(url)
    pepper = get_settings().key_pepper.get_secret_value()
    keys = []
    with database.session() as session:
        for number in range(COMPANIES):
            company = companies.create(session, SYSTEM, CompanyCreate(name=f"Company {number}", sector="other"))
            companies.activate(session, SYSTEM, company.id)
            wish = KeyCreate(role=Role.PORTAL, label="benchmark", company_id=company.id)
            keys.append(access.create_key(session, SYSTEM, wish, pepper).plain)
        moment = now()
        meetup = Meetup(
            id=new_id("mtp"),
            status=MeetupStatus.OPEN,
            title="Benchmark",
            language="en",
            purpose="Measured.",
            starts_at=moment + timedelta(days=30),
            ends_at=moment + timedelta(days=30, hours=2),
            time_zone="Europe/Berlin",
            online_link="https://meet.example/benchmark",
            capacity=places,
            uid=new_id("cal"),
            created_at=moment,
            announced_at=moment,
        )
        session.add(meetup)
    database.dispose()
    return keys, meetup.id


def _warm(address: str, keys: Sequence[str]) -> None:
    """A service that has been up for a while has compiled its statements; nobody is registered by this."""
    with httpx2.Client(base_url=address) as client:
        for key in keys:
            answer = client.get("/v1/meetups", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200, answer.text


def _requests(address: str, path: str, keys: Sequence[str], count: int) -> list[list[Asked]]:
    """What each connection sends, spread evenly over a second, the companies mixed."""
    host = urlsplit(address).netloc
    by_connection: list[list[Asked]] = [[] for _ in range(CONNECTIONS)]
    for number in range(count):
        person = {"email": f"person{number}@mail.example", "first_name": f"P{number}"}
        body = json.dumps({"person": person, "themes": ["onboarding"], "learn": ["how others begin"]}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {keys[number % COMPANIES]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        asked = Asked(STARTED_WITHIN * number / count, head.encode() + body)
        by_connection[number % CONNECTIONS].append(asked)
    return by_connection


async def _ask(address: str, requests: Sequence[Sequence[Asked]]) -> list[Answered]:
    host = urlsplit(address)
    opened = [await asyncio.open_connection(host.hostname, host.port) for _ in requests]
    started = time.perf_counter()
    each = await asyncio.gather(
        *(_on_one(reader, writer, asked, started) for (reader, writer), asked in zip(opened, requests, strict=True))
    )
    return [answer for answers in each for answer in answers]


async def _on_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Sequence[Asked], started: float
) -> list[Answered]:
    """Every request goes out in time, whether or not those before it are answered."""

    async def send() -> None:
        for one in requests:
            await asyncio.sleep(max(0.0, started + one.at - time.perf_counter()))
            writer.write(one.content)

    sending = asyncio.create_task(send())
    answers = []
    for one in requests:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        at = time.perf_counter() - started
        answers.append(Answered(int(head.split(maxsplit=2)[1]), body, at - one.at, at))
    await sending
    writer.close()
    return answers


def _checked(url: str, answers: Sequence[Answered], count: int, places: int) -> dict[str, object]:
    """The figures, once it is certain that the right ones have a place and nobody is lost."""
    told = sorted((json.loads(one.body)["number"], json.loads(one.body)["status"]) for one in answers)
    database = Database(url)
    with database.reader() as session:
        # A row that is committed later has a higher row id: SQLite has one writer.
        stored = [tuple(row) for row in session.connection().execute(_IN_ORDER_OF_COMMITS)]
    database.dispose()
    expected = [(n, "registered" if n <= places else "waiting") for n in range(1, count + 1)]
    assert {one.status for one in answers} == {201}
    assert told == stored == expected
    seconds = sorted(one.seconds for one in answers)
    states = Counter(status for _, status in stored)
    return {
        "p50_seconds": round(seconds[count // 2], 2),
        "p99_seconds": round(seconds[count * 99 // 100], 2),
        "last_seconds": round(max(one.at for one in answers), 2),
        "registered": states["registered"],
        "waiting": states["waiting"],
        "lost": count - len(stored),
    }


_IN_ORDER_OF_COMMITS = text("SELECT number, status FROM registration ORDER BY rowid")


@contextmanager
def _peer(file: Path, places: int) -> Iterator[str]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE registration (id TEXT PRIMARY KEY, number INTEGER, status TEXT)"))
    engine.dispose()
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "benchmarks.registrations:peer", "--factory", "--no-access-log"]
    environment = {"PEER_URL": f"sqlite:///{file}", "PEER_PLACES": str(places)}
    with process([*command, "--port", str(port), "--log-level", "critical"], "sqlite://", environment):
        wait_for(lambda: _answers(address), "the peer to answer")
        yield address


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def _peer_stored(file: Path) -> dict[str, int]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT number, status FROM registration")).all()
    engine.dispose()
    return {
        "registered": sum(status == "registered" for _, status in rows),
        "twice": len(rows) - len({number for number, _ in rows}),
    }


def _role(one: psutil.Process) -> str:
    return "worker" if "app.worker" in one.cmdline() else "api"


def _peak_mib(pid: int) -> int:
    """The most memory that a process has held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("no peak is told")


if __name__ == "__main__":
    logs.configure("error")
    measure(int(sys.argv[1]) if sys.argv[1:] else 500)
