"""What came of a meetup, for everybody: totals of enough people, and nobody's words."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from app.meetups.models import Meetup, MeetupStatus, TalkStatus
from app.registrations import totals
from app.registrations.models import MeetupFeedback, Usefulness
from tests.app.console.conftest import told
from tests.app.console.gathering import BEFORE, DAY, Gathering, gathering
from tests.world import World

COMPANIES = ("Nordwerk", "Suedbank", "Westmarkt")


@pytest.fixture
def spring(world: World) -> Iterator[Gathering]:
    with time_machine.travel(BEFORE, tick=False):
        yield gathering(world)


def held(spring: Gathering, people: int) -> None:
    """So many were there, each has said that it was partly useful, and the summary is due."""
    spring.change(status=MeetupStatus.HELD, held_at=DAY)
    for number in range(people):
        mine = spring.comes(f"Guest{number}", COMPANIES[number % 3])
        with spring.world.database.session() as session:
            session.add(
                MeetupFeedback(
                    registration_id=mine,
                    meetup_id=spring.meetup_id,
                    useful=Usefulness.PARTLY,
                    comment=f"Secret comment {number}",
                    said_at=DAY + timedelta(hours=number),
                )
            )
    with spring.world.database.session() as session:
        totals.fix(session, session.get_one(Meetup, spring.meetup_id), 5)


def test_before_it_was_held_there_is_no_summary(spring: Gathering) -> None:
    for status in (MeetupStatus.OPEN, MeetupStatus.CANCELLED):
        spring.change(status=status)
        shown = spring.get(f"{spring.page}/summary")
        assert shown.status_code == 404
        assert "There is no summary yet" in told(shown)
        assert "Spring" not in shown.text
    assert spring.get("/meetups/mtp_other/summary").status_code == 404


def test_figures_of_enough_people_are_told_with_the_talks_and_no_comment_or_name(spring: Gathering) -> None:
    held(spring, 6)
    [community] = spring.world.published(
        spring.companies["Nordwerk"], {"name": "Chart Circle", "topics": ["data"], "languages": ["en"]}
    )
    spring.talk("How we began", TalkStatus.ACCEPTED, community, "Nordwerk", "Guest0")
    spring.talk("Secret proposal", TalkStatus.PROPOSED, community, "Nordwerk", "Guest0")
    spring.seated([["reg_1", "reg_2", "reg_3"], ["reg_4", "reg_5", "reg_6"]], [["reg_1", "reg_2", "reg_3"]])

    shown = spring.get(f"{spring.page}/summary", "de")
    text = told(shown)

    assert "Donnerstag, 11. März 2027, 10:00 bis 12:30 Uhr (Europe/Berlin). Danke an alle" in text
    assert "Menschen 6 Unternehmen 3 Runden an den Tischen 2 Gruppen 3" in text
    assert "How we began Guest0 für Chart Circle, Nordwerk" in text
    assert "Ja 0 Zum Teil 6 Nein 0" in text
    assert "Bisher keine." in text
    for private in ("Secret", "Guest1", "@"):
        assert private not in shown.text


def test_figures_of_few_are_not_told(spring: Gathering) -> None:
    held(spring, 4)

    early = told(spring.get(f"{spring.page}/summary"))
    spring.change(summary_told_at=BEFORE)
    text = told(spring.get(f"{spring.page}/summary"))

    assert "people" not in text
    assert "Too few have answered" in text
    assert "That is told from 14 March 2027, 12:30 (Europe/Berlin) on" in early
    assert "Too few" not in early


def test_the_next_meetup_is_one_click_away(spring: Gathering) -> None:
    held(spring, 1)
    assert "The next meetup" not in told(spring.get(f"{spring.page}/summary"))
    created = spring.world.organizer.post(
        "/v1/meetups",
        json={
            "title": "Summer meetup",
            "language": "de",
            "purpose": "Again.",
            "starts_at": "2027-06-10T10:00",
            "ends_at": "2027-06-10T12:00",
            "time_zone": "Europe/Berlin",
            "place": "Bonn",
        },
    ).json()
    spring.world.organizer.post(f"/v1/meetups/{created['id']}/announce")

    shown = spring.get(f"{spring.page}/summary")

    assert "Summer meetup" in told(shown)
    assert f'href="../{created["id"]}"' in shown.text
