"""What earlier rounds led to, as the next one reads it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.exchanges.models import TandemPulse
from app.tandems import history
from app.tandems.history import PastPair
from app.tandems.models import Answer, SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
from tests.app.tandems.conftest import Two, day

RELEASED = [day(1), day(8), day(15)]


def past_after(
    two: Two,
    status: SuggestionStatus,
    opened_at: datetime,
    *,
    until: date | None = None,
    origin: SuggestionOrigin = SuggestionOrigin.ROUND,
) -> list[PastPair]:
    suggestion_id = two.suggest(origin=origin)
    with two.database.session() as session:
        session.execute(
            update(Suggestion)
            .where(col(Suggestion.id) == suggestion_id)
            .values(status=status, opened_at=opened_at, ended_at=opened_at)
        )
        if until is not None:
            session.execute(
                update(SuggestionSide)
                .where(col(SuggestionSide.community_id) == two.of_nord)
                .values(answer=Answer.NOT_NOW, until=until)
            )
        return history.past_pairs(session, RELEASED, date(2026, 11, 20))


def pair(two: Two, rounds_ago: int | None) -> list[PastPair]:
    first, second = sorted((two.of_nord, two.of_sued))
    return [PastPair(first, second, rounds_ago)]


def test_who_is_asked_at_present_is_not_asked_again(two: Two) -> None:
    assert past_after(two, SuggestionStatus.ONE_YES, day(1)) == pair(two, None)


@pytest.mark.parametrize(("opened", "rounds_ago"), [(day(1), 3), (day(8), 2), (day(15), 1)])
@pytest.mark.parametrize("stamped", [timedelta(seconds=-2), timedelta(0), timedelta(seconds=2)])
def test_a_no_has_the_age_of_its_round(two: Two, opened: datetime, rounds_ago: int, stamped: timedelta) -> None:
    assert past_after(two, SuggestionStatus.DECLINED, opened + stamped) == pair(two, rounds_ago)


def test_an_alternate_belongs_to_the_round_before_it(two: Two) -> None:
    found = past_after(two, SuggestionStatus.DECLINED, day(14), origin=SuggestionOrigin.ALTERNATE)

    assert found == pair(two, 2)


@pytest.mark.parametrize(("opened", "left_out"), [(day(15), True), (day(8), True), (day(1), False)])
def test_who_did_not_answer_is_left_alone_for_two_rounds(two: Two, opened: datetime, left_out: bool) -> None:
    assert past_after(two, SuggestionStatus.EXPIRED, opened) == (pair(two, None) if left_out else [])


@pytest.mark.parametrize(("until", "left_out"), [(date(2026, 11, 21), True), (date(2026, 11, 20), False)])
def test_not_now_holds_until_its_day(two: Two, until: date, left_out: bool) -> None:
    found = past_after(two, SuggestionStatus.NOT_NOW, day(1), until=until)

    assert found == (pair(two, None) if left_out else [])


@pytest.mark.parametrize("status", [SuggestionStatus.WITHDRAWN, SuggestionStatus.REPLACED])
def test_what_nobody_decided_leaves_no_trace(two: Two, status: SuggestionStatus) -> None:
    assert past_after(two, status, day(15)) == []


def test_of_several_the_strictest_holds(two: Two) -> None:
    past_after(two, SuggestionStatus.DECLINED, day(8))

    assert past_after(two, SuggestionStatus.DECLINED, day(1)) == pair(two, 2)
    assert past_after(two, SuggestionStatus.EXPIRED, day(15)) == pair(two, None)


@pytest.mark.parametrize("fitted", [True, False])
def test_two_that_did_not_fit_do_not_come_back(two: Two, fitted: bool) -> None:
    tandem_id = two.tandem()
    two.portal_nord.post(f"/v1/tandems/{tandem_id}/close")
    with two.database.session() as session:
        session.add(
            TandemPulse(tandem_id=tandem_id, side=SideName.A, term=1, at_end=True, fitted=True, said_at=day(1))
        )
        session.add(
            TandemPulse(tandem_id=tandem_id, side=SideName.B, term=1, at_end=True, fitted=fitted, said_at=day(1))
        )
        session.flush()

        assert history.past_pairs(session, [], date(2026, 11, 20)) == pair(two, 1 if fitted else None)


def test_without_a_released_round_there_is_the_last_one_all_the_same(two: Two) -> None:
    past_after(two, SuggestionStatus.DECLINED, day(1))

    with two.database.reader() as session:
        assert history.past_pairs(session, [], date(2026, 11, 20)) == pair(two, 1)


@pytest.mark.parametrize(
    "status", [SuggestionStatus.DECLINED, SuggestionStatus.EXPIRED, SuggestionStatus.OPEN, SuggestionStatus.WITHDRAWN]
)
def test_the_past_of_one_community_is_its_part_of_all(two: Two, status: SuggestionStatus) -> None:
    every = past_after(two, status, day(15))

    with two.database.reader() as session:
        of_each = [
            history.past_pairs(session, RELEASED, date(2026, 11, 20), community_id=one)
            for one in (two.of_nord, two.of_sued, "cmt_stranger")
        ]

    assert of_each == [every, every, []]


def test_a_closed_tandem_is_the_past_of_its_two_communities_only(two: Two) -> None:
    tandem_id = two.tandem()
    two.portal_nord.post(f"/v1/tandems/{tandem_id}/close")

    with two.database.reader() as session:
        of_each = [
            history.past_pairs(session, [], date(2026, 11, 20), community_id=one)
            for one in (two.of_nord, two.of_sued, "cmt_stranger")
        ]

    assert of_each == [pair(two, 1), pair(two, 1), []]
