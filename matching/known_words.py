"""Which words may be told to anybody, and which words of two languages are known to mean the same.

A product's name that one company alone uses would tell who it is. And what a small store has learnt of translations
makes profiles alike well enough, but some of it reads as nonsense.
"""

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from matching.compounds import CompoundSplitter
from matching.languages import PIVOT, known_languages
from matching.lexicon import Lexicon, shipped_lexicons
from matching.profiles import Profile
from matching.text import TextAnalyzer
from matching.themes import WordKey

if TYPE_CHECKING:
    from matching.vectors import ProfileVectors

_COMPANIES_OF_A_COMMON_WORD = 2
# A translation that is so much less probable than the first is another sense of the word.
_LEAST_OF_FIRST = 0.4
# "virtuell" and "virtual": so many letters, and so much of the longer one.
_LETTERS_ALIKE, _SHARE_ALIKE = 5, 0.6


class KnownWords:
    """The words of a set of profiles that profiles of two companies use, or that a lexicon or a list of function
    words knows: themselves, or all parts of a compound.

    A word that is written alike in two languages is one word here.
    """

    def __init__(self, profiles: Sequence[Profile], vectors: "ProfileVectors", analyzer: TextAnalyzer) -> None:
        self._profiles = profiles
        self._words = vectors.words
        self._analyzer = analyzer
        self._lexicons = vectors.lexicons
        self._listed = _listed() if vectors.lexicons is shipped_lexicons() else _listed_in(vectors.lexicons)
        self._known: dict[WordKey, bool] = {}
        self._alike: dict[tuple[WordKey, WordKey], bool] = {}
        self._meanings: dict[WordKey, frozenset[WordKey]] = {}
        self._splitters = {language: self._splitter(language) for language in self._lexicons}

    def knows(self, word: WordKey) -> bool:
        """Whether a word tells no company from another."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = (
                self._is_listed(word[1])
                or self._is_listed(self._spelling(word))
                or self._is_common(word)
                or bool(self._parts(word))
            )
        return known

    def means_alike(self, one: WordKey, other: WordKey) -> bool:
        """Whether two words are one, share a part or a translation of the lexicon, or are spelt nearly alike."""
        if one == other:
            return True
        pair = one, other
        alike = self._alike.get(pair)
        if alike is None:
            alike = self._alike[pair] = self._are_alike(one, other)
        return alike

    def _are_alike(self, one: WordKey, other: WordKey) -> bool:
        if not self._meanings_of(one).isdisjoint(self._meanings_of(other)):
            return True
        first, second = self._spelling(one), self._spelling(other)
        alike = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(first, second, strict=False)))
        return alike >= max(_LETTERS_ALIKE, _SHARE_ALIKE * max(len(first), len(second)))

    def _meanings_of(self, word: WordKey) -> frozenset[WordKey]:
        found = self._meanings.get(word)
        if found is None:
            language, term = word
            # What the whole means is no sum of its parts where the lexicon has it.
            listed = term in self._lexicons.get(language, _EMPTY)
            parts = [] if listed else [(language, part) for part in self._parts(word)]
            pivots = {pivot for one in (word, *parts) for pivot in self._translations(one)}
            found = self._meanings[word] = frozenset({word, (PIVOT, self._spelling(word)), *parts, *pivots})
        return found

    def _translations(self, word: WordKey) -> list[WordKey]:
        translations = self._lexicons.get(word[0], _EMPTY).of(word[1])
        first = max(translations.values(), default=0.0)
        return [(PIVOT, pivot) for pivot, share in translations.items() if share >= _LEAST_OF_FIRST * first]

    def _is_listed(self, term: str) -> bool:
        return term in self._listed

    def _is_common(self, word: WordKey) -> bool:
        return self._companies.get(self._spelling(word), 0) >= _COMPANIES_OF_A_COMMON_WORD

    def _parts(self, word: WordKey) -> list[str]:
        """The terms of the known parts of a compound, none for another word."""
        language = word[0]
        if language not in self._splitters:
            return []
        return [self._analyzer.stem(part, language) for part in self._splitters[language].split(self._surface(word))]

    def _splitter(self, language: str) -> CompoundSplitter:
        def known(part: str) -> float:
            term = self._analyzer.stem(part, language)
            return 1.0 if self._is_listed(term) or self._is_common((language, term)) else 0.0

        return CompoundSplitter(known, known_languages()[language].links)

    @cached_property
    def _companies(self) -> Mapping[str, int]:
        """How many companies use each spelling."""
        number: dict[str, int] = {}
        spelled = np.array(
            [number.setdefault(self._spelling(word), len(number)) for word in self._words.words], dtype=np.int64
        )
        counts = self._words.counts
        names, company = np.unique([profile.company for profile in self._profiles], return_inverse=True)
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        uses = np.unique(spelled[counts.indices] * len(names) + company[row])
        companies = np.bincount(uses // max(1, len(names)), minlength=len(number)).tolist()
        return dict(zip(number, companies, strict=True))

    def _spelling(self, word: WordKey) -> str:
        """A word as the pivot language would count it."""
        return word[1] if word[0] == PIVOT else self._analyzer.stem(self._surface(word), PIVOT)

    def _surface(self, word: WordKey) -> str:
        return self._words.surfaces.get(word[0], {}).get(word[1], word[1])


_EMPTY = Lexicon({})


@cache
def _listed() -> frozenset[str]:
    """As `_listed_in`, of the shipped lexicons."""
    return _listed_in(shipped_lexicons())


def _listed_in(lexicons: Mapping[str, Lexicon]) -> frozenset[str]:
    """Function words and all terms of the lexicons, of either language."""
    stopwords = (word for data in known_languages().values() for word in data.stopwords)
    return frozenset(stopwords).union(*(_terms(lexicon) for lexicon in lexicons.values()))


def _terms(lexicon: Lexicon) -> set[str]:
    return {*lexicon.terms, *(pivot for translations in lexicon.terms.values() for pivot in translations)}
