"""Which profiles are related to one, asked at any time: an inverted index whose similarities are the engine's own."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt

from matching.profiles import Profile
from matching.text import TextAnalyzer

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_MOST = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The distinct terms of one profile as ascending 64-bit keys, and how often each occurs."""

    keys: Keys
    counts: Counts

    @classmethod
    def of(cls, terms: Sequence[str]) -> Self:
        """From terms, repeated as often as they occur. Counts above 65,535 are cut: their logarithm hardly moves."""
        counted: dict[int, int] = {}
        for term in terms:
            key = term_key(term)
            counted[key] = counted.get(key, 0) + 1
        ordered = sorted(counted)
        return cls(
            np.array(ordered, dtype=np.uint64),
            np.array([min(counted[key], _MOST) for key in ordered], dtype=np.uint16),
        )

    @classmethod
    def of_profile(cls, profile: Profile, analyzer: TextAnalyzer) -> Self:
        return cls.of(analyzer.terms(profile))


def term_key(term: str) -> int:
    """A term as a number that every process knows without a dictionary in common.

    64 bits of BLAKE2b: among a million terms two share a number with a chance of 3 in 100 million.
    """
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


class RelatedIndex:
    """TF-IDF of a set of profiles, turned round: for each term the profiles that contain it.

    The weights are those of `ProfileVectorizer` (sublinear term frequency, smoothed idf, rows of length 1), so a
    similarity equals that of `related_profiles` on the same profiles. Needs NumPy only.

    Attributes after `fit`
    ----------------------
    terms_ : (terms,) ascending keys of all terms.
    df_ : (terms,) in how many profiles each occurs.
    """

    def fit(self, lengths: Indices, keys: Keys, counts: Counts) -> Self:
        """Build the index; returns self.

        lengths : (n,) distinct terms of each profile, 0 where a text has no usable word.
        keys, counts : (sum of lengths,) the profiles' `TermCounts`, one after the other.
        """
        n = len(lengths)
        row = np.repeat(np.arange(n, dtype=np.int32), lengths)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else np.empty(0, np.int64)
        self.terms_ = ordered[first]
        self.df_ = np.diff(np.append(first, len(keys)))
        self._starts = np.append(first, len(keys))
        self._rows = row[order]
        self._counts = counts[order]
        self._offsets = np.append(0, np.cumsum(lengths))
        self._keys, self._counts_of_rows = keys, counts
        self._idf = _idf(n, self.df_)
        # Lengths of the rows for this idf, and what they become when one more profile moves every idf by the same.
        idf = np.empty(len(keys))
        idf[order] = np.repeat(self._idf, self.df_)
        weights = _weights(counts)
        squares = weights * weights
        self._a = np.bincount(row, squares * idf * idf, minlength=n)
        self._b = np.bincount(row, squares * idf, minlength=n)
        self._c = np.bincount(row, squares, minlength=n)
        return self

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def terms_of(self, row: int) -> TermCounts:
        """The terms of one profile of the index."""
        part = slice(self._offsets[row], self._offsets[row + 1])
        return TermCounts(self._keys[part], self._counts_of_rows[part])

    def rows_with(self, key: int) -> npt.NDArray[np.int32]:
        """The rows that contain a term."""
        at = int(np.searchsorted(self.terms_, np.uint64(key)))
        if at == len(self.terms_) or self.terms_[at] != np.uint64(key):
            return self._rows[:0]
        return self._rows[self._starts[at] : self._starts[at + 1]]

    def compared(self, profile: TermCounts, *, instead_of: int | None = None) -> "Compared":
        """Compare a profile with all, as though it took part: in place of row `instead_of`, else as one more.

        That is what the engine says once the profile is among the others, told beforehand.
        """
        return Compared(self, profile, instead_of)


