"""SeatingPlanner: from the people of a live meetup to groups of several rotations, in the manners of scikit-learn."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np

from matching.attendees import Attendee
from matching.common_ground import CommonGround, SharedTerm
from matching.evening import evened
from matching.exceptions import InvalidAttendee, InvalidParameter, SeatingImpossible
from matching.group_sizes import LARGEST, SMALLEST, groups_for, remedies
from matching.grouping import (
    Bits,
    Floats,
    Indices,
    Mask,
    Task,
    faults,
    least_repeated,
    least_same_company,
    pairs_together,
    repeats,
    similarities_of_groups,
    similarities_of_people,
)
from matching.profiles import Profile, primary_language
from matching.regrouping import searched
from matching.vectors import ProfileVectorizer, ProfileVectors

MOST_ROTATIONS = 6

Pairs = Iterable[tuple[str, str]]
Held = Sequence[Sequence[Sequence[str]]]
OnShare = Callable[[float], None]


class SeatingProblem(StrEnum):
    """Why there is no seating."""

    TOO_FEW = "too_few"
    SIZES = "sizes"
    KEPT_APART = "kept_apart"


@dataclass(frozen=True, slots=True)
class Group:
    """Who sits together: `members` are ids in order.

    `language` is one that all share, the most common of the meetup (ties by name); None where there is none, or
    nobody named any. `similarity` is the mean of its pairs, 0 to 1. `shared` are at most three themes, the strongest
    first; none where the group has none in common. `repeated_pairs` have met before, or in an earlier rotation.
    """

    members: tuple[str, ...]
    language: str | None
    similarity: float
    shared: tuple[SharedTerm, ...]
    same_company_pairs: int
    repeated_pairs: int
    no_common_language: bool


@dataclass(frozen=True, slots=True)
class SeatingFigures:
    """How good a seating is, and how good it could be at best.

    `groups`, `repeated_pairs` and the like are over all rotations. `random_similarity` is what groups drawn at random
    have on average: the mean of all pairs. `worst_person` is the lowest mean, over the rotations, of the similarity
    that a person has with the others of its group; who has nothing in common with anybody is left out, for no
    seating helps. The `least_` ones are bounds by counting: no seating has fewer, though the fewest may be more.
    """

    people: int
    rotations: int
    groups: int
    repeated_pairs: int
    same_company_pairs: int
    groups_without_language: int
    mean_similarity: float
    random_similarity: float
    worst_group: float
    worst_person: float
    least_repeated_pairs: int
    least_same_company_pairs: int


class PreparedSeating(NamedTuple):
    """People in the order of their ids, what they say, and whom to seat as arrays."""

    people: list[Attendee]
    profiles: list[Profile]
    vectors: ProfileVectors
    task: Task

    def ground(self) -> CommonGround:
        """Tells what groups of these people have in common."""
        return CommonGround(self.profiles, self.vectors, self.task.similarity)


class SeatingPlanner:
    """Seats people in groups for some rotations.

    Parameters
    ----------
    rotations : 1 to 6, how many are made.
    group_size : wished, between `min_size` and `max_size` (3 to 6). Sizes differ by one at most.
    effort : steps of the search, as a multiple of the usual number; never a time, so that the answer does not
        depend on how fast the machine is.

    Attributes after `fit`
    ----------------------
    rotations_ : the groups of each rotation, by their first member.
    figures_ : `SeatingFigures`.
    """

    def __init__(
        self,
        *,
        rotations: int = 3,
        group_size: int = 4,
        min_size: int = 3,
        max_size: int = 5,
        effort: float = 1.0,
    ) -> None:
        self.rotations = rotations
        self.group_size = group_size
        self.min_size = min_size
        self.max_size = max_size
        self.effort = effort

    def fit(
        self,
        attendees: Sequence[Attendee],
        *,
        apart: Pairs = (),
        before: Held = (),
        progress: OnShare | None = None,
    ) -> Self:
        """Compute the seating; returns self.

        apart : pairs of ids that never sit together.
        before : rotations that have been held already, as groups of ids; their pairs count as met. They may name
            people who are gone.
        progress : hears the share done now and then, 0 to 1; what it raises ends the run.

        Raises InvalidParameter for a parameter out of range or an unknown id in `apart`, InvalidAttendee for an empty
        id or company or an id that occurs twice, SeatingImpossible where the sizes do not add up or not everybody
        can be kept apart who is to be.
        """
        tell = progress or _silent
        tell(0.0)
        prepared = self.prepare(attendees, apart=apart, before=before)
        people, task = prepared.people, prepared.task
        tell(0.05)
        seating = searched(task, self.effort, lambda share: tell(0.05 + 0.85 * share))
        if faults(task, seating).kept_apart:
            raise _impossible(people, task, seating)
        seating = _in_order(evened(task, seating))
        self.rotations_ = _told(people, task, seating, prepared.ground(), tell)
        self.figures_ = _figures(task, seating)
        tell(1.0)
        return self

    def prepare(self, attendees: Sequence[Attendee], *, apart: Pairs = (), before: Held = ()) -> PreparedSeating:
        """What is searched for, without the search; parameters and errors as `fit`."""
        self._check()
        people = _in_canonical_order(attendees)
        groups = self._groups(len(people))
        kept_apart = _apart(people, apart)
        profiles = [_profile_of(one) for one in people]
        vectors = ProfileVectorizer().fit_transform(profiles)
        task = Task(
            similarity=_similarity_of_all(len(people), vectors.similarity),
            company=np.unique([one.company for one in people], return_inverse=True)[1],
            apart=kept_apart,
            met=_met(people, before),
            languages=_languages(people, self.min_size),
            groups=groups,
            seats=-(-len(people) // groups),
            rotations=self.rotations,
        )
        _refuse_hopeless(people, task)
        return PreparedSeating(people, profiles, vectors, task)

    def _check(self) -> None:
        if not 1 <= self.rotations <= MOST_ROTATIONS:
            raise InvalidParameter("rotations", f"{self.rotations} is not 1 to {MOST_ROTATIONS}")
        if not SMALLEST <= self.min_size <= LARGEST:
            raise InvalidParameter("min_size", f"{self.min_size} is not {SMALLEST} to {LARGEST}")
        if not self.min_size <= self.max_size <= LARGEST:
            raise InvalidParameter("max_size", f"{self.max_size} is not {self.min_size} (min_size) to {LARGEST}")
        if not self.min_size <= self.group_size <= self.max_size:
            raise InvalidParameter(
                "group_size",
                f"{self.group_size} is not {self.min_size} (min_size) to {self.max_size} (max_size)",
            )
        if not 0.0 < self.effort < float("inf"):
            raise InvalidParameter("effort", f"{self.effort} is not above 0")

    def _groups(self, people: int) -> int:
        if people < self.min_size:
            raise SeatingImpossible(
                SeatingProblem.TOO_FEW, f"{people} people are fewer than the {self.min_size} of the smallest group"
            )
        groups = groups_for(people, self.group_size, self.min_size, self.max_size)
        if groups is None:
            instead = "; or ".join(remedies(people, self.min_size, self.max_size))
            raise SeatingImpossible(
                SeatingProblem.SIZES,
                f"{people} people cannot sit in groups of {self.min_size} to {self.max_size}; possible: {instead}",
            )
        return groups


def _in_canonical_order(attendees: Sequence[Attendee]) -> list[Attendee]:
    """By id, so that any order of the input gives the same answer."""
    ordered = sorted(attendees, key=lambda one: one.id)
    previous: str | None = None
    for one in ordered:
        if not one.id:
            raise InvalidAttendee(one.id, "the id is empty")
        if one.id == previous:
            raise InvalidAttendee(one.id, "the id occurs twice")
        if not one.company:
            raise InvalidAttendee(one.id, "the company is empty")
        previous = one.id
    return ordered


def _profile_of(one: Attendee) -> Profile:
    """What a person says, with what its community says."""
    community = one.profile or Profile(id=one.id, company=one.company, name="")
    return Profile(
        id=one.id,
        company=one.company,
        name=community.name,
        purpose=community.purpose,
        description=community.description,
        tags=(*one.themes, *community.tags),
        offers=(*one.show, *community.offers),
        seeks=(*one.learn, *community.seeks),
        target_group=community.target_group,
        formats=community.formats,
        languages=one.languages or community.languages,
        withheld=(*one.withheld, *community.withheld),
    )


def _similarity_of_all(n: int, similarity: Callable[[Indices, Indices], Floats]) -> Floats:
    a, b = np.triu_indices(n, 1)
    found = np.zeros((n, n))
    found[a, b] = found[b, a] = similarity(a, b)
    return found


def _apart(people: Sequence[Attendee], apart: Pairs) -> Mask:
    """(n, n) who never sits with whom: the pairs that are named, and who excludes the other's company."""
    position = {one.id: at for at, one in enumerate(people)}
    found = np.zeros((len(people), len(people)), dtype=np.bool_)
    for pair in apart:
        if len(pair) != 2 or pair[0] == pair[1]:
            raise InvalidParameter("apart", f"{tuple(pair)!r} is not a pair of two ids")
        for one in pair:
            if one not in position:
                raise InvalidParameter("apart", f"{one!r} is not among the {len(people)} attendees")
        found[position[pair[0]], position[pair[1]]] = True
    for at, person in enumerate(people):
        if person.excluded_companies:
            found[at] |= [one.company in person.excluded_companies for one in people]
    np.fill_diagonal(found, False)
    return np.asarray(found | found.T, dtype=np.bool_)


