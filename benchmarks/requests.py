"""Requests a second of the portal's hot reads, against a hello-world route behind the same middleware, in one run.

python -m benchmarks.requests [COUNT]     (default 2000 communities; SQLite; 16 connections from a process of its own)
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from fastapi import FastAPI

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.communities import queries
from app.communities import service as communities
from app.communities.schemas import CommunityDocument, ManagerContact
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.database import Database
from app.core.settings import get_settings
from app.main import create_app
from benchmarks import generator
from benchmarks.measuring import tell
from matching import Profile
from tests.end_to_end.service import free_port, wait_for

CONNECTIONS = 16
SECONDS = 4.0
ROUNDS = 3


def application() -> FastAPI:
    """The service and, beside it, the least that a route can do."""
    app = create_app()

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'requests.db'}"
        migrations.upgrade(url)
        key, community_id = _seed(url, count)
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "TANDEM_DATABASE_URL": url,
            "TANDEM_LOG_LEVEL": "info",
            "TANDEM_RATE_LIMIT_PER_MINUTE": "100000000",
        }
        command = [sys.executable, "-m", "uvicorn", "benchmarks.requests:application", "--factory", "--no-access-log"]
        with subprocess.Popen(
            [*command, "--port", str(port), "--log-level", "error"], env=environment, stderr=subprocess.DEVNULL
        ) as api:
            try:
                wait_for(lambda: _answers(address), "the API to answer")
                paths = {
                    "hello": "/hello",
                    "get": f"/v1/communities/{community_id}",
                    "list": "/v1/communities?limit=50",
                }
                rates: dict[str, list[float]] = {name: [] for name in paths}
                for _ in range(ROUNDS):
                    for name, path in paths.items():
                        rates[name].append(asyncio.run(_rate(address, path, key)))
                resident = psutil.Process(api.pid).memory_info().rss // 2**20
            finally:
                api.terminate()
    median = {name: statistics.median(found) for name, found in rates.items()}
    tell(
        benchmark="requests",
        communities=count,
        connections=CONNECTIONS,
        hello_per_second=round(median["hello"]),
        get_per_second=round(median["get"]),
        list_of_50_per_second=round(median["list"]),
        get_to_hello=round(median["get"] / median["hello"], 3),
        list_to_hello=round(median["list"] / median["hello"], 3),
        api_resident_mib=resident,
    )


def _seed(url: str, count: int) -> tuple[str, str]:
    """A company's communities; its portal's key and one of their ids."""
    database = Database(url)
    with database.session() as session:
        company = companies.create(session, SYSTEM, CompanyCreate(name="Benchmark", sector="other"))
        companies.activate(session, SYSTEM, company.id)
        wish = KeyCreate(role=Role.PORTAL, label="benchmark", company_id=company.id)
        pepper = get_settings().key_pepper.get_secret_value()
        key = access.create_key(session, SYSTEM, wish, pepper).plain
    profiles = generator.profiles(count)
    for start in range(0, count, 1000):
        documents = {one.id: _document(one) for one in profiles[start : start + 1000]}
        with database.session() as session:
            communities.store(session, company.id, "benchmark", documents)
    with database.reader() as session:
        known = queries.by_external_ids(session, company.id, "benchmark", [profiles[count // 2].id])
    database.dispose()
    return key, next(iter(known.values())).id


def _document(profile: Profile) -> CommunityDocument:
    return CommunityDocument(
        name=profile.name[:200],
        purpose=profile.purpose[:500],
        description=profile.description[:20_000],
        tags=list(profile.tags),
        languages=list(profile.languages),
        managers=[ManagerContact(email=f"{profile.id}@benchmark.example", first_name="Kim")],
    )


def _answers(address: str) -> bool:
    async def ask() -> bool:
        try:
            return await _requests(address, "/healthz", "", 1) == 1
        except OSError:
            return False

    return asyncio.run(ask())


async def _rate(address: str, path: str, key: str) -> float:
    """Requests a second of all connections together."""
    await asyncio.gather(*(_requests(address, path, key, 5) for _ in range(CONNECTIONS)))
    started = time.perf_counter()
    done = await asyncio.gather(*(_requests(address, path, key, until=started + SECONDS) for _ in range(CONNECTIONS)))
    return sum(done) / (time.perf_counter() - started)


async def _requests(
    address: str, path: str, key: str, count: int | None = None, *, until: float = float("inf")
) -> int:
    """Ask again and again on one connection: a bare client, so that its own work does not count for much."""
    host = urlsplit(address)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    request = f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    done = 0
    while (count is None or done < count) and time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200") or (key and b"\r\netag: " not in head.lower()):
            raise AssertionError(json.dumps(head.decode()))
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        done += 1
    writer.close()
    return done


if __name__ == "__main__":
    logs.configure("error")
    measure(int(sys.argv[1]) if sys.argv[1:] else 2000)
