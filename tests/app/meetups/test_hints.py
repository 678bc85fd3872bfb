"""Hints on what is written of meetups and talks: told to those who write and organize, kept with a reason."""

from httpx2 import Response

from tests.app.meetups.conftest import Quarter, done, refused
from tests.world import ApiCaller, JsonObject


def pointers(shown: JsonObject) -> list[tuple[str, bool]]:
    """Where there are hints, and whether the text is kept."""
    return [(one["pointer"], one["kept"] is not None) for one in shown["items"]]


def keep(caller: ApiCaller, address: str, pointer: str, topic: int = 1) -> Response:
    wish = {"pointer": pointer, "topic": topic, "reason": "Published figures only."}
    return caller.post(f"{address}/hints/keep", json=wish)


def test_a_text_of_a_meetup_is_kept_with_a_reason_until_it_changes(quarter: Quarter) -> None:
    agenda = [{"text": "Welcome", "minutes": 5}, {"text": "Our prices", "minutes": 5}]
    draft = quarter.draft(title="Pricing circles meet", purpose="About our discounts.", agenda=agenda)
    address = f"/v1/meetups/{draft['id']}"

    before = done(quarter.organizer.get(f"{address}/hints"))
    kept = done(keep(quarter.organizer, address, "/agenda/1"))
    after = done(quarter.organizer.get(f"{address}/hints"))
    quarter.change(draft, agenda=[agenda[0], {"text": "Our prices again", "minutes": 5}])

    assert pointers(before) == [("/title", False), ("/purpose", False), ("/agenda/1", False)]
    assert (kept["reason"], kept["recorded_by"]) == ("Published figures only.", "organizer")
    assert pointers(after) == [("/title", False), ("/purpose", False), ("/agenda/1", True)]
    assert pointers(done(quarter.organizer.get(f"{address}/hints"))) == pointers(before)
    assert refused(keep(quarter.organizer, address, "/agenda/0")) == (422, "no-such-hint")
    assert refused(keep(quarter.organizer, address, "/agenda/1", topic=9)) == (422, "no-such-hint")
    assert quarter.step(draft, "announce")["status"] == "announced"


def test_hints_on_a_meetup_are_the_organizers(quarter: Quarter) -> None:
    draft, announced = quarter.draft(), quarter.announced(agenda=[{"text": "Our prices", "minutes": 5}])
    addresses = [f"/v1/meetups/{one['id']}" for one in (draft, announced)]

    read = [refused(quarter.nord.get(f"{address}/hints")) for address in addresses]
    written = [refused(keep(quarter.nord, address, "/agenda/0")) for address in addresses]

    assert read == written == [(404, "meetup-not-found"), (403, "role-not-enough")]
    assert quarter.read(announced, quarter.nord)["agenda"][0]["hints"] is None


def test_a_text_of_a_talk_is_kept_by_its_own_side_and_seen_by_organizers(quarter: Quarter) -> None:
    talk = quarter.propose(quarter.announced(), abstract="How we talk about discounts.")
    address = f"/v1/talks/{talk['id']}"
    unseen = refused(quarter.sued.get(f"{address}/hints"))

    kept = keep(quarter.nord, address, "/abstract")
    seen = [done(caller.get(f"{address}/hints")) for caller in (quarter.nord, quarter.organizer)]
    quarter.talk_step(talk, "accept")

    assert [(one["field"], one["hint"]["matched"]) for one in talk["hints"]] == [("abstract", "discounts")]
    assert unseen == (404, "talk-not-found")
    assert done(kept)["recorded_by"] == "portal"
    assert [pointers(one) for one in seen] == [[("/abstract", True)]] * 2
    assert refused(keep(quarter.organizer, address, "/abstract")) == (403, "not-your-talk")
    assert refused(quarter.sued.get(f"{address}/hints")) == (403, "not-your-talk")
    assert refused(keep(quarter.sued, address, "/abstract")) == (403, "not-your-talk")
