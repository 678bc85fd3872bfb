"""Places: taken in order, waited for, offered, confirmed, given up; by company a limit."""

from datetime import datetime, timedelta

import pytest

from app.access.service import SYSTEM
from app.meetups.models import MeetupStatus
from app.privacy import people
from tests.app.registrations.conftest import MEETUP, START, Gathering, done, refused

GERMAN = {"Accept-Language": "de"}


def test_a_portal_registers_a_person_who_gets_a_place_and_the_link(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=2)

    answer = gathering.ask(meetup, "Alex", themes=["onboarding"], learn=["How others set prices"], languages=["de"])

    shown = done(answer)
    [hint] = shown.pop("hints")
    assert answer.headers["Location"] == f"/v1/registrations/{shown['id']}"
    assert answer.headers["Vary"] == "Accept-Language"
    assert shown == {
        "id": shown["id"],
        "meetup_id": meetup,
        "status": "registered",
        "number": 1,
        "by": "portal",
        "person_id": shown["person_id"],
        "first_name": "Alex",
        "company_id": gathering.company(),
        "company": "Nordwerk",
        "community_id": None,
        "community": None,
        "themes": ["onboarding"],
        "learn": ["How others set prices"],
        "show": [],
        "languages": ["de"],
        "excluded_companies": [],
        "stays": False,
        "waiting_position": None,
        "waiting_because": None,
        "offered_until": None,
        "online_link": "https://meet.example/c3",
        "place": None,
        "attended": None,
        "registered_at": "2027-01-11T09:00:00Z",
        "ended_at": None,
    }
    assert (hint["pointer"], hint["topic"]) == ("/learn/0", 1)
    assert gathering.events("registration.registered") == [shown["id"]]


