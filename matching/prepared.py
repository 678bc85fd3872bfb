"""Profiles read and compared once, then paired with any number of settings; the matcher itself pairs this way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.calibration import Calibration
from matching.capped import best_capped_pairing
from matching.eligibility import Eligibility, PastPair
from matching.explain import PairExplainer, Unmatched
from matching.leftover import Miss, left_over
from matching.lexicon import Lexicon
from matching.pairing import Objective, best_pairing
from matching.pins import Pins, checked_pins
from matching.profiles import Profile, in_canonical_order
from matching.relatedness import Relatedness, relate
from matching.settings import PairingSettings
from matching.side_by_side import side_by_side
from matching.similarity import Neighbours, edges_of, joined

Pairs = Iterable[tuple[str, str]]
OnProgress = Callable[[str, float], None]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# How often those left alone are introduced to each other; identical profiles need a few, others one.
_INTRODUCTIONS = 8
# The same where a limit of tandems between two companies leaves some alone: each costs a search for prices.
_CAPPED_INTRODUCTIONS = 1


@dataclass(frozen=True, slots=True)
class PairingOutline:
    """What one setting leads to, without reasons: for a preview.

    `pairs` are (a, b, similarity, probability), in the order and with the values of `TandemMatcher.tandems_` for the
    same settings; `unmatched`, `n_edges` and `pairing_bound` are its `unmatched_`, `n_edges_` and `pairing_bound_`.
    """

    settings: PairingSettings
    pairs: list[tuple[str, str, float, float]]
    unmatched: list[Unmatched]
    n_edges: int
    pairing_bound: float | None


class Pair(NamedTuple):
    """Two positions, a before b: how alike they are, their score, and how likely they are a good pair."""

    a: int
    b: int
    similarity: float
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Partner:
    """A profile of another company: how alike it is, and how likely the two are a good pair."""

    id: str
    similarity: float
    probability: float


@dataclass(frozen=True)
class Paired:
    """The answer to one setting by positions: pairs in order of probability, then of ids; pins among them."""

    neighbours: Neighbours
    pairs: list[Pair]
    pinned: frozenset[tuple[int, int]]
    crowded_out: dict[int, Miss]
    n_edges: int
    bound: float | None

    def partners(self) -> dict[int, set[int]]:
        partners: dict[int, set[int]] = {}
        for a, b, *_ in self.pairs:
            partners.setdefault(a, set()).add(b)
            partners.setdefault(b, set()).add(a)
        return partners


@dataclass(frozen=True)
class _Graph:
    """The pairs that a pairing chooses from: eligible, similar enough, with free places on both sides."""

    a: Indices
    b: Indices
    similarity: Floats
    score: Floats
    probability: Floats


@dataclass(frozen=True)
class _Choice:
    graph: _Graph
    chosen: Mask
    bound: float
    # Of a pairing with a limit: a price for each number of two companies that has one.
    prices: dict[int, float] = field(default_factory=dict)


class PreparedPairing:
    """What does not depend on the settings of a pairing: rules, pins, vectors and neighbours.

    Made by `prepare` (or `TandemMatcher.prepare`); pairs as often as it is asked, each time with the answer
    that `TandemMatcher.fit` gives for the same settings. Nothing in it changes what a later answer is.
    """

    def __init__(
        self,
        profiles: Sequence[Profile],
        rules: Eligibility,
        pins: Pins,
        relatedness: Relatedness,
        *,
        calibration: Calibration,
        neighbours: int,
        n_jobs: int,
    ) -> None:
        self.profiles = profiles
        self._rules = rules
        self._pins = pins
        self._relatedness = relatedness
        self._calibration = calibration
        self._k = neighbours
        self._n_jobs = n_jobs
        self._usable = relatedness.vectors.usable
        talking = rules.somebody_to_talk_to()
        # Who has all places pinned is offered to nobody, but still told whom else it could meet.
        self._searching = np.flatnonzero((rules.capacity > 0) & talking)
        self._offered = np.flatnonzero((pins.places > 0) & talking)
        self._neighbours = self._search(rules, self._searching, self._offered)
        self._pinned_similarity = relatedness.vectors.similarity(pins.a, pins.b)
        self._pinned_score = relatedness.score(pins.a, pins.b)
        self._pinned_probability = calibration.probability(self._pinned_score)
        # Remembered, for settings share it: neighbours by `repeat_after`, the most similar of all by position, and
        # the last pairing without a limit.
        self._neighbours_by_age: dict[int, Neighbours] = {}
        self._nearest: dict[int, Miss | None] = {}
        self._last: tuple[PairingSettings, Neighbours, _Choice] | None = None

    def outline(self, settings: PairingSettings, *, on_progress: OnProgress | None = None) -> PairingOutline:
        """Pair with these settings; no reasons, no alternates.

        `on_progress` hears of the stage "pairing"; what it raises ends the run. Raises InvalidParameter for a
        setting out of range, InvalidPin for a pin that these settings do not allow.
        """
        paired = self.paired(settings, on_progress or _silent)
        pairs = [(self.profiles[p.a].id, self.profiles[p.b].id, p.similarity, p.probability) for p in paired.pairs]
        return PairingOutline(settings, pairs, self.unmatched(settings, paired), paired.n_edges, paired.bound)

    def outlines(
        self, settings: Sequence[PairingSettings], *, n_jobs: int = 1, on_progress: OnProgress | None = None
    ) -> list[PairingOutline]:
        """One outline for each of the settings, in their order: the same as of `outline` one by one.

        `n_jobs` processes pair side by side, each with as much memory again as one pairing takes (about 150 MiB
        for 15,000 profiles). `on_progress` hears the share of settings done; else as `outline`.
        """
        tell = on_progress or _silent
        for one in settings:
            one.checked()
        # What differs in the limit between companies alone shares its first pairing, in one process; the groups
        # that take longest come first, so that no process ends long after the others.
        groups: dict[PairingSettings, list[PairingSettings]] = {}
        for one in dict.fromkeys(settings):
            groups.setdefault(_unlimited(one), []).append(one)
        ordered = sorted(groups.values(), key=lambda group: sum(map(_effort, group)), reverse=True)
        found = side_by_side(
            [partial(self._outlined, group, 1 if n_jobs > 1 else self._n_jobs) for group in ordered],
            n_jobs=n_jobs,
            on_done=lambda done: tell("pairing", done / max(1, len(ordered))),
        )
        by_settings = {outline.settings: outline for outlines in found for outline in outlines}
        return [by_settings[one] for one in settings]

    def _outlined(self, settings: Sequence[PairingSettings], n_jobs: int) -> list[PairingOutline]:
        """With `n_jobs` threads for what is left to search: 1 in a forked process, which starts none."""
        usual, self._n_jobs = self._n_jobs, n_jobs
        try:
            return [self.outline(one) for one in settings]
        finally:
            self._n_jobs = usual

    def paired(self, settings: PairingSettings, tell: OnProgress) -> Paired:
        """The best pairing by positions. Raises as `outline`."""
        settings.checked()
        rules = self._rules.with_repeat_after(settings.repeat_after)
        self._pins.check_history(self.profiles, rules)
        if settings.max_per_company_pair is not None:
            self._pins.check_cap(self.profiles, rules, settings.max_per_company_pair)
        tell("pairing", 0.0)
        if self._last is None or self._last[0] != _unlimited(settings):
            introduced = self._introduced(self._neighbours_after(settings.repeat_after), rules, settings, tell)
            self._last = _unlimited(settings), *introduced
        _, neighbours, choice = self._last
        crowded_out: dict[int, Miss] = {}
        if settings.max_per_company_pair is not None:
            neighbours, choice = self._capped(neighbours, choice, rules, settings, tell)
            crowded_out = self._crowded_out(choice, rules, settings)
        return Paired(
            neighbours,
            self._pairs(choice),
            frozenset(zip(self._pins.a.tolist(), self._pins.b.tolist(), strict=True)),
            crowded_out,
            len(choice.graph.a),
            self._bound(choice, settings),
        )

    def partners(self, k: int) -> dict[str, list[Partner]]:
        """For each id its k best partners in other companies, whatever the rules say, the most probable first."""
        best = self._relatedness.best_partners(k)
        return partners_by_id(self.profiles, range(len(self.profiles)), best, self._calibration)

    def unmatched(self, settings: PairingSettings, paired: Paired) -> list[Unmatched]:
        """Each community without a tandem, by id: why, and what would change it."""
        partners = paired.partners()
        return left_over(
            self.profiles,
            self._rules.with_repeat_after(settings.repeat_after),
            settings,
            paired.neighbours,
            calibration=self._calibration,
            alone=[position for position in range(len(self.profiles)) if position not in partners],
            usable=self._usable,
            crowded_out=paired.crowded_out,
            nearest_of=self._nearest_of,
        )

    def explainer(self) -> PairExplainer:
        """Tells reasons of these profiles' pairs."""
        return PairExplainer(self.profiles, self._relatedness.vectors)

    def _neighbours_after(self, repeat_after: int | None) -> Neighbours:
        """The neighbours where pairs may meet again; only the rows of such pairs are searched again."""
        if repeat_after is None:
            return self._neighbours
        if repeat_after not in self._neighbours_by_age:
            rows = np.intersect1d(self._rules.changed_by(repeat_after), self._searching)
            again = self._search(self._rules.with_repeat_after(repeat_after), rows, self._offered)
            self._neighbours_by_age[repeat_after] = self._neighbours.with_rows(rows, again)
        return self._neighbours_by_age[repeat_after]

    def _introduced(
        self, neighbours: Neighbours, rules: Eligibility, settings: PairingSettings, tell: OnProgress
    ) -> tuple[Neighbours, _Choice]:
        """The best pairing; those it leaves alone are introduced to each other, and all is paired again.

        Where many profiles are alike, the k nearest of all are the same few, and pairs are missing among the rest.
        """
        for attempt in range(_INTRODUCTIONS + 1):
            graph = self._graph(neighbours, settings)
            step = _steps(tell, attempt / (_INTRODUCTIONS + 1))
            worth = graph.probability - settings.cost
            chosen = best_pairing(
                graph.a, graph.b, worth, self._pins.places, Objective(settings.objective), on_step=step
            )
            choice = _Choice(graph, chosen, float(worth[chosen].sum()))
            if attempt == _INTRODUCTIONS:
                break
            step()
            together = self._introduce(neighbours, choice, rules.allows, settings)
            if together is None:
                break
            neighbours = together
        return neighbours, choice

    def _capped(
        self,
        neighbours: Neighbours,
        unlimited: _Choice,
        rules: Eligibility,
        settings: PairingSettings,
        tell: OnProgress,
    ) -> tuple[Neighbours, _Choice]:
        """The same with a limit of tandems between two companies; those it leaves alone meet companies with room."""
        choice = self._limited(unlimited.graph, rules, settings, tell, unlimited=unlimited.chosen)
        for _ in range(_CAPPED_INTRODUCTIONS):
            full = self._full_pairs(choice, rules, settings)
            if not len(full):
                break

            def allows(a: Indices, b: Indices, full: Indices = full) -> Mask:
                return rules.allows(a, b) & ~np.isin(rules.company_pair(a, b), full)

            together = self._introduce(neighbours, choice, allows, settings)
            if together is None:
                break
            neighbours = together
            choice = self._limited(self._graph(neighbours, settings), rules, settings, tell, prices=choice.prices)
        return neighbours, choice

    def _limited(
        self,
        graph: _Graph,
        rules: Eligibility,
        settings: PairingSettings,
        tell: OnProgress,
        *,
        unlimited: Mask | None = None,
        prices: Mapping[int, float] | None = None,
    ) -> _Choice:
        names, company_pair, room = self._room(graph, rules, settings)
        known = None if prices is None else np.array([prices.get(name, 0.0) for name in names], dtype=np.float64)
        capped = best_capped_pairing(
            graph.a,
            graph.b,
            graph.probability - settings.cost,
            self._pins.places,
            company_pair,
            room,
            Objective(settings.objective),
            unlimited=unlimited,
            prices=known,
            on_step=_steps(tell, _INTRODUCTIONS / (_INTRODUCTIONS + 1)),
        )
        return _Choice(graph, capped.chosen, capped.bound, dict(zip(names, capped.prices.tolist(), strict=True)))

    def _introduce(
        self,
        neighbours: Neighbours,
        choice: _Choice,
        allows: Callable[[Indices, Indices], Mask],
        settings: PairingSettings,
    ) -> Neighbours | None:
        """The neighbours, joined by those whom the communities left alone find among free places; None if nobody."""
        used = self._used(choice)
        places = self._pins.places
        free = self._offered[used[self._offered] < places[self._offered]]
        alone = free[(used[free] == 0) & (places[free] == self._rules.capacity[free])]
        if not len(alone):
            return None
        met = self._relatedness.best_partners(self._k, allows=allows, rows=alone, columns=free)
        if len(np.unique(met.column)) < len(alone) // 2:
            met = joined([met, self._relatedness.partners_by_theme(alone, self._k, allows)])
        likely = self._calibration.probability(met.score) > settings.cost
        worth = (met.similarity >= settings.min_similarity) & likely
        together = neighbours.joined_with(met, worth)
        return together if len(together.row) > len(neighbours.row) else None

    def _graph(self, neighbours: Neighbours, settings: PairingSettings) -> _Graph:
        n, places = len(self.profiles), self._pins.places
        edges = edges_of(neighbours, n, settings.min_similarity)
        a, b = edges.row, edges.column
        edges = edges.only((places[a] > 0) & (places[b] > 0) & ~np.isin(a * n + b, self._pins.a * n + self._pins.b))
        probability = self._calibration.probability(edges.score)
        return _Graph(edges.row, edges.column, edges.similarity, edges.score, probability)

    def _room(
        self, graph: _Graph, rules: Eligibility, settings: PairingSettings
    ) -> tuple[list[int], Indices, Indices]:
        """Each two companies, for each edge the place of its two in that list, and their room beside the pins."""
        pinned = rules.company_pair(self._pins.a, self._pins.b)
        names, place = np.unique(np.concatenate([rules.company_pair(graph.a, graph.b), pinned]), return_inverse=True)
        used = np.bincount(place[len(graph.a) :], minlength=len(names))
        room = (settings.max_per_company_pair or 0) - used
        return names.tolist(), place[: len(graph.a)].astype(np.int64), room

    def _full_pairs(self, choice: _Choice, rules: Eligibility, settings: PairingSettings) -> Indices:
        graph, chosen = choice.graph, choice.chosen
        a, b = (np.concatenate(ends) for ends in ((graph.a[chosen], self._pins.a), (graph.b[chosen], self._pins.b)))
        company_pairs, counts = np.unique(rules.company_pair(a, b), return_counts=True)
        return company_pairs[counts >= (settings.max_per_company_pair or 0)]

    def _crowded_out(self, choice: _Choice, rules: Eligibility, settings: PairingSettings) -> dict[int, Miss]:
        """Who stayed alone because of the limit: a partner beyond it is free, or all partners are beyond it."""
        graph, places = choice.graph, self._pins.places
        used = self._used(choice)
        full = np.isin(rules.company_pair(graph.a, graph.b), self._full_pairs(choice, rules, settings))
        worth = graph.probability > settings.cost
        row = np.concatenate([graph.a, graph.b])
        column = np.concatenate([graph.b, graph.a])
        at_limit = np.concatenate([full, full])
        similarity = np.concatenate([graph.similarity, graph.similarity])
        score = np.concatenate([graph.score, graph.score])
        considered = np.concatenate([worth, worth]) & (used[row] == 0) & (places[row] == rules.capacity[row])
        elsewhere = np.bincount(row[considered & ~at_limit], minlength=len(places)) > 0
        free = used[column] < places[column]
        telling = np.flatnonzero(considered & at_limit & (free | ~elsewhere[row]))
        order = telling[np.lexsort((column[telling], -score[telling], ~free[telling], row[telling]))]
        _, first = np.unique(row[order], return_index=True)
        return {int(row[edge]): self._miss(column[edge], similarity[edge], score[edge]) for edge in order[first]}

    def _miss(self, partner: int, similarity: float, score: float) -> Miss:
        return Miss(int(partner), float(similarity), float(self._calibration.probability(np.array([score]))[0]))

    def _used(self, choice: _Choice) -> Indices:
        """How many places of each profile the pairing takes, pins aside."""
        ends = np.concatenate([choice.graph.a[choice.chosen], choice.graph.b[choice.chosen]])
        return np.bincount(ends, minlength=len(self.profiles))

    def _pairs(self, choice: _Choice) -> list[Pair]:
        graph, chosen, pins = choice.graph, choice.chosen, self._pins
        a, b = np.concatenate([graph.a[chosen], pins.a]), np.concatenate([graph.b[chosen], pins.b])
        similarity = np.concatenate([graph.similarity[chosen], self._pinned_similarity])
        score = np.concatenate([graph.score[chosen], self._pinned_score])
        probability = np.concatenate([graph.probability[chosen], self._pinned_probability])
        order = np.lexsort((b, a, -probability))
        columns = (one[order].tolist() for one in (a, b, similarity, score, probability))
        return [Pair(*values) for values in zip(*columns, strict=True)]

    def _bound(self, choice: _Choice, settings: PairingSettings) -> float | None:
        if settings.objective != Objective.QUALITY:
            return None
        return choice.bound + float((self._pinned_probability - settings.cost).sum())

    def _search(self, rules: Eligibility, rows: Indices, columns: Indices) -> Neighbours:
        return self._relatedness.best_partners(self._k, allows=rules.allows, rows=rows, columns=columns)

    def _nearest_of(self, positions: Sequence[int]) -> dict[int, Miss]:
        """The best partner in another company, whatever the rules say; who has none is absent."""
        unknown = [position for position in positions if position not in self._nearest]
        found = self._relatedness.best_partners(1, rows=np.array(unknown, dtype=np.int64))
        self._nearest |= dict.fromkeys(unknown)
        for row, column, similarity, score in zip(
            found.row.tolist(), found.column.tolist(), found.similarity.tolist(), found.score.tolist(), strict=True
        ):
            self._nearest[row] = self._miss(column, similarity, score)
        return {p: miss for p in positions if (miss := self._nearest[p]) is not None}


