import pytest

from matching.compounds import CompoundSplitter

KNOWN = {"liefer", "kette", "ketten", "gesetz", "arbeit", "schutz", "frauen", "frau", "netzwerk", "daten", "bank"}


def splitter(known: set[str] = KNOWN) -> CompoundSplitter:
    return CompoundSplitter(lambda word: 5.0 if word in known else 0.0, ["", "s", "en", "n"])


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("lieferketten", ("liefer", "ketten")),
        ("lieferkettengesetz", ("liefer", "ketten", "gesetz")),
        ("arbeitsschutz", ("arbeit", "schutz")),
        ("frauennetzwerk", ("frauen", "netzwerk")),
        ("datenbank", ("daten", "bank")),
        ("banane", ()),
        ("schutz", ()),
        ("fremdwortgarten", ()),
        ("", ()),
    ],
)
def test_a_compound_is_split_into_known_parts(word: str, parts: tuple[str, ...]) -> None:
    assert splitter().split(word) == parts


def test_of_several_splits_the_better_known_parts_win() -> None:
    weights = {"stau": 1.0, "becken": 1.0, "staub": 8.0, "ecken": 8.0}

    assert CompoundSplitter(lambda word: weights.get(word, 0.0), [""]).split("staubecken") == ("staub", "ecken")


def test_an_endless_word_stays_whole() -> None:
    assert splitter().split("daten" * 10_000) == ()
