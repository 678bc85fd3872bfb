"""Last, nobody is left behind: the worst group and the worst-served person of a seating are improved.

By exchanges of two people that add no fault, and take only a little from the similarity of all.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from matching.grouping import Floats, Indices, Task, similarities_of_groups, total_similarity

COST = 0.02
"""The most of the similarity of all pairs in groups that is given away for the worst-served."""

WORTH_IT = 0.1
"""The worst group or the worst-served person has to gain so much of what it had: else nothing is given away."""

_MOST_EXCHANGES = 400
# Of the exchanges that would help the first so many are tried.
_TRIED = 40
_LEAST_GAIN = 1e-9


class _Exchange(NamedTuple):
    rotation: int
    a: int
    b: int
    gain: float


def evened(task: Task, seating: Indices, cost: float = COST) -> Indices:
    """The seating with a better worst group and worst-served person, where there is one; the one given stays.

    Neither is ever made worse for the other, faults never become more, and at least `1 - cost` of the similarity
    stays. Where both gain hardly anything, all of it does.
    """
    evening = _Evening(task, seating.copy(), cost)
    before = evening.worst()
    for _ in range(_MOST_EXCHANGES):
        if not evening.improve_worst_group() and not evening.improve_worst_person():
            break
    gained = any(now > (1 + WORTH_IT) * then for then, now in zip(before, evening.worst(), strict=True))
    return evening.seating if gained else seating.copy()


class _Evening:
    def __init__(self, task: Task, seating: Indices, cost: float) -> None:
        self._task = task
        self.seating = seating
        n = task.people
        self._similarity = np.pad(task.similarity, (0, 1))
        self._faults = np.pad(task.same_company + 256.0**2 * task.apart, (0, 1))
        self._spoken = np.append(task.languages, ~np.uint64(0))
        self._left = cost * total_similarity(task, seating)
        # Who has nothing in common with anybody is served as well as can be.
        self._told = np.append(task.similarity.any(axis=1), False)
        self._met = np.pad(task.met.astype(np.int64), (0, 1))
        self._place = np.zeros((len(seating), n + 1), dtype=np.int64)
        self._served = np.zeros((len(seating), n + 1))
        for number, rotation in enumerate(seating):
            self._place[number, rotation] = np.arange(task.groups)[:, None]
            self._met[rotation[:, :, None], rotation[:, None, :]] += 1
            for group in range(task.groups):
                self._served[number, rotation[group]] = self._served_in(rotation[group])
        self._groups = similarities_of_groups(task, seating)

    def worst(self) -> tuple[float, float]:
        """What the worst group, and the worst-served person, has in common."""
        return float(self._groups.min()), self._worst_person()

    def improve_worst_group(self) -> bool:
        worst = self._groups.min()
        number, group = divmod(int(self._groups.argmin()), self._task.groups)
        found = self._exchanges(number, group)
        return any(self._made(one, worst + _LEAST_GAIN, self._worst_person()) for one in found)

    def improve_worst_person(self) -> bool:
        if not self._told.any():
            return False
        served = np.where(self._told, self._served.mean(axis=0), np.inf)
        person, worst = int(served.argmin()), self._worst_person()
        found = [
            one
            for number in range(len(self.seating))
            for one in self._exchanges(number, int(self._place[number, person]), person)
        ]
        found.sort(key=lambda one: (-one.gain, one.rotation, one.a, one.b))
        return any(self._made(one, float(self._groups.min()), worst + _LEAST_GAIN) for one in found[:_TRIED])

    def _worst_person(self) -> float:
        served = self._served.mean(axis=0)[self._told]
        return float(served.min()) if len(served) else 0.0

    def _exchanges(self, number: int, group: int, person: int | None = None) -> Iterator[_Exchange]:
        """Exchanges with the group that add no fault and help it most, or the person of it."""
        task, rotation = self._task, self.seating[number]
        members = rotation[group][rotation[group] < task.people]
        others = np.flatnonzero(self._place[number, : task.people] != group)
        theirs = rotation[self._place[number, others]]
        gain, loss = self._change(self._similarity, members, others, rotation[group], theirs)
        faults, more = self._change(self._faults_in(number), members, others, rotation[group], theirs)
        helps = gain
        if person is not None:
            # To sit elsewhere, or to have somebody else beside oneself.
            elsewhere = self._similarity[person, theirs].sum(axis=1) - self._similarity[person, others]
            here = self._similarity[person, rotation[group]].sum()
            beside = self._similarity[person, others] - self._similarity[person, members][:, None]
            helps = np.where((members == person)[:, None], elsewhere - here, beside)
        possible = (faults + more <= 0) & (helps > _LEAST_GAIN) & (gain + loss >= -self._left)
        a, b = np.nonzero(possible)
        order = np.lexsort((b, a, -helps[a, b]))[:_TRIED]
        for one, other in zip(a[order].tolist(), b[order].tolist(), strict=True):
            yield _Exchange(number, int(members[one]), int(others[other]), float(helps[one, other]))

    def _faults_in(self, number: int) -> Floats:
        """(n + 1, n + 1) what each pair would count in this rotation."""
        rotation = self.seating[number]
        met = self._met.copy()
        met[rotation[:, :, None], rotation[:, None, :]] -= 1
        met[-1] = met[:, -1] = 0
        np.fill_diagonal(met, 0)
        return np.asarray(self._faults + 256.0 * (met > 0))

    def _change(
        self, value: Floats, members: Indices, others: Indices, ours: Indices, theirs: Indices
    ) -> tuple[Floats, Floats]:
        """(members, others) what an exchange adds to the values of the pairs of the group, and of the other group."""
        apart = value[members[:, None], others]
        mine_here = value[members[:, None], ours].sum(axis=1)[:, None]
        mine_there = value[members[:, None, None], theirs].sum(axis=2)
        theirs_there = value[others[:, None], theirs].sum(axis=1)
        theirs_here = value[others[:, None], ours].sum(axis=1)
        return theirs_here - apart - mine_here, mine_there - apart - theirs_there

    def _made(self, exchange: _Exchange, least_group: float, least_person: float) -> bool:
        """Makes an exchange if both groups, and everybody in them, have at least so much after it, and share a
        language if they did before."""
        rotation, place = self.seating[exchange.rotation], self._place[exchange.rotation]
        groups = [int(place[exchange.a]), int(place[exchange.b])]
        old = rotation[groups]
        new = np.where(old == exchange.a, exchange.b, np.where(old == exchange.b, exchange.a, old))
        if (self._without_language(new) > self._without_language(old)).any():
            return False
        served = np.stack([self._served_in(seats) for seats in new])
        size = (new < self._task.people).sum(axis=1)
        means = served.sum(axis=1) / size
        change = float((means - self._groups[exchange.rotation, groups]) @ (size * (size - 1) / 2))
        people = self._served.mean(axis=0)[new] + (served - self._served[exchange.rotation, new]) / len(self.seating)
        if (means < least_group).any() or (people[self._told[new]] < least_person).any() or change < -self._left:
            return False
        self._left += change
        self._groups[exchange.rotation, groups] = means
        self._served[exchange.rotation, new] = served
        rotation[groups] = new
        place[new] = np.array(groups)[:, None]
        self._met[old[:, :, None], old[:, None, :]] -= 1
        self._met[new[:, :, None], new[:, None, :]] += 1
        return True

    def _without_language(self, groups: Indices) -> Indices:
        return np.asarray(np.bitwise_and.reduce(self._spoken[groups], axis=1) == 0, dtype=np.int64)

    def _served_in(self, seats: Indices) -> Floats:
        """(seats,) mean similarity of each with the others of a group, 0 for an empty seat."""
        others = (seats < self._task.people).sum() - 1
        return np.asarray(self._similarity[seats[:, None], seats].sum(axis=1) / others)