class Compared:
    """One profile beside each of an index."""

    def __init__(self, index: RelatedIndex, profile: TermCounts, instead_of: int | None) -> None:
        self._index = index
        self._profile = profile
        before = profile if instead_of is None else index.terms_of(instead_of)
        n = len(index)
        self._n = n + (1 if instead_of is None else 0)
        self._shift = float(np.log((1 + self._n) / (1 + n)))
        gained = profile.keys if instead_of is None else np.setdiff1d(profile.keys, before.keys, assume_unique=True)
        lost = profile.keys[:0] if instead_of is None else np.setdiff1d(before.keys, profile.keys, assume_unique=True)
        self._moved = np.concatenate([gained, lost])
        moves = np.concatenate([np.ones(len(gained), np.int64), -np.ones(len(lost), np.int64)])
        self._moved_df = self._df(self._moved) + moves
        df = self._df(profile.keys) + np.isin(profile.keys, gained, assume_unique=True)
        self._idf = _idf(self._n, df)
        self._weights = _weights(profile.counts) * self._idf

    def similarities(
        self, counted: Mask | None = None, only_with: Mapping[int, Rows] = MappingProxyType({})
    ) -> Floats:
        """(n,) cosine similarity with each row, 0 to 1; 0 where either has no usable word.

        counted : (terms of the profile,) which of its terms count, all by default. The others make the profile longer
            as words that nobody else uses do, so that the answer does not depend on who uses them. `only_with` names
            for some of them the rows that they count with after all.
        """
        index = self._index
        weights = self._weights
        if counted is not None:
            alone = _weights(self._profile.counts) * _idf(self._n, np.ones(1, dtype=np.int64))
            weights = np.where(counted, weights, alone)
        length = float(np.sqrt(np.sum(weights * weights)))
        if length == 0 or len(index) == 0:
            return np.zeros(len(index))
        keys, factors_of_keys = self._profile.keys, self._weights * self._idf
        among = np.ones(len(keys), dtype=np.bool_) if counted is None else counted
        rows, counts, factors = self._postings(keys[among], factors_of_keys[among])
        products = np.bincount(rows, _weights(counts) * factors, minlength=len(index))
        for key, wanted in only_with.items():
            this = keys == np.uint64(key)
            rows, counts, factors = self._postings(keys[this], factors_of_keys[this])
            here = np.isin(rows, wanted)
            products = products + np.bincount(
                rows[here], _weights(counts[here]) * factors[here], minlength=len(index)
            )
        lengths = length * np.sqrt(np.maximum(self._squared_lengths(None if counted is None else keys[counted]), 0.0))
        similarity = np.divide(products, lengths, out=np.zeros(len(index)), where=lengths > 0)
        return np.minimum(similarity, 1.0)

    def shared_with(self, row: int) -> list[int]:
        """Keys of the terms in common with one row, those that make most of the similarity first."""
        other = self._index.terms_of(row)
        shared, mine, theirs = np.intersect1d(self._profile.keys, other.keys, assume_unique=True, return_indices=True)
        share = self._weights[mine] * self._idf[mine] * _weights(other.counts[theirs])
        found: list[int] = shared[np.lexsort((shared, -share))].tolist()
        return found

    def _squared_lengths(self, among: Keys | None = None) -> Floats:
        """Of each row, with the idf that holds once the profile takes part; of terms not among these with the old."""
        index, shift = self._index, self._shift
        squared: Floats = index._a + 2 * shift * index._b + shift * shift * index._c
        known = self._df(self._moved) > 0
        if among is not None:
            known &= np.isin(self._moved, among)
        moved, df = self._moved[known], self._moved_df[known]
        if not len(moved):
            return squared
        usual = index._idf[np.searchsorted(index.terms_, moved)] + shift
        rows, counts, factors = self._postings(moved, _idf(self._n, df) ** 2 - usual**2)
        weights = _weights(counts)
        squared += np.bincount(rows, weights * weights * factors, minlength=len(index))
        return squared

    def _df(self, keys: Keys) -> Indices:
        """In how many rows of the index each term occurs, 0 for unknown ones."""
        terms = self._index.terms_
        if not len(terms):
            return np.zeros(len(keys), dtype=np.int64)
        at = np.minimum(np.searchsorted(terms, keys), len(terms) - 1)
        return np.where(terms[at] == keys, self._index.df_[at], 0)

    def _postings(self, keys: Keys, factors: Floats) -> tuple[npt.NDArray[np.int32], Counts, Floats]:
        """Rows and counts of all these terms, one after the other, and each term's factor beside them."""
        index = self._index
        known = self._df(keys) > 0
        at = np.searchsorted(index.terms_, keys[known])
        parts = [slice(start, end) for start, end in zip(index._starts[at], index._starts[at + 1], strict=True)]
        if not parts:
            return index._rows[:0], index._counts[:0], np.empty(0)
        rows = np.concatenate([index._rows[part] for part in parts])
        counts = np.concatenate([index._counts[part] for part in parts])
        return rows, counts, np.repeat(factors[known], index.df_[at])


def _idf(n: int, df: Indices) -> Floats:
    idf: Floats = np.log((1 + n) / (1 + df)) + 1.0
    return idf


def _weights(counts: Counts) -> Floats:
    # Most words occur once or twice: a table spares a logarithm for each.
    most = int(counts.max()) if len(counts) else 0
    table: Floats = 1.0 + np.log(np.maximum(np.arange(most + 1, dtype=np.float64), 1.0))
    return table[counts]
