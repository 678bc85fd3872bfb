"""Jobs on both databases: one worker at a time, nothing lost, nothing stored by a worker that was thought dead."""

import threading
from collections.abc import Iterator

import pytest
import time_machine

from app.core import jobs
from app.core.clock import now
from app.core.database import Database
from app.core.jobs import MAX_ATTEMPTS, Interrupted, Job, JobKind, JobStatus, Lease, LeaseLost
from app.core.settings import Settings
from app.worker import Worker

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(any_database_url: str) -> Iterator[Database]:
    database = Database(any_database_url)
    yield database
    database.dispose()


def enqueue(database: Database, subject: str = "sub_1") -> str:
    with database.session() as session:
        return jobs.enqueue(session, "test", subject).id


def state(database: Database, job_id: str) -> Job:
    with database.reader() as session:
        return session.get_one(Job, job_id)


def claimed(database: Database, seconds: float = 30) -> Lease:
    lease = jobs.claim(database, seconds)
    assert lease is not None
    return lease


def test_a_job_is_claimed_once_oldest_first(database: Database) -> None:
    first, second = enqueue(database), enqueue(database)

    leases = [claimed(database), claimed(database)]

    assert [lease.job_id for lease in leases] == [first, second]
    assert jobs.claim(database, 30) is None


def test_a_job_whose_worker_is_not_heard_of_goes_to_another_and_the_first_stores_nothing(database: Database) -> None:
    job_id = enqueue(database)
    lost = claimed(database, seconds=10)

    with time_machine.travel(now().timestamp() + 11, tick=False):
        taken_over = claimed(database)
        for store in (lost.guard, lost.finish, lost.fail, lost.retry_later):
            with pytest.raises(LeaseLost), database.session() as session:
                store(session)
        with pytest.raises(LeaseLost):
            lost.renew()

    with database.session() as session:
        taken_over.finish(session)
    assert taken_over.job_id == job_id
    assert taken_over.attempts == 2
    assert state(database, job_id).status is JobStatus.DONE


def test_a_renewed_lease_is_not_taken_over(database: Database) -> None:
    enqueue(database)
    lease = claimed(database, seconds=10)

    with time_machine.travel(now().timestamp() + 8, tick=False):
        lease.tell("stage", 0.5)
    with time_machine.travel(now().timestamp() + 12, tick=False):
        assert jobs.claim(database, 10) is None

    told = state(database, lease.job_id)
    assert (told.stage, told.progress) == ("stage", 0.5)


def test_results_and_the_end_of_the_job_are_stored_together_or_not_at_all(database: Database) -> None:
    job_id = enqueue(database)
    lease = claimed(database)

    with database.session() as session:
        lease.finish(session)
        session.rollback()

    assert state(database, job_id).status is JobStatus.RUNNING


def test_forty_jobs_and_four_workers_make_forty_runs(database: Database) -> None:
    wanted = {enqueue(database, f"sub_{number}") for number in range(40)}
    done: list[str] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while (lease := jobs.claim(database, 30)) is not None:
                with database.session() as session:
                    lease.finish(session)
                done.append(lease.job_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(done) == sorted(wanted)


def worker_of(database: Database, monkeypatch: pytest.MonkeyPatch, kind: JobKind) -> Worker:
    monkeypatch.setattr("app.worker.JOBS", {"test": kind})
    return Worker(database, Settings(database_url=database.url, lease_seconds=30))


def test_a_job_that_raises_is_tried_again_then_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up: list[str] = []

    def run(lease: Lease, subject: str) -> None:
        raise OSError

    worker = worker_of(database, monkeypatch, JobKind("test", run, lambda session, subject: given_up.append(subject)))
    job_id = enqueue(database)

    attempts = []
    for days in range(MAX_ATTEMPTS):
        with time_machine.travel(now().timestamp() + 86_400 * days, tick=False):
            worker.run_until_idle()
            attempts.append(state(database, job_id).attempts)

    assert attempts == [1, 2, 3, 4, 5]
    assert given_up == ["sub_1"]
    assert state(database, job_id).status is JobStatus.FAILED


def test_a_job_that_takes_its_workers_down_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up: list[str] = []

    def never(lease: Lease, subject: str) -> None:
        raise AssertionError

    worker = worker_of(
        database, monkeypatch, JobKind("test", never, lambda session, subject: given_up.append(subject))
    )
    enqueue(database)
    for _ in range(MAX_ATTEMPTS):
        claimed(database, seconds=-1)

    worker.run_until_idle()

    assert given_up == ["sub_1"]


def test_a_worker_that_is_asked_to_stop_hands_its_job_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(lease: Lease, subject: str) -> None:
        worker.stopping.set()
        lease.tell("next stage", 0.1)

    worker = worker_of(database, monkeypatch, JobKind("test", run, lambda session, subject: None))
    job_id = enqueue(database)

    worker.run()

    handed_back = state(database, job_id)
    assert (handed_back.status, handed_back.attempts) == (JobStatus.QUEUED, 0)
    with database.reader() as session:
        assert jobs.last_worker_seen(session) is None
    assert issubclass(Interrupted, Exception)
