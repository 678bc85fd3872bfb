import json
from pathlib import Path

import pytest

from matching.__main__ import main

ROWS = [
    {"id": "a1", "company": "A", "name": "Python circle", "purpose": "We learn Python together", "lang": "en"},
    {"id": "a2", "house": "A", "name": "Laufgruppe", "purpose": "Wir laufen zusammen durch den Park", "lang": "de"},
    {"id": "b1", "house": "B", "name": "Lauftreff", "purpose": "Wir laufen nach der Arbeit im Park", "lang": "de"},
    {"id": "b2", "company": "B", "name": "Python guild", "tags": ["Python"], "languages": ["en"], "capacity": 2},
]


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_pair_writes_one_tandem_a_line_and_a_summary(profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", str(profiles)]) == 0

    output = capsys.readouterr()
    tandems = [json.loads(line) for line in output.out.splitlines()]
    by_pair = {(tandem["a"], tandem["b"]): tandem for tandem in tandems}
    assert set(by_pair) == {("a1", "b2"), ("a2", "b1")}
    assert set(tandems[0]) == {
        "a",
        "b",
        "similarity",
        "correction",
        "probability",
        "strength",
        "reasons",
        "other",
    }
    assert by_pair["a1", "b2"]["reasons"][0]["terms"][0] == {"a": "Python", "b": "Python"}
    assert [one["probability"] for one in tandems] == sorted((one["probability"] for one in tandems), reverse=True)
    assert "4 profiles of 2 companies: 2 tandems" in output.err


def test_pair_writes_to_a_file_and_sums_up_in_german(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tandems.ndjson"

    assert main(["pair", str(profiles), "--out", str(out), "--lang", "de", "--objective", "coverage"]) == 0

    assert len(out.read_text(encoding="utf-8").splitlines()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "4 Profile aus 2 Unternehmen: 2 Tandems" in output.err


def test_pair_takes_history_pins_bans_and_a_limit(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past, pins, bans = tmp_path / "past.tsv", tmp_path / "pins.tsv", tmp_path / "bans.tsv"
    past.write_text("a2\tb1\t3\n", encoding="utf-8")
    pins.write_text("\ufeffb1\ta2\r\n\r\n", encoding="utf-8")
    bans.write_text("a1\tb2\n", encoding="utf-8")
    told = ["--past-pairs", str(past), "--pins", str(pins), "--bans", str(bans), "--max-per-company-pair", "1"]

    assert main(["pair", str(profiles), *told, "--repeat-after", "2", "--alternates", "1"]) == 0

    output = capsys.readouterr()
    tandem = json.loads(output.out)
    assert (tandem["a"], tandem["b"], tandem["pinned"]) == ("a2", "b1", True)
    assert tandem["alternates"] == {"a2": [], "b1": []}
    assert "at least 100.00% of the best" in output.err

    assert main(["pair", str(profiles), *told]) == 2
    assert "pin 'a2' - 'b1': the pair met before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--past-pairs", b"a1\tb1\na1\tb2\tlately\n", "line 2: `rounds_ago` is 'lately'; a whole number from 0"),
        ("--past-pairs", b"a1\tb1\t-1\n", "line 1: `rounds_ago` is '-1'"),
        ("--past-pairs", b"a1\tb1\t1\t2\n", "line 1: not `id_a<tab>id_b` or"),
        ("--pins", b"\n\na1 b1\n", "line 3: not `id_a<tab>id_b`"),
        ("--bans", b"a1\tb1\t3\n", "line 1: not `id_a<tab>id_b`"),
        ("--bans", b"a1\t\xff\n", "line 1: not UTF-8 at byte 4"),
    ],
)
def test_a_line_that_is_no_pair_is_told_with_its_number(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, content: bytes, told: str
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)

    assert main(["pair", str(profiles), option, str(path)]) == 2

    assert f"pairs.tsv, {told}" in capsys.readouterr().err


def test_related_lists_communities_of_other_companies(profiles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["related", str(profiles), "--id", "a1", "-k", "1"]) == 0

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["company"]) for one in found] == [("b2", "B")]


def test_evaluate_prints_the_measures_and_writes_run_and_tandems(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profiles.rename(tmp_path / "profiles.jsonl")
    (tmp_path / "qrels.tsv").write_text("id_a\tid_b\tgrade\na1\tb2\t3\n", encoding="utf-8")
    run, tandems = tmp_path / "run.tsv", tmp_path / "tandems.ndjson"

    assert main(["evaluate", str(tmp_path), "--json", "--run", str(run), "--tandems", str(tandems)]) == 0

    measures = json.loads(capsys.readouterr().out)
    assert list(measures) == [
        "ndcg@10",
        "mrr@10",
        "p@1",
        "recall@10",
        "queries",
        "pairs",
        "related",
        "pair_share",
        "ndcg@10_low",
        "ndcg@10_high",
        "cross_language",
        "ece",
        "brier_skill",
        "judged_neighbours",
        "seconds",
        "peak_mib",
    ]
    assert (measures["ndcg@10"], measures["queries"], measures["pairs"]) == (1.0, 2, 1)
    first = run.read_text(encoding="utf-8").splitlines()[0].split("\t")
    assert first[:2] == ["a1", "b2"]
    assert 0 < float(first[2]) <= 1
    assert len(tandems.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"id": "a", "company": "A", "name": "x"}\n{broken\n', "line 2: not JSON at column 2"),
        (b'{"id": "a", "company": "A", "name": "\xff"}\n', "line 1: not UTF-8 at byte"),
        (b'["a"]\n', "line 1: not a JSON object"),
        (b"[" * 100_000 + b"\n", "line 1: too deeply nested"),
        (b'{"id": ' + b"1" * 5000 + b"}\n", "line 1: too deeply nested, or a number of too many digits"),
        (b'{"company": "A", "name": "x"}\n', "line 1: `id` is missing"),
        (b'{"id": "a", "name": "x"}\n', "line 1: `company` is missing"),
        (b'{"id": "a", "company": "A", "name": ""}\n', "line 1: `name` is missing"),
        (b'{"id": "a", "company": "A", "name": "x", "capacity": -1}\n', "line 1: `capacity` is -1"),
        (b'{"id": "a", "company": "A", "name": "x", "tags": [1]}\n', "line 1: `tags` is not a list of texts"),
        (b'{"id": "a", "company": "A", "name": "x"}\n' * 2, "line 2: the id 'a' was on line 1 already"),
    ],
)
def test_input_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    path = tmp_path / "profiles.ndjson"
    path.write_bytes(content)

    assert main(["pair", str(path)]) == 2

    assert told in capsys.readouterr().err


def test_a_missing_file_an_unknown_id_and_a_setting_out_of_range_are_told(
    profiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pair", str(profiles.parent / "none.ndjson")]) == 2
    assert main(["related", str(profiles), "--id", "nobody"]) == 2
    assert main(["pair", str(profiles), "--min-similarity", "1.1"]) == 2

    told = capsys.readouterr().err
    assert "none.ndjson: No such file" in told
    assert "'nobody' is not among the 4 profiles" in told
    assert "min_similarity: 1.1 is not between 0 and 1" in told
