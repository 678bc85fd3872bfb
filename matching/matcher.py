"""TandemMatcher: from profiles to tandems with reasons, in the manners of scikit-learn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from matching.calibration import Calibration, Strength, strength
from matching.eligibility import Eligibility, PastPair
from matching.exceptions import InvalidParameter
from matching.explain import PairExplainer, Reason
from matching.lexicon import Lexicon
from matching.prepared import OnProgress, Paired, Pairs, Partner, PreparedPairing, partners_by_id, prepare
from matching.profiles import Profile, in_canonical_order
from matching.relatedness import relate
from matching.settings import PairingSettings, at_least

STAGES = ("vectors", "neighbours", "pairing", "reasons")


@dataclass(frozen=True, slots=True)
class Tandem:
    """Two communities of different companies, `a` before `b`, with the similarity of their profiles.

    The shares of `reasons` and `other` add up to 1: parts of the similarity as it is. `correction` is the factor from
    it to the score that `probability` is made of: what neighbours and favour change. `probability` is how likely the
    two are a good pair. A pinned one was asked for by name, whatever its similarity.
    """

    a: str
    b: str
    similarity: float
    correction: float
    probability: float
    reasons: tuple[Reason, ...]
    other: float
    pinned: bool = False

    @property
    def strength(self) -> Strength:
        """The word that the probability is shown with."""
        return strength(self.probability)

    def as_record(self) -> dict[str, object]:
        """As one JSON object, numbers cut to what is shown and stored; `pinned` only where it is true."""
        record: dict[str, object] = {
            "a": self.a,
            "b": self.b,
            "similarity": round(self.similarity, 6),
            "correction": round(self.correction, 4),
            "probability": round(self.probability, 4),
            "strength": self.strength.value,
            "reasons": [reason.as_record() for reason in self.reasons],
            "other": round(self.other, 4),
        }
        return record | ({"pinned": True} if self.pinned else {})


@dataclass(frozen=True, slots=True)
class Alternate:
    """A further eligible partner of a community, should a suggestion end without a yes."""

    id: str
    similarity: float
    score: float
    probability: float


class TandemMatcher(BaseEstimator):
    """Pairs related communities of different companies, provably best.

    Parameters
    ----------
    min_similarity : least similarity (0 to 1) of a tandem, as it is before any correction.
    objective : "quality" (the largest expected number of good tandems, less `cost` for each), "coverage" (as many
        communities as possible, then the largest total) or "fair" (as many as possible, then the weakest tandem as
        good as possible, then the total).
    cost : what a suggestion costs, in good tandems (0 to 1); a tandem must be a good one with a larger probability.
    neighbours : how many best eligible communities of other companies are considered for each
        community. The pairing is exact on the graph of these, and of those that a first pairing leaves alone
        with each other; more of them cost time and change little (a total 0.6 % higher at 60 on 8,611 real clubs).
    alternates : how many further partners are named for each community.
    repeat_after : a pair that met `rounds_ago` rounds ago may meet again when that is more than this; None: never.
    max_per_company_pair : at most this many tandems between the same two companies, pins among them; None: any
        number. The limit makes the problem NP-hard: `pairing_bound_` tells how far from the best the answer is
        at most (with objective "quality"); the other two objectives serve as many as a heuristic finds.
    common_language : whether two communities that state their languages need one in common.
    calibration : from score to probability; the shipped one by default.
    lexicons : by language, to compare it with the pivot language; the shipped ones by default.
    n_jobs : threads of the similarity step; the answer does not depend on it.

    Attributes after `fit`
    ----------------------
    tandems_ : list of `Tandem`, most probable first, then by ids.
    unmatched_ : list of `Unmatched` by id: each community without a tandem, why, and what would change it.
    alternates_ : dict from id to a tuple of `Alternate`, most probable first; communities without one are absent.
    n_edges_ : number of eligible pairs at or above `min_similarity` that the pairing chose from, pins aside.
    pairing_bound_ : with objective "quality" no pairing of these edges and pins has a larger total of probability
        less `cost`; without `max_per_company_pair` it is the total itself. None for the other objectives.

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
        cost: float = 0.1,
        neighbours: int = 10,
        alternates: int = 3,
        repeat_after: int | None = None,
        max_per_company_pair: int | None = None,
        common_language: bool = True,
        calibration: Calibration | None = None,
        lexicons: Mapping[str, Lexicon] | None = None,
        n_jobs: int = 1,
    ) -> None:
        self.min_similarity = min_similarity
        self.objective = objective
        self.cost = cost
        self.neighbours = neighbours
        self.alternates = alternates
        self.repeat_after = repeat_after
        self.max_per_company_pair = max_per_company_pair
        self.common_language = common_language
        self.calibration = calibration
        self.lexicons = lexicons
        self.n_jobs = n_jobs

    def fit(
        self,
        profiles: Iterable[Profile],
        *,
        past_pairs: Iterable[PastPair] = (),
        bans: Pairs = (),
        pins: Pairs = (),
        excluded_company_pairs: Pairs = (),
        on_progress: OnProgress | None = None,
    ) -> Self:
        """Compute the tandems; returns self.

        `past_pairs` met before: `(a, b)` do not meet again, `(a, b, rounds_ago)` only as `repeat_after` says.
        `bans` must not meet, `excluded_company_pairs` are pairs of companies that must not meet. `pins` must be
        tandems, whatever `min_similarity` and `cost` say; each takes one place of both. `on_progress(stage,
        share)` hears of each stage of `STAGES`, share 0 to 1; what it raises ends the run. Raises
        InvalidParameter, InvalidProfile, and InvalidPin for a pin that breaks a rule: nothing is dropped silently.
        """
        self.settings()
        prepared = self.prepare(
            profiles,
            past_pairs=past_pairs,
            bans=bans,
            pins=pins,
            excluded_company_pairs=excluded_company_pairs,
            on_progress=on_progress,
        )
        return self.fit_prepared(prepared, on_progress=on_progress)

    def fit_prepared(self, prepared: PreparedPairing, *, on_progress: OnProgress | None = None) -> Self:
        """The same on profiles that were read before, by `prepare`; returns self."""
        settings = self.settings()
        tell = on_progress or (lambda stage, share: None)
        paired = prepared.paired(settings, tell)
        self.n_edges_ = paired.n_edges
        self.pairing_bound_ = paired.bound
        self.tandems_ = _explained(prepared.profiles, paired, prepared.explainer(), tell)
        self.alternates_ = _alternates(prepared.profiles, paired, settings, self._calibration())
        self.unmatched_ = prepared.unmatched(settings, paired)
        return self

    def prepare(
        self,
        profiles: Iterable[Profile],
        *,
        past_pairs: Iterable[PastPair] = (),
        bans: Pairs = (),
        pins: Pairs = (),
        excluded_company_pairs: Pairs = (),
        on_progress: OnProgress | None = None,
    ) -> PreparedPairing:
        """Read and compare the profiles once, to pair them with several settings; parameters and errors as `fit`.

        Of the matcher's own parameters only `neighbours`, `common_language` and `n_jobs` count here. A pin that
        breaks the rule of past pairs or of the limit between companies is told by each pairing.
        """
        at_least("neighbours", self.neighbours, 1)
        at_least("n_jobs", self.n_jobs, 1)
        return prepare(
            profiles,
            past_pairs=past_pairs,
            bans=bans,
            pins=pins,
            excluded_company_pairs=excluded_company_pairs,
            common_language=self.common_language,
            calibration=self._calibration(),
            neighbours=self.neighbours,
            lexicons=self.lexicons,
            n_jobs=self.n_jobs,
            tell=on_progress or (lambda stage, share: None),
        )

    def settings(self) -> PairingSettings:
        """The parameters that a `PreparedPairing` takes anew each time. Raises InvalidParameter."""
        return PairingSettings(
            objective=self.objective,
            min_similarity=self.min_similarity,
            cost=self.cost,
            alternates=self.alternates,
            repeat_after=self.repeat_after,
            max_per_company_pair=self.max_per_company_pair,
        ).checked()

    def _calibration(self) -> Calibration:
        return Calibration() if self.calibration is None else self.calibration


