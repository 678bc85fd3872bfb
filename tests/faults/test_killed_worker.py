"""A worker killed with kill -9 in the middle of a round: another takes over after its lease, and nothing is lost."""

import sys
from typing import Any

import psutil
import pytest
from sqlmodel import Session, func, select

from app.access.service import SYSTEM
from app.communities import publishing
from app.communities import service as communities
from app.communities.schemas import CommunityDocument, Consent
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import jobs
from app.core.database import Database
from app.core.jobs import Job
from app.rounds import service as rounds
from app.rounds.models import Proposal, Round, RoundStatus, RoundUnmatched
from app.rounds.schemas import RoundCreate
from app.worker import Worker
from benchmarks import generator
from tests.end_to_end.service import process, serving, wait_for

SHORT_LEASE = {"TANDEM_LEASE_SECONDS": "2", "TANDEM_POLL_SECONDS": "0.05"}
WORKER = [sys.executable, "-m", "app.worker"]


@pytest.fixture
def store(database: Database) -> Database:
    """Two thousand published communities of ten companies."""
    profiles = generator.profiles(2000, companies=10)
    for name in sorted({profile.company for profile in profiles}):
        with database.session() as session:
            company = companies.create(session, SYSTEM, CompanyCreate(name=name, sector="other"))
            companies.activate(session, SYSTEM, company.id)
            documents = {
                profile.id: CommunityDocument(
                    name=profile.name, description=profile.description, tags=list(profile.tags)
                )
                for profile in profiles
                if profile.company == name
            }
            communities.store(session, company.id, "test", documents)
            publishing.publish_all(session, company.id, "test", documents, Consent(consent_by="test"))
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


def results(session: Session, round_id: str) -> list[tuple[Any, ...]]:
    # mypy takes the columns of a SQLModel class for the values of its rows.
    found = session.exec(select(Proposal).where(Proposal.round_id == round_id).order_by(Proposal.rank))  # type: ignore[arg-type]
    return [(one.rank, one.a_id, one.b_id, one.similarity, str(one.reasons)) for one in found]


@pytest.mark.parametrize("at_stage", ["vectors", "reasons", "storing"])
def test_another_worker_finishes_the_round_with_the_same_result(
    store: Database, worker: Worker, at_stage: str
) -> None:
    undisturbed = started_round(store)
    worker.run_until_idle()
    round_id = started_round(store)

    with process(WORKER, store.url, SHORT_LEASE) as first:
        wait_for(lambda: stage(store, round_id) == at_stage, f"the stage {at_stage}")
        first.kill()
        first.wait()
    assert not is_proposed(store, round_id)
    with process(WORKER, store.url, SHORT_LEASE):
        wait_for(lambda: is_proposed(store, round_id), "another worker to finish")

    with store.reader() as session:
        assert results(session, round_id) == results(session, undisturbed)
        one, other = session.get_one(Round, round_id), session.get_one(Round, undisturbed)
        assert (one.snapshot_hash, one.proposals, one.unmatched) == (
            other.snapshot_hash,
            other.proposals,
            other.unmatched,
        )
        alone = select(func.count()).select_from(RoundUnmatched).where(RoundUnmatched.round_id == round_id)
        assert session.exec(alone).one() == one.unmatched
        assert session.exec(select(Job).where(Job.subject_id == round_id)).one().attempts == 2


def test_the_supervisor_replaces_a_killed_worker_and_the_round_ends(store: Database) -> None:
    with serving(store.url, environment=SHORT_LEASE) as (_, pid):
        round_id = started_round(store)
        wait_for(lambda: stage(store, round_id) == "vectors", "the round to run")
        workers = [child for child in psutil.Process(pid).children() if "app.worker" in child.cmdline()]
        assert [child.nice() for child in workers] == [10]

        workers[0].kill()

        wait_for(lambda: is_proposed(store, round_id), "the round to end")
