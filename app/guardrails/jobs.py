"""Background work: acceptances of the guideline that run out are made known."""

from sqlmodel import Session

from app.core import events
from app.core.jobs import JobKind, Lease
from app.guardrails import acceptance

BATCH = 500


def run(lease: Lease, subject_id: str) -> None:
    """Tell all that are due, a batch at a time under the lease's fence."""
    while True:
        with lease.database.session() as session:
            lease.guard(session)
            if acceptance.tell_what_ends(session, BATCH) < BATCH:
                lease.finish(session)
                return


def give_up(session: Session, subject_id: str) -> None:
    # What was not told is still due, and the next run tells it.
    events.record(session, "guideline.renewal_failed", subject_id)


TELL_WHAT_ENDS = JobKind("guideline.tell_what_ends", run, give_up)
