"""What this room keeps of a person: that it approves tandems for its company."""

from collections.abc import Iterator

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.companies.models import CompanyCoordinator


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """One record for each company that the person is a coordinator of."""
    for one in session.exec(select(CompanyCoordinator).where(col(CompanyCoordinator.person_id) == person_id)):
        yield "coordinator", {"company_id": one.company_id, "deputy": one.deputy}


def erase_person(session: Session, person_id: str) -> None:
    session.execute(delete(CompanyCoordinator).where(col(CompanyCoordinator.person_id) == person_id))
