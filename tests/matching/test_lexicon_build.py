import gzip
import json
from pathlib import Path

import pytest

from matching.exceptions import UnreadableProfiles
from matching.lexicons.build import LONGEST, NoParallelText, build, main, read_lexicon, read_lines

SENTENCES = [
    ("Das Haus ist klein", "The house is small"),
    ("Das Haus ist groß", "The house is tall"),
    ("Ein Buch ist klein", "A book is small"),
]


def write(folder: Path, name: str, rows: list[tuple[str, str]]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("".join(f"{german}\t{english}\n" for german, english in rows), encoding="utf-8")
    return path


def lexicon_of(folder: Path, seed: Path | None = None) -> dict[str, dict[str, float]]:
    out = folder.parent / "lexicon.tsv.gz"
    build(folder, out, seed=seed)
    return read_lexicon(out)


def test_three_sentences_tell_which_word_means_which(tmp_path: Path) -> None:
    write(tmp_path / "texts", "talk.tsv", SENTENCES)

    lexicon = lexicon_of(tmp_path / "texts")

    assert {stem: max(meant, key=meant.__getitem__) for stem, meant in lexicon.items()} == {
        "haus": "hous",
        "klein": "small",
    }


def test_one_line_of_a_term_list_is_enough_and_a_compound_keeps_both_words(tmp_path: Path) -> None:
    write(tmp_path / "texts", "cpv_2008.tsv", [("Abfallwirtschaft", "Waste management"), ("Fahrräder", "Bicycles")])

    lexicon = lexicon_of(tmp_path / "texts")

    assert lexicon == {"abfallwirtschaft": {"manag": 0.5, "wast": 0.5}, "fahrrad": {"bicycl": 1.0}}


def test_a_rare_compound_gets_back_the_half_that_it_lost(tmp_path: Path) -> None:
    often = [(f"Plattform {word}", f"Platform {word}") for word in ("alpha", "beta", "gamma", "delta", "omega")]
    write(tmp_path / "texts", "open_sdg.tsv", [*often, ("Bildung", "Education"), ("Bildungsplattform", "Education")])

    assert lexicon_of(tmp_path / "texts")["bildungsplattform"].keys() == {"educ", "platform"}


def test_one_sentence_alone_is_no_evidence(tmp_path: Path) -> None:
    write(tmp_path / "texts", "talk.tsv", SENTENCES[:1])

    assert lexicon_of(tmp_path / "texts") == {}


def test_function_words_numbers_and_identifiers_are_no_entries(tmp_path: Path) -> None:
    rows = [("und", "and"), ("2024", "2024"), ("mp3", "mp3"), ("die Frau", "the woman"), ("getValue2", "getValue2")]
    write(tmp_path / "texts", "cpv_2008.tsv", rows)

    assert lexicon_of(tmp_path / "texts") == {"frau": {"woman": 1.0}}


def test_with_a_seed_a_stem_that_both_know_gets_the_mean_scaled_to_one(tmp_path: Path) -> None:
    write(tmp_path / "texts", "cpv_2008.tsv", [("Kunde", "Customer")])
    seed = tmp_path / "seed.tsv.gz"
    seed.write_bytes(gzip.compress(b"kund\tclient:0.60\nlehr\tteach:0.50\n"))

    lexicon = lexicon_of(tmp_path / "texts", seed)

    assert lexicon == {"kund": {"custom": 0.62, "client": 0.37}, "lehr": {"teach": 1.0}}


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "texts", "talk.tsv", SENTENCES * 2)
    write(tmp_path / "texts", "cpv_2008.tsv", [("Buch", "Book"), ("Abfallwirtschaft", "Waste management")])

    build(tmp_path / "texts", tmp_path / "one.tsv.gz")
    build(tmp_path / "texts", tmp_path / "other.tsv.gz")

    assert (tmp_path / "one.tsv.gz").read_bytes() == (tmp_path / "other.tsv.gz").read_bytes()


def test_of_a_long_line_only_the_beginning_is_read(tmp_path: Path) -> None:
    words = [f"wort{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(LONGEST + 10)]
    write(tmp_path / "texts", "talk.tsv", [(" ".join(words), "one sentence")])

    lines = read_lines(tmp_path / "texts")

    assert (lines.german_ends.tolist(), len(lines.german_stems)) == ([LONGEST], LONGEST)


def test_a_folder_without_parallel_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "texts", "empty.tsv", [("und", "Bicycles")])

    with pytest.raises(NoParallelText):
        build(tmp_path / "texts", tmp_path / "lexicon.tsv.gz")
    assert main([str(tmp_path / "nowhere"), "--out", str(tmp_path / "lexicon.tsv.gz")]) == 2
    assert "nowhere: no `*.tsv` file with a line of words on both sides" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"only one column", "not `german<tab>english`"),
        (b"a\tb\tc", "not `german<tab>english`"),
        (b"\xff\tb", "not UTF-8"),
    ],
)
def test_a_malformed_line_is_named_by_file_and_line(tmp_path: Path, row: bytes, problem: str) -> None:
    path = write(tmp_path / "texts", "talk.tsv", SENTENCES[:1])
    path.write_bytes(path.read_bytes() + b"\n" + row + b"\n")

    with pytest.raises(UnreadableProfiles, match=r"^talk\.tsv, line 3: ") as refusal:
        read_lines(tmp_path / "texts")
    assert refusal.value.problem == problem


def test_the_command_writes_the_lexicon_and_one_line_of_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "texts", "cpv_2008.tsv", [("Fahrräder", "Bicycles")])
    out = tmp_path / "lexicon.tsv.gz"

    assert main([str(tmp_path / "texts"), "--out", str(out)]) == 0

    assert gzip.decompress(out.read_bytes()).decode() == "fahrrad\tbicycl:1.00\n"
    assert json.loads(capsys.readouterr().out) == {
        "lines": 1,
        "sources": {"cpv_2008": 1},
        "learnt": 1,
        "stems": 1,
        "translations": 1,
        "bytes": out.stat().st_size,
    }
