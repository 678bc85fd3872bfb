"""The worker of a whole service killed with kill -9 in the middle of a round: the supervisor starts another."""

import psutil
import pytest

from app.access.service import SYSTEM
from app.core import jobs
from app.core.database import Database
from app.rounds import service as rounds
from app.rounds.models import Round, RoundStatus
from app.rounds.schemas import RoundCreate
from benchmarks import generator
from benchmarks.round import seed
from tests.end_to_end.service import serving, wait_for

SHORT_LEASE = {"TANDEM_LEASE_SECONDS": "2", "TANDEM_POLL_SECONDS": "0.05"}


@pytest.fixture
def large_store(database: Database) -> Database:
    """Two thousand published communities of ten companies: a round takes long enough to be met in the middle."""
    seed(database, generator.profiles(2000, companies=10))
    return database


def started_round(database: Database) -> str:
    with database.session() as session:
        draft = rounds.create(session, SYSTEM, RoundCreate(title="Spring"))
        return rounds.start(session, SYSTEM, draft.id).id


def stage(database: Database, round_id: str) -> str | None:
    with database.reader() as session:
        return jobs.latest(session, [round_id])[round_id].stage


def is_proposed(database: Database, round_id: str) -> bool:
    with database.reader() as session:
        return session.get_one(Round, round_id).status is RoundStatus.PROPOSED


def test_the_supervisor_replaces_a_killed_worker_and_the_round_ends(large_store: Database) -> None:
    with serving(large_store.url, environment=SHORT_LEASE) as (_, pid):
        round_id = started_round(large_store)
        wait_for(lambda: stage(large_store, round_id) == "vectors", "the round to run")
        workers = [child for child in psutil.Process(pid).children() if "app.worker" in child.cmdline()]
        assert [child.nice() for child in workers] == [10]

        workers[0].kill()

        wait_for(lambda: is_proposed(large_store, round_id), "the round to end")
