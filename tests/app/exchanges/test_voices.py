"""What the sides say: useful or not, how to go on, what they have learned. Nothing is a score."""

from datetime import timedelta

import pytest

from app.exchanges import voices
from tests.app.exchanges.conftest import KIM, START, Pair, done, refused
from tests.app.tandems.conftest import document
from tests.world import JsonObject

LINES = ["A buddy keeps new members.", "Charts are read aloud.", "A barcamp needs a host."]


def pulse(pair: Pair, word: str, **more: object) -> JsonObject:
    return done(pair.nord.post(f"{pair.address}/pulse", json={"pulse": word} | more))


def test_whoever_says_that_it_was_useful_was_there_and_only_its_own_side_reads_it(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    planned = pair.plan(START + timedelta(days=3))
    too_soon = pair.nord.post(f"/v1/exchanges/{planned['id']}/useful", json={"useful": True})
    pair.clock.pass_(days=3, hours=2)

    said = pair.say("useful", planned, useful=False)
    changed = pair.say("useful", planned, useful=True)
    for_partner = done(pair.sued.get(f"/v1/exchanges/{planned['id']}"))
    tags = [caller.get(f"/v1/exchanges/{planned['id']}").headers["ETag"] for caller in (pair.nord, pair.sued)]
    pair.say("useful", planned, pair.sued, useful=False)
    tags += [caller.get(f"/v1/exchanges/{planned['id']}").headers["ETag"] for caller in (pair.nord, pair.sued)]
    pair.clock.pass_(days=31)
    too_late = pair.nord.post(f"/v1/exchanges/{planned['id']}/useful", json={"useful": True})

    assert refused(too_soon) == (409, "exchange-not-begun")
    assert (said["status"], said["own_useful"], changed["own_useful"]) == ("held", False, True)
    assert for_partner["own_useful"] is None
    # What one side says of it is another version for that side only.
    assert (tags[0] == tags[2], tags[1] == tags[3]) == (True, False)
    assert done(pair.world.organizer.get(f"/v1/exchanges/{planned['id']}"))["own_useful"] is None
    assert refused(too_late) == (409, "too-late-to-say")
    with pair.world.database.reader() as session:
        assert voices.useful_share(session, "rnd_1") == voices.UsefulCounts(useful=1, not_useful=1, companies=2)
        assert voices.useful_share(session, "rnd_2") == voices.UsefulCounts(useful=0, not_useful=0, companies=0)


def test_a_meeting_before_the_tandem_was_closed_is_still_said_to_be_useful(pair: Pair) -> None:
    pair.kick_off()
    planned = pair.plan(START + timedelta(days=30))
    pair.mails()
    pair.clock.go(START + timedelta(days=30, hours=2))
    done(pair.nord.post(f"{pair.address}/rotate", json={}))
    closed = pair.tandem()
    pair.clock.pass_(hours=5)
    pair.tend()
    asked = [one for one in pair.templates() if one[0] == "exchange.useful"]

    said = pair.say("useful", planned, useful=True)

    assert asked == [("exchange.useful", "Alex"), ("exchange.useful", "Kim")]
    assert (said["status"], said["own_useful"]) == ("held", True)
    assert pair.tandem() == closed


def test_a_pulse_of_pause_or_end_well_counts_at_once_and_go_on_takes_an_end_back(pair: Pair) -> None:
    pair.kick_off()

    went_on = pulse(pair, "continue", why="We like it.")
    after_continue = pair.tandem()
    paused = pulse(pair, "pause")
    until = pair.tandem()["paused_until"]
    closing = pulse(pair, "end_well")
    closes_on = pair.tandem(pair.sued)["closes_on"]
    renewed = done(pair.sued.post(f"{pair.address}/pulse", json={"pulse": "continue"}))

    assert went_on == {
        "tandem_id": pair.tandem_id,
        "side": after_continue["side"],
        "term": 1,
        "at_end": False,
        "pulse": "continue",
        "fitted": None,
        "why": "We like it.",
        "said_at": "2027-01-14T10:00:00Z",
        "tandem_status": "active",
    }
    assert (after_continue["term"], after_continue["ends_on"]) == (1, "2027-07-14")
    assert (paused["tandem_status"], until) == ("paused", "2027-03-11")
    assert (closing["tandem_status"], closes_on) == ("closing", "2027-02-13")
    after = pair.tandem()
    assert renewed["tandem_status"] == after["status"] == "active"
    assert (after["term"], after["ends_on"], after["closes_on"]) == (2, "2028-01-14", None)


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        ({}, (422, "pulse-or-fitted")),
        ({"pulse": "continue", "fitted": True}, (422, "pulse-or-fitted")),
        ({"at_end": True}, (422, "pulse-or-fitted")),
        ({"at_end": True, "fitted": False}, (409, "wrong-tandem-state")),
    ],
)
def test_a_pulse_is_one_of_two_questions_each_at_its_time(
    pair: Pair, wish: JsonObject, answer: tuple[int, str]
) -> None:
    assert refused(pair.nord.post(f"{pair.address}/pulse", json=wish)) == answer


