"""How well rankings and tandems agree with judgements: the measures of information retrieval, on judged data.

Sources: K. Jaervelin, J. Kekaelaeinen: Cumulated gain-based evaluation of IR techniques, ACM TOIS 20 (2002), with
gain = grade; reciprocal rank, precision and recall as in trec_eval; bootstrap over queries (B. Efron, R. Tibshirani:
An introduction to the bootstrap, 1993).
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from matching.calibration import Calibration, brier_skill, calibration_error
from matching.exceptions import UnreadableProfiles
from matching.lexicon import Lexicon
from matching.matcher import Tandem, TandemMatcher
from matching.profiles import Profile, primary_language, read_profiles

Qrels = Mapping[str, Mapping[str, int]]
Ranking = Mapping[str, Sequence[tuple[str, float]]]
"""Partners of each profile with their score, best first."""

RANKED = 10


@dataclass(frozen=True, slots=True)
class RankingMeasures:
    """Means over the queries: the profiles with a judged partner."""

    ndcg: float
    mrr: float
    p_at_1: float
    recall: float
    queries: int
    ndcg_low: float
    """With `ndcg_high` the 95 % interval of the mean, by bootstrap over the queries."""
    ndcg_high: float


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """`pairs` have judgements on both sides; `related` of them are judged related; `pair_share` is the ratio."""

    pairs: int
    related: int
    pair_share: float


@dataclass(frozen=True, slots=True)
class ProbabilityMeasures:
    """Of the best partners whose two sides both have judgements: how far probabilities are from what came true.

    ece : expected calibration error over ten bins of equal mass. brier_skill : by what share the squared error is
    below that of always saying the base rate. judged_neighbours : how many pairs that is.
    """

    ece: float
    brier_skill: float
    judged_neighbours: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found: the measures, each profile's ranking, and the tandems.

    cross_language : the share of the best partners that state another language; 0 where none states one.
    """

    ranking: RankingMeasures
    pairing: PairMeasures
    probability: ProbabilityMeasures
    cross_language: float
    run: Ranking
    tandems: Sequence[Tandem]

    def as_dict(self, k: int) -> dict[str, float | int]:
        """The measures under their usual names, `ndcg@10` and so on."""
        named = asdict(self.ranking)
        return {
            f"ndcg@{k}": named["ndcg"],
            f"mrr@{k}": named["mrr"],
            "p@1": named["p_at_1"],
            f"recall@{k}": named["recall"],
            "queries": named["queries"],
            **asdict(self.pairing),
            f"ndcg@{k}_low": named["ndcg_low"],
            f"ndcg@{k}_high": named["ndcg_high"],
            "cross_language": self.cross_language,
            **asdict(self.probability),
        }


def evaluate(
    profiles: Sequence[Profile],
    qrels: Qrels,
    *,
    k: int = RANKED,
    cost: float = 0.1,
    calibration: Calibration | None = None,
    lexicons: Mapping[str, Lexicon] | None = None,
    n_jobs: int = 1,
) -> Evaluation:
    """Rank the k best partners in other companies for each profile, pair all once, and measure both.

    Judgements are about themes, so stated languages forbid nothing here and every capacity is 1.
    """
    judged = [replace(profile, capacity=1) for profile in profiles]
    matcher = TandemMatcher(
        common_language=False, cost=cost, calibration=calibration, lexicons=lexicons, n_jobs=n_jobs
    )
    prepared = matcher.prepare(judged)
    partners = prepared.partners(max(k, RANKED))
    run = {name: [(one.id, one.probability) for one in best] for name, best in partners.items()}
    tandems = matcher.fit_prepared(prepared).tandems_
    return Evaluation(
        ranking=ranking_measures(run, qrels, k),
        pairing=pair_measures([(tandem.a, tandem.b) for tandem in tandems], qrels),
        probability=probability_measures(run, qrels),
        cross_language=cross_language_share(run, profiles),
        run=run,
        tandems=tandems,
    )


