"""From the texts of a profile to terms: words, the language of each passage, their stems, and back to a word."""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
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
_GENDER_SIGNS = ("*in", ":in", "_in", "/in", "/-in", "Innen")
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
_LEAST_LETTERS_TOLD = 4
_LONGEST_REMEMBERED, _MOST_REMEMBERED = 60, 50_000
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


class _Read(NamedTuple):
    surfaces: list[str]
    words: list[str]
    told: list[str]
    """The languages that its function words tell, one for each."""


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
        self._letters = [(tag, data.letters) for tag, data in self._languages.items()]
        self._endings = [(tag, data.endings) for tag, data in self._languages.items()]
        self._remembered: dict[str, _Read] = {}

    def analyze(self, profile: Profile) -> AnalyzedProfile:
        """The words of a profile, in the order of its texts."""
        parts = []
        for text in self.texts(profile):
            words = [
                Word(surface, term, place, text.language)
                for place, (surface, term) in enumerate(zip(text.surfaces, self._terms_of_text(text), strict=True))
                if term
            ]
            parts.append(Passage(text.field, text.language, words))
        return AnalyzedProfile(parts)

    def terms(self, profile: Profile) -> list[str]:
        """The terms of a profile, repeated as often as they occur."""
        return [term for text in self.texts(profile) for term in self._terms_of_text(text) if term]

    def terms_in_any_language(self, texts: Iterable[str]) -> frozenset[str]:
        """The distinct terms of some texts, stemmed in every known language."""
        passages = [surfaces_of(text) for text in texts]
        terms = (self.terms_of(passage, language) for passage in passages for language in self._terms)
        return frozenset(term for found in terms for term in found if term)

    def terms_of(self, surfaces: Sequence[str], language: str) -> list[str]:
        """The term of each word in a known language (or `OTHER`), "" for one that carries no theme."""
        return self._terms_of(surfaces, folded(surfaces), language)

    def _terms_of(self, surfaces: Sequence[str], words: Sequence[str], language: str) -> list[str]:
        terms = [self.term(word, language) for word in words]
        for at in acronyms(surfaces, [not term for term in terms]):
            terms[at] = words[at]
        return terms

    def term(self, word: str, language: str) -> str:
        """The term of one folded word in a known language (or `OTHER`), "" for one that carries no theme."""
        known = self._terms[language]
        term = known.get(word)
        if term is None:
            term = known[word] = self._term(word, language)
        return term

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

    def _terms_of_text(self, text: "Text") -> list[str]:
        return self._terms_of(text.surfaces, text.words, text.language)

    def texts(self, profile: Profile) -> list["Text"]:
        """The texts of a profile with the language of each."""
        read = [(field, self._read(text)) for field, text in profile.texts_by_field]
        told = [language for _, one in read for language in one.told]
        length = sum(len(one.words) for _, one in read)
        usual = _leading(told)
        if usual is None or not _enough(told, length):
            usual = self._stated(profile) or self._guessed([word for _, one in read for word in one.words])
        return [Text(field, self._language_of(one, usual), one.surfaces, one.words) for field, one in read]

    def _read(self, text: str) -> "_Read":
        # Tags are short and come again and again.
        if len(text) > _LONGEST_REMEMBERED:
            return self._read_anew(text)
        known = self._remembered.get(text)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[text] = self._read_anew(text)
        return known

    def _read_anew(self, text: str) -> "_Read":
        surfaces = surfaces_of(text)
        words = folded(surfaces)
        return _Read(surfaces, words, list(filter(None, map(self._telling.get, words))))

    def _stated(self, profile: Profile) -> str | None:
        stated = [primary_language(tag) for tag in profile.languages]
        known = next((tag for tag in stated if tag in self._languages), None)
        return known or (OTHER if stated else None)

    def _guessed(self, words: Sequence[str]) -> str:
        if len(words) < _ENOUGH_WORDS:
            return self._told_by_letters(words) or PIVOT
        return OTHER

    def _language_of(self, text: "_Read", usual: str) -> str:
        leading = _leading(text.told)
        if leading is not None and _enough(text.told, len(text.words)):
            return leading
        return usual if usual == OTHER else (self._told_by_letters(text.words) or usual)

    def _told_by_letters(self, words: Sequence[str]) -> str | None:
        told = list(map(self._told.get, words))
        if None in told:
            for word in words:
                if word not in self._told:
                    self._told[word] = self._letters_tell(word)
            told = list(map(self._told.get, words))
        return _leading(list(filter(None, told)))

    def _letters_tell(self, word: str) -> str:
        by_letters = [] if word.isascii() else [tag for tag, sign in self._letters if not sign.isdisjoint(word)]
        told = by_letters or [tag for tag, endings in self._endings if word.endswith(endings)]
        return told[0] if len(told) == 1 and len(word) >= _LEAST_LETTERS_TOLD else ""


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
    if any(sign in text for sign in _GENDER_SIGNS):
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


def folded(surfaces: Sequence[str]) -> list[str]:
    """The words without the difference of capitals, "ß" as "ss"."""
    # All at once: one call instead of one for each word.
    return "\n".join(surfaces).casefold().split("\n") if surfaces else []


def acronyms(surfaces: Sequence[str], dropped: Sequence[bool]) -> list[int]:
    """Of the dropped words those that are acronyms: "IT" and "WHO" are themes among small letters; a text in capitals
    only has none."""
    found = [
        at
        for at, surface in enumerate(surfaces)
        if dropped[at] and 1 < len(surface) <= _LONGEST_ACRONYM and surface.isupper()
    ]
    return found if found and not _is_shouted(surfaces) else []


def _is_shouted(surfaces: Sequence[str]) -> bool:
    return 2 * sum(surface.isupper() for surface in surfaces) > len(surfaces)


def _enough(told: Sequence[str], words: int) -> bool:
    """Whether so many function words of one language are what a text in it has."""
    if words < _ENOUGH_WORDS:
        return True
    return max((told.count(language) for language in set(told)), default=0) >= _LEAST_SHARE * words


def _leading(told: Sequence[str]) -> str | None:
    """The language told more often than all others; None without any or in a draw."""
    if not told:
        return None
    if told.count(told[0]) == len(told):
        return told[0]
    counts = sorted(((told.count(language), language) for language in set(told)), reverse=True)
    return counts[0][1] if len(counts) == 1 or counts[0][0] > counts[1][0] else None
