"""Recurring work: for each name of the schedule one job, which is queued again when it has run.

It is always the same row, so several workers plan nothing twice. After the service was off for weeks each runs once,
at once, and not once for each time that was missed: what it does is everything that is due.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.clock import now
from app.core.database import inserting
from app.core.jobs import Job, JobStatus

Schedule = Mapping[str, timedelta]

_SUBJECT = "clock:"
_ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


def keep(session: Session, schedule: Schedule) -> None:
    """Queue each job of the schedule that is not: one period after its last run, a new one a period from now.

    A shorter period holds at once, a longer one after the next run; what is not scheduled any more is taken back.
    """
    moment = now()
    planned = {job.kind: job for job in session.exec(select(Job).where(col(Job.subject_id).startswith(_SUBJECT)))}
    for name, every in schedule.items():
        job = planned.get(name)
        if job is None:
            _add(session, name, moment + every)
        elif job.status in _ENDED:
            _queue(session, job, (job.finished_at or moment) + every)
        elif job.status is JobStatus.QUEUED and job.attempts == 0 and job.run_at > moment + every:
            _queue(session, job, moment + every)
    for name, job in planned.items():
        if name not in schedule and job.status is JobStatus.QUEUED:
            _set(session, job, status=JobStatus.CANCELLED, finished_at=moment)


def _add(session: Session, name: str, run_at: datetime) -> None:
    row = {
        "id": f"job_{name}",
        "kind": name,
        "subject_id": f"{_SUBJECT}{name}",
        "status": JobStatus.QUEUED,
        "run_at": run_at,
        "attempts": 0,
        "fence": 0,
        "progress": 0.0,
        "created_at": now(),
    }
    session.execute(inserting(session, Job).values(row).on_conflict_do_nothing(index_elements=["id"]))


def _queue(session: Session, job: Job, run_at: datetime) -> None:
    _set(session, job, status=JobStatus.QUEUED, run_at=run_at, attempts=0, progress=0.0, finished_at=None)


def _set(session: Session, job: Job, **values: object) -> None:
    """Unless another worker has come first."""
    unchanged = (col(Job.id) == job.id, col(Job.status) == job.status, col(Job.fence) == job.fence)
    session.execute(update(Job).where(*unchanged).values(**values))
