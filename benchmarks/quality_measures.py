"""What is measured of the engine beside its ranking: pairs by cost, probabilities, pairs of houses, stability."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from benchmarks import quality_peers
from benchmarks.quality_parts import language_of
from matching import Profile, TandemMatcher
from matching.calibration import LEAST_GOOD, LEAST_STRONG, Calibration, brier_skill, calibration_error
from matching.eligibility import Eligibility
from matching.evaluation import RANKED, Qrels, Ranking, pair_measures, ranking_measures
from matching.prepared import Partner
from matching.profiles import in_canonical_order
from matching.relatedness import Floats, Indices, Relatedness, relate
from matching.settings import PairingSettings

COSTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
# Greedy chooses from more partners of each than the exact pairing, so that it lacks none.
_PARTNERS_OF_GREEDY = 50
_LEAST_QUERIES = 30
NOTICEABLE = 0.02
"""A difference of nDCG, or of a similarity, that counts as one."""


@dataclass(frozen=True)
class AtCost:
    """Tandems with judgements on both sides, at one cost."""

    cost: float
    exact_pairs: int
    exact_related: int
    greedy_pairs: int
    greedy_related: int


@dataclass(frozen=True)
class HousePair:
    """nDCG on two houses alone, in one language."""

    queries: int
    ours: float
    plain: float


@dataclass(frozen=True)
class Moved:
    """Of each one's ten best: the share whose similarity moves by more than `NOTICEABLE`, and whose word changes."""

    pairs: int
    similarity: float
    word: float


@dataclass(frozen=True)
class Kinship:
    """Of judged twins (grade 3, in another language): how many are found first. Of siblings (lower grades): how many
    of those that ten places could hold are among the ten best, in one's own language and in the other."""

    twins: int
    twins_first: float
    siblings_same: float
    siblings_other: float


@dataclass(frozen=True)
class JudgedScores:
    """Of the ten best of each, where both sides have judgements: the engine's scores, and which are related."""

    score: Floats
    good: np.ndarray[tuple[int], np.dtype[np.bool_]]


def related(profiles: Sequence[Profile]) -> tuple[list[Profile], Relatedness]:
    """The profiles in canonical order, compared."""
    ordered = in_canonical_order(profiles)
    return ordered, relate(ordered, Eligibility(ordered).company)


def ranked(profiles: Sequence[Profile]) -> Ranking:
    """Ours: the ten best of each by score."""
    ordered, relatedness = related(profiles)
    best = relatedness.best_partners(RANKED)
    run: dict[str, list[tuple[str, float]]] = {profile.id: [] for profile in ordered}
    for row, column, score in zip(best.row.tolist(), best.column.tolist(), best.score.tolist(), strict=True):
        run[ordered[row].id].append((ordered[column].id, score))
    return run


def ranked_plainly(profiles: Sequence[Profile]) -> Ranking:
    """TfidfVectorizer's, as it comes."""
    ordered = in_canonical_order(profiles)
    texts = [quality_peers.text_of(one.name, one.description, one.tags) for one in ordered]
    houses = quality_peers.numbered([one.company for one in ordered])
    comparison = quality_peers.plain(texts, quality_peers.Beside())
    return {
        ordered[row].id: [(ordered[at].id, value) for at, value in zip(best.tolist(), values.tolist(), strict=True)]
        for row, best, values in quality_peers.ranking(comparison, houses)
    }


def pairs_by_cost(profiles: Sequence[Profile], qrels: Qrels) -> list[AtCost]:
    """The exact pairing and a greedy one on the same probabilities, at each of `COSTS`."""
    judged = [replace(profile, capacity=1) for profile in profiles]
    prepared = TandemMatcher(common_language=False).prepare(judged)
    partners = prepared.partners(_PARTNERS_OF_GREEDY)
    found = []
    for cost in COSTS:
        settings = PairingSettings(cost=cost)
        outline = prepared.outline(settings)
        exact = pair_measures([(a, b) for a, b, *_ in outline.pairs], qrels)
        greedy = pair_measures(greedy_pairs(partners, settings), qrels)
        found.append(AtCost(cost, exact.pairs, exact.related, greedy.pairs, greedy.related))
    return found


