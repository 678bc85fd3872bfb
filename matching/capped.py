"""Pairing with a limit of tandems between two companies: near the best, and how near is known.

The limit makes exact pairing a matching with side constraints, NP-hard in general. Lagrangian relaxation [1] asks a
price for each tandem between two companies at their limit: the exact pairing at any prices gives an upper bound.
First prices come from an entropic relaxation, solved by alternate scaling [2] (it costs as much as two exact pairings
and saves dozens), better ones from subgradient steps. Each pairing is mended to keep the limit: the weakest beyond it
go, what is left alone is paired again. In the end those companies with room are paired once more, exactly.

[1] M. L. Fisher: The Lagrangian relaxation method for solving integer programming problems. Management Science 27
    (1981).
[2] M. Cuturi: Sinkhorn distances: lightspeed computation of optimal transport. NIPS 26 (2013).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matching.pairing import Floats, Indices, Mask, Objective, best_pairing

# Temperatures of the relaxation in units of the largest weight, and sweeps at each.
_TEMPERATURES = (0.1, 0.05, 0.03, 0.02, 0.01, 0.005)
_SWEEPS = 50
# Subgradient steps: they help small graphs only, for the first prices of a large one can hardly be bettered.
_FEWEST_STEPS, _MOST_STEPS, _EDGES_OF_ALL_STEPS = 1, 60, 20_000
_REFILLS = 2
# The exact pairing is exact on a grid of the largest weight: so much may a bound be too low for each tandem.
_GRID = 2.0**-21


@dataclass(frozen=True)
class CappedPairing:
    """A mask of the chosen edges, the upper bound, and for each two companies the price that led to it."""

    chosen: Mask
    bound: float
    prices: Floats


def best_capped_pairing(
    a: Indices,
    b: Indices,
    weights: Floats,
    capacities: Indices,
    company_pair: Indices,
    room: Indices,
    objective: Objective = Objective.QUALITY,
    *,
    unlimited: Mask | None = None,
    prices: Floats | None = None,
    on_step: Callable[[], None] | None = None,
) -> CappedPairing:
    """Which edges form a good pairing within the limits, and an upper bound of the total weight of the best one.

    Parameters
    ----------
    a, b, weights, capacities : a graph as for `best_pairing`.
    company_pair : (m,) for each edge the number of its two companies, a position into `room`.
    room : (pairs of companies,) how many edges of each can be chosen, 0 or more.
    objective : "quality" for the largest total. "coverage" and "fair" take, of that answer and of one with every
        tandem worth the largest weight more, the one that serves more communities, then has the larger total;
        the weakest tandem is not raised.
    unlimited : the answer of `best_pairing` on this graph where it is known: the answer here if it keeps the limits.
    prices : (pairs of companies,) to start from instead of a search for first ones, of a graph that is much the same.
    on_step : called between the solver's runs; what it raises ends the pairing.

    The same arrays give the same answer. No limit reached: the exact pairing, and its total as the bound.
    The bound is one of the total alone, whatever the objective.
    """
    nothing = np.zeros(len(room), dtype=np.float64)
    if unlimited is None and prices is None:
        unlimited = best_pairing(a, b, weights, capacities, objective, on_step=on_step)
    if unlimited is not None and (np.bincount(company_pair[unlimited], minlength=len(room)) <= room).all():
        return CappedPairing(unlimited, float(weights[unlimited].sum()), nothing)
    places = np.minimum(capacities[a], capacities[b])
    usable = np.flatnonzero((weights > 0) & (places > 0) & (room[company_pair] > 0))
    if not len(usable):
        return CappedPairing(np.zeros(len(a), dtype=np.bool_), 0.0, nothing)
    graph = _Graph(a[usable], b[usable], weights[usable], capacities, company_pair[usable], room)
    step = on_step or (lambda: None)
    found = _search(graph, prices, step)
    chosen = found.chosen
    if objective is not Objective.QUALITY:
        lifted = replace(graph, weights=graph.weights + graph.weights.max())
        other = _search(lifted, None, step).chosen
        chosen = max(chosen, other, key=lambda one: (graph.served(one), graph.total(one)))
    mask = np.zeros(len(a), dtype=np.bool_)
    mask[usable[chosen]] = True
    return CappedPairing(mask, found.bound, found.prices)


@dataclass(frozen=True)
class _Graph:
    a: Indices
    b: Indices
    weights: Floats
    capacities: Indices
    company_pair: Indices
    room: Indices

    def used(self, chosen: Mask) -> Indices:
        return np.bincount(np.concatenate([self.a[chosen], self.b[chosen]]), minlength=len(self.capacities))

    def served(self, chosen: Mask) -> int:
        return int(np.count_nonzero(self.used(chosen)))

    def count(self, chosen: Mask) -> Indices:
        return np.bincount(self.company_pair[chosen], minlength=len(self.room))

    def total(self, chosen: Mask) -> float:
        return float(self.weights[chosen].sum())


def _search(graph: _Graph, first: Floats | None, on_step: Callable[[], None]) -> CappedPairing:
    """Prices, bound and answer get better in turn until they meet or the steps are used up."""
    prices = _first_prices(graph) if first is None else first
    best_prices = prices
    # Each tandem loses up to one place of the grid, and no more than half of all places are tandems.
    blur = float(graph.weights.max()) * _GRID * max(1.0, float(graph.capacities.sum()) / 2)
    best, bound, scale = np.zeros(len(graph.a), dtype=np.bool_), float("inf"), 1.0
    steps = min(_MOST_STEPS, max(_FEWEST_STEPS, _EDGES_OF_ALL_STEPS // len(graph.a)))
    for _ in range(steps):
        on_step()
        priced = graph.weights - prices[graph.company_pair]
        chosen = best_pairing(graph.a, graph.b, priced, graph.capacities)
        dual = float(priced[chosen].sum() + (prices * graph.room).sum()) + blur
        if dual < bound:
            bound, best_prices = dual, prices
        else:
            scale /= 2
        best = _better(graph, best, _filled(graph, _cut(graph, chosen), on_step))
        slope = graph.room - graph.count(chosen)
        slope[(prices <= 0) & (slope > 0)] = 0
        gap = dual - graph.total(best)
        if gap <= 2 * blur or not slope.any():
            break
        prices = np.maximum(0.0, prices - scale * gap / float(slope @ slope) * slope)
    for _ in range(_REFILLS):
        on_step()
        if bound - graph.total(best) <= 2 * blur:
            break
        refilled = _refilled(graph, best, best_prices, on_step)
        if graph.total(refilled) <= graph.total(best):
            break
        best = refilled
    return CappedPairing(best, max(bound, graph.total(best)), best_prices)


def _first_prices(graph: _Graph) -> Floats:
    """Prices at which the relaxed pairing, smoothed by entropy, keeps the limits; it is made ever less smooth."""
    a, b, company_pair = graph.a, graph.b, graph.company_pair
    weights = graph.weights / graph.weights.max()
    n, companies = len(graph.capacities), len(graph.room)
    places, room = np.maximum(graph.capacities, 1), np.maximum(graph.room, 1)
    worth, prices = np.zeros(n), np.zeros(companies)

    def shares(temperature: float) -> Floats:
        gain = weights - worth[a] - worth[b] - prices[company_pair]
        return np.asarray(np.exp(np.minimum(gain / temperature, 50.0)), dtype=np.float64)

    for temperature in _TEMPERATURES:
        for _ in range(_SWEEPS):
            load = np.bincount(company_pair, shares(temperature), minlength=companies) / room
            prices = np.maximum(0.0, prices + temperature * np.log(np.maximum(load, 1e-9)))
            share = shares(temperature)
            load = (np.bincount(a, share, minlength=n) + np.bincount(b, share, minlength=n)) / places
            # Both ends of an edge move at once: each goes half of the way.
            worth = np.maximum(0.0, worth + 0.5 * temperature * np.log(np.maximum(load, 1e-9)))
    # The last digits of an exponential are the processor's own: they do not get to decide.
    return np.asarray(np.round(prices, 6) * graph.weights.max(), dtype=np.float64)


def _cut(graph: _Graph, chosen: Mask) -> Mask:
    """Without the weakest beyond each limit."""
    return _strongest(graph, np.flatnonzero(chosen), graph.room)


def _strongest(graph: _Graph, edges: Indices, room: Indices) -> Mask:
    order = edges[np.lexsort((edges, -graph.weights[edges], graph.company_pair[edges]))]
    company_pair = graph.company_pair[order]
    rank = np.arange(len(order)) - np.searchsorted(company_pair, company_pair)
    kept = np.zeros(len(graph.a), dtype=np.bool_)
    kept[order[rank < room[company_pair]]] = True
    return kept


def _filled(graph: _Graph, chosen: Mask, on_step: Callable[[], None]) -> Mask:
    """What is left alone is paired where there is room, again and again until nothing more fits."""
    while True:
        left = graph.capacities - graph.used(chosen)
        room = graph.room - graph.count(chosen)
        free = (left[graph.a] > 0) & (left[graph.b] > 0) & (room[graph.company_pair] > 0) & ~chosen
        edges = np.flatnonzero(free)
        if not len(edges):
            return chosen
        on_step()
        more = edges[best_pairing(graph.a[edges], graph.b[edges], graph.weights[edges], left)]
        chosen = chosen | _strongest(graph, more, room)


def _refilled(graph: _Graph, chosen: Mask, prices: Floats, on_step: Callable[[], None]) -> Mask:
    """Companies with room are paired anew beside the tandems of those without, which may go but not grow."""
    with_room = (graph.count(chosen) < graph.room)[graph.company_pair]
    edges = np.flatnonzero(chosen | with_room)
    worth = np.where(with_room, graph.weights - prices[graph.company_pair], graph.weights)[edges]
    again = np.zeros(len(graph.a), dtype=np.bool_)
    again[edges] = best_pairing(graph.a[edges], graph.b[edges], worth, graph.capacities)
    return _filled(graph, _cut(graph, again), on_step)


def _better(graph: _Graph, one: Mask, other: Mask) -> Mask:
    return other if graph.total(other) > graph.total(one) else one
