import math
from pathlib import Path

import pytest

from matching import UnreadableProfiles
from matching.evaluation import evaluate, pair_measures, ranking_measures, read_qrels
from tests.factories import profile

QRELS = {"a": {"b": 3, "c": 1}, "b": {"a": 3}, "c": {"a": 1}, "d": {"a": 0}}


def test_measures_of_a_small_ranking_are_those_computed_by_hand() -> None:
    run = {"a": [("x", 0.9), ("c", 0.8), ("b", 0.7)], "b": [("a", 0.5)]}

    measures = ranking_measures(run, QRELS)

    ideal = 3 + 1 / math.log2(3)
    ndcg_a = (1 / math.log2(3) + 3 / 2) / ideal
    assert measures.queries == 3  # c has no ranking and counts 0; d has no related partner
    assert measures.ndcg == pytest.approx((ndcg_a + 1.0 + 0.0) / 3)
    assert measures.mrr == pytest.approx((0.5 + 1.0 + 0.0) / 3)
    assert measures.p_at_1 == pytest.approx(1 / 3)
    assert measures.recall == pytest.approx((1.0 + 1.0 + 0.0) / 3)


def test_only_tandems_with_judgements_on_both_sides_count() -> None:
    measures = pair_measures([("a", "b"), ("c", "d"), ("a", "unjudged")], QRELS)

    assert (measures.pairs, measures.related, measures.pair_share) == (2, 1, 0.5)


def test_no_query_and_no_pair_give_zeros() -> None:
    assert ranking_measures({}, {}).queries == 0
    assert pair_measures([], {}).pair_share == 0.0


def test_languages_forbid_nothing_when_themes_are_judged() -> None:
    profiles = [
        profile("a", company="A", name="Python", languages=("de",)),
        profile("b", company="B", name="Python", languages=("en",), capacity=3),
    ]

    found = evaluate(profiles, {"a": {"b": 3}, "b": {"a": 3}})

    assert found.ranking.ndcg == 1.0
    assert [(tandem.a, tandem.b) for tandem in found.tandems] == [("a", "b")]


def test_judgements_are_read_in_both_directions_and_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("id_a\tid_b\tgrade\na\tb\t3\n\n", encoding="utf-8")
    assert read_qrels(path) == {"a": {"b": 3}, "b": {"a": 3}}

    path.write_text("id_a\tid_b\tgrade\na b 3\n", encoding="utf-8")
    with pytest.raises(UnreadableProfiles, match="line 2"):
        read_qrels(path)
