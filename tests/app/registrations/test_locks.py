"""Two who need the same rows at the same moment, on PostgreSQL: they wait for one another, never for each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session, col, select

from app.access.service import SYSTEM
from app.core.clock import now
from app.people.models import Person
from app.privacy import people as privacy
from app.registrations import attendance, feedback, places, tending
from app.registrations.models import Registration, Usefulness
from app.registrations.schemas import AttendanceMark
from app.seatings.models import Again
from tests.app.registrations.conftest import MEETUP, Gathering, done, gathered
from tests.app.rounds.test_same_moment import somebody_waits
from tests.end_to_end.service import wait_for
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("any_database_url", ["postgres"], indirect=True)]


@pytest.fixture
def gathering(any_world: World) -> Iterator[Gathering]:
    with gathered(any_world) as gathering:
        yield gathering


def test_a_person_who_is_erased_waits_for_who_registers_it(gathering: Gathering) -> None:
    meetups = sorted(gathering.meetup() for _ in range(2))
    alex, _ = (gathering.register(meetup, "Alex") for meetup in meetups)

    with ThreadPoolExecutor(1) as pool, gathering.world.database.session() as registering:
        # Who registers somebody holds the meetup, and then the person.
        places.locked(registering, meetups[1])
        erased = pool.submit(_erase, gathering, alex["person_id"])
        wait_for(lambda: somebody_waits(gathering.world.database), "the erasure to wait for the meetup")
        registering.exec(select(Person).where(col(Person.id) == alex["person_id"]).with_for_update()).one()
        registering.commit()
        erased.result()

    assert [gathering.line(meetup) for meetup in meetups] == [[], []]


def test_an_address_that_is_just_given_up_is_registered_as_a_new_persons(gathering: Gathering) -> None:
    before, meetup_id = gathering.meetup(), gathering.meetup()
    alex = gathering.register(before, "Alex")

    with ThreadPoolExecutor(1) as pool, gathering.world.database.session() as changing:
        person = changing.exec(select(Person).where(col(Person.id) == alex["person_id"]).with_for_update()).one()
        asked = pool.submit(gathering.ask, meetup_id, "Alex")
        wait_for(lambda: somebody_waits(gathering.world.database), "the registration to wait for the person")
        person.email = "another@nordwerk.example"
        changing.commit()
        registered = done(asked.result())

    assert registered["person_id"] != alex["person_id"]


@pytest.mark.parametrize("what", ["feedback", "again"])
def test_who_was_there_is_marked_while_they_say_something(gathering: Gathering, what: str) -> None:
    meetup_id = gathering.meetup()
    alex, kim = (gathering.register(meetup_id, name) for name in ("Alex", "Kim"))
    gathering.go(MEETUP)

    with ThreadPoolExecutor(1) as pool, gathering.world.database.session() as saying:
        # Who says something holds its registration, and what is stored names the meetup.
        own = select(Registration).where(col(Registration.id) == alex["id"]).with_for_update()
        registration = saying.exec(own).one()
        marked = pool.submit(_mark_as_there, gathering, meetup_id, alex["id"])
        wait_for(lambda: somebody_waits(gathering.world.database), "the mark to wait for the registration")
        if what == "feedback":
            feedback.say(saying, registration, Usefulness.YES, None)
        else:
            _wish_to_meet_again(saying, registration, kim["id"])
        saying.commit()
        marked.result()

    assert gathering.read(alex)["attended"] is True


def test_the_clock_leaves_a_meetup_alone_whose_places_are_just_given(gathering: Gathering) -> None:
    meetups = sorted(gathering.meetup(capacity=1) for _ in range(2))
    for meetup in meetups:
        alex, _ = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
        gathering.say("cancel", alex)
    gathering.tell()
    gathering.pass_(hours=49)

    with gathering.world.database.session() as handling:
        places.locked(handling, meetups[1])
        with gathering.world.database.session() as tending_session:
            lapsed = tending.lapse_offers(tending_session, 50)
        # It would have waited for the first one while the clock waits for this one.
        places.locked(handling, meetups[0])

    assert lapsed == 1
    assert [gathering.line(meetup)[1][1] for meetup in meetups] == ["lapsed", "offered"]


def _erase(gathering: Gathering, person_id: str) -> None:
    with gathering.world.database.session() as session:
        privacy.erase(session, SYSTEM, person_id, gathering.world.settings)


def _mark_as_there(gathering: Gathering, meetup_id: str, registration_id: str) -> None:
    mark = AttendanceMark(registration_id=registration_id, attended=True)
    with gathering.world.database.session() as session:
        attendance.mark_many(session, SYSTEM, meetup_id, [mark])


def _wish_to_meet_again(session: Session, registration: Registration, other_id: str) -> None:
    meetup_id = registration.meetup_id
    wish = Again(id="agn_1", meetup_id=meetup_id, registration_id=registration.id, other_id=other_id, said_at=now())
    session.add(wish)
    session.flush()
