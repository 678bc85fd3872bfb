"""TandemMatcher: from profiles to tandems with reasons, in the manners of scikit-learn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator

from matching.eligibility import Eligibility, Rule
from matching.exceptions import InvalidParameter
from matching.explain import (
    CHANGES,
    CHANGES_OF_RULES,
    Change,
    PairExplainer,
    Reason,
    Unmatched,
    UnmatchedKind,
)
from matching.pairing import Objective, best_pairing
from matching.profiles import Profile, in_canonical_order
from matching.similarity import Neighbours, nearest_in_other_companies
from matching.text import ProfileVectorizer, TextAnalyzer

Pairs = Iterable[tuple[str, str]]
OnProgress = Callable[[str, float], None]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Edges = tuple[Indices, Indices, npt.NDArray[np.float64]]

# How often those left alone are introduced to each other; identical profiles need a few, others one.
_INTRODUCTIONS = 8

STAGES = ("vectors", "neighbours", "pairing", "reasons")


@dataclass(frozen=True, slots=True)
class Tandem:
    """Two communities of different companies, `a` before `b`, with the cosine similarity of their profiles.

    The shares of `reasons` and `other` add up to 1.
    """

    a: str
    b: str
    similarity: float
    reasons: tuple[Reason, ...]
    other: float

    def as_record(self) -> dict[str, object]:
        """As one JSON object, numbers cut to what is shown and stored."""
        return {
            "a": self.a,
            "b": self.b,
            "similarity": round(self.similarity, 6),
            "reasons": [reason.as_record() for reason in self.reasons],
            "other": round(self.other, 4),
        }


@dataclass(frozen=True, slots=True)
class Alternate:
    """A further eligible partner of a community, should a suggestion end without a yes."""

    id: str
    similarity: float


class TandemMatcher(BaseEstimator):
    """Pairs related communities of different companies, provably best.

    Parameters
    ----------
    min_similarity : least cosine similarity (0 to 1) of a tandem.
    objective : "quality" (largest total similarity), "coverage" (as many communities as possible, then the
        largest total) or "fair" (as many as possible, then the weakest tandem as good as possible, then the total).
    cost : what a suggestion costs, in units of similarity (0 to 1); a tandem must be worth more.
    neighbours : how many most similar eligible communities of other companies are considered for each
        community. The pairing is exact on the graph of these, and of those that a first pairing leaves alone
        with each other; more of them cost time and change little (a total 0.6 % higher at 60 on 8,611 real clubs).
    alternates : how many further partners are named for each community.
    common_language : whether two communities that state their languages need one in common.
    n_jobs : threads of the similarity step; the answer does not depend on it.

    Attributes after `fit`
    ----------------------
    tandems_ : list of `Tandem`, most similar first, then by ids.
    unmatched_ : list of `Unmatched` by id: each community without a tandem, why, and what would change it.
    alternates_ : dict from id to a tuple of `Alternate`, most similar first; communities without one are absent.
    n_edges_ : number of eligible pairs at or above `min_similarity` that the pairing chose from.

    Notes
    -----
    No profiles, or one company: no tandem, each profile in `unmatched_`. A profile without a usable word
    stays alone with the reason "no_text". All scores equal: a pairing with the most edges. The same
    profiles in any order give the same answer; inputs are never changed.
    """

    def __init__(
        self,
        *,
        min_similarity: float = 0.10,
        objective: str = "quality",
        cost: float = 0.0,
        neighbours: int = 10,
        alternates: int = 3,
        common_language: bool = True,
        n_jobs: int = 1,
    ) -> None:
        self.min_similarity = min_similarity
        self.objective = objective
        self.cost = cost
        self.neighbours = neighbours
        self.alternates = alternates
        self.common_language = common_language
        self.n_jobs = n_jobs

    def fit(
        self,
        profiles: Iterable[Profile],
        *,
        past_pairs: Pairs = (),
        bans: Pairs = (),
        excluded_company_pairs: Pairs = (),
        on_progress: OnProgress | None = None,
    ) -> Self:
        """Compute the tandems; returns self.

        `past_pairs` met before and do not meet again, `bans` must not meet, `excluded_company_pairs` are
        pairs of companies that must not meet. `on_progress(stage, share)` hears of each stage of `STAGES`,
        share 0 to 1; what it raises ends the run. Raises InvalidParameter and InvalidProfile.
        """
        objective = self._checked_objective()
        tell = on_progress or (lambda stage, share: None)
        ordered = in_canonical_order(profiles)
        rules = Eligibility(
            ordered,
            past_pairs=past_pairs,
            bans=bans,
            excluded_company_pairs=excluded_company_pairs,
            common_language=self.common_language,
        )
        analyzer = TextAnalyzer()
        vectorizer = ProfileVectorizer(analyzer)
        vectors = vectorizer.fit_transform(ordered, on_progress=lambda share: tell("vectors", share))

        free = np.flatnonzero((rules.capacity > 0) & rules.somebody_to_talk_to())
        neighbours = nearest_in_other_companies(
            vectors,
            rules.company,
            self.neighbours,
            allows=rules.allows,
            rows=free,
            columns=free,
            n_jobs=self.n_jobs,
            on_progress=lambda share: tell("neighbours", share),
        )
        tell("pairing", 0.0)
        neighbours, (a, b, similarity), chosen = self._paired(neighbours, vectors, rules, objective, tell)
        pairs = list(zip(a[chosen].tolist(), b[chosen].tolist(), similarity[chosen].tolist(), strict=True))

        self.n_edges_ = len(a)
        explainer = PairExplainer(ordered, vectors, vectorizer.terms_, analyzer)
        self.tandems_ = self._explained(ordered, pairs, explainer, tell)
        partners = _partners(pairs)
        self.alternates_ = self._alternates(ordered, neighbours, partners)
        self.unmatched_ = self._unmatched(ordered, vectors, rules, neighbours, set(partners))
        return self

    def _checked_objective(self) -> Objective:
        if self.objective not in list(Objective):
            raise InvalidParameter("objective", f"{self.objective!r} is not one of {', '.join(Objective)}")
        for name, value in (("min_similarity", self.min_similarity), ("cost", self.cost)):
            if not 0.0 <= value <= 1.0:
                raise InvalidParameter(name, f"{value} is not between 0 and 1")
        for name, number, least in (
            ("neighbours", self.neighbours, 1),
            ("alternates", self.alternates, 0),
            ("n_jobs", self.n_jobs, 1),
        ):
            if number < least:
                raise InvalidParameter(name, f"{number} is less than {least}")
        return Objective(self.objective)

    def _paired(
        self,
        neighbours: Neighbours,
        vectors: csr_matrix,
        rules: Eligibility,
        objective: Objective,
        tell: OnProgress,
    ) -> tuple[Neighbours, Edges, Mask]:
        """The best pairing; those it leaves alone are introduced to each other, and all is paired again.

        Where many profiles are alike, the k nearest of all are the same few, and pairs are missing among the rest.
        """
        n = len(rules.capacity)
        for attempt in range(_INTRODUCTIONS + 1):
            a, b, similarity = edges_of(neighbours, n, self.min_similarity)
            chosen = best_pairing(a, b, similarity - self.cost, rules.capacity, objective)
            used = np.bincount(np.concatenate([a[chosen], b[chosen]]), minlength=n)
            alone = np.flatnonzero((used == 0) & (rules.capacity > 0) & rules.somebody_to_talk_to())
            with_places = np.flatnonzero((used < rules.capacity) & (rules.capacity > 0))
            if attempt == _INTRODUCTIONS or not len(alone):
                break
            tell("pairing", attempt / _INTRODUCTIONS)
            met = nearest_in_other_companies(
                vectors,
                rules.company,
                self.neighbours,
                allows=rules.allows,
                rows=alone,
                columns=with_places,
                n_jobs=self.n_jobs,
            )
            worth = (met.similarity >= self.min_similarity) & (met.similarity > self.cost)
            together = neighbours.joined_with(met, worth)
            if len(together.row) == len(neighbours.row):
                break
            neighbours = together
        return neighbours, (a, b, similarity), chosen

    def _explained(
        self,
        profiles: Sequence[Profile],
        pairs: Sequence[tuple[int, int, float]],
        explainer: PairExplainer,
        tell: OnProgress,
    ) -> list[Tandem]:
        tandems = []
        every = max(1, len(pairs) // 50)
        for number, (a, b, similarity) in enumerate(pairs):
            if number % every == 0:
                tell("reasons", number / len(pairs))
            reasons, other = explainer.reasons(a, b)
            tandems.append(Tandem(profiles[a].id, profiles[b].id, similarity, reasons, other))
        return sorted(tandems, key=lambda tandem: (-tandem.similarity, tandem.a, tandem.b))

    def _alternates(
        self, profiles: Sequence[Profile], neighbours: Neighbours, partners: dict[int, set[int]]
    ) -> dict[str, tuple[Alternate, ...]]:
        alternates = {}
        for position, profile in enumerate(profiles):
            columns, similarities = neighbours.of(position)
            taken = partners.get(position, set())
            further = [
                Alternate(profiles[column].id, similarity)
                for column, similarity in zip(columns.tolist(), similarities.tolist(), strict=True)
                if column not in taken and similarity >= self.min_similarity and similarity > self.cost
            ]
            if further[: self.alternates]:
                alternates[profile.id] = tuple(further[: self.alternates])
        return alternates

    def _unmatched(
        self,
        profiles: Sequence[Profile],
        vectors: csr_matrix,
        rules: Eligibility,
        neighbours: Neighbours,
        paired: set[int],
    ) -> list[Unmatched]:
        alone = [position for position in range(len(profiles)) if position not in paired]
        best = {position: _first(neighbours, position) for position in alone}
        # Where no eligible one is similar enough, the nearest of all tells whether a rule stood in the way.
        searched = [p for p, miss in best.items() if miss is None or miss[1] < self.min_similarity]
        nearest = nearest_in_other_companies(
            vectors, rules.company, 1, rows=np.array(searched, dtype=np.int64), n_jobs=self.n_jobs
        )
        searched_set = set(searched)
        several_companies = len(np.unique(rules.company)) > 1
        usable = np.diff(vectors.indptr) > 0

        def explain(position: int) -> Unmatched:
            name = profiles[position].id
            if profiles[position].capacity == 0:
                return _alone(name, UnmatchedKind.NO_CAPACITY)
            if not several_companies:
                return _alone(name, UnmatchedKind.NO_OTHER_COMPANY)
            if not usable[position]:
                return _alone(name, UnmatchedKind.NO_TEXT)
            miss = best[position] if position not in searched_set else _first(nearest, position)
            if miss is None:
                return _alone(name, UnmatchedKind.NOTHING_SIMILAR)
            partner, similarity = miss
            rule = rules.first_broken_rule(position, partner)
            kind = self._missed(similarity, rule)
            told = _alone(name, kind, profiles[partner].id, similarity, rule)
            if self.objective == Objective.QUALITY:
                return told
            return replace(told, changes=tuple(one for one in told.changes if one is not Change.PREFER_COVERAGE))

        return [explain(position) for position in alone]

    def _missed(self, similarity: float, rule: Rule | None) -> UnmatchedKind:
        if similarity < self.min_similarity:
            return UnmatchedKind.BELOW_MIN_SIMILARITY
        if rule is not None:
            return UnmatchedKind.NOT_ELIGIBLE
        if similarity <= self.cost:
            return UnmatchedKind.BELOW_COST
        return UnmatchedKind.PARTNERS_TAKEN


def related_profiles(
    profiles: Iterable[Profile], *, k: int = 10, ids: Iterable[str] | None = None, n_jobs: int = 1
) -> dict[str, list[tuple[str, float]]]:
    """For each id (all by default) its k most similar profiles of other companies: (id, similarity), best first.

    Only the company counts here; rules of who may meet whom do not. Equally similar ones stand in the order
    of their ids. Raises InvalidParameter for an unknown id, InvalidProfile as `TandemMatcher.fit`.
    """
    ordered = in_canonical_order(profiles)
    position = {profile.id: number for number, profile in enumerate(ordered)}
    wanted = list(position) if ids is None else list(ids)
    unknown = [name for name in wanted if name not in position]
    if unknown:
        raise InvalidParameter("id", f"{unknown[0]!r} is not among the {len(ordered)} profiles")
    vectors = ProfileVectorizer().fit_transform(ordered)
    rows = np.array([position[name] for name in wanted], dtype=np.int64)
    neighbours = nearest_in_other_companies(vectors, Eligibility(ordered).company, k, rows=rows, n_jobs=n_jobs)
    return {
        name: [
            (ordered[column].id, similarity)
            for column, similarity in zip(*(found.tolist() for found in neighbours.of(position[name])), strict=True)
        ]
        for name in wanted
    }


def _alone(
    name: str,
    kind: UnmatchedKind,
    nearest: str | None = None,
    similarity: float | None = None,
    rule: Rule | None = None,
) -> Unmatched:
    if kind is not UnmatchedKind.NOT_ELIGIBLE or rule is None:
        return Unmatched(name, kind, CHANGES[kind], nearest, similarity)
    return Unmatched(name, kind, CHANGES_OF_RULES[rule], nearest, similarity, rule)


def _first(neighbours: Neighbours, position: int) -> tuple[int, float] | None:
    columns, similarities = neighbours.of(position)
    return (int(columns[0]), float(similarities[0])) if len(columns) else None


def edges_of(
    neighbours: Neighbours, n: int, min_similarity: float
) -> tuple[Indices, Indices, npt.NDArray[np.float64]]:
    """Each pair once, a before b, from either side's neighbours, at or above the minimum."""
    kept = neighbours.similarity >= min_similarity
    low = np.minimum(neighbours.row[kept], neighbours.column[kept])
    high = np.maximum(neighbours.row[kept], neighbours.column[kept])
    code, first = np.unique(low * n + high, return_index=True)
    return code // max(n, 1), code % max(n, 1), neighbours.similarity[kept][first]


def _partners(pairs: Sequence[tuple[int, int, float]]) -> dict[int, set[int]]:
    partners: dict[int, set[int]] = {}
    for a, b, _ in pairs:
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)
    return partners
