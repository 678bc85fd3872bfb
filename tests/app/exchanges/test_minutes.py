"""Minutes that one side writes and both confirm, and objections on record."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.guardrails import objections
from tests.app.exchanges.conftest import START, Pair, done, refused
from tests.world import ApiCaller, JsonObject

WORDS: JsonObject = {"topics": "How new members are welcomed.", "take_away": "A buddy.", "next": "A barcamp."}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[JsonObject]:
    """What is recorded of objections."""
    calls: list[JsonObject] = []
    record = objections.record

    def remember(*session: object, **what: object) -> str:
        calls.append(what)
        return record(*session, **what)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(objections, "record", remember)
    return calls


def test_minutes_are_confirmed_by_both_in_the_version_that_each_has_read(pair: Pair) -> None:
    exchange = pair.kick_off()
    address = f"/v1/exchanges/{exchange['id']}"

    nothing_yet = pair.sued.post(f"{address}/confirm", json={"version": 1})
    first = pair.say("minutes", exchange, **WORDS)["minutes"]
    pair.say("minutes", exchange, pair.sued, **WORDS | {"next": "We compare prices."})
    outdated = pair.nord.post(f"{address}/confirm", json={"version": 1})
    by_one = pair.say("confirm", exchange, pair.sued, version=2)
    by_both = pair.say("confirm", exchange, version=2)
    again = pair.say("confirm", exchange, version=2)
    rewritten = pair.nord.post(f"{address}/minutes", json=WORDS)

    side = exchange["side"]
    other = "b" if side == "a" else "a"
    assert refused(nothing_yet) == (409, "no-minutes")
    by_writer = {"own_confirmed": True, "partner_confirmed": False}
    assert first == WORDS | by_writer | {"written_by": side, "version": 1, "hints": []}
    assert refused(outdated) == (409, "minutes-rewritten")
    assert by_both == again
    [hint] = by_one["minutes"].pop("hints")
    assert (hint["field"], hint["hint"]["matched"]) == ("next", "prices")
    rest = {"next": "We compare prices.", "written_by": other, "version": 2}
    assert by_one["minutes"] == WORDS | by_writer | rest
    assert (by_both["minutes"]["own_confirmed"], by_both["minutes"]["partner_confirmed"]) == (True, True)
    assert refused(rewritten) == (409, "minutes-confirmed")
    assert "buddy" not in pair.world.organizer.get(address).text
    assert "buddy" not in pair.world.organizer.get(f"{pair.address}/exchanges").text


def test_minutes_belong_to_a_meeting_that_took_place(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    planned = pair.plan(START + timedelta(days=3))

    refusal = pair.nord.post(f"/v1/exchanges/{planned['id']}/minutes", json=WORDS)

    assert refused(refusal) == (409, "wrong-exchange-state")
    assert "held" in refusal.json()["detail"]


@pytest.mark.postgres
def test_two_sides_that_confirm_at_the_same_moment_both_count(any_pair: Pair) -> None:
    exchanges = [any_pair.kick_off()]
    exchanges += [any_pair.meet(START + timedelta(days=4 + day)) for day in range(3)]
    for one in exchanges:
        any_pair.say("minutes", one, **WORDS)
    asked = [(one, caller) for one in exchanges for caller in (any_pair.nord, any_pair.sued)]

    def confirm(what: tuple[JsonObject, ApiCaller]) -> int:
        return what[1].post(f"/v1/exchanges/{what[0]['id']}/confirm", json={"version": 1}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(confirm, asked)) == {200}

    shown = done(any_pair.nord.get(f"{any_pair.address}/exchanges"))["items"]
    assert [(one["minutes"]["own_confirmed"], one["minutes"]["partner_confirmed"]) for one in shown] == [
        (True, True)
    ] * len(exchanges)
    any_pair.tend()


def test_an_objection_ends_the_meeting_and_tells_not_what_was_said(pair: Pair, recorded: list[JsonObject]) -> None:
    pair.accept(pair.nord, pair.sued)
    planned = pair.plan(START + timedelta(days=3))
    address = f"/v1/exchanges/{planned['id']}/object"
    pair.clock.go(START + timedelta(days=3, minutes=30))

    unheard_of = pair.sued.post(address, json={"item": 6})
    in_words = pair.sued.post(address, json={"item": 3, "content": "They told their prices."})
    ended = pair.say("object", planned, pair.sued, item=3)

    assert refused(unheard_of) == (422, "no-such-agenda-item")
    assert refused(in_words) == (422, "invalid-input")
    assert ended["status"] == "ended_by_objection"
    [objection] = recorded
    assert objection.pop("person_id").startswith("key_")
    assert objection == {
        "tandem_id": pair.tandem_id,
        "exchange_id": planned["id"],
        "side": ended["side"],
        "item": "3",
        "at": START + timedelta(days=3, minutes=30),
    }
    # They have met, up to then.
    assert (pair.tandem()["status"], pair.tandem()["next_host"]) == ("active", "b")


def test_an_objection_to_a_meeting_of_a_closed_tandem_is_recorded_and_reopens_nothing(
    pair: Pair, recorded: list[JsonObject]
) -> None:
    exchange = pair.kick_off()
    pair.nord.post(f"{pair.address}/close")
    closed = pair.tandem()
    pair.clock.pass_(days=364)

    ended = pair.say("object", exchange, pair.sued)
    pair.clock.pass_(days=2)
    too_late = pair.sued.post(f"/v1/exchanges/{exchange['id']}/object", json={})

    assert (ended["status"], pair.tandem()) == ("ended_by_objection", closed)
    assert [one["item"] for one in recorded] == [""]
    assert refused(too_late) == (409, "objection-too-late")


@pytest.mark.parametrize("verb", ["cancel", "move"])
def test_a_meeting_that_has_begun_is_not_taken_away_from_an_objection(pair: Pair, verb: str) -> None:
    pair.accept(pair.nord, pair.sued)
    planned = pair.plan(START + timedelta(days=3))
    wish = {"starts_at": (START + timedelta(days=30)).isoformat()} if verb == "move" else {}
    pair.clock.go(START + timedelta(days=3))

    refusal = pair.sued.post(f"/v1/exchanges/{planned['id']}/{verb}", json=wish)

    assert refused(refusal) == (409, "exchange-begun")
    assert "/held or .../missed" in refusal.json()["detail"]
    assert pair.say("object", planned, item=1)["status"] == "ended_by_objection"


def test_an_objection_is_recorded_at_any_point_of_a_meeting_and_ends_one_that_has_begun(pair: Pair) -> None:
    pair.kick_off()
    days = [START + timedelta(days=30 + number) for number in range(4)]
    to_come, moved, cancelled, missed = (pair.plan(day) for day in days)
    pair.say("move", moved, pair.sued, starts_at=(START + timedelta(days=50)).isoformat())
    pair.say("cancel", cancelled, pair.sued)
    beforehand = [pair.say("object", one, item=1)["status"] for one in (to_come, moved, cancelled)]
    pair.clock.pass_(days=60)
    pair.tend()
    silent = done(pair.nord.get(f"/v1/exchanges/{missed['id']}"))["status"]
    done(pair.sued.post(f"{pair.address}/close"))

    afterwards = [pair.say("object", one, item=2)["status"] for one in (to_come, moved, cancelled, missed)]

    assert beforehand == ["planned", "moved", "cancelled"]
    assert (silent, pair.tandem()["status"]) == ("missed", "closed")
    assert afterwards == ["ended_by_objection", "moved", "cancelled", "ended_by_objection"]
    on_record = done(pair.sued.get(f"{pair.address}/objections"))["items"]
    ids = [one["id"] for one in (to_come, moved, cancelled, missed)]
    assert [(one["exchange_id"], one["item"]) for one in on_record] == [
        *((one, 1) for one in ids[:3]),
        *((one, 2) for one in ids),
    ]


def test_objections_are_read_by_the_two_sides_only(pair: Pair) -> None:
    exchange = pair.kick_off()
    pair.say("object", exchange, pair.sued, item=3)

    [objection] = done(pair.nord.get(f"{pair.address}/objections"))["items"]

    assert objection == {
        "id": objection["id"],
        "exchange_id": exchange["id"],
        "side": pair.tandem(pair.sued)["side"],
        "item": 3,
        "objected_at": "2027-01-14T10:00:00Z",
    }
    assert refused(pair.world.organizer.get(f"{pair.address}/objections")) == (403, "role-not-enough")


def test_a_side_keeps_a_text_in_spite_of_a_hint_until_the_text_changes(pair: Pair) -> None:
    exchange = pair.kick_off()
    address = f"/v1/exchanges/{exchange['id']}/hints"
    pair.say("minutes", exchange, **WORDS | {"next": "We compare prices."})
    wish = {"pointer": "/next", "topic": 1, "reason": "Of tickets for our meetup."}

    by_other = pair.sued.post(f"{address}/keep", json=wish)
    kept = pair.nord.post(f"{address}/keep", json=wish)
    not_there = pair.nord.post(f"{address}/keep", json=wish | {"pointer": "/topics"})
    [shown] = done(pair.sued.get(address))["items"]
    pair.say("minutes", exchange, **WORDS | {"next": "We compare all prices."})
    [changed] = done(pair.nord.get(address))["items"]

    assert refused(not_there) == (422, "no-such-hint")
    assert refused(by_other) == (403, "not-the-author")
    assert (shown["pointer"], shown["matched"], shown["kept"]) == ("/next", "prices", done(kept))
    assert (shown["kept_by"], changed["kept_by"]) == (exchange["side"], None)
    assert done(kept)["reason"] == "Of tickets for our meetup."
    assert changed["kept"] is None
    assert refused(pair.world.organizer.get(address)) == (403, "role-not-enough")


def test_either_side_keeps_an_item_of_the_agenda_and_the_latest_word_is_shown(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    planned = pair.plan(START + timedelta(days=3), agenda=[{"text": "We compare prices.", "minutes": 20}])
    address, wish = f"/v1/exchanges/{planned['id']}/hints", {"pointer": "/agenda/0", "topic": 1}

    shown = []
    for caller, reason in ((pair.nord, "Of our meetup."), (pair.sued, "Published ones.")):
        done(caller.post(f"{address}/keep", json=wish | {"reason": reason}))
        shown += done(pair.nord.get(address))["items"]
        pair.clock.pass_(minutes=1)

    sides = planned["side"], done(pair.sued.get(f"/v1/exchanges/{planned['id']}"))["side"]
    assert [(one["kept"]["reason"], one["kept_by"]) for one in shown] == [
        ("Of our meetup.", sides[0]),
        ("Published ones.", sides[1]),
    ]
