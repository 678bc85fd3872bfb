"""Maximum-weight pairing on a general graph, exact, with capacities: encode, solve, decode.

A pairing with the largest total weight is a perfect matching with the smallest one once every community may
be matched to a boundary of its own ("stays alone"). Sparse blossom [1] solves that in seconds where general
blossom implementations need minutes. Capacity c becomes c copies; where both sides have several copies, a
pair of helper nodes between them sees to it that no pair is chosen twice [2].

[1] O. Higgott, C. Gidney: Sparse Blossom: correcting a million errors per core second with minimum-weight
    matching. Quantum 9, 1600 (2025).
[2] W. T. Tutte: A short proof of the factor theorem for finite graphs. Canad. J. Math. 6 (1954), the
    reduction of degree-constrained subgraphs to matching.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pymatching
from scipy.sparse import csc_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from matching.exceptions import InvalidParameter, MatchingError

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
OnStep = Callable[[], None]

# The solver keeps weights of 24 bits; whole numbers below that are exact in it.
_LARGEST_WEIGHT = 2**24 - 2


class Objective(StrEnum):
    """What the best pairing is."""

    QUALITY = "quality"
    """The largest total weight."""
    COVERAGE = "coverage"
    """As many communities with a tandem as possible; among those pairings the largest total weight."""
    FAIR = "fair"
    """As many as possible; among those the weakest tandem as good as possible; then the largest total."""


def best_pairing(
    a: Indices,
    b: Indices,
    weights: Floats,
    capacities: Indices,
    objective: Objective = Objective.QUALITY,
    *,
    on_step: OnStep | None = None,
) -> Mask:
    """Which edges of a graph form the best pairing.

    Parameters
    ----------
    a, b : (m,) end points of each edge, positions into `capacities`; no pair twice, no loop.
    weights : (m,) what an edge is worth; edges of weight 0 or less are never chosen.
    capacities : (n,) how many edges each node can have at most, 0 to 3.
    objective : see `Objective`.
    on_step : called between the solver's runs ("fair" takes several); what it raises ends the pairing.

    Returns a mask (m,) of the chosen edges; no edge gives an empty or all-false one. Weights are cut to a grid
    of about max(weight) / 2**23 (finer than 1e-6; / 2**21 with capacities above 1 on both sides of an edge) and
    the answer is exactly optimal on that grid. All weights equal: a pairing with the most edges.
    The same arrays give the same answer. Raises InvalidParameter when a pair occurs twice or joins a node to itself.
    """
    _check_edges(a, b, len(capacities))
    usable = np.flatnonzero((weights > 0) & (capacities[a] > 0) & (capacities[b] > 0))
    chosen = np.zeros(len(a), dtype=np.bool_)
    if not len(usable):
        return chosen
    graph = _Graph(a[usable], b[usable], weights[usable], capacities)
    solve = {Objective.QUALITY: _largest_total, Objective.COVERAGE: _most_served, Objective.FAIR: _weakest_raised}
    chosen[usable[solve[objective](graph, on_step or (lambda: None))]] = True
    return chosen


@dataclass(frozen=True)
class _Graph:
    a: Indices
    b: Indices
    weights: Floats
    capacities: Indices

    def served_by(self, chosen: Indices) -> int:
        return len(np.unique(np.concatenate([self.a[chosen], self.b[chosen]])))

    def only(self, kept: Mask) -> "_Graph":
        return _Graph(self.a[kept], self.b[kept], self.weights[kept], self.capacities)


def _largest_total(graph: _Graph, on_step: OnStep) -> Indices:
    return _solve(graph, graph.weights / graph.weights.max(), bonus=0.0)


def _most_served(graph: _Graph, on_step: OnStep) -> Indices:
    """Lexicographic with few digits: the smallest bonus for a served community that reaches the maximum."""
    chosen = _solve(graph, graph.weights / graph.weights.max(), bonus=1.0)
    # The pure count costs a run of its own; where the bound is reached it is not needed.
    if graph.served_by(chosen) == _most_that_could_be_served(graph):
        return chosen
    on_step()
    served = _largest_number_served(graph)
    return chosen if graph.served_by(chosen) == served else _with_smallest_bonus(graph, served, 2.0, on_step)


def _weakest_raised(graph: _Graph, on_step: OnStep) -> Indices:
    """The highest weight below which every edge can go with no community less served.

    A bound of the number served costs next to nothing: it tells above which level nobody need look, and by where
    it begins to fall, at which level to count first. From there ever longer steps, then halves, find the level.
    """
    on_step()
    served = graph.served_by(_most_served(graph, on_step))
    levels = np.unique(graph.weights)

    def bound(level: int) -> int:
        return _most_that_could_be_served(graph.only(graph.weights >= levels[level]))

    def reached(level: int) -> bool:
        on_step()
        return _largest_number_served(graph.only(graph.weights >= levels[level])) == served

    first = bound(0)
    high = _last(lambda level: bound(level) >= served, 0, len(levels) - 1)
    likely = _last(lambda level: bound(level) >= first, 0, high)
    level = _last_near(reached, likely, high)
    return _within(graph, graph.weights >= levels[level], served, on_step)


def _within(graph: _Graph, kept: Mask, served: int, on_step: OnStep) -> Indices:
    chosen: Indices = np.flatnonzero(kept)[_with_smallest_bonus(graph.only(kept), served, 1.0, on_step)]
    return chosen


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last number from `low`, where it holds, to `high`, with none after it."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _last_near(holds: Callable[[int], bool], start: int, high: int) -> int:
    """As `_last` from 0, tried from `start` in steps that double."""
    low, step = start, 1
    if holds(start):
        while low < high and holds(min(high, low + step)):
            low, step = min(high, low + step), 2 * step
        return _last(holds, low, min(high, low + step - 1))
    while low > 0:
        high, low, step = low - 1, max(0, low - step), 2 * step
        if low == 0 or holds(low):
            break
    return _last(holds, low, max(low, high))


def _largest_number_served(graph: _Graph) -> int:
    return graph.served_by(_solve(graph, np.zeros(len(graph.a)), bonus=1.0))


def _most_that_could_be_served(graph: _Graph) -> int:
    """No pairing serves more: each community takes a place of a neighbour, whether that one takes one back or not.

    That is a matching of two sides, found in milliseconds. Where all capacities are 1, communities are served two at
    a time in each connected part.
    """
    n = len(graph.capacities)
    first = np.concatenate(([0], np.cumsum(graph.capacities)))
    taker, giver = np.concatenate([graph.a, graph.b]), np.concatenate([graph.b, graph.a])
    count = graph.capacities[giver]
    places = (np.repeat(taker, count), _ranges(first[giver], count))
    sides = csr_matrix((np.ones(len(places[0]), dtype=np.int8), places), shape=(n, max(1, int(first[-1]))))
    served = maximum_bipartite_matching(sides, perm_type="column") >= 0
    joined = csr_matrix((np.ones(len(graph.a), dtype=np.int8), (graph.a, graph.b)), shape=(n, n))
    parts, part = connected_components(joined, directed=False)
    in_part = np.bincount(part, weights=served, minlength=parts).astype(np.int64)
    by_two = np.bincount(part, weights=graph.capacities > 1, minlength=parts) == 0
    return int(np.where(by_two, in_part // 2 * 2, in_part).sum())


def _with_smallest_bonus(graph: _Graph, served: int, bonus: float, on_step: OnStep) -> Indices:
    scaled = graph.weights / graph.weights.max()
    safe = float(len(graph.capacities))
    while True:
        on_step()
        chosen = _solve(graph, scaled, bonus)
        # At any bonus that reaches the maximum the total is the largest of all pairings that reach it.
        if graph.served_by(chosen) == served:
            return chosen
        if bonus > safe:
            raise MatchingError("the pairing that serves the most communities could not be reached")
        bonus *= 2.0


def _solve(graph: _Graph, worth: Floats, bonus: float) -> Indices:
    """Edges that maximise the sum of `worth` (0 to 1) plus `bonus` for each node with at least one edge.

    Unmatched copies pay half of `base` at their boundary, an edge costs `base` less its worth, so that a
    matched pair gains its worth; the first copy of a node pays `bonus` on top. `base` is large enough that
    three edges at one node never beat a boundary, so the cheapest solution is a matching (asserted).
    """
    encoded = _encode(graph, worth, bonus)
    # The solver's own numbering of edges is not needed: without it the graph is built in half the time.
    no_faults = csc_matrix((1, encoded.incidence.shape[1]), dtype=np.uint8)
    matching = pymatching.Matching.from_check_matrix(
        encoded.incidence, weights=encoded.weights, faults_matrix=no_faults
    )
    solution = matching.decode_to_matched_dets_array(np.ones(encoded.nodes, dtype=np.uint8))
    return _decode(encoded, solution, len(graph.a))


@dataclass(frozen=True)
class _Encoded:
    nodes: int
    incidence: csc_matrix
    weights: Floats
    key: Indices  # low * nodes + high of the arcs that mean "this edge is chosen", sorted
    edge: Indices  # the edge that each such arc means
    arcs: Indices  # the same of all arcs, sorted


def _encode(graph: _Graph, worth: Floats, bonus: float) -> _Encoded:
    capacities = graph.capacities
    first_copy = np.concatenate(([0], np.cumsum(capacities)))
    copies = int(first_copy[-1])
    wide = (capacities[graph.a] > 1) & (capacities[graph.b] > 1)
    unit, base = _grid(bool(wide.any()), bonus)
    # Half a gain goes to each side of a helped pair.
    step = 2 if wide.any() else 1
    gain = step * np.rint(worth * unit / step).astype(np.int64)

    narrow = np.flatnonzero(~wide)
    edge, copy_a, copy_b = _copy_pairs(narrow, graph, first_copy)
    arcs = [(copy_a, copy_b, base - gain[edge])]
    meaning = [edge]

    helped = np.flatnonzero(wide)
    p = copies + 2 * np.arange(len(helped))
    q = p + 1
    nodes = copies + 2 * len(helped)
    # base = shift + shift / 2 with helpers; through both of them a pair costs shift more than on its own.
    shift = 2 * base // 3
    for ends, helper in ((graph.a, p), (graph.b, q)):
        count = capacities[ends[helped]]
        copy = _ranges(first_copy[ends[helped]], count)
        arcs.append((copy, np.repeat(helper, count), np.repeat(shift + (base - shift - gain[helped]) // 2, count)))
        # A pair is chosen through both helpers or neither: the arcs at p tell.
        meaning.append(np.repeat(helped, count) if helper is p else np.full(len(copy), -1))
    arcs.append((p, q, np.full(len(p), shift)))
    meaning.append(np.full(len(p), -1))

    tail, head, weight = (np.concatenate(column) for column in zip(*arcs, strict=True))
    means = np.concatenate(meaning)
    alone = np.full(copies, base // 2)
    alone[first_copy[:-1][capacities > 0]] += round(bonus * unit)
    m = len(tail)
    rows = np.concatenate([tail, head, np.arange(copies)])
    cols = np.concatenate([np.arange(m), np.arange(m), m + np.arange(copies)])
    incidence = csc_matrix((np.ones(len(rows), dtype=np.uint8), (rows, cols)), shape=(nodes, m + copies))
    telling = np.flatnonzero(means >= 0)
    arcs_key = np.minimum(tail, head) * nodes + np.maximum(tail, head)
    key = arcs_key[telling]
    order = np.argsort(key)
    weights = np.concatenate([weight, alone]).astype(np.float64)
    return _Encoded(nodes, incidence, weights, key[order], means[telling][order], np.sort(arcs_key))


def _decode(encoded: _Encoded, solution: npt.NDArray[np.int64], edges: int) -> Indices:
    ends = solution.astype(np.int64)
    degree = np.bincount(ends[ends >= 0].ravel(), minlength=encoded.nodes)
    if not np.array_equal(degree, np.ones(encoded.nodes)):
        raise MatchingError("the solver's answer is not a matching")
    inner = ends[(ends >= 0).all(axis=1)]
    key = inner.min(axis=1) * encoded.nodes + inner.max(axis=1)
    # The solver matches along paths; ours are never longer than one arc.
    if not _all_among(encoded.arcs, key):
        raise MatchingError("the solver's answer is not a matching")
    place = np.searchsorted(encoded.key, key)
    place[place == len(encoded.key)] = 0
    known = encoded.key[place] == key if len(encoded.key) else np.zeros(0, dtype=np.bool_)
    times = np.bincount(encoded.edge[place[known]], minlength=edges)
    if times.max(initial=0) > 1:
        raise MatchingError("the solver chose a pair twice")
    return np.flatnonzero(times)


def _all_among(known: Indices, asked: Indices) -> bool:
    place = np.searchsorted(known, asked)
    return bool((place < len(known)).all() and (known[place] == asked).all())


def _grid(helpers: bool, bonus: float) -> tuple[int, int]:
    """Whole numbers for a worth of 1 and for `base`, as fine as the solver's weights allow.

    A node with three edges instead of one saves at most 2 (worth) + 2 * bonus, which must be less than `base`;
    a helper with three saves 1 + 2 * bonus, which must be less than the shift, two thirds of `base`.
    """
    base_in_units = 6 + 3 * bonus if helpers else 2 + 2 * bonus
    unit = int((_LARGEST_WEIGHT - 24) / base_in_units) // 12 * 12
    base = int(base_in_units * unit) // 12 * 12 + 12
    return unit, base


def _copy_pairs(edges: Indices, graph: _Graph, first_copy: Indices) -> tuple[Indices, Indices, Indices]:
    """Every copy of one end with every copy of the other, edge by edge."""
    count_a, count_b = graph.capacities[graph.a[edges]], graph.capacities[graph.b[edges]]
    total = count_a * count_b
    edge = np.repeat(edges, total)
    number = _ranges(np.zeros(len(edges), dtype=np.int64), total)
    width = np.repeat(count_b, total)
    copy_a = first_copy[graph.a[edge]] + number // np.maximum(width, 1)
    copy_b = first_copy[graph.b[edge]] + number % np.maximum(width, 1)
    return edge, copy_a, copy_b


def _ranges(starts: Indices, counts: Indices) -> Indices:
    """start, start + 1, ... of each pair (start, count), one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    numbers: Indices = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    return numbers


def _check_edges(a: Indices, b: Indices, nodes: int) -> None:
    if np.any(a == b):
        raise InvalidParameter("edges", "an edge joins a node to itself")
    if len(np.unique(np.minimum(a, b) * nodes + np.maximum(a, b))) != len(a):
        raise InvalidParameter("edges", "a pair occurs twice")