def greedy_pairs(partners: Mapping[str, Sequence[Partner]], settings: PairingSettings) -> list[tuple[str, str]]:
    """The most probable pair first, ties by ids, above cost and least similarity; nobody twice."""
    edges = {
        (min(name, partner.id), max(name, partner.id)): partner.probability
        for name, best in partners.items()
        for partner in best
        if partner.probability > settings.cost and partner.similarity >= settings.min_similarity
    }
    taken: set[str] = set()
    pairs = []
    for (a, b), _ in sorted(edges.items(), key=lambda edge: (-edge[1], edge[0])):
        if a not in taken and b not in taken:
            taken |= {a, b}
            pairs.append((a, b))
    return pairs


def judged_scores(profiles: Sequence[Profile], qrels: Qrels) -> JudgedScores:
    """What a calibration is fitted on and measured by."""
    run = ranked(profiles)
    judged = [
        (score, qrels[query].get(partner, 0) >= 1)
        for query, best in sorted(run.items())
        if query in qrels
        for partner, score in best
        if partner in qrels
    ]
    scores = np.array([score for score, _ in judged], dtype=np.float64)
    return JudgedScores(scores, np.array([good for _, good in judged], dtype=np.bool_))


def calibration_on(calibration: Calibration, judged: JudgedScores) -> tuple[float, float]:
    """Expected calibration error, and Brier skill."""
    probability = calibration.probability(judged.score)
    return calibration_error(probability, judged.good), brier_skill(probability, judged.good)


def pairs_of_houses(profiles: Sequence[Profile]) -> list[list[Profile]]:
    """The profiles of each two houses, language by language."""
    by_house: dict[tuple[str, str], list[Profile]] = {}
    for profile in profiles:
        by_house.setdefault((language_of(profile), profile.company), []).append(profile)
    return [
        by_house[one] + by_house[other]
        for one, other in combinations(sorted(by_house), 2)
        if one[0] == other[0] and one[1] != other[1]
    ]


def on_two_houses(profiles: Sequence[Profile], qrels: Qrels) -> HousePair | None:
    """Ours against TfidfVectorizer on these profiles alone; None where too few of them have a related partner."""
    between = restricted(qrels, {profile.id for profile in profiles})
    queries = sum(any(grade >= 1 for grade in grades.values()) for grades in between.values())
    if queries < _LEAST_QUERIES:
        return None
    ours = ranking_measures(ranked(profiles), between).ndcg
    return HousePair(queries, ours, ranking_measures(ranked_plainly(profiles), between).ndcg)


def restricted(qrels: Qrels, ids: set[str]) -> Qrels:
    """The judgements among these profiles."""
    kept = {
        query: {partner: grade for partner, grade in grades.items() if partner in ids}
        for query, grades in qrels.items()
        if query in ids
    }
    return {query: grades for query, grades in kept.items() if grades}


def moved_by(guests: Sequence[Profile], profiles: Sequence[Profile]) -> Moved:
    """What it changes for the others that one more company is there, which has nothing to do with them."""
    ordered, before = related(profiles)
    best = before.best_partners(RANKED)
    company = "a further company"
    joined, after = related(
        [*profiles, *(replace(guest, id=f"guest {guest.id}", company=company) for guest in guests)]
    )
    position = {profile.id: at for at, profile in enumerate(joined)}
    place = np.array([position[profile.id] for profile in ordered], dtype=np.int64)
    a, b = place[best.row], place[best.column]
    similarity = np.abs(after.vectors.similarity(a, b) - best.similarity)
    words = _word(best.score) != _word(after.score(a, b))
    return Moved(len(a), float((similarity > NOTICEABLE).mean()), float(words.mean()))


def _word(score: Floats) -> Indices:
    return np.searchsorted([LEAST_GOOD, LEAST_STRONG], Calibration().probability(score), side="right")


def kinship(run: Ranking, profiles: Iterable[Profile], qrels: Qrels) -> Kinship | None:
    """Twins and siblings apart; None for a set that has not both, or one language only."""
    language = {profile.id: language_of(profile) for profile in profiles}
    first: list[bool] = []
    siblings: dict[bool, list[float]] = {True: [], False: []}
    for query, grades in sorted(qrels.items()):
        best = [partner for partner, _ in run.get(query, ())][:RANKED]
        twins = {one for one, grade in grades.items() if grade >= 3 and language[one] != language[query]}
        if twins:
            first.append(bool(best) and best[0] in twins)
        for same in (True, False):
            near = {
                one for one, grade in grades.items() if 1 <= grade < 3 and (language[one] == language[query]) == same
            }
            if near:
                siblings[same].append(sum(one in near for one in best) / min(RANKED, len(near)))
    if not first or not siblings[True] or not siblings[False]:
        return None
    return Kinship(len(first), _mean(first), _mean(siblings[True]), _mean(siblings[False]))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
