"""What was read of many profiles: their texts one after the other, each word as a number, and the language of each.

Everything that holds for a word wherever it stands is found once; what holds for a text is counted for all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.profiles import Field

Codes = npt.NDArray[np.int8]
Numbers = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NONE = -1
"""No language, or no term."""
FIELDS = tuple(Field)


class Word(NamedTuple):
    """A word of a text: as it was written, the term it is compared by ("Lieferketten" -> "lieferkett"), its place in
    the text, counted with the words that are left out, and the language of its passage."""

    surface: str
    term: str
    place: int
    language: str


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a field: its language, and its words without function words and bare numbers."""

    field: Field
    language: str
    words: list[Word]


@dataclass(frozen=True, slots=True)
class AnalyzedProfile:
    """The words of each text of a profile, in the order of its texts."""

    parts: list[Passage]

    @property
    def passages(self) -> list[list[Word]]:
        return [part.words for part in self.parts]


class Text(NamedTuple):
    """A text of a profile: its words as they are written, and folded."""

    field: Field
    language: str
    surfaces: list[str]
    words: list[str]


@dataclass(frozen=True)
class Texts:
    """The words of all texts, profile by profile.

    first : (profiles + 1,) where the texts of each profile begin, and the end of the last.
    field : (texts,) the place of its field in `FIELDS`.
    start : (texts + 1,) where the words of each text begin, and the end of the last.
    word : (words,) each word as a number of `surfaces`.
    surfaces, folded : the distinct words as they are written, and folded.
    """

    first: Indices
    field: Codes
    start: Indices
    word: Numbers
    surfaces: list[str]
    folded: list[str]

    @cached_property
    def lengths(self) -> Indices:
        """(texts,) how many words each has."""
        return self.start[1:] - self.start[:-1]

    @cached_property
    def row(self) -> Numbers:
        """(texts,) the position of its profile."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int32), self.first[1:] - self.first[:-1])

    @cached_property
    def text(self) -> Numbers:
        """(words,) the text of each word."""
        return np.repeat(np.arange(len(self.field), dtype=np.int32), self.lengths)

    def surfaces_of(self, text: int) -> list[str]:
        """The words of one text as they are written."""
        return [self.surfaces[number] for number in self.word[self.start[text] : self.start[text + 1]].tolist()]

    def counted(self, kind: Codes, kinds: int) -> Indices:
        """(texts, kinds) how many words of each kind a text has; `kind` (surfaces,) is `NONE` for a word of none."""
        of_word = kind[self.word]
        telling = (of_word != NONE).nonzero()[0]
        cell = self.text[telling].astype(np.int64) * kinds + of_word[telling]
        return np.bincount(cell, minlength=len(self.field) * kinds).reshape(len(self.field), kinds)

    def with_sums(self, of_texts: Indices) -> Indices:
        """(texts + profiles, kinds) what the texts have, (texts, kinds), and after them what each profile has."""
        up_to = np.zeros((len(of_texts) + 1, of_texts.shape[1]), dtype=np.int64)
        np.cumsum(of_texts, axis=0, out=up_to[1:])
        return np.concatenate([of_texts, up_to[self.first[1:]] - up_to[self.first[:-1]]])


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts with the language of each and the term of each word.

    language : (texts,) a number of `languages`.
    term : (words,) a number of `terms`, `NONE` for a word that carries no theme.
    terms : the distinct terms, each with the language that it was met in.
    """

    texts: Texts
    languages: Sequence[str]
    language: Codes
    term: Numbers
    terms: list[tuple[str, str]]

    def analyzed(self, row: int) -> AnalyzedProfile:
        """The words of one profile that carry a theme, text by text."""
        surfaces, terms = self.texts.surfaces, self.terms
        parts = []
        for text, part in self._words_of(row):
            language = self._language(text)
            pairs = zip(self.texts.word[part].tolist(), self.term[part].tolist(), strict=True)
            words = [
                Word(surfaces[word], terms[term][1], place, language)
                for place, (word, term) in enumerate(pairs)
                if term != NONE
            ]
            parts.append(Passage(self._field(text), language, words))
        return AnalyzedProfile(parts)

    def _words_of(self, row: int) -> Iterator[tuple[int, slice]]:
        first, last = self.texts.first[row : row + 2].tolist()
        for text, (start, end) in enumerate(pairwise(self.texts.start[first : last + 1].tolist()), first):
            yield text, slice(start, end)

    def _field(self, text: int) -> Field:
        return FIELDS[int(self.texts.field[text])]

    def _language(self, text: int) -> str:
        return self.languages[int(self.language[text])]
