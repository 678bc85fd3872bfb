"""Why a community stayed alone: found once the pairing stands, told as data."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.calibration import Calibration
from matching.eligibility import Eligibility, Rule
from matching.explain import CHANGES, CHANGES_OF_RULES, Change, Unmatched, UnmatchedKind
from matching.pairing import Objective
from matching.profiles import Profile
from matching.settings import PairingSettings
from matching.similarity import Neighbours

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Miss(NamedTuple):
    """A partner that could have been: position, similarity, and how likely it is a good one."""

    partner: int
    similarity: float
    probability: float


def left_over(
    profiles: Sequence[Profile],
    rules: Eligibility,
    settings: PairingSettings,
    neighbours: Neighbours,
    *,
    calibration: Calibration,
    alone: Sequence[int],
    usable: Mask,
    crowded_out: dict[int, Miss],
    nearest_of: Callable[[Sequence[int]], dict[int, Miss]],
) -> list[Unmatched]:
    """For each position of `alone` why it has no tandem, its nearest miss, and what would change it.

    `usable` says which profiles have a word to compare; `crowded_out` holds those whom the limit of tandems
    between two companies kept from a partner, with that partner; `nearest_of` finds the most similar profile
    of another company whatever the rules say.
    """
    best = {position: _first(neighbours, calibration, position) for position in alone}
    # Where no eligible one is similar enough, the nearest of all tells whether a rule stood in the way.
    searched = [p for p, miss in best.items() if miss is None or miss.similarity < settings.min_similarity]
    nearest = nearest_of(searched)
    misses = {p: best[p] for p in alone} | {p: nearest.get(p) for p in searched}
    several_companies = len(np.unique(rules.company)) > 1

    def explain(position: int) -> Unmatched:
        name = profiles[position].id
        if profiles[position].capacity == 0:
            return _alone(name, UnmatchedKind.NO_CAPACITY)
        if not several_companies:
            return _alone(name, UnmatchedKind.NO_OTHER_COMPANY)
        if not usable[position]:
            return _alone(name, UnmatchedKind.NO_TEXT)
        if position in crowded_out:
            beyond = crowded_out[position]
            return _alone(name, UnmatchedKind.COMPANY_PAIR_FULL, profiles[beyond.partner].id, beyond.similarity)
        miss = misses[position]
        if miss is None:
            return _alone(name, UnmatchedKind.NOTHING_SIMILAR)
        rule = rules.first_broken_rule(position, miss.partner)
        kind = _missed(settings, miss, rule)
        return _alone(name, kind, profiles[miss.partner].id, miss.similarity, rule)

    told = [explain(position) for position in alone]
    if settings.objective == Objective.QUALITY:
        return told
    return [replace(one, changes=tuple(c for c in one.changes if c is not Change.PREFER_COVERAGE)) for one in told]


def _missed(settings: PairingSettings, miss: Miss, rule: Rule | None) -> UnmatchedKind:
    if miss.similarity < settings.min_similarity:
        return UnmatchedKind.BELOW_MIN_SIMILARITY
    if rule is not None:
        return UnmatchedKind.NOT_ELIGIBLE
    if miss.probability <= settings.cost:
        return UnmatchedKind.BELOW_COST
    return UnmatchedKind.PARTNERS_TAKEN


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


def _first(neighbours: Neighbours, calibration: Calibration, position: int) -> Miss | None:
    best = neighbours.of(position).best(1)
    if not len(best.row):
        return None
    return Miss(int(best.column[0]), float(best.similarity[0]), float(calibration.probability(best.score)[0]))
