"""The public page of a meetup: what everybody reads there, and the form by which people register."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.console.pages import HEADERS
from app.core.events import Event
from app.meetups.models import MeetupStatus, TalkStatus
from app.people.models import Person
from app.registrations import limits
from app.registrations.models import Registration, RegistrationStatus
from tests.app.console.conftest import told
from tests.app.console.gathering import BEFORE, DAY, FORM, Gathering, gathering
from tests.world import JsonObject, World

HAS_FORM = '<form method="post"'


@pytest.fixture
def spring(world: World) -> Iterator[Gathering]:
    with time_machine.travel(BEFORE, tick=False):
        yield gathering(world)


def rows(spring: Gathering) -> list[int]:
    with spring.world.database.reader() as session:
        counts = (select(func.count()).select_from(table) for table in (Person, Registration, Event))
        return [session.execute(one).scalar_one() for one in counts]


def test_everybody_reads_what_when_where_with_whom_in_their_language_and_a_get_changes_nothing(
    spring: Gathering,
) -> None:
    before = rows(spring)

    german, english = told(spring.get(spring.page, "de")), spring.get(spring.page)

    for part in (
        "Spring & <b>meetup</b>",
        "Donnerstag, 11. März 2027, 10:00 bis 12:30 Uhr (Europe/Berlin)",
        "online; der Link kommt mit Ihrer Bestätigung",
        "Gastgeber Suedbank",
        "3 von 3 sind frei",
        "10:00 Welcome 10:15 Tables",
        "90 Tage nach dem Meetup wird alles gelöscht",
        "Hinweis zum Kartellrecht",
    ):
        assert part in german
    assert '<h1 lang="en">Spring &amp; &lt;b&gt;meetup&lt;/b&gt;</h1>' in english.text
    assert "Thursday, 11 March 2027, 10:00 to 12:30 (Europe/Berlin)" in told(english)
    assert 'name="stays" value="yes" aria-describedby' in english.text
    assert "spring-room" not in english.text
    assert {name: english.headers[name] for name in HEADERS} == HEADERS
    assert "<script" not in english.text
    assert rows(spring) == before


def test_only_accepted_talks_are_told_with_first_name_community_and_company(spring: Gathering) -> None:
    [community] = spring.world.published(
        spring.companies["Nordwerk"], {"name": "Chart Circle", "topics": ["data"], "languages": ["en"]}
    )
    spring.comes("Kim")
    spring.talk("How we <began>", TalkStatus.ACCEPTED, community, "Nordwerk", "Kim")
    spring.talk("Nobody speaks", TalkStatus.ACCEPTED, community, "Nordwerk", None)
    spring.talk("Secret proposal", TalkStatus.PROPOSED, community, "Nordwerk", "Kim")
    spring.talk("Secret refusal", TalkStatus.DECLINED, community, "Nordwerk", "Kim")

    shown = spring.get(spring.page)

    assert "How we <began> Kim for Chart Circle, Nordwerk What we tried. What came of it." in told(shown)
    assert "Nobody speaks Chart Circle, Nordwerk" in told(shown)
    assert "Secret" not in shown.text
    assert "kim@" not in shown.text


def test_a_draft_and_a_meetup_that_is_not_there_look_the_same(spring: Gathering) -> None:
    spring.change(status=MeetupStatus.DRAFT, announced_at=None)

    draft, missing = spring.get(spring.page), spring.get("/meetups/mtp_other")

    assert (draft.status_code, draft.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert draft.text == missing.text
    assert "Spring" not in draft.text
    assert spring.post(spring.page, **FORM).status_code == 404
    assert spring.get(f"{spring.page}/inbox").status_code == 404


@pytest.mark.parametrize(
    ("values", "said", "takes"),
    [
        ({"status": MeetupStatus.ANNOUNCED}, "Registration is not open yet.", False),
        ({"status": MeetupStatus.OPEN, "capacity": None}, "Places as many as come", True),
        ({"status": MeetupStatus.OPEN, "taken": 1}, "2 of 3 are free", True),
        ({"status": MeetupStatus.FULL, "taken": 3, "waiting": 2}, "all 3 are taken; 2 on the waiting list", True),
        ({"registration_until": BEFORE}, "Registration is closed.", False),
        ({"registration_until": BEFORE + timedelta(hours=3)}, "until 9 February 2027, 13:00 (Europe/Berlin)", True),
        ({"starts_at": BEFORE}, "Registration is closed.", False),
        ({"status": MeetupStatus.HELD}, "This meetup has taken place.", False),
        ({"status": MeetupStatus.ARCHIVED}, "What came of it", False),
        (
            {"status": MeetupStatus.CANCELLED, "cancel_message": "The <b>house</b> is closed."},
            "This meetup does not take place. The <b>house</b> is closed.",
            False,
        ),
    ],
)
def test_the_page_says_whether_one_can_register_and_has_the_form_only_then(
    spring: Gathering, values: dict[str, object], said: str, takes: bool
) -> None:
    spring.change(**values)

    shown = spring.get(spring.page)

    assert said in told(shown)
    assert (HAS_FORM in shown.text) is takes
    if not takes:
        refused = spring.post(spring.page, **FORM)
        assert refused.status_code == 409
        assert "Nothing was stored" in told(refused)
        assert "/v1/" not in told(refused)


def test_a_meetup_of_two_days_and_of_a_time_that_comes_twice_is_told_clearly(spring: Gathering) -> None:
    # 31 October 2027, 02:30 in Berlin, the second of the two.
    spring.change(starts_at=DAY.replace(month=10, day=31, hour=1, minute=30), ends_at=DAY.replace(month=11, day=1))

    shown = told(spring.get(spring.page))

    assert "Sunday, 31 October 2027, 02:30 to Monday, 1 November 2027, 10:00 (Europe/Berlin)" in shown
    assert "The second of the two is meant." in shown


def test_whoever_registers_is_sent_to_the_inbox_and_has_no_place_before_confirming(spring: Gathering) -> None:
    answer = spring.post(f"{spring.page}?lang=de", **FORM, stays="yes")

    assert (answer.status_code, answer.headers["location"]) == (303, "mtp_spring/inbox?lang=de")
    person, registration = spring.of_address("robin@nordwerk.example")
    assert (person.first_name, person.language) == ("Robin", "en")
    assert registration.status is RegistrationStatus.UNCONFIRMED
    assert registration.learn == ["how to begin", "how to end well"]
    assert registration.show == ["our barcamp"]
    assert registration.themes == ["onboarding", "peer learning"]
    assert registration.languages == ["de", "en"]
    assert registration.stays
    inbox = spring.get(f"{spring.page}/inbox?lang=de")
    assert "Schauen Sie in Ihr Postfach" in told(inbox)
    assert "robin" not in inbox.text.lower()


def test_the_page_answers_the_same_whether_or_not_somebody_is_known_or_registered(spring: Gathering) -> None:
    spring.comes("Kim")
    spring.world.person(spring.companies["Nordwerk"], "Alex")
    answers = [
        spring.post(spring.page, **FORM | {"email": f"{name}@nordwerk.example"}) for name in ("kim", "alex", "robin")
    ]

    assert {one.status_code for one in answers} == {303}
    assert len({(one.text, one.headers["location"]) for one in answers}) == 1


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"first_name": " "}, "first_name", "Please fill this in."),
        ({"first_name": "x" * 201}, "first_name", "That is too long: at most 200 characters"),
        ({"first_name": "Ro\u202ebin"}, "first_name", "This cannot be read."),
        ({"email": "robin"}, "email", "This is no e-mail address yet."),
        ({"email": "robin@elsewhere.example"}, "email", "We know no participating company"),
        ({"learn": "\n".join("abcdef")}, "learn", "at most 5 entries"),
        ({"show": "x" * 121}, "show", "One entry is too long: at most 120 characters each"),
        ({"languages": ["klingon?"]}, "languages", "This cannot be read."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    spring: Gathering, wrong: JsonObject, field: str, said: str
) -> None:
    before = rows(spring)

    shown = spring.post(spring.page, **FORM | {"themes": 'quotes " and <b>'} | wrong)

    assert shown.status_code == 422
    assert said in told(shown)
    assert f'id="{field}-wrong"' in shown.text
    assert "quotes &#34; and &lt;b&gt;" in shown.text
    if field != "languages":
        invalid = re.findall(r'id="(\w+)"[^>]*aria-describedby="([^"]*)" aria-invalid="true" autofocus', shown.text)
        assert [(name, described.split()[0]) for name, described in invalid] == [(field, f"{field}-wrong")]
        assert f'href="#{field}"' in shown.text
    assert 'value="de" checked' in shown.text or field == "languages"
    assert rows(spring) == before


def test_nothing_at_all_is_told_at_each_field_that_is_needed(spring: Gathering) -> None:
    shown = spring.post(spring.page)

    assert shown.status_code == 422
    assert re.findall(r'id="(\w+)-wrong"', shown.text) == ["first_name", "email"]
    assert shown.text.count("autofocus") == 1


def test_a_form_of_another_page_is_not_taken(spring: Gathering) -> None:
    refused = spring.post(spring.page, headers={"Sec-Fetch-Site": "cross-site"}, **FORM)

    assert refused.status_code == 403
    assert rows(spring)[1] == 0


def test_an_address_that_is_no_id_is_refused_on_each_database(any_world: World) -> None:
    for address in ("/meetups/%00", "/meetups/a%20b", "/meetups/%00/inbox", "/meetups/%00/summary"):
        assert any_world.client.get(address).status_code == 422
    assert any_world.client.post("/meetups/%00", data=FORM).status_code == 422


def test_who_has_sent_too_much_is_told_so_in_words(spring: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_A_NETWORK", 1)
    spring.post(spring.page, **FORM)

    shown = spring.post(spring.page, **FORM | {"email": "kim@nordwerk.example"})

    assert shown.status_code == 429
    assert "Very many people have registered today" in told(shown)
    assert 'value="kim@nordwerk.example"' in shown.text
    assert rows(spring)[1] == 1
