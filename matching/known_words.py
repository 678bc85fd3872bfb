"""Which words anybody may read: a product's name that one company alone uses would tell who it is."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from matching.compounds import CompoundSplitter
from matching.languages import PIVOT, known_languages
from matching.lexicon import Lexicon, shipped_lexicons
from matching.profiles import Profile
from matching.text import TextAnalyzer

if TYPE_CHECKING:
    from matching.vectors import ProfileVectors

_COMPANIES_OF_A_COMMON_WORD = 2


class KnownWords:
    """The words of a set of profiles that profiles of two companies use, or that a lexicon or a list of function
    words knows: themselves, or all parts of a compound.

    A word that is written alike in two languages is one word here.
    """

    def __init__(self, profiles: Sequence[Profile], vectors: "ProfileVectors", analyzer: TextAnalyzer) -> None:
        self._profiles = profiles
        self._words = vectors.words
        self._analyzer = analyzer
        self._lexicons = shipped_lexicons()
        self._known: dict[tuple[str, str], bool] = {}
        self._splitters: dict[str, CompoundSplitter] = {}

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, tuple):
            return False
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._is_known(*key)
        return known

    def _is_known(self, language: str, term: str) -> bool:
        return self._is_listed(term) or self._is_common(language, term) or self._has_known_parts(language, term)

    def _is_listed(self, term: str) -> bool:
        return term in self._listed

    def _is_common(self, language: str, term: str) -> bool:
        return self._companies.get(self._spelling(language, term), 0) >= _COMPANIES_OF_A_COMMON_WORD

    def _has_known_parts(self, language: str, term: str) -> bool:
        """Whether a compound has parts that are all known; or is, as the pivot language writes it, itself known."""
        if language not in self._lexicons:
            return False
        if language not in self._splitters:
            self._splitters[language] = self._splitter(language, known_languages()[language].links)
        surface = self._surface(language, term)
        return self._is_listed(self._spelling(language, term)) or bool(self._splitters[language].split(surface))

    def _splitter(self, language: str, links: Sequence[str]) -> CompoundSplitter:
        def known(part: str) -> float:
            term = self._analyzer.stem(part, language)
            return 1.0 if self._is_listed(term) or self._is_common(language, term) else 0.0

        return CompoundSplitter(known, links)

    @cached_property
    def _listed(self) -> frozenset[str]:
        """Function words and all terms of the lexicons, of either language."""
        stopwords = (word for data in known_languages().values() for word in data.stopwords)
        return frozenset(stopwords).union(*(_terms(lexicon) for lexicon in self._lexicons.values()))

    @cached_property
    def _companies(self) -> Mapping[str, int]:
        """How many companies use each spelling."""
        number: dict[str, int] = {}
        spelled = np.array(
            [number.setdefault(self._spelling(*word), len(number)) for word in self._words.words], dtype=np.int64
        )
        counts = self._words.counts
        names, company = np.unique([profile.company for profile in self._profiles], return_inverse=True)
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        uses = np.unique(spelled[counts.indices] * len(names) + company[row])
        companies = np.bincount(uses // max(1, len(names)), minlength=len(number)).tolist()
        return dict(zip(number, companies, strict=True))

    def _spelling(self, language: str, term: str) -> str:
        return term if language == PIVOT else self._analyzer.stem(self._surface(language, term), PIVOT)

    def _surface(self, language: str, term: str) -> str:
        return self._words.surfaces.get(language, {}).get(term, term)


def _terms(lexicon: Lexicon) -> set[str]:
    return {*lexicon.terms, *(pivot for translations in lexicon.terms.values() for pivot in translations)}
