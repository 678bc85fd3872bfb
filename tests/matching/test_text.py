import numpy as np
import pytest

from matching.profiles import Profile
from matching.text import MAX_WORDS, TextAnalyzer, surfaces_of
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
    assert terms("Communities") == ["communiti"]


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("Kolleg:innen", "Kolleg"),
        ("Entwickler*innen", "Entwickler"),
        ("Straße", "Strasse"),
        ("Datenkompetenz", "DATENKOMPETENZ"),
        ("Cafe\u0301", "Café"),
        ("MitarbeiterInnen", "Mitarbeiter"),
        ("Entwicklerinnen", "Entwickler"),
        ("Nutzer/-innen", "Nutzer"),
        ("f\u00c3\u00bcr Gesch\u00c3\u00a4fte", "für Geschäfte"),
        ("Liefer\u00adkette", "Lieferkette"),
        ("<p>Garten&amp;B&auml;ume</p>", "Garten Bäume"),
        ("#NeueArbeit", "Neue Arbeit"),
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


def test_the_letters_and_endings_of_a_tag_tell_its_language() -> None:
    mixed = profile(
        name="Circle", purpose="We learn from the others how they do it.", tags=("Nachhaltigkeit", "Bäume")
    )

    languages = {part.words[0].surface: part.language for part in TextAnalyzer().analyze(mixed).parts if part.words}

    assert languages == {"Circle": "en", "learn": "en", "Nachhaltigkeit": "de", "Bäume": "de"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We care for IT and the WHO", ["care", "it", "who"]),
        ("WE CARE FOR IT AND THE OTHERS", ["care"]),
        ("KI, AI, M365, DevOps", ["ki", "ai", "m365", "devop"]),
    ],
)
def test_acronyms_are_themes_among_small_letters(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (
            "Nous partageons nos expériences sur la transformation numérique et les méthodes agiles avec les équipes",
            "agiles",
        ),
        ("Spotykamy się co miesiąc, żeby rozmawiać o ochronie środowiska i energii odnawialnej w firmach", "firmach"),
        ("Her ay bir araya gelip yapay zeka ve veri bilimi üzerine deneyimlerimizi paylaşıyoruz dostlar", "dostlar"),
        ("أهلا بكم في مجتمع الذكاء الاصطناعي وتعلم الآلة نتبادل الخبرات والمعرفة كل شهر معا", "الذكاء"),
    ],
)
def test_a_third_language_is_compared_by_its_longer_words(text: str, word: str) -> None:
    analyzed = TextAnalyzer().analyze(profile(name=text)).parts[0]

    assert analyzed.language == "und"
    assert word in [one.surface for one in analyzed.words]
    assert all(len(one.surface) >= 4 for one in analyzed.words)


def test_a_passage_in_another_language_than_the_rest_is_read_in_its_own() -> None:
    both = profile(
        name="Data circle", purpose="Wir lernen von den anderen, wie es geht.", description="We meet often."
    )

    assert [part.language for part in TextAnalyzer().analyze(both).parts] == ["de", "de", "en"]


def test_a_long_text_is_read_up_to_a_bound_and_quickly() -> None:
    assert len(surfaces_of("word " * 50_000)) == MAX_WORDS
    assert len(surfaces_of("<" * 50_000 + "word")) == 1
    assert surfaces_of("w" * 50_000) == ["w" * 50_000]


PARTS = [
    "Wir lernen von den anderen, wie es geht.",
    "We learn from the others how they do it.",
    "Nous partageons nos expériences sur la transformation numérique et les méthodes agiles avec les équipes",
    "IT und WHO für die Familie",
    "GROSS GESCHRIEBEN IT",
    "Kolleg:innen, Straße <b>STRASSE</b> #NeueArbeit",
    "Nachhaltigkeit",
    "Community of Practice",
    "C# 2024 _",
    "the und",
    "🎉",
    "",
]


def drawn(number: int) -> Profile:
    rng = np.random.default_rng(number)

    def some(most: int) -> tuple[str, ...]:
        return tuple(rng.choice(PARTS, rng.integers(0, most + 1)).tolist())

    return profile(
        name=" ".join(some(1)),
        purpose=" ".join(some(2)),
        description=" ".join(some(4)),
        tags=some(3),
        offers=some(1),
        formats=some(1),
        languages=[(), ("de-AT",), ("fr",), ("pl", "en")][rng.integers(0, 4)],
    )


def test_many_profiles_read_at_once_are_read_as_each_by_itself() -> None:
    profiles = [drawn(number) for number in range(200)]

    reading = TextAnalyzer().read(profiles)

    assert [reading.analyzed(row) for row in range(200)] == [TextAnalyzer().analyze(one) for one in profiles]
    assert {part.language for one in profiles for part in TextAnalyzer().analyze(one).parts} == {"de", "en", "und"}


def test_no_profiles_have_nothing_to_read() -> None:
    reading = TextAnalyzer().read([])

    assert (len(reading.term), reading.terms) == (0, [])
