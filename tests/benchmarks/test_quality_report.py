from typing import Any

from benchmarks.quality_measures import COSTS
from benchmarks.quality_report import report
from matching.calibration import Calibration

PAIRED = {"pairs": 40, "related": 20, "pair_share": 0.5}
TAKEN = {"seconds": 3.0, "cpu_seconds": 2.5, "peak_mib": 200}
PLAIN = {"ndcg": 0.25, "low": 0.2, "high": 0.3, "queries": 90, "cross_language": 0.1, **PAIRED, **TAKEN}
OURS = PLAIN | {"ndcg": 0.5, "related": 30, "pair_share": 0.75, "ece": 0.04, "brier_skill": 0.5}
KIN = {"twins": 90, "twins_first": 0.98, "siblings_same": 0.3, "siblings_other": 0.2}
NOTHING_ELSE: dict[str, Any] = {"house_pairs": 0}


def figures(title: str, **others: object) -> dict[str, Any]:
    """What is told of one set."""
    cost = {"exact_pairs": 40, "exact_related": 30, "greedy_pairs": 41, "greedy_related": 29}
    return {
        "title": title,
        "about": "",
        "profiles": 1200,
        "houses": 4,
        "languages": {"de": 600, "en": 600},
        "judged_pairs": 100,
        "whole": {"ours": OURS, "plain": PLAIN},
        "held_out": {"ours": OURS, "plain": PLAIN},
        "kinship": {},
        "by_cost": [{"cost": one} | cost for one in COSTS],
        "without": {"the lexicon": {"ndcg": 0.4, **PAIRED}},
        "not_without": ["tags"],
        "houses_alone": NOTHING_ELSE,
        "moved": {"invented words": {"pairs": 900, "similarity": 0.01, "word": 0.002}},
        **others,
    }


def together(count: int) -> dict[str, Any]:
    """What is told of all sets."""
    tested = [[(0.02, 0.5)] * count] * count
    fitted = [{"slope": 9.0, "intercept": -3.0}] * count
    return {
        "calibration": {
            "titles": ["skills", "clubs"][:count],
            "fitted": fitted,
            "tested": tested,
            "shipped": tested[0],
        },
        "reading": {
            "profiles": 15000,
            "ours_seconds": 4.0,
            "plain_seconds": 1.0,
            "ours_cpu_seconds": 3.0,
            "plain_cpu_seconds": 1.0,
        },
        "missing": {"bm25": "could not be installed"},
    }


def test_a_report_tells_ours_beside_the_plain_peer_for_each_set() -> None:
    text = report([figures("skills", kinship={"ours": KIN, "plain": KIN}), figures("clubs")], together(2))

    assert "| skills | 0.500 | 0.250 | 2.00 | 0.500 | 0.250 | 2.00 | 1.50 |" in text
    assert "### Clubs" in text
    assert "bm25s could not be installed in this run." in text
    assert "| the lexicon | 0.400, 20 / 40 | 0.400, 20 / 40 |" in text
    assert "found first for 98%" in text
    assert f"slope {Calibration().slope:g}" in " ".join(text.split())
    assert "`LEAD`" in text


def test_a_peer_measured_earlier_is_marked_as_such() -> None:
    earlier = PLAIN | {"earlier": True}

    text = report([figures("skills", whole={"ours": OURS, "plain": PLAIN, "e5": earlier})], together(1))

    assert "multilingual-e5-small, 4 bits (earlier)" in text
    assert "| TfidfVectorizer (earlier)" not in text


def test_two_houses_alone_are_told_where_there_are_some() -> None:
    alone = {"house_pairs": 5, "queries": 300, "mean": 0.03, "worst": -0.01, "noticeably_below": 0}

    assert "| clubs | 5 | 300 | +0.030 | -0.010 | 0 |" in report([figures("clubs", houses_alone=alone)], together(1))
    assert "| two houses alone" not in report([figures("clubs")], together(1))
