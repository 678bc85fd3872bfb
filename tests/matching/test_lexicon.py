import gzip
from pathlib import Path

import pytest

from matching.exceptions import UnreadableProfiles
from matching.languages import known_languages
from matching.lexicon import Lexicon, lexicons_with, read_dictionary, shipped_lexicon, shipped_lexicons
from matching.text import TextAnalyzer

DING = """# Version :: 1.9
Lieferkette {f} [econ.] | Lieferketten {pl} :: supply chain | supply chains
Imker {m}; Bienenzüchter {m} :: beekeeper; apiarist
jemanden in die Lage versetzen, etwas zu tun :: to enable someone to do something
"""


def test_the_shipped_lexicon_knows_words_of_communities() -> None:
    german = shipped_lexicon("de")

    assert max(german.of("nachhalt"), key=lambda term: german.of("nachhalt")[term]) == "sustain"
    assert "ai" in german.of("ki")
    assert "chain" in german.of("lieferkett")
    assert german.of("wxyz") == {}


def test_probabilities_of_the_shipped_lexicon_add_up_to_at_most_one() -> None:
    for lexicon in shipped_lexicons().values():
        assert all(0 < sum(translations.values()) <= 1 + 1e-9 for translations in lexicon.terms.values())


def test_a_language_without_a_lexicon_has_an_empty_one() -> None:
    assert shipped_lexicon("xx").terms == {}
    assert set(shipped_lexicons()) == set(known_languages()) - {"en"}


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz"])
def test_a_dictionary_of_ones_own_is_read_from_the_format_of_ding(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"own{suffix}"
    path.write_bytes(gzip.compress(DING.encode()) if suffix.endswith("gz") else DING.encode())

    lexicon = read_dictionary(path, TextAnalyzer())

    assert lexicon.of("lieferkett") == {"chain": 0.5, "suppli": 0.5}
    assert lexicon.of("imk") == pytest.approx({"beekeep": 2 / 3, "apiarist": 1 / 3})
    assert set(lexicon.terms) == {"lieferkett", "imk", "bienenzucht"}


def test_a_dictionary_counts_half_where_the_shipped_lexicon_knows_the_word(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("Imker :: beekeeper\nKI :: machine mind\n", encoding="utf-8")

    german = lexicons_with(path)["de"]

    assert german.of("ki")["mind"] == pytest.approx(0.25)
    assert german.of("ki")["ai"] == pytest.approx(shipped_lexicon("de").of("ki")["ai"] / 2)


def test_two_lexicons_together_know_the_words_of_both() -> None:
    both = Lexicon({"a": {"x": 1.0}}).with_(Lexicon({"b": {"y": 1.0}}))

    assert (both.of("a"), both.of("b"), "a" in both) == ({"x": 1.0}, {"y": 1.0}, True)


@pytest.mark.parametrize("content", [b"", b"no separator\n", b"\xff\xfe"])
def test_a_file_that_is_no_dictionary_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(content)

    with pytest.raises(UnreadableProfiles, match=r"own\.txt"):
        read_dictionary(path, TextAnalyzer())
    with pytest.raises(UnreadableProfiles, match="missing"):
        read_dictionary(tmp_path / "missing", TextAnalyzer())
