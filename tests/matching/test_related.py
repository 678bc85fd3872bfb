"""Related profiles on demand: the same similarities as scikit-learn computes for all at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from matching import Profile
from matching.profiles import in_canonical_order
from matching.related import RelatedIndex, TermCounts
from matching.text import TextAnalyzer
from tests.factories import profile

WORDS = ["python", "data", "lieferkette", "lieferketten", "garten", "running", "run", "und", "the", "🎉", "2026"]
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def index_of(profiles: list[Profile]) -> RelatedIndex:
    analyzer = TextAnalyzer()
    terms = [TermCounts.of_profile(one, analyzer) for one in profiles]
    return RelatedIndex().fit(
        np.array([len(one.keys) for one in terms], dtype=np.int64),
        np.concatenate([one.keys for one in terms] or [np.empty(0, np.uint64)]),
        np.concatenate([one.counts for one in terms] or [np.empty(0, np.uint16)]),
    )


def told(index: RelatedIndex, others: list[Profile], asked: Profile, instead_of: int | None) -> dict[str, float]:
    terms = TermCounts.of_profile(asked, TextAnalyzer())
    similarities = index.compared(terms, instead_of=instead_of).similarities()
    return {
        one.id: value
        for one, value in zip(others, similarities.tolist(), strict=True)
        if value > 0 and one.company != asked.company
    }


def reference(profiles: list[Profile]) -> dict[str, dict[str, float]]:
    """For each id the cosine similarity of the TF-IDF vectors with each profile of another company."""
    terms = [TextAnalyzer().terms(one) for one in profiles]
    if not any(terms):
        return {one.id: {} for one in profiles}
    vectors = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(terms)
    similarity = (vectors @ vectors.T).toarray()
    return {
        one.id: {
            other.id: float(similarity[row, column])
            for column, other in enumerate(profiles)
            if other.company != one.company and similarity[row, column] > 0
        }
        for row, one in enumerate(profiles)
    }


profile_sets = st.lists(st.tuples(st.sampled_from("ABC"), texts, texts), min_size=1, max_size=9).map(
    lambda rows: in_canonical_order(
        profile(f"p{number}", company=company, name=name, purpose=purpose)
        for number, (company, name, purpose) in enumerate(rows)
    )
)


@given(profile_sets)
@settings(deadline=None)
def test_similarities_are_those_of_the_engine(profiles: list[Profile]) -> None:
    index = index_of(profiles)
    expected = reference(profiles)

    for row, asked in enumerate(profiles):
        assert told(index, profiles, asked, row) == pytest.approx(expected[asked.id], abs=1e-9)


@given(profile_sets)
@settings(deadline=None)
def test_a_profile_that_is_not_in_the_index_is_compared_as_though_it_took_part(profiles: list[Profile]) -> None:
    asked, *others = profiles
    expected = reference(profiles)

    assert told(index_of(others), others, asked, None) == pytest.approx(expected[asked.id], abs=1e-9)


@given(profile_sets, texts)
@settings(deadline=None)
def test_a_profile_that_changed_is_compared_with_its_new_text(profiles: list[Profile], text: str) -> None:
    changed = profile(profiles[0].id, company=profiles[0].company, name=text)
    expected = reference([changed, *profiles[1:]])

    assert told(index_of(profiles), profiles, changed, 0) == pytest.approx(expected[changed.id], abs=1e-9)


def test_nothing_is_related_where_there_is_nothing() -> None:
    empty = index_of([])

    assert len(empty) == 0
    assert empty.compared(TermCounts.of(["python"])).similarities().tolist() == []
    assert index_of([profile(name="and the")]).compared(TermCounts.of(["python"])).similarities().tolist() == [0.0]
    assert index_of([profile(name="python")]).compared(TermCounts.of([])).similarities().tolist() == [0.0]


def test_the_terms_in_common_are_told_strongest_first() -> None:
    common = [profile(company="C", name="python circle") for _ in range(5)]
    index = index_of([profile(company="B", name="python", purpose="gardens, gardens and bees"), *common])
    names = {TermCounts.of([term]).keys[0]: term for term in ("python", "garden", "circl")}

    shared = index.compared(TermCounts.of(["python", "garden", "circl"])).shared_with(0)

    assert [names[np.uint64(key)] for key in shared] == ["garden", "python"]


def test_a_term_tells_which_rows_contain_it() -> None:
    index = index_of([profile(name="python"), profile(name="gardens"), profile(name="python gardens")])
    [key] = TermCounts.of(["python"]).keys.tolist()

    assert index.rows_with(key).tolist() == [0, 2]
    assert index.rows_with(key + 1).tolist() == []
