"""How related two profiles are, beyond the words that they share: neighbours help, and favourites are held back.

Similarity stays what it is; for the order of partners and for probabilities two things are corrected. A profile is
widened by its nearest ones, so that it meets themes it does not name itself (kernel smoothing over neighbours). And
half of what a profile is similar to its nearest of either language on average is taken away (CSLS: A. Conneau et
al., Word translation without parallel data, ICLR 2018): a profile that is near to everybody is nobody's partner, and
neither language is at an advantage. Last, a pair counts less the further it is behind the best of either side: that
makes scores of stores of different kinds comparable, and their probabilities with them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags, hstack, vstack

from matching.languages import PIVOT
from matching.lexicon import Lexicon
from matching.profiles import Profile
from matching.similarity import Allows, Neighbours, joined, nearest_in_other_companies
from matching.translation import LEAST_ALIKE, LEAST_PAIRS, ROUNDS, learnt
from matching.vectors import (
    NATIVE_SHARE,
    RECIPROCITY,
    ProfileVectorizer,
    ProfileVectors,
    products,
    unit_rows,
)
from matching.vectors import joined as together

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
OnShare = Callable[[float], None]

NEAREST = 10
"""Of so many neighbours in each language the means are taken."""
WIDENING = 0.75
"""Length of what the nearest profiles add to one, before it is 1 again."""
MOST_OF_ONE = 0.15
"""The most that one neighbour adds, and the less the fewer there are: else two that are hardly alike, but have nobody
nearer, would become the same."""
STRENGTH = 0.5
"""How much of the correction for favourites is made: 0 none, 1 all of CSLS."""

BEHIND = 0.25
"""How much it counts that either side has a better partner: what a score is behind the best of each is taken off, so
much of it. In a store where all are alike a middling score is nothing, in another the best there is: with this a
probability means about the same in both."""

# A language with fewer profiles in other companies says too little about who is near to everybody.
_LEAST_OF_A_LANGUAGE = 30
# Terms of a widened profile that are kept: the others together make a hundredth of a similarity.
_WIDENED_TERMS = 64
# Found for each profile and language before anything is forbidden: a few more than are wanted in the end.
_DEPTH = 24
_BLOCK = 2048
# Multiplicative hashing (D. Knuth, The art of computer programming 3, 6.4).
_SCATTER = 2_654_435_761
# In a store of so many, terms that more than a seventh has cost most of the search and tell least: they count in
# every similarity, but nobody is found by them alone.
_LARGE, _COMMON = 2_000, 0.15


def relate(
    profiles: Sequence[Profile],
    companies: Indices,
    *,
    lexicons: Mapping[str, Lexicon] | None = None,
    learn_translations: bool = True,
    n_jobs: int = 1,
    on_progress: Callable[[str, float], None] | None = None,
) -> "Relatedness":
    """Everything from texts to scores: vectors, translations learnt from the store itself, neighbours.

    profiles : in canonical order; `companies` (n,) is the company number of each. `lexicons` as of
        `ProfileVectorizer`. `on_progress` hears of the stages "vectors" and "neighbours".
    """
    tell = on_progress or (lambda stage, share: None)
    rounds = 0
    known: csr_matrix | None = None

    def learn(vectors: ProfileVectors) -> csr_matrix | None:
        nonlocal rounds, known
        if not learn_translations or rounds == ROUNDS or not vectors.shares.shape[1]:
            return None
        rounds += 1
        tell("vectors", 0.8 + 0.1 * rounds / ROUNDS)
        native, pivot = mutual_across(Nearness(vectors, companies, n_jobs))
        if len(native) < LEAST_PAIRS:
            return None
        known = vectors.to_pivot if known is None else known
        return learnt(vectors, known, native, pivot)

    vectorizer = ProfileVectorizer(lexicons)
    vectors = vectorizer.fit_transform(profiles, learn=learn, on_progress=lambda share: tell("vectors", 0.8 * share))
    return Relatedness(Nearness(vectors, companies, n_jobs), on_progress=lambda share: tell("neighbours", share))


class Nearness:
    """For each profile its nearest in each language, in other companies, and how near those are on average.

    companies : (n,) company number of each profile.
    n_jobs : threads of the products; the answer does not depend on it.
    """

    def __init__(self, vectors: ProfileVectors, companies: Indices, n_jobs: int = 1) -> None:
        self.vectors = vectors
        self.companies = companies
        self._n_jobs = n_jobs
        self._positions = [np.flatnonzero(vectors.group == group) for group in range(len(vectors.languages))]
        self._few_elsewhere = self._elsewhere() < _LEAST_OF_A_LANGUAGE

    def nearest(
        self,
        left: csr_matrix,
        right: csr_matrix,
        k: int,
        tell: OnShare,
        *,
        rows: Indices | None = None,
        columns: Indices | None = None,
        allows: Allows | None = None,
        across_only: bool = False,
    ) -> Neighbours:
        """The k most similar of each language, for each row; similarity is the product over what is attainable."""
        languages = range(len(self._positions))
        groups = [
            (self._positions[a], self._positions[b])
            for a, b in product(languages, repeat=2)
            if len(self._positions[a]) and len(self._positions[b]) and not (across_only and a == b)
        ]
        found = []
        rare_left, rare_right = _without_common(left), _without_common(right)
        for number, (of_rows, of_columns) in enumerate(groups):
            near = nearest_in_other_companies(
                rare_left,
                self.companies,
                k,
                partners=rare_right,
                rows=of_rows if rows is None else np.intersect1d(of_rows, rows),
                columns=of_columns if columns is None else np.intersect1d(of_columns, columns),
                allows=allows,
                n_jobs=self._n_jobs,
                on_progress=partial(_told, tell, number, len(groups)),
            )
            dot = near.similarity if rare_left is left else products(left, right, near.row, near.column)
            similarity = np.minimum(dot / self.vectors.attainable(near.row, near.column), 1.0)
            found.append(Neighbours(near.row, near.column, similarity, similarity))
        return joined(found)

    def means(self, near: Neighbours) -> Floats:
        """(n, languages) mean similarity of each profile to its nearest ones in each language; of all where a
        language has too few profiles elsewhere."""
        n, groups = len(self.companies), len(self.vectors.languages)
        group = self.vectors.group[near.column]
        means = np.zeros((n, groups))
        for number in range(groups):
            best = near.only(group == number).best(NEAREST)
            means[:, number] = np.bincount(best.row, best.similarity, minlength=n) / NEAREST
        overall = near.best(NEAREST)
        mean = np.bincount(overall.row, overall.similarity, minlength=n) / NEAREST
        return np.where(self._few_elsewhere, mean[:, None], means)

    def corrected(self, near: Neighbours, means: Floats) -> Neighbours:
        """The same with scores: similarities less half of the favour that both profiles are in, in that language."""
        score = near.similarity - self.favour(near.row, near.column, means)
        return joined([Neighbours(near.row, near.column, near.similarity, score)])

    def favour(self, a: Indices, b: Indices, means: Floats) -> Floats:
        """What is taken away from the similarity of each pair."""
        group = self.vectors.group
        favour: Floats = 0.5 * STRENGTH * (means[a, group[b]] + means[b, group[a]])
        return favour

    def _elsewhere(self) -> Indices:
        """(n, languages) how many profiles of other companies there are in each language."""
        groups = len(self.vectors.languages)
        companies = int(self.companies.max(initial=-1)) + 1
        code = self.companies * groups + self.vectors.group
        by_company = np.bincount(code, minlength=companies * groups).reshape(companies, groups)
        elsewhere: Indices = by_company.sum(axis=0) - by_company[self.companies]
        return elsewhere


def mutual_across(nearness: Nearness) -> tuple[Indices, Indices]:
    """Pairs of profiles that are each other's best partner across languages: the one in another language, the one in
    the pivot language."""
    vectors = nearness.vectors
    base = vectors.together
    near = nearness.nearest(base, base, NEAREST, _silent, across_only=True)
    best = nearness.corrected(near, nearness.means(near)).best(1)
    partner = np.full(len(nearness.companies), -1, dtype=np.int64)
    partner[best.row] = best.column
    pivot = vectors.languages.index(PIVOT)
    native = np.flatnonzero((vectors.group != pivot) & (partner >= 0))
    native = native[(partner[partner[native]] == native) & (vectors.group[partner[native]] == pivot)]
    alike = vectors.similarity(native, partner[native]) >= LEAST_ALIKE
    return native[alike], partner[native[alike]]


class Relatedness:
    """Scores of pairs of one set of profiles, and the best partners of each in other companies."""

    def __init__(self, nearness: Nearness, *, on_progress: OnShare | None = None) -> None:
        tell = on_progress or _silent
        self.vectors = vectors = nearness.vectors
        self._nearness = nearness
        base = vectors.together
        near = nearness.nearest(base, base, NEAREST, lambda share: tell(0.4 * share))
        widened = self._widened(nearness.corrected(near, nearness.means(near)).best(NEAREST))
        self._left, self._right = _reciprocal(widened, vectors)
        found = nearness.nearest(self._left, self._right, _DEPTH, lambda share: tell(0.4 + 0.6 * share))
        self._means = nearness.means(found)
        self._theme = _heaviest_term(base)
        self._exhausted = self._few(found)
        self._best = self._best_scores(found)
        self._found = self._judged(found)

    def best_partners(
        self,
        k: int,
        *,
        allows: Allows | None = None,
        rows: Indices | None = None,
        columns: Indices | None = None,
    ) -> Neighbours:
        """At most k allowed partners of other companies of each row, the highest score first.

        Partners share a word, in one language or across. A row that lost too many to `allows` is searched again,
        deeper, until it has k or nothing similar is left.
        """
        n = len(self._nearness.companies)
        rows = np.arange(n, dtype=np.int64) if rows is None else np.sort(rows)
        columns = np.arange(n, dtype=np.int64) if columns is None else np.sort(columns)
        found = self._found.only(np.isin(self._found.row, rows) & np.isin(self._found.column, columns))
        if allows is not None:
            found = found.only(allows(found.row, found.column))
        lacking = rows[(np.bincount(found.row, minlength=n)[rows] < k) & ~self._exhausted[rows]]
        if len(lacking):
            deeper = self._nearness.nearest(
                self._left,
                self._right,
                k,
                _silent,
                rows=lacking,
                columns=columns,
                allows=allows,
            )
            found = found.with_rows(lacking, self._judged(deeper))
        return found.best(k)

    def partners_by_theme(self, rows: Indices, k: int, allows: Allows) -> Neighbours:
        """For each row k others of these rows with the same main theme: not the best, but not the same few for all.

        Where a thousand profiles are alike, the best partners of each are the first ten, and nearly all would stay
        alone.
        """
        theme = self._theme[rows]
        # Any order will do that puts profiles of one company apart, and is the same each time.
        scattered = rows * _SCATTER % (1 << 32)
        ordered = rows[np.lexsort((scattered, theme))]
        a = np.concatenate([ordered[:-step] for step in range(1, k + 1)])
        b = np.concatenate([ordered[step:] for step in range(1, k + 1)])
        kept = (self._theme[a] == self._theme[b]) & (self._nearness.companies[a] != self._nearness.companies[b])
        a, b = a[kept], b[kept]
        kept = allows(a, b)
        row, column = np.concatenate([a[kept], b[kept]]), np.concatenate([b[kept], a[kept]])
        found = Neighbours(row, column, self.vectors.similarity(row, column), self.score(row, column))
        return joined([found.only(found.similarity > 0.0)])

    def score(self, a: Indices, b: Indices) -> Floats:
        """The score of pairs of positions: at most 1, below 0 for what is no more alike than most are."""
        widened: Floats = products(self._left, self._right, a, b) / self.vectors.attainable(a, b)
        return self._beside_best(np.minimum(widened, 1.0) - self._nearness.favour(a, b, self._means), a, b)

    def _judged(self, found: Neighbours) -> Neighbours:
        """With the similarity that both profiles have by themselves, and the score."""
        scored = self._nearness.corrected(found, self._means)
        similarity = self.vectors.similarity(scored.row, scored.column)
        score = self._beside_best(scored.score, scored.row, scored.column)
        return joined([Neighbours(scored.row, scored.column, similarity, score)]).only(similarity > 0.0)

    def _best_scores(self, found: Neighbours) -> Floats:
        """(n,) the best that each profile can get, whoever may meet whom; 0 without any partner."""
        best = np.zeros(len(self._nearness.companies))
        scored = self._nearness.corrected(found, self._means)
        np.maximum.at(best, scored.row, scored.score)
        return best

    def _beside_best(self, score: Floats, a: Indices, b: Indices) -> Floats:
        """Scores less what they are behind the best of both sides."""
        behind = np.maximum(self._best[a] - score, 0.0) + np.maximum(self._best[b] - score, 0.0)
        less: Floats = score - BEHIND * behind
        return less

    def _widened(self, best: Neighbours) -> csr_matrix:
        """Each profile with the weighted mean of its nearest, part by part."""
        vectors, n = self.vectors, len(self._nearness.companies)
        weight = csr_matrix((best.similarity, (best.row, best.column)), shape=(n, n))
        total = np.asarray(weight.sum(axis=1)).ravel()
        each = np.divide(WIDENING, total, out=np.zeros_like(total), where=total > 0)
        mean = csr_matrix(diags(each) @ weight)
        mean.data = np.minimum(mean.data, MOST_OF_ONE)
        mean = csr_matrix(diags(np.diff(mean.indptr) / NEAREST) @ mean)
        # Before it is cut a widened profile has ten times the terms: some at a time.
        parts = []
        for start in range(0, max(n, 1), _BLOCK):
            rows = slice(start, start + _BLOCK)
            length = diags(np.sqrt(vectors.shares[rows].sum(axis=1)))
            native = length @ unit_rows(csr_matrix(vectors.native[rows] + length @ mean[rows] @ vectors.native))
            pivot = unit_rows(csr_matrix(vectors.pivot[rows] + mean[rows] @ vectors.pivot))
            parts.append(_trimmed(together(csr_matrix(native), pivot, vectors.shares[rows])))
        return csr_matrix(vstack(parts, format="csr"))

    def _few(self, found: Neighbours) -> npt.NDArray[np.bool_]:
        """(n,) for which profiles no language has more than what was found."""
        n, groups = len(self._nearness.companies), len(self.vectors.languages)
        code = found.row * groups + self.vectors.group[found.column]
        counts = np.bincount(code, minlength=n * groups).reshape(n, groups)
        return np.asarray(counts.max(axis=1, initial=0) < _DEPTH, dtype=np.bool_)


def _without_common(matrix: csr_matrix) -> csr_matrix:
    """Rows to search by: in a large store without the terms that one in seven profiles has."""
    n = matrix.shape[0]
    if n < _LARGE:
        return matrix
    uses = np.bincount(matrix.indices, minlength=matrix.shape[1])
    kept = diags((uses <= _COMMON * n).astype(np.float64))
    rare = csr_matrix(matrix @ kept)
    rare.eliminate_zeros()
    return rare


def _reciprocal(widened: csr_matrix, vectors: ProfileVectors) -> tuple[csr_matrix, csr_matrix]:
    """Rows and the rows that they are multiplied with: offers meet seeks."""
    if vectors.offers.nnz == 0 or vectors.seeks.nnz == 0:
        return widened, widened
    in_pivot = 1 - NATIVE_SHARE * vectors.shares.sum(axis=1)
    scale = diags(np.sqrt(0.5 * RECIPROCITY * in_pivot))
    left = hstack([widened, scale @ vectors.offers, scale @ vectors.seeks], format="csr")
    right = hstack([widened, scale @ vectors.seeks, scale @ vectors.offers], format="csr")
    return csr_matrix(left), csr_matrix(right)


def _heaviest_term(matrix: csr_matrix) -> Indices:
    """(n,) the column of each row's largest value; -1 for an empty row."""
    theme = np.full(matrix.shape[0], -1, dtype=np.int64)
    if not matrix.nnz:
        return theme
    lengths = np.diff(matrix.indptr)
    largest = np.repeat(np.asarray(matrix.max(axis=1).todense()).ravel(), lengths)
    row = np.repeat(np.arange(matrix.shape[0]), lengths)
    at = np.flatnonzero(matrix.data == largest)
    # Of several as large the last assignment stays: from behind, the first term.
    theme[row[at[::-1]]] = matrix.indices[at[::-1]]
    return theme


def _trimmed(matrix: csr_matrix) -> csr_matrix:
    """The largest values of each row, at the length that the row had."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    # Values are at most 1: one key for both, and equal values in the order of their terms.
    matrix.sort_indices()
    order = np.argsort(row + 0.5 * (1.0 - matrix.data), kind="stable")
    rank = np.arange(len(order)) - matrix.indptr[row[order]]
    kept = np.zeros(len(order), dtype=np.bool_)
    kept[order[rank < _WIDENED_TERMS]] = True
    lengths = np.minimum(np.diff(matrix.indptr), _WIDENED_TERMS)
    rows = np.append(0, np.cumsum(lengths, dtype=matrix.indptr.dtype))
    cut = csr_matrix((matrix.data[kept], matrix.indices[kept], rows), shape=matrix.shape)
    before, after = (np.sqrt(np.asarray(one.multiply(one).sum(axis=1)).ravel()) for one in (matrix, cut))
    return csr_matrix(diags(np.divide(before, after, out=np.zeros_like(before), where=after > 0)) @ cut)


def _told(tell: OnShare, number: int, groups: int, share: float) -> None:
    tell((number + share) / groups)


def _silent(share: float) -> None:
    pass
