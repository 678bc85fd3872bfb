"""Latecomers and no-shows: the rotations that are left are planned anew, those before stay as they are."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.registrations.models import RegistrationStatus
from tests.app.seatings.conftest import Hall, a_hall, done, everybody, meetings, refused, seats
from tests.world import World


def test_two_no_shows_and_a_latecomer_change_only_the_rotations_that_are_left(hall: Hall) -> None:
    ids = hall.crowd(60, companies=8)
    planned = hall.seat(rotations=3, rotation_minutes=20, apart=[[ids[4], ids[5]]])
    late = hall.register("House 3", "Latecomer", themes=["barcamps"])

    anew = hall.computed(hall.reseat(planned, from_rotation=2, absent=ids[:2], late=[late]))

    assert (anew["kept"], anew["based_on"], anew["rotations"], anew["rotation_minutes"]) == (1, planned["id"], 3, 20)
    assert [one["kept"] for one in anew["plan"]] == [True, False, False]
    assert hall.stored(anew, 1) == hall.stored(planned, 1)
    there = sorted({*ids[2:], late})
    assert (everybody(anew, 2), everybody(anew, 3), anew["people"]) == (there, there, 59)
    assert set(meetings(anew).values()) == {1}
    assert meetings(anew)[(ids[4], ids[5])] == 0
    assert anew["figures"]["rotations"] == 2


def test_a_second_change_on_the_day_keeps_what_the_first_one_has_led_to(hall: Hall) -> None:
    ids = hall.crowd(24, companies=8)
    first = hall.seat(rotations=4)
    second = hall.computed(hall.reseat(first, from_rotation=2, absent=ids[:1]))

    third = hall.computed(hall.reseat(second, from_rotation=3, absent=ids[:2]))

    assert hall.stored(third, 2) == hall.stored(second, 2)
    assert everybody(third, 4) == sorted(ids[2:])
    assert set(meetings(third).values()) == {1}


def test_before_it_begins_everything_can_be_planned_anew_with_other_sizes(hall: Hall) -> None:
    ids = hall.crowd(12, companies=4)
    first = hall.seat(rotations=2)

    anew = hall.computed(hall.reseat(first, from_rotation=1, group_size=3, min_size=3, max_size=3))

    assert [len(group) for group in seats(anew, 1)] == [3] * 4
    assert (anew["kept"], everybody(anew, 2)) == (0, sorted(ids))


def test_who_has_cancelled_since_is_left_out_without_being_named(hall: Hall) -> None:
    ids = hall.crowd(12, companies=4)
    first = hall.seat(rotations=2)
    hall.change(ids[0], status=RegistrationStatus.CANCELLED)

    anew = hall.computed(hall.reseat(first, from_rotation=2))

    assert everybody(anew, 2) == sorted(ids[1:])
    assert ids[0] in everybody(anew, 1)


def test_until_the_new_one_is_done_the_one_before_counts_and_if_it_fails_too(hall: Hall) -> None:
    ids = hall.crowd(12, companies=4)
    first = hall.seat(rotations=2)
    address = f"/v1/seatings/{first['id']}"

    queued = hall.reseat(first, from_rotation=2, group_size=4, min_size=4, max_size=4)
    meanwhile = done(hall.world.organizer.get(address))
    hall.change(ids[0], status=RegistrationStatus.CANCELLED)
    failed = hall.computed(queued)

    assert meanwhile["current"]
    assert (failed["status"], failed["current"], failed["plan"]) == ("failed", False, [])
    assert done(hall.world.organizer.get(address))["current"]


def test_only_the_seating_that_counts_is_planned_anew(hall: Hall) -> None:
    hall.crowd(12, companies=4)
    first, second = hall.seat(rotations=2), hall.seat(rotations=2)

    answer = hall.reseat(first, from_rotation=2)

    assert refused(answer) == (409, "seating-not-current")
    assert second["id"] in answer.json()["detail"]


def test_one_that_is_not_done_is_not_planned_anew(hall: Hall) -> None:
    hall.crowd(12, companies=4)

    assert refused(hall.reseat(hall.ask().json(), from_rotation=1)) == (409, "seating-under-way")


def test_what_cannot_be_meant_is_refused(hall: Hall) -> None:
    ids = hall.crowd(12, companies=4)
    waiting = hall.register("House 1", "Waiting", status=RegistrationStatus.WAITING)
    seating = hall.seat(rotations=2)

    assert refused(hall.reseat(seating, from_rotation=0)) == (422, "invalid-input")
    assert refused(hall.reseat(seating, from_rotation=3)) == (422, "rotation-beyond-the-last")
    assert refused(hall.reseat(seating, from_rotation=2, absent=["reg_x"])) == (422, "not-of-the-meetup")
    assert refused(hall.reseat(seating, from_rotation=2, late=[waiting])) == (422, "not-to-be-seated")
    assert refused(hall.reseat(seating, from_rotation=2, late=ids[:1], absent=ids[:1])) == (422, "absent-and-late")
    assert refused(hall.reseat(seating, from_rotation=2, max_size=3)) == (422, "group-sizes-out-of-order")
    assert refused(hall.reseat(seating, from_rotation=2, absent=ids[:10])) == (409, "too-few-to-seat")
    assert refused(hall.reseat(seating, from_rotation=2, absent=ids)) == (409, "nobody-to-seat")
    assert refused(hall.reseat(seating, from_rotation=2, min_size=4, max_size=4, absent=ids[:1])) == (
        409,
        "group-sizes-do-not-fit",
    )


@pytest.mark.postgres
def test_of_two_changes_at_the_same_moment_one_wins(any_world: World) -> None:
    with a_hall(any_world) as hall:
        ids = hall.crowd(12, companies=4)
        seating = hall.seat(rotations=2)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: hall.reseat(seating, from_rotation=2, absent=[one]), ids[:2]))

        assert sorted(answer.status_code for answer in answers) == [202, 409]
        [lost] = [answer for answer in answers if answer.status_code == 409]
        assert refused(lost) == (409, "seating-under-way")
        [won] = [answer for answer in answers if answer.status_code == 202]
        assert hall.computed(won)["current"]
