"""Background work as rows: a worker leases a job, renews the lease, and its fence keeps a lost one from storing.

A job is claimed by raising its fence. Whoever stores results first checks, in the same transaction, that the fence
is still its own: a worker that was thought dead and comes back can then no longer write. Works alike on SQLite
(one writer at a time) and PostgreSQL (skip locked).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, update
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.clock import now
from app.core.database import Database, UtcDateTime, stored_as_text
from app.core.ids import new_id

MAX_ATTEMPTS = 5
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0)


class LeaseLost(Exception):
    """Another worker has taken over the job: stop, and store nothing more."""


class Interrupted(Exception):
    """The worker is asked to stop: the job goes back to the queue as it was."""


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(SQLModel, table=True):
    __tablename__ = "job"

    id: str = Field(primary_key=True)
    kind: str
    subject_id: str = Field(index=True)
    status: JobStatus = Field(index=True, sa_type=stored_as_text(JobStatus))
    run_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    progress: float = 0.0
    stage: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WorkerSeen(SQLModel, table=True):
    """When a worker process was last heard of."""

    __tablename__ = "worker_seen"

    name: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)


@dataclass(frozen=True, slots=True)
class JobKind:
    """How one kind of job is done. `run` gets the lease and the subject's id and ends with `lease.finish` in its
    last transaction; `give_up` records, in the caller's transaction, that all attempts failed."""

    name: str
    run: Callable[["Lease", str], None]
    give_up: Callable[[Session, str], None]


class Lease:
    """One worker's right to do one job, for as long as it is renewed."""

    def __init__(
        self, database: Database, job: Job, seconds: float, interrupted: Callable[[], bool] = lambda: False
    ) -> None:
        self._interrupted = interrupted
        self.database = database
        self.job_id = job.id
        self.kind = job.kind
        self.subject_id = job.subject_id
        self.attempts = job.attempts
        self._fence = job.fence
        self._seconds = seconds
        self._lost = False

    def guard(self, session: Session) -> None:
        """Call first in a transaction that stores results. Renews the lease; raises LeaseLost when it is gone."""
        self._update(session, lease_until=now() + timedelta(seconds=self._seconds))

    def renew(self) -> None:
        """Tell in a short transaction of its own that the work goes on."""
        with self.database.session() as session:
            self.guard(session)

    def tell(self, stage: str, progress: float) -> None:
        """Renew, and show how far the work is: a stage by name and a share of the whole, 0 to 1.

        Raises Interrupted when the worker is to stop: the place where a long job can be left.
        """
        if self._interrupted():
            raise Interrupted
        with self.database.session() as session:
            until = now() + timedelta(seconds=self._seconds)
            self._update(session, lease_until=until, stage=stage, progress=min(max(progress, 0.0), 1.0))

    def finish(self, session: Session) -> None:
        """The job is done, in the transaction that stores the last of its results."""
        self._update(session, status=JobStatus.DONE, progress=1.0, finished_at=now(), lease_until=None)

    def retry_later(self, session: Session) -> None:
        """Hand the job back, to be tried again after a pause that grows."""
        pause = RETRY_SECONDS[min(self.attempts, len(RETRY_SECONDS)) - 1]
        self._update(session, status=JobStatus.QUEUED, run_at=now() + timedelta(seconds=pause), lease_until=None)

    def hand_back(self, session: Session) -> None:
        """Put the job back untried: the worker stops before it is done."""
        self._update(
            session, status=JobStatus.QUEUED, run_at=now(), attempts=max(self.attempts - 1, 0), lease_until=None
        )

    def fail(self, session: Session) -> None:
        self._update(session, status=JobStatus.FAILED, finished_at=now(), lease_until=None)

    @property
    def exhausted(self) -> bool:
        """Whether this is the last try."""
        return self.attempts >= MAX_ATTEMPTS

    @property
    def hopeless(self) -> bool:
        """Whether even the last try took its worker down with it."""
        return self.attempts > MAX_ATTEMPTS

    def _update(self, session: Session, **values: object) -> None:
        mine = (col(Job.id) == self.job_id, col(Job.fence) == self._fence, col(Job.status) == JobStatus.RUNNING)
        changed = session.execute(update(Job).where(*mine).values(**values).returning(col(Job.id))).first()
        if changed is None:
            self._lost = True
        if self._lost:
            raise LeaseLost(self.job_id)


