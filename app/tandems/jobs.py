"""Background work: who has not answered a suggestion is reminded, and what nobody has answered in time expires."""

from sqlmodel import Session

from app.core import events
from app.core.jobs import JobKind, Lease
from app.tandems import reminding
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


def remind(lease: Lease, subject_id: str) -> None:
    """As `run`, for reminders: all that are due, whoever they were queued for."""
    while True:
        with lease.database.session() as session:
            lease.guard(session)
            if reminding.remind_due(session, BATCH) < BATCH:
                lease.finish(session)
                return


def give_up(session: Session, subject_id: str) -> None:
    # Nobody can answer them all the same, and the next job that is due looks at them again.
    events.record(session, "suggestion.expiry_failed", subject_id)


def give_up_reminding(session: Session, subject_id: str) -> None:
    """Nothing to record: the next job that is due looks at all of them."""


EXPIRE_SUGGESTIONS = JobKind(suggestions.JOB, run, give_up)
REMIND_OF_SUGGESTIONS = JobKind(reminding.JOB, remind, give_up_reminding)
