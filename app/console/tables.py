"""The card of a table in words: theme, question, who sits there."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.console.pages import language_in_words
from app.core.i18n import Language, lookup, mark, translate
from app.registrations.models import Registration
from app.seatings import service as seatings
from app.seatings.cards import Card
from app.seatings.service import Companion

ROUND = mark("Round {number}")
ROUND_OF = mark("Round {number}, {minutes} minutes")
TABLE = mark("Table {number}")
TOGETHER_IN = mark("Language: {spoken}")
FREE = mark("a free seat")


@dataclass(frozen=True, slots=True)
class Table:
    """As it is shown; theme and question are in a language of their own."""

    where: str
    theme: str
    question: str
    written_in: Language
    language: str | None
    people: Sequence[tuple[str, str]]
    """First name and company."""


def own_tables(
    session: Session, registration: Registration, language: Language
) -> tuple[list[Table], list[Companion]]:
    """Where somebody sits in each round, and with whom in any of them; nothing while nobody is seated."""
    seating = seatings.current(session, registration.meetup_id)
    minutes = seating.rotation_minutes if seating else None
    groups = seatings.own_groups(session, registration)
    companions = {one.registration_id: one for group in groups for one in group.companions}
    return [table_in_words(group.card, minutes, language) for group in groups], list(companions.values())


def table_in_words(card: Card, minutes: int | None, language: Language) -> Table:
    table = translate(TABLE, language, number=card.number)
    return Table(
        where=f"{round_in_words(card.rotation, minutes, language)} · {table}",
        theme=card.theme,
        question=card.opening_question,
        written_in=card.written_in,
        language=card.language
        and translate(TOGETHER_IN, language, spoken=language_in_words(card.language, language)),
        people=[(seat.first_name or lookup(FREE, language), seat.company or "") for seat in card.members],
    )


def round_in_words(number: int, minutes: int | None, language: Language) -> str:
    if minutes is None:
        return translate(ROUND, language, number=number)
    return translate(ROUND_OF, language, number=number, minutes=minutes)
