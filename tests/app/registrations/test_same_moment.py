"""Many who register at the same moment, on both databases: one order, no place given twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from app.registrations import limits
from app.registrations import service as registrations
from app.registrations.limits import MAILS_A_DAY, TooManySignUps
from app.registrations.models import Registration, RegistrationStatus, SentSignUp
from app.registrations.schemas import SignUp
from tests.app.registrations.conftest import Gathering, done, gathered, refused
from tests.world import World

pytestmark = pytest.mark.postgres
MANY = 30
PLACES = 10


@pytest.fixture
def gathering(any_world: World) -> Iterator[Gathering]:
    with gathered(any_world) as gathering:
        yield gathering


def test_thirty_at_once_take_ten_places_and_all_others_wait_in_the_order_of_their_numbers(
    gathering: Gathering,
) -> None:
    meetup = gathering.meetup(capacity=PLACES)
    companies = ("Nordwerk", "Suedbank", "Third")
    for company in companies:
        gathering.portal(company)

    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda n: gathering.ask(meetup, f"P{n}", companies[n % 3]), range(MANY)))

    shown = sorted((done(answer)["number"], done(answer)["status"]) for answer in answers)
    expected = [(n, "registered" if n <= PLACES else "waiting") for n in range(1, MANY + 1)]
    assert shown == gathering.line(meetup) == expected
    stored = gathering.stored(meetup)
    assert (stored.taken, stored.waiting, stored.last_number) == (PLACES, MANY - PLACES, MANY)


def test_the_last_place_goes_to_one_of_two(gathering: Gathering) -> None:
    meetups = [gathering.meetup(capacity=1) for _ in range(5)]
    companies = ("Nordwerk", "Suedbank")
    for company in companies:
        gathering.portal(company)

    with ThreadPoolExecutor(2) as pool:
        asked = [(meetup, "Alex", company) for meetup in meetups for company in companies]
        answers = [done(answer) for answer in pool.map(lambda one: gathering.ask(*one), asked)]

    for meetup in meetups:
        of_this = sorted(one["status"] for one in answers if one["meetup_id"] == meetup)
        assert of_this == ["registered", "waiting"]


def test_the_same_person_at_once_is_registered_once(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    gathering.portal()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gathering.ask(meetup, "Alex"), range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {refused(answer) for answer in answers if answer.status_code == 409} == {(409, "registered-already")}
    assert gathering.line(meetup) == [(1, "registered")]
    assert len(done(gathering.portal().get("/v1/people"))["items"]) == 1


def test_a_new_person_for_two_meetups_at_once_is_one_person(gathering: Gathering) -> None:
    meetups = [gathering.meetup() for _ in range(4)]
    gathering.portal()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda meetup: gathering.ask(meetup, "Alex"), meetups))

    assert len({done(answer)["person_id"] for answer in answers}) == 1
    assert [gathering.stored(meetup).taken for meetup in meetups] == [1] * 4


def test_places_given_up_and_taken_at_once_are_counted_exactly(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=PLACES)
    gathering.portal()
    first = [gathering.register(meetup, f"A{n}") for n in range(PLACES)]

    def act(number: int) -> int:
        if number % 2:
            return gathering.say("cancel", first[number // 2]).status_code
        return gathering.ask(meetup, f"B{number}").status_code

    with ThreadPoolExecutor(2 * PLACES) as pool:
        codes = list(pool.map(act, range(2 * PLACES)))

    assert sorted(codes) == [200] * PLACES + [201] * PLACES
    with gathering.world.database.reader() as session:
        rows = session.exec(select(Registration)).all()
    places = [one for one in rows if one.status in (RegistrationStatus.REGISTERED, RegistrationStatus.OFFERED)]
    waiting = [one for one in rows if one.status is RegistrationStatus.WAITING]
    stored = gathering.stored(meetup)
    assert (len(places), len(waiting)) == (stored.taken, stored.waiting) == (PLACES, 0)


def test_forms_that_come_at_once_are_counted_exactly(gathering: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_A_NETWORK", 6)
    meetups = [gathering.meetup() for _ in range(2)]
    gathering.with_domain()

    def sent(number: int) -> bool:
        # Half of them name one mailbox.
        form = SignUp(email=f"{'p' if number % 4 < 2 else 'alex'}+{number}@nordwerk.example", first_name="Alex")
        try:
            with gathering.world.database.session() as session:
                registrations.sign_up(session, meetups[number % 2], form, "192.0.2.1", "pepper")
        except TooManySignUps:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(sent, range(24)))

    assert sum(taken) == 12
    with gathering.world.database.reader() as session:
        mailed = [one.address for one in session.exec(select(SentSignUp)) if one.address]
    assert max(mailed.count(one) for one in set(mailed)) == MAILS_A_DAY


def test_one_form_many_times_and_its_confirmation_at_once_is_one_person_with_one_place(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    gathering.with_domain()

    def send(_: int) -> None:
        form = SignUp(email="alex@nordwerk.example", first_name="Alex")
        with gathering.world.database.session() as session:
            registrations.sign_up(session, meetup, form, "192.0.2.1", "pepper")

    def confirm(_: int) -> None:
        with gathering.world.database.session() as session:
            registrations.confirm_address(session, session.exec(select(Registration.id)).one())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
        list(pool.map(lambda n: (send if n % 2 else confirm)(n), range(8)))

    assert gathering.line(meetup) == [(1, "registered")]
    [person] = done(gathering.portal().get("/v1/people"))["items"]
    assert (person["email"], person["status"]) == ("alex@nordwerk.example", "active")