def ranking_measures(run: Ranking, qrels: Qrels, k: int = RANKED) -> RankingMeasures:
    """nDCG, reciprocal rank and recall at k, and precision at 1, over the ids of `qrels` with a grade >= 1.

    A query without a ranking counts 0 in each. No query at all gives zeros.
    """
    queries = sorted(query for query, grades in qrels.items() if any(grade >= 1 for grade in grades.values()))
    if not queries:
        return RankingMeasures(0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0)
    each = []
    mrr = first = recall = 0.0
    for query in queries:
        gains = [qrels[query].get(partner, 0) for partner, _ in list(run.get(query, ()))[:k]]
        related = sum(grade >= 1 for grade in qrels[query].values())
        ideal = sorted(qrels[query].values(), reverse=True)[:k]
        each.append(_dcg(gains) / _dcg(ideal))
        mrr += next((1.0 / rank for rank, gain in enumerate(gains, start=1) if gain >= 1), 0.0)
        first += bool(gains and gains[0] >= 1)
        recall += sum(gain >= 1 for gain in gains) / min(k, related)
    n = len(queries)
    low, high = _interval(each)
    return RankingMeasures(sum(each) / n, mrr / n, first / n, recall / n, n, low, high)


def probability_measures(run: Ranking, qrels: Qrels) -> ProbabilityMeasures:
    """Of the ten best of each, where both sides have judgements; the scores of the run are probabilities."""
    judged = [
        (score, qrels[query].get(partner, 0) >= 1)
        for query, best in sorted(run.items())
        if query in qrels
        for partner, score in list(best)[:RANKED]
        if partner in qrels
    ]
    probability = np.array([score for score, _ in judged], dtype=np.float64)
    good = np.array([is_good for _, is_good in judged], dtype=np.bool_)
    return ProbabilityMeasures(calibration_error(probability, good), brier_skill(probability, good), len(judged))


def cross_language_share(run: Ranking, profiles: Sequence[Profile]) -> float:
    """Of the ten best of each, the share whose first stated language is another one."""
    language = {one.id: primary_language(one.languages[0]) for one in profiles if one.languages}
    pairs = [
        language[query] != language[partner]
        for query, best in run.items()
        for partner, _ in list(best)[:RANKED]
        if query in language and partner in language
    ]
    return sum(pairs) / len(pairs) if pairs else 0.0


def pair_measures(pairs: Iterable[tuple[str, str]], qrels: Qrels) -> PairMeasures:
    """Of the pairs whose two sides both have judgements, how many are judged related (grade >= 1)."""
    judged = [(a, b) for a, b in pairs if a in qrels and b in qrels]
    related = sum(qrels[a].get(b, 0) >= 1 for a, b in judged)
    return PairMeasures(len(judged), related, related / len(judged) if judged else 0.0)


def read_judged(folder: Path) -> tuple[list[Profile], Qrels]:
    """`profiles.jsonl` and `qrels.tsv` of a folder. Raises UnreadableProfiles, naming file and line."""
    return read_profiles(folder / "profiles.jsonl"), read_qrels(folder / "qrels.tsv")


def read_qrels(path: Path) -> Qrels:
    """Judgements `id_a id_b grade`, tab-separated with a header line, read in both directions."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableProfiles(path.name, None, "cannot be read as UTF-8 text") from error
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not fields[2].strip().isdigit():
            raise UnreadableProfiles(path.name, number, "not `id_a<tab>id_b<tab>grade`")
        a, b, grade = fields[0], fields[1], int(fields[2])
        qrels.setdefault(a, {})[b] = grade
        qrels.setdefault(b, {})[a] = grade
    return qrels


def _interval(each: Sequence[float], resamples: int = 1000) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean; the same chance each time."""
    chance = random.Random(20)  # noqa: S311  resampling, no secret
    n = len(each)
    means = sorted(sum(chance.choices(each, k=n)) / n for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