def prepare(
    profiles: Iterable[Profile],
    *,
    past_pairs: Iterable[PastPair],
    bans: Pairs,
    pins: Pairs,
    excluded_company_pairs: Pairs,
    common_language: bool,
    neighbours: int,
    calibration: Calibration,
    lexicons: Mapping[str, Lexicon] | None,
    n_jobs: int,
    tell: OnProgress,
) -> PreparedPairing:
    """Check and read everything once; parameters as of `TandemMatcher` and its `fit`."""
    ordered = in_canonical_order(profiles)
    rules = Eligibility(
        ordered,
        past_pairs=past_pairs,
        bans=bans,
        excluded_company_pairs=excluded_company_pairs,
        common_language=common_language,
    )
    checked = checked_pins(pins, ordered, rules)
    relatedness = relate(ordered, rules.company, lexicons=lexicons, n_jobs=n_jobs, on_progress=tell)
    return PreparedPairing(
        ordered, rules, checked, relatedness, calibration=calibration, neighbours=neighbours, n_jobs=n_jobs
    )


def partners_by_id(
    profiles: Sequence[Profile], rows: Iterable[int], best: Neighbours, calibration: Calibration
) -> dict[str, list[Partner]]:
    """The partners of these rows under their ids."""
    found: dict[str, list[Partner]] = {profiles[row].id: [] for row in rows}
    probability = calibration.probability(best.score)
    for row, column, similarity, likely in zip(
        best.row.tolist(), best.column.tolist(), best.similarity.tolist(), probability.tolist(), strict=True
    ):
        found[profiles[row].id].append(Partner(profiles[column].id, similarity, likely))
    return found


def _steps(tell: OnProgress, share: float) -> Callable[[], None]:
    return lambda: tell("pairing", share)


def _unlimited(settings: PairingSettings) -> PairingSettings:
    return replace(settings, alternates=0, max_per_company_pair=None)


def _effort(settings: PairingSettings) -> int:
    """About how many times as long as the plainest pairing it takes."""
    by_objective = {Objective.QUALITY.value: 1, Objective.COVERAGE.value: 2, Objective.FAIR.value: 5}
    return by_objective[settings.objective] + (0 if settings.max_per_company_pair is None else 6)


def _silent(stage: str, share: float) -> None:
    pass
