"""Who was there: said by the organizer, each row on its own."""

from datetime import timedelta

import pytest

from app.meetups.models import MeetupStatus
from app.registrations import queries
from tests.app.registrations.conftest import MEETUP, Gathering, done, refused
from tests.world import JsonObject


def mark(gathering: Gathering, meetup: str, *rows: tuple[str, bool], **headers: str) -> JsonObject:
    items = [{"registration_id": one, "attended": attended} for one, attended in rows]
    return done(
        gathering.world.organizer.post(f"/v1/meetups/{meetup}/attendance", json={"items": items}, headers=headers)
    )


def test_each_row_is_marked_or_refused_on_its_own(gathering: Gathering) -> None:
    meetup, other = gathering.meetup(capacity=2), gathering.meetup()
    alex, kim, waiting = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee"))
    elsewhere = gathering.register(other, "Robin")
    gathering.go(MEETUP - timedelta(hours=1))

    report = mark(
        gathering,
        meetup,
        (alex["id"], True),
        (kim["id"], True),
        (waiting["id"], True),
        (elsewhere["id"], True),
        ("reg_unknown", True),
        (kim["id"], False),
    )

    assert (report["marked"], report["refused"]) == (3, 3)
    assert [row["marked"] for row in report["rows"]] == [True, True, False, False, False, True]
    assert "waiting" in report["rows"][2]["problem"]
    assert report["rows"][3]["problem"] == report["rows"][4]["problem"].replace("reg_unknown", elsewhere["id"])
    assert [gathering.read(one)["attended"] for one in (alex, kim, elsewhere)] == [True, False, None]


def test_a_request_that_is_repeated_has_the_same_rows(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, waiting = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.go(MEETUP)
    rows = ((alex["id"], True), (waiting["id"], True))

    first = mark(gathering, meetup, *rows, **{"Idempotency-Key": "k"})
    again = mark(gathering, meetup, *rows, **{"Idempotency-Key": "k"})

    assert first == again
    assert [row["marked"] for row in first["rows"]] == [True, False]


def test_it_is_marked_from_an_hour_before_until_a_month_after(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex")
    address = f"/v1/meetups/{meetup}/attendance"
    body = {"items": [{"registration_id": alex["id"], "attended": True}]}

    gathering.go(MEETUP - timedelta(hours=1, seconds=1))
    early = gathering.world.organizer.post(address, json=body)
    gathering.go(MEETUP + timedelta(hours=2, days=30))
    mark(gathering, meetup, (alex["id"], True))
    gathering.pass_(seconds=1)
    late = gathering.world.organizer.post(address, json=body)

    assert refused(early) == (409, "attendance-not-yet")
    assert "2027-02-18T14:00 (Europe/Berlin)" in early.json()["detail"]
    assert refused(late) == (409, "attendance-over")
    assert refused(gathering.portal().post(address, json=body)) == (403, "role-not-enough")


def test_of_a_meetup_that_does_not_take_place_nobody_is_marked(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex")
    gathering.go(MEETUP)
    gathering.change(meetup, status=MeetupStatus.CANCELLED)
    body = {"items": [{"registration_id": alex["id"], "attended": True}]}

    refusal = gathering.world.organizer.post(f"/v1/meetups/{meetup}/attendance", json=body)

    assert refused(refusal) == (409, "registration-meetup-cancelled")


@pytest.mark.parametrize(
    ("status", "marked", "there"),
    [
        (MeetupStatus.OPEN, {}, ["Alex", "Kim", "Lee"]),
        (MeetupStatus.OPEN, {"Kim": False}, ["Alex", "Lee"]),
        (MeetupStatus.OPEN, {"Kim": False, "Lee": True}, ["Alex", "Lee"]),
        (MeetupStatus.HELD, {"Kim": False, "Lee": True}, ["Lee"]),
        (MeetupStatus.HELD, {"Kim": False}, ["Alex", "Lee"]),
        (MeetupStatus.HELD, {}, ["Alex", "Kim", "Lee"]),
    ],
)
def test_present_are_those_who_come_and_afterwards_those_who_came(
    gathering: Gathering, status: MeetupStatus, marked: dict[str, bool], there: list[str]
) -> None:
    meetup = gathering.meetup(capacity=3)
    people = {name: gathering.register(meetup, name)["id"] for name in ("Alex", "Kim", "Lee", "Waiting")}
    gathering.go(MEETUP)
    if marked:
        mark(gathering, meetup, *((people[name], attended) for name, attended in marked.items()))
    gathering.change(meetup, status=status)

    with gathering.world.database.reader() as session:
        found = [one.id for one in queries.present(session, meetup)]

    assert found == [people[name] for name in there]
