"""Discovery through a real API process over HTTP: milliseconds of a request, seconds until a change is found, memory.

python -m benchmarks.discovery [COUNT ...]      (default 15000; SQLite, or the database of TANDEM_DATABASE_URL)

The peer answers the same questions in a process of its own, without HTTP and database: scikit-learn's vectors and one
full product a question. `counting` is our index alone, asked in the same manner.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx2
import numpy as np
import psutil
from sqlalchemy import insert
from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.communities import documents
from app.communities.models import Community, CommunityStatus
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.clock import now
from app.core.database import Database
from app.core.settings import get_settings
from app.discovery import service as discovery
from app.discovery.index import DiscoveryIndex
from app.discovery.meanings import Reader
from benchmarks.measuring import in_own_process, input_profiles, tell
from benchmarks.round import _document
from matching import Profile
from matching.text import TextAnalyzer
from tests.end_to_end.service import free_port

REQUESTS = 200
WARM_UP = 20


class Store:
    """A database with published communities, and a portal's key."""

    def __init__(self, url: str, profiles: Sequence[Profile]) -> None:
        migrations.upgrade(url)
        self.url = url
        self.database = Database(url)
        with self.database.session() as session:
            self.communities = _seed(session, profiles)
        viewer = next(iter(self.communities))
        self.own = self.communities[viewer]
        with self.database.session() as session:
            wish = KeyCreate(role=Role.PORTAL, label="benchmark", company_id=viewer)
            pepper = get_settings().key_pepper.get_secret_value()
            self.key = access.create_key(session, SYSTEM, wish, pepper).plain


def _seed(session: Session, profiles: Sequence[Profile]) -> dict[str, list[str]]:
    """Ids of the communities of each company, the company of middle size first."""
    made: dict[str, list[str]] = {}
    by_name: dict[str, str] = {}
    for name in sorted({profile.company for profile in profiles}):
        company = companies.create(session, SYSTEM, CompanyCreate(name=f"Firma {name}", sector="other"))
        companies.activate(session, SYSTEM, company.id)
        by_name[name] = company.id
        made[company.id] = []
    for start in range(0, len(profiles), 5000):
        rows = []
        for profile in profiles[start : start + 5000]:
            company_id = by_name[profile.company]
            row = documents.new_row(company_id, "benchmark", profile.id) | _document(profile).model_dump(
                exclude={"managers"}
            )
            rows.append(row | {"status": CommunityStatus.PUBLISHED, "consent_at": now()})
            made[company_id].append(str(row["id"]))
        session.execute(insert(Community), rows)
    middle = sorted(made, key=lambda one: len(made[one]))[len(made) // 2]
    return {middle: made.pop(middle)} | made


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = os.environ.get("TANDEM_DATABASE_URL", f"sqlite:///{Path(folder) / 'discovery.db'}")
        store = Store(url, profiles)
        indexing = in_own_process(lambda: discovery.bring_up_to_date(Database(url)))
        looking = in_own_process(lambda: discovery.bring_up_to_date(Database(url)))
        environment = os.environ | {"TANDEM_DATABASE_URL": url, "TANDEM_LOG_LEVEL": "error"}
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "app.main:create_app", "--factory", "--port", str(port)]
        api = stack.enter_context(_Child([*command, "--log-level", "error"], environment))
        stack.enter_context(_Child([sys.executable, "-m", "app.worker"], environment))
        client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {store.key}"}, timeout=60
        )
        stack.enter_context(client)
        _until(lambda: _answers(client), 60)
        started = time.perf_counter()
        _until(lambda: client.get("/v1/discovery/communities", params={"limit": 1}).status_code == 200, 120)
        loading = time.perf_counter() - started
        queries = _queries(profiles, np.random.default_rng(11))
        related = [f"/v1/communities/{store.own[n % len(store.own)]}/related" for n in range(REQUESTS + WARM_UP)]
        searched = [f"/v1/discovery/communities?q={q}" for q in queries]
        figures = {
            "related": asyncio.run(_timed(client, related)),
            "search": asyncio.run(_timed(client, searched)),
            "all": asyncio.run(_timed(client, ["/v1/discovery/communities"] * 60)),
        }
        seen = [round(_seconds_to_be_found(client, store, f"qzx{n}neu"), 1) for n in range(3)]
        memory = psutil.Process(api.pid).memory_info().rss // 2**20
        counting = in_own_process(lambda: _counting(url, profiles))
        peer = in_own_process(lambda: _peer(profiles))
        tell(
            benchmark="discovery",
            input=name,
            database=url.split(":", 1)[0],
            **{f"{what}_{key}": value for what, found in figures.items() for key, value in found.items()},
            worker_index_seconds=round(indexing.seconds, 1),
            worker_peak_mib=indexing.peak_mib,
            worker_look_ms=round(looking.seconds * 1000),
            api_load_seconds=round(loading, 1),
            change_found_seconds=seen,
            api_resident_mib=memory,
            counting_p50_ms=counting.answer[0],
            counting_p95_ms=counting.answer[1],
            peer_related_p50_ms=peer.answer[0],
            peer_related_p95_ms=peer.answer[1],
            peer_fit_seconds=peer.answer[2],
            peer_peak_mib=peer.peak_mib,
        )
        store.database.dispose()


