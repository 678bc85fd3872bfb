"""Two sides that answer at the same moment, on both databases: one order, one tandem."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from app.tandems.models import Suggestion, SuggestionStatus, Tandem
from tests.app.tandems.conftest import Two, document
from tests.world import World

pytestmark = pytest.mark.postgres
TURNS = 8


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


def at_once(two: Two, of_nord: str, of_sued: str) -> list[str]:
    """Both sides answer all open suggestions at the same moment; what each then sees of its own."""
    nord = [two.of_nord, *two.world.published(two.nord, *(document(f"N {n}") for n in range(1, TURNS)))]
    sued = [two.of_sued, *two.world.published(two.sued, *(document(f"S {n}") for n in range(1, TURNS)))]
    ids = []
    for two.of_nord, two.of_sued in zip(nord, sued, strict=True):
        ids.append(two.suggest())
    portals = (two.portal_nord, two.portal_sued)
    asked = [(one, portal, answer) for one in ids for portal, answer in zip(portals, (of_nord, of_sued), strict=True)]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(
            lambda one: one[1].post(f"/v1/suggestions/{one[0]}/answer", json={"answer": one[2]}), asked
        )
        return [str(answer.json().get("status")) for answer in answers]


def test_two_times_yes_at_the_same_moment_make_one_tandem(two: Two) -> None:
    seen = at_once(two, "yes", "yes")

    with two.database.reader() as session:
        tandems = session.exec(select(Tandem.suggestion_id)).all()
        states = set(session.exec(select(Suggestion.status)))
    assert len(tandems) == len(set(tandems)) == TURNS
    assert states == {SuggestionStatus.ACCEPTED}
    assert sorted(seen) == ["accepted"] * TURNS + ["one_yes"] * TURNS


def test_of_two_declines_of_the_same_moment_the_second_one_knows_of_the_first(two: Two) -> None:
    others = two.world.published(two.sued, document("Second"))
    ids = [two.suggest()]
    [two.of_sued] = others
    ids.append(two.suggest())
    body = {"answer": "no", "why": ["no_time"]}

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: two.portal_nord.post(f"/v1/suggestions/{one}/answer", json=body), ids))

    assert [answer.status_code for answer in answers] == [200, 200]
    preferences = two.portal_nord.get(f"/v1/communities/{two.of_nord}/preferences").json()
    assert [one["because"] for one in preferences["learned"]] == ["no_time"]


def test_a_yes_and_a_no_at_the_same_moment_make_none(two: Two) -> None:
    at_once(two, "yes", "no")

    with two.database.reader() as session:
        assert session.exec(select(Tandem)).all() == []
        assert set(session.exec(select(Suggestion.status))) == {SuggestionStatus.DECLINED}
