"""What stands between two communities, and what is taken of their capacity."""

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.communities.models import Community, CommunityStatus
from app.companies.models import Company, CompanyProximity, CompanyStatus, Proximity
from app.core.clock import now
from app.tandems import service as tandems
from app.tandems import standing
from app.tandems.models import SuggestionOrigin
from app.tandems.standing import Obstacle
from tests.app.tandems.conftest import Two, document, offer


def between(two: Two, *pairs: tuple[str, str]) -> list[Obstacle | None]:
    with two.database.reader() as session:
        return standing.obstacles(session, pairs)


def change(two: Two, community_id: str, **values: object) -> None:
    with two.database.session() as session:
        session.execute(update(Community).where(col(Community.id) == community_id).values(**values))


def test_nothing_stands_between_two_published_communities(two: Two) -> None:
    assert between(two, (two.of_nord, two.of_sued), (two.of_sued, two.of_nord)) == [None, Obstacle.PAIRED_ALREADY]


@pytest.mark.parametrize(
    ("values", "obstacle"),
    [
        ({"status": CommunityStatus.PAUSED}, Obstacle.NOT_TAKING_PART),
        ({"status": CommunityStatus.DRAFT}, Obstacle.NOT_TAKING_PART),
        ({"confirm_again_by": now().date().replace(year=2020)}, Obstacle.NOT_TAKING_PART),
        ({"excluded_sectors": ["banking"]}, Obstacle.EXCLUDED),
        ({"capacity": 0}, Obstacle.NO_CAPACITY),
    ],
)
def test_what_a_community_has_become_stands_between(two: Two, values: dict[str, object], obstacle: Obstacle) -> None:
    change(two, two.of_nord, **values)

    assert between(two, (two.of_nord, two.of_sued)) == [obstacle]
    assert between(two, (two.of_sued, two.of_nord)) == [obstacle]


def test_a_company_that_leaves_takes_its_communities_out(two: Two) -> None:
    with two.database.session() as session:
        session.execute(update(Company).where(col(Company.id) == two.sued).values(status=CompanyStatus.LEAVING))

    assert between(two, (two.of_nord, two.of_sued)) == [Obstacle.NOT_TAKING_PART]


def test_a_company_that_excludes_another_stands_between(two: Two) -> None:
    with two.database.session() as session:
        session.add(
            CompanyProximity(company_id=two.sued, other_id=two.nord, proximity=Proximity.EXCLUDED, decided_at=now())
        )

    assert between(two, (two.of_nord, two.of_sued)) == [Obstacle.PROXIMITY_EXCLUDED]


def test_capacity_is_used_up_as_pairs_pass(two: Two) -> None:
    [second, third] = two.world.published(two.sued, document("Second"), document("Third"))
    change(two, two.of_nord, capacity=2)

    found = between(two, (two.of_nord, two.of_sued), (two.of_nord, second), (two.of_nord, third))

    assert found == [None, None, Obstacle.NO_CAPACITY]


def test_an_open_suggestion_takes_a_place_until_it_is_over(two: Two) -> None:
    [second] = two.world.published(two.sued, document("Second"))
    two.suggest(round_id="rnd_1")

    pairs = [(two.of_nord, two.of_sued), (two.of_nord, second)]
    taken = between(two, *pairs)
    with two.database.session() as session:
        places = standing.committed(session)
        tandems.withdraw_of_round(session, "rnd_1")

    assert taken == [Obstacle.PAIRED_ALREADY, Obstacle.NO_CAPACITY]
    assert places == {two.of_nord: 1, two.of_sued: 1}
    assert between(two, *pairs) == [None, Obstacle.NO_CAPACITY]


def test_communities_of_one_company_and_unknown_ones_form_no_pair(two: Two) -> None:
    [second] = two.world.published(two.sued, document("Second"))

    found = between(two, (two.of_sued, second), (two.of_sued, "cmt_unknown"))

    assert found == [Obstacle.NOT_TAKING_PART, Obstacle.NOT_TAKING_PART]


def test_opened_suggestions_are_counted_for_their_round(two: Two) -> None:
    [second] = two.world.published(two.sued, document("Second"))
    with two.database.session() as session:
        opened = tandems.open_many(
            session, [offer(two.of_nord, two.of_sued), offer(two.of_nord, second, round_id="rnd_2")]
        )
        withdrawn = tandems.withdraw_of_round(session, "rnd_2")
        counted = tandems.counts_of_rounds(session, ["rnd_1", "rnd_2", "rnd_3"])

        assert len(set(opened)) == 2
        assert withdrawn == 1
        assert counted == {
            "rnd_1": tandems.SuggestionCounts(open=1, accepted=0, total=1),
            "rnd_2": tandems.SuggestionCounts(open=0, accepted=0, total=1),
            "rnd_3": tandems.SuggestionCounts(open=0, accepted=0, total=0),
        }
        assert tandems.has_yes(session, "rnd_1") is False


def test_what_came_to_nothing_is_followed_up_once(two: Two) -> None:
    [second] = two.world.published(two.sued, document("Second"))
    ended = two.suggest()
    with two.database.session() as session:
        tandems.withdraw_of_round(session, "rnd_1")
        [(suggestion, a, b)] = tandems.ended_without_tandem(session, "rnd_1", 10)
        [instead] = tandems.open_many(session, [offer(two.of_nord, second, origin=SuggestionOrigin.ALTERNATE)])
        tandems.follow_up(session, ended, {("a" if a.community_id == two.of_nord else "b"): instead})

    with two.database.reader() as session:
        assert suggestion.id == ended
        assert {a.community_id, b.community_id} == {two.of_nord, two.of_sued}
        assert tandems.ended_without_tandem(session, "rnd_1", 10) == []
        assert tandems.communities_with_alternate(session, "rnd_1") == {two.of_nord, second}
