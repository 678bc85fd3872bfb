"""Which answers tell how well a score foretells a good pair, counted on both databases without anybody's name."""

import pytest

from app.core.database import Database
from app.tandems import queries_rounds
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionStatus
from app.tandems.queries_rounds import Answered
from tests.app.tandems.conftest import Two
from tests.world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


def counted(database: Database) -> list[Answered]:
    with database.reader() as session:
        found = queries_rounds.answered_by_score(session)
    return [Answered(round(one.score, 6), one.accepted, one.declined) for one in found]


def answered(two: Two, *answers: str, **options: object) -> str:
    """A suggestion that the sides have answered, the first of the two before the second; its id."""
    suggestion_id = two.suggest(**options)
    for portal, answer in zip((two.portal_nord, two.portal_sued), answers, strict=False):
        two.answer(portal, suggestion_id, answer)
    return suggestion_id


def accepted(two: Two, score: float) -> None:
    tandem = two.portal_nord.get(f"/v1/suggestions/{answered(two, 'yes', 'yes', score=score)}").json()["tandem_id"]
    # Two that meet are not asked a second time.
    two.portal_nord.post(f"/v1/tandems/{tandem}/close")


def test_yes_and_no_are_counted_in_bins_of_the_score(two: Two) -> None:
    accepted(two, 0.31)
    accepted(two, 0.349)
    answered(two, "no", score=0.34)
    answered(two, "yes", "no", score=0.35)

    assert counted(two.database) == [Answered(0.325, 2, 1), Answered(0.375, 0, 1)]


def test_scores_beyond_the_scale_are_in_the_last_bins(two: Two) -> None:
    answered(two, "no", score=-0.2)
    answered(two, "no", score=0.0)
    answered(two, "no", score=0.96)
    answered(two, "no", score=1.4)

    assert counted(two.database) == [Answered(0.025, 0, 2), Answered(0.975, 0, 2)]


def test_the_answers_to_alternates_count_too(two: Two) -> None:
    answered(two, "no", origin=SuggestionOrigin.ALTERNATE)

    assert counted(two.database) == [Answered(0.475, 0, 1)]


def test_what_tells_nothing_of_how_well_two_fit_is_not_counted(two: Two) -> None:
    answered(two, "not_now")
    answered(two, "yes", "not_now")
    with two.database.session() as session:
        answered_by_nobody = two.suggest()
        suggestion = session.get_one(Suggestion, answered_by_nobody)
        suggestion.status = SuggestionStatus.EXPIRED
    answered(two, "no", origin=SuggestionOrigin.SPONTANEOUS, round_id=None)
    answered(two, "no", score=None)
    answered(two, "yes")

    assert counted(two.database) == []
