"""The search for a seating: one person rises from each group, and all sit down anew in the best way there is.

Who rises leaves a free seat in each group; what each would cost in each seat is exact, so that the best of all ways
to sit down is a linear assignment (a very large neighbourhood: R. Ahuja et al., A survey of very large-scale
neighborhood search techniques, Discrete Applied Mathematics 123, 2002). Repeated with others rising, and with noise
on the costs that fades away (I. Charon and O. Hudry, The noising method, Operations Research Letters 14, 1993), it
leaves the traps that exchanging two people at a time ends in.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.optimize import linear_sum_assignment

from matching.grouping import (
    Faults,
    Floats,
    Indices,
    Task,
    faults,
    least_repeated,
    least_same_company,
    pairs_together,
    total_similarity,
)
from matching.rotations import is_small, refined

OnShare = Callable[[float], None]
Weights = tuple[float, float, float]
"""What a pair of one company, a repeated pair and a group without a language cost."""

# Each counts more than all that those before it can add up to among the people who rise together.
STRICT: Weights = (256.0, 256.0**2, 256.0**3)
# Kept apart counts so much more than a group without a language.
_APART = 256.0
# With costs near to each other a fault of one kind is taken in passing to be rid of another; which of these gets
# through depends on the meetup. Each with the noise to start from; all in mean similarities of a first seating.
_LENIENT: tuple[tuple[Weights, float], ...] = (
    ((8.0, 20.0, 50.0), 8.0),
    # A language may cost many repeats, and is worth them.
    ((8.0, 160.0, 3200.0), 3200.0),
    ((20.0, 60.0, 180.0), 20.0),
    ((10.0, 15.0, 20.0), 10.0),
    ((5.0, 15.0, 30.0), 15.0),
    ((8.0, 20.0, 50.0), 4.0),
)
# Large meetups have one run; small ones have more, and leave their traps by a louder start.
_STRICT_NOISE = (0.5, 4.0, 2.0, 1.0)
_LEAST_NOISE = 0.03

# Steps of one run, each so often through all groups of every rotation; and without noise at its end.
_STEPS, _TIMES, _CALM_STEPS = 240, 4, 10
_LENIENT_STEPS = 120
# So many groups are seated anew in all the runs of a kind; small meetups have more runs, but only so many.
_SEATED, _MOST_RUNS, _MOST_LENIENT_RUNS = 800_000, 16, 20
# An assignment takes as long as this many more groups in it would.
_FOR_EACH = 10
_FIRST_STEPS = 40
# So many groups are assigned at once: twice as many take eight times as long, and find hardly more.
_TOGETHER = 40
_SEED = 20_240_229
# The share of the work that is done then, where each rotation is seated in the best way there is at last.
_UNTIL_SMALL = 0.6


def searched(task: Task, effort: float, tell: OnShare) -> Indices:
    """(rotations, groups, seats) the best seating found; of equal input the same.

    `effort` multiplies the steps, 1 is the usual number; `tell` hears the share done, 0 to 1.
    """
    chance = np.random.default_rng(_SEED)
    best = first = _first(task, chance)
    _, a, b = pairs_together(task, first)
    # Without any theme in common any unit will do.
    unit = float(task.similarity[a, b].mean()) or 1.0
    bounds = Faults(0, 0, least_repeated(task), least_same_company(task))
    runs, steps = _runs_of(task, _LENIENT_STEPS, _MOST_LENIENT_RUNS, effort)
    for number in range(runs):
        if faults(task, best) <= bounds:
            break
        tell(0.5 * number / runs)
        (company, repeat, language), noise = _LENIENT[number % len(_LENIENT)]
        weights = (company * unit, repeat * unit, language * unit)
        found = _Table(task, chance, weights).annealed(first, _fading(noise * unit, steps))
        best = min(best, _Table(task, chance).annealed(found, [0.0] * _CALM_STEPS), key=_standing_of(task))
    runs, steps = _runs_of(task, _STEPS, _MOST_RUNS, effort)
    start, table = best, _Table(task, chance)
    until = _UNTIL_SMALL if is_small(task) else 1.0
    for number in range(runs):
        noises = _fading(_STRICT_NOISE[number % len(_STRICT_NOISE)] * unit, steps)
        found = table.annealed(start, noises, partial(_told, tell, until, number, runs))
        best = min(best, found, key=_standing_of(task))
    if until < 1.0:
        best = refined(task, best, effort, lambda share: tell(until + (1.0 - until) * share))
    tell(1.0)
    return best


def standing(task: Task, seating: Indices) -> tuple[Faults, float]:
    """What seatings are compared by: less is better."""
    return faults(task, seating), -total_similarity(task, seating)


def greedy(task: Task, costs: Floats) -> Indices:
    """(groups, seats) one rotation: group after group, each filled with who costs least beside those it has.

    costs : (n + 1, n + 1) of each pair, the last of an empty seat.
    """
    n = task.people
    rotation = np.full((task.groups, task.seats), n, dtype=np.int64)
    free = np.ones(n, dtype=np.bool_)
    for number, size in enumerate(task.sizes):
        beside = np.zeros(n)
        for seat in range(size):
            chosen = int(np.argmin(np.where(free, beside, np.inf)))
            rotation[number, seat] = chosen
            free[chosen] = False
            beside = beside + costs[chosen, :n]
    return rotation


def greedy_seating(task: Task) -> Indices:
    """(rotations, groups, seats) one rotation after the other, each greedy in what those before have left."""
    table = _Table(task, np.random.default_rng(_SEED))
    seating = np.empty((task.rotations, task.groups, task.seats), dtype=np.int64)
    for rotation in seating:
        rotation[:] = greedy(task, table.costs())
        table.count(rotation, 1)
    return seating


def _first(task: Task, chance: np.random.Generator) -> Indices:
    """Greedy, each rotation improved before the next is made."""
    table = _Table(task, chance)
    seating = np.empty((task.rotations, task.groups, task.seats), dtype=np.int64)
    for rotation in seating:
        costs = table.costs()
        rotation[:] = greedy(task, costs)
        for _ in range(_FIRST_STEPS):
            table.reseat(rotation, costs, 0.0)
        table.count(rotation, 1)
    return min(seating, greedy_seating(task), key=_standing_of(task))


def _runs_of(task: Task, steps: int, most: int, effort: float) -> tuple[int, int]:
    """How many runs of how many steps: together `effort` times the usual number."""
    each = steps * _TIMES * task.rotations * (task.groups + _FOR_EACH)
    usual = max(1, min(most, _SEATED // each))
    runs = max(1, min(most, round(usual * effort)))
    return runs, max(1, round(steps * usual * effort / runs))


def _fading(noise: float, steps: int) -> list[float]:
    """Noise that fades away, step by step, and calm after it."""
    return [*np.geomspace(noise, _LEAST_NOISE * noise, steps).tolist(), *[0.0] * _CALM_STEPS]


def _standing_of(task: Task) -> Callable[[Indices], tuple[Faults, float]]:
    return lambda seating: standing(task, seating)


def _told(tell: OnShare, until: float, number: int, runs: int, share: float) -> None:
    tell(0.5 + (until - 0.5) * (number + share) / runs)


class _Table:
    """Where rotations are seated anew, at certain costs.

    It knows who has met whom in the rotations that it was told of.
    """

    def __init__(self, task: Task, chance: np.random.Generator, weights: Weights = STRICT) -> None:
        self._task, self._chance = task, chance
        company, self._repeat, self._language = weights
        n, apart = task.people, self._language * _APART
        self._base = np.pad(company * task.same_company + apart * task.apart - task.similarity, (0, 1))
        # A group has one empty seat at most.
        self._base[n, n] = apart
        self._met = np.pad(task.met.astype(np.int64), (0, 1))
        everything = ~np.uint64(0)
        self._spoken = np.append(task.languages, everything)
        self._languages_differ = bool((task.languages != everything).any())
        self._others = np.array([[one for one in range(task.seats) if one != seat] for seat in range(task.seats)])

    def annealed(self, seating: Indices, noises: list[float], tell: OnShare | None = None) -> Indices:
        """The seating after as many steps as there are noises; the one given stays as it is."""
        seating = seating.copy()
        for rotation in seating:
            self.count(rotation, 1)
        for step, noise in enumerate(noises):
            if tell is not None:
                tell(step / len(noises))
            for rotation in seating:
                self.count(rotation, -1)
                costs = self.costs()
                for _ in range(_TIMES):
                    self.reseat(rotation, costs, noise)
                self.count(rotation, 1)
        for rotation in seating:
            self.count(rotation, -1)
        return seating

    def costs(self) -> Floats:
        """(n + 1, n + 1) of each pair in a further rotation, the last of an empty seat."""
        return self._base + self._repeat * (self._met > 0)

    def count(self, rotation: Indices, times: int) -> None:
        """Remember (1) or forget (-1) who has met in a rotation."""
        self._met[rotation[:, :, None], rotation[:, None, :]] += times
        empty = self._task.people
        self._met[empty] = self._met[:, empty] = 0

    def reseat(self, rotation: Indices, costs: Floats, noise: float) -> None:
        """One person of each group rises and sits down anew, some groups at a time."""
        groups = self._task.groups
        if groups <= _TOGETHER:
            self._assign(rotation, np.arange(groups), costs, noise)
            return
        for some in np.array_split(self._chance.permutation(groups), -(-groups // _TOGETHER)):
            self._assign(rotation, some, costs, noise)

    def _assign(self, rotation: Indices, some: Indices, costs: Floats, noise: float) -> None:
        seat = self._chance.integers(self._task.seats, size=len(some))
        risen = rotation[some, seat]
        staying = rotation[some[:, None], self._others[seat]]
        price = costs[risen[:, None, None], staying].sum(axis=2)
        if self._languages_differ:
            spoken = np.bitwise_and.reduce(self._spoken[staying], axis=1)
            price += self._language * ((spoken & self._spoken[risen][:, None]) == 0)
        if noise:
            price += noise * self._chance.standard_exponential(price.shape)
        who, where = linear_sum_assignment(price)
        rotation[some[where], seat[where]] = risen[who]
