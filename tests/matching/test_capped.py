import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import InvalidParameter, InvalidPin, Profile, TandemMatcher
from matching.capped import best_capped_pairing
from matching.explain import Change, UnmatchedKind
from matching.pairing import Floats, Indices, Mask, Objective, best_pairing
from tests.factories import profile

# The least share of the best total that the answer has on small graphs.
LEAST_SHARE = 0.9
CappedGraph = tuple[Indices, Indices, Floats, Indices, Indices, Indices]


@st.composite
def capped_graphs(draw: st.DrawFn) -> CappedGraph:
    n = draw(st.integers(2, 8))
    companies = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    possible = [pair for pair in combinations(range(n), 2) if companies[pair[0]] != companies[pair[1]]]
    edges = draw(st.lists(st.sampled_from(possible), unique=True, max_size=10)) if possible else []
    weights = draw(st.lists(st.floats(0.01, 1.0), min_size=len(edges), max_size=len(edges)))
    capacities = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    a, b = (np.array([edge[side] for edge in edges], dtype=np.int64) for side in (0, 1))
    company_pair = np.array([companies[i] + companies[j] - 1 for i, j in edges], dtype=np.int64)
    room = np.array(draw(st.lists(st.integers(0, 3), min_size=3, max_size=3)), dtype=np.int64)
    return a, b, np.array(weights, dtype=np.float64), np.array(capacities, dtype=np.int64), company_pair, room


def keeps_the_limits(graph: CappedGraph, chosen: Mask) -> bool:
    a, b, _, capacities, company_pair, room = graph
    used = np.bincount(np.concatenate([a[chosen], b[chosen]]), minlength=len(capacities))
    count = np.bincount(company_pair[chosen], minlength=len(room))
    return bool((used <= capacities).all() and (count <= room).all())


@given(graph=capped_graphs(), objective=st.sampled_from(list(Objective)))
@settings(deadline=None, max_examples=120)
def test_bound_best_and_answer_stand_in_this_order_and_the_limits_are_kept(
    graph: CappedGraph, objective: Objective
) -> None:
    weights = graph[2]
    pairings = (
        np.array([number >> edge & 1 for edge in range(len(weights))], dtype=np.bool_)
        for number in range(2 ** len(weights))
    )

    found = best_capped_pairing(*graph, objective)
    chosen, bound = found.chosen, found.bound

    assert keeps_the_limits(graph, chosen)
    best = max(float(weights[one].sum()) for one in pairings if keeps_the_limits(graph, one))
    answer = float(weights[chosen].sum())
    if objective is Objective.QUALITY:
        assert bound >= best - 1e-5
        assert best + 1e-9 >= answer >= LEAST_SHARE * best - 1e-5


def test_on_a_larger_graph_the_answer_is_near_its_bound() -> None:
    rng = np.random.default_rng(3)
    n, companies = 400, rng.integers(0, 5, 400)
    a, b = rng.integers(0, n, (2, 3000))
    codes = np.unique((np.minimum(a, b) * n + np.maximum(a, b))[companies[a] != companies[b]])
    a, b = codes // n, codes % n
    company_pair = np.minimum(companies[a], companies[b]) * 5 + np.maximum(companies[a], companies[b])
    weights, ones, room = rng.random(len(a)) * 0.9 + 0.1, np.ones(n, dtype=np.int64), np.full(25, 12)

    found = best_capped_pairing(a, b, weights, ones, company_pair, room)
    chosen, bound = found.chosen, found.bound

    assert keeps_the_limits((a, b, weights, ones, company_pair, room), chosen)
    assert np.count_nonzero(np.bincount(company_pair[chosen]) == 12) >= 5
    assert 0.97 * bound <= weights[chosen].sum() <= bound <= weights[best_pairing(a, b, weights, ones)].sum() + 0.01


def community(profile_id: str, company: str, theme: str = "python", capacity: int = 1) -> Profile:
    return profile(profile_id, company=company, name=f"{theme} circle", capacity=capacity)


