from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
import rustworkx
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.exceptions import InvalidParameter
from matching.pairing import Floats, Indices, Mask, Objective, best_pairing

Graph = tuple[Indices, Indices, Floats, Indices]
WEIGHTS = st.one_of(st.floats(0.01, 1.0), st.sampled_from([0.1, 0.2, 0.5, 1.0]))


@st.composite
def small_graphs(draw: st.DrawFn, largest_capacity: int = 3) -> Graph:
    n = draw(st.integers(2, 7))
    edges = draw(st.lists(st.sampled_from(list(combinations(range(n), 2))), unique=True, max_size=10))
    weights = draw(st.lists(WEIGHTS, min_size=len(edges), max_size=len(edges)))
    capacities = draw(st.lists(st.integers(0, largest_capacity), min_size=n, max_size=n))
    a, b = (np.array([edge[side] for edge in edges], dtype=np.int64) for side in (0, 1))
    return a, b, np.array(weights, dtype=np.float64), np.array(capacities, dtype=np.int64)


def random_graph(n: int, edges: int, seed: int) -> Graph:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n, (2, edges))
    codes = np.unique((np.minimum(a, b) * n + np.maximum(a, b))[a != b])
    return codes // n, codes % n, rng.random(len(codes)) * 0.9 + 0.1, np.ones(n, dtype=np.int64)


def degrees(graph: Graph, chosen: Mask) -> Indices:
    a, b, _, capacities = graph
    return np.bincount(np.concatenate([a[chosen], b[chosen]]), minlength=len(capacities))


def worth(graph: Graph, chosen: Mask, objective: Objective) -> tuple[float, ...]:
    """What an objective compares, the more important first."""
    weights = graph[2][chosen]
    served = float(np.count_nonzero(degrees(graph, chosen)))
    weakest = float(weights.min(initial=2.0))
    return {
        Objective.QUALITY: (float(weights.sum()),),
        Objective.COVERAGE: (served, float(weights.sum())),
        Objective.FAIR: (served, weakest, float(weights.sum())),
    }[objective]


def every_pairing(graph: Graph) -> Iterator[Mask]:
    for number in range(2 ** len(graph[0])):
        chosen = np.array([number >> edge & 1 for edge in range(len(graph[0]))], dtype=np.bool_)
        if (degrees(graph, chosen) <= graph[3]).all():
            yield chosen


@pytest.mark.parametrize("objective", list(Objective))
@given(graph=small_graphs())
@settings(deadline=None, max_examples=60)
def test_the_best_pairing_equals_brute_force(objective: Objective, graph: Graph) -> None:
    chosen = best_pairing(*graph, objective)

    assert (degrees(graph, chosen) <= graph[3]).all()
    best = max(worth(graph, pairing, objective) for pairing in every_pairing(graph))
    assert worth(graph, chosen, objective) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_larger_pairing_has_the_total_of_a_second_implementation(seed: int) -> None:
    graph = random_graph(300, 1500, seed)
    a, b, weights, _ = graph
    second = rustworkx.PyGraph()
    second.add_nodes_from(range(300))
    second.add_edges_from(list(zip(a.tolist(), b.tolist(), weights.tolist(), strict=True)))
    total = sum(
        second.get_edge_data(i, j)
        for i, j in rustworkx.max_weight_matching(second, weight_fn=lambda w: round(w * 1e9))
    )

    chosen = best_pairing(*graph)

    assert weights[chosen].sum() == pytest.approx(total, abs=1e-6)


@given(graph=small_graphs())
@settings(deadline=None)
def test_the_pairing_is_never_below_greedy(graph: Graph) -> None:
    a, b, weights, capacities = graph
    left, total = capacities.copy(), 0.0
    for edge in np.argsort(-weights, kind="stable"):
        if left[a[edge]] and left[b[edge]]:
            left[a[edge]] -= 1
            left[b[edge]] -= 1
            total += weights[edge]

    assert weights[best_pairing(*graph)].sum() >= total - 1e-5


@pytest.mark.parametrize("objective", list(Objective))
def test_mixed_capacities_on_a_larger_graph_are_kept(objective: Objective) -> None:
    a, b, weights, ones = random_graph(400, 2400, seed=7)
    capacities = np.random.default_rng(8).integers(0, 4, len(ones))
    graph = (a, b, weights, capacities)

    chosen = best_pairing(*graph, objective)

    assert (degrees(graph, chosen) <= capacities).all()
    assert chosen.sum() > 100


def test_coverage_serves_more_and_quality_is_worth_more() -> None:
    graph = (np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.2, 0.9, 0.2]), np.ones(4, dtype=np.int64))

    assert best_pairing(*graph, Objective.QUALITY).tolist() == [False, True, False]
    assert best_pairing(*graph, Objective.COVERAGE).tolist() == [True, False, True]


def test_fair_raises_the_weakest_tandem() -> None:
    # Two perfect pairings of a square: 0.9 + 0.1 and 0.4 + 0.5.
    graph = (
        np.array([0, 2, 0, 1]),
        np.array([1, 3, 2, 3]),
        np.array([0.9, 0.1, 0.4, 0.5]),
        np.ones(4, dtype=np.int64),
    )

    assert best_pairing(*graph, Objective.COVERAGE).tolist() == [True, True, False, False]
    assert best_pairing(*graph, Objective.FAIR).tolist() == [False, False, True, True]


def test_no_edges_and_worthless_edges_pair_nobody() -> None:
    none = np.empty(0, dtype=np.int64)
    one = np.array([0]), np.array([1])

    assert best_pairing(none, none, np.empty(0), np.ones(3, dtype=np.int64)).tolist() == []
    assert best_pairing(*one, np.array([0.0]), np.ones(2, dtype=np.int64)).tolist() == [False]
    assert best_pairing(*one, np.array([-0.2]), np.ones(2, dtype=np.int64)).tolist() == [False]


def test_a_pair_named_twice_or_with_itself_is_refused() -> None:
    ones, weights = np.ones(2, dtype=np.int64), np.array([0.5, 0.5])

    with pytest.raises(InvalidParameter, match="twice"):
        best_pairing(np.array([0, 1]), np.array([1, 0]), weights, ones)
    with pytest.raises(InvalidParameter, match="itself"):
        best_pairing(np.array([0, 1]), np.array([1, 1]), weights, ones)
