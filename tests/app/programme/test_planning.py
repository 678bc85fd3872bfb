"""A year in one call: what is drafted, what stands against it, and that it is all or nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import func, select

from app.access.models import Role
from app.core.events import Event
from app.meetups.models import Meetup
from app.programme.planning import quarterly
from app.rounds.models import Round
from tests.world import JsonObject, World

TODAY = datetime(2026, 11, 27, 9, tzinfo=UTC)
YEAR: JsonObject = {
    "title": "C3 2027",
    "language": "en",
    "purpose": "Communities of several companies learn from each other.",
    "time_zone": "Europe/Berlin",
    "minutes": 180,
}
DATES = ["2027-02-11T13:00:00", "2027-05-13T13:00:00", "2027-08-12T13:00:00", "2027-11-11T13:00:00"]


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


def planned(world: World, *, key: str | None = None, query: str = "", **more: object) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return world.organizer.post(f"/v1/plans{query}", json=YEAR | more, headers=headers)


def on(*starts: str) -> list[JsonObject]:
    return [{"starts_at": start} for start in starts]


def stored(world: World) -> tuple[int, int, int]:
    """How many meetups, rounds and events there are."""
    with world.database.reader() as session:
        meetups, rounds, happened = (
            session.exec(select(func.count()).select_from(table)).one() for table in (Meetup, Round, Event)
        )
    return meetups, rounds, happened


def errors(answer: Response) -> dict[str, str]:
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/plan-not-possible"), answer.text
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


def test_a_year_is_planned_from_its_first_date(any_world: World) -> None:
    answer = planned(any_world, first=DATES[0], capacity=120, limit_per_company=20)

    year = answer.json()
    assert answer.status_code == 201, answer.text
    assert year["dry_run"] is False
    assert [one["local_start"] for one in year["meetups"]] == DATES
    # The same by the clocks there: in winter 13:00 is 12:00 in UTC, in summer 11:00.
    assert [one["starts_at"][11:16] for one in year["meetups"]] == ["12:00", "11:00", "11:00", "12:00"]
    assert {one["local_end"][11:] for one in year["meetups"]} == {"16:00:00"}
    assert {(one["status"], one["capacity"], one["limit_per_company"]) for one in year["meetups"]} == {
        ("draft", 120, 20)
    }
    assert [one["title"] for one in year["meetups"]] == [f"C3 2027, {number} of 4" for number in (1, 2, 3, 4)]
    assert [one["planned_on"] for one in year["rounds"]] == ["2027-01-14", "2027-04-15", "2027-07-15", "2027-10-14"]
    assert year["rounds"][0]["title"] == "Round before C3 2027, 1 of 4"
    assert {one["status"] for one in year["rounds"]} == {"draft"}
    listed = any_world.organizer.get("/v1/meetups").json()["items"]
    assert [one["id"] for one in listed] == [one["id"] for one in year["meetups"]]
    assert {one["id"] for one in any_world.organizer.get("/v1/rounds").json()["items"]} == {
        one["id"] for one in year["rounds"]
    }


def test_nothing_starts_by_itself(world: World) -> None:
    planned(world, first=DATES[0])

    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC)):
        world.worker.run_until_idle()

    assert {one["status"] for one in world.organizer.get("/v1/rounds").json()["items"]} == {"draft"}
    assert {one["status"] for one in world.organizer.get("/v1/meetups").json()["items"]} == {"draft"}
    assert world.mails() == []


def test_dates_and_titles_of_its_own_hosts_in_turn_and_settings(world: World) -> None:
    hosts = [world.company("Alder"), world.company("Birch", sector="health")]
    dates = [
        {"starts_at": "2027-06-02T09:00:00", "title": "Summer"},
        {"starts_at": "2027-03-02T10:00:00+01:00"},
        {"starts_at": "2027-09-02T09:00:00"},
    ]

    year = planned(
        world,
        meetups=dates,
        host_company_ids=hosts,
        round_weeks_before=2,
        round_settings={"objective": "coverage", "min_similarity": 0.2},
        language="de",
    ).json()

    assert [(one["title"], one["host_company"]) for one in year["meetups"]] == [
        ("C3 2027, 1 von 3", "Alder"),
        ("Summer", "Birch"),
        ("C3 2027, 3 von 3", "Alder"),
    ]
    assert [one["local_start"][:10] for one in year["meetups"]] == ["2027-03-02", "2027-06-02", "2027-09-02"]
    assert [(one["title"], one["planned_on"]) for one in year["rounds"]] == [
        ("Runde vor C3 2027, 1 von 3", "2027-02-16"),
        ("Runde vor Summer", "2027-05-19"),
        ("Runde vor C3 2027, 3 von 3", "2027-08-19"),
    ]
    assert {one["settings"]["objective"] for one in year["rounds"]} == {"coverage"}
    assert {one["scope"]["meetup"] for one in year["rounds"]} == {None}


def test_rounds_are_left_out_where_none_are_wanted(world: World) -> None:
    year = planned(world, first=DATES[0], round_weeks_before=None).json()

    assert (len(year["meetups"]), year["rounds"]) == (4, [])


def test_everything_that_stands_against_it_is_told_at_once_and_nothing_is_stored(any_world: World) -> None:
    before = stored(any_world)
    starts = [
        "2027-06-10T13:00:00",
        "2027-03-28T02:30:00",
        "2026-11-26T13:00:00",
        "2027-06-10T18:00:00",
        "2029-06-10T13:00:00",
        "2026-12-10T13:00:00",
        "2199-12-31T23:00:00",
    ]

    told = errors(planned(any_world, meetups=on(*starts), host_company_ids=["cmp_unknown"]))

    assert list(told) == [
        "/host_company_ids/0",
        "/meetups/2/starts_at",
        "/meetups/5/starts_at",
        "/meetups/1/starts_at",
        "/meetups/3/starts_at",
        "/meetups/4/starts_at",
        "/meetups/6/starts_at",
    ]
    assert "the clocks skip 2027-03-28T02:30" in told["/meetups/1/starts_at"]
    assert "not in the future" in told["/meetups/2/starts_at"]
    assert "on the same day" in told["/meetups/3/starts_at"]
    assert "next two years" in told["/meetups/4/starts_at"]
    assert "to be started on 2026-11-12, which is over" in told["/meetups/5/starts_at"]
    assert "no company that takes part" in told["/host_company_ids/0"]
    assert stored(any_world) == before


def test_errors_are_told_in_german_too(world: World) -> None:
    answer = world.organizer.post(
        "/v1/plans",
        json=YEAR | {"meetups": on(DATES[0], DATES[0])},
        headers={"Accept-Language": "de"},
    )

    assert "am selben Tag" in errors(answer)["/meetups/1/starts_at"]


def test_the_same_day_is_the_same_day_there(world: World) -> None:
    # In UTC another day, by the clocks of Berlin the same one; and the other way round.
    same = planned(world, meetups=on("2027-06-10T13:00:00", "2027-06-09T22:30:00Z"))
    other = planned(world, meetups=on("2027-06-10T23:00:00", "2027-06-10T22:30:00Z"))

    assert list(errors(same)) == ["/meetups/0/starts_at"]
    assert other.status_code == 201, other.text


@pytest.mark.parametrize("more", [{}, {"first": DATES[0], "meetups": on(DATES[0])}])
def test_either_dates_or_the_first_one_is_named(world: World, more: JsonObject) -> None:
    answer = planned(world, **more)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/plan-without-dates")


def test_a_first_date_whose_quarters_are_skipped_by_the_clocks_names_it(world: World) -> None:
    # The last Sunday of March, three months after the last one of December.
    told = errors(planned(world, first="2026-12-27T02:30:00", round_weeks_before=None))

    assert list(told) == ["/first"]
    assert "2027-03-28T02:30" in told["/first"]


def test_a_meetup_lasts_its_minutes_also_where_the_clocks_change(world: World) -> None:
    year = planned(world, meetups=on("2027-10-31T01:00:00"), minutes=180).json()

    [meetup] = year["meetups"]
    assert (meetup["local_start"], meetup["local_end"]) == ("2027-10-31T01:00:00", "2027-10-31T03:00:00")
    assert (meetup["starts_at"], meetup["ends_at"]) == ("2027-10-30T23:00:00Z", "2027-10-31T02:00:00Z")


def test_a_dry_run_tells_the_same_and_stores_nothing(any_world: World) -> None:
    before = stored(any_world)

    dry = planned(any_world, query="?dry_run=true", first=DATES[0], key="k-1")

    assert dry.status_code == 200, dry.text
    assert stored(any_world) == before
    meant = planned(any_world, first=DATES[0]).json()
    assert dry.json()["dry_run"] is True
    assert [one["local_start"] for one in dry.json()["meetups"]] == [one["local_start"] for one in meant["meetups"]]
    assert [one["title"] for one in dry.json()["rounds"]] == [one["title"] for one in meant["rounds"]]


def test_a_dry_run_tells_what_stands_against_it(world: World) -> None:
    told = errors(planned(world, query="?dry_run=true", meetups=on("2026-01-01T10:00:00")))

    assert list(told) == ["/meetups/0/starts_at"]


def test_a_repeated_request_plans_one_year_and_tells_it_in_the_same_order(any_world: World) -> None:
    dates = on(*DATES[::-1])

    first, again = planned(any_world, meetups=dates, key="k-1"), planned(any_world, meetups=dates, key="k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert stored(any_world)[:2] == (4, 4)


def test_only_organizers_plan(world: World) -> None:
    portal = world.portal(world.company())
    participant = world.caller(Role.PARTICIPANT, person_id=world.person(world.company("Other"), "Pat"))

    answers = [one.post("/v1/plans", json=YEAR | {"first": DATES[0]}) for one in (portal, participant)]

    assert [one.status_code for one in answers] == [403, 403]
    assert stored(world)[:2] == (0, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"meetups": []},
        {"meetups": on(*(f"2027-{1 + number % 12:02}-{1 + number // 12:02}T10:00:00" for number in range(13)))},
        {"first": "tomorrow"},
        {"first": DATES[0], "minutes": 0},
        {"first": DATES[0], "round_weeks_before": 0},
        {"first": DATES[0], "time_zone": "Mars/Olympus"},
        {"first": DATES[0], "title": "x" * 121},
        {"first": DATES[0], "meetup_count": 3},
    ],
)
def test_what_cannot_be_read_is_refused(world: World, more: JsonObject) -> None:
    answer = planned(world, **more)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input"), answer.text


@pytest.mark.parametrize(
    ("first", "then"),
    [
        # The second Thursday.
        ("2027-02-11", ["2027-02-11", "2027-05-13", "2027-08-12", "2027-11-11"]),
        # The fifth Friday of January, then the last one: a fifth in April and July, a fourth in ... October a fifth.
        ("2027-01-29", ["2027-01-29", "2027-04-30", "2027-07-30", "2027-10-29"]),
        # The fifth Monday of November, then the last one where there are four only.
        ("2027-11-29", ["2027-11-29", "2028-02-28", "2028-05-29", "2028-08-28"]),
        ("2027-12-01", ["2027-12-01", "2028-03-01", "2028-06-07", "2028-09-06"]),
    ],
)
def test_quarters_keep_the_weekday_of_the_month(first: str, then: list[str]) -> None:
    found = list(quarterly(datetime.fromisoformat(f"{first}T13:30:00")))

    assert [one.isoformat() for one in found] == [f"{day}T13:30:00" for day in then]
