"""What a store of two languages teaches about translating: profiles that are each other's nearest across languages.

Such pairs are read as if one were the translation of the other, and words that explain each other are learnt by
IBM model 1 (P. Brown et al.: The mathematics of statistical machine translation, Computational Linguistics 19,
1993), starting from the lexicon. Words that only this store uses become known that way.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags

from matching.languages import PIVOT
from matching.vectors import ProfileVectors

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROUNDS = 2
LEAST_PAIRS = 30
"""Fewer profiles that find each other teach nothing."""
LEAST_ALIKE = 0.4
"""Nor do profiles that are less similar than translations are: what they would teach changes with every newcomer."""

_WORDS_OF_A_PROFILE = 20
_ITERATIONS = 8
_LEAST_PROBABILITY = 0.08
# How much the lexicon counts against one pair that uses the word.
_PRIOR = 0.5


def learnt(vectors: ProfileVectors, lexicon: csr_matrix, native: Indices, pivot: Indices) -> csr_matrix:
    """Better translations, (words, pivot terms), from pairs of profiles: `native[i]` is nearest to `pivot[i]`.

    lexicon : (words, pivot terms) the translations that were known before; what is not learnt stays as it is there.
    """
    words = vectors.words
    is_native = np.array([language != PIVOT for language, _ in words.words], dtype=np.bool_)
    df = np.bincount(words.counts.indices, minlength=len(words.words))
    idf = np.log((1 + words.counts.shape[0]) / (1 + df)) + 1
    ours = csr_matrix(words.counts @ diags(np.where(is_native, idf, 0.0)))
    theirs = csr_matrix(words.counts @ diags(np.where(is_native, 0.0, idf)) @ lexicon)
    pair, source, target = _together(_heaviest(ours, native), _heaviest(theirs, pivot))
    if not len(pair):
        return lexicon
    size = lexicon.shape[1]
    both, number = np.unique(source * size + target, return_inverse=True)
    from_word, to_term = both // size, both % size
    _, explained = np.unique(pair * size + target, return_inverse=True)
    prior = np.asarray(lexicon[from_word, to_term]).ravel()
    probability = prior + 1.0 / np.bincount(from_word)[from_word]
    for _ in range(_ITERATIONS):
        share = probability[number]
        share = share / np.bincount(explained, share)[explained]
        evidence = np.bincount(number, share, minlength=len(both)) + _PRIOR * prior
        probability = evidence / np.bincount(from_word, evidence)[from_word]
    kept = probability >= _LEAST_PROBABILITY
    found = csr_matrix((probability[kept], (from_word[kept], to_term[kept])), shape=lexicon.shape)
    unknown = np.where(np.diff(found.indptr) > 0, 0.0, 1.0)
    return csr_matrix(found + diags(unknown) @ lexicon)


def _heaviest(matrix: csr_matrix, rows: Indices) -> list[Indices]:
    """Of each of these rows the columns of its largest values."""
    found = []
    for row in rows.tolist():
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        columns, values = matrix.indices[part], matrix.data[part]
        order = np.lexsort((columns, -values))[:_WORDS_OF_A_PROFILE]
        found.append(columns[order][values[order] > 0].astype(np.int64))
    return found


def _together(sources: list[Indices], targets: list[Indices]) -> tuple[Indices, Indices, Indices]:
    """Each word of one side with each of the other, pair by pair."""
    pair, source, target = ([np.empty(0, dtype=np.int64)] for _ in range(3))
    for number, (ours, theirs) in enumerate(zip(sources, targets, strict=True)):
        pair.append(np.full(len(ours) * len(theirs), number, dtype=np.int64))
        source.append(np.repeat(ours, len(theirs)))
        target.append(np.tile(theirs, len(ours)))
    return np.concatenate(pair), np.concatenate(source), np.concatenate(target)
