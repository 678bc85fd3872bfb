"""A meetup that changes after people have registered: places stay, calendars are told, nobody's change is lost."""

import pytest

from app.meetups import queries
from app.meetups import service as meetups
from app.meetups.models import MeetupStatus
from tests.app.meetups.conftest import Quarter, done, refused


def test_moving_it_after_invitations_went_out_tells_how_many_hear_of_it(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=5)
    quarter.taken(opened, 5, waiting=2)
    recorded = len(quarter.events(opened["id"]))

    moved = quarter.change(opened, starts_at="2027-03-18T13:00:00")
    elsewhere = quarter.change(opened, place="Nordwerk, Hamburg")
    both = quarter.change(opened, online_link="https://meet.example/other", title="Spring, moved")
    renamed = quarter.change(opened, title="Spring")

    assert [one["people_told"] for one in (moved, elsewhere, both, renamed)] == [7, 7, 7, None]
    assert [one["sequence"] for one in (moved, elsewhere, both, renamed)] == [1, 2, 3, 3]
    assert quarter.events(opened["id"])[recorded:] == [
        "meetup.moved",
        "meetup.moved",
        "meetup.moved",
        "meetup.changed",
        "meetup.changed",
    ]
    assert quarter.read(opened)["people_told"] is None


def test_a_draft_changes_without_a_word_to_anybody(quarter: Quarter) -> None:
    draft = quarter.draft()

    changed = quarter.change(
        draft, starts_at="2027-03-18T13:00:00", place="House", online_link=None, purpose="Another one."
    )

    assert (changed["sequence"], changed["people_told"]) == (0, None)
    assert quarter.events(draft["id"]) == ["meetup.created"]


def test_what_stays_as_it_is_is_no_change(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=5, registration_until="2027-03-09T18:00:00")
    address = f"/v1/meetups/{opened['id']}"
    before, recorded = quarter.organizer.get(address), quarter.events(opened["id"])
    same = {name: before.json()[name] for name in ("title", "starts_at", "ends_at", "time_zone", "capacity")}

    again = quarter.try_change(opened, **same | {"registration_until": "2027-03-09T17:00:00Z"})
    nothing = quarter.try_change(opened)

    assert done(again) == done(nothing) == before.json()
    assert again.headers["ETag"] == nothing.headers["ETag"] == before.headers["ETag"]
    assert quarter.events(opened["id"]) == recorded


def test_nobody_loses_a_place_by_a_smaller_capacity(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=10)
    quarter.taken(opened, 7)

    too_small = quarter.try_change(opened, capacity=6, title="Smaller")
    just_enough = quarter.change(opened, capacity=7)
    more = quarter.change(opened, capacity=8)
    quarter.taken(opened, 8)
    without_end = quarter.change(opened, capacity=None)

    assert refused(too_small) == (409, "capacity-below-taken")
    assert "7 places are taken" in too_small.json()["detail"]
    assert (just_enough["status"], just_enough["places_left"], just_enough["title"]) == ("full", 0, "Spring meetup")
    assert (more["status"], more["places_left"]) == ("open", 1)
    assert (without_end["status"], without_end["places_left"]) == ("open", None)


def test_a_lower_limit_for_each_company_is_for_those_to_come(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=10, limit_per_company=5)
    quarter.taken(opened, 5)

    changed = quarter.change(opened, limit_per_company=2)

    assert (changed["limit_per_company"], changed["taken"]) == (2, 5)


def test_of_two_organizers_the_second_reads_again_and_registrations_are_nobodys_change(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=10)
    address = f"/v1/meetups/{opened['id']}"
    tag = quarter.organizer.get(address).headers["ETag"]
    quarter.taken(opened, 1)
    newer = quarter.organizer.get(address, headers={"If-None-Match": tag})

    first = quarter.organizer.patch(address, json={"title": "Mine"}, headers={"If-Match": tag})
    second = quarter.organizer.patch(address, json={"title": "Ours"}, headers={"If-Match": tag})
    blind = quarter.organizer.patch(address, json={"title": "Ours"})

    # Who looks sees the place that was taken; who changes something else does not have to.
    assert (newer.status_code, newer.json()["places_left"]) == (200, 9)
    assert done(first)["title"] == "Mine"
    assert [refused(one) for one in (second, blind)] == [(412, "stale-etag"), (428, "if-match-required")]
    assert first.headers["ETag"] == quarter.organizer.get(address).headers["ETag"]


def test_a_tag_tells_nobody_who_waits(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=3)
    quarter.taken(opened, 3)
    address = f"/v1/meetups/{opened['id']}"
    before = quarter.nord.get(address).headers["ETag"]

    quarter.taken(opened, 3, waiting=4)

    assert quarter.nord.get(address).headers["ETag"] == before
    assert quarter.organizer.get(address).headers["ETag"] != before


@pytest.mark.parametrize(
    ("taken", "waiting", "status"), [(0, 0, "open"), (2, 0, "full"), (3, 0, "full"), (1, 2, "open")]
)
def test_it_is_full_while_all_places_are_taken(quarter: Quarter, taken: int, waiting: int, status: str) -> None:
    opened = quarter.opened(capacity=2)
    quarter.taken(opened, taken, waiting=waiting)

    with quarter.world.database.session() as session:
        meetup = meetups.public(session, opened["id"], for_update=True)
        meetups.follow_places(session, meetup)

    assert quarter.read(opened)["status"] == status


def test_only_one_that_is_open_becomes_full(quarter: Quarter) -> None:
    announced = quarter.announced(capacity=2)
    quarter.taken(announced, 2)

    with quarter.world.database.session() as session:
        meetups.follow_places(session, meetups.public(session, announced["id"], for_update=True))

    assert quarter.read(announced)["status"] == MeetupStatus.ANNOUNCED


def test_other_rooms_find_what_is_to_come_and_what_everybody_may_read(quarter: Quarter) -> None:
    quarter.draft()
    quarter.step(quarter.draft(), "cancel", message="Never mind.")
    gone = quarter.announced(title="Gone")
    quarter.step(gone, "cancel", message="No house.")
    june = quarter.announced(starts_at="2027-06-10T13:00:00", ends_at="2027-06-10T17:00:00")
    march = quarter.opened()
    quarter.go("2027-03-11T12:30:00+00:00")

    with quarter.world.database.reader() as session:
        to_come = [one.id for one in queries.to_come(session, 10)]
        first = [one.id for one in queries.to_come(session, 1)]
        proposals = queries.next_to_come(session)
        feed = [one.id for one in queries.public_feed(session, proposals.created_at)] if proposals else []

    assert to_come == [march["id"], june["id"]]
    assert first == [march["id"]]
    assert proposals is not None
    assert proposals.id == june["id"]
    assert feed == [gone["id"], march["id"], june["id"]]


def test_whoever_holds_it_fast_finds_what_was_changed_in_the_same_transaction(quarter: Quarter) -> None:
    opened = quarter.opened(capacity=2)

    with quarter.world.database.session() as session:
        meetups.public(session, opened["id"], for_update=True).taken = 2
        again = meetups.public(session, opened["id"], for_update=True)
        meetups.follow_places(session, again)

    assert (quarter.read(opened)["status"], quarter.read(opened)["taken"]) == ("full", 2)
