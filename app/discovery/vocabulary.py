"""The words of all cards, and which of them a searched word may mean: its forms, compounds, slips of the pen, and
what it is called in another language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.discovery.meanings import MAIN, Reader
from matching.languages import PIVOT
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
# Of the words of another language so many are looked for inside compounds: the shortest, which compounds are made of.
_MOST_INSIDE = 24


@dataclass(frozen=True, slots=True)
class Forms:
    """Numbers of words that a searched one may mean.

    worth : what each is worth, 0 to 1; of several on a card the best one counts.
    meanings : of a word of two meanings ("Lieferkette": "supply", "chain") what each is worth and its words; on a
        card with both, both count.
    """

    worth: Mapping[int, float]
    meanings: Sequence[tuple[float, Sequence[int]]] = ()

    @property
    def numbers(self) -> set[int]:
        return {*self.worth, *(number for _, numbers in self.meanings for number in numbers)}


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

    def forms(self, word: str, reader: Reader) -> Forms:
        """The words that a searched word means as it is written, in either language."""
        stems = reader.analyzer.terms_in_any_language([word])
        found = dict.fromkeys(self._containing(word), COMPOUND)
        for number, worth in self._from_pivot(reader.analyzer.term(word, PIVOT), reader):
            found[number] = max(worth, found.get(number, 0.0))
        # A stem finds compounds of its word too: "lieferketten" is in "Lieferkettenmanagement", so is "lieferkett".
        for stem in stems:
            found = dict.fromkeys(self._containing(stem), COMPOUND) | found
        found |= dict.fromkeys((one for stem in stems for one in self._with_stem(stem)), SAME_STEM)
        if self._known(word):
            found[self.words.numbers[word]] = 1.0
        return Forms(found, self._meanings(word, reader))

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

    def family(self, word: str, reader: Reader) -> dict[int, float]:
        """A corrected word and its other forms."""
        stems = reader.analyzer.terms_in_any_language([word])
        found = dict.fromkeys((one for stem in stems for one in self._with_stem(stem)), MISSPELT * SAME_STEM)
        found[self.words.numbers[word]] = MISSPELT
        return found

    def parts(self, word: str) -> dict[int, float]:
        """Words that a longer one starts or ends with: "Lieferkettenmanagement" is about a "Lieferkette" too."""
        ends = range(_SHORTEST_PART, len(word))
        candidates = [word[:end] for end in ends] + [word[-end:] for end in ends]
        return {self.words.numbers[one]: PART_OF_IT for one in candidates if self._known(one)}

    def _meanings(self, word: str, reader: Reader) -> list[tuple[float, Sequence[int]]]:
        """The pivot words that a word of another language stands for."""
        found: list[tuple[float, Sequence[int]]] = []
        for language in reader.dictionary.languages:
            term = reader.analyzer.term(word, language)
            meanings = reader.meanings(language, term, word) if term else {}
            found += [(TRANSLATED * share, self._with_stem(pivot)) for pivot, share in meanings.items()]
        return found

    def _from_pivot(self, term: str, reader: Reader) -> Iterator[tuple[int, float]]:
        """The words of other languages that stand for a pivot term, also inside compounds."""
        standing = reader.dictionary.standing_for(term)
        short = sorted((other for other, _ in standing if len(other) >= _SHORTEST_PART), key=len)
        for other in short[:_MOST_INSIDE]:
            yield from ((number, COMPOUND * TRANSLATED) for number in self._containing(other))
        for other, share in standing:
            worth = TRANSLATED if share >= MAIN else COMPOUND * TRANSLATED
            yield from ((number, worth) for number in self._with_stem(other))

    def _known(self, word: str) -> bool:
        return self.words.numbers.get(word, self.size) < self.size

    def _with_stem(self, stem: str) -> Sequence[int]:
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
