"""From profile texts to TF-IDF vectors: words, their language, their stems, and back to a word a reader knows."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import snowballstemmer

from matching.profiles import Profile, primary_language

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# The languages whose function words and stems are known. A third one is a stop-word file and a line here.
STEMMERS = {"de": "german", "en": "english"}
FALLBACK_LANGUAGE = "en"

# Addresses say nothing about a theme and would unmask a partner when shown as a reason.
# Bounded parts: an unbounded pattern would take hours on a text of many "@".
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}")
# "Kolleg:innen", "Entwickler*innen" and "Nutzer_in" are the word in front of the ending.
_GENDERED_ENDING = re.compile(r"(?<=[^\W\d_])[*:_/]-?in(?:nen)?\b")
_WORD = re.compile(r"\w+(?:[+#]+(?!\w))?")


class Word(NamedTuple):
    """A word of a text: as it was written, the term it is compared by ("Lieferketten" -> "lieferkett"), and
    its place in the text, counted with the words that are left out."""

    surface: str
    term: str
    place: int


@dataclass(frozen=True, slots=True)
class AnalyzedProfile:
    """The words of each text of a profile, field by field; function words and bare numbers are left out."""

    about: list[list[Word]]
    offers: list[list[Word]]
    seeks: list[list[Word]]

    @property
    def passages(self) -> list[list[Word]]:
        return [*self.about, *self.offers, *self.seeks]


class TextAnalyzer:
    """Splits texts into words and stems each in the language of its passage.

    The language of a passage is the one with more of its own function words in it; a passage with
    none (a tag, a name) takes the language of the whole profile, then the profile's first known
    stated language, then English. Stems are cached by word, for a vocabulary is far smaller than a corpus.
    """

    def __init__(self) -> None:
        self._stemmers = {language: snowballstemmer.stemmer(name) for language, name in STEMMERS.items()}
        # For each language the term of each word met so far, "" for a word that carries no theme.
        self._terms: dict[str, dict[str, str]] = {
            language: dict.fromkeys(_stop_words(language), "") for language in STEMMERS
        }

    def analyze(self, profile: Profile) -> AnalyzedProfile:
        """The words of a profile, in the order of its texts."""
        texts = profile.texts
        passages = self._passages(texts, profile)
        seeks = len(texts) - len(profile.seeks)
        offers = seeks - len(profile.offers)
        return AnalyzedProfile(passages[:offers], passages[offers:seeks], passages[seeks:])

    def terms(self, profile: Profile) -> list[str]:
        """The terms of a profile, repeated as often as they occur."""
        passages = [_surfaces(text) for text in profile.texts]
        languages = _languages(passages, profile)
        return [
            term
            for passage, language in zip(passages, languages, strict=True)
            for term in self._terms_of(passage, language)
            if term
        ]

    def terms_in_any_language(self, texts: Iterable[str]) -> frozenset[str]:
        """The distinct terms of some texts, stemmed in every known language."""
        passages = [_surfaces(text) for text in texts]
        terms = (self._terms_of(passage, language) for passage in passages for language in STEMMERS)
        return frozenset(term for found in terms for term in found if term)

    def _passages(self, texts: Sequence[str], profile: Profile) -> list[list[Word]]:
        passages = [_surfaces(text) for text in texts]
        return [
            [
                Word(surface, term, place)
                for place, (surface, term) in enumerate(zip(passage, self._terms_of(passage, language), strict=True))
                if term
            ]
            for passage, language in zip(passages, _languages(passages, profile), strict=True)
        ]

    def _terms_of(self, surfaces: Sequence[str], language: str) -> list[str]:
        """The term of each word, "" for one that carries no theme."""
        known = self._terms[language]
        found = []
        for surface in surfaces:
            folded = surface.casefold()
            term = known.get(folded)
            if term is None:
                term = known[folded] = self._stemmers[language].stemWord(folded) if _carries_meaning(folded) else ""
            found.append(term)
        return found


class ProfileVectorizer:
    """TF-IDF vectors of profiles: sublinear term frequency, smoothed idf, rows of length 1.

    A thin shell over scikit-learn's `TfidfVectorizer`; the same weights as there.
    """

    def __init__(self, analyzer: TextAnalyzer | None = None) -> None:
        self.analyzer = analyzer

    def fit_transform(
        self, profiles: Sequence[Profile], *, on_progress: Callable[[float], None] | None = None
    ) -> "csr_matrix":
        """One row a profile, one column a term, float64; all zero where a text has no usable word.

        `terms_` holds the column names afterwards. No profile, or no usable word in any, gives a matrix
        with no column. `on_progress` hears the share done, 0 to 1.
        """
        self.analyzer_ = self.analyzer or TextAnalyzer()
        # Imported where it is needed: it takes a second, and whoever only tells reasons does without.
        from scipy.sparse import csr_matrix
        from sklearn.feature_extraction.text import TfidfVectorizer

        every = max(1, len(profiles) // 50)

        def terms_with_progress(numbered: tuple[int, Profile]) -> list[str]:
            number, profile = numbered
            if on_progress is not None and number % every == 0:
                on_progress(number / len(profiles))
            return self.analyzer_.terms(profile)

        tfidf = TfidfVectorizer(analyzer=terms_with_progress, sublinear_tf=True, dtype=np.float64)
        try:
            vectors = tfidf.fit_transform(enumerate(profiles))
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            self.terms_: list[str] = []
            return csr_matrix((len(profiles), 0), dtype=np.float64)
        self.terms_ = tfidf.get_feature_names_out().tolist()
        return csr_matrix(vectors)


def _surfaces(text: str) -> list[str]:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    text = _GENDERED_ENDING.sub("", text)
    return _WORD.findall(text.replace("_", " "))


def _carries_meaning(folded: str) -> bool:
    return len(folded) > 1 and any(character.isalpha() for character in folded)


def _languages(passages: Sequence[Sequence[str]], profile: Profile) -> list[str]:
    """The language of each passage of a profile."""
    telling = _telling_words()
    counts = []
    together: dict[str, int] = {}
    for passage in passages:
        count: dict[str, int] = {}
        for surface in passage:
            language = telling.get(surface.casefold())
            if language is not None:
                count[language] = count.get(language, 0) + 1
                together[language] = together.get(language, 0) + 1
        counts.append(count)
    usual = _leading(together) or _stated(profile)
    return [_leading(count) or usual for count in counts]


def _leading(counts: Mapping[str, int]) -> str | None:
    """The language ahead of all others; None without any or in a draw."""
    if not counts:
        return None
    most = max(counts.values())
    leading = [language for language, count in counts.items() if count == most]
    return leading[0] if len(leading) == 1 else None


def _stated(profile: Profile) -> str:
    for tag in profile.languages:
        primary = primary_language(tag)
        if primary in STEMMERS:
            return primary
    return FALLBACK_LANGUAGE


@cache
def _stop_words(language: str) -> frozenset[str]:
    text = files("matching").joinpath("stopwords", f"{language}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def _telling_words() -> dict[str, str]:
    """Function words that belong to one known language only, with that language."""
    owners: dict[str, list[str]] = {}
    for language in STEMMERS:
        for word in _stop_words(language):
            owners.setdefault(word, []).append(language)
    return {word: languages[0] for word, languages in owners.items() if len(languages) == 1}
