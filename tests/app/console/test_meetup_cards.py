"""Cards for the tables, by a signed link: everything that is printed, and nothing else of anybody."""

from collections.abc import Iterator

import pytest
import time_machine

from app.core import links
from app.registrations.models import RegistrationStatus
from app.seatings.models import Seating, SeatingStatus
from tests.app.console.conftest import told
from tests.app.console.gathering import BEFORE, Gathering, gathering
from tests.world import World


@pytest.fixture
def spring(world: World) -> Iterator[Gathering]:
    with time_machine.travel(BEFORE, tick=False):
        yield gathering(world)


def test_each_table_of_each_round_has_a_card_and_a_list_says_who_sits_where(spring: Gathering) -> None:
    robin, kim, ann = spring.comes("Robin"), spring.comes("kim", "Suedbank"), spring.comes("Ann <b>", "Westmarkt")
    left = spring.comes("Gone", "Westmarkt", RegistrationStatus.CANCELLED)
    cards = spring.cards(spring.seated([[robin, kim], [ann, left]], [[robin, ann, kim]]))

    german, english = spring.get(cards, "de"), told(spring.get(cards))

    assert "Runde 1, 20 Minuten · Tisch 1" in told(german)
    # By first name, whatever its first letter looks like; the dash: not seated in that round.
    assert "First name 1 2 Ann <b> Westmarkt 2 1 kim Suedbank 1 1 Robin Nordwerk 1 1" in english
    assert "Round 1, 20 minutes · Table 1 Peer learning" in english
    assert "Robin Nordwerk kim Suedbank Language: English" in english
    assert "Ann <b> Westmarkt a free seat Language: English" in english
    assert german.text.count("<article") == 3
    for private in ("Gone", "@", "reg_", "per_"):
        assert private not in german.text


def test_who_is_not_seated_in_a_round_has_a_dash_there(spring: Gathering) -> None:
    robin, kim = spring.comes("Robin"), spring.comes("Kim", "Suedbank")

    shown = told(spring.get(spring.cards(spring.seated([[robin]], [[robin, kim]]))))

    assert "Kim Suedbank – 1 Robin Nordwerk 1 1" in shown


def test_the_organizer_is_told_where_the_cards_are(spring: Gathering) -> None:
    seating_id = spring.seated([[spring.comes("Robin")]])

    url = spring.world.organizer.get(f"/v1/seatings/{seating_id}").json()["cards_url"]

    assert url.startswith(f"{spring.world.settings.public_url}/table-cards/")
    assert "Robin Nordwerk" in told(spring.get(url.removeprefix(spring.world.settings.public_url)))


def test_cards_of_an_earlier_seating_say_that_there_is_a_newer_one(spring: Gathering) -> None:
    robin = spring.comes("Robin")
    first = spring.seated([[robin]], seating_id="stg_1")
    before = told(spring.get(spring.cards(first)))
    spring.seated([[robin]], seating_id="stg_2")

    assert "There is a newer seating." not in before
    assert "There is a newer seating." in told(spring.get(spring.cards(first)))


def test_a_link_opens_its_seating_only_once_it_is_done_and_nobody_without_a_link_sees_it(spring: Gathering) -> None:
    seating_id = spring.seated([[spring.comes("Robin")]])
    cards, place = spring.cards(seating_id), links.signed("registrations", (seating_id,), spring.pepper)
    with spring.world.database.session() as session:
        seating = session.get_one(Seating, seating_id)
        seating.status = SeatingStatus.RUNNING
        session.add(seating)

    answers = [spring.get(one) for one in (cards, f"/table-cards/{place}", f"/table-cards/{seating_id}")]

    assert [one.status_code for one in answers] == [410, 404, 404]
    assert all("Robin" not in one.text for one in answers)
    assert spring.get(spring.cards("stg_gone")).status_code == 410


def test_a_seating_whose_people_are_forgotten_says_so(spring: Gathering) -> None:
    assert "Nobody is seated any more." in told(spring.get(spring.cards(spring.seated([["reg_gone"]]))))
