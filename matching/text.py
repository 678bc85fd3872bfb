"""From the texts of a profile to terms: words, the language of each passage, their stems, and back to a word."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import snowballstemmer

from matching.languages import OTHER, PIVOT, known_languages, telling_words
from matching.profiles import Field, Profile, primary_language

# What a field says is read to here; a theme is told long before, and later words weigh next to nothing.
MAX_WORDS = 1_000

# Addresses say nothing about a theme and would unmask a partner when shown as a reason.
# Bounded parts: an unbounded pattern would take hours on a text of many "@".
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}")
_MARKUP = re.compile(r"<!--.{0,5000}?-->|</?[a-zA-Z][^<>]{0,2000}>", re.DOTALL)
# "Kolleg:innen", "Entwickler*innen" and "Nutzer_in" are the word in front of the ending; so is "MitarbeiterInnen".
_GENDERED_ENDING = re.compile(r"(?<=[^\W\d_])[*:_/]-?in(?:nen)?\b|(?<=[a-zäöüß])Innen\b")
_HASHTAG = re.compile(r"#(?=\w*[a-zäöüß][A-ZÄÖÜ])(\w{2,100})")
_CAMEL = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")
_WORD = re.compile(r"\w+(?:[+#]+(?!\w))?")
# UTF-8 that was read as Windows-1252: "Ã¼" for "ü", "â€“" for a dash.
_MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u0178\u2018-\u203a\u20ac\u2122]|\u00e2\u20ac")
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])

# A passage of so many words that has hardly any function word of a known language is in another language.
_ENOUGH_WORDS, _LEAST_SHARE = 10, 0.1
# Without function words to leave out, short words of another language are taken for such.
_LEAST_LETTERS_OF_OTHER = 4
_LONGEST_ACRONYM = 5
_LEAST_BEFORE_FEMININE = 5


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


class Terms(NamedTuple):
    """The same without the words as they were written: what vectors are made of."""

    field: Field
    language: str
    terms: list[str]


@dataclass(frozen=True, slots=True)
class AnalyzedProfile:
    """The words of each text of a profile, in the order of its texts."""

    parts: list[Passage]

    @property
    def passages(self) -> list[list[Word]]:
        return [part.words for part in self.parts]

    def of(self, *fields: Field) -> list[list[Word]]:
        """The words of the texts of some fields."""
        return [part.words for part in self.parts if part.field in fields]


class TextAnalyzer:
    """Splits texts into words and stems each in the language of its passage.

    The language of a passage is the one with more of its own function words in it; a passage with none (a tag, a
    name) is told by the letters and endings that only one language has, then takes the language of the whole
    profile, then the profile's stated language, then English (`OTHER` for a longer text that cannot be). In a
    language without data (French, Polish, Turkish) words meet the same words elsewhere, and nothing is known of its
    function words but that they are short. Markup, addresses, bare numbers and what is beyond `MAX_WORDS` words of a
    text are left out; text that was decoded wrongly ("fÃ¼r") is mended. Terms are cached by word, for a vocabulary is
    far smaller than a corpus.
    """

    def __init__(self) -> None:
        self._languages = known_languages()
        self._stemmers = {
            language: snowballstemmer.stemmer(data.stemmer) for language, data in self._languages.items()
        }
        # For each language the term of each word met so far, "" for a word that carries no theme.
        self._terms: dict[str, dict[str, str]] = {
            language: dict.fromkeys(data.stopwords, "") for language, data in self._languages.items()
        }
        self._terms[OTHER] = {}
        self._telling = telling_words()
        # For each word without a meaning of its own which language its letters and ending tell, "" for none.
        self._told: dict[str, str] = {}

    def analyze(self, profile: Profile) -> AnalyzedProfile:
        """The words of a profile, in the order of its texts."""
        fields, passages, languages = self._read(profile)
        return AnalyzedProfile(
            [
                Passage(
                    field,
                    language,
                    [
                        Word(surface, term, place, language)
                        for place, (surface, term) in enumerate(
                            zip(passage, self.terms_of(passage, language), strict=True)
                        )
                        if term
                    ],
                )
                for field, passage, language in zip(fields, passages, languages, strict=True)
            ]
        )

    def terms_by_field(self, profile: Profile) -> list[Terms]:
        """The terms of each text of a profile, repeated as often as they occur."""
        fields, passages, languages = self._read(profile)
        return [
            Terms(field, language, [term for term in self.terms_of(passage, language) if term])
            for field, passage, language in zip(fields, passages, languages, strict=True)
        ]

    def terms(self, profile: Profile) -> list[str]:
        """The terms of a profile, repeated as often as they occur."""
        return [term for part in self.terms_by_field(profile) for term in part.terms]

    def terms_in_any_language(self, texts: Iterable[str]) -> frozenset[str]:
        """The distinct terms of some texts, stemmed in every known language."""
        passages = [surfaces_of(text) for text in texts]
        terms = (self.terms_of(passage, language) for passage in passages for language in self._terms)
        return frozenset(term for found in terms for term in found if term)

    def terms_of(self, surfaces: Sequence[str], language: str) -> list[str]:
        """The term of each word in a known language (or `OTHER`), "" for one that carries no theme."""
        known = self._terms[language]
        shouted: bool | None = None
        found = []
        for surface in surfaces:
            folded = surface.casefold()
            term = known.get(folded)
            if term is None:
                term = known[folded] = self._term(folded, language)
            if not term and 1 < len(surface) <= _LONGEST_ACRONYM and surface.isupper():
                # "IT" and "WHO" are themes among small letters; a text in capitals only has no acronyms.
                shouted = _is_shouted(surfaces) if shouted is None else shouted
                term = "" if shouted else folded
            found.append(term)
        return found

    def words_met(self, language: str) -> Iterable[tuple[str, str]]:
        """Each folded word met so far in a language, with its term, "" for one that carries no theme."""
        return self._terms[language].items()

    def stem(self, word: str, language: str) -> str:
        """The term of one folded word, whether it carries a theme or not."""
        return str(self._stemmers[language].stemWord(word))

    def _term(self, folded: str, language: str) -> str:
        if len(folded) < 2 or not any(character.isalpha() for character in folded):
            return ""
        data = self._languages.get(language)
        if data is None:
            return self.stem(folded, PIVOT) if len(folded) >= _LEAST_LETTERS_OF_OTHER else ""
        ending = data.feminine_plural
        if ending and folded.endswith(ending) and len(folded) >= len(ending) + _LEAST_BEFORE_FEMININE:
            folded = folded.removesuffix(ending)
        return self.stem(folded, language)

    def _read(self, profile: Profile) -> tuple[list[Field], list[list[str]], list[str]]:
        fields, passages = [], []
        for field, text in profile.texts_by_field:
            fields.append(field)
            passages.append(surfaces_of(text))
        return fields, passages, self._languages_of(passages, profile)

    def _languages_of(self, passages: Sequence[Sequence[str]], profile: Profile) -> list[str]:
        """The language of each passage of a profile."""
        counts = []
        together: dict[str, int] = {}
        words = 0
        for passage in passages:
            count: dict[str, int] = {}
            for surface in passage:
                language = self._telling.get(surface) or self._telling.get(surface.casefold())
                if language is not None:
                    count[language] = count.get(language, 0) + 1
                    together[language] = together.get(language, 0) + 1
            words += len(passage)
            counts.append(count)
        usual = _leading(together)
        if usual is None or not _enough(together, words):
            usual = self._stated(profile) or self._guessed(passages, words)
        return [self._language_of(passage, count, usual) for passage, count in zip(passages, counts, strict=True)]

    def _stated(self, profile: Profile) -> str | None:
        stated = [primary_language(tag) for tag in profile.languages]
        known = next((tag for tag in stated if tag in self._languages), None)
        return known or (OTHER if stated else None)

    def _guessed(self, passages: Sequence[Sequence[str]], words: int) -> str:
        told = self._told_by_letters([surface for passage in passages for surface in passage])
        return told or (PIVOT if words < _ENOUGH_WORDS else OTHER)

    def _language_of(self, passage: Sequence[str], count: Mapping[str, int], usual: str) -> str:
        leading = _leading(count)
        if leading is not None:
            return leading if usual != OTHER or _enough(count, len(passage)) else OTHER
        return usual if usual == OTHER else (self._told_by_letters(passage) or usual)

    def _told_by_letters(self, passage: Sequence[str]) -> str | None:
        told: dict[str, int] = {}
        for surface in passage:
            folded = surface.casefold()
            language = self._told.get(folded)
            if language is None:
                language = self._told[folded] = self._letters_tell(surface.lower())
            if language:
                told[language] = told.get(language, 0) + 1
        return _leading(told)

    def _letters_tell(self, word: str) -> str:
        by_letters = [tag for tag, data in self._languages.items() if not data.letters.isdisjoint(word)]
        by_ending = [tag for tag, data in self._languages.items() if word.endswith(data.endings) and len(word) > 5]
        told = by_letters or by_ending
        return told[0] if len(told) == 1 else ""


def surfaces_of(text: str) -> list[str]:
    """The words of a text as they are written, at most `MAX_WORDS`."""
    if not text.isascii():
        text = _mended(unicodedata.normalize("NFC", text).translate(_INVISIBLE))
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    if "#" in text:
        text = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag.group(1)), text)
    text = _GENDERED_ENDING.sub("", text)
    return _WORD.findall(text.replace("_", " "))[:MAX_WORDS]


def _mended(text: str) -> str:
    """Text that was encoded as UTF-8 and decoded as Windows-1252 as it was; any other as it is."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _is_shouted(surfaces: Sequence[str]) -> bool:
    return 2 * sum(surface.isupper() for surface in surfaces) > len(surfaces)


def _enough(counts: Mapping[str, int], words: int) -> bool:
    """Whether so many function words are what a text in that language has."""
    return words < _ENOUGH_WORDS or max(counts.values(), default=0) >= _LEAST_SHARE * words


def _leading(counts: Mapping[str, int]) -> str | None:
    """The language ahead of all others; None without any or in a draw."""
    if not counts:
        return None
    most = max(counts.values())
    leading = [language for language, count in counts.items() if count == most]
    return leading[0] if len(leading) == 1 else None
