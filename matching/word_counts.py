"""How often each profile says each word: by field, by place in its text, language by language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from matching.languages import OTHER, PIVOT, known_languages
from matching.profiles import Field, Profile
from matching.text import MAX_WORDS, Text, TextAnalyzer, acronyms

Indices = npt.NDArray[np.int64]

FIELD_WEIGHTS: Mapping[Field, float] = MappingProxyType(
    {
        Field.NAME: 1.0,
        Field.PURPOSE: 1.0,
        Field.DESCRIPTION: 1.0,
        Field.TAGS: 0.5,
        Field.OFFERS: 0.5,
        Field.SEEKS: 0.5,
        Field.TARGET_GROUP: 0.25,
        Field.FORMATS: 0.25,
    }
)
"""What a word counts by the field that it stands in."""
PHRASE_WEIGHT = 0.5
"""What a tag counts as a whole, beside its words."""
LEAD = 20.0
"""A text tells its theme at the start: a word counts 1 / (1 + place / LEAD), so half as much at the 20th place."""

_NO_TERM = -1
_NO_PHRASE = "#"

_PLACES = 1.0 / (1.0 + np.arange(MAX_WORDS) / LEAD)


@dataclass(frozen=True)
class WordCounts:
    """The words of all profiles: `words` are (language, term) in order, `counts` is (n, words), sublinear."""

    words: list[tuple[str, str]]
    counts: csr_matrix
    surfaces: Mapping[str, Mapping[str, str]]
    """Of each language but the pivot, for each term the shortest way in which it is written."""

    def columns_of(self, language: str) -> Indices:
        """The columns of the words of one language."""
        return np.array([at for at, (tag, _) in enumerate(self.words) if tag == language], dtype=np.int64)


def counted_words(
    profiles: Sequence[Profile], analyzer: TextAnalyzer, on_progress: Callable[[float], None] | None
) -> tuple[WordCounts, csr_matrix, csr_matrix]:
    """The words of all profiles, and those of offers and of seeks alone."""
    vocabulary = _Vocabulary(analyzer)
    texts = _Texts()
    offered, sought = _Texts(), _Texts()
    every = max(1, len(profiles) // 50)
    for row, profile in enumerate(profiles):
        if on_progress is not None and row % every == 0:
            on_progress(row / len(profiles))
        for text in analyzer.texts(profile):
            numbers = vocabulary.numbers(text)
            texts.add(row, FIELD_WEIGHTS[text.field], numbers)
            if text.field is Field.TAGS:
                texts.add(row, PHRASE_WEIGHT, [vocabulary.number_of_phrase(text)])
            elif text.field is Field.OFFERS:
                offered.add(row, 1.0, numbers)
            elif text.field is Field.SEEKS:
                sought.add(row, 1.0, numbers)
    n = len(profiles)
    words, place = vocabulary.in_order()
    counts, in_offers, in_seeks = (
        _without_withheld(_sublinear(one.matrix(n, place)), profiles, words, analyzer)
        for one in (texts, offered, sought)
    )
    surfaces = {language: _shortest(analyzer, language) for language in vocabulary.languages if language != PIVOT}
    return WordCounts(words, counts, surfaces), in_offers, in_seeks


class _Vocabulary:
    """A number for each term met, by the words that it is met as; `_NO_TERM` for words that carry no theme."""

    def __init__(self, analyzer: TextAnalyzer) -> None:
        self._analyzer = analyzer
        self._number_of_word: dict[str, dict[str, int]] = {}
        self._terms: dict[tuple[str, str], int] = {}

    @property
    def languages(self) -> list[str]:
        return sorted({language for language, _ in self._terms})

    def numbers(self, text: Text) -> list[int]:
        known = self._number_of_word.setdefault(text.language, {})
        for word in set(text.words).difference(known):
            known[word] = self._number(text.language, self._analyzer.term(word, text.language))
        numbers = [known[word] for word in text.words]
        if _NO_TERM in numbers:
            for at in acronyms(text.surfaces, [number == _NO_TERM for number in numbers]):
                numbers[at] = self._number(text.language, text.words[at])
        return numbers

    def number_of_phrase(self, text: Text) -> int:
        terms = self._analyzer.terms_of(text.surfaces, text.language)
        return self._number(PIVOT, phrase_term([term for term in terms if term]))

    def in_order(self) -> tuple[list[tuple[str, str]], Indices]:
        """The terms by language, and for each number its place: the order of meeting leaves no trace."""
        words = sorted(self._terms)
        place = np.empty(len(words), dtype=np.int64)
        place[[self._terms[word] for word in words]] = np.arange(len(words))
        return words, place

    def _number(self, language: str, term: str) -> int:
        if not term or term == _NO_PHRASE:
            return _NO_TERM
        # Nothing is known of other languages: their words meet those of the pivot language.
        return self._terms.setdefault((PIVOT if language == OTHER else language, term), len(self._terms))


class _Texts:
    """Numbered words, text by text."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._weights: list[float] = []
        self._lengths: list[int] = []
        self._numbers: list[int] = []

    def add(self, row: int, weight: float, numbers: Sequence[int]) -> None:
        self._rows.append(row)
        self._weights.append(weight)
        self._lengths.append(len(numbers))
        self._numbers.extend(numbers)

    def matrix(self, n: int, place: Indices) -> csr_matrix:
        """(n, words) how often each occurs, earlier places counting more."""
        numbers = np.array(self._numbers, dtype=np.int64)
        of_text = np.repeat(np.arange(len(self._lengths)), self._lengths)
        carries = numbers != _NO_TERM
        numbers, of_text = numbers[carries], of_text[carries]
        lengths = np.bincount(of_text, minlength=len(self._lengths))
        at = np.arange(len(numbers)) - (np.cumsum(lengths) - lengths)[of_text]
        data = np.array(self._weights)[of_text] * _PLACES[at]
        rows, columns = np.array(self._rows, dtype=np.int64)[of_text], place[numbers]
        matrix = csr_matrix((data, (rows, columns)), shape=(n, len(place)))
        matrix.sum_duplicates()
        return matrix


def phrase_term(terms: Sequence[str]) -> str:
    """The term of a tag as a whole."""
    return "#" + " ".join(terms)


def _sublinear(counts: csr_matrix) -> csr_matrix:
    counts.data = np.where(counts.data > 1, 1 + np.log(np.maximum(counts.data, 1)), counts.data)
    return counts


def _without_withheld(
    counts: csr_matrix, profiles: Sequence[Profile], words: list[tuple[str, str]], analyzer: TextAnalyzer
) -> csr_matrix:
    """A company's own name makes none of its communities like any other."""
    column = {word: at for at, word in enumerate(words)}
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row, profile in enumerate(profiles):
        if profile.withheld:
            rows_of.setdefault(profile.withheld, []).append(row)
    for withheld, rows in rows_of.items():
        terms = analyzer.terms_in_any_language(withheld)
        columns = [column[tag, term] for tag in known_languages() for term in terms if (tag, term) in column]
        entries = np.concatenate([np.arange(counts.indptr[row], counts.indptr[row + 1]) for row in rows])
        counts.data[entries[np.isin(counts.indices[entries], columns)]] = 0.0
    counts.eliminate_zeros()
    return counts


def _shortest(analyzer: TextAnalyzer, language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for surface, term in analyzer.words_met(language):
        if term and (term not in found or (len(surface), surface) < (len(found[term]), found[term])):
            found[term] = surface
    return found
