import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from matching.text import ProfileVectorizer, TextAnalyzer
from tests.factories import profile


def terms(text: str, *, languages: tuple[str, ...] = ()) -> list[str]:
    return TextAnalyzer().terms(profile(name=text, languages=languages))


def test_german_and_english_texts_are_stemmed_in_their_own_language() -> None:
    assert terms("Wir lernen von den nachhaltigen Lieferketten") == ["lern", "nachhalt", "lieferkett"]
    assert terms("We are learning from the sustainable supply chains") == ["learn", "sustain", "suppli", "chain"]


def test_a_passage_without_function_words_takes_the_language_of_its_profile() -> None:
    german = profile(name="Lieferketten", purpose="Wir lernen von den anderen, wie sie es machen.")
    english = profile(name="Communities", purpose="We learn from the others how they do it.")

    assert TextAnalyzer().terms(german)[0] == "lieferkett"
    assert TextAnalyzer().terms(english)[0] == "communiti"


def test_a_profile_without_function_words_takes_its_stated_language_then_english() -> None:
    assert terms("Häuser", languages=("de-AT",)) == ["haus"]
    assert terms("Communities", languages=("fr",)) == ["communiti"]


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("Kolleg:innen", "Kolleg"),
        ("Entwickler*innen", "Entwickler"),
        ("Straße", "Strasse"),
        ("Datenkompetenz", "DATENKOMPETENZ"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_spellings_of_one_word_are_one_term(written: str, alike: str) -> None:
    assert terms(written, languages=("de",)) == terms(alike, languages=("de",))


def test_product_names_keep_their_sign_and_addresses_and_numbers_are_left_out() -> None:
    text = "C# and C++ at https://example.org/x by a.person@example.org in 2019, 3D"

    assert terms(text) == ["c#", "c++", "3d"]


def test_a_text_of_many_at_signs_is_read_at_once() -> None:
    assert terms("a@" * 10_000) == []
    assert terms("write to circle.berlin@mail.own.example now") == ["write"]


@pytest.mark.parametrize("text", ["", "and the of", "🎉🎉", "2024 17", "!!!", "\u202e"])
def test_a_text_without_a_usable_word_has_no_term(text: str) -> None:
    assert terms(text) == []


def test_vectors_are_those_of_scikit_learn_over_the_same_terms() -> None:
    profiles = [
        profile(name="Python circle", tags=("Python", "testing")),
        profile(name="Testing guild", offers=("exploratory testing",)),
        profile(name="Running group"),
    ]
    analyzer = TextAnalyzer()
    reference = TfidfVectorizer(analyzer=analyzer.terms, sublinear_tf=True).fit_transform(profiles)

    vectors = ProfileVectorizer().fit_transform(profiles)

    assert np.array_equal(vectors.toarray(), reference.toarray())


def test_no_profiles_and_profiles_without_words_give_a_matrix_without_columns() -> None:
    assert ProfileVectorizer().fit_transform([]).shape == (0, 0)
    assert ProfileVectorizer().fit_transform([profile(name="the"), profile(name="of")]).shape == (2, 0)
