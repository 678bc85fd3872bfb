"""What the clock does in the life of tandems: everything once, also after the service was off for a while."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from app.exchanges import jobs as exchange_jobs
from app.tandems.models import Tandem, TandemEnding
from tests.app.exchanges.conftest import START, Pair, done
from tests.app.tandems.conftest import document

BOTH = ("Alex", "Kim")


def to_both(*templates: str) -> list[tuple[str, str]]:
    return sorted((template, name) for template in templates for name in BOTH)


def on(pair: Pair, day: str, hour: int = 9) -> list[tuple[str, str]]:
    """Who is mailed what by the clock of that day; run twice, for nothing may come twice."""
    pair.clock.go(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour))
    pair.tend()
    pair.tend()
    return pair.templates()


def test_a_year_of_a_tandem_that_nobody_has_to_think_of(any_pair: Pair) -> None:
    pair = any_pair
    pair.mails()

    assert on(pair, "2027-01-17") == []
    # A week before the kick-off should be.
    assert on(pair, "2027-01-18") == to_both("exchange.due")
    pair.accept(pair.nord, pair.sued)
    pair.plan(datetime(2027, 1, 21, 9, tzinfo=UTC))
    pair.templates()
    assert on(pair, "2027-01-21", hour=14) == []
    assert on(pair, "2027-01-21", hour=15) == to_both("exchange.useful")
    [kick_off] = done(pair.nord.get(f"{pair.address}/exchanges"))["items"]
    pair.say("useful", kick_off, useful=True)
    assert pair.tandem()["status"] == "active"
    # Six weeks later the next one is due.
    assert on(pair, "2027-02-24") == []
    assert on(pair, "2027-02-25") == to_both("exchange.due")
    # Two weeks after it was due nothing is planned.
    assert on(pair, "2027-03-17") == []
    assert on(pair, "2027-03-18") == to_both("tandem.quiet")
    assert pair.tandem()["next_due_at"] == "2027-04-15T08:00:00Z"
    # Half of the horizon, which began on January 21.
    assert on(pair, "2027-04-20") == []
    assert on(pair, "2027-04-22") == to_both("tandem.pulse")
    # Once more quiet; then the end comes near.
    assert on(pair, "2027-04-29") == to_both("tandem.quiet")
    assert on(pair, "2027-06-22") == to_both("tandem.quiet")
    assert on(pair, "2027-06-23") == to_both("tandem.renew")
    assert on(pair, "2027-07-20") == []
    assert on(pair, "2027-07-21") == to_both("tandem.harvest")
    assert (pair.tandem()["status"], pair.tandem()["closes_on"]) == ("closing", "2027-08-20")
    assert on(pair, "2027-08-19") == []
    assert on(pair, "2027-08-20") == to_both("tandem.closed_with_thanks")
    assert (pair.tandem()["status"], pair.tandem()["ending"]) == ("closed", "run_out")
    assert on(pair, "2028-01-01") == []


def test_after_a_year_without_the_service_a_tandem_comes_to_its_end_kindly_and_nothing_comes_twice(
    pair: Pair,
) -> None:
    pair.kick_off()
    pair.plan(datetime(2027, 2, 25, 9, tzinfo=UTC))
    pair.mails()

    back = on(pair, "2028-01-10")
    later = on(pair, "2028-02-08")
    last = on(pair, "2028-02-09")

    # Nobody is asked any more how a meeting was a year ago.
    assert back == to_both("tandem.harvest")
    assert [one["status"] for one in done(pair.nord.get(f"{pair.address}/exchanges"))["items"]] == ["missed", "held"]
    assert (later, last) == ([], to_both("tandem.closed_with_thanks"))


def test_a_tandem_that_never_meets_is_given_up_kindly(pair: Pair) -> None:
    pair.mails()

    mailed = [on(pair, day) for day in ("2027-02-08", "2027-04-05")]

    assert mailed == [to_both("tandem.quiet"), to_both("tandem.harvest")]
    done(pair.sued.post(f"{pair.address}/renew", json={}))
    assert (pair.tandem()["status"], pair.tandem()["ends_on"]) == ("starting", "2027-06-28")


def test_a_pause_ends_by_itself_on_the_day_that_it_is_where_the_tandem_lives(pair: Pair) -> None:
    pair.kick_off()
    done(pair.nord.patch(pair.address, json={"time_zone": "Pacific/Auckland"}, headers={"If-Match": "*"}))
    before = pair.tandem()
    done(pair.nord.post(f"{pair.address}/pause", json={"until": "2027-03-01"}))
    pair.templates()

    # Thirteen hours before midnight in UTC it is the next day in Auckland.
    assert on(pair, "2027-02-28", hour=10) == []
    assert on(pair, "2027-02-28", hour=11) == to_both("tandem.resumed")
    after = pair.tandem()
    # 46 days of pause since January 14.
    assert (after["status"], after["paused_until"]) == ("active", None)
    assert date.fromisoformat(after["ends_on"]) - date.fromisoformat(before["ends_on"]) == timedelta(days=46)
    assert (before["next_due_at"], after["next_due_at"]) == ("2027-02-25T09:00:00Z", "2027-04-12T10:00:00Z")


def test_three_meetings_of_a_term_bring_the_pulse_early_and_each_term_has_its_own(pair: Pair) -> None:
    pair.kick_off()
    for day in (10, 20):
        pair.meet(START + timedelta(days=day))
    pair.mails()

    assert on(pair, "2027-02-01") == to_both("tandem.pulse")
    pair.clock.go(datetime(2027, 7, 1, 9, tzinfo=UTC))
    done(pair.sued.post(f"{pair.address}/renew", json={"horizon_months": 3}))
    pair.templates()
    # A term of three months from July 14 on.
    assert "tandem.pulse" not in {template for template, _ in on(pair, "2027-08-28")}
    assert "tandem.pulse" in {template for template, _ in on(pair, "2027-08-29")}


def test_where_the_end_has_moved_away_both_are_asked_again_before_the_new_one(pair: Pair) -> None:
    def asked(*days: str) -> list[str]:
        return [day for day in days if set(to_both("tandem.renew")) <= set(on(pair, day))]

    pair.kick_off()
    first = asked("2027-06-15", "2027-06-16")
    done(pair.nord.post(f"{pair.address}/pause", json={"until": "2027-06-19"}))
    # Three days later than it was, and still near.
    after_pause = asked("2027-06-19", "2027-06-20")
    done(pair.nord.patch(pair.address, json={"horizon_months": 9}, headers={"If-Match": "*"}))
    second = asked("2027-06-21", "2027-09-18", "2027-09-19", "2027-09-20")

    assert pair.tandem()["ends_on"] == "2027-10-17"
    assert (first, after_pause, second) == (["2027-06-16"], [], ["2027-09-19"])


def test_two_meetings_missed_in_a_row_bring_a_kind_question(pair: Pair) -> None:
    pair.kick_off()
    planned = [pair.plan(START + timedelta(days=day)) for day in (10, 20)]
    pair.mails()

    asked = []
    for one in planned:
        pair.clock.go(datetime.fromisoformat(one["starts_at"]) + timedelta(hours=1))
        pair.say("missed", one)
        asked.append(pair.templates())

    assert asked == [[], to_both("tandem.quiet")]


def test_every_batch_is_taken_until_nothing_is_due(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_jobs, "BATCH", 1)
    tandems = [pair.tandem_id, *(a_further_tandem(pair, name) for name in ("Second", "Third"))]
    pair.mails()

    pair.clock.go(START + timedelta(weeks=12))
    pair.tend()
    pair.clock.pass_(days=30)
    pair.tend()

    with pair.world.database.reader() as session:
        ended = {one.id: one.ending for one in session.exec(select(Tandem))}
    assert ended == dict.fromkeys(tandems, TandemEnding.RUN_OUT)


def a_further_tandem(pair: Pair, name: str) -> str:
    [pair.two.of_sued] = pair.world.published(pair.two.sued, document(name))
    return pair.two.tandem()
