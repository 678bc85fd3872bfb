"""What words are compared by: themselves in their own language, and the English words that they stand for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from app.communities.cards import company_words
from app.core.settings import get_settings
from matching.compounds import CompoundSplitter
from matching.languages import OTHER, PIVOT, known_languages
from matching.lexicon import Lexicon, lexicons_with, shipped_lexicons
from matching.profiles import Profile
from matching.reading import Word
from matching.related import Keys, Mask, TermCounts, term_key
from matching.text import TextAnalyzer, surfaces_of

Meanings = Mapping[str, float]
"""Pivot terms that a word stands for, and how much of what it means each is: at most 1 together."""
Shares = Mapping["Sense", float]

MAIN = 0.5
"""From this share on, a term is what the word means, and no by-meaning or part of it."""

# A translation so much less probable than the first is another sense of the word; a third one is nearly always noise.
_LEAST_OF_FIRST, _MOST_MEANINGS = 0.4, 2
# To be raised when texts are read otherwise than before, so that all entries are made anew.
_READING = 1
# Of a worker: the words of some ten companies.
_MOST_REMEMBERED = 200_000
_NOTHING: Mapping[str, tuple[tuple[str, float], ...]] = MappingProxyType({})
_LAST_BIT = np.uint64(1)


class Dictionary:
    """What the lexicons know of words, as far as it serves to find communities. Never changed.

    Kept small, for every API process has one: two meanings a word, and none that is improbable.
    """

    def __init__(self, lexicons: Mapping[str, Lexicon]) -> None:
        self._kept = {
            language: {term: _likely(translations) for term, translations in lexicon.terms.items()}
            for language, lexicon in lexicons.items()
        }

    @property
    def languages(self) -> Iterable[str]:
        return self._kept

    def knows(self, language: str, term: str) -> bool:
        return term in self._kept.get(language, _NOTHING)

    def meanings(self, language: str, term: str) -> Meanings:
        """Pivot terms of a term, none for one that is not known."""
        return dict(self._kept.get(language, _NOTHING).get(term, ()))

    def standing_for(self, pivot: str) -> Sequence[tuple[str, float]]:
        """Terms of other languages that may mean a pivot term, what each is of them, the likeliest first."""
        return self._turned_round.get(pivot, ())

    @cached_property
    def reading(self) -> str:
        """Tells whether texts were read with these words, and in this manner."""
        told = blake2b(str(_READING).encode(), digest_size=8)
        for language, terms in sorted(self._kept.items()):
            told.update(language.encode())
            for term, meanings in sorted(terms.items()):
                told.update(f"{term}{meanings}".encode())
        return told.hexdigest()

    @cached_property
    def _turned_round(self) -> Mapping[str, Sequence[tuple[str, float]]]:
        found: dict[str, list[tuple[str, float]]] = {}
        for terms in self._kept.values():
            for term, meanings in terms.items():
                for pivot, share in meanings:
                    found.setdefault(pivot, []).append((term, share))
        return {pivot: sorted(terms, key=lambda one: (-one[1], one[0])) for pivot, terms in found.items()}


def dictionary_in_use() -> Dictionary:
    """The shipped lexicons, with the operator's own dictionary where there is one: as in a round."""
    return _dictionary_with(get_settings().dictionary)


@cache
def _dictionary_with(own: Path | None) -> Dictionary:
    return Dictionary(shipped_lexicons() if own is None else lexicons_with(own))


class Sense(NamedTuple):
    """What texts are compared by: a term of a language. A word of the pivot language has one, any other has one of
    its own and one for each pivot term that it stands for."""

    language: str
    term: str

    @property
    def key(self) -> int:
        return _key(self)

    @property
    def is_native(self) -> bool:
        return self.language != PIVOT


