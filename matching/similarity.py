"""For each community its k most similar ones in other companies, by sparse products only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sparse_dot_topn import sp_matmul_topn

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Allows = Callable[[Indices, Indices], npt.NDArray[np.bool_]]

# Rows of one sparse product: bounds the memory and how long nothing is heard of the progress.
_BLOCK = 2048
# Places for neighbours in one block: deeper searches take fewer rows at a time.
_MOST_PLACES = 2_000_000
# Two profiles of one company get this much less than their similarity, which is at most 1.
_OWN_COMPANY = 2.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs of row and column with their similarity and what they are ordered by: by row, then the highest score
    first, then column. A search by similarity alone has the similarity as score."""

    row: Indices
    column: Indices
    similarity: Floats
    score: Floats

    def of(self, row: int) -> "Neighbours":
        """Those of one row, best first."""
        start, end = np.searchsorted(self.row, (row, row + 1))
        return Neighbours(
            self.row[start:end], self.column[start:end], self.similarity[start:end], self.score[start:end]
        )

    def only(self, kept: npt.NDArray[np.bool_]) -> "Neighbours":
        """Some of them."""
        return Neighbours(self.row[kept], self.column[kept], self.similarity[kept], self.score[kept])

    def best(self, k: int) -> "Neighbours":
        """At most k of each row."""
        return self.only(np.arange(len(self.row)) - np.searchsorted(self.row, self.row) < k)

    def joined_with(self, others: "Neighbours", kept: npt.NDArray[np.bool_]) -> "Neighbours":
        """These and the kept ones of the others, each pair of row and column once."""
        both = joined([self, others.only(kept)])
        _, first = np.unique(np.stack([both.row, both.column]), axis=1, return_index=True)
        return both.only(np.sort(first))

    def with_rows(self, rows: Indices, others: "Neighbours") -> "Neighbours":
        """These, with the others in place of some rows."""
        return joined([self.only(~np.isin(self.row, rows)), others])


