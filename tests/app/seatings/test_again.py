"""Who sits with whom, for the person itself; and whom it wants to meet again: the other learns of it if both do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from httpx2 import Response
from sqlmodel import select

from app.access.models import Role
from app.meetups.models import MeetupStatus
from app.registrations.models import RegistrationStatus
from app.seatings.models import Again
from tests.app.seatings.conftest import MEETUP, Hall, a_hall, done, refused
from tests.world import ApiCaller, JsonObject, World


@pytest.fixture
def seated(hall: Hall) -> Hall:
    """Six people in two rotations, on the day."""
    hall.crowd(6, companies=6)
    hall.seat(rotations=2, rotation_minutes=25, min_size=3, max_size=3, group_size=3)
    hall.go(MEETUP)
    return hall


def ids_of(hall: Hall) -> list[str]:
    seating = done(hall.world.organizer.get(f"/v1/meetups/{hall.meetup_id}/seatings"))["items"][0]
    shown = done(hall.world.organizer.get(f"/v1/seatings/{seating['id']}"))
    return sorted(member["registration_id"] for group in shown["plan"][0]["groups"] for member in group["members"])


def groups(hall: Hall, registration_id: str, caller: ApiCaller | None = None) -> JsonObject:
    return done((caller or hall.own(registration_id)).get(f"/v1/registrations/{registration_id}/groups"))


def say(hall: Hall, registration_id: str, *others: str, caller: ApiCaller | None = None) -> Response:
    wish = {"registration_ids": list(others)}
    return (caller or hall.own(registration_id)).post(f"/v1/registrations/{registration_id}/again", json=wish)


def companions(shown: JsonObject) -> list[JsonObject]:
    return [one for group in shown["groups"] for one in group["companions"]]


def said(shown: JsonObject) -> dict[str, tuple[bool | None, bool | None]]:
    return {one["registration_id"]: (one["said_again"], one["both"]) for one in companions(shown)}


def test_a_person_sees_its_own_groups_and_nobody_else_s(seated: Hall) -> None:
    me = ids_of(seated)[0]

    shown = groups(seated, me)

    assert [(one["rotation"], len(one["companions"])) for one in shown["groups"]] == [(1, 2), (2, 2)]
    assert all(one["table"] and one["theme"] and one["opening_question"] for one in shown["groups"])
    assert companions(shown)[0].keys() == {"registration_id", "first_name", "company", "said_again", "both"}
    assert me not in said(shown)
    assert (shown["rotation_minutes"], shown["again_from"]) == (25, "2027-02-18T13:00:00Z")
    assert shown["again_until"] == "2027-03-20T15:00:00Z"


def test_its_portal_sees_them_too_but_neither_says_nor_hears_whom_it_wants_to_meet_again(seated: Hall) -> None:
    me, other = ids_of(seated)[:2]
    address = f"/v1/registrations/{me}/groups"
    own = seated.company_of(me)
    someone_else = seated.company_of(other)

    companion = companions(groups(seated, me))[0]["registration_id"]
    mine = done(say(seated, me, companion, caller=seated.own(me)))
    assert said(mine)[companion] == (True, False)
    by_portal = groups(seated, me, seated.world.portal(own))
    assert set(said(by_portal).values()) == {(None, None)}
    for one in companions(mine):
        one |= {"said_again": None, "both": None}
    assert by_portal == mine
    assert refused(say(seated, me, caller=seated.world.portal(own))) == (403, "role-not-enough")
    assert said(groups(seated, me))[companion] == (True, False)
    manager = seated.world.caller(Role.MANAGER, own, person_id=seated.world.person(own, "Boss"))
    for stranger in (seated.world.portal(someone_else), seated.own(other), manager):
        assert refused(stranger.get(address)) == (404, "registration-not-found")
    for stranger in (seated.own(other), manager):
        assert refused(say(seated, me, caller=stranger)) == (404, "registration-not-found")
    for role, company in ((Role.ORGANIZER, None), (Role.OPERATOR, None), (Role.COORDINATOR, own)):
        caller = seated.world.caller(role, company)
        assert refused(caller.get(address)) == (403, "role-not-enough")
        assert refused(say(seated, me, caller=caller)) == (403, "role-not-enough")


def test_without_a_seating_or_a_seat_there_are_no_groups(hall: Hall) -> None:
    ids = hall.crowd(6, companies=6)
    assert groups(hall, ids[0])["seating_id"] is None

    seating = hall.seat(rotations=1)
    late = hall.register("House 1", "Late")
    hall.change(ids[0], status=RegistrationStatus.CANCELLED)

    assert (groups(hall, late)["seating_id"], groups(hall, late)["groups"]) == (seating["id"], [])
    assert groups(hall, ids[0])["groups"] == []
    assert ids[0] not in {other for one in ids[1:] for other in said(groups(hall, one))}


def test_what_one_has_said_the_other_does_not_learn_until_it_says_the_same(seated: Hall) -> None:
    me = ids_of(seated)[0]
    other = companions(groups(seated, me))[0]["registration_id"]

    mine = done(say(seated, me, other))

    assert said(mine)[other] == (True, False)
    assert said(groups(seated, other))[me] == (False, False)
    assert seated.events("again.both") == []

    theirs = done(say(seated, other, me))

    assert said(theirs)[me] == said(groups(seated, me))[other] == (True, True)
    assert len(seated.events("again.both")) == 1


def test_the_list_replaces_the_one_before_but_what_both_have_said_stands(seated: Hall) -> None:
    me = ids_of(seated)[0]
    first, second = sorted(said(groups(seated, me)))[:2]
    done(say(seated, me, first, second))
    done(say(seated, second, me))

    left = said(done(say(seated, me)))

    assert (left[first], left[second]) == ((False, False), (True, True))
    done(say(seated, me, second))
    done(say(seated, second))
    done(say(seated, second, me))
    assert len(seated.events("again.both")) == 1


def test_a_list_that_is_sent_again_changes_nothing(seated: Hall) -> None:
    me = ids_of(seated)[0]
    other = companions(groups(seated, me))[0]["registration_id"]

    first, second = say(seated, me, other, other), say(seated, me, other)

    assert done(first) == done(second)
    with seated.world.database.reader() as session:
        assert [(one.registration_id, one.other_id) for one in session.exec(select(Again))] == [(me, other)]


def test_who_sat_elsewhere_is_unknown_or_is_oneself_cannot_be_named(hall: Hall) -> None:
    hall.crowd(9, companies=9)
    hall.seat(rotations=1, group_size=3, min_size=3, max_size=3)
    hall.go(MEETUP)
    ids = ids_of(hall)
    me = ids[0]
    companion = companions(groups(hall, me))[0]["registration_id"]
    [elsewhere, *_] = sorted({*ids} - {me} - said(groups(hall, me)).keys())

    for stranger in (elsewhere, "reg_x", me):
        answer = say(hall, me, companion, stranger)
        assert refused(answer) == (422, "not-of-own-groups")
        assert stranger in answer.json()["detail"]
    assert said(groups(hall, me))[companion] == (False, False)


def test_it_is_said_from_the_start_until_thirty_days_after_the_end(seated: Hall) -> None:
    me = ids_of(seated)[0]
    other = companions(groups(seated, me))[0]["registration_id"]

    seated.go(MEETUP - timedelta(seconds=1))
    early = say(seated, me, other)
    seated.go(MEETUP + timedelta(days=30, hours=2))
    last = say(seated, me, other)
    seated.go(MEETUP + timedelta(days=30, hours=2, seconds=1))
    late = say(seated, me)

    assert (refused(early), refused(late)) == ((409, "again-not-now"), (409, "again-not-now"))
    assert last.status_code == 200


def test_of_a_meetup_that_was_cancelled_nothing_is_said(seated: Hall) -> None:
    me = ids_of(seated)[0]
    seated.change_meetup(status=MeetupStatus.CANCELLED)

    assert refused(say(seated, me)) == (409, "again-not-now")


@pytest.fixture
def any_seated(any_world: World) -> Iterator[Hall]:
    with a_hall(any_world) as hall:
        hall.crowd(6, companies=6)
        hall.seat(rotations=2, min_size=3, max_size=3, group_size=3)
        hall.go(MEETUP)
        yield hall


@pytest.mark.postgres
def test_of_each_two_who_say_it_at_the_same_moment_it_is_told_once(any_seated: Hall) -> None:
    hall = any_seated
    ids = ids_of(hall)
    wishes = {one: sorted(said(groups(hall, one))) for one in ids}
    callers = {one: hall.own(one) for one in ids}

    with ThreadPoolExecutor(len(ids)) as pool:
        answers = list(pool.map(lambda one: say(hall, one, *wishes[one], caller=callers[one]), ids))

    assert [answer.status_code for answer in answers] == [200] * len(ids)
    pairs = {frozenset((one, other)) for one in ids for other in wishes[one]}
    with hall.world.database.reader() as session:
        rows = {one.id: frozenset((one.registration_id, one.other_id)) for one in session.exec(select(Again))}
    told = [rows[one] for one in hall.events("again.both")]
    assert len(told) == len(set(told)) == len(pairs)
    assert all(both for one in ids for _, both in said(groups(hall, one)).values())


def test_who_did_not_come_sat_with_nobody_and_names_nobody(seated: Hall) -> None:
    me, other = ids_of(seated)[:2]
    mark = {"items": [{"registration_id": me, "attended": False}]}
    done(seated.world.organizer.post(f"/v1/meetups/{seated.meetup_id}/attendance", json=mark))

    assert groups(seated, me)["groups"] == []
    assert refused(say(seated, me, other)) == (422, "not-of-own-groups")