def test_who_comes_when_all_places_are_taken_waits_in_order_without_the_link(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    gathering.register(meetup, "Alex")

    kim, lee = gathering.register(meetup, "Kim"), gathering.register(meetup, "Lee")

    assert [(one["status"], one["number"], one["waiting_position"]) for one in (kim, lee)] == [
        ("waiting", 2, 1),
        ("waiting", 3, 2),
    ]
    assert (kim["waiting_because"], kim["online_link"]) == ("full", None)
    stored = gathering.stored(meetup)
    assert (stored.status, stored.taken, stored.waiting) == (MeetupStatus.FULL, 1, 2)


def test_a_place_that_is_given_up_is_offered_to_the_next_at_once_and_confirmed(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1, confirm_within_hours=24)
    alex, kim, lee = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee"))

    cancelled = done(gathering.say("cancel", alex))
    again = done(gathering.say("cancel", alex))
    gathering.tell()

    assert (cancelled["status"], cancelled["ended_at"]) == ("cancelled", "2027-01-11T09:00:00Z")
    assert again == cancelled
    offered = gathering.read(kim)
    assert (offered["status"], offered["offered_until"]) == ("offered", "2027-01-12T09:00:00Z")
    assert (offered["online_link"], gathering.read(lee)["waiting_position"]) == (None, 1)
    gathering.pass_(hours=23, minutes=59)
    confirmed = done(gathering.say("confirm", kim))
    assert (confirmed["status"], confirmed["offered_until"]) == ("registered", None)
    assert confirmed["online_link"] == "https://meet.example/c3"
    assert done(gathering.say("confirm", kim)) == confirmed
    assert gathering.line(meetup) == [(1, "cancelled"), (2, "registered"), (3, "waiting")]
    assert gathering.events("registration.cancelled") == [alex["id"]]
    assert gathering.events("registration.offered") == [kim["id"]]


def test_an_offer_that_is_confirmed_too_late_is_refused_and_goes_to_the_next(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1, confirm_within_hours=24)
    alex, kim, lee = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee"))
    gathering.say("cancel", alex)
    gathering.tell()
    gathering.pass_(hours=24)

    late = gathering.say("confirm", kim)
    gathering.change(meetup)
    later = gathering.say("confirm", kim)

    assert refused(late) == refused(later) == (409, "offer-over")
    assert gathering.line(meetup) == [(1, "cancelled"), (2, "lapsed"), (3, "offered")]
    assert gathering.read(lee)["offered_until"] == "2027-01-13T09:00:00Z"
    assert gathering.register(meetup, "Kim")["number"] == 4
    assert refused(gathering.say("confirm", kim)) == (409, "no-place-offered")


def test_whoever_comes_finds_no_place_kept_for_who_did_not_confirm(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, _ = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.say("cancel", alex)
    gathering.tell()
    gathering.pass_(hours=48)

    lee = gathering.register(meetup, "Lee")

    assert lee["status"] == "registered"
    assert gathering.line(meetup) == [(1, "cancelled"), (2, "lapsed"), (3, "registered")]


def test_who_did_not_confirm_in_time_registers_again_without_anybody_having_tidied_up(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.say("cancel", alex)
    gathering.tell()
    gathering.pass_(hours=48)

    again = gathering.register(meetup, "Kim")

    assert (again["id"], again["status"], again["number"]) == (kim["id"], "registered", 3)
    assert gathering.events("registration.lapsed") == [kim["id"]]


def test_the_time_of_an_offer_counts_from_when_it_is_told(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")

    gathering.say("cancel", alex)
    gathering.pass_(hours=49)

    assert gathering.read(kim)["offered_until"] == "2027-02-18T13:00:00Z"
    gathering.tell()
    assert gathering.read(kim)["offered_until"] == "2027-01-15T10:00:00Z"
    assert done(gathering.say("confirm", kim))["status"] == "registered"


def test_shortly_before_the_start_a_place_is_kept_until_then_and_after_it_nobody_is_offered_one(
    gathering: Gathering,
) -> None:
    meetup = gathering.meetup(capacity=2)
    alex, kim, lee, robin = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee", "Robin"))
    gathering.go(MEETUP - timedelta(minutes=5))

    gathering.say("cancel", alex)

    assert gathering.read(lee)["offered_until"] == "2027-02-18T13:00:00Z"
    gathering.go(MEETUP)
    assert refused(gathering.say("confirm", lee)) == (409, "registration-meetup-begun")
    done(gathering.say("cancel", kim))
    assert gathering.line(meetup) == [(1, "cancelled"), (2, "cancelled"), (3, "lapsed"), (4, "waiting")]
    assert gathering.read(robin)["waiting_position"] == 1


def test_a_place_that_was_given_up_at_the_start_is_offered_once_the_meetup_is_postponed(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.go(MEETUP + timedelta(minutes=5))
    done(gathering.say("cancel", alex))

    moved(gathering, meetup, MEETUP + timedelta(days=14))

    assert gathering.line(meetup) == [(1, "cancelled"), (2, "offered")]
    assert gathering.read(kim)["offered_until"] == "2027-02-20T13:05:00Z"


def test_no_place_is_kept_beyond_an_earlier_start(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.say("cancel", alex)
    gathering.tell()

    moved(gathering, meetup, START + timedelta(hours=6))

    assert gathering.read(kim)["offered_until"] == "2027-01-11T15:00:00Z"


def moved(gathering: Gathering, meetup_id: str, starts_at: datetime) -> None:
    """As an organizer does it, and what follows from that."""
    address = f"/v1/meetups/{meetup_id}"
    wish = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=2)).isoformat()}
    done(gathering.world.organizer.patch(address, json=wish, headers={"If-Match": "*"}))
    gathering.tell()


def test_who_is_erased_after_it_was_held_was_there_still(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(capacity=2)
    alex, *_ = (gathering.register(meetup_id, name) for name in ("Alex", "Kim", "Lou"))
    gathering.go(MEETUP)
    assert gathering.world.organizer.post(f"/v1/meetups/{meetup_id}/hold").status_code == 200

    with gathering.world.database.session() as session:
        people.erase(session, SYSTEM, alex["person_id"], gathering.world.settings)

    shown = done(gathering.world.organizer.get(f"/v1/meetups/{meetup_id}"))
    assert (shown["taken"], shown["waiting"]) == (2, 1)
    assert gathering.line(meetup_id) == [(2, "registered"), (3, "waiting")]


def test_of_one_company_only_so_many_get_a_place_and_the_next_are_passed_over(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=3, limit_per_company=1)
    of_nord, second, third = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee"))
    of_sued = gathering.register(meetup, "Jo", "Suedbank")

    assert [one["status"] for one in (of_nord, second, third, of_sued)] == [
        "registered",
        "waiting",
        "waiting",
        "registered",
    ]
    assert (second["waiting_because"], second["waiting_position"]) == ("company_limit", 1)
    assert gathering.stored(meetup).status is MeetupStatus.OPEN
    done(gathering.say("cancel", of_sued, "Suedbank"))
    assert gathering.read(second)["status"] == "waiting"
    done(gathering.say("cancel", of_nord))
    assert gathering.read(second)["status"] == "offered"
    assert gathering.read(third)["waiting_because"] == "company_limit"


def test_who_registers_again_goes_to_the_end_with_the_same_registration(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, _ = gathering.register(meetup, "Alex", learn=["barcamps"]), gathering.register(meetup, "Kim")
    gathering.say("cancel", alex)

    again = gathering.register(meetup, "Alex", show=["podcasts"])

    assert again["id"] == alex["id"]
    assert (again["number"], again["status"], again["learn"], again["show"]) == (3, "waiting", [], ["podcasts"])
    assert again["ended_at"] is None


def test_more_places_are_offered_in_order_and_fewer_than_taken_stay_taken(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    for name in ("Alex", "Kim", "Lee", "Robin"):
        gathering.register(meetup, name)

    gathering.change(meetup, capacity=3)

    assert [status for _, status in gathering.line(meetup)] == ["registered", "offered", "offered", "waiting"]
    gathering.change(meetup, capacity=None)
    assert [status for _, status in gathering.line(meetup)] == ["registered", "offered", "offered", "offered"]
    assert gathering.register(meetup, "Jo")["status"] == "registered"


def test_between_more_places_and_their_offer_nobody_overtakes_who_waits(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    gathering.register(meetup, "Alex")
    kim = gathering.register(meetup, "Kim")
    with gathering.world.database.session() as session:
        stored = session.merge(gathering.stored(meetup))
        stored.capacity = 2

    lee = gathering.register(meetup, "Lee")

    assert (gathering.read(kim)["status"], lee["status"]) == ("offered", "waiting")


def test_without_a_capacity_everybody_gets_a_place(gathering: Gathering) -> None:
    meetup = gathering.meetup()

    assert {gathering.register(meetup, name)["status"] for name in ("Alex", "Kim", "Lee")} == {"registered"}
    assert gathering.stored(meetup).status is MeetupStatus.OPEN


def test_a_registration_twice_names_the_one_that_is_there(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")

    for known in (alex, kim):
        again = gathering.ask(meetup, known["first_name"])

        assert refused(again) == (409, "registered-already")
        assert known["id"] in again.json()["detail"]
    assert len(gathering.line(meetup)) == 2


@pytest.mark.parametrize(
    ("values", "answer", "told"),
    [
        ({"status": MeetupStatus.DRAFT}, (404, "meetup-not-found"), "mtp_"),
        ({"status": MeetupStatus.ANNOUNCED}, (409, "registration-not-open"), "2027-02-18T14:00 (Europe/Berlin)"),
        ({"status": MeetupStatus.CANCELLED}, (409, "registration-meetup-cancelled"), "cancelled"),
        ({"status": MeetupStatus.HELD}, (409, "registration-meetup-begun"), "2027-02-18T14:00"),
        ({"status": MeetupStatus.ARCHIVED}, (409, "registration-meetup-begun"), "2027-02-18T14:00"),
        ({"registration_until": START}, (409, "registration-over"), "2027-01-11T10:00 (Europe/Berlin)"),
        ({"starts_at": START}, (409, "registration-meetup-begun"), "2027-01-11T10:00"),
    ],
)
def test_a_registration_at_the_wrong_moment_is_refused_with_what_to_do(
    gathering: Gathering, values: dict[str, object], answer: tuple[int, str], told: str
) -> None:
    meetup = gathering.meetup(**values)

    asked = gathering.ask(meetup, "Alex")

    assert refused(asked) == answer
    assert told in asked.json()["detail"]
    assert gathering.line(meetup) == []
    assert done(gathering.portal().get("/v1/people"))["items"] == []
    refused_in_german = gathering.portal().post(
        f"/v1/meetups/{meetup}/registrations",
        json={"person": {"email": "a@b.example", "first_name": "A"}},
        headers=GERMAN,
    )
    assert refused_in_german.json()["title"] != asked.json()["title"]


def test_until_the_last_second_of_registration_people_come_and_afterwards_only_who_waits(
    gathering: Gathering,
) -> None:
    meetup = gathering.meetup(capacity=1, registration_until=START + timedelta(days=1))
    gathering.go(START + timedelta(days=1) - timedelta(seconds=1))
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.pass_(seconds=1)

    assert refused(gathering.ask(meetup, "Lee")) == (409, "registration-over")
    done(gathering.say("cancel", alex))
    assert done(gathering.say("confirm", kim))["status"] == "registered"


def test_after_the_end_or_where_it_was_cancelled_nobody_cancels_any_more(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex, kim = gathering.register(meetup, "Alex"), gathering.register(meetup, "Kim")
    gathering.go(MEETUP + timedelta(minutes=10))

    done(gathering.say("cancel", alex))
    gathering.change(meetup, status=MeetupStatus.HELD)

    assert refused(gathering.say("cancel", kim)) == (409, "registration-meetup-begun")
    assert done(gathering.say("cancel", alex))["status"] == "cancelled"
    gathering.change(meetup, status=MeetupStatus.CANCELLED)
    assert refused(gathering.say("cancel", kim)) == (409, "registration-meetup-cancelled")
    assert refused(gathering.say("confirm", alex)) == (409, "registration-meetup-cancelled")


def test_the_same_request_again_has_the_same_answer(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    gathering.portal()
    person = {"email": "alex@nordwerk.example", "first_name": "Alex"}

    answers = [
        gathering.portal().post(
            f"/v1/meetups/{meetup}/registrations", json={"person": person}, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]

    assert done(answers[0]) == done(answers[1])
    assert gathering.line(meetup) == [(1, "registered")]
