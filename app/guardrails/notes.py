"""Hints on stored texts, and the author's right to keep a text with a reason: for profiles, agendas, minutes alike.

Whoever stores a text names it by the kind and id of what it belongs to, and by a JSON pointer in there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access.service import Caller
from app.core.clock import now
from app.core.errors import Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.guardrails.models import GuardrailNote
from app.guardrails.terms import Hint, hints


class NoSuchHint(Unprocessable):
    slug = "no-such-hint"
    title = mark("There is no such hint")
    detail = mark("At {pointer} there is no hint on topic {topic}: read the hints again, the text may have changed.")


@dataclass(frozen=True, slots=True)
class MarkedHint:
    """A hint on a text, and the note by which its author keeps the text as it is."""

    pointer: str
    hint: Hint
    kept: GuardrailNote | None


def marked(session: Session, kind: str, subject_id: str, texts: Mapping[str, str]) -> list[MarkedHint]:
    """The hints on some texts by their pointers; kept ones are those whose text is still the one that was kept."""
    found = {pointer: hints(text) for pointer, text in texts.items()}
    if not any(found.values()):
        return []
    kept = _kept(session, kind, subject_id)
    return [
        MarkedHint(pointer, hint, kept.get((hint.topic, _hash(texts[pointer]))))
        for pointer, each in found.items()
        for hint in each
    ]


def keep(
    session: Session,
    caller: Caller,
    kind: str,
    subject_id: str,
    texts: Mapping[str, str],
    *,
    pointer: str,
    topic: int,
    reason: str,
) -> GuardrailNote:
    """Keep a text in spite of the hints on one topic, with a reason. Raises NoSuchHint where there is none."""
    text = texts.get(pointer, "")
    if topic not in {hint.topic for hint in hints(text)}:
        raise NoSuchHint(pointer=pointer, topic=topic)
    note = GuardrailNote(
        id=new_id("gnt"),
        subject_kind=kind,
        subject_id=subject_id,
        pointer=pointer,
        topic=topic,
        text_hash=_hash(text),
        reason=reason,
        recorded_by=caller.role.value,
        person_id=caller.person_id,
        recorded_at=now(),
    )
    session.add(note)
    session.flush()
    return note


def get(session: Session, note_id: str) -> GuardrailNote:
    """One note, for who has just recorded it."""
    return session.get_one(GuardrailNote, note_id)


def forget(session: Session, kind: str, subject_ids: Iterable[str] | SelectOfScalar[str]) -> None:
    """Delete the notes on texts that are erased."""
    ids = subject_ids if isinstance(subject_ids, SelectOfScalar) else list(subject_ids)
    session.execute(
        delete(GuardrailNote).where(col(GuardrailNote.subject_kind) == kind, col(GuardrailNote.subject_id).in_(ids))
    )


def _kept(session: Session, kind: str, subject_id: str) -> dict[tuple[int, str], GuardrailNote]:
    """The newest note for each topic and text."""
    notes = select(GuardrailNote).where(
        col(GuardrailNote.subject_kind) == kind, col(GuardrailNote.subject_id) == subject_id
    )
    return {(note.topic, note.text_hash): note for note in session.exec(notes.order_by(col(GuardrailNote.id)))}


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
