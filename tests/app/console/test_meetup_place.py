"""One's own place at a meetup: what its page shows in each state, what it takes, and what a link cannot do."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlmodel import col

from app.companies.models import Company
from app.core.events import Event
from app.meetups.models import MeetupStatus
from app.people import personal as people
from app.registrations.models import MeetupFeedback, RegistrationStatus, Usefulness
from app.seatings.models import Again
from tests.app.console.conftest import told
from tests.app.console.gathering import BEFORE, DAY, FORM, Gathering, gathering
from tests.world import World

ONLINE = "https://meet.example/spring-room"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def spring(world: World, clock: time_machine.Traveller) -> Gathering:
    return gathering(world)


def full(spring: Gathering) -> None:
    """Three have the three places."""
    for name in ("Ann", "Ben", "Cem"):
        spring.comes(name, "Westmarkt")
    spring.change(status=MeetupStatus.FULL)


def test_an_address_is_confirmed_by_one_click_and_never_by_looking(spring: Gathering) -> None:
    spring.post(spring.page, **FORM)
    _, registration = spring.of_address("robin@nordwerk.example")
    place = spring.place(registration.id)

    looked = spring.get(place, "de")
    asked = spring.registration(registration.id).status
    clicked = spring.post(place, do="confirm")
    again = spring.post(place, do="confirm")

    # The language that was chosen in the form, whatever the browser's is.
    assert '<html lang="en">' in looked.text
    assert "One click is missing" in told(looked)
    assert ONLINE not in looked.text
    assert asked is RegistrationStatus.UNCONFIRMED
    assert (clicked.status_code, clicked.headers["location"]) == (303, place.rpartition("/")[2])
    assert again.status_code == 303
    assert spring.registration(registration.id).number == 1
    shown = spring.get(place)
    assert "You have a place" in told(shown)
    assert f'href="{ONLINE}"' in shown.text


def test_who_has_ticked_to_be_told_of_the_next_ones_agrees_to_it_by_confirming_only(spring: Gathering) -> None:
    """For anybody could have typed the address, and ticked."""
    ticked = spring.comes("Robin", "Nordwerk", RegistrationStatus.UNCONFIRMED, stays=True)
    not_ticked = spring.comes("Kim", "Nordwerk", RegistrationStatus.UNCONFIRMED)

    assert "By your click you agree" in told(spring.get(spring.place(ticked)))
    assert "By your click you agree" not in told(spring.get(spring.place(not_ticked)))


def test_the_link_of_the_message_opens_the_place(spring: Gathering) -> None:
    spring.post(spring.page, **FORM)
    spring.world.worker.run_until_idle()
    [mail] = spring.world.mails()
    text = mail.get_body(("plain",))
    assert text is not None
    [address] = re.findall(r"/registrations/[\w.-]+", text.get_content())

    looked, head = spring.get(address), spring.world.client.head(address)

    assert "One click is missing" in told(looked)
    assert (head.status_code, head.content) == (200, b"")
    assert spring.post(address, do="confirm").status_code == 303
    assert "You have a place" in told(spring.get(address))


def test_who_confirms_when_all_places_are_taken_waits_and_sees_how_far_in_front(spring: Gathering) -> None:
    full(spring)
    spring.comes("Dan", "Suedbank", RegistrationStatus.WAITING)
    mine = spring.comes("Robin", "Nordwerk", RegistrationStatus.UNCONFIRMED)

    spring.post(spring.place(mine), do="confirm")
    shown = spring.get(spring.place(mine))

    assert "You are number 2 of those who wait" in told(shown)
    assert "48 hours" in told(shown)
    assert ONLINE not in shown.text


@pytest.mark.parametrize(
    ("status", "meetup", "said", "buttons"),
    [
        (RegistrationStatus.UNCONFIRMED, {}, "One click is missing", ["confirm"]),
        (RegistrationStatus.UNCONFIRMED, {"registration_until": BEFORE}, "Registration is closed", []),
        (RegistrationStatus.REGISTERED, {}, "You have a place We look forward to seeing you", ["leave"]),
        (RegistrationStatus.WAITING, {}, "You are on the waiting list", ["leave"]),
        (RegistrationStatus.OFFERED, {}, "It is kept for you until 11 February 2027, 10:00", ["keep", "leave"]),
        (RegistrationStatus.CANCELLED, {}, "You have cancelled", ["confirm"]),
        (RegistrationStatus.CANCELLED, {"registration_until": BEFORE}, "You have cancelled", []),
        (RegistrationStatus.LAPSED, {}, "Your place has gone to the next one", ["confirm"]),
        (RegistrationStatus.LAPSED, {"registration_until": BEFORE}, "the time is over.", []),
        (RegistrationStatus.WAITING, {"starts_at": BEFORE}, "The meetup has begun", []),
        (RegistrationStatus.REGISTERED, {"starts_at": BEFORE}, "Good that you are here", []),
        (RegistrationStatus.REGISTERED, {"status": MeetupStatus.HELD}, "Thank you for coming", []),
        (RegistrationStatus.WAITING, {"status": MeetupStatus.ARCHIVED}, "The meetup is over", []),
        (
            RegistrationStatus.REGISTERED,
            {"status": MeetupStatus.CANCELLED, "cancel_message": "Nobody has time."},
            "There is nothing that you need to do. Nobody has time.",
            [],
        ),
    ],
)
def test_the_page_says_how_the_place_stands_and_offers_what_can_be_done(
    spring: Gathering, status: RegistrationStatus, meetup: dict[str, object], said: str, buttons: list[str]
) -> None:
    until = BEFORE + timedelta(days=2) if status is RegistrationStatus.OFFERED else None
    mine = spring.comes("Robin", "Nordwerk", status, offered_until=until)
    spring.change(**meetup)

    shown = spring.get(spring.place(mine))

    assert shown.status_code == 200
    assert said in told(shown)
    assert re.findall(r'<button[^>]* name="do" value="(\w+)"', shown.text) == buttons


def test_an_offered_place_is_taken_by_one_click_in_time_and_not_later(
    spring: Gathering, clock: time_machine.Traveller
) -> None:
    until = BEFORE + timedelta(days=2)
    one, other = (
        spring.comes(name, "Nordwerk", RegistrationStatus.OFFERED, offered_until=until) for name in ("Robin", "Kim")
    )

    in_time = spring.post(spring.place(one), do="keep")
    clock.move_to(until)
    late = spring.post(spring.place(other), do="keep")

    assert in_time.status_code == 303
    assert spring.registration(one).status is RegistrationStatus.REGISTERED
    assert late.status_code == 409
    assert "Your place has gone to the next one" in told(late)
    assert 'name="do" value="keep"' not in late.text
    assert "The time for which the place was kept is over." in told(late)
    assert "/v1/" not in told(late)


def test_one_click_cancels_the_next_one_is_asked_and_one_may_come_again(spring: Gathering) -> None:
    full(spring)
    mine = spring.comes("Robin", "Nordwerk", RegistrationStatus.WAITING)
    other = spring.registration(mine)
    with_place = spring.of_address("ann@westmarkt.example")[1].id

    cancelled = spring.post(spring.place(with_place), do="leave")
    twice = spring.post(spring.place(with_place), do="leave")
    again = spring.post(spring.place(with_place), do="confirm")

    assert [cancelled.status_code, twice.status_code, again.status_code] == [303, 303, 303]
    assert spring.registration(other.id).status is RegistrationStatus.OFFERED
    assert spring.registration(with_place).status is RegistrationStatus.WAITING


def test_wishes_are_changed_and_what_the_form_does_not_have_stays(spring: Gathering) -> None:
    mine = spring.comes(
        "Robin",
        languages=["sv"],
        learn=["charts", "maps"],
        excluded_companies=[spring.companies["Westmarkt"]],
        stays=True,
    )
    place = spring.place(mine)

    shown = spring.get(place)
    answer = spring.post(place, do="wishes", learn="stories", show="", themes="maps,  charts", languages=["sv", "de"])

    assert "charts\nmaps</textarea>" in shown.text
    assert 'value="sv" checked' in shown.text
    assert answer.status_code == 303
    changed = spring.registration(mine)
    assert (changed.learn, changed.show, changed.themes) == (["stories"], [], ["maps", "charts"])
    assert changed.languages == ["sv", "de"]
    assert changed.excluded_companies == [spring.companies["Westmarkt"]]
    assert not changed.stays


def test_one_comes_for_a_community_that_one_speaks_for_and_for_no_other(spring: Gathering) -> None:
    mine = spring.comes("Robin")
    email = {"email": "robin@nordwerk.example", "first_name": "Robin"}
    common = {"topics": ["data"], "languages": ["en"]}
    [own, other] = spring.world.published(
        spring.companies["Nordwerk"],
        common | {"name": "Chart Circle", "managers": [email]},
        common | {"name": "Map Circle"},
    )
    place = spring.place(mine)

    shown = spring.get(place)
    refused = spring.post(place, do="wishes", community=other)
    chosen = spring.post(place, do="wishes", community=own)
    without_the_field = spring.post(place, do="wishes", learn="maps")

    assert "I come for" in told(shown)
    assert "Map Circle" not in shown.text
    assert refused.status_code == 404
    assert [chosen.status_code, without_the_field.status_code] == [303, 303]
    assert spring.registration(mine).community_id == own
    assert spring.post(place, do="wishes", community="none").status_code == 303
    assert spring.registration(mine).community_id is None
    assert "I come for" not in told(spring.get(spring.place(spring.comes("Kim"))))


def test_wishes_that_are_not_accepted_are_shown_again_and_nothing_is_stored(spring: Gathering) -> None:
    mine = spring.comes("Robin", learn=["charts"])

    shown = spring.post(spring.place(mine), do="wishes", learn="x" * 121, show="<i>keep me</i>")

    assert shown.status_code == 422
    assert "One entry is too long: at most 120 characters each" in told(shown)
    assert "&lt;i&gt;keep me&lt;/i&gt;</textarea>" in shown.text
    assert "<details open>" in shown.text
    assert spring.registration(mine).learn == ["charts"]


def test_the_consent_to_be_kept_is_taken_back_also_after_the_meetup(
    spring: Gathering, clock: time_machine.Traveller
) -> None:
    mine = spring.comes("Robin", stays=True, learn=["charts"])
    spring.change(status=MeetupStatus.HELD)
    clock.move_to(DAY + timedelta(days=100))

    assert 'name="stays" value="yes" checked' in spring.get(spring.place(mine)).text
    assert spring.post(spring.place(mine), do="stays").status_code == 303
    assert not spring.registration(mine).stays
    assert spring.registration(mine).learn == ["charts"]


def test_a_link_opens_the_place_of_its_person_only_and_nothing_once_it_is_gone(
    spring: Gathering, world: World
) -> None:
    robin, kim = spring.comes("Robin"), spring.comes("Kim", "Suedbank")
    place = spring.place(robin)
    kims = spring.registration(kim).person_id

    for address in (spring.place(robin, person_id=kims), spring.place("reg_gone", person_id=kims)):
        shown = spring.get(address)
        assert shown.status_code == 410
        assert "This link has expired" in told(shown)
        assert "Robin" not in shown.text
        assert spring.post(address, do="leave").status_code == 410
    assert spring.get(place[:-2]).status_code == 404
    with world.database.session() as session:
        people.erase_person(session, spring.registration(robin).person_id)
    assert spring.get(place).status_code == 410
    assert spring.registration(robin).status is RegistrationStatus.REGISTERED


def test_a_form_of_another_page_or_without_a_button_does_nothing(spring: Gathering) -> None:
    mine = spring.comes("Robin")

    foreign = spring.post(spring.place(mine), headers={"Sec-Fetch-Site": "same-site"}, do="leave")
    unknown = spring.post(spring.place(mine), do="erase")
    empty = spring.post(spring.place(mine))

    assert [foreign.status_code, unknown.status_code, empty.status_code] == [403, 422, 422]
    assert spring.registration(mine).status is RegistrationStatus.REGISTERED


def test_tables_are_shown_to_who_sits_there_with_first_names_and_companies(spring: Gathering) -> None:
    robin, kim, ann = spring.comes("Robin"), spring.comes("Kim", "Suedbank"), spring.comes("Ann", "Westmarkt")
    dan, eve = spring.comes("Dan", "Suedbank"), spring.comes("Eve", "Westmarkt")
    waits = spring.comes("Fay", "Westmarkt", RegistrationStatus.WAITING)
    spring.seated([[robin, kim, ann, "reg_gone"], [dan, eve, waits]], [[dan, eve], [robin, waits, dan]])

    shown = told(spring.get(spring.place(robin)))

    assert "Round 1, 20 minutes · Table 1 Peer learning" in shown
    assert "Robin Nordwerk Kim Suedbank Ann Westmarkt a free seat Language: English" in shown
    assert "Round 2, 20 minutes · Table 2" in shown
    assert "Eve" not in shown
    assert "@" not in shown
    assert "Table" not in told(spring.get(spring.place(waits)))


def test_again_is_ticked_from_the_start_on_and_told_only_when_both_have(
    spring: Gathering, clock: time_machine.Traveller
) -> None:
    robin, kim, ann = spring.comes("Robin"), spring.comes("Kim", "Suedbank"), spring.comes("Ann", "Westmarkt")
    spring.seated([[robin, kim, ann]])
    early = spring.post(spring.place(robin), do="again", again=kim)
    assert "Whom would you like to meet again?" not in told(spring.get(spring.place(robin)))
    clock.move_to(DAY + timedelta(hours=1))

    ticked = spring.post(spring.place(robin), do="again", again=[kim, ann])
    untouched = spring.get(spring.place(kim))
    stranger = spring.post(spring.place(robin), do="again", again="reg_elsewhere")
    spring.post(spring.place(kim), do="again", again=robin)
    spring.post(spring.place(robin), do="again")

    assert (early.status_code, ticked.status_code, stranger.status_code) == (409, 303, 422)
    assert "checked" not in untouched.text[untouched.text.index('id="again"') : untouched.text.index("<details")]
    shown = spring.get(spring.place(robin))
    assert "Kim (Suedbank): Both of you would like that." in told(shown)
    with spring.world.database.reader() as session:
        said = session.execute(select(col(Again.registration_id), col(Again.other_id))).all()
        both = session.execute(select(Event).where(col(Event.kind) == "again.both")).all()
    assert sorted(tuple(one) for one in said) == sorted([(robin, kim), (kim, robin)])
    assert len(both) == 1


def test_feedback_is_one_click_and_a_comment_may_follow(spring: Gathering, clock: time_machine.Traveller) -> None:
    mine, absent = spring.comes("Robin"), spring.comes("Kim", attended=False)
    assert "Was it worth your time?" not in told(spring.get(spring.place(mine)))
    clock.move_to(DAY + timedelta(hours=3))
    spring.change(status=MeetupStatus.HELD)

    asked = spring.get(spring.place(mine))
    clicked = spring.post(spring.place(mine), do="feedback", useful="partly")
    after = spring.get(spring.place(mine))
    spring.post(spring.place(mine), do="feedback", useful="partly", comment="Longer\r\ntables <3 ")
    missing = spring.post(spring.place(mine), do="feedback", comment="No click")

    assert re.findall(r'name="useful" value="(\w+)"', asked.text) == ["yes", "partly", "no"]
    assert '<textarea id="comment"' not in asked.text
    assert (clicked.status_code, missing.status_code) == (303, 422)
    assert "Thank you! You have said: Partly" in told(after)
    with spring.world.database.reader() as session:
        said = session.get_one(MeetupFeedback, mine)
    assert (said.useful, said.comment) == (Usefulness.PARTLY, "Longer\ntables <3")
    assert "Longer\ntables &lt;3</textarea>" in spring.get(spring.place(mine)).text
    assert "Was it worth your time?" not in told(spring.get(spring.place(absent)))
    assert spring.post(spring.place(absent), do="feedback", useful="no").status_code == 409


@pytest.mark.parametrize(
    ("notice", "shown"),
    [
        ("https://nordwerk.example/privacy", '<a href="https://nordwerk.example/privacy" rel="noreferrer">'),
        ("javascript:alert(1)", "Privacy notice of your company: javascript:alert(1)"),
        ("We keep <nothing>.", "Privacy notice of your company: We keep &lt;nothing&gt;."),
    ],
)
def test_the_privacy_notice_of_ones_company_is_a_link_or_a_text(spring: Gathering, notice: str, shown: str) -> None:
    mine = spring.comes("Robin")
    with spring.world.database.session() as session:
        company = session.get_one(Company, spring.companies["Nordwerk"])
        company.privacy_notice = notice
        session.add(company)

    assert shown in spring.get(spring.place(mine)).text


def test_whoever_confirms_sees_first_what_the_form_says(spring: Gathering) -> None:
    """For somebody else may have sent it once more."""
    spring.post(spring.page, **FORM)
    spring.post(
        spring.page, **FORM | {"first_name": "Mallory", "learn": "how to <b>insult</b> my boss", "stays": "yes"}
    )
    _, registration = spring.of_address("robin@nordwerk.example")
    place = spring.place(registration.id)

    asked, german = spring.get(place), told(spring.get(f"{place}?lang=de"))

    form = asked.text[asked.text.index('id="act-hint"') : asked.text.index('value="confirm"')]
    for part in (
        "Mallory",
        "how to &lt;b&gt;insult&lt;/b&gt; my boss",
        "our barcamp",
        "onboarding",
        "German; English",
    ):
        assert part in form
    assert "Deutsch; Englisch" in german
    assert "By your click you agree" in form
    spring.post(place, do="confirm")
    assert "This is what the form says" not in told(spring.get(place))


def test_of_somebody_who_is_known_the_form_names_nobody(spring: Gathering) -> None:
    mine = spring.comes("Kim", "Nordwerk", RegistrationStatus.UNCONFIRMED, learn=["charts"])

    shown = told(spring.get(spring.place(mine)))

    assert (
        "This is what the form says. By your click it is kept; you can change it below, now or later. I want" in shown
    )


@pytest.mark.parametrize(
    "status", [RegistrationStatus.UNCONFIRMED, RegistrationStatus.OFFERED, RegistrationStatus.CANCELLED]
)
def test_nobody_of_a_company_that_leaves_takes_a_place(spring: Gathering, status: RegistrationStatus) -> None:
    mine = spring.comes("Robin", "Nordwerk", status, offered_until=BEFORE + timedelta(days=1))
    spring.world.operator.post(f"/v1/companies/{spring.companies['Nordwerk']}/leave")

    shown = spring.get(spring.place(mine))
    clicked = spring.post(spring.place(mine), do="keep" if status is RegistrationStatus.OFFERED else "confirm")

    assert "Your company does not take part at present" in told(shown)
    assert re.findall(r'name="do" value="(confirm|keep|leave)"', shown.text) == []
    assert clicked.status_code == 409
    assert "nobody of it can register or take a place" in told(clicked)
    assert spring.registration(mine).status is status


def test_a_link_opens_nothing_once_the_person_has_another_address(spring: Gathering) -> None:
    mine = spring.comes("Robin", learn=["charts"])
    before = spring.place(mine)
    address, match = f"/v1/people/{spring.people['Robin']}", {"If-Match": "*"}
    changed = spring.world.portal(spring.companies["Nordwerk"]).patch(
        address, json={"email": "successor@nordwerk.example"}, headers=match
    )
    assert changed.status_code == 200

    old, new = spring.get(before), spring.get(spring.place(mine))

    assert (old.status_code, new.status_code) == (410, 200)
    assert "charts" not in old.text
    assert spring.post(before, do="leave").status_code == 410


def test_what_is_wished_for_a_community_finds_partners_for_it_and_that_is_said(spring: Gathering) -> None:
    nord = spring.companies["Nordwerk"]
    [community_id] = spring.world.published(nord, {"name": "Chart Circle", "topics": ["data"], "languages": ["en"]})
    mine = spring.comes("Robin")
    assert "find partners" not in told(spring.get(spring.place(mine)))
    other = spring.comes("Kim", community_id=community_id)

    shown = told(spring.get(spring.place(other)))

    assert "helps to find partners for it in match rounds, and is never shown word by word." in shown


def test_what_was_sent_once_more_since_one_looked_is_not_confirmed_unseen(spring: Gathering) -> None:
    spring.post(spring.page, **FORM)
    _, registration = spring.of_address("robin@nordwerk.example")
    place = spring.place(registration.id)
    [seen] = re.findall(r'name="seen" value="(\d+)"', spring.get(place).text)
    spring.post(spring.page, **FORM | {"learn": "what a stranger likes"})

    refused = spring.post(place, do="confirm", seen=seen)

    assert refused.status_code == 409
    assert "Please look once more" in told(refused)
    assert "what a stranger likes" in told(refused)
    assert spring.registration(registration.id).status is RegistrationStatus.UNCONFIRMED
    [seen] = re.findall(r'name="seen" value="(\d+)"', refused.text)
    assert spring.post(place, do="confirm", seen=seen).status_code == 303
    assert spring.post(place, do="confirm", seen="nothing").status_code == 422