def nearest_in_other_companies(
    vectors: csr_matrix,
    companies: Indices,
    k: int,
    *,
    partners: csr_matrix | None = None,
    allows: Allows | None = None,
    rows: Indices | None = None,
    columns: Indices | None = None,
    n_jobs: int = 1,
    on_progress: Callable[[float], None] | None = None,
) -> Neighbours:
    """The exact k most similar rows of other companies, for each row.

    Parameters
    ----------
    vectors : (n, terms) sparse rows of length 1 (or all zero), float64.
    companies : (n,) company number of each row. The own company is masked inside the product, so a large
        company takes none of its communities' k places.
    k : at most this many neighbours a row.
    allows : `allows(a, b) -> bool array` over positions; a forbidden pair takes no place either: a row that
        lost some is searched again, deeper, until it has k or nothing similar is left.
    partners : (n, terms) rows that the vectors are multiplied with, where these are not the vectors themselves.
    rows, columns : positions to search for, and among; all by default.
    n_jobs : threads of the product. The answer does not depend on it.

    Only similarities above 0 count: rows without a usable word, or alone in their vocabulary, have no
    neighbour. Which of several equally similar ones takes the k-th place is fixed by the order of the rows,
    not by chance. Cosine similarity is symmetric to the last bit: both directions add the same products
    in the same order.
    """
    n = vectors.shape[0]
    rows = np.arange(n, dtype=np.int64) if rows is None else np.sort(rows)
    columns = np.arange(n, dtype=np.int64) if columns is None else np.sort(columns)
    if not len(rows) or not len(columns) or vectors.shape[1] == 0 or k < 1:
        return joined([])
    masked, transposed = _masked(vectors, vectors if partners is None else partners, companies, columns)
    found: list[Neighbours] = []
    wanting, depth, total, done = rows, k, len(rows), 0
    while len(wanting):
        deeper: list[Indices] = []
        rows_each = max(64, min(_BLOCK, _MOST_PLACES // depth))
        for start in range(0, len(wanting), rows_each):
            block = wanting[start : start + rows_each]
            neighbours, exhausted = _top(masked[block], transposed, block, columns, depth, n_jobs)
            if allows is not None:
                neighbours = neighbours.only(allows(neighbours.row, neighbours.column))
            settled, again = _complete(neighbours, block, exhausted, k)
            found.append(settled)
            deeper.append(again)
            done += len(block) - len(again)
            if on_progress is not None:
                on_progress(done / total)
        wanting = np.concatenate(deeper)
        depth = min(depth * 4, len(columns))
    return joined(found)


def edges_of(neighbours: Neighbours, n: int, min_similarity: float) -> Neighbours:
    """Each pair of n positions once, row before column, from either side's neighbours, at or above the minimum."""
    kept = neighbours.only(neighbours.similarity >= min_similarity)
    low, high = np.minimum(kept.row, kept.column), np.maximum(kept.row, kept.column)
    code, first = np.unique(low * n + high, return_index=True)
    return Neighbours(code // max(n, 1), code % max(n, 1), kept.similarity[first], kept.score[first])


def _masked(
    vectors: csr_matrix, partners: csr_matrix, companies: Indices, columns: Indices
) -> tuple[csr_matrix, csr_matrix]:
    """Left and right factor of the product: a column per company makes own-company products negative."""
    n = vectors.shape[0]
    ones = csr_matrix((np.ones(n), (np.arange(n), companies)), shape=(n, int(companies.max()) + 1))
    left = hstack([vectors, _OWN_COMPANY * ones], format="csr")
    right = hstack([partners, -_OWN_COMPANY * ones], format="csr")[columns]
    return left, csr_matrix(right.T)


def _top(
    left: csr_matrix, right: csr_matrix, block: Indices, columns: Indices, depth: int, n_jobs: int
) -> tuple[Neighbours, npt.NDArray[np.bool_]]:
    """The `depth` most similar of each row of a block, and which rows have no more than these."""
    depth = min(depth, len(columns))
    product = sp_matmul_topn(left, right, top_n=depth, threshold=0.0, sort=True, n_threads=n_jobs)
    counts = np.diff(product.indptr)
    row = np.repeat(block, counts)
    column = columns[product.indices.astype(np.int64)]
    # Rounding can lift a product of equal rows just above 1.
    similarity = np.minimum(product.data.astype(np.float64), 1.0)
    positive = similarity > 0.0
    row, column, similarity = row[positive], column[positive], similarity[positive]
    neighbours = _in_order(Neighbours(row, column, similarity, similarity))
    return neighbours, (counts < depth) | (depth == len(columns))


def _complete(
    neighbours: Neighbours, block: Indices, exhausted: npt.NDArray[np.bool_], k: int
) -> tuple[Neighbours, Indices]:
    """Splits a block into the first k of the rows that are settled, and the rows to search deeper."""
    # Neighbours are sorted by row, and so is the block: a row's rank counts from its first neighbour.
    starts = np.searchsorted(neighbours.row, block)
    counts = np.diff(np.append(starts, len(neighbours.row)))
    rank = np.arange(len(neighbours.row)) - np.repeat(starts, counts)
    settled = exhausted | (counts >= k)
    return neighbours.only(np.repeat(settled, counts) & (rank < k)), block[~settled]


def joined(parts: list[Neighbours]) -> Neighbours:
    """Several as one, in order."""
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return Neighbours(none, none, np.empty(0, dtype=np.float64), np.empty(0, dtype=np.float64))
    row = np.concatenate([part.row for part in parts])
    column = np.concatenate([part.column for part in parts])
    similarity = np.concatenate([part.similarity for part in parts])
    score = np.concatenate([part.score for part in parts])
    return _in_order(Neighbours(row, column, similarity, score))


def _in_order(found: Neighbours) -> Neighbours:
    row, column, score = found.row, found.column, found.score
    same_row, same_score = row[1:] == row[:-1], score[1:] == score[:-1]
    beside = (score[1:] < score[:-1]) | (same_score & (column[1:] >= column[:-1]))
    # Blocks that were searched one after the other are in order already.
    if bool(((row[1:] > row[:-1]) | (same_row & beside)).all()):
        return found
    # As `lexsort((column, -score, row))`, which sorts positions as slowly as scores.
    order = np.argsort(_short(column), kind="stable")
    order = order[np.argsort(-score[order], kind="stable")]
    order = order[np.argsort(_short(row[order]), kind="stable")]
    return Neighbours(row[order], column[order], found.similarity[order], score[order])


def _short(positions: Indices) -> npt.NDArray[np.unsignedinteger]:
    """Positions in as few bytes as they need: NumPy sorts two of them by counting."""
    return positions.astype(np.min_scalar_type(int(positions.max(initial=0))))
