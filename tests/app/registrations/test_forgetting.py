"""Who came to a meetup is not kept for long: totals stay, people go, and with them who was known only by this."""

from datetime import datetime, timedelta

import pytest
import time_machine
from pydantic import ValidationError
from sqlmodel import col, select

from app.access.models import Role
from app.core.clock import now
from app.core.events import Event
from app.core.ids import new_id
from app.core.settings import Settings, get_settings
from app.meetups.models import Meetup, MeetupStatus, Talk, TalkStatus
from app.people.models import Person, PersonStatus
from app.registrations import forgetting
from app.registrations.models import MeetupFeedback, Registration, RegistrationStatus, Usefulness
from app.seatings.models import Again, SeatingGroup
from tests.app.privacy.test_a_person import found_anywhere, in_words
from tests.app.programme.test_summary import seated
from tests.app.registrations.test_feedback import (
    AFTER,
    END,
    START,
    a_meetup,
    comes,
    crowd,
    itself,
    person_of,
    refused,
    said,
)
from tests.world import World

LATER = END + timedelta(days=90, minutes=1)
WISHES = {"themes": ["onboarding"], "learn": ["starting"], "show": ["barcamps"], "languages": ["de"]}


@pytest.fixture(autouse=True)
def mails_land_beside_the_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention reads its settings from the environment."""
    for name in ("world", "any_world"):
        if name in request.fixturenames:
            world: World = request.getfixturevalue(name)
            monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(world.settings.mail_folder))
    get_settings.cache_clear()


def passes(world: World, moment: datetime) -> None:
    """A night at that time: what is done once a day was planned the day before."""
    with time_machine.travel(moment - timedelta(days=1), tick=False):
        world.worker.plan()
    with time_machine.travel(moment, tick=False):
        world.worker.run_until_idle()


def registrations(world: World) -> dict[str, Registration]:
    with world.database.reader() as session:
        return {one.id: one for one in session.exec(select(Registration))}


def status_of(world: World, person_id: str) -> PersonStatus:
    with world.database.reader() as session:
        return session.get_one(Person, person_id).status


def figures(world: World, meetup_id: str) -> object:
    with world.database.reader() as session:
        return session.get_one(Meetup, meetup_id).figures


def due(world: World) -> dict[str, int]:
    rules = world.operator.get("/v1/retention").json()["rules"]
    return {one["name"]: one["count"] for one in rules if one["count"] and "registrations" in one["name"]}


def test_ninety_days_after_a_meetup_nothing_of_a_guest_is_found_anywhere(any_world: World) -> None:
    world = any_world
    nord = world.company()
    meetup_id = a_meetup(world, MeetupStatus.OPEN)
    with time_machine.travel(START - timedelta(days=20), tick=False):
        guest = {"email": "kimberley@nord.example", "first_name": "Kimberley"}
        registered = world.portal(nord).post(
            f"/v1/meetups/{meetup_id}/registrations", json=WISHES | {"person": guest, "themes": ["Kimberley's way"]}
        )
        assert registered.status_code == 201, registered.text
        world.worker.run_until_idle()
    mine = registered.json()["id"]
    others = crowd(world, meetup_id, "yes", "yes", "no", "partly")
    with time_machine.travel(AFTER, tick=False):
        said(world, mine, Usefulness.YES, "I am Kimberley and liked it")
        with world.database.session() as session:
            session.add(
                Again(id="agn_1", meetup_id=meetup_id, registration_id=mine, other_id=others[0], said_at=now())
            )
    seated(world, meetup_id, [mine, *others])
    kim = person_of(world, mine)

    passes(world, LATER - timedelta(minutes=2))
    assert found_anywhere(world, "kimberley") != []
    passes(world, LATER + timedelta(days=1))

    assert found_anywhere(world, "kimberley") == []
    assert found_anywhere(world, mine) == ["event.subject_id"], "an id that leads to nobody"
    assert [in_words(mail) for mail in world.mails() if "kimberley" in in_words(mail)] == []
    assert registrations(world) == {}
    assert status_of(world, kim) is PersonStatus.ERASED
    assert figures(world, meetup_id) == {
        "registered": 5,
        "attended": None,
        "people": 5,
        "companies": 4,
        "feedback": {"yes": 3, "partly": 1, "no": 1},
    }
    with world.database.reader() as session:
        assert [one.members for one in session.exec(select(SeatingGroup))] == [[]] * 4
        assert [*session.exec(select(Again)), *session.exec(select(MeetupFeedback))] == []


def test_a_dry_run_counts_what_would_go_and_lets_nothing_go(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, *["yes"] * 5)
    comes(world, meetup_id, world.company(), "Stays", stays=True)
    with time_machine.travel(LATER - timedelta(minutes=2), tick=False):
        assert due(world) == {}

    with time_machine.travel(LATER, tick=False):
        assert due(world) == due(world) == {"registrations": 5}

    assert len(registrations(world)) == 6
    assert figures(world, meetup_id) is None
    with world.database.reader() as session:
        assert len(session.exec(select(MeetupFeedback)).all()) == 5
        assert session.exec(select(Person).where(col(Person.status) == PersonStatus.ERASED)).all() == []


def test_it_goes_in_batches_and_is_counted_before(any_world: World) -> None:
    world = any_world
    meetup_id = a_meetup(world)
    ids = sorted(crowd(world, meetup_id, *["yes"] * 5))

    with time_machine.travel(LATER, tick=False):
        before = now() - timedelta(days=90)
        gone = []
        for _ in range(4):
            with world.database.session() as session:
                forgetting.keep_figures(session, before, 5, 2)
                gone.append(forgetting.forget_ended(session, before, 2))

    assert gone == [ids[:2], ids[2:4], ids[4:], []]
    kept = figures(world, meetup_id)
    assert isinstance(kept, dict)
    assert (kept["registered"], kept["feedback"]) == (5, {"yes": 5, "partly": 0, "no": 0})


def test_without_figures_nothing_goes(world: World) -> None:
    crowd(world, a_meetup(world), *["yes"] * 5)

    with time_machine.travel(LATER, tick=False), world.database.session() as session:
        assert forgetting.forget_ended(session, now() - timedelta(days=90), 10) == []


def test_feedback_of_few_is_not_kept(world: World) -> None:
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, *["yes"] * 4)
    comes(world, meetup_id, world.company(), "Absent", attended=False)
    comes(world, meetup_id, world.company("Other"), "Waits", status=RegistrationStatus.WAITING)
    with world.database.session() as session:
        for one in ids[:3]:
            session.get_one(Registration, one).attended = True

    passes(world, LATER)

    told = {"registered": 5, "attended": 3, "people": 3, "companies": 3, "feedback": None}
    assert figures(world, meetup_id) == told


def test_a_cancelled_meetup_counts_from_its_date(world: World) -> None:
    comes(world, a_meetup(world, MeetupStatus.CANCELLED), world.company(), "Alex")

    passes(world, LATER - timedelta(minutes=2))
    assert len(registrations(world)) == 1
    passes(world, LATER + timedelta(days=1))

    assert registrations(world) == {}


def test_who_has_something_else_to_do_here_stays(world: World) -> None:
    meetup_id, nord = a_meetup(world), world.company()
    following = a_meetup(world, MeetupStatus.ANNOUNCED, START + timedelta(days=200))
    names = ("Guest", "Manager", "Coordinator", "Keyholder", "Speaker", "Formerspeaker", "Known")
    ids = {name: comes(world, meetup_id, nord, name, guest=name != "Known") for name in names}
    people = {name: person_of(world, one) for name, one in ids.items()}
    manager = {"email": f"manager@{nord}.example", "first_name": "Manager"}
    [community_id] = world.published(nord, {"name": "Circle", "tags": ["x"], "managers": [manager]})
    coordinator = {"email": f"coordinator@{nord}.example", "first_name": "Coordinator"}
    named = world.caller(Role.COORDINATOR, nord).put(
        f"/v1/companies/{nord}/coordinators", json={"coordinators": [coordinator]}, headers={"If-Match": "*"}
    )
    assert named.status_code == 200, named.text
    world.key(Role.PARTICIPANT, person_id=people["Keyholder"])
    for name, at in (("Speaker", following), ("Formerspeaker", meetup_id)):
        with world.database.session() as session:
            session.add(
                Talk(
                    id=new_id("tlk"),
                    meetup_id=at,
                    status=TalkStatus.ACCEPTED,
                    title="A talk",
                    abstract="Of something.",
                    language="en",
                    minutes=20,
                    company_id=nord,
                    community_id=community_id,
                    speaker_id=people[name],
                    proposed_at=now(),
                )
            )

    passes(world, LATER)

    gone = {name for name in names if status_of(world, people[name]) is PersonStatus.ERASED}
    assert gone == {"Guest", "Formerspeaker"}
    assert registrations(world) == {}
    with world.database.reader() as session:
        told = session.exec(select(Event.subject_id).where(col(Event.kind) == "person.erased")).all()
    assert sorted(told) == sorted(people[name] for name in gone)


def test_who_is_a_guest_of_several_meetups_goes_with_the_last_one(world: World) -> None:
    nord = world.company()
    first = a_meetup(world)
    second = a_meetup(world, MeetupStatus.OPEN, START + timedelta(days=60))
    kim = person_of(world, comes(world, first, nord, "Kim", guest=True))
    last = comes(world, second, nord, "Kim")

    passes(world, LATER)
    assert list(registrations(world)) == [last]
    assert status_of(world, kim) is PersonStatus.ACTIVE
    passes(world, LATER + timedelta(days=61))

    assert status_of(world, kim) is PersonStatus.ERASED


def test_who_wants_to_be_told_of_the_next_ones_stays_without_wishes_for_two_years(world: World) -> None:
    meetup_id, nord = a_meetup(world), world.company()
    with_wishes = WISHES | {"excluded_companies": [nord]}
    mine = comes(world, meetup_id, nord, "Kim", guest=True, stays=True, **with_wishes)
    kim = person_of(world, mine)
    with time_machine.travel(AFTER, tick=False):
        said(world, mine, Usefulness.YES, "Good")

    passes(world, LATER)

    kept = registrations(world)[mine]
    assert (kept.themes, kept.learn, kept.show, kept.languages, kept.excluded_companies) == ([], [], [], [], [])
    with world.database.reader() as session:
        assert session.exec(select(MeetupFeedback)).all() == []
    passes(world, END + timedelta(days=729))
    assert status_of(world, kim) is PersonStatus.ACTIVE
    passes(world, END + timedelta(days=731))
    assert registrations(world) == {}
    assert status_of(world, kim) is PersonStatus.ERASED


def test_who_wants_no_more_goes_in_the_next_night(world: World) -> None:
    meetup_id, nord = a_meetup(world), world.company()
    mine = comes(world, meetup_id, nord, "Kim", guest=True, stays=True)
    passes(world, LATER)

    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        answer = world.portal(nord).patch(
            f"/v1/registrations/{mine}", json={"stays": False}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
    passes(world, LATER + timedelta(days=1, minutes=1))

    assert registrations(world) == {}


def test_registrations_are_kept_while_people_can_say_how_it_was() -> None:
    with pytest.raises(ValidationError, match="keep_registrations_days"):
        Settings(keep_registrations_days=60)


def test_what_is_counted_cannot_be_said_otherwise(world: World) -> None:
    nord = world.company()
    mine = comes(world, a_meetup(world), nord, "Kim", stays=True)
    with world.database.session() as session:
        forgetting.keep_figures(session, END + timedelta(days=1), 5, 10)

    with time_machine.travel(END + timedelta(days=12), tick=False):
        answer = itself(world, nord, mine).post(f"/v1/registrations/{mine}/feedback", json={"useful": "yes"})

    assert refused(answer) == (409, "feedback-too-late")


def test_an_address_that_nobody_confirms_goes_after_two_days_with_whom_it_names(world: World) -> None:
    nord = world.company()
    meetup_id = a_meetup(world, MeetupStatus.OPEN)
    start = START - timedelta(days=20)
    known = world.person(nord, "Toni")
    for name in ("Kimberley", "Toni"):
        unconfirmed = RegistrationStatus.UNCONFIRMED
        made = name == "Kimberley"
        with world.database.session() as session:
            if not made:
                session.get_one(Person, known).email = f"toni@{nord}.example"
        comes(world, meetup_id, nord, name, status=unconfirmed, guest=made, created_at=start)

    passes(world, start + timedelta(days=2, minutes=-1))
    assert len(registrations(world)) == 2
    with time_machine.travel(start + timedelta(days=2, minutes=1), tick=False):
        assert due(world) == {"unconfirmed_registrations": 2}
    passes(world, start + timedelta(days=3))

    assert registrations(world) == {}
    assert found_anywhere(world, "kimberley") == []
    assert status_of(world, known) is PersonStatus.ACTIVE


def test_a_company_that_leaves_gives_its_places_to_who_waits(any_world: World) -> None:
    world = any_world
    nord, other = world.company(), world.company("Other", sector="health")
    start = START - timedelta(days=20)
    meetup_id = a_meetup(world, MeetupStatus.FULL, capacity=2)
    held = a_meetup(world)
    was_there = comes(world, held, nord, "Old")
    ids = [comes(world, meetup_id, nord, "One"), comes(world, meetup_id, nord, "Two")]
    waiting = [
        comes(world, meetup_id, company_id, name, status=RegistrationStatus.WAITING)
        for company_id, name in ((nord, "Three"), (other, "Four"))
    ]
    asked = comes(world, meetup_id, nord, "Five", status=RegistrationStatus.UNCONFIRMED, created_at=start)

    with time_machine.travel(start, tick=False):
        assert world.operator.post(f"/v1/companies/{nord}/leave").status_code == 200
        world.worker.run_until_idle()

    now_there = {one.id: one.status for one in registrations(world).values()}
    cancelled = RegistrationStatus.CANCELLED
    assert now_there == {
        was_there: RegistrationStatus.REGISTERED,
        **dict.fromkeys((*ids, waiting[0]), cancelled),
        waiting[1]: RegistrationStatus.OFFERED,
    }
    assert asked not in now_there
    with world.database.reader() as session:
        meetup = session.get_one(Meetup, meetup_id)
        assert (meetup.taken, meetup.waiting, meetup.status) == (1, 0, MeetupStatus.OPEN)
        offered = session.exec(select(Event.subject_id).where(col(Event.kind) == "registration.offered")).all()
    assert offered == [waiting[1]], "nobody of the company is offered a place that a colleague leaves"


def test_thirty_days_later_nothing_of_it_is_left(world: World) -> None:
    nord = world.company()
    meetup_id = a_meetup(world)
    mine = comes(world, meetup_id, nord, "Kimberley", **WISHES)
    [community_id] = world.published(nord, {"name": "Circle", "tags": ["x"]})
    with world.database.session() as session:
        session.add(
            Talk(
                id=new_id("tlk"),
                meetup_id=meetup_id,
                status=TalkStatus.ACCEPTED,
                title="Kimberley's talk",
                abstract="Of Kimberley.",
                language="en",
                minutes=20,
                company_id=nord,
                community_id=community_id,
                speaker_id=person_of(world, mine),
                proposed_at=now(),
            )
        )
    with time_machine.travel(AFTER, tick=False):
        said(world, mine, Usefulness.YES, "By Kimberley")
        world.operator.post(f"/v1/companies/{nord}/leave")
    for days in (0, 31, 32):
        passes(world, AFTER + timedelta(days=days))

    assert registrations(world) == {}
    assert found_anywhere(world, "kimberley") == []
