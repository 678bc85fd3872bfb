"""Background work: everything that is due around meetups, in batches under the lease's fence."""

from sqlmodel import Session

from app.core import events
from app.core.jobs import JobKind, Lease
from app.registrations import tending

BATCH = 50


def run(lease: Lease, subject_id: str) -> None:
    """Take every step until nothing is due any more."""
    for step in tending.STEPS:
        while True:
            with lease.database.session() as session:
                lease.guard(session)
                if step(session, BATCH) < BATCH:
                    break
    with lease.database.session() as session:
        lease.finish(session)


def give_up(session: Session, subject_id: str) -> None:
    # What was due stays so, and the next run looks at it again.
    events.record(session, "meetup.tending_failed", subject_id)


TEND_MEETUPS = JobKind("tend_meetups", run, give_up)
