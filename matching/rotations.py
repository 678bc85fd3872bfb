"""For small meetups: one rotation at a time is seated in the best way there is, given all others.

Every group without a fault is listed once. Of those in which nobody meets again, the ones are chosen that seat
everybody once and have most in common: set partitioning (E. Balas and M. Padberg, Set Partitioning: A Survey, SIAM
Review 18, 1976), solved by HiGHS. Where no rotation can be better as long as the others stay, all but one are seated
anew with noise on what groups are worth, and again one at a time (iterated local search: H. Lourenco, O. Martin and
T. Stuetzle, 2003).
"""

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_matrix

from matching.grouping import Floats, Indices, Mask, Task, faults, pairs_together, total_similarity

OnShare = Callable[[float], None]

# 24 people have 10,626 groups of four. More people take longer than more groups do: 50 in groups of three, which are
# 19,600, took half a minute, and there was next to nothing to gain.
_MOST_PEOPLE, _MOST_GROUPS = 24, 11_000
# So often all is seated anew; less often where there are many groups; no more where it has not helped for so often.
_ROUNDS, _GROUPS_OF_ALL, _IN_VAIN = 16, 100_000, 6
# In mean worths of a group.
_NOISE = 0.5
# Where an answer is not proven without branching, the best one by then has to do: the effort is to have an end, the
# same one on any machine.
_NODES = 1
_LEAST_GAIN = 1e-9
_SEED = 20_240_301


def is_small(task: Task) -> bool:
    """Whether all its groups can be listed, and rotations chosen of them, in a few seconds."""
    groups = sum(comb(task.people, size) for size in set(task.sizes))
    return task.people <= _MOST_PEOPLE and groups <= _MOST_GROUPS


def refined(task: Task, seating: Indices, effort: float, tell: OnShare) -> Indices:
    """(rotations, groups, seats) with no less similarity in sum. The task `is_small`.

    A seating with faults stays as it is, and so does one of people who are all equally related. `effort` multiplies
    the rounds; `tell` hears the share done, 0 to 1, before each rotation that is chosen.
    """
    related = task.similarity[np.triu_indices(task.people, 1)]
    if any(faults(task, seating)) or not np.ptp(related):
        return seating
    rotations = _Rotations(task, tell)
    best = rotations.climbed(seating)
    if len(best) == 1:
        return best
    usual = min(_ROUNDS, _GROUPS_OF_ALL // (len(best) * len(rotations.groups)))
    rounds, in_vain = max(1, round(effort * usual)), 0
    for number in range(rounds):
        rotations.share = number / rounds
        found = rotations.climbed(rotations.shaken(best))
        if _gains(task, found, best):
            best, in_vain = found, 0
        else:
            in_vain += 1
        if in_vain == _IN_VAIN:
            break
    return best


class _Rotations:
    """All groups without a fault, and rotations made of them."""

    def __init__(self, task: Task, tell: OnShare) -> None:
        self._task, self._tell = task, tell
        self.share = 0.0
        self._chance = np.random.default_rng(_SEED)
        n, seats = task.people, task.seats
        self._pairs = np.triu_indices(seats, 1)
        listed = [np.array(list(combinations(range(n), size))) for size in sorted(set(task.sizes))]
        groups = np.concatenate(
            [np.pad(one, ((0, 0), (0, seats - one.shape[1])), constant_values=n) for one in listed]
        )
        apart: Mask = np.pad(task.apart | task.same_company | task.met, (0, 1))
        spoken = np.bitwise_and.reduce(np.append(task.languages, ~np.uint64(0))[groups], axis=1)
        self.groups: Indices = groups[(spoken != 0) & ~self._hold(apart, groups)]
        a, b = self._pairs
        self._worth: Floats = np.pad(task.similarity, (0, 1))[self.groups[:, a], self.groups[:, b]].sum(axis=1)
        # Who sits in which group; the last row tells which have an empty seat.
        column = np.repeat(np.arange(len(self.groups)), seats)
        shape = (n + 1, len(self.groups))
        self._seats = csc_matrix((np.ones(self.groups.size), (self.groups.ravel(), column)), shape=shape)
        self._each = np.append(np.ones(n), task.groups * seats - n)

    def climbed(self, seating: Indices) -> Indices:
        """The seating once no rotation can be better as long as the others stay."""
        seating = seating.copy()
        number, unchanged = 0, 0
        while unchanged < len(seating):
            better = self._seated(seating, number, self._worth)
            if better is not None and _gains(self._task, better[None], seating[number][None]):
                seating[number], unchanged = better, 0
            unchanged += 1
            number = (number + 1) % len(seating)
        return seating

    def shaken(self, seating: Indices) -> Indices:
        """The seating with all rotations but one seated anew, by what groups would be worth with noise."""
        seating = seating.copy()
        noise = _NOISE * total_similarity(self._task, seating) / (len(seating) * self._task.groups)
        for number in self._chance.permutation(len(seating))[1:]:
            other = self._seated(
                seating, number, self._worth + noise * self._chance.standard_normal(len(self._worth))
            )
            if other is not None:
                seating[number] = other
        return seating

    def _seated(self, seating: Indices, number: int, worth: Floats) -> Indices | None:
        """The groups of one rotation that are worth most, when the others stay."""
        self._tell(self.share)
        met = np.zeros((self._task.people + 1,) * 2, dtype=np.bool_)
        _, a, b = pairs_together(self._task, np.delete(seating, number, axis=0))
        met[a, b] = met[b, a] = True
        free = np.flatnonzero(~self._hold(met, self.groups))
        found = milp(
            -worth[free],
            constraints=LinearConstraint(self._seats[:, free], self._each, self._each),
            integrality=np.ones(len(free)),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0, "node_limit": _NODES},
        )
        return None if found.x is None else self.groups[free[found.x > 0.5]]

    def _hold(self, pairs: Mask, groups: Indices) -> Mask:
        """Which groups hold one of these pairs."""
        a, b = self._pairs
        held: Mask = np.any(pairs[groups[:, a], groups[:, b]], axis=1)
        return held


def _gains(task: Task, found: Indices, present: Indices) -> bool:
    return total_similarity(task, found) > total_similarity(task, present) + _LEAST_GAIN
