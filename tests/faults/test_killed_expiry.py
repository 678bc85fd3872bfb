"""A worker killed with kill -9 while suggestions expire: another goes on, and each expires once."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.access.service import SYSTEM
from app.core.clock import now
from app.core.database import Database
from app.core.events import Event
from app.core.jobs import Job, JobStatus
from app.rounds import releasing
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionStatus
from app.worker import Worker
from tests.faults.doomed import BATCH, Point
from tests.faults.takeover import finished, killed_worker


def expiry(session: Session) -> Job:
    """The job that the release has queued, not the one of the clock."""
    queued = select(Job).where(col(Job.kind) == tandems.JOB, ~col(Job.subject_id).startswith("clock:"))
    return session.exec(queued).one()


def expired(session: Session) -> int:
    status = select(Suggestion.status)
    return sum(one is SuggestionStatus.EXPIRED for one in session.exec(status))


@pytest.mark.parametrize(
    ("point", "batches"),
    [
        (Point("expire_due", "after", 2), 2),
        pytest.param(Point("expire_due", "in"), 0, marks=pytest.mark.long),
        pytest.param(Point("expire_due", "before", 3), 2, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_another_worker_goes_on_and_each_suggestion_expires_once(
    store: Database, another: Worker, undisturbed: str, point: Point, batches: int
) -> None:
    with store.session() as session:
        releasing.release(session, SYSTEM, undisturbed)
        yesterday = now() - timedelta(days=1)
        session.execute(update(Suggestion).values(expires_at=yesterday))
        session.execute(update(Job).where(col(Job.kind) == tandems.JOB).values(run_at=yesterday))
        ids = set(session.exec(select(Suggestion.id)))
    assert len(ids) > 3 * BATCH

    killed_worker(store, point)
    with store.reader() as session:
        assert expired(session) == batches * BATCH
    finished(another, lambda session: expiry(session).status is JobStatus.DONE)

    with store.reader() as session:
        told = session.exec(select(Event.subject_id).where(col(Event.kind) == "suggestion.expired"))
        assert Counter(told) == Counter(ids)
        assert expired(session) == len(ids)
        assert expiry(session).attempts == 2
