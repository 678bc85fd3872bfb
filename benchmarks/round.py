"""A whole match round through database and worker process: seconds per stage and the worker's peak memory.

python -m benchmarks.round [COUNT ...]      (default 15000; SQLite, or the database of TANDEM_DATABASE_URL)
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from app.access.service import SYSTEM
from app.communities import publishing
from app.communities import service as communities
from app.communities.schemas import CommunityDocument, Consent
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import jobs, logs, migrations
from app.core.database import Database
from app.rounds import service as rounds
from app.rounds.models import Round, RoundStatus
from app.rounds.schemas import RoundCreate
from benchmarks.measuring import input_profiles, tell
from matching import Profile

_ENDED = (RoundStatus.PROPOSED, RoundStatus.FAILED)


def seed(database: Database, profiles: list[Profile]) -> None:
    """Companies and published communities."""
    by_company: dict[str, list[Profile]] = {}
    for profile in profiles:
        by_company.setdefault(profile.company, []).append(profile)
    for name, members in by_company.items():
        with database.session() as session:
            company = companies.create(session, SYSTEM, CompanyCreate(name=name, sector="other"))
            companies.activate(session, SYSTEM, company.id)
        for start in range(0, len(members), 1000):
            documents = {member.id: _document(member) for member in members[start : start + 1000]}
            with database.session() as session:
                communities.store(session, company.id, "benchmark", documents)
                publishing.publish_all(session, company.id, "benchmark", documents, Consent(consent_by="benchmark"))


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("TANDEM_DATABASE_URL", f"sqlite:///{Path(folder) / 'round.db'}")
        migrations.upgrade(url)
        database = Database(url)
        started = time.perf_counter()
        seed(database, profiles)
        seed_seconds = time.perf_counter() - started
        with database.session() as session:
            draft = rounds.create(session, SYSTEM, RoundCreate(title="Benchmark"))
            rounds.start(session, SYSTEM, draft.id)
        environment = os.environ | {"TANDEM_DATABASE_URL": url, "TANDEM_LOG_LEVEL": "error"}
        started = time.perf_counter()
        worker = subprocess.Popen([sys.executable, "-m", "app.worker"], env=environment)
        stages = _watched(database, draft.id)
        seconds = time.perf_counter() - started
        worker.terminate()
        _, _, usage = os.wait4(worker.pid, 0)
        with database.reader() as session:
            done = session.get_one(Round, draft.id)
        database.dispose()
        tell(
            benchmark="round",
            input=name,
            database=url.split(":", 1)[0],
            communities=done.communities,
            status=done.status.value,
            proposals=done.proposals,
            seconds=round(seconds, 1),
            stages={stage: round(spent, 1) for stage, spent in stages.items()},
            worker_peak_mib=usage.ru_maxrss // 1024,
            seed_seconds=round(seed_seconds, 1),
        )


def _watched(database: Database, round_id: str) -> dict[str, float]:
    """Seconds that each stage was seen, until the round has ended; "starting" is the worker's own start."""
    stages: dict[str, float] = {}
    pause = threading.Event()
    last = time.perf_counter()
    while True:
        with database.reader() as session:
            job = jobs.latest(session, [round_id])[round_id]
            ended = session.get_one(Round, round_id).status in _ENDED
        moment = time.perf_counter()
        stage = job.stage or "starting"
        stages[stage] = stages.get(stage, 0.0) + moment - last
        last = moment
        if ended:
            return stages
        pause.wait(0.05)


def _document(profile: Profile) -> CommunityDocument:
    return CommunityDocument(
        name=profile.name[:200],
        purpose=profile.purpose[:500] or None,
        description=profile.description[:20_000] or None,
        tags=list(profile.tags)[:30],
        languages=list(profile.languages),
    )


if __name__ == "__main__":
    logs.configure("error")
    for asked in [int(argument) for argument in sys.argv[1:]] or [15_000]:
        measure(asked)
