from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlmodel import col, select

from app.core import jobs, schedule
from app.core.database import Database
from app.core.jobs import Job, JobStatus
from app.worker import JOBS, SCHEDULE

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAILY = {"count": timedelta(days=1)}


@pytest.fixture
def any_database(any_database_url: str) -> Iterator[Database]:
    database = Database(any_database_url)
    yield database
    database.dispose()


def kept(database: Database, wanted: schedule.Schedule, moment: datetime) -> None:
    with time_machine.travel(moment, tick=False), database.session() as session:
        schedule.keep(session, wanted)


def ran(database: Database, moment: datetime) -> bool:
    """Whether something was due, which is done then."""
    with time_machine.travel(moment, tick=False):
        lease = jobs.claim(database, 60)
        if lease is not None:
            with database.session() as session:
                lease.finish(session)
    return lease is not None


def planned(database: Database) -> list[tuple[str, JobStatus, datetime]]:
    with database.reader() as session:
        return [(job.kind, job.status, job.run_at) for job in session.exec(select(Job).order_by(col(Job.id)))]


def test_what_is_scheduled_runs_once_each_period(database: Database) -> None:
    kept(database, DAILY, START)
    assert not ran(database, START + timedelta(hours=23))
    assert ran(database, START + timedelta(days=1))

    kept(database, DAILY, START + timedelta(days=1, minutes=5))

    assert planned(database) == [("count", JobStatus.QUEUED, START + timedelta(days=2))]
    assert not ran(database, START + timedelta(days=1, hours=12))


def test_after_weeks_without_a_worker_it_runs_once_and_not_for_each_day(database: Database) -> None:
    kept(database, DAILY, START)
    back = START + timedelta(days=40)

    kept(database, DAILY, back)

    assert ran(database, back)
    kept(database, DAILY, back)
    assert not ran(database, back)
    assert planned(database) == [("count", JobStatus.QUEUED, back + timedelta(days=1))]


def test_one_that_failed_for_good_is_planned_again(database: Database) -> None:
    kept(database, DAILY, START)
    with time_machine.travel(START + timedelta(days=1), tick=False):
        lease = jobs.claim(database, 60)
        assert lease is not None
        with database.session() as session:
            lease.fail(session)

    kept(database, DAILY, START + timedelta(days=1))

    assert planned(database) == [("count", JobStatus.QUEUED, START + timedelta(days=2))]


def test_a_shorter_period_holds_at_once_and_what_is_not_scheduled_any_more_is_taken_back(database: Database) -> None:
    kept(database, DAILY | {"gone": timedelta(days=1)}, START)

    kept(database, {"count": timedelta(hours=1)}, START)

    assert planned(database) == [
        ("count", JobStatus.QUEUED, START + timedelta(hours=1)),
        ("gone", JobStatus.CANCELLED, START + timedelta(days=1)),
    ]


def test_several_workers_plan_it_once(any_database: Database) -> None:
    together = Barrier(4)

    def plan() -> None:
        together.wait()
        with any_database.session() as session:
            schedule.keep(session, DAILY)

    workers = [Thread(target=plan) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert [(kind, status) for kind, status, _ in planned(any_database)] == [("count", JobStatus.QUEUED)]


def test_whatever_is_scheduled_is_a_job_that_workers_know() -> None:
    assert set(SCHEDULE) <= set(JOBS)
