"""A tandem's agreement, pauses and terms: changed by either side, on the version that it has read."""

from datetime import UTC, datetime

import pytest

from app.access.models import Role
from app.core.dates import at_local, comes_twice, days_later, months_later, next_shown
from tests.app.exchanges.conftest import Pair, done, refused
from tests.world import JsonObject

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("before", "days", "zone", "after"),
    [
        # The clocks go forward, back, skip the very hour, and skip a whole day.
        ("2027-03-22T09:00:00Z", 7, BERLIN, "2027-03-29T08:00:00Z"),
        ("2027-10-25T08:00:00Z", 7, BERLIN, "2027-11-01T09:00:00Z"),
        ("2027-03-21T01:30:00Z", 7, BERLIN, "2027-03-28T01:00:00Z"),
        ("2011-12-23T22:00:00Z", 7, "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("2027-10-24T00:30:00Z", 7, BERLIN, "2027-10-31T00:30:00Z"),
    ],
)
def test_a_time_stays_the_same_there_or_is_the_next_that_the_clocks_show(
    before: str, days: int, zone: str, after: str
) -> None:
    assert days_later(datetime.fromisoformat(before), days, zone) == datetime.fromisoformat(after)


def test_an_hour_is_skipped_in_spring_and_comes_twice_in_autumn() -> None:
    skipped, twice = datetime(2027, 3, 28, 2, 30), datetime(2027, 10, 31, 2, 30)  # noqa: DTZ001  what clocks show
    first, second = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)

    assert (at_local(skipped, BERLIN), at_local(twice, BERLIN)) == (None, first)
    assert next_shown(skipped, BERLIN) == skipped.replace(hour=3, minute=0)
    assert [comes_twice(one, BERLIN) for one in (first, second)] == [True, True]
    assert not comes_twice(datetime(2027, 3, 28, 1, 30, tzinfo=UTC), BERLIN)
    assert months_later(datetime(2027, 8, 31, tzinfo=UTC).date(), 6).isoformat() == "2028-02-29"


def test_an_agreement_is_changed_on_the_version_that_was_read_and_moves_what_is_to_come(pair: Pair) -> None:
    pair.kick_off()
    read = pair.sued.get(pair.address)
    before, tag = done(read), {"If-Match": read.headers["ETag"]}
    wish: JsonObject = {"rhythm_weeks": 8, "meeting_minutes": 45, "horizon_months": 3}

    unnamed = pair.sued.patch(pair.address, json=wish)
    changed = pair.sued.patch(pair.address, json=wish, headers=tag)
    late = pair.nord.patch(pair.address, json={"rhythm_weeks": 2}, headers=tag)
    pair.clock.go(datetime(2027, 4, 1, tzinfo=UTC))
    too_short = pair.nord.patch(pair.address, json={"horizon_months": 2}, headers={"If-Match": "*"})
    by_organizer = pair.world.organizer.patch(pair.address, json={"rhythm_weeks": 2}, headers={"If-Match": "*"})

    assert (unnamed.status_code, late.status_code) == (428, 412)
    assert done(changed) == before | wish | {"next_due_at": "2027-03-11T09:00:00Z", "ends_on": "2027-04-14"}
    assert changed.headers["ETag"] == pair.sued.get(pair.address).headers["ETag"] != tag["If-Match"]
    assert refused(too_short) == (422, "horizon-in-the-past")
    assert refused(by_organizer) == (403, "role-not-enough")


def test_who_changes_what_is_shown_of_a_tandem_changes_its_tag(pair: Pair) -> None:
    before = pair.nord.get(pair.address).headers["ETag"]

    address = f"/v1/communities/{pair.two.of_sued}"
    done(pair.sued.patch(address, json={"purpose": "Charts for everybody."}, headers={"If-Match": "*"}))

    after = pair.nord.get(pair.address, headers={"If-None-Match": before})
    assert done(after)["partner"]["purpose"] == "Charts for everybody."


def test_a_pause_has_a_day_of_at_most_a_year_and_either_side_ends_it(pair: Pair) -> None:
    def pause(**body: str) -> tuple[int, str]:
        answer = pair.nord.post(f"{pair.address}/pause", json=body)
        return refused(answer) if answer.status_code >= 400 else (200, answer.json()["paused_until"])

    not_paused = pair.nord.post(f"{pair.address}/resume")
    answers = [pause(until="2027-01-11"), pause(until="2028-01-12"), pause(), pause(until="2027-02-01")]
    resumed = pair.sued.post(f"{pair.address}/resume")

    assert refused(not_paused) == (409, "wrong-tandem-state")
    assert answers == [(422, "pause-in-the-past"), (422, "pause-too-long"), (200, "2027-03-08"), (200, "2027-02-01")]
    assert (done(resumed)["status"], done(resumed)["paused_until"]) == ("starting", None)
    assert refused(pair.world.organizer.post(f"{pair.address}/pause", json={})) == (403, "role-not-enough")


def test_a_term_is_renewed_at_its_end_and_by_the_second_click_not_once_more(pair: Pair) -> None:
    pair.kick_off()
    too_early = pair.nord.post(f"{pair.address}/renew", json={})
    pair.clock.go(datetime(2027, 6, 16, 9, tzinfo=UTC))

    renewed = done(pair.nord.post(f"{pair.address}/renew", json={"horizon_months": 12}))
    again = pair.sued.post(f"{pair.address}/renew", json={})

    assert refused(too_early) == (409, "renewed-too-early")
    assert "2027-06-16" in too_early.json()["detail"]
    assert (renewed["term"], renewed["ends_on"], renewed["horizon_months"]) == (2, "2028-07-14", 12)
    assert refused(again) == (409, "renewed-too-early")


def test_who_rotates_closes_with_thanks_and_both_have_a_free_place_at_once(pair: Pair) -> None:
    pair.kick_off()

    rotated = done(pair.nord.post(f"{pair.address}/rotate"))

    assert (rotated["status"], rotated["ending"], rotated["partner"]["managers"]) == ("closed", "rotated", None)
    assert (rotated["next_due_at"], rotated["closes_on"]) == (None, None)
    # Each has one place, and it is free again.
    suggested = pair.two.suggest()
    assert done(pair.sued.get(f"/v1/suggestions/{suggested}"))["status"] == "open"
    assert refused(pair.nord.post(f"{pair.address}/pause", json={})) == (409, "wrong-tandem-state")


def test_a_coordinator_acts_for_its_side_and_an_operator_only_for_the_tandem(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    coordinator = pair.world.caller(Role.COORDINATOR, pair.two.nord)
    wish = {"starts_at": "2027-01-14T09:00:00Z"}

    planned = coordinator.post(f"{pair.address}/exchanges", json=wish)

    assert done(planned)["side"] == pair.tandem()["side"]
    assert refused(pair.world.operator.post(f"{pair.address}/exchanges", json=wish)) == (403, "role-not-enough")
    assert done(pair.world.operator.post(f"{pair.address}/pause", json={}))["status"] == "paused"
