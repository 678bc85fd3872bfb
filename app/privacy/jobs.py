"""Background work: the erasure of a company, 30 days after it left."""

from sqlmodel import Session

from app.companies.service import ERASE_JOB
from app.core import events
from app.core.jobs import JobKind, Lease
from app.privacy import service as privacy


def run(lease: Lease, company_id: str) -> None:
    """Erase everything in one transaction: it is all there or all gone."""
    with lease.database.session() as session:
        lease.finish(session)
        privacy.erase_company(session, company_id)


def give_up(session: Session, company_id: str) -> None:
    events.record(session, "company.erasure_failed", company_id)


ERASE_COMPANY = JobKind(ERASE_JOB, run, give_up)