def test_where_it_is_quiet_before_the_two_have_met_each_answer_counts(pair: Pair) -> None:
    pair.clock.go(START + timedelta(days=60))
    before = pair.tandem()

    said = [pulse(pair, "continue")["tandem_status"], pulse(pair, "adjust")["tandem_status"]]
    after = pair.tandem()
    told = [one for one in pair.templates() if one[0] == "tandem.adjust"]
    said += [pulse(pair, word)["tandem_status"] for word in ("pause", "end_well")]

    assert said == ["starting", "starting", "paused", "closing"]
    assert (after["term"], after["ends_on"]) == (before["term"], before["ends_on"])
    assert told == [("tandem.adjust", "Kim")]


def test_at_the_end_each_side_says_whether_the_two_fitted(pair: Pair) -> None:
    pair.kick_off()
    pulse(pair, "end_well")

    said = done(pair.nord.post(f"{pair.address}/pulse", json={"at_end": True, "fitted": False, "why": "Too far."}))
    pair.sued.post(f"{pair.address}/close")
    afterwards = done(pair.sued.post(f"{pair.address}/pulse", json={"at_end": True, "fitted": True}))

    assert (said["fitted"], said["why"], said["tandem_status"]) == (False, "Too far.", "closing")
    assert (afterwards["fitted"], afterwards["why"], afterwards["tandem_status"]) == (True, None, "closed")


def test_three_lines_are_a_story_for_all_once_both_release_the_same_version(pair: Pair) -> None:
    address, stranger = f"{pair.address}/harvest", pair.world.portal(pair.world.company("Third"))
    empty = pair.nord.get(address)
    too_soon = pair.nord.put(address, json={"lines": LINES}, headers={"If-Match": empty.headers["ETag"]})
    pair.kick_off()

    written = pair.nord.put(address, json={"lines": LINES[:2]}, headers={"If-Match": empty.headers["ETag"]})
    stale = pair.sued.put(address, json={"lines": LINES}, headers={"If-Match": empty.headers["ETag"]})
    done(pair.nord.post(f"{address}/release", json={"version": 1}))
    done(pair.sued.put(address, json={"lines": LINES}, headers={"If-Match": pair.sued.get(address).headers["ETag"]}))
    outdated = pair.nord.post(f"{address}/release", json={"version": 1})
    by_one = done(pair.nord.post(f"{address}/release", json={"version": 2}))
    before = done(stranger.get("/v1/stories"))
    by_both = done(pair.sued.post(f"{address}/release", json={"version": 2}))
    [story] = done(stranger.get("/v1/stories"))["items"]

    assert done(empty)["version"] == 0
    assert refused(too_soon) == (409, "nothing-to-harvest")
    assert (done(written)["version"], stale.status_code) == (1, 412)
    assert refused(outdated) == (409, "harvest-rewritten")
    assert (by_one["own_released"], by_one["partner_released"], by_one["story_id"]) == (True, False, None)
    assert before["items"] == []
    assert story == {
        "id": by_both["story_id"],
        "lines": LINES,
        # Of what brought the two together only what each shows to everybody.
        "themes": ["data literacy"],
        "communities": story["communities"],
        "tandem_id": None,
        "released_at": "2027-01-14T10:00:00Z",
    }
    assert sorted(story["communities"]) == ["Chart Circle", "Diagrammkreis"]
    assert done(pair.world.organizer.get("/v1/stories"))["items"] == [story | {"tandem_id": pair.tandem_id}]
    assert refused(stranger.get(address)) == (404, "tandem-not-found")

    unmasking = {"topics": ["Nordwerk Akademie"], "tags": ["Nordwerk Akademie"]}
    for caller, community_id in ((pair.nord, pair.two.of_nord), (pair.sued, pair.two.of_sued)):
        done(caller.patch(f"/v1/communities/{community_id}", json=unmasking, headers={"If-Match": "*"}))
    assert done(stranger.get("/v1/stories"))["items"] == [story | {"themes": []}]

    done(pair.sued.post(f"{address}/release", json={"version": 2, "release": False}))
    assert done(stranger.get("/v1/stories"))["items"] == []


def test_stories_come_in_pages_newest_first(pair: Pair) -> None:
    pair.kick_off()
    others = pair.world.published(pair.two.sued, *(document(name, managers=[KIM]) for name in ("Second", "Third")))
    tandems = [pair.tandem_id]
    for pair.two.of_sued in others:
        pair.tandem_id = pair.two.tandem()
        pair.clock.go(START)
        pair.kick_off()
        tandems.append(pair.tandem_id)
    for tandem_id in tandems:
        address = f"/v1/tandems/{tandem_id}/harvest"
        done(pair.nord.put(address, json={"lines": [tandem_id]}, headers={"If-Match": "*"}))
        for caller in (pair.nord, pair.sued):
            done(caller.post(f"{address}/release", json={"version": 1}))

    first = done(pair.nord.get("/v1/stories", params={"limit": 2}))
    second = done(pair.nord.get("/v1/stories", params={"limit": 2, "cursor": first["next_cursor"]}))

    assert [line for one in (*first["items"], *second["items"]) for line in one["lines"]] == tandems[::-1]