def related_profiles(
    profiles: Iterable[Profile],
    *,
    k: int = 10,
    ids: Iterable[str] | None = None,
    calibration: Calibration | None = None,
    lexicons: Mapping[str, Lexicon] | None = None,
    n_jobs: int = 1,
) -> dict[str, list[Partner]]:
    """For each id (all by default) its k best partners of other companies, the most probable first.

    Only the company counts here; rules of who may meet whom do not. Equally probable ones stand in the order
    of their ids. Raises InvalidParameter for an unknown id, InvalidProfile as `TandemMatcher.fit`.
    """
    ordered = in_canonical_order(profiles)
    position = {profile.id: number for number, profile in enumerate(ordered)}
    wanted = list(position) if ids is None else list(ids)
    unknown = [name for name in wanted if name not in position]
    if unknown:
        raise InvalidParameter("id", f"{unknown[0]!r} is not among the {len(ordered)} profiles")
    companies = Eligibility(ordered).company
    relatedness = relate(ordered, companies, lexicons=lexicons, n_jobs=n_jobs)
    rows = np.array([position[name] for name in wanted], dtype=np.int64)
    best = relatedness.best_partners(k, rows=rows)
    return partners_by_id(ordered, rows.tolist(), best, calibration or Calibration())


def _explained(
    profiles: Sequence[Profile], paired: Paired, explainer: PairExplainer, tell: OnProgress
) -> list[Tandem]:
    tandems = []
    every = max(1, len(paired.pairs) // 50)
    for number, pair in enumerate(paired.pairs):
        if number % every == 0:
            tell("reasons", number / len(paired.pairs))
        reasons, other = explainer.reasons(pair.a, pair.b)
        tandems.append(
            Tandem(
                profiles[pair.a].id,
                profiles[pair.b].id,
                pair.similarity,
                pair.score / pair.similarity if pair.similarity > 0 else 1.0,
                pair.probability,
                reasons,
                other,
                (pair.a, pair.b) in paired.pinned,
            )
        )
    return tandems


def _alternates(
    profiles: Sequence[Profile], paired: Paired, settings: PairingSettings, calibration: Calibration
) -> dict[str, tuple[Alternate, ...]]:
    alternates = {}
    partners = paired.partners()
    for position, profile in enumerate(profiles):
        near = paired.neighbours.of(position)
        probability = calibration.probability(near.score)
        taken = partners.get(position, set())
        further = [
            Alternate(profiles[column].id, similarity, score, likely)
            for column, similarity, score, likely in zip(
                near.column.tolist(), near.similarity.tolist(), near.score.tolist(), probability.tolist(), strict=True
            )
            if column not in taken and similarity >= settings.min_similarity and likely > settings.cost
        ]
        if further[: settings.alternates]:
            alternates[profile.id] = tuple(further[: settings.alternates])
    return alternates
