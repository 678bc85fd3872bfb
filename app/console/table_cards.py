"""The cards for the tables of a meetup, to be printed, and who sits where: for organizers, by a signed link."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from sqlmodel import Session

from app.console.links import CardsLink
from app.console.pages import Shown, language_of
from app.console.tables import Table, round_in_words, table_in_words
from app.core.i18n import mark
from app.core.links import LinkExpired
from app.meetups.models import Meetup
from app.seatings import service as seatings
from app.seatings.cards import Cards
from app.seatings.models import Seating, SeatingStatus

WORDS = {
    "title": mark("Table cards"),
    "lead": mark(
        "Print this page: two cards on each sheet of A4, to be cut apart, and first of all a list for the door. "
        "Nobody but you needs this address; it shows who comes."
    ),
    "places": mark("Who sits where"),
    "name": mark("First name"),
    "newer": mark("There is a newer seating. These cards are of an earlier one."),
    "none": mark("Nobody is seated any more."),
}


@dataclass(frozen=True, slots=True)
class Rotation:
    number: int
    name: str
    tables: Sequence[Table]


@dataclass(frozen=True, slots=True)
class Guest:
    first_name: str
    company: str
    tables: Sequence[int | None]
    """In each round the number of the table; None where the person was not there."""


def shown(session: Session, request: Request, link: CardsLink) -> Shown:
    """All cards of a seating. Raises LinkExpired for one that is gone."""
    seating = session.get(Seating, link.seating_id)
    if seating is None or seating.status is not SeatingStatus.DONE:
        raise LinkExpired
    meetup = session.get_one(Meetup, seating.meetup_id)
    language = language_of(request)
    cards = seatings.cards(session, seating)
    current = seatings.current(session, meetup.id)
    rotations = [
        Rotation(
            number=number,
            name=round_in_words(number, cards.rotation_minutes, language),
            tables=[table_in_words(card, cards.rotation_minutes, language) for card in rotation],
        )
        for number, rotation in enumerate(cards.rotations, 1)
    ]
    values = {
        "title": meetup.title,
        "spoken_in": meetup.language,
        "is_newest": current is not None and current.id == seating.id,
        "rotations": rotations,
        "people": _guests(cards),
    }
    return Shown("cards.html", WORDS, values)


def _guests(cards: Cards) -> list[Guest]:
    """Everybody who sits anywhere, by first name."""
    names: dict[str, tuple[str, str]] = {}
    tables: dict[str, list[int | None]] = {}
    for place, rotation in enumerate(cards.rotations):
        for card in rotation:
            for seat in card.members:
                if seat.first_name is not None and seat.company is not None:
                    names[seat.registration_id] = seat.first_name, seat.company
                    tables.setdefault(seat.registration_id, [None] * len(cards.rotations))[place] = card.number
    in_order = sorted(names, key=lambda one: (names[one][0].casefold(), names[one][1].casefold(), one))
    return [Guest(*names[one], tables[one]) for one in in_order]
