"""How often each profile says each word: by field, by place in its text, language by language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from matching.languages import OTHER, PIVOT, known_languages
from matching.profiles import Field, Profile
from matching.reading import FIELDS, NONE, Codes, Indices, Numbers, Reading
from matching.text import MAX_WORDS, TextAnalyzer

Floats = npt.NDArray[np.float64]

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

_WEIGHTS = np.array([FIELD_WEIGHTS[field] for field in FIELDS])
_PLACES = 1.0 / (1.0 + np.arange(MAX_WORDS) / LEAD)


@dataclass(frozen=True)
class WordCounts:
    """The words of all profiles: `words` are (language, term) in order, `counts` is (n, words), sublinear.

    column : (terms,) the place in `words` of each term of `reading`, where the texts are as they were read.
    """

    words: list[tuple[str, str]]
    counts: csr_matrix
    surfaces: Mapping[str, Mapping[str, str]]
    """Of each language but the pivot, for each term the shortest way in which it is written."""
    reading: Reading
    column: Indices

    def columns_of(self, language: str) -> Indices:
        """The columns of the words of one language."""
        return np.array([at for at, (tag, _) in enumerate(self.words) if tag == language], dtype=np.int64)


def counted_words(
    profiles: Sequence[Profile], analyzer: TextAnalyzer, on_progress: Callable[[float], None] | None
) -> tuple[WordCounts, csr_matrix, csr_matrix]:
    """The words of all profiles, and those of offers and of seeks alone."""
    reading = analyzer.read(profiles, on_progress=on_progress)
    said = _Said.of(reading)
    # Nothing is known of other languages: their words meet those of the pivot language.
    terms = [(PIVOT if language == OTHER else language, term) for language, term in reading.terms]
    tags, phrases = _phrases(reading, said)
    words = sorted({*terms, *phrases})
    place = {word: at for at, word in enumerate(words)}
    column, of_phrase = (np.array([place[word] for word in some], dtype=np.int64) for some in (terms, phrases))
    counts, offers, seeks = (
        _sublinear(csr_matrix(entries, shape=(len(profiles), len(words))))
        for entries in (
            said.entries_with(column, tags, of_phrase),
            said.entries_of(Field.OFFERS, column),
            said.entries_of(Field.SEEKS, column),
        )
    )
    _drop_withheld([counts, offers, seeks], profiles, place, analyzer)
    surfaces = {language: _shortest(analyzer, language) for language in sorted({tag for tag, _ in words} - {PIVOT})}
    return WordCounts(words, counts, surfaces, reading, column), offers, seeks


Entries = tuple[Floats, tuple[Numbers, Indices]]
"""Values, and the row and column of each."""


@dataclass(frozen=True)
class _Said:
    """The words that carry a theme, in order: number of the term, text, and place in it counted without the others.

    row, field, end : (texts,) position of its profile, place of its field in `FIELDS`, and where its words end.
    """

    number: Numbers
    text: Numbers
    place: Indices
    row: Numbers
    field: Codes
    end: Indices

    @classmethod
    def of(cls, reading: Reading) -> "_Said":
        texts = reading.texts
        carries = reading.term != NONE
        text = texts.text[carries]
        lengths = np.bincount(text, minlength=len(texts.field))
        end = np.cumsum(lengths)
        place = np.arange(len(text)) - (end - lengths)[text]
        return cls(reading.term[carries], text, place, texts.row, texts.field, end)

    def entries_of(self, field: Field, column: Indices) -> Entries:
        """The words of one field, earlier places counting more; `column` is that of each term."""
        at = np.flatnonzero(self.field[self.text] == FIELDS.index(field))
        return _PLACES[self.place[at]], (self.row[self.text[at]], column[self.number[at]])

    def entries_with(self, column: Indices, tags: Indices, of_tag: Indices) -> Entries:
        """The words of all fields, and after those of each of the tags its column as a whole."""
        after = self.end[tags]
        weights = _WEIGHTS[self.field[self.text]] * _PLACES[self.place]
        rows = np.insert(self.row[self.text], after, self.row[tags])
        return (
            np.insert(weights, after, PHRASE_WEIGHT),
            (rows, np.insert(column[self.number], after, of_tag)),
        )


def _phrases(reading: Reading, said: _Said) -> tuple[Indices, list[tuple[str, str]]]:
    """The texts that are tags with words that carry a theme, and each as a word of its own."""
    start = np.append(0, said.end)
    tags = np.flatnonzero((said.field == FIELDS.index(Field.TAGS)) & (np.diff(start) > 0))
    known: dict[bytes, tuple[str, str]] = {}
    # A few bytes are a key at once; a tuple of numbers would be made anew for each tag.
    numbers, size = said.number.tobytes(), said.number.itemsize
    phrases = []
    for first, last in zip((size * start[tags]).tolist(), (size * start[tags + 1]).tolist(), strict=True):
        key = numbers[first:last]
        phrase = known.get(key)
        if phrase is None:
            terms = [reading.terms[number][1] for number in np.frombuffer(key, dtype=np.int32).tolist()]
            phrase = known[key] = PIVOT, phrase_term(terms)
        phrases.append(phrase)
    return tags, phrases


def phrase_term(terms: Sequence[str]) -> str:
    """The term of a tag as a whole."""
    return "#" + " ".join(terms)


def _sublinear(counts: csr_matrix) -> csr_matrix:
    counts.sum_duplicates()
    counts.data = np.where(counts.data > 1, 1 + np.log(np.maximum(counts.data, 1)), counts.data)
    return counts


def _drop_withheld(
    matrices: Sequence[csr_matrix],
    profiles: Sequence[Profile],
    column: Mapping[tuple[str, str], int],
    analyzer: TextAnalyzer,
) -> None:
    """A company's own name makes none of its communities like any other."""
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row, profile in enumerate(profiles):
        if profile.withheld:
            rows_of.setdefault(profile.withheld, []).append(row)
    for withheld, rows in rows_of.items():
        terms = analyzer.terms_in_any_language(withheld)
        columns = [column[tag, term] for tag in known_languages() for term in terms if (tag, term) in column]
        for counts in matrices:
            entries = np.concatenate([np.arange(counts.indptr[row], counts.indptr[row + 1]) for row in rows])
            counts.data[entries[np.isin(counts.indices[entries], columns)]] = 0.0
    for counts in matrices:
        counts.eliminate_zeros()


def _shortest(analyzer: TextAnalyzer, language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for surface, term in analyzer.words_met(language):
        if term and (term not in found or (len(surface), surface) < (len(found[term]), found[term])):
            found[term] = surface
    return found
