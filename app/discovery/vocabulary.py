"""The words of all cards, and which of them a searched word may mean: its forms, compounds, slips of the pen."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from matching.text import TextAnalyzer

# What a match is worth beside the word itself.
SAME_STEM = 0.95
TRANSLATED = 0.9
COMPOUND = 0.6
MISSPELT = 0.7
PART_OF_IT = 0.4

# Shorter words stand inside too many others.
_SHORTEST_START, _SHORTEST_PART = 4, 5
_SHORTEST_TO_CORRECT = 4
_NEAREST = 12
_MOST_FORMS = 400

Translations = Mapping[str, Collection[str]]
"""Terms of another language for a term (both stems). The engine has no such table yet; one that it gives is used."""


class Words:
    """Every word met so far, numbered for good. Only grows, so that a search may read while a refresh adds."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.numbers: dict[str, int] = {}
        self.by_stem: dict[str, list[int]] = {}
        self._analyzer = TextAnalyzer()

    def number(self, word: str) -> int:
        known = self.numbers.get(word)
        if known is not None:
            return known
        self.texts.append(word)
        number = len(self.texts) - 1
        for stem in self._analyzer.terms_in_any_language([word]):
            self.by_stem.setdefault(stem, []).append(number)
        self.numbers[word] = number
        return number


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one state of the index, ready to be searched in.

    Words of cards that are gone stay in `words` without a card; whoever asks looks at the cards.
    """

    words: Words
    size: int
    _joined: str = field(repr=False)
    _starts: np.ndarray[tuple[int], np.dtype[np.int64]] = field(repr=False)
    _by_length: Mapping[int, Sequence[str]] = field(repr=False)

    @classmethod
    def of(cls, words: Words) -> "Vocabulary":
        texts = words.texts[:]
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        by_length: dict[int, list[str]] = {}
        for text in texts:
            by_length.setdefault(len(text), []).append(text)
        starts = np.append(0, np.cumsum(lengths + 1))[:-1].astype(np.int64)
        return cls(words, len(texts), "\n".join(texts), starts, by_length)

    def forms(self, word: str, analyzer: TextAnalyzer, translations: Translations) -> dict[int, float]:
        """Numbers of the words that a searched word means as it is written, and what each is worth (0 to 1)."""
        stems = analyzer.terms_in_any_language([word])
        found = dict.fromkeys(self._containing(word), COMPOUND)
        for stem in stems:
            translated = translations.get(stem, ())
            found |= dict.fromkeys((one for term in translated for one in self._with_stem(term)), TRANSLATED)
        # A stem finds compounds of its word too: "lieferketten" is in "Lieferkettenmanagement", so is "lieferkett".
        for stem in stems:
            found = dict.fromkeys(self._containing(stem), COMPOUND) | found
        found |= dict.fromkeys((one for stem in stems for one in self._with_stem(stem)), SAME_STEM)
        if self._known(word):
            found[self.words.numbers[word]] = 1.0
        return found

    def near(self, word: str) -> list[tuple[int, str]]:
        """Words that a misspelt one may mean, as (edits, word), nearest first: one edit, from 8 letters on two.

        An edit is a letter too many, missing, another, or two swapped.
        """
        if len(word) < _SHORTEST_TO_CORRECT:
            return []
        edits = 1 if len(word) < 8 else 2
        found: list[tuple[int, str]] = []
        for length in range(len(word) - edits, len(word) + edits + 1):
            choices = self._by_length.get(length, ())
            for text, distance, _ in process.extract(
                word, choices, scorer=OSA.distance, score_cutoff=edits, limit=_NEAREST
            ):
                found.append((int(distance), text))
        return sorted(found)[:_NEAREST]

    def family(self, word: str, analyzer: TextAnalyzer) -> dict[int, float]:
        """A corrected word and its other forms."""
        stems = analyzer.terms_in_any_language([word])
        found = dict.fromkeys((one for stem in stems for one in self._with_stem(stem)), MISSPELT * SAME_STEM)
        found[self.words.numbers[word]] = MISSPELT
        return found

    def parts(self, word: str) -> dict[int, float]:
        """Words that a longer one starts or ends with: "Lieferkettenmanagement" is about a "Lieferkette" too."""
        ends = range(_SHORTEST_PART, len(word))
        candidates = [word[:end] for end in ends] + [word[-end:] for end in ends]
        return {self.words.numbers[one]: PART_OF_IT for one in candidates if self._known(one)}

    def _known(self, word: str) -> bool:
        return self.words.numbers.get(word, self.size) < self.size

    def _with_stem(self, stem: str) -> Iterable[int]:
        return [number for number in self.words.by_stem.get(stem, ()) if number < self.size]

    def _containing(self, part: str) -> list[int]:
        """Words that start with a part, or have a longer one inside."""
        if len(part) < _SHORTEST_START:
            return []
        wanted = part if len(part) >= _SHORTEST_PART else f"\n{part}"
        places: list[int] = []
        at = self._joined.find(wanted)
        while at >= 0 and len(places) < _MOST_FORMS:
            places.append(at + len(wanted) - 1)
            at = self._joined.find(wanted, at + 1)
        numbers = np.searchsorted(self._starts, np.array(places, dtype=np.int64), side="right") - 1
        found: list[int] = np.unique(numbers).tolist()
        return found