def _met(people: Sequence[Attendee], before: Held) -> Mask:
    """(n, n) who has met whom in the rotations that were held."""
    position = {one.id: at for at, one in enumerate(people)}
    met = np.zeros((len(people), len(people)), dtype=np.bool_)
    for rotation in before:
        for group in rotation:
            here = np.array([position[one] for one in group if one in position], dtype=np.int64)
            met[here[:, None], here] = True
    np.fill_diagonal(met, False)
    return met


def _spoken(one: Attendee) -> frozenset[str]:
    return frozenset(primary_language(tag) for tag in one.languages)


def _languages(people: Sequence[Attendee], min_size: int) -> Bits:
    """(n,) the languages of each person as bits; all for who named none.

    Languages that too few speak for a group of their own are left out; of more than 63 others the most common count.
    """
    spoken = [_spoken(one) for one in people]
    anywhere = sum(not tags for tags in spoken)
    speakers = Counter(tag for tags in spoken for tag in tags)
    possible = [tag for tag in _most_common_first(speakers) if speakers[tag] + anywhere >= min_size][:63]
    return np.array(
        [
            sum(1 << at for at, tag in enumerate(possible) if tag in tags) if tags else (1 << 64) - 1
            for tags in spoken
        ],
        dtype=np.uint64,
    )


