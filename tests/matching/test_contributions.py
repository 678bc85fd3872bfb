"""What each word makes of a similarity: all parts together are the whole."""

import numpy as np
import pytest

from matching.profiles import Profile
from matching.vectors import ProfileVectorizer, ProfileVectors
from tests.factories import profile

PROFILES = [
    profile(
        "a",
        name="Wir lernen von den nachhaltigen Lieferketten",
        tags=("Podcast", "Supply Chain"),
        offers=("Sicherheit in der Werkstatt",),
        seeks=("data quality",),
    ),
    profile("b", name="Sustainable supply chains and safety", tags=("supply chain",), seeks=("workshop safety",)),
    profile("c", name="Die Lieferkette", offers=("Datenqualität",), seeks=("Sicherheit",)),
    profile("d", name=""),
]


@pytest.fixture(scope="module")
def vectors() -> ProfileVectors:
    return ProfileVectorizer().fit_transform(PROFILES)


def words_of(vectors: ProfileVectors, position: int) -> set[int]:
    counts = vectors.words.counts
    return set(counts.indices[counts.indptr[position] : counts.indptr[position + 1]].tolist())


@pytest.mark.parametrize("a", range(4))
@pytest.mark.parametrize("b", range(4))
def test_the_parts_of_all_word_pairs_are_the_similarity(vectors: ProfileVectors, a: int, b: int) -> None:
    alike = vectors.contributions(a, b)
    met = [vectors.offers_meeting_seeks(a, b), vectors.offers_meeting_seeks(b, a)]

    reciprocity = float(vectors.reciprocity(np.array([a]), np.array([b]))[0])
    similarity = float(vectors.similarity(np.array([a]), np.array([b]))[0])
    assert sum(sum(part.values()) for part in met) == pytest.approx(reciprocity)
    assert min(1.0, sum(alike.values()) + reciprocity) == pytest.approx(similarity)
    assert {mine for mine, _ in alike} <= words_of(vectors, a)
    assert {theirs for _, theirs in alike} <= words_of(vectors, b)


def test_what_offers_add_belongs_to_words_that_are_offered_and_sought(vectors: ProfileVectors) -> None:
    words = vectors.words.words

    met = {(words[mine], words[theirs]) for mine, theirs in vectors.offers_meeting_seeks(2, 0)}

    assert met == {(("de", "datenqualitat"), ("en", "data")), (("de", "datenqualitat"), ("en", "qualiti"))}


def test_a_profile_without_words_adds_nothing(vectors: ProfileVectors) -> None:
    empty: list[Profile] = [one for one in PROFILES if not one.name]

    assert len(empty) == 1
    assert vectors.contributions(3, 0) == {}
    assert vectors.offers_meeting_seeks(0, 3) == {}
