"""Background work: the erasure of a company 30 days after it left, what is kept no longer, profiles to confirm."""

from sqlmodel import Session

from app.companies.service import ERASE_JOB
from app.core import events
from app.core.jobs import JobKind, Lease
from app.core.settings import get_settings
from app.privacy import confirmation, retention
from app.privacy import service as privacy


def run(lease: Lease, company_id: str) -> None:
    """Erase everything in one transaction: it is all there or all gone."""
    with lease.database.session() as session:
        lease.finish(session)
        privacy.erase_company(session, company_id, get_settings())


def give_up(session: Session, company_id: str) -> None:
    events.record(session, "company.erasure_failed", company_id)


ERASE_COMPANY = JobKind(ERASE_JOB, run, give_up)


def let_go(lease: Lease, subject_id: str) -> None:
    """Everything that is over, rule by rule and batch by batch under the lease's fence."""
    settings = get_settings()
    for number, rule in enumerate(retention.RULES):
        lease.tell(rule.name, number / len(retention.RULES))
        gone = retention.BATCH
        while gone == retention.BATCH:
            with lease.database.session() as session:
                lease.guard(session)
                gone = retention.let_go(session, rule, settings)
    with lease.database.session() as session:
        lease.finish(session)


def ask(lease: Lease, subject_id: str) -> None:
    """Ask the managers of communities whose half a year is nearly over, each once."""
    with lease.database.session() as session:
        lease.finish(session)
        confirmation.ask(session)


def leave(session: Session, subject_id: str) -> None:
    """Nothing to record: the next run does what this one did not."""


RETENTION = JobKind(retention.JOB, let_go, leave)
ASK_TO_CONFIRM = JobKind(confirmation.JOB, ask, leave)
