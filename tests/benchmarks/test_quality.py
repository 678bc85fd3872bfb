import json
import subprocess
from pathlib import Path

import pytest

from benchmarks import quality, quality_parts
from benchmarks.quality import JudgedSet, held_out_half, houses_alone, kept_figures, rounded, take_over
from benchmarks.quality_measures import HousePair, greedy_pairs, kinship, pairs_of_houses, restricted
from benchmarks.quality_report import parameters_of, ratio, shown, table
from matching import word_counts
from matching.evaluation import read_judged
from matching.prepared import Partner
from matching.settings import PairingSettings
from tests.factories import profile


def test_each_part_that_is_switched_off_is_still_in_the_engine() -> None:
    names = [name for part in quality_parts.PARTS for name in part.constants]

    assert [name for name in names if not quality_parts.modules_with(name)] == []
    assert quality_parts.modules_with("NATIVE_SHARE") == ["matching.relatedness", "matching.vectors"]


def test_a_constant_that_nothing_knows_is_told() -> None:
    with pytest.raises(LookupError, match="NO_SUCH"):
        quality_parts.replace_constant("NO_SUCH", 0)


def test_every_second_house_is_held_out_with_the_judgements_among_them(tmp_path: Path) -> None:
    rows = [{"id": f"{house}{n}", "house": house, "name": "x"} for house in "abcd" for n in (1, 2)]
    (tmp_path / "profiles.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("id_a\tid_b\tgrade\na1\tb1\t3\nb1\td2\t1\n", encoding="utf-8")
    profiles, qrels = read_judged(tmp_path)

    half = held_out_half(JudgedSet(tmp_path, "x", "", profiles, qrels), tmp_path / "half")

    assert [one.id for one in half.profiles] == ["b1", "b2", "d1", "d2"]
    assert read_judged(tmp_path / "half") == (half.profiles, {"b1": {"d2": 1}, "d2": {"b1": 1}})


def test_greedy_takes_the_most_probable_pair_first_and_nobody_twice() -> None:
    partners = {
        "a": [Partner("b", 0.5, 0.9), Partner("c", 0.5, 0.8)],
        "c": [Partner("a", 0.5, 0.8), Partner("d", 0.5, 0.3)],
        "e": [Partner("f", 0.05, 0.9), Partner("g", 0.5, 0.1)],
    }

    assert greedy_pairs(partners, PairingSettings(cost=0.1)) == [("a", "b"), ("c", "d")]


def test_two_houses_are_compared_language_by_language() -> None:
    profiles = [
        profile(f"{company}-{language}", company=company, languages=(language,))
        for company in "AB"
        for language in ("de", "en")
    ]

    assert [[one.id for one in pair] for pair in pairs_of_houses(profiles)] == [["A-de", "B-de"], ["A-en", "B-en"]]


def test_judgements_of_others_are_left_out() -> None:
    qrels = {"a": {"b": 1, "c": 1}, "b": {"a": 1}, "c": {"a": 1}, "d": {"c": 1}}

    assert restricted(qrels, {"a", "b", "d"}) == {"a": {"b": 1}, "b": {"a": 1}}


def test_twins_in_the_other_language_and_siblings_are_told_apart() -> None:
    profiles = [profile(name, languages=(name[:2],)) for name in ("de1", "de2", "en1", "en2")]
    qrels = {"de1": {"en1": 3, "en2": 1, "de2": 1}, "de2": {"en2": 3}}
    run = {"de1": [("en1", 0.9), ("de2", 0.8)], "de2": [("en1", 0.5), ("en2", 0.4)]}

    found = kinship(run, profiles, qrels)

    assert found is not None
    assert (found.twins, found.twins_first, found.siblings_same, found.siblings_other) == (2, 0.5, 1.0, 0.0)
    assert kinship(run, profiles, {"de2": {"en2": 3}}) is None


def test_two_houses_alone_are_told_with_the_worst_of_them() -> None:
    found = houses_alone([HousePair(40, 0.5, 0.4), HousePair(60, 0.27, 0.3)])

    assert rounded(found) == {
        "house_pairs": 2,
        "queries": 100,
        "mean": 0.035,
        "worst": -0.03,
        "noticeably_below": 1,
    }
    assert houses_alone([]) == {"house_pairs": 0}


def test_what_an_earlier_run_found_is_taken_over_for_peers_not_measured_now(tmp_path: Path) -> None:
    path = tmp_path / "earlier.jsonl"
    earlier = {"folder": "clubs", "whole": {"plain": {"ndcg": 0.1}, "e5": {"ndcg": 0.2}}, "held_out": {}}
    path.write_text(json.dumps(earlier) + "\n" + json.dumps({"reading": {}}) + "\n", encoding="utf-8")
    figures = {"whole": {"plain": {"ndcg": 0.3}}, "held_out": {}}

    take_over(figures, kept_figures(path)["clubs"])

    assert figures["whole"] == {"plain": {"ndcg": 0.3}, "e5": {"ndcg": 0.2, "earlier": True}}


def test_parameters_are_told_with_what_stands_below_them_in_the_engine() -> None:
    found = {name: (value, told) for name, value, told in parameters_of(word_counts)}

    assert found["LEAD"][0] == word_counts.LEAD
    assert "start" in found["LEAD"][1]
    assert shown(found["FIELD_WEIGHTS"][0]).startswith("name 1, purpose 1")
    assert [name for name in found if name.startswith("_")] == []


def test_figures_stand_in_a_table() -> None:
    assert table(["", "n"], [["a", "1"]]) == "|  | n |\n| --- | ---: |\n| a | 1 |\n"
    assert (ratio(3.0, 2.0), ratio(1.0, 0.0)) == ("1.50", "-")


def test_a_peer_that_fails_is_told_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured_peer(peer: str, *_: object) -> dict[str, float]:
        if peer == "e5":
            raise subprocess.CalledProcessError(1, peer)
        return {"ndcg": 0.1}

    monkeypatch.setattr(quality, "measured_ours", lambda *_: {"ndcg": 0.2})
    monkeypatch.setattr(quality, "measured_peer", measured_peer)
    peers = quality.Peers({"plain": "python", "e5": "python"}, {"bm25": "not measured"})

    found = quality.measured_by_all(JudgedSet(tmp_path, "x", "", [], {}), peers, tmp_path)

    assert found == {"ours": {"ndcg": 0.2}, "plain": {"ndcg": 0.1}}
    assert peers.missing == {"bm25": "not measured", "e5": "ended with an error on some of the sets"}
