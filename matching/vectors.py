"""TF-IDF vectors of profiles: one part in each profile's own language, one in the pivot language, compared together.

Every word counts in its own language, and by the pivot words that it stands for: a German profile meets a German one
on both, an English one on the second. All of it stays sparse, and every number leads back to a word.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix, diags, hstack

from matching.compounds import CompoundSplitter
from matching.languages import PIVOT, known_languages
from matching.lexicon import Lexicon, shipped_lexicons
from matching.profiles import Profile
from matching.text import TextAnalyzer
from matching.word_counts import WordCounts, counted_words

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NATIVE_SHARE = 0.5
"""How much of the similarity of two profiles in one language is told by its own words, the rest by pivot words."""
PART_WEIGHT = 0.5
"""What each part of a compound counts beside the whole."""
RECIPROCITY = 0.25
"""What it adds that one offers just what the other seeks, both ways; nothing is lost where either is missing."""

# How well a lexicon's word is known to a compound splitter, in profiles that use it.
_IN_LEXICON = 5.0
_LEAST_USES = 3


@dataclass(frozen=True)
class ProfileVectors:
    """What profiles are compared by.

    native : (n, native terms) rows whose squared length is the share of the profile that is not in the pivot
        language, each language with columns of its own.
    pivot : (n, pivot terms) rows of length 1, or zero.
    offers, seeks : (n, pivot terms) the same of these fields alone.
    shares : (n, languages) of each native language, 0 to 1; the rest is in the pivot language.
    group : (n,) number of the language that most of the profile is in, of `languages`.
    lexicons : of each language but the pivot, what words were translated by at first.
    offered, sought : (n, words) the words of `words.words` that offers and seeks are made of, sublinear.
    """

    native: csr_matrix
    pivot: csr_matrix
    offers: csr_matrix
    seeks: csr_matrix
    shares: Floats
    group: Indices
    languages: list[str]
    words: WordCounts
    offered: csr_matrix
    sought: csr_matrix
    to_native: csr_matrix
    to_pivot: csr_matrix
    lexicons: Mapping[str, Lexicon]

    @property
    def usable(self) -> Mask:
        """(n,) which profiles have a word that carries a theme."""
        usable: Mask = np.diff(self.pivot.indptr) > 0
        return usable

    @cached_property
    def together(self) -> csr_matrix:
        """(n, native + pivot terms) whose products, divided by `attainable`, are similarities less reciprocity."""
        return joined(self.native, self.pivot, self.shares)

    def attainable(self, a: Indices, b: Indices) -> Floats:
        """The product that two rows of `together` would have, were both texts the same in each part (0 to 1).

        1 for two profiles of one language, less where words of two languages meet in pivot words only.
        """
        shares_a, shares_b = self.shares[a], self.shares[b]
        own = np.sqrt(shares_a * shares_b).sum(axis=1)
        in_pivot = np.sqrt((1 - NATIVE_SHARE * shares_a.sum(axis=1)) * (1 - NATIVE_SHARE * shares_b.sum(axis=1)))
        attainable: Floats = NATIVE_SHARE * own + in_pivot
        return attainable

    def reciprocity(self, a: Indices, b: Indices) -> Floats:
        """What offers that meet seeks add to the similarity of each pair, 0 to `RECIPROCITY`."""
        if self.offers.nnz == 0 or self.seeks.nnz == 0:
            return np.zeros(len(a))
        met = products(self.offers, self.seeks, a, b) + products(self.seeks, self.offers, a, b)
        return 0.5 * RECIPROCITY * met

    def similarity(self, a: Indices, b: Indices) -> Floats:
        """The similarity of pairs of positions, 0 to 1; the same to the last bit in both directions."""
        alike = products(self.together, self.together, a, b) / self.attainable(a, b)
        return np.minimum(alike + self.reciprocity(a, b), 1.0)

    def contributions(self, a: int, b: int) -> dict[tuple[int, int], float]:
        """What each word of one profile together with each word of the other adds to their similarity.

        Keys are numbers of `words.words`. All together they are the similarity of the pair, less reciprocity: the
        terms in common, each shared out among the words that stand for it.
        """
        in_pivot_a, in_pivot_b = (1 - NATIVE_SHARE * float(self.shares[at].sum()) for at in (a, b))
        in_pivot = (in_pivot_a * in_pivot_b) ** 0.5
        attainable = NATIVE_SHARE * float(np.sqrt(self.shares[a] * self.shares[b]).sum()) + in_pivot
        said = _said(self.words.counts, a), _said(self.words.counts, b)
        found: dict[tuple[int, int], float] = {}
        if in_pivot_a < 1 and in_pivot_b < 1:
            met = _met(self.native, a, self.native, b, NATIVE_SHARE / attainable)
            _share_out(found, met, said, self._native_terms)
        met = _met(self.pivot, a, self.pivot, b, in_pivot / attainable)
        _share_out(found, met, said, self._pivot_terms)
        return found

    def offers_meeting_seeks(self, giver: int, seeker: int) -> dict[tuple[int, int], float]:
        """The same for what the offers of one add by meeting the seeks of the other: half of the reciprocity of the
        pair, the other half being `(seeker, giver)`. Keys are (word of giver, word of seeker)."""
        found: dict[tuple[int, int], float] = {}
        met = _met(self.offers, giver, self.seeks, seeker, 0.5 * RECIPROCITY)
        if met:
            _share_out(found, met, (_said(self.offered, giver), _said(self.sought, seeker)), self._pivot_terms)
        return found

    @cached_property
    def _native_terms(self) -> "_WordsOfTerms":
        return _WordsOfTerms(self.to_native)

    @cached_property
    def _pivot_terms(self) -> "_WordsOfTerms":
        return _WordsOfTerms(self.to_pivot)


class ProfileVectorizer:
    """Makes `ProfileVectors`: sublinear term frequency, smoothed idf, rows of length 1, as scikit-learn's.

    lexicons : of each language but the pivot; the shipped ones by default.
    """

    def __init__(self, lexicons: Mapping[str, Lexicon] | None = None) -> None:
        self.lexicons = lexicons

    def fit_transform(
        self,
        profiles: Sequence[Profile],
        *,
        learn: Callable[["ProfileVectors"], "csr_matrix | None"] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> ProfileVectors:
        """One row a profile, float64; all zero where a text has no usable word.

        `learn` may answer the first vectors with better translations, (words, pivot terms), and is asked again until
        it answers None. `on_progress` hears the share done, 0 to 1.
        """
        analyzer = TextAnalyzer()
        lexicons = shipped_lexicons() if self.lexicons is None else self.lexicons
        counted, offers, seeks = counted_words(profiles, analyzer, on_progress)
        mapping = _Mapping(counted, lexicons, analyzer)
        vectors = _vectors(counted, offers, seeks, mapping, mapping.to_pivot)
        while learn is not None and (better := learn(vectors)) is not None:
            vectors = _vectors(counted, offers, seeks, mapping, better)
        return vectors


def joined(native: csr_matrix, pivot: csr_matrix, shares: Floats) -> csr_matrix:
    """Both parts beside each other, each with its share of the similarity."""
    in_pivot = np.sqrt(1 - NATIVE_SHARE * shares.sum(axis=1))
    return csr_matrix(hstack([np.sqrt(NATIVE_SHARE) * native, diags(in_pivot) @ pivot], format="csr"))


def products(left: csr_matrix, right: csr_matrix, a: Indices, b: Indices, *, block: int = 20_000) -> Floats:
    """The products of rows of both, pair by pair: of each pair the smaller position is on the left.

    (a, b) and (b, a) are computed once.
    """
    n = max(left.shape[0], 1)
    pairs, place = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_inverse=True)
    low, high = pairs // n, pairs % n
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), block):
        part = slice(start, start + block)
        found[part] = np.asarray(left[low[part]].multiply(right[high[part]]).sum(axis=1)).ravel()
    return found[place]


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows of length 1, or zero."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags(np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)) @ matrix)


def _met(left: csr_matrix, a: int, right: csr_matrix, b: int, weight: float) -> dict[int, float]:
    """The terms that row a of one and row b of the other have in common, ascending, and what each adds."""
    of_a, of_b = _row(left, a), _row(right, b)
    # Rows of a hundred terms: dictionaries take half the time of NumPy's set operations.
    theirs = dict(zip(right.indices[of_b].tolist(), right.data[of_b].tolist(), strict=True))
    ours = zip(left.indices[of_a].tolist(), left.data[of_a].tolist(), strict=True)
    return {term: value * theirs[term] * weight for term, value in sorted(ours) if term in theirs}


def _said(counts: csr_matrix, row: int) -> dict[int, float]:
    """The words of one row with their counts."""
    part = _row(counts, row)
    return dict(zip(counts.indices[part].tolist(), counts.data[part].tolist(), strict=True))


def _share_out(
    found: dict[tuple[int, int], float],
    met: Mapping[int, float],
    said: tuple[Mapping[int, float], Mapping[int, float]],
    terms: "_WordsOfTerms",
) -> None:
    """Adds what each term makes to the pairs of words that stand for it, each by its share of the term."""
    for term, value in met.items():
        of_a, of_b = (terms.shares_of_words(term, words) for words in said)
        for mine, my_share in of_a:
            for theirs, their_share in of_b:
                key = mine, theirs
                found[key] = found.get(key, 0.0) + value * my_share * their_share


class _WordsOfTerms:
    """The columns of a mapping from words to terms; a plain dictionary of those that were met is read much faster."""

    def __init__(self, mapping: csr_matrix) -> None:
        self._mapping = csc_matrix(mapping)
        self._met: dict[int, dict[int, float]] = {}

    def shares_of_words(self, term: int, said: Mapping[int, float]) -> list[tuple[int, float]]:
        """The words of a profile that stand for a term, with shares that add up to 1."""
        words = self._met.get(term) or self._of(term)
        # A term may have learnt hundreds of words: to look them up one by one would take most of the time.
        standing = sorted(words.keys() & said.keys())
        if len(standing) == 1:
            return [(standing[0], 1.0)]
        values = [said[word] * words[word] for word in standing]
        total = sum(values)
        return [(word, value / total) for word, value in zip(standing, values, strict=True)]

    def _of(self, term: int) -> dict[int, float]:
        part = _row(self._mapping, term)
        words = dict(zip(self._mapping.indices[part].tolist(), self._mapping.data[part].tolist(), strict=True))
        self._met[term] = words
        return words


def _row(matrix: csr_matrix | csc_matrix, row: int) -> slice:
    return slice(matrix.indptr[row], matrix.indptr[row + 1])


class _Mapping:
    """From words to terms of their own language (themselves, and the parts of a compound) and to pivot terms."""

    def __init__(self, counted: WordCounts, lexicons: Mapping[str, Lexicon], analyzer: TextAnalyzer) -> None:
        self.lexicons = lexicons
        self._column = {word: at for at, word in enumerate(counted.words)}
        self._df = np.bincount(counted.counts.indices, minlength=len(counted.words))
        self._pivot: dict[str, int] = {}
        self._native: dict[tuple[str, str], int] = {}
        native, pivot = _Entries(), _Entries()
        for language in sorted({language for language, _ in counted.words}):
            if language == PIVOT:
                for at in counted.columns_of(PIVOT).tolist():
                    pivot.add(at, self._pivot_number(counted.words[at][1]), 1.0)
                continue
            lexicon = lexicons.get(language, Lexicon({}))
            splitter = self._splitter(counted, language, lexicon, analyzer)
            for at in counted.columns_of(language).tolist():
                term = counted.words[at][1]
                surface = counted.surfaces[language].get(term, term)
                parts = [analyzer.stem(part, language) for part in splitter.split(surface)]
                native.add(at, self._native_number(language, term), 1.0)
                for part in parts:
                    native.add(at, self._native_number(language, part), PART_WEIGHT)
                for translation, probability in self._translated(term, surface, parts, lexicon, analyzer).items():
                    pivot.add(at, self._pivot_number(translation), probability)
        self.native_languages = [language for language, _ in self._native]
        self.to_native = native.matrix(len(counted.words), len(self._native))
        self.to_pivot = pivot.matrix(len(counted.words), len(self._pivot))

    def _splitter(
        self, counted: WordCounts, language: str, lexicon: Lexicon, analyzer: TextAnalyzer
    ) -> CompoundSplitter:
        met = dict(analyzer.words_met(language))

        @cache
        def known(word: str) -> float:
            term = met.get(word) or analyzer.stem(word, language)
            at = self._column.get((language, term))
            uses = float(self._df[at]) if at is not None and word in met else 0.0
            return (_IN_LEXICON if term in lexicon else 0.0) + (uses if uses >= _LEAST_USES else 0.0)

        data = known_languages().get(language)
        return CompoundSplitter(known, data.links if data else ())

    def _translated(
        self, term: str, surface: str, parts: Sequence[str], lexicon: Lexicon, analyzer: TextAnalyzer
    ) -> dict[str, float]:
        """Pivot terms of a word: its own, else those of its parts, else the word itself, for names are the same."""
        if term in lexicon:
            return dict(lexicon.of(term))
        found: dict[str, float] = {}
        for part in parts:
            for translation, probability in lexicon.of(part).items():
                found[translation] = found.get(translation, 0.0) + probability
        return found or {analyzer.stem(surface, PIVOT): 1.0}

    def _native_number(self, language: str, term: str) -> int:
        return self._native.setdefault((language, term), len(self._native))

    def _pivot_number(self, term: str) -> int:
        return self._pivot.setdefault(term, len(self._pivot))


class _Entries:
    def __init__(self) -> None:
        self._row: list[int] = []
        self._column: list[int] = []
        self._value: list[float] = []

    def add(self, row: int, column: int, value: float) -> None:
        self._row.append(row)
        self._column.append(column)
        self._value.append(value)

    def matrix(self, rows: int, columns: int) -> csr_matrix:
        return csr_matrix((self._value, (self._row, self._column)), shape=(rows, columns), dtype=np.float64)


def _vectors(
    counted: WordCounts, offers: csr_matrix, seeks: csr_matrix, mapping: _Mapping, to_pivot: csr_matrix
) -> ProfileVectors:
    n = counted.counts.shape[0]
    in_pivot = csr_matrix(counted.counts @ to_pivot)
    # A word that is only half sure to be meant counts half in a document frequency, too.
    df = np.bincount(in_pivot.indices, np.minimum(in_pivot.data, 1.0), minlength=in_pivot.shape[1])
    idf = diags(np.log((1 + n) / (1 + df)) + 1)
    languages = sorted({language for language, _ in counted.words} | {PIVOT})
    natives = [language for language in languages if language != PIVOT]
    of_language = np.array([languages.index(language) for language, _ in counted.words], dtype=np.int64)
    weight = np.zeros((n, len(languages)))
    row = np.repeat(np.arange(n), np.diff(counted.counts.indptr))
    np.add.at(weight, (row, of_language[counted.counts.indices]), counted.counts.data)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    shares = weight[:, [languages.index(language) for language in natives]]
    return ProfileVectors(
        native=_native_part(counted, mapping, natives, shares),
        pivot=unit_rows(in_pivot @ idf),
        offers=unit_rows(csr_matrix(offers @ to_pivot) @ idf),
        seeks=unit_rows(csr_matrix(seeks @ to_pivot) @ idf),
        shares=shares,
        group=np.argmax(weight, axis=1).astype(np.int64),
        languages=languages,
        words=counted,
        offered=offers,
        sought=seeks,
        to_native=mapping.to_native,
        to_pivot=to_pivot,
        lexicons=mapping.lexicons,
    )


def _native_part(counted: WordCounts, mapping: _Mapping, natives: list[str], shares: Floats) -> csr_matrix:
    n = counted.counts.shape[0]
    in_native = csr_matrix(counted.counts @ mapping.to_native)
    parts = []
    for number, language in enumerate(natives):
        columns = np.flatnonzero([tag == language for tag in mapping.native_languages])
        part = in_native[:, columns]
        df = np.bincount(part.indices, minlength=len(columns))
        users = int(np.count_nonzero(np.diff(part.indptr)))
        idf = diags(np.log((1 + users) / (1 + df)) + 1)
        parts.append(diags(np.sqrt(shares[:, number])) @ unit_rows(part @ idf))
    return csr_matrix(hstack(parts, format="csr")) if parts else csr_matrix((n, 0), dtype=np.float64)
