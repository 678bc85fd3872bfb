"""When a meetup is: local times, changes of the clocks, what moves along, and what cannot be meant."""

import pytest

from tests.app.meetups.conftest import SPRING, Quarter, refused
from tests.world import JsonObject

GERMAN = {"Accept-Language": "de"}
SKIPPED = "2027-03-28T02:30:00"
TWICE = "2027-10-31T02:30:00"


@pytest.mark.parametrize(
    ("wish", "answer", "told"),
    [
        ({"starts_at": SKIPPED}, (422, "time-skipped"), "2027-03-28T03:00"),
        ({"ends_at": SKIPPED}, (422, "time-skipped"), "2027-03-28T03:00"),
        ({"registration_until": SKIPPED}, (422, "time-skipped"), "2027-03-28T03:00"),
        ({"starts_at": "2027-01-11T09:00:00Z"}, (422, "time-in-the-past"), "2027-01-11T09:00Z"),
        ({"ends_at": "2027-03-11T13:00:00"}, (422, "meetup-ends-before-start"), "2027-03-11T12:00Z"),
        ({"ends_at": "2027-03-10T13:00:00"}, (422, "meetup-ends-before-start"), "2027-03-10T12:00Z"),
        ({"ends_at": "2027-03-14T14:01:00"}, (422, "meetup-too-long"), "3 days"),
        ({"registration_until": "2027-03-11T12:00:01Z"}, (422, "registration-after-start"), "2027-03-11T12:00Z"),
        (
            {"starts_at": "2029-03-11T13:00:00", "ends_at": "2029-03-11T14:00:00"},
            (422, "meetup-too-far"),
            "two years",
        ),
        ({"starts_at": "soon"}, (422, "invalid-input"), "`errors`"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_with_what_to_do(
    quarter: Quarter, wish: JsonObject, answer: tuple[int, str], told: str
) -> None:
    created = quarter.organizer.post("/v1/meetups", json=SPRING | wish)
    announced = quarter.announced()
    changed = quarter.try_change(announced, **wish)

    for one in (created, changed):
        assert refused(one) == answer
        assert told in one.json()["detail"]
    assert quarter.read(announced) == announced


def test_of_a_time_that_comes_twice_the_first_is_meant_and_a_remark_says_so(quarter: Quarter) -> None:
    night = {"starts_at": TWICE, "ends_at": "2027-10-31T06:00:00"}

    first = quarter.draft(**night)
    second = quarter.draft(**night | {"starts_at": "2027-10-31T01:30:00Z"})
    until = quarter.draft(starts_at="2027-10-30T22:00:00", ends_at=TWICE)
    in_german = quarter.organizer.get(f"/v1/meetups/{first['id']}", headers=GERMAN).json()

    assert (first["starts_at"], second["starts_at"]) == ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")
    assert first["local_start"] == second["local_start"] == TWICE
    assert "The first of the two" in first["start_remark"]
    assert "The second of the two" in second["start_remark"]
    assert in_german["start_remark"].startswith("Diese Zeit")
    assert (until["start_remark"], first["end_remark"]) == (None, None)
    assert "The first of the two" in until["end_remark"]


def test_a_meetup_across_a_change_of_clocks_ends_when_its_clocks_say(quarter: Quarter) -> None:
    spring = quarter.draft(starts_at="2027-03-27T20:00:00", ends_at="2027-03-28T10:00:00")
    autumn = quarter.draft(starts_at="2027-10-30T20:00:00", ends_at="2027-10-31T10:00:00")
    three_days = quarter.draft(starts_at="2027-10-29T09:00:00", ends_at="2027-11-01T09:00:00")

    # Thirteen hours, and fifteen.
    assert (spring["starts_at"], spring["ends_at"]) == ("2027-03-27T19:00:00Z", "2027-03-28T08:00:00Z")
    assert (autumn["starts_at"], autumn["ends_at"]) == ("2027-10-30T18:00:00Z", "2027-10-31T09:00:00Z")
    assert three_days["local_end"] == "2027-11-01T09:00:00"


def test_with_another_start_the_rest_moves_along_by_the_clocks(quarter: Quarter) -> None:
    winter = quarter.announced(registration_until="2027-03-09T18:00:00")

    summer = quarter.change(winter, starts_at="2027-04-15T13:00:00")

    assert (summer["local_start"], summer["local_end"]) == ("2027-04-15T13:00:00", "2027-04-15T17:00:00")
    assert (summer["starts_at"], summer["ends_at"]) == ("2027-04-15T11:00:00Z", "2027-04-15T15:00:00Z")
    assert summer["registration_until"] == "2027-04-13T16:00:00Z"
    longer = quarter.change(summer, ends_at="2027-04-15T18:30:00")
    assert (longer["starts_at"], longer["ends_at"]) == ("2027-04-15T11:00:00Z", "2027-04-15T16:30:00Z")
    until_it_starts = quarter.change(summer, registration_until=None)
    assert until_it_starts["registration_until"] is None


def test_an_end_that_moves_into_an_hour_that_is_skipped_comes_right_after_it(quarter: Quarter) -> None:
    evening = quarter.announced(starts_at="2027-03-20T20:00:00", ends_at="2027-03-21T02:30:00")

    moved = quarter.change(evening, starts_at="2027-03-27T20:00:00")

    assert moved["local_end"] == "2027-03-28T03:00:00"


def test_another_time_zone_alone_moves_nothing(quarter: Quarter) -> None:
    announced = quarter.announced()

    in_london = quarter.change(announced, time_zone="Europe/London")
    meant_there = quarter.change(announced, time_zone="Europe/London", starts_at="2027-03-11T13:00:00")

    assert (in_london["starts_at"], in_london["local_start"]) == ("2027-03-11T12:00:00Z", "2027-03-11T12:00:00")
    assert (meant_there["starts_at"], meant_there["local_end"]) == ("2027-03-11T13:00:00Z", "2027-03-11T17:00:00")


def test_what_is_wrong_with_a_running_meetup_can_be_put_right_but_its_start_is_not_moved_to_the_past(
    quarter: Quarter,
) -> None:
    opened = quarter.opened()
    quarter.go("2027-03-11T12:30:00+00:00")

    repaired = quarter.change(opened, online_link="https://meet.example/other", ends_at="2027-03-11T17:30:00")
    same = quarter.change(opened, starts_at="2027-03-11T13:00:00", title="Spring, at last")
    earlier = quarter.try_change(opened, starts_at="2027-03-11T12:15:00Z")

    assert (repaired["online_link"], repaired["ends_at"]) == ("https://meet.example/other", "2027-03-11T16:30:00Z")
    assert (same["title"], same["starts_at"]) == ("Spring, at last", "2027-03-11T12:00:00Z")
    assert refused(earlier) == (422, "time-in-the-past")
