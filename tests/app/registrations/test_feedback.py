"""What people say of a meetup: two clicks, the last word counts, totals of many, and never whose it is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import select

from app.access.models import Role
from app.core.clock import now
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus
from app.people.models import Person
from app.registrations import feedback, tending, totals
from app.registrations.models import MeetupFeedback, RegisteredBy, Registration, RegistrationStatus, Usefulness
from app.registrations.totals import FeedbackTotals
from tests.world import ApiCaller, JsonObject, World

START = datetime(2027, 3, 11, 12, tzinfo=UTC)
END = START + timedelta(hours=4)
AFTER = END + timedelta(hours=1)


def a_meetup(
    world: World, status: MeetupStatus = MeetupStatus.HELD, start: datetime = START, **columns: object
) -> str:
    """A meetup of four hours; its id."""
    values: dict[str, object] = {
        "id": new_id("mtp"),
        "status": status,
        "title": "Spring meetup",
        "language": "en",
        "purpose": "We learn from each other.",
        "starts_at": start,
        "ends_at": start + (END - START),
        "time_zone": "Europe/Berlin",
        "online_link": "https://meet.example/spring",
        "capacity": 50,
        "uid": new_id("cal"),
        "created_at": start - timedelta(days=60),
        "announced_at": start - timedelta(days=59),
    }
    with world.database.session() as session:
        session.add(Meetup.model_validate(values | columns))
    return str(values["id"])


def comes(world: World, meetup_id: str, company_id: str, first_name: str, **columns: object) -> str:
    """Somebody new (a `guest`, or not), or known, of a company who has a place; the id of the registration."""
    guest = bool(columns.pop("guest", False))
    with world.database.session() as session:
        meetup = session.get_one(Meetup, meetup_id)
        email = f"{first_name.lower()}@{company_id}.example"
        known = session.exec(select(Person).where(Person.email == email)).first()
        person = known or Person(
            id=new_id("per"),
            company_id=company_id,
            email=email,
            first_name=first_name,
            guest=guest,
            created_at=meetup.created_at,
        )
        session.add(person)
        session.flush()
        values: dict[str, object] = {
            "id": new_id("reg"),
            "meetup_id": meetup_id,
            "person_id": person.id,
            "company_id": company_id,
            "status": RegistrationStatus.REGISTERED,
            "by": RegisteredBy.PORTAL,
            "created_at": meetup.created_at,
            "registered_at": meetup.created_at,
        }
        made = Registration.model_validate(values | columns)
        if made.status is not RegistrationStatus.UNCONFIRMED:
            meetup.last_number += 1
            made.number = meetup.last_number
        meetup.taken += made.status in (RegistrationStatus.REGISTERED, RegistrationStatus.OFFERED)
        meetup.waiting += made.status is RegistrationStatus.WAITING
        session.add_all([meetup, made])
    return made.id


def person_of(world: World, registration_id: str) -> str:
    with world.database.reader() as session:
        return session.get_one(Registration, registration_id).person_id


def itself(world: World, company_id: str, registration_id: str) -> ApiCaller:
    return world.caller(Role.PARTICIPANT, company_id, person_id=person_of(world, registration_id))


def said(world: World, registration_id: str, useful: Usefulness, comment: str | None = None) -> None:
    """Said at this moment, by whoever it is."""
    with world.database.session() as session:
        feedback.say(session, session.get_one(Registration, registration_id), useful, comment)


def summed_up(world: World, days: float = 3) -> None:
    """The job looks at the end, when it asks how it was, and so many days after it."""
    with time_machine.travel(END, tick=False), world.database.session() as session:
        tending.ask_how_it_was(session, 50)
    with time_machine.travel(END + timedelta(days=days), tick=False), world.database.session() as session:
        tending.sum_up(session, 50)
        tending.fix_feedback(session, 50)


def told(world: World, meetup_id: str) -> FeedbackTotals | None:
    with world.database.reader() as session:
        return totals.told(session.get_one(Meetup, meetup_id))


@pytest.fixture
def after() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AFTER, tick=False) as clock:
        yield clock


def test_a_person_says_how_it_was_and_the_last_word_counts(world: World, after: time_machine.Traveller) -> None:
    nord = world.company()
    mine = comes(world, a_meetup(world), nord, "Alex")
    address = f"/v1/registrations/{mine}/feedback"
    alex = itself(world, nord, mine)

    assert alex.get(address).json()["type"] == "/problems/no-feedback-said"
    first = alex.post(address, json={"useful": "yes", "comment": " Great tables. "})
    last = alex.post(address, json={"useful": "partly"})

    assert first.status_code == 200, first.text
    assert (first.json()["useful"], first.json()["comment"], first.json()["hints"]) == ("yes", "Great tables.", [])
    assert last.json() | {"said_at": ""} == {
        "registration_id": mine,
        "meetup_id": first.json()["meetup_id"],
        "useful": "partly",
        "comment": None,
        "hints": [],
        "said_at": "",
    }
    assert alex.get(address).json() == last.json()


def test_a_comment_near_competition_law_gets_a_hint_and_is_taken(world: World, after: time_machine.Traveller) -> None:
    nord = world.company()
    mine = comes(world, a_meetup(world), nord, "Alex")

    answer = itself(world, nord, mine).post(
        f"/v1/registrations/{mine}/feedback", json={"useful": "no", "comment": "We heard prices of others."}
    )

    assert answer.status_code == 200
    assert [one["matched"] for one in answer.json()["hints"]] == ["prices"]


def test_nobody_else_says_or_reads_it(world: World, after: time_machine.Traveller) -> None:
    nord, other = world.company(), world.company("Suedbank", sector="health")
    meetup_id = a_meetup(world)
    mine, colleague = comes(world, meetup_id, nord, "Alex"), comes(world, meetup_id, nord, "Kim")
    said(world, mine, Usefulness.NO, "A secret comment")
    address = f"/v1/registrations/{mine}/feedback"
    callers = {
        "a colleague": (itself(world, nord, colleague), 404),
        "its company's portal": (world.portal(nord), 403),
        "another company's portal": (world.portal(other), 404),
        "an organizer": (world.organizer, 403),
        "the operator": (world.operator, 403),
        "the coordinator": (world.caller(Role.COORDINATOR, nord), 403),
    }

    for who, (caller, status) in callers.items():
        for answer in (caller.get(address), caller.post(address, json={"useful": "yes"})):
            assert answer.status_code == status, who
            assert "secret" not in answer.text
    assert itself(world, nord, mine).get(address).json()["useful"] == "no"


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).removeprefix("/problems/")


def test_it_is_said_from_the_start_until_sixty_days_after_by_who_was_there(world: World) -> None:
    nord = world.company()
    meetup_id = a_meetup(world, MeetupStatus.OPEN)
    mine = comes(world, meetup_id, nord, "Alex")
    absent = comes(world, meetup_id, nord, "Kim", attended=False)
    waits = comes(world, meetup_id, nord, "Robin", status=RegistrationStatus.WAITING)
    off = comes(world, a_meetup(world, MeetupStatus.CANCELLED), nord, "Toni")

    def say(registration_id: str) -> Response:
        return itself(world, nord, registration_id).post(
            f"/v1/registrations/{registration_id}/feedback", json={"useful": "yes"}
        )

    with time_machine.travel(START - timedelta(seconds=1), tick=False):
        assert refused(say(mine)) == (409, "feedback-too-early")
    with time_machine.travel(START, tick=False):
        assert say(mine).status_code == 200
        assert [refused(say(one)) for one in (absent, waits, off)] == [(409, "feedback-was-not-there")] * 3
    with time_machine.travel(END + timedelta(days=60, seconds=-1), tick=False):
        assert say(mine).status_code == 200
    with time_machine.travel(END + timedelta(days=60), tick=False):
        assert refused(say(mine)) == (409, "feedback-too-late")


@pytest.mark.parametrize(
    "body", [{}, {"useful": "very"}, {"useful": "yes", "comment": "x" * 1001}, {"useful": "yes", "stars": 5}]
)
def test_what_is_no_feedback_is_refused(world: World, after: time_machine.Traveller, body: JsonObject) -> None:
    nord = world.company()
    mine = comes(world, a_meetup(world), nord, "Alex")

    answer = itself(world, nord, mine).post(f"/v1/registrations/{mine}/feedback", json=body)

    assert refused(answer) == (422, "invalid-input")
    with world.database.reader() as session:
        assert session.exec(select(MeetupFeedback)).all() == []


def crowd(world: World, meetup_id: str, *answers: str, companies: int = 3, later: int = 0) -> list[str]:
    """People of so many companies in turn who say one after the other how it was; their registrations."""
    owners = [world.company(f"Company {new_id('x')}") for _ in range(companies)]
    ids = []
    for number, answer in enumerate(answers):
        ids.append(comes(world, meetup_id, owners[number % companies], f"Guest{number}"))
        with time_machine.travel(AFTER + timedelta(minutes=later + number), tick=False):
            said(world, ids[-1], Usefulness(answer), f"Comment {99 - number}")
    return ids


def test_totals_are_told_of_five_people_of_three_companies(any_world: World) -> None:
    world = any_world
    few, of_two, enough = a_meetup(world), a_meetup(world), a_meetup(world)
    crowd(world, few, "yes", "yes", "no", "yes")
    crowd(world, of_two, "yes", "yes", "no", "yes", "partly", companies=2)
    crowd(world, enough, "yes", "yes", "no", "yes", "partly", "yes", "yes")

    summed_up(world)

    assert (told(world, few), told(world, of_two)) == (None, None)
    assert told(world, enough) == FeedbackTotals(
        yes=5,
        partly=1,
        no=1,
        # Not in the order in which they were given.
        comments=tuple(f"Comment {number}" for number in range(93, 100)),
    )


def test_nothing_is_told_before_the_summary_is_due(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, *["yes"] * 7)

    summed_up(world, days=2.99)
    assert told(world, meetup_id) is None
    summed_up(world)

    assert told(world, meetup_id) is not None


def test_what_is_told_stays_whoever_is_marked_as_away_says_more_or_changes_its_mind(world: World) -> None:
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, *["yes"] * 10, "no")
    summed_up(world)
    address = f"/v1/meetups/{meetup_id}"

    def shown() -> object:
        summed_up(world, days=4)
        return world.organizer.get(f"{address}/summary").json()["feedback"]

    with time_machine.travel(END + timedelta(days=4), tick=False):
        before = shown()
        for one in ids:
            for attended in (False, True):
                mark = {"registration_id": one, "attended": attended}
                marked = world.organizer.post(f"{address}/attendance", json={"items": [mark]})
                assert marked.status_code == 200, marked.text
                assert shown() == before
        said(world, ids[0], Usefulness.NO, "Quite another comment")
        assert shown() == before
        said(world, comes(world, meetup_id, world.company(), "Late"), Usefulness.NO, "A late comment")
        assert shown() == before
        with world.database.session() as session:
            session.delete(session.get_one(MeetupFeedback, ids[1]))
        assert shown() == before


def test_too_few_answers_are_told_as_soon_as_there_are_enough(any_world: World) -> None:
    world = any_world
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, *["yes"] * 4)
    summed_up(world)
    crowd(world, meetup_id, "no", later=60 * 24 * 10)

    assert told(world, meetup_id) is None
    summed_up(world, days=11)

    fixed = told(world, meetup_id)
    assert fixed is not None
    assert (fixed.yes, fixed.no) == (4, 1)


def test_who_had_a_place_when_it_spoke_counts_whatever_became_of_it(world: World) -> None:
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, *["yes"] * 5)
    with world.database.session() as session:
        session.get_one(Registration, ids[0]).attended = False
        session.get_one(Registration, ids[1]).status = RegistrationStatus.CANCELLED

    summed_up(world)

    fixed = told(world, meetup_id)
    assert fixed is not None
    assert fixed.answers == 5


def test_two_clicks_at_the_same_moment_are_one_answer(any_world: World) -> None:
    nord = any_world.company()
    mine = comes(any_world, a_meetup(any_world), nord, "Alex")
    alex = itself(any_world, nord, mine)

    def click(useful: str) -> int:
        return alex.post(f"/v1/registrations/{mine}/feedback", json={"useful": useful}).status_code

    with time_machine.travel(AFTER, tick=False), ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, ["yes", "no"] * 4)) == {200}
    with any_world.database.reader() as session:
        assert len(session.exec(select(MeetupFeedback)).all()) == 1


def test_a_repeated_request_answers_the_same(world: World, after: time_machine.Traveller) -> None:
    nord = world.company()
    mine = comes(world, a_meetup(world), nord, "Alex")
    address, key = f"/v1/registrations/{mine}/feedback", {"Idempotency-Key": "k-1"}
    alex = itself(world, nord, mine)

    first, again = (alex.post(address, json={"useful": "yes"}, headers=key) for _ in range(2))

    assert (again.status_code, again.json()["useful"]) == (200, "yes")
    assert first.json()["said_at"] == f"{now():%Y-%m-%dT%H:%M:%SZ}"
