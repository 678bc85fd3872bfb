"""What this room keeps of a person: what it has answered to suggestions, for its community."""

from collections.abc import Iterator

from sqlalchemy import update
from sqlmodel import Session, col

from app.tandems import queries
from app.tandems.models import SuggestionSide


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """One record for each answer."""
    for side in queries.answered_by(session, person_id):
        yield (
            "answer",
            {
                "suggestion_id": side.suggestion_id,
                "community_id": side.community_id,
                "answer": side.answer.value if side.answer else None,
                "until": side.until.isoformat() if side.until else None,
                "reason": side.reason,
                "why": side.why,
                "answered_at": side.answered_at.isoformat() if side.answered_at else None,
            },
        )


def erase_person(session: Session, person_id: str) -> None:
    """The person's own words go; who has answered stays an id that leads to nobody."""
    session.execute(update(SuggestionSide).where(col(SuggestionSide.answered_by) == person_id).values(reason=None))
