import random

import numpy as np

from matching.lexicon import Lexicon
from matching.profiles import Profile
from matching.relatedness import Nearness, mutual_across, relate
from matching.translation import LEAST_PAIRS
from matching.vectors import ProfileVectorizer
from tests.factories import profile

# Invented words of a trade, each with its English; the lexicon knows three in four of them.
TRADE = {f"Fachwort{a}{b}": f"jargon{a}{b}" for a in "abcdef" for b in "ghijkm"}
KNOWN = Lexicon({german.lower(): {TRADE[german]: 0.9} for number, german in enumerate(TRADE) if number % 4})


def twins(count: int) -> list[Profile]:
    """Each profile in German in one company and in English in another."""
    chance = random.Random(8)
    found = []
    for number in range(count):
        words = chance.sample(sorted(TRADE), 6)
        german = f"Wir sprechen mit den anderen über {' und '.join(words)}."
        english = f"We talk with the others about {' and '.join(TRADE[one] for one in words)}."
        found.append(profile(f"d{number:03d}", company=f"g{number % 3}", name="Kreis", description=german))
        found.append(profile(f"e{number:03d}", company=f"h{number % 3}", name="Group", description=english))
    return sorted(found, key=lambda one: one.id)


def companies_of(profiles: list[Profile]) -> np.ndarray:
    names = sorted({one.company for one in profiles})
    return np.array([names.index(one.company) for one in profiles], dtype=np.int64)


def translations(profiles: list[Profile], word: str, *, learn: bool = True) -> dict[str, float]:
    vectors = relate(profiles, companies_of(profiles), lexicons={"de": KNOWN}, learn_translations=learn).vectors
    term_of = {
        int(vectors.to_pivot[at].indices[0]): term
        for at, (language, term) in enumerate(vectors.words.words)
        if language == "en"
    }
    row = vectors.to_pivot[vectors.words.words.index(("de", word))]
    return {term_of.get(int(at), "none"): float(p) for at, p in zip(row.indices, row.data, strict=True)}


def test_a_store_of_two_languages_teaches_the_words_that_the_lexicon_does_not_know() -> None:
    profiles = twins(120)

    learnt = translations(profiles, "fachwortag")

    assert max(learnt, key=lambda term: learnt[term]) == "jargonag"
    assert "jargonag" not in translations(profiles, "fachwortag", learn=False)


def test_few_pairs_teach_nothing() -> None:
    profiles = twins(LEAST_PAIRS - 1)

    assert translations(profiles, "fachwortag") == translations(profiles, "fachwortag", learn=False)


def test_twins_find_each_other_across_languages() -> None:
    profiles = twins(60)
    vectors = ProfileVectorizer({"de": KNOWN}).fit_transform(profiles)

    native, pivot = mutual_across(Nearness(vectors, companies_of(profiles)))

    assert all(
        profiles[one].id[0] == "d" and profiles[other].id[0] == "e" for one, other in zip(native, pivot, strict=True)
    )
    assert len(native) > 30


def test_a_store_of_one_language_learns_nothing() -> None:
    english = [one for one in twins(40) if one.id.startswith("e")]
    vectors = relate(english, companies_of(english), lexicons={"de": KNOWN}).vectors

    assert vectors.languages == ["en"]
    assert vectors.native.shape == (40, 0)