class Reader:
    """Reads profiles with one dictionary. Not for several threads at once, as its analyzer."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.analyzer = TextAnalyzer()
        self._splitters = {language: self._splitter(language) for language in dictionary.languages}
        self._known: dict[tuple[str, str, str, str], tuple[Shares, tuple[int, ...]]] = {}

    def words(self, profile: Profile) -> Iterator[Word]:
        """The words of a profile that carry a theme, in the order of its texts."""
        for passage in self.analyzer.analyze(profile).passages:
            yield from passage

    def counted(self, profile: Profile, company: str) -> TermCounts:
        """What a profile of the company of this name is compared by, and how often each occurs."""
        counted: dict[int, int] = {}
        for word in self.words(profile):
            for key in self._known_of(word, company)[1]:
                counted[key] = counted.get(key, 0) + 1
        ordered = sorted(counted)
        most = np.iinfo(np.uint16).max
        return TermCounts(
            np.array(ordered, dtype=np.uint64),
            np.array([min(counted[key], most) for key in ordered], dtype=np.uint16),
        )

    def senses(self, word: Word, company: str) -> Shares:
        """The senses of a word of a profile, and how much of what it means each is.

        A word of the company's own name stands for itself alone: translated, nobody would know it for one.
        """
        return self._known_of(word, company)[0]

    def keys_in_any_language(self, texts: Iterable[str]) -> frozenset[int]:
        """Of all senses that the words of some short texts may have, whatever language they are in."""
        found: set[int] = set()
        for text in texts:
            surfaces = surfaces_of(text)
            for language in (*known_languages(), OTHER):
                for surface, term in zip(surfaces, self.analyzer.terms_of(surfaces, language), strict=True):
                    if term:
                        found.update(sense.key for sense in self._read(language, term, surface.casefold()))
        return frozenset(found)

    def meanings(self, language: str, term: str, folded: str) -> Meanings:
        """Pivot terms of a word: its own, else those of the parts of a compound; none for one not known."""
        if self.dictionary.knows(language, term) or language not in self._splitters:
            return self.dictionary.meanings(language, term)
        parts = [self.analyzer.stem(part, language) for part in self._splitters[language].split(folded)]
        found: dict[str, float] = {}
        for part in parts:
            for pivot, share in self.dictionary.meanings(language, part).items():
                found[pivot] = found.get(pivot, 0.0) + share / len(parts)
        return found

    def _known_of(self, word: Word, company: str) -> tuple[Shares, tuple[int, ...]]:
        """The senses of a word, and their keys."""
        asked = word.language, word.term, word.surface, company
        known = self._known.get(asked)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            named = company_words(company).mentioned_in(word.surface)
            senses = self._read(word.language, word.term, word.surface.casefold(), translated=not named)
            known = self._known[asked] = senses, tuple(sense.key for sense in senses)
        return known

    def _read(self, language: str, term: str, folded: str, *, translated: bool = True) -> Shares:
        if language in (PIVOT, OTHER):
            return {Sense(PIVOT, term): 1.0}
        meanings = self.meanings(language, term, folded) if translated else {}
        # A word that no lexicon knows may be a name, and names are the same in every language.
        meanings = meanings or {self.analyzer.stem(folded, PIVOT): 1.0}
        return {Sense(language, term): 1.0} | {Sense(PIVOT, one): share for one, share in meanings.items()}

    def _splitter(self, language: str) -> CompoundSplitter:
        @cache
        def known(part: str) -> float:
            return 1.0 if self.dictionary.knows(language, self.analyzer.stem(part, language)) else 0.0

        return CompoundSplitter(known, known_languages()[language].links)


def are_native(keys: Keys) -> Mask:
    """Which of these keys are of senses in another language than the pivot."""
    return (keys & _LAST_BIT).astype(np.bool_)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _key(sense: Sense) -> int:
    # The last bit tells both kinds apart wherever there is nothing but the number.
    return term_key(f"{sense.language}:{sense.term}") | 1 if sense.is_native else term_key(sense.term) & ~1


def _likely(translations: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    best = sorted(translations.items(), key=lambda one: (-one[1], one[0]))[:_MOST_MEANINGS]
    return tuple(one for one in best if one[1] >= _LEAST_OF_FIRST * best[0][1])