@st.composite
def stores(draw: st.DrawFn) -> list[Profile]:
    return [
        community(
            f"p{number:02d}",
            draw(st.sampled_from("ABC")),
            draw(st.sampled_from(["python", "choir", "python choir", "running"])),
            draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(0, 14)))
    ]


@given(
    profiles=stores(),
    most=st.integers(1, 3),
    objective=st.sampled_from(["quality", "coverage", "fair"]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_no_two_companies_have_more_tandems_than_allowed_in_any_order_of_the_input(
    profiles: list[Profile], most: int, objective: str, seed: int
) -> None:
    matcher = TandemMatcher(objective=objective, max_per_company_pair=most)
    shuffled = random.Random(seed).sample(profiles, len(profiles))

    one, other = matcher.fit(profiles).tandems_, TandemMatcher(**matcher.get_params()).fit(shuffled).tandems_

    company = {member.id: member.company for member in profiles}
    counts = Counter(frozenset((company[tandem.a], company[tandem.b])) for tandem in one)
    assert max(counts.values(), default=0) <= most
    assert one == other
    if objective == "quality":
        assert matcher.pairing_bound_ is not None
        assert sum(tandem.probability - 0.1 for tandem in one) <= matcher.pairing_bound_ + 1e-9
    else:
        assert matcher.pairing_bound_ is None


def test_without_a_limit_the_bound_is_the_total_pins_and_cost_included() -> None:
    profiles = [community("a", "A"), community("b", "B"), community("c", "A", "choir"), community("d", "B", "choir")]

    matcher = TandemMatcher(cost=0.2).fit(profiles, pins=[("c", "d")])

    assert matcher.pairing_bound_ == pytest.approx(sum(one.probability - 0.2 for one in matcher.tandems_))


def test_who_stays_alone_because_of_the_limit_is_told_so() -> None:
    profiles = [community("a1", "A"), community("a2", "A"), community("b1", "B"), community("b2", "B")]

    matcher = TandemMatcher(max_per_company_pair=1).fit(profiles)

    assert len(matcher.tandems_) == 1
    assert [one.kind for one in matcher.unmatched_] == [UnmatchedKind.COMPANY_PAIR_FULL] * 2
    assert matcher.unmatched_[0].changes == (Change.RAISE_MAX_PER_COMPANY_PAIR,)
    assert matcher.unmatched_[0].nearest == matcher.unmatched_[1].id


def test_those_whom_the_limit_leaves_alone_meet_companies_with_room() -> None:
    """The nearest of each are all of the other large company; a third one has room."""
    profiles = [community(f"{company}{number:02d}", company) for company in "AB" for number in range(15)]
    profiles += [community(f"z{number}", "Z", "python and much more") for number in range(4)]

    matcher = TandemMatcher(max_per_company_pair=3, neighbours=5).fit(profiles)

    assert len([one for one in matcher.tandems_ if one.b.startswith("z")]) == 4
    assert len(matcher.tandems_) == 3 + 4


def test_pins_count_towards_the_limit_and_may_not_exceed_it() -> None:
    profiles = [community("a1", "A"), community("a2", "A"), community("b1", "B"), community("b2", "B")]

    one = TandemMatcher(max_per_company_pair=1).fit(profiles, pins=[("a2", "b2")])

    assert [(tandem.a, tandem.b) for tandem in one.tandems_] == [("a2", "b2")]
    with pytest.raises(InvalidPin) as told:
        TandemMatcher(max_per_company_pair=1).fit(profiles, pins=[("a1", "b1"), ("a2", "b2")])
    assert (told.value.rule, told.value.pair) == ("max_per_company_pair", ("a2", "b2"))


@pytest.mark.parametrize(("name", "value"), [("max_per_company_pair", 0), ("repeat_after", -1)])
def test_a_limit_out_of_range_is_an_error_when_fitting(name: str, value: int) -> None:
    with pytest.raises(InvalidParameter, match=name):
        TandemMatcher(**{name: value}).fit([])  # type: ignore[arg-type]  # the mistake under test
