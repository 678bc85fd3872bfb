"""What stands on each table: who sits there in each rotation, a theme, a question to begin with."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from app.core.i18n import Language
from app.meetups.models import Meetup
from app.seatings import queries, wording
from app.seatings.models import Seating, SeatingGroup
from app.seatings.queries import Name


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's seat; free where the names are None: the person has cancelled or is erased."""

    registration_id: str
    first_name: str | None
    company: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """One table in one rotation."""

    rotation: int
    number: int
    theme: str
    opening_question: str
    language: str | None
    """One that all of the group speak; None: there is none, or nobody has said."""
    written_in: Language
    """The language of the theme and the question."""
    members: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """All cards of a seating, by rotation and table."""

    seating_id: str
    meetup_id: str
    rotation_minutes: int | None
    rotations: tuple[tuple[Card, ...], ...]


def cards_of(session: Session, seating: Seating) -> Cards:
    """The cards of a seating that is done; of any other there are none."""
    meetup = session.get_one(Meetup, seating.meetup_id)
    names = queries.names(session, [meetup.id])
    by_rotation: dict[int, list[Card]] = {}
    for group in queries.groups(session, seating.id):
        by_rotation.setdefault(group.rotation, []).append(card_of(group, meetup.language, names))
    rotations = tuple(tuple(by_rotation[number]) for number in sorted(by_rotation))
    return Cards(seating.id, meetup.id, seating.rotation_minutes, rotations)


def card_of(group: SeatingGroup, meetup_language: str, names: Mapping[str, Name]) -> Card:
    """The card of one group; `names` are of those who have a place."""
    language = wording.language_of_table(group.language, meetup_language)
    # The next rotation begins elsewhere, so that a table without a theme does not keep its question.
    variant = group.number + group.rotation
    return Card(
        rotation=group.rotation,
        number=group.number,
        theme=wording.label(group.shared, language, variant),
        opening_question=wording.opening_question(group.shared, language, variant),
        language=group.language,
        written_in=language,
        members=tuple(Seat(one, *names.get(one, (None, None))) for one in group.members),
    )
