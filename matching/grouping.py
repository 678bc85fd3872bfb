"""What a good seating is, in arrays: people in groups over several rotations, and what is counted against it.

A seating is (rotations, groups, seats) positions of people; the position after the last person is an empty seat, of
which a group has one at most, so that sizes differ by one at most.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Task:
    """Whom to seat, and what counts.

    similarity : (n, n) of each pair, 0 to 1, symmetric, 0 with oneself.
    company : (n,) number of each person's company.
    apart : (n, n) who never sits with whom, symmetric.
    met : (n, n) who has met whom before, symmetric.
    languages : (n,) one bit for each language that a person speaks; all bits for who fits any.
    groups, seats : of each rotation; `groups * seats` is n or up to `groups - 1` more.
    """

    similarity: Floats
    company: Indices
    apart: Mask
    met: Mask
    languages: Bits
    groups: int
    seats: int
    rotations: int

    @property
    def people(self) -> int:
        return len(self.company)

    @cached_property
    def same_company(self) -> Mask:
        same: Mask = self.company[:, None] == self.company
        np.fill_diagonal(same, False)
        return same

    @cached_property
    def sizes(self) -> list[int]:
        """How many people each group has, the larger ones first."""
        smaller = self.groups * self.seats - self.people
        return [self.seats] * (self.groups - smaller) + [self.seats - 1] * smaller


class Faults(NamedTuple):
    """What is counted against a seating, what weighs most first: two seatings compare as these do."""

    kept_apart: int
    without_language: int
    repeated: int
    same_company: int


def similarities_of_groups(task: Task, seating: Indices) -> Floats:
    """(rotations, groups) mean similarity of the pairs of each group."""
    padded = np.pad(task.similarity, (0, 1))
    total = np.zeros(seating.shape[:2])
    for one, other in combinations(range(task.seats), 2):
        total += padded[seating[:, :, one], seating[:, :, other]]
    size = (seating < task.people).sum(axis=2)
    means: Floats = total / (size * (size - 1) / 2)
    return means


def similarities_of_people(task: Task, seating: Indices) -> Floats:
    """(n,) mean, over the rotations, of the similarity that a person has with the others of its group."""
    padded = np.pad(task.similarity, (0, 1))
    with_group = padded[seating[:, :, :, None], seating[:, :, None, :]].sum(axis=3)
    others = (seating < task.people).sum(axis=2, keepdims=True) - 1
    return np.bincount(seating.ravel(), (with_group / others).ravel(), minlength=task.people)[: task.people] / len(
        seating
    )


def total_similarity(task: Task, seating: Indices) -> float:
    """Of all pairs in groups over all rotations."""
    a, b = pairs_together(task, seating)[1:]
    return float(task.similarity[a, b].sum())


def faults(task: Task, seating: Indices) -> Faults:
    """What is counted against a seating."""
    a, b = pairs_together(task, seating)[1:]
    return Faults(
        int(task.apart[a, b].sum()),
        int((~share_a_language(task, seating)).sum()),
        int(repeats(task, seating).sum()),
        int(task.same_company[a, b].sum()),
    )


def pairs_together(task: Task, seating: Indices) -> tuple[Indices, Indices, Indices]:
    """Each pair that sits together: number of the group counted over all rotations, and both positions."""
    groups = seating.reshape(-1, task.seats)
    one, other = np.triu_indices(task.seats, 1)
    number = np.repeat(np.arange(len(groups)), len(one))
    a, b = groups[:, one].ravel(), groups[:, other].ravel()
    seated = (a < task.people) & (b < task.people)
    return number[seated], a[seated], b[seated]


def repeats(task: Task, seating: Indices) -> Indices:
    """(rotations, groups) how many pairs of each group have met before, or in an earlier rotation."""
    found = np.zeros(seating.shape[:2], dtype=np.int64)
    met = task.met.copy()
    for number, rotation in enumerate(seating):
        group, a, b = pairs_together(task, rotation[None])
        found[number] = np.bincount(group, met[a, b], minlength=task.groups).astype(np.int64)
        met[a, b] = met[b, a] = True
    return found


def share_a_language(task: Task, seating: Indices) -> Mask:
    """(rotations, groups) which groups have a language that everybody speaks."""
    spoken = np.append(task.languages, ~np.uint64(0))[seating]
    shared: Mask = np.bitwise_and.reduce(spoken, axis=2) != 0
    return shared


def least_same_company(task: Task) -> int:
    """No seating has fewer pairs of one company in a group: each company spread as evenly as can be."""
    each = (_pairs_when_spread(int(count), task.groups) for count in np.bincount(task.company))
    return task.rotations * sum(each)


def least_repeated(task: Task) -> int:
    """No seating has fewer repeated pairs. Three counts, the largest of which holds: there are only so many pairs;
    a person has only so many others to meet; and who sits together comes from groups of the rotation before, of
    which there may be fewer than seats."""
    n, rotations = task.people, task.rotations
    free = ~(task.met | task.apart)
    np.fill_diagonal(free, False)
    meetings = rotations * sum(size * (size - 1) // 2 for size in task.sizes)
    of_pairs = meetings - int(free.sum()) // 2
    others = free.sum(axis=1)
    of_people = -(-int(np.maximum(rotations * (min(task.sizes) - 1) - others, 0).sum()) // 2) if n else 0
    of_groups = (rotations - 1) * sum(_pairs_when_spread(size, task.groups) for size in task.sizes)
    return max(0, of_pairs, of_people, of_groups)


def _pairs_when_spread(count: int, places: int) -> int:
    """Pairs that share a place when so many are spread over the places as evenly as can be."""
    each, more = divmod(count, places)
    return more * (each + 1) * each // 2 + (places - more) * each * (each - 1) // 2
