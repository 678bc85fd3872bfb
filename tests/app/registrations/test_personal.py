"""What somebody takes along of meetups, and that nothing of it stays behind."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import select

from app.access.models import Role
from app.core.clock import now
from app.meetups.models import Meetup, MeetupStatus
from app.registrations.models import MeetupFeedback, Registration, RegistrationStatus, Usefulness
from app.seatings.models import Again
from tests.app.privacy.test_a_person import found_anywhere, in_words
from tests.app.programme.test_summary import seated
from tests.app.registrations.test_feedback import (
    AFTER,
    START,
    a_meetup,
    comes,
    crowd,
    itself,
    person_of,
    said,
    summed_up,
)
from tests.world import JsonObject, World

WISHES = {"themes": ["onboarding"], "learn": ["starting"], "show": ["barcamps"], "languages": ["de"]}


@pytest.fixture
def after() -> Iterator[None]:
    with time_machine.travel(AFTER, tick=False):
        yield


def lines(answer: Response, record: str) -> list[JsonObject]:
    assert answer.status_code == 200, answer.text
    found = (json.loads(line) for line in answer.text.splitlines())
    return [one for one in found if one.pop("record") == record]


def came(world: World, nord: str, other: str) -> tuple[str, str, str]:
    """Somebody who was at a meetup, said how it was and whom it wants to meet again; the meetup and both there."""
    meetup_id = a_meetup(world)
    mine = comes(world, meetup_id, nord, "Kimberley", attended=True, stays=True, excluded_companies=[other], **WISHES)
    theirs = comes(world, meetup_id, other, "Toni")
    said(world, mine, Usefulness.PARTLY, "Secret comment")
    with world.database.session() as session:
        session.add(Again(id="agn_1", meetup_id=meetup_id, registration_id=mine, other_id=theirs, said_at=now()))
    seated(world, meetup_id, [mine, theirs])
    return meetup_id, mine, theirs


def test_a_person_takes_along_its_registrations_with_what_it_wished_and_said(world: World, after: None) -> None:
    nord, other = world.company(), world.company("Other", sector="health")
    meetup_id, mine, theirs = came(world, nord, other)
    kim = person_of(world, mine)

    answer = itself(world, nord, mine).get(f"/v1/people/{kim}/export")

    [registration] = lines(answer, "registration")
    assert registration.pop("created_at") == "2027-01-10T12:00:00Z"
    assert registration.pop("feedback") == {
        "useful": "partly",
        "comment": "Secret comment",
        "said_at": "2027-03-11T17:00:00Z",
        "comment_told": None,
    }
    assert registration == WISHES | {
        "id": mine,
        "meetup_id": meetup_id,
        "meetup": "Spring meetup",
        "starts_at": "2027-03-11T12:00:00+00:00",
        "community_id": None,
        "status": "registered",
        "number": 1,
        "by": "portal",
        "excluded_companies": [other],
        "stays": True,
        "attended": True,
    }
    [again] = lines(answer, "again")
    assert (again["registration_id"], again["other_registration_id"]) == (mine, theirs)
    assert "toni" not in answer.text.lower()


def test_its_company_takes_along_those_of_its_people_only(world: World, after: None) -> None:
    nord, other = world.company(), world.company("Other", sector="health")
    _, mine, theirs = came(world, nord, other)
    said(world, theirs, Usefulness.NO, "Their comment")

    answer = world.portal(nord).get(f"/v1/companies/{nord}/export")

    assert [one["id"] for one in lines(answer, "registration")] == [mine]
    assert lines(answer, "again") == lines(answer, "feedback") == []
    assert "Secret comment" not in answer.text
    assert "Their comment" not in answer.text
    assert "Toni" not in answer.text


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PORTAL])
def test_its_company_takes_along_who_came_and_not_what_was_said_of_it(world: World, after: None, role: Role) -> None:
    nord, other = world.company(), world.company("Other", sector="health")
    _, mine, _ = came(world, nord, other)
    company = world.caller(role, nord)
    for address in (f"/v1/companies/{nord}/export", f"/v1/people/{person_of(world, mine)}/export"):
        answer = company.get(address)

        [registration] = lines(answer, "registration")
        assert (registration["id"], registration["stays"]) == (mine, True)
        assert "feedback" not in registration
        assert lines(answer, "again") == lines(answer, "feedback") == []
        assert "Secret" not in answer.text


def test_an_operator_takes_along_nothing_that_people_say_in_confidence(world: World, after: None) -> None:
    nord, other = world.company(), world.company("Other", sector="health")
    _, mine, _ = came(world, nord, other)
    for address in (f"/v1/companies/{nord}/export", f"/v1/people/{person_of(world, mine)}/export"):
        answer = world.operator.get(address)

        [registration] = lines(answer, "registration")
        assert {"feedback", "excluded_companies", "stays"} & registration.keys() == set()
        assert registration["id"] == mine
        assert lines(answer, "again") == lines(answer, "feedback") == []
        assert "Secret" not in answer.text


def test_who_is_erased_gives_its_place_to_who_waits_and_leaves_no_trace(any_world: World) -> None:
    world = any_world
    nord, other = world.company(), world.company("Other", sector="health")
    with time_machine.travel(AFTER, tick=False):
        came(world, nord, other)
    following = a_meetup(world, MeetupStatus.FULL, START + timedelta(days=91), capacity=1)
    mine = comes(world, following, nord, "Kimberley", **WISHES)
    waits = comes(world, following, other, "Robin", status=RegistrationStatus.WAITING)
    kim = person_of(world, mine)
    with time_machine.travel(AFTER + timedelta(days=1), tick=False):
        world.worker.run_until_idle()

        erased = world.caller(Role.COORDINATOR, nord).post(f"/v1/people/{kim}/erase")

        assert erased.status_code == 200, erased.text
        world.worker.run_until_idle()
    with world.database.reader() as session:
        left = {one.id: one.status for one in session.exec(select(Registration))}
        assert left[waits] is RegistrationStatus.OFFERED
        assert mine not in left
        assert len(left) == 2
        assert [*session.exec(select(MeetupFeedback)), *session.exec(select(Again))] == []
        meetup = session.get_one(Meetup, following)
        assert (meetup.taken, meetup.waiting) == (1, 0)
    assert found_anywhere(world, "kimberley") == []
    assert [in_words(mail) for mail in world.mails() if "kimberley" in in_words(mail)] == []


def test_whoever_is_erased_takes_its_comment_away_from_what_is_told_and_the_totals_stay(any_world: World) -> None:
    world = any_world
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, *["yes"] * 4, "no")
    summed_up(world)
    with world.database.reader() as session:
        company_id = session.get_one(Registration, ids[4]).company_id
    with time_machine.travel(AFTER + timedelta(days=4), tick=False):
        gone = itself(world, company_id, ids[4])
        said(world, ids[4], Usefulness.YES, "Changed since")
        [taken] = lines(gone.get(f"/v1/people/{person_of(world, ids[4])}/export"), "registration")

        erased = world.caller(Role.COORDINATOR, company_id).post(f"/v1/people/{person_of(world, ids[4])}/erase")
        assert erased.status_code == 200, erased.text
        told = world.organizer.get(f"/v1/meetups/{meetup_id}/summary").json()["feedback"]

    assert (taken["feedback"]["comment"], taken["feedback"]["comment_told"]) == ("Changed since", "Comment 95")
    assert told == {
        **{"answers": 5, "yes": 4, "partly": 0, "no": 1},
        "comments": [f"Comment {number}" for number in range(96, 100)],
    }
    assert found_anywhere(world, "Comment 95") == []
