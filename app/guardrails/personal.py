"""What the guardrail knows of a person: exported, and erased but for what stands without it."""

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

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
    """The opaque id on its objections is left, and that somebody kept a text in spite of a hint; not who, nor why."""
    _erase(session, [person_id])


def erase_company(session: Session, company_id: str) -> None:
    """As `erase_person`, for everybody of a company."""
    _erase(session, select(Person.id).where(col(Person.company_id) == company_id))


def _erase(session: Session, people: Sequence[str] | SelectOfScalar[str]) -> None:
    session.execute(delete(GuidelineAcceptance).where(col(GuidelineAcceptance.person_id).in_(people)))
    kept = update(GuardrailNote).where(col(GuardrailNote.person_id).in_(people))
    session.execute(kept.values(person_id=None, reason=""))
