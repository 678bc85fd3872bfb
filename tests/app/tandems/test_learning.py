"""What declines say becomes the community's own preference: told with the cause, free to change, honoured at once."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.access.models import Role
from app.communities.models import Community
from app.core.clock import now
from app.tandems import history, standing
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionStatus
from app.tandems.standing import Obstacle
from tests.app.tandems.conftest import Two, document, offer
from tests.world import ApiCaller, JsonObject, World

pytestmark = pytest.mark.postgres
ADDRESS = "/v1/communities/{}/preferences"


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


def decline(two: Two, *why: str, answer: str = "no") -> None:
    two.answer(two.portal_nord, two.suggest(), answer, why=list(why))


def preferences(two: Two, language: str = "en") -> JsonObject:
    answer = two.portal_nord.get(ADDRESS.format(two.of_nord), headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    shown: JsonObject = answer.json()
    return shown


def changed(caller: ApiCaller, community_id: str, **wish: object) -> JsonObject:
    address = ADDRESS.format(community_id)
    tag = caller.get(address).headers["ETag"]
    answer = caller.patch(address, json=wish, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    shown: JsonObject = answer.json()
    return shown


def test_two_times_no_time_leave_a_community_alone_for_three_months(two: Two) -> None:
    decline(two, "no_time")
    after_one = preferences(two)
    decline(two, "no_time", "other", answer="not_now")

    day = (now() + timedelta(days=90)).date().isoformat()
    learned = preferences(two, "de")
    assert (after_one["ask_not_before"], after_one["learned"]) == (None, [])
    assert learned["ask_not_before"] == day
    [cause] = learned["learned"]
    assert cause | {"learned_at": ""} == {
        "field": "ask_not_before",
        "value": day,
        "because": "no_time",
        "text": "Zweimal innerhalb eines Jahres war keine Zeit für ein Tandem.",
        "learned_at": "",
    }
    with two.database.reader() as session:
        assert standing.obstacles(session, [(two.of_nord, two.of_sued)]) == [Obstacle.NOT_ASKED]
        assert standing.asks_left(session) == {two.of_nord: 0}
        community = session.get_one(Community, two.of_nord)
    assert "ask_not_before" in community.entered_by_manager

    taken_back = changed(two.portal_nord, two.of_nord, ask_not_before=None)

    assert (taken_back["ask_not_before"], taken_back["learned"]) == (None, [])
    with two.database.reader() as session:
        assert standing.obstacles(session, [(two.of_nord, two.of_sued)]) == [None]


def test_sectors_that_were_declined_are_excluded_and_can_be_wished_again(two: Two) -> None:
    decline(two, "other_sector_wished")
    after_one = preferences(two)["excluded_sectors"]
    decline(two, "other_sector_wished")
    with two.database.session() as session:
        # As if it had changed its mind, so that the two can be asked once more.
        session.execute(update(Community).values(excluded_sectors=[]))
    decline(two, "same_sector_not_wished", "other_sector_wished")

    found = preferences(two)
    assert after_one == []
    assert found["excluded_sectors"] == ["machinery", "banking"]
    assert {one["value"]: one["because"] for one in found["learned"]} == {
        "machinery": "same_sector_not_wished",
        "banking": "other_sector_wished",
    }
    assert changed(two.portal_nord, two.of_nord, excluded_sectors=["machinery"])["learned"][0]["value"] == "machinery"


def test_a_cause_belongs_to_a_decline_and_stays_with_its_side(two: Two) -> None:
    suggestion_id = two.suggest()
    address = f"/v1/suggestions/{suggestion_id}"
    refused = two.portal_nord.post(f"{address}/answer", json={"answer": "yes", "why": ["no_time"]})
    unknown = two.portal_nord.post(f"{address}/answer", json={"answer": "no", "why": ["dislike"]})
    shown = two.answer(two.portal_nord, suggestion_id, "no", why=["language", "language", "other"])

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/why-with-yes")
    assert unknown.status_code == 422
    assert shown["own_answer"]["why"] == ["language", "other"]
    assert "language" not in str(two.portal_sued.get(address).json()["own_answer"])
    assert two.world.organizer.get(address).json()["own_answer"] is None
    assert preferences(two)["learned"] == []


def test_only_who_sees_a_community_in_full_sees_its_preferences(two: Two) -> None:
    address = ADDRESS.format(two.of_nord)
    callers = [two.portal_sued, two.world.organizer, two.world.caller(Role.COORDINATOR, two.nord), two.world.operator]

    assert [caller.get(address).status_code for caller in callers] == [404, 403, 200, 200]


def test_a_community_is_asked_as_often_as_it_wants_in_a_quarter(two: Two) -> None:
    changed(two.portal_nord, two.of_nord, asks_per_quarter=2)
    with two.database.session() as session:
        others = two.world.published(two.sued, document("Second"), document("Third"))
        session.execute(update(Community).where(col(Community.id) == two.of_nord).values(capacity=3))
    pairs = [(two.of_nord, one) for one in (two.of_sued, *others)]

    with two.database.session() as session:
        before = standing.obstacles(session, pairs)
        first, second = tandems.open_many(session, [offer(*pairs[0]), offer(*pairs[1])])
        after = standing.obstacles(session, pairs[2:])
        left = standing.asks_left(session)
        asking = standing.obstacles(session, pairs[2:], asker=two.of_nord)
        # What was taken back, and what was asked in the quarter before, does not count.
        session.get_one(Suggestion, first).status = SuggestionStatus.WITHDRAWN
        session.get_one(Suggestion, second).opened_at = standing.quarter_of(now()) - timedelta(seconds=1)
        session.flush()
        later = standing.asks_left(session)

    assert before == [None, None, Obstacle.NOT_ASKED]
    assert (after, left, asking) == ([Obstacle.NOT_ASKED], {two.of_nord: 0}, [None])
    assert later == {two.of_nord: 2}


def test_what_a_community_asks_for_itself_is_no_question_to_it(two: Two) -> None:
    for community_id, portal in ((two.of_nord, two.portal_nord), (two.of_sued, two.portal_sued)):
        changed(portal, community_id, asks_per_quarter=3)
    suggestion_id = two.suggest(origin=SuggestionOrigin.SPONTANEOUS, round_id=None)
    two.answer(two.portal_nord, suggestion_id, "yes")
    two.answer(two.portal_sued, suggestion_id, "no")

    with two.database.reader() as session:
        assert standing.asks_left(session) == {two.of_nord: 3, two.of_sued: 2}


@pytest.mark.parametrize("why", [["theme_does_not_fit"], ["no_time"]])
def test_two_whose_themes_do_not_fit_are_not_suggested_again(two: Two, why: list[str]) -> None:
    decline(two, *why)

    with two.database.reader() as session:
        [pair] = history.past_pairs(session, [], now().date())
    assert pair.rounds_ago == (None if "theme_does_not_fit" in why else 1)
