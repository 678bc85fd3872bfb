"""Background work of the programme: choose and explain with no transaction open, store in batches under the fence."""

from sqlmodel import Session

from app.core.jobs import JobKind, Lease
from app.programme import alternates
from app.programme.explaining import Reasons

BATCH = 100


def run(lease: Lease, round_id: str) -> None:
    """Offer alternates until nothing of the round is left to be looked at. A try that is lost is taken up where it
    stopped: what was looked at says so."""
    reasons = Reasons(lease.database, round_id, lambda share: lease.tell("reasons", share))
    while True:
        lease.tell("choosing", 0.0)
        with lease.database.reader() as session:
            chosen = alternates.choose(session, round_id, BATCH)
        explained = reasons.of(pair.ids for one in chosen for pair in one.pairs.values())
        with lease.database.session() as session:
            lease.guard(session)
            if chosen:
                alternates.offer(session, round_id, chosen, explained)
            elif alternates.finished(session, round_id):
                lease.finish(session)
                return


def give_up(session: Session, round_id: str) -> None:
    """Nothing to record: the next suggestion of the round that ends has all of them looked at again."""


OFFER_ALTERNATES = JobKind(alternates.JOB, run, give_up)