def enqueue(session: Session, kind: str, subject_id: str, *, run_at: datetime | None = None) -> Job:
    """Queue a job in the caller's transaction: it is there exactly when the change is. Due now, or at `run_at`."""
    moment = now()
    job = Job(
        id=new_id("job"),
        kind=kind,
        subject_id=subject_id,
        status=JobStatus.QUEUED,
        run_at=run_at or moment,
        created_at=moment,
    )
    session.add(job)
    return job


def cancel(session: Session, subject_id: str) -> None:
    """Take back the jobs of a subject. A worker that is at one finds its lease lost, at the latest when it stores."""
    waiting = col(Job.status).in_((JobStatus.QUEUED, JobStatus.RUNNING))
    session.execute(
        update(Job)
        .where(col(Job.subject_id) == subject_id, waiting)
        .values(status=JobStatus.CANCELLED, finished_at=now(), lease_until=None)
    )


def claim(
    database: Database,
    lease_seconds: float,
    kinds: Sequence[str] | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Lease | None:
    """The oldest job of these kinds (None: any) that is due, or whose worker has not been heard of.

    None when there is nothing to do.
    """
    with database.reader() as session:
        if session.exec(_oldest(kinds)).first() is None:
            return None
    with database.session() as session:
        job = session.exec(_oldest(kinds).with_for_update(skip_locked=True)).first()
        if job is None:
            return None
        job.status = JobStatus.RUNNING
        job.attempts += 1
        job.fence += 1
        job.lease_until = now() + timedelta(seconds=lease_seconds)
        session.add(job)
        session.flush()
        return Lease(database, job, lease_seconds, interrupted)


def _oldest(kinds: Sequence[str] | None) -> SelectOfScalar[Job]:
    """The job to be done next."""
    moment = now()
    due = (col(Job.status) == JobStatus.QUEUED) & (col(Job.run_at) <= moment)
    abandoned = (col(Job.status) == JobStatus.RUNNING) & (col(Job.lease_until) < moment)
    wanted = or_(due, abandoned) if kinds is None else or_(due, abandoned) & col(Job.kind).in_(kinds)
    return select(Job).where(wanted).order_by(col(Job.run_at), col(Job.id)).limit(1)


def forget_ended(session: Session, before: datetime, limit: int) -> list[str]:
    """Forget jobs that ended before this moment, but for those that are planned again and again; their ids."""
    ended = select(Job.id).where(
        col(Job.finished_at) < before,
        col(Job.status).in_((JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)),
        ~col(Job.subject_id).startswith("clock:"),
    )
    ids = list(session.exec(ended.order_by(col(Job.id)).limit(limit)))
    session.execute(delete(Job).where(col(Job.id).in_(ids)))
    return ids


def latest(session: Session, subject_ids: list[str]) -> dict[str, Job]:
    """The newest job of each subject, for showing its progress."""
    found = session.exec(select(Job).where(col(Job.subject_id).in_(subject_ids)).order_by(col(Job.id)))
    return {job.subject_id: job for job in found}


def tell_worker_seen(database: Database, name: str) -> None:
    """Record that a worker is alive, and forget those that have not been for a day."""
    with database.session() as session:
        session.merge(WorkerSeen(name=name, seen_at=now()))
        gone = session.exec(select(WorkerSeen).where(col(WorkerSeen.seen_at) < now() - timedelta(days=1)))
        for worker in gone:
            session.delete(worker)


def forget_worker(database: Database, name: str) -> None:
    """A worker that stops in good order is no longer counted as there."""
    with database.session() as session:
        worker = session.get(WorkerSeen, name)
        if worker is not None:
            session.delete(worker)


def last_worker_seen(session: Session) -> datetime | None:
    """When any worker was last heard of."""
    newest = session.exec(select(WorkerSeen).order_by(col(WorkerSeen.seen_at).desc()).limit(1)).first()
    return newest.seen_at if newest else None
