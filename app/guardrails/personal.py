"""What the guardrail knows of a person: exported, and erased but for the opaque id on an objection."""

from collections.abc import Iterator

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.guardrails.models import GuardrailNote, GuidelineAcceptance, Objection
from app.people.models import Person


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Acceptances, kept hints and objections of a person, each with the kind of its record."""
    acceptances = select(GuidelineAcceptance).where(col(GuidelineAcceptance.person_id) == person_id)
    for acceptance in session.exec(acceptances.order_by(col(GuidelineAcceptance.id))):
        yield "guideline_acceptance", acceptance.model_dump(mode="json", exclude={"end_told_at"})
    notes = select(GuardrailNote).where(col(GuardrailNote.person_id) == person_id)
    for note in session.exec(notes.order_by(col(GuardrailNote.id))):
        yield "guardrail_note", note.model_dump(mode="json", exclude={"text_hash"})
    objections = select(Objection).where(col(Objection.person_id) == person_id)
    for objection in session.exec(objections.order_by(col(Objection.id))):
        yield "objection", objection.model_dump(mode="json")


def erase_person(session: Session, person_id: str) -> None:
    """Nothing is left of a person but the opaque id on its objections."""
    session.execute(delete(GuidelineAcceptance).where(col(GuidelineAcceptance.person_id) == person_id))
    session.execute(update(GuardrailNote).where(col(GuardrailNote.person_id) == person_id).values(person_id=None))


def erase_company(session: Session, company_id: str) -> None:
    """As `erase_person`, for everybody of a company."""
    everybody = select(Person.id).where(col(Person.company_id) == company_id)
    session.execute(delete(GuidelineAcceptance).where(col(GuidelineAcceptance.person_id).in_(everybody)))
    session.execute(update(GuardrailNote).where(col(GuardrailNote.person_id).in_(everybody)).values(person_id=None))
