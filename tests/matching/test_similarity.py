import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from matching.similarity import Neighbours, joined, nearest_in_other_companies


def random_vectors(n: int, seed: int, terms: int = 12) -> csr_matrix:
    rng = np.random.default_rng(seed)
    dense = rng.random((n, terms)) * (rng.random((n, terms)) < 0.4)
    return csr_matrix(normalize(dense))


@given(n=st.integers(1, 25), companies=st.integers(1, 4), k=st.integers(1, 6), seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_neighbours_equal_a_brute_force_search(n: int, companies: int, k: int, seed: int) -> None:
    vectors = random_vectors(n, seed)
    company = np.random.default_rng(seed + 1).integers(0, companies, n)
    forbidden = np.random.default_rng(seed + 2).random((n, n)) < 0.3
    forbidden |= forbidden.T
    dense = (vectors @ vectors.T).toarray()

    found = nearest_in_other_companies(vectors, company, k, allows=lambda a, b: ~forbidden[a, b])

    for row in range(n):
        may = [j for j in range(n) if company[j] != company[row] and not forbidden[row, j] and dense[row, j] > 0]
        expected = sorted((dense[row, j] for j in may), reverse=True)[:k]
        columns, similarities = found.of(row).column, found.of(row).similarity
        assert np.allclose(similarities, expected)
        assert np.allclose(dense[row, columns], similarities)
        assert set(columns.tolist()) <= set(may)


def test_a_large_company_takes_no_place_of_its_own_communities_neighbours() -> None:
    vectors = csr_matrix(np.ones((100, 1)))
    company = np.array([0] * 97 + [1, 1, 2])

    found = nearest_in_other_companies(vectors, company, 3).of(0)

    assert found.column.tolist() == [97, 98, 99]


def test_similarity_is_the_same_in_both_directions_to_the_last_bit() -> None:
    vectors = random_vectors(60, seed=3, terms=40)
    found = nearest_in_other_companies(vectors, np.arange(60), 59)

    pairs = {(r, c): s for r, c, s in zip(found.row, found.column, found.similarity, strict=True)}

    assert all(pairs[c, r] == s for (r, c), s in pairs.items())


def test_the_number_of_threads_changes_nothing() -> None:
    vectors, company = random_vectors(500, seed=5, terms=80), np.arange(500) % 7

    one = nearest_in_other_companies(vectors, company, 10, n_jobs=1)
    two = nearest_in_other_companies(vectors, company, 10, n_jobs=2)

    assert np.array_equal(one.column, two.column)
    assert np.array_equal(one.similarity, two.similarity)


@pytest.mark.parametrize("vectors", [csr_matrix((0, 0)), csr_matrix((3, 0)), csr_matrix((3, 5))])
def test_nothing_to_compare_gives_no_neighbour(vectors: csr_matrix) -> None:
    found = nearest_in_other_companies(vectors, np.arange(vectors.shape[0]), 5)

    assert len(found.row) == 0


def test_several_searches_are_joined_by_row_then_score_then_column() -> None:
    rng = np.random.default_rng(3)
    row, column = rng.integers(0, 40, 500), rng.integers(0, 90_000, 500)
    score = rng.integers(-3, 4, 500) / 4
    parts = [Neighbours(row[at], column[at], score[at], score[at]) for at in np.split(np.arange(500), 5)]

    found = joined(parts)

    expected = sorted(zip(row.tolist(), (-score).tolist(), column.tolist(), strict=True))
    assert list(zip(found.row.tolist(), (-found.score).tolist(), found.column.tolist(), strict=True)) == expected
    assert np.array_equal(joined([found]).column, found.column)
    assert len(joined([]).row) == 0
