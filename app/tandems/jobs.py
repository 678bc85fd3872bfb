"""Background work: suggestions that nobody has answered in time expire."""

from sqlmodel import Session

from app.core import events
from app.core.jobs import JobKind, Lease
from app.tandems import service as suggestions

BATCH = 1000


def run(lease: Lease, subject_id: str) -> None:
    """Expire all that are due, whoever they were queued for, a batch at a time under the lease's fence."""
    while True:
        with lease.database.session() as session:
            lease.guard(session)
            if suggestions.expire_due(session, BATCH) < BATCH:
                lease.finish(session)
                return


def give_up(session: Session, subject_id: str) -> None:
    # Nobody can answer them all the same, and the next job that is due looks at them again.
    events.record(session, "suggestion.expiry_failed", subject_id)


EXPIRE_SUGGESTIONS = JobKind(suggestions.JOB, run, give_up)
