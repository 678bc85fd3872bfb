import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from matching.lexicon import Lexicon
from matching.profiles import Profile
from matching.vectors import NATIVE_SHARE, RECIPROCITY, ProfileVectorizer, ProfileVectors
from tests.factories import profile

LEXICON = {
    "de": Lexicon(
        {
            "nachhalt": {"sustain": 0.9},
            "lief": {"suppli": 0.8},
            "kett": {"chain": 0.8},
            "garten": {"garden": 0.9},
            "wir": {},
        }
    )
}


def vectors_of(*profiles: Profile) -> ProfileVectors:
    return ProfileVectorizer(LEXICON).fit_transform(profiles)


def similarity(vectors: ProfileVectors, a: int, b: int) -> float:
    return float(vectors.similarity(np.array([a]), np.array([b]))[0])


def test_a_german_and_an_english_text_meet_in_english_words() -> None:
    vectors = vectors_of(
        profile("a", name="Wir reden über nachhaltige Lieferketten"),
        profile("b", company="B", name="Sustainable supply chains for all of us"),
        profile("c", company="B", name="Gardening for all of us"),
    )

    assert similarity(vectors, 0, 1) > 0.5
    assert similarity(vectors, 0, 2) == 0.0
    assert vectors.languages == ["de", "en"]
    assert vectors.group.tolist() == [0, 1, 1]
    assert vectors.shares.tolist() == [[1.0], [0.0], [0.0]]


def test_two_german_texts_meet_in_their_own_words_and_in_parts_of_compounds() -> None:
    vectors = vectors_of(
        profile("a", name="Wir mögen den Garten und die Lieferkette"),
        profile("b", company="B", name="Wir mögen den Garten und die Ketten"),
        profile("c", company="B", name="Wir mögen Züge"),
    )

    assert similarity(vectors, 0, 1) > similarity(vectors, 0, 2) > 0.0


@pytest.mark.parametrize("name", ["Nachhaltige Gärten und wir", "Sustainable gardens and us", "Wir und the Garden"])
def test_equal_texts_are_alike_whatever_language_they_are_in(name: str) -> None:
    vectors = vectors_of(profile("a", name=name), profile("b", company="B", name=name))

    assert similarity(vectors, 0, 1) == pytest.approx(1.0)


def test_vectors_of_one_language_are_those_of_scikit_learn() -> None:
    profiles = [
        profile("a", name="chess", purpose="garden", description="chess"),
        profile("b", name="garden", purpose="python", description="bees"),
        profile("c", name="chess", purpose="chess", description="chess"),
    ]
    texts = [f"{one.name} {one.purpose} {one.description}" for one in profiles]

    pivot = vectors_of(*profiles).pivot.toarray()
    reference = TfidfVectorizer(sublinear_tf=True).fit_transform(texts).toarray()

    assert pivot @ pivot.T == pytest.approx(reference @ reference.T)


def test_no_profiles_and_profiles_without_words_give_vectors_without_a_term() -> None:
    assert vectors_of().together.shape == (0, 0)
    assert vectors_of(profile("a", name="the"), profile("b", name="of")).together.shape == (2, 0)


def test_similarity_is_the_same_in_both_directions_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    words = ["Garten", "und", "supply", "chains", "the", "nachhaltig", "Kette", "people", "für", "Python"]
    vectors = vectors_of(
        *(profile(f"p{i:02d}", company="AB"[i % 2], name=" ".join(rng.choice(words, 7))) for i in range(30))
    )
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(30), np.arange(30)))

    assert np.array_equal(vectors.similarity(a, b), vectors.similarity(b, a))
    assert vectors.similarity(a, b).max() <= 1.0


def test_a_text_without_a_usable_word_is_like_nothing() -> None:
    vectors = vectors_of(profile("a", name="🎉"), profile("b", company="B", name="the of"))

    assert vectors.usable.tolist() == [False, False]
    assert similarity(vectors, 0, 1) == 0.0
    assert vectors_of().pivot.shape[0] == 0


def test_what_one_offers_and_the_other_seeks_adds_to_the_similarity() -> None:
    one = profile("a", name="Podcast circle", offers=("sound editing",))
    meeting = profile("b", company="B", name="Podcast studio", seeks=("sound editing",))
    alike = profile("c", company="C", name="Podcast studio", offers=("sound editing",))
    vectors = vectors_of(one, meeting, alike)

    assert similarity(vectors, 0, 1) == pytest.approx(similarity(vectors, 0, 2) + RECIPROCITY / 2)


def test_a_missing_field_costs_nothing() -> None:
    full = profile(
        "a", name="Podcast circle", purpose="We record podcasts", formats=("talk",), target_group="speakers"
    )
    bare = profile("b", company="B", name="Podcast circle")
    vectors = vectors_of(full, bare, profile("c", company="C", name="Podcast circle", seeks=("guests",)))

    assert similarity(vectors, 0, 1) >= similarity(vectors, 0, 2)


def test_the_start_of_a_text_counts_more_than_its_end() -> None:
    filler = " ".join(f"filler{number:02d}" for number in range(40))
    vectors = vectors_of(
        profile("a", name="x", description=f"chess {filler}"),
        profile("b", company="B", name="y", description="chess"),
        profile("c", company="C", name="z", description=f"{filler} chess"),
    )

    assert similarity(vectors, 0, 1) > 2 * similarity(vectors, 1, 2) > 0


def test_a_tag_counts_as_a_whole_beside_its_words() -> None:
    vectors = vectors_of(
        profile("a", name="x", tags=("supply chain",)),
        profile("b", company="B", name="y", tags=("Supply Chains",)),
        profile("c", company="C", name="z", tags=("chain", "supply")),
    )

    assert similarity(vectors, 0, 1) > similarity(vectors, 0, 2) > 0


def test_the_companys_own_name_makes_nobody_alike() -> None:
    vectors = vectors_of(
        profile("a", name="Nordwerk chess", withheld=("Nordwerk AG",)),
        profile("b", company="B", name="Nordwerk garden", withheld=("Suedwerk",)),
    )

    assert similarity(vectors, 0, 1) == 0.0


def test_the_contributions_of_words_add_up_to_the_similarity() -> None:
    vectors = vectors_of(
        profile("a", name="Wir reden über nachhaltige Lieferketten", tags=("Garten",)),
        profile("b", company="B", name="Sustainable supply chains and the garden"),
        profile("c", company="C", name="Nachhaltige Gärten und Ketten für uns"),
    )

    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert sum(vectors.contributions(a, b).values()) == pytest.approx(similarity(vectors, a, b))


def test_less_is_attainable_where_only_one_language_is_shared() -> None:
    vectors = vectors_of(profile("a", name="Wir und der Garten"), profile("b", company="B", name="The garden and us"))

    assert float(vectors.attainable(np.array([0]), np.array([1]))[0]) == pytest.approx(np.sqrt(1 - NATIVE_SHARE))
    assert float(vectors.attainable(np.array([1]), np.array([1]))[0]) == pytest.approx(1.0)


def test_progress_is_told() -> None:
    told: list[float] = []

    ProfileVectorizer(LEXICON).fit_transform([profile(name="garden")] * 3, on_progress=told.append)

    assert told == [0.0, pytest.approx(1 / 3), pytest.approx(2 / 3)]


def test_a_withheld_word_in_offers_and_seeks_makes_nobody_alike() -> None:
    vectors = vectors_of(
        profile("a", name="chess", offers=("Nordwerk",), withheld=("Nordwerk",)),
        profile("b", company="B", name="garden", seeks=("Nordwerk",)),
    )

    assert similarity(vectors, 0, 1) == 0.0
