"""Meetings: planned in local time, begun with a kick-off, moved, held, missed, in the rhythm of the two."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.app.exchanges.conftest import START, Pair, done, refused
from tests.app.tandems.conftest import work
from tests.world import JsonObject

GERMAN = {"Accept-Language": "de"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_kick_off_needs_the_guideline_and_says_whose_turn_it_is(pair: Pair) -> None:
    address, wish = f"{pair.address}/exchanges", {"starts_at": "2027-01-14T10:00:00"}

    nobody = pair.nord.post(address, json=wish)
    pair.accept(pair.nord)
    other_missing, own_missing = (
        pair.nord.post(address, json=wish),
        pair.sued.post(address, json=wish, headers=GERMAN),
    )
    pair.accept(pair.sued)

    assert refused(nobody) == (409, "guideline-not-accepted")
    assert "nobody of either side has" in nobody.json()["detail"]
    assert "the other side has not yet" in other_missing.json()["detail"]
    assert "auf Ihrer Seite fehlt das noch" in own_missing.json()["detail"]
    planned = pair.nord.post(address, json=wish)
    assert planned.headers["Location"] == f"/v1/exchanges/{done(planned)['id']}"


def test_a_kick_off_needs_the_guideline_at_its_time_when_it_is_planned_moved_and_held(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    address, runs_out = f"{pair.address}/exchanges", START + timedelta(days=365)
    too_late = pair.nord.post(address, json={"starts_at": (runs_out + timedelta(hours=1)).isoformat()})
    pair.clock.go(runs_out - timedelta(days=2))
    planned = pair.plan(runs_out - timedelta(days=1))
    moved = pair.sued.post(f"/v1/exchanges/{planned['id']}/move", json={"starts_at": runs_out.isoformat()})
    # Another one speaks for Suedbank from now on, and has not accepted.
    lee = {"email": "lee@suedbank.example", "first_name": "Lee"}
    changed = {"managers": [lee]}
    done(pair.sued.patch(f"/v1/communities/{pair.two.of_sued}", json=changed, headers={"If-Match": "*"}))
    pair.clock.go(runs_out - timedelta(hours=23))
    pair.accept(pair.sued)

    held = pair.nord.post(f"/v1/exchanges/{planned['id']}/held")
    useful = pair.nord.post(f"/v1/exchanges/{planned['id']}/useful", json={"useful": True})
    pair.say("missed", planned)
    pair.accept(pair.nord)

    assert (refused(too_late), refused(moved)) == ((409, "guideline-not-accepted"),) * 2
    assert "2028-01-11T10:00Z" in too_late.json()["detail"]
    assert (refused(held), refused(useful)) == ((409, "met-without-guideline"),) * 2
    assert pair.tandem()["kicked_off_at"] is None
    assert pair.meet(runs_out)["status"] == "held"


def test_a_planned_kick_off_is_shown_to_each_in_its_language_and_to_organizers_without_what_is_said(
    pair: Pair,
) -> None:
    pair.accept(pair.nord, pair.sued)
    side = pair.tandem()["side"]

    planned = pair.plan(at("2027-01-14T10:00:00"), time_zone="Europe/Berlin", place="Room 7")
    in_german = done(pair.sued.get(f"/v1/exchanges/{planned['id']}", headers=GERMAN))
    for_organizer = done(pair.world.organizer.get(f"/v1/exchanges/{planned['id']}"))

    agenda = [
        ("Get to know each other", 15),
        ("What each side expects", 10),
        ("One question that both share", 15),
        ("The rules: confidentiality and the competition-law card", 10),
        ("Rhythm, next date and next host", 10),
    ]
    assert planned == {
        "id": planned["id"],
        "tandem_id": pair.tandem_id,
        "number": 1,
        "kick_off": True,
        "status": "planned",
        "side": side,
        "starts_at": "2027-01-14T09:00:00Z",
        "local_time": "2027-01-14T10:00:00",
        "time_zone": "Europe/Berlin",
        "time_remark": None,
        "meeting_minutes": 60,
        "host": "a",
        "place": "Room 7",
        "agenda": [{"text": text, "minutes": minutes, "parked": False, "hints": []} for text, minutes in agenda],
        "minutes": None,
        "own_useful": None,
        "moved_to": None,
        "settled_at": None,
    }
    assert in_german["agenda"][0]["text"] == "Einander kennenlernen"
    withheld = {"side": None, "place": None, "agenda": None}
    assert for_organizer == planned | withheld
    assert refused(pair.world.organizer.post(f"/v1/exchanges/{planned['id']}/cancel")) == (403, "role-not-enough")
    assert refused(pair.world.portal(pair.world.company("Third")).get(f"/v1/exchanges/{planned['id']}")) == (
        404,
        "exchange-not-found",
    )


@pytest.mark.parametrize(
    ("wish", "answer", "told"),
    [
        ({"starts_at": "2027-03-28T02:30:00"}, (422, "time-skipped"), "2027-03-28T03:00"),
        ({"starts_at": "2027-01-11T08:59:00Z"}, (422, "time-in-the-past"), "2027-01-11T08:59Z"),
        ({"starts_at": "2028-02-01T09:00:00Z"}, (422, "time-too-far"), "twelve months"),
        ({"starts_at": "2027-02-01T09:00:00", "time_zone": "Europe/Atlantis"}, (422, "invalid-input"), "Atlantis"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_with_what_to_do(
    pair: Pair, wish: JsonObject, answer: tuple[int, str], told: str
) -> None:
    pair.accept(pair.nord, pair.sued)

    said = pair.nord.post(f"{pair.address}/exchanges", json=wish)

    assert refused(said) == answer
    assert told in said.text


def test_an_hour_that_comes_twice_is_the_first_one_and_says_so(pair: Pair) -> None:
    pair.kick_off()
    pair.clock.go(at("2027-09-01T09:00:00Z"))

    first = pair.plan(at("2027-10-31T02:30:00"))
    second = pair.plan(at("2027-10-31T01:30:00Z"), meeting_minutes=30)

    assert (first["starts_at"], first["time_remark"]) == (
        "2027-10-31T00:30:00Z",
        "This time comes twice that night, when the clocks are set back. The first of the two is meant.",
    )
    assert second["local_time"] == first["local_time"]
    assert "The second of the two" in second["time_remark"]


def test_the_rhythm_keeps_the_local_time_when_the_clocks_change_and_the_host_changes(pair: Pair) -> None:
    before = pair.tandem()
    first = pair.kick_off()
    after_first = pair.tandem()

    pair.clock.go(at("2027-02-22T09:00:00Z"))
    second = pair.meet(at("2027-02-25T10:00:00"))
    after_second = pair.tandem()

    assert (before["status"], before["next_due_at"], before["ends_on"]) == (
        "starting",
        "2027-01-25T09:00:00Z",
        "2027-04-05",
    )
    assert (first["host"], second["host"]) == ("a", "b")
    assert after_first == before | {
        "status": "active",
        "kicked_off_at": "2027-01-14T09:00:00Z",
        # Six weeks are the slower of the two wishes.
        "next_due_at": "2027-02-25T09:00:00Z",
        "next_host": "b",
        "ends_on": "2027-07-14",
    }
    assert (after_second["next_due_at"], after_second["next_host"]) == ("2027-04-08T08:00:00Z", "a")


def test_before_the_kick_off_nothing_else_is_planned_and_then_up_to_eight(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    kick_off = pair.plan(START + timedelta(days=3))
    address = f"{pair.address}/exchanges"
    too_soon = pair.sued.post(address, json={"starts_at": "2027-03-01T09:00:00Z"})
    not_begun = pair.nord.post(f"/v1/exchanges/{kick_off['id']}/held")
    pair.clock.pass_(days=3)
    pair.say("held", kick_off)

    ahead = [pair.plan(datetime(2027, 2 + n, 1, 9, tzinfo=UTC)) for n in range(8)]
    one_more = pair.nord.post(address, json={"starts_at": "2027-11-01T09:00:00Z"})
    at_the_same_time = pair.nord.post(address, json={"starts_at": "2027-02-01T09:30:00Z"})

    assert refused(too_soon) == (409, "kick-off-first")
    assert refused(not_begun) == (409, "exchange-not-begun")
    assert [(one["number"], one["host"], one["kick_off"]) for one in ahead[:3]] == [
        (2, "b", False),
        (3, "a", False),
        (4, "b", False),
    ]
    assert refused(one_more) == (409, "enough-planned")
    assert refused(at_the_same_time) == (409, "planned-already")
    page = done(pair.nord.get(address, params={"limit": 3}))
    further = done(pair.nord.get(address, params={"limit": 3, "cursor": page["next_cursor"]}))
    assert [one["number"] for one in (*page["items"], *further["items"])] == [9, 8, 7, 6, 5, 4]


def test_a_moved_meeting_has_a_successor_that_is_otherwise_the_same(pair: Pair) -> None:
    pair.kick_off()
    first = pair.plan(at("2027-02-25T10:00:00"), place="Room 7")

    second = pair.say("move", first, pair.sued, starts_at="2027-02-26T11:00:00")

    new = {"id": second["id"], "number": 3, "starts_at": "2027-02-26T10:00:00Z", "local_time": "2027-02-26T11:00:00"}
    assert second == first | new | {"side": second["side"]}
    shown = done(pair.nord.get(f"/v1/exchanges/{first['id']}"))
    assert (shown["status"], shown["moved_to"]) == ("moved", second["id"])
    again = pair.nord.post(f"/v1/exchanges/{first['id']}/move", json={"starts_at": "2027-03-01T10:00:00"})
    assert refused(again) == (409, "wrong-exchange-state")


def test_agenda_and_place_are_changed_on_the_version_that_was_read(pair: Pair) -> None:
    pair.kick_off()
    planned = pair.plan(at("2027-02-25T10:00:00"), meeting_minutes=45)
    address = f"/v1/exchanges/{planned['id']}"
    tag = pair.nord.get(address).headers["ETag"]
    agenda = [{"text": "Check-in", "minutes": 5}, {"text": "How we talk about prices", "minutes": 40}]

    unnamed = pair.sued.patch(address, json={"agenda": agenda})
    changed = pair.sued.patch(address, json={"agenda": agenda, "place": "Room 8"}, headers={"If-Match": tag})
    late = pair.nord.patch(address, json={"place": "Room 9"}, headers={"If-Match": tag})

    assert [item["minutes"] for item in planned["agenda"]] == [4, 15, 15, 7, 4]
    assert (unnamed.status_code, late.status_code) == (428, 412)
    shown = done(changed)
    assert (shown["place"], [item["text"] for item in shown["agenda"]]) == (
        "Room 8",
        ["Check-in", "How we talk about prices"],
    )
    [hint] = shown["agenda"][1]["hints"]
    assert (hint["matched"], hint["topic"]) == ("prices", 1)
    # What comes from the template is read by each in its own language.
    assert done(pair.sued.get(address, headers=GERMAN))["agenda"][0]["text"] == "Ankommen"


def test_a_parked_item_comes_back_unless_it_has_a_hint(pair: Pair) -> None:
    pair.kick_off()
    items = ["Check-in", "How to welcome new members", "Our prices"]
    first = pair.plan(at("2027-02-25T10:00:00"), agenda=[{"text": text, "minutes": 20} for text in items])

    for number in (1, 2, 3):
        parked = pair.say("park", first, item=number)
    unheard_of = pair.nord.post(f"/v1/exchanges/{first['id']}/park", json={"item": 4})
    pair.clock.go(at("2027-02-25T10:00:00Z"))
    pair.say("held", first)
    second = pair.plan(at("2027-04-08T10:00:00"))

    assert [item["parked"] for item in parked["agenda"]] == [True, True, True]
    assert refused(unheard_of) == (422, "no-such-agenda-item")
    assert [item["text"] for item in second["agenda"]] == [
        "Check-in",
        "The host shows one practice",
        "Peer question",
        "Take-away and next host",
        "How to welcome new members",
        "Competition-law check-out",
    ]


def test_what_was_missed_is_due_again_and_can_still_be_said_to_be_held(pair: Pair) -> None:
    pair.kick_off()
    planned = pair.plan(at("2027-02-25T10:00:00"))
    pair.clock.go(at("2027-02-25T12:00:00Z"))

    missed = pair.say("missed", planned)
    again = pair.say("missed", planned)
    due = pair.tandem()
    held = pair.say("held", planned)

    assert (missed["status"], again) == ("missed", missed)
    assert (due["next_due_at"], due["next_host"]) == ("2027-04-08T08:00:00Z", "b")
    assert (held["status"], pair.tandem()["next_host"]) == ("held", "a")
    assert refused(pair.nord.post(f"/v1/exchanges/{planned['id']}/cancel")) == (409, "wrong-exchange-state")


def test_a_pause_calls_off_what_was_planned_for_it_and_an_end_everything(pair: Pair) -> None:
    pair.kick_off()
    inside, after = pair.plan(at("2027-02-10T10:00:00")), pair.plan(at("2027-03-01T00:30:00"))
    done(pair.sued.post(f"{pair.address}/pause", json={"until": "2027-03-01"}))
    meanwhile = pair.nord.post(f"{pair.address}/exchanges", json={"starts_at": "2027-04-01T10:00:00"})
    work(pair.world)

    def states() -> list[str]:
        return [done(pair.nord.get(f"/v1/exchanges/{one['id']}"))["status"] for one in (inside, after)]

    paused = states()
    done(pair.nord.post(f"{pair.address}/close"))
    work(pair.world)

    assert refused(meanwhile) == (409, "wrong-tandem-state")
    assert paused == ["cancelled", "planned"]
    assert states() == ["cancelled", "cancelled"]


def test_a_kit_has_all_that_a_kick_off_needs_in_both_languages(pair: Pair) -> None:
    kit = done(pair.nord.get(f"{pair.address}/kit"))

    assert (kit["host"], kit["side"]) == ("a", pair.tandem()["side"])
    assert sum(item["minutes"] for item in kit["en"]["kick_off"]) == 60
    assert [item["text"] for item in kit["de"]["regular"]][:2] == ["Ankommen", "Die Gastgeberin zeigt eine Praxis"]
    assert "Preise" in kit["de"]["card"]
    assert len(kit["en"]["rules"]) == len(kit["de"]["rules"]) == 5
    assert "What have you tried in “charts”, and what surprised you?" in kit["en"]["questions"]
    assert "Was haben Sie zu „Diagramme“ ausprobiert, und was hat Sie überrascht?" in kit["de"]["questions"]


def test_a_list_takes_as_many_questions_for_three_as_for_one(pair: Pair, client_queries: list[str]) -> None:
    pair.kick_off()

    def questions() -> int:
        client_queries.clear()
        done(pair.nord.get(f"{pair.address}/exchanges"))
        return len([one for one in client_queries if one.startswith("SELECT")])

    questions()
    with_one = questions()
    for month in (2, 3):
        pair.plan(datetime(2027, month, 1, 9, tzinfo=UTC))

    assert questions() == with_one <= 5