def _most_common_first(speakers: Counter[str]) -> list[str]:
    return sorted(speakers, key=lambda tag: (-speakers[tag], tag))


def _refuse_hopeless(people: Sequence[Attendee], task: Task) -> None:
    """Refuses what can be told before any search: who may sit with too few, and more than there are groups who may
    not sit with each other."""
    others = task.people - 1 - task.apart.sum(axis=1)
    smallest = min(task.sizes)
    alone = np.flatnonzero(others < smallest - 1).tolist()
    if alone:
        names = tuple(people[at].id for at in alone)
        raise SeatingImpossible(
            SeatingProblem.KEPT_APART,
            f"{', '.join(names)} may sit with fewer than {smallest - 1} of the others, too few for a group of "
            f"{smallest}; lift an exclusion",
            names,
        )
    each_other: list[int] = []
    for at in np.lexsort((np.arange(task.people), others)).tolist():
        if task.apart[at, each_other].all():
            each_other.append(at)
    if len(each_other) > task.groups:
        names = tuple(people[at].id for at in sorted(each_other))
        raise SeatingImpossible(
            SeatingProblem.KEPT_APART,
            f"{', '.join(names)} may not sit with each other, and there are only {task.groups} groups; "
            "lift an exclusion or make groups smaller",
            names,
        )


def _impossible(people: Sequence[Attendee], task: Task, seating: Indices) -> SeatingImpossible:
    """Says who could not be kept apart."""
    _, a, b = pairs_together(task, seating)
    broken = task.apart[a, b]
    names = tuple(sorted({people[at].id for at in np.concatenate([a[broken], b[broken]]).tolist()}))
    return SeatingImpossible(
        SeatingProblem.KEPT_APART,
        f"no seating was found that keeps everybody apart; in the nearest one {', '.join(names)} sit with somebody "
        "they are not to sit with; lift an exclusion",
        names,
    )


def _in_order(seating: Indices) -> Indices:
    """The same seating with members and groups in order."""
    seating = np.sort(seating, axis=2)
    return np.stack([rotation[np.argsort(rotation[:, 0])] for rotation in seating])


def _told(
    people: Sequence[Attendee], task: Task, seating: Indices, ground: CommonGround, tell: OnShare
) -> tuple[tuple[Group, ...], ...]:
    similarity, repeated = similarities_of_groups(task, seating), repeats(task, seating)
    speakers = Counter(tag for one in people for tag in _spoken(one))
    preferred = _most_common_first(speakers)
    rotations = []
    for number, rotation in enumerate(seating):
        tell(0.9 + 0.1 * number / len(seating))
        groups = []
        for place, seats in enumerate(rotation.tolist()):
            members = [at for at in seats if at < task.people]
            spoken = [tags for at in members if (tags := _spoken(people[at]))]
            shared = frozenset.intersection(*spoken) if spoken else frozenset()
            groups.append(
                Group(
                    members=tuple(people[at].id for at in members),
                    language=next((tag for tag in preferred if tag in shared), None),
                    similarity=float(similarity[number, place]),
                    shared=ground.shared_by(members),
                    same_company_pairs=int(task.same_company[np.ix_(members, members)].sum()) // 2,
                    repeated_pairs=int(repeated[number, place]),
                    no_common_language=bool(spoken) and not shared,
                )
            )
        rotations.append(tuple(groups))
    return tuple(rotations)


def _figures(task: Task, seating: Indices) -> SeatingFigures:
    counted = faults(task, seating)
    _, a, b = pairs_together(task, seating)
    together = task.similarity[a, b]
    n = task.people
    groups = similarities_of_groups(task, seating)
    persons = similarities_of_people(task, seating)[task.similarity.any(axis=1)]
    return SeatingFigures(
        people=n,
        rotations=task.rotations,
        groups=task.rotations * task.groups,
        repeated_pairs=counted.repeated,
        same_company_pairs=counted.same_company,
        groups_without_language=counted.without_language,
        mean_similarity=float(together.mean()),
        random_similarity=float(task.similarity.sum() / (n * (n - 1))),
        worst_group=float(groups.min()),
        worst_person=float(persons.min(initial=1.0)) if len(persons) else 0.0,
        least_repeated_pairs=least_repeated(task),
        least_same_company_pairs=least_same_company(task),
    )


def _silent(share: float) -> None:
    pass
