"""What people have written in meetings goes: with a person, and a year after the end."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import inspect, text
from sqlmodel import Session

from app.core.clock import now
from app.exchanges import personal
from app.exchanges import service as exchanges
from tests.app.exchanges.conftest import KIM, Pair, done, refused
from tests.world import JsonObject

WORDS: JsonObject = {
    "topics": "Kim showed charts.",
    "take_away": "Ask kim@suedbank.example.",
    "next": "Kimono and Kim.",
}


def written(pair: Pair) -> JsonObject:
    """A meeting, a pulse and three lines with a name in all of them; the meeting."""
    exchange = pair.kick_off()
    pair.say("minutes", exchange, **WORDS)
    pair.say("park", exchange, item=1)
    pair.plan(
        datetime(2027, 2, 25, 9, tzinfo=UTC), place="At Kim's", agenda=[{"text": "What Kim asks", "minutes": 10}]
    )
    done(pair.sued.post(f"{pair.address}/pulse", json={"pulse": "continue", "why": "Kim likes it."}))
    done(pair.sued.put(f"{pair.address}/harvest", json={"lines": ["Ask Kim."]}, headers={"If-Match": "*"}))
    return exchange


def stored(session: Session, *tables: str) -> str:
    known = inspect(session.get_bind()).get_table_names()
    assert set(tables) <= set(known)
    everything = (text(f'SELECT * FROM "{name}"') for name in tables)  # noqa: S608  names of our own
    return " ".join(str(row) for query in everything for row in session.execute(query))


TABLES = ("exchange", "exchange_feedback", "tandem_pulse", "harvest", "tandem")


def test_a_person_takes_along_what_its_side_sees_and_leaves_no_name_behind(pair: Pair) -> None:
    exchange = written(pair)
    kim = pair.sued.get("/v1/people").json()["items"][0]["id"]
    alex = pair.nord.get("/v1/people").json()["items"][0]["id"]

    with pair.world.database.session() as session:
        taken = [json.loads(json.dumps(one)) for one in personal.export_person(session, kim)]
        of_partner = list(personal.export_person(session, alex))
        personal.erase_person(session, kim)
    with pair.world.database.reader() as session:
        left = stored(session, *TABLES)

    assert [kind for kind, _ in taken] == ["exchange", "exchange", "pulse", "harvest"]
    assert (taken[0][1]["topics"], taken[2][1]["why"]) == ("Kim showed charts.", "Kim likes it.")
    # What a side says of itself is not the partner's.
    assert [kind for kind, _ in of_partner] == ["exchange", "exchange", "harvest"]
    assert KIM["email"] not in left
    assert done(pair.nord.get(f"/v1/exchanges/{exchange['id']}"))["minutes"]["topics"] == "Kim showed charts."
    assert ("Kim likes it." in left, "Ask Kim." in left) == (False, False)


def test_who_was_a_manager_is_taken_out_of_its_own_sides_words_and_each_reader_sees_another_version(
    pair: Pair,
) -> None:
    by_own, by_other = pair.kick_off(), pair.meet(datetime(2027, 2, 1, 9, tzinfo=UTC))
    words: JsonObject = {
        "topics": "kim's charts.",
        "take_away": "Ask KIM@suedbank.example.",
        "next": "Kims Kimono, Hakim.",
    }
    pair.say("minutes", by_own, pair.sued, **words)
    pair.say("minutes", by_other, **words)
    lines = {"lines": ["Ask Kim.", "joe.kim@suedbank.example"]}
    done(pair.sued.put(f"{pair.address}/harvest", json=lines, headers={"If-Match": "*"}))
    for caller in (pair.nord, pair.sued):
        done(caller.post(f"{pair.address}/harvest/release", json={"version": 1}))
    pair.mails()
    kim = pair.sued.get("/v1/people").json()["items"][0]["id"]
    lee = {"managers": [{"email": "lee@suedbank.example", "first_name": "Lee"}]}
    done(pair.sued.patch(f"/v1/communities/{pair.two.of_sued}", json=lee, headers={"If-Match": "*"}))
    addresses = [f"/v1/exchanges/{one['id']}" for one in (by_own, by_other)] + [f"{pair.address}/harvest"]
    before = [pair.nord.get(one).headers["ETag"] for one in addresses]

    with pair.world.database.session() as session:
        personal.erase_person(session, kim)

    after = [pair.nord.get(one) for one in addresses]
    own, other = (
        {field: one.json()["minutes"][field] for field in ("topics", "take_away", "next")} for one in after[:2]
    )
    assert own == {"topics": "… charts.", "take_away": "Ask ….", "next": "… Kimono, Hakim."}
    assert other == words | {"take_away": "Ask …."}
    [story] = done(pair.nord.get("/v1/stories"))["items"]
    assert story["lines"] == done(after[2])["lines"] == ["Ask ….", "joe.kim@suedbank.example"]
    assert all(one.headers["ETag"] != tag for one, tag in zip(after, before, strict=True))


def test_a_year_after_its_end_only_dates_and_what_was_released_are_left_of_a_tandem(pair: Pair) -> None:
    exchange = written(pair)
    done(pair.nord.post(f"{pair.address}/close"))
    moment = datetime.fromisoformat(pair.tandem()["closed_at"])
    pair.clock.pass_(days=400)

    with pair.world.database.session() as session:
        too_soon = exchanges.forget_closed(session, moment)
        first = exchanges.forget_some(session, moment + timedelta(seconds=1), 10)
        again = exchanges.forget_closed(session, moment + timedelta(days=365))
    with pair.world.database.reader() as session:
        left = stored(session, *TABLES)

    assert (too_soon, first, again) == (0, [pair.tandem_id], 0)
    assert "Kim" not in left
    shown = done(pair.nord.get(f"/v1/exchanges/{exchange['id']}"))
    assert (shown["status"], shown["minutes"], shown["agenda"], shown["place"]) == ("held", None, [], None)


def test_a_released_story_outlives_what_is_forgotten(pair: Pair) -> None:
    pair.kick_off()
    done(pair.nord.put(f"{pair.address}/harvest", json={"lines": ["A buddy."]}, headers={"If-Match": "*"}))
    for caller in (pair.nord, pair.sued):
        done(caller.post(f"{pair.address}/harvest/release", json={"version": 1}))
    done(pair.nord.post(f"{pair.address}/close"))
    pair.clock.pass_(days=400)

    with pair.world.database.session() as session:
        exchanges.forget_closed(session, now())

    [story] = done(pair.nord.get("/v1/stories"))["items"]
    assert story["lines"] == ["A buddy."]


def test_a_company_takes_its_meetings_along_and_leaves_no_words_behind(pair: Pair) -> None:
    written(pair)

    lines = [json.loads(line) for line in pair.sued.get(f"/v1/companies/{pair.two.sued}/export").text.splitlines()]
    of_partner = pair.nord.get(f"/v1/companies/{pair.two.nord}/export").text
    with pair.world.database.session() as session:
        exchanges.erase_company(session, pair.two.sued)
    with pair.world.database.reader() as session:
        left = stored(session, *TABLES)

    taken = {kind: [one for one in lines if one["record"] == kind] for kind in ("exchange", "harvest", "pulse")}
    assert [one["minutes"] and one["minutes"]["topics"] for one in taken["exchange"]] == ["Kim showed charts.", None]
    assert [one["lines"] for one in taken["harvest"]] == [["Ask Kim."]]
    assert [one["why"] for one in taken["pulse"]] == ["Kim likes it."]
    assert "Kim likes it." not in of_partner
    assert "Kim" not in left


def test_nothing_is_written_once_the_texts_of_a_tandem_are_gone(pair: Pair) -> None:
    address = f"/v1/exchanges/{written(pair)['id']}"
    done(pair.nord.post(f"{pair.address}/close"))
    # An operator may keep them for less than the year in which they are written.
    pair.clock.pass_(days=40)
    with pair.world.database.session() as session:
        exchanges.forget_closed(session, now() - timedelta(days=30))
    with pair.world.database.reader() as session:
        before = stored(session, *TABLES)

    answers = [
        pair.nord.post(f"{address}/minutes", json=WORDS),
        pair.sued.post(f"{address}/confirm", json={"version": 1}),
        pair.nord.put(f"{pair.address}/harvest", json={"lines": ["Ask Kim."]}, headers={"If-Match": "*"}),
        pair.nord.post(f"{pair.address}/harvest/release", json={"version": 1}),
        pair.nord.post(f"{pair.address}/pulse", json={"at_end": True, "why": "Kim left."}),
    ]

    assert [refused(one) for one in answers] == [(409, "tandem-forgotten")] * len(answers)
    with pair.world.database.reader() as session:
        assert stored(session, *TABLES) == before