class _Child:
    """A process that is ended with its block."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(command, env=environment)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._child

    def __exit__(self, *error: object) -> None:
        self._child.terminate()
        self._child.wait(30)


def _queries(profiles: Sequence[Profile], rng: np.random.Generator) -> list[str]:
    """Two tags or words each; in every third a slip of the pen."""
    made = []
    for number in range(REQUESTS + WARM_UP):
        profile = profiles[int(rng.integers(0, len(profiles)))]
        words = list(profile.tags[:2])
        if number % 3 == 0:
            at = int(rng.integers(1, max(2, len(words[0]) - 1)))
            words[0] = words[0][:at] + "q" + words[0][at + 1 :]
        made.append("+".join(words))
    return made


async def _timed(client: httpx2.Client, addresses: Sequence[str]) -> dict[str, float]:
    """One request after the other, the first ones not counted."""
    spent = []
    async with httpx2.AsyncClient(base_url=client.base_url, headers=client.headers, timeout=60) as asking:
        for address in addresses:
            started = time.perf_counter()
            answer = await asking.get(address)
            spent.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, answer.text
    counted = np.array(spent[WARM_UP:])
    return {
        "p50_ms": round(float(np.percentile(counted, 50)), 1),
        "p95_ms": round(float(np.percentile(counted, 95)), 1),
    }


def _seconds_to_be_found(client: httpx2.Client, store: Store, word: str) -> float:
    """From a committed change of one community to a search that finds it."""
    other = next(ids for company, ids in store.communities.items() if ids is not store.own)
    with store.database.session() as session:
        community = session.get_one(Community, other[0])
        documents.apply(community, {"tags": [word]})
        session.add(community)
    started = time.perf_counter()
    _until(lambda: client.get("/v1/discovery/communities", params={"q": word}).json()["items"] != [], 90)
    return time.perf_counter() - started


def _counting(url: str, profiles: Sequence[Profile]) -> tuple[float, float]:
    """p50 and p95 of terms, similarities with every row and the best 50, in milliseconds."""
    index = DiscoveryIndex(Database(url))
    with index.database.reader() as session:
        index.refresh(session)
    state = index.current()
    reader = Reader(state.dictionary)
    index.stop()

    def ask(profile: Profile) -> None:
        np.argsort(-state.related.compared(reader.counted(profile, "")).similarities())[:50]

    return _percentiles(ask, profiles)


def _percentiles(ask: Callable[[Profile], None], profiles: Sequence[Profile]) -> tuple[float, float]:
    spent = []
    for profile in profiles[:REQUESTS]:
        started = time.perf_counter()
        ask(profile)
        spent.append((time.perf_counter() - started) * 1000)
    return round(float(np.percentile(spent, 50)), 1), round(float(np.percentile(spent, 95)), 1)


def _peer(profiles: Sequence[Profile]) -> tuple[float, float, float]:
    """p50 and p95 of transform, product with every row and the best 50, in milliseconds; and seconds to fit."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    started = time.perf_counter()
    vectorizer = TfidfVectorizer(analyzer=TextAnalyzer().terms, sublinear_tf=True)
    vectors = vectorizer.fit_transform(profiles)
    fitting = time.perf_counter() - started

    def ask(profile: Profile) -> None:
        product = (vectors @ vectorizer.transform([profile]).T).toarray().ravel()
        np.argsort(-product)[:50]

    return *_percentiles(ask, profiles), round(fitting, 1)


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> None:
    pause, deadline = threading.Event(), time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < deadline, "waited in vain"
        pause.wait(0.1)


if __name__ == "__main__":
    logs.configure("error")
    for asked in [int(argument) for argument in sys.argv[1:]] or [15_000]:
        measure(asked)
