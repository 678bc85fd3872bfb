"""A meetup to take along: for who organizes it, and without what finds people elsewhere."""

import json
from datetime import timedelta

import pytest
import time_machine

from app.access.models import Role
from app.meetups.models import MeetupStatus, TalkStatus
from app.programme import exporting
from app.registrations.models import RegistrationStatus
from tests.app.programme.test_summary import a_talk, seated
from tests.app.registrations.test_feedback import (
    AFTER,
    START,
    a_meetup,
    comes,
    crowd,
    person_of,
    refused,
    summed_up,
)
from tests.world import ApiCaller, JsonObject, World

WISHES = {"themes": ["onboarding"], "learn": ["starting"], "show": ["barcamps"], "languages": ["de"]}


def exported(caller: ApiCaller, meetup_id: str) -> list[JsonObject]:
    answer = caller.get(f"/v1/meetups/{meetup_id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_everything_of_a_meetup_is_in_it_and_nobody_is_found_elsewhere_by_it(world: World) -> None:
    nord = world.company()
    meetup_id = a_meetup(world)
    mine = comes(world, meetup_id, nord, "Kimberley", attended=True, excluded_companies=[nord], **WISHES)
    waits = comes(world, meetup_id, nord, "Robin", status=RegistrationStatus.WAITING)
    comes(world, meetup_id, nord, "Nobody", status=RegistrationStatus.UNCONFIRMED)
    others = crowd(world, meetup_id, "yes", "yes", "partly", "yes", "no")
    [community_id] = world.published(nord, {"name": "Welcome Circle", "tags": ["x"]})
    a_talk(world, meetup_id, community_id, nord, TalkStatus.PROPOSED, "A buddy")
    seated(world, meetup_id, [mine, *others])
    summed_up(world)

    with time_machine.travel(AFTER + timedelta(days=1), tick=False):
        lines = exported(world.organizer, meetup_id)

    records = [one["record"] for one in lines]
    assert records == ["meetup", "talk", *["registration"] * 7, *["group"] * 4, "feedback"]
    meetup, talk, first, second = lines[:4]
    assert (meetup["id"], meetup["online_link"], meetup["figures"]) == (
        *(meetup_id, "https://meet.example/spring"),
        None,
    )
    assert (talk["title"], talk["status"], talk["community"]) == ("A buddy", "proposed", "Welcome Circle")
    assert first | {"registered_at": ""} == WISHES | {
        "record": "registration",
        "id": mine,
        "meetup_id": meetup_id,
        "status": "registered",
        "number": 1,
        "by": "portal",
        "first_name": "Kimberley",
        "company_id": nord,
        "company": "Nordwerk",
        "community_id": None,
        "community": None,
        "waiting_position": None,
        "waiting_because": None,
        "offered_until": None,
        "attended": True,
        "registered_at": "",
        "ended_at": None,
    }
    assert (second["id"], second["status"], second["waiting_position"]) == (waits, "waiting", 1)
    assert lines[-5]["members"] == [mine, *others[:2]]
    assert lines[-1] == {
        **{"record": "feedback", "answers": 5, "yes": 3, "partly": 1, "no": 1},
        "comments": [f"Comment {number}" for number in range(95, 100)],
    }
    whole = json.dumps(lines)
    # Whose comment is whose is stored for erasing it, and shown to nobody.
    assert not any(json.dumps(one).count(others[0]) for one in lines if one["record"] in ("meetup", "feedback"))
    assert "@" not in whole
    assert person_of(world, mine) not in whole
    assert "Nobody" not in whole


def test_it_is_whole_however_many_come(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ROWS_AT_ONCE", 2)
    meetup_id, nord = a_meetup(world), world.company()
    ids = [comes(world, meetup_id, nord, f"Guest{number}") for number in range(6)]

    lines = exported(world.operator, meetup_id)

    assert [one["id"] for one in lines if one["record"] == "registration"] == ids


def test_a_draft_of_which_nothing_is_known_is_one_line(world: World) -> None:
    meetup_id = a_meetup(world, MeetupStatus.DRAFT, START, announced_at=None)

    assert [one["record"] for one in exported(world.organizer, meetup_id)] == ["meetup"]


def test_nobody_else_takes_it_along(world: World) -> None:
    nord = world.company()
    meetup_id = a_meetup(world)
    mine = comes(world, meetup_id, nord, "Kimberley")
    callers = (
        world.portal(nord),
        world.caller(Role.COORDINATOR, nord),
        world.caller(Role.PARTICIPANT, nord, person_id=person_of(world, mine)),
    )

    for caller in callers:
        answer = caller.get(f"/v1/meetups/{meetup_id}/export")
        assert answer.status_code == 403
        assert "Kimberley" not in answer.text
    assert refused(world.organizer.get("/v1/meetups/mtp_none/export")) == (404, "meetup-not-found")
