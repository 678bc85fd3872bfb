"""From the texts of a profile to terms: words, the language of each passage, their stems, and back to a word."""

import html
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial

import numpy as np
import snowballstemmer

from matching.languages import OTHER, PIVOT, known_languages, telling_words
from matching.profiles import Profile, primary_language
from matching.reading import (
    FIELDS,
    NONE,
    AnalyzedProfile,
    Codes,
    Indices,
    Mask,
    Numbers,
    Passage,
    Reading,
    Text,
    Texts,
    Word,
)

Counts = tuple[int, ...]
"""How often each of the known languages is told."""

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
_LEAST_LETTERS_TOLD = 4
_LEAST_BEFORE_FEMININE = 5
# Tags are short and come again and again.
_LONGEST_REMEMBERED = 60
_NUMBER_OF_FIELD = {field: number for number, field in enumerate(FIELDS)}


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
        for stemmer in self._stemmers.values():
            # Each word is asked for once, nearly.
            stemmer.maxCacheSize = 0
        # For each language the term of each word met so far, "" for a word that carries no theme.
        self._terms: dict[str, dict[str, str]] = {
            language: dict.fromkeys(data.stopwords, "") for language, data in self._languages.items()
        }
        self._terms[OTHER] = {}
        # Languages as numbers, in this order.
        self._tags = list(self._terms)
        self._number = {tag: number for number, tag in enumerate(self._tags)}
        self._telling = {word: self._number[tag] for word, tag in telling_words().items()}
        # For each word without a meaning of its own which language its letters and ending tell.
        self._told: dict[str, int] = {}
        self._letters = [(self._number[tag], data.letters) for tag, data in self._languages.items()]
        self._endings = [(self._number[tag], data.endings) for tag, data in self._languages.items()]

    def read(self, profiles: Sequence[Profile], *, on_progress: Callable[[float], None] | None = None) -> Reading:
        """All texts of the profiles: the language of each, and the term of each word.

        Many at once take a fraction of the time that they take one by one. `on_progress` hears the share done.
        """
        texts = _texts_of(profiles, on_progress)
        language = self._language_of_each(texts, profiles)
        return Reading(texts, self._tags, language, *self._term_of_each(texts, language))

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

    def texts(self, profile: Profile) -> list[Text]:
        """The texts of a profile with the language of each."""
        surfaces = [(field, surfaces_of(text)) for field, text in profile.texts_by_field]
        words = [folded(one) for _, one in surfaces]
        every = [word for one in words for word in one]
        stated = self._stated(profile.languages)
        usual = self._usual(
            len(every), self._function_words(every), stated, partial(self._letters_and_endings, every)
        )
        languages = [
            self._language(len(one), self._function_words(one), usual, partial(self._letters_and_endings, one))
            for one in words
        ]
        return [
            Text(field, self._tags[language], written, one)
            for (field, written), one, language in zip(surfaces, words, languages, strict=True)
        ]

    def terms_in_any_language(self, texts: Iterable[str]) -> frozenset[str]:
        """The distinct terms of some texts, stemmed in every known language."""
        passages = [surfaces_of(text) for text in texts]
        terms = (self.terms_of(passage, language) for passage in passages for language in self._terms)
        return frozenset(term for found in terms for term in found if term)

    def terms_of(self, surfaces: Sequence[str], language: str) -> list[str]:
        """The term of each word in a known language (or `OTHER`), "" for one that carries no theme."""
        return self._terms_of(surfaces, folded(surfaces), language)

    def _terms_of_text(self, text: Text) -> list[str]:
        return self._terms_of(text.surfaces, text.words, text.language)

    def _terms_of(self, surfaces: Sequence[str], words: Sequence[str], language: str) -> list[str]:
        terms = [self.term(word, language) for word in words]
        if "" in terms:
            at = [at for at, term in enumerate(terms) if not term and _may_be_acronym(surfaces[at])]
            if at and not _is_shouted(surfaces):
                for one in at:
                    terms[one] = words[one]
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
        if len(folded) < 2 or not (folded.isalpha() or any(character.isalpha() for character in folded)):
            return ""
        data = self._languages.get(language)
        if data is None:
            return self.stem(folded, PIVOT) if len(folded) >= _LEAST_LETTERS_OF_OTHER else ""
        ending = data.feminine_plural
        if ending and folded.endswith(ending) and len(folded) >= len(ending) + _LEAST_BEFORE_FEMININE:
            folded = folded.removesuffix(ending)
        return self.stem(folded, language)

    def _usual(self, words: int, told: Counts, stated: int, by_letters: Callable[[], Counts]) -> int:
        """The language of a whole profile: so many words, of which so many tell each language."""
        leading = _leading(told)
        if leading != NONE and _enough(told, words):
            return leading
        if stated != NONE:
            return stated
        if words >= _ENOUGH_WORDS:
            return self._number[OTHER]
        by_letter = _leading(by_letters())
        return by_letter if by_letter != NONE else self._number[PIVOT]

    def _language(self, words: int, told: Counts, usual: int, by_letters: Callable[[], Counts]) -> int:
        """The language of one text of a profile."""
        leading = _leading(told)
        if leading != NONE and _enough(told, words):
            return leading
        by_letter = NONE if usual == self._number[OTHER] else _leading(by_letters())
        return by_letter if by_letter != NONE else usual

    def _stated(self, tags: tuple[str, ...]) -> int:
        """The first known language of these, `OTHER` where none is known, `NONE` where none is stated."""
        stated = [primary_language(tag) for tag in tags]
        known = next((tag for tag in stated if tag in self._languages), OTHER)
        return self._number[known] if stated else NONE

    def _function_words(self, words: Sequence[str]) -> Counts:
        """How many of the words are function words of each language alone."""
        telling = self._telling
        return self._counts([telling[word] for word in words if word in telling])

    def _letters_and_endings(self, words: Sequence[str]) -> Counts:
        """How many of the words tell each language by their letters and endings."""
        return self._counts([self._language_told(word) for word in words])

    def _counts(self, kinds: list[int]) -> Counts:
        return tuple([kinds.count(kind) for kind in range(len(self._languages))])

    def _language_of_each(self, texts: Texts, profiles: Sequence[Profile]) -> Codes:
        """(texts,) the number of each text's language."""
        told, by_letters = (
            texts.with_sums(texts.counted(_codes([of_word(word) for word in texts.folded]), len(self._languages)))
            for of_word in (lambda word: self._telling.get(word, NONE), self._language_told)
        )
        lengths = texts.with_sums(texts.lengths[:, None])[:, 0].tolist()
        # Most texts and profiles are like another one in all that counts here.
        stated = map(cache(self._stated), [profile.languages for profile in profiles])
        usual_of = cache(lambda words, told, stated, by_letters: self._usual(words, told, stated, lambda: by_letters))
        language_of = cache(
            lambda words, told, usual, by_letters: self._language(words, told, usual, lambda: by_letters)
        )
        n = len(texts.field)
        usual = _codes(list(map(usual_of, lengths[n:], _rows(told[n:]), stated, _rows(by_letters[n:]))))
        of_profile = usual[texts.row].tolist()
        return _codes(list(map(language_of, lengths[:n], _rows(told[:n]), of_profile, _rows(by_letters[:n]))))

    def _language_told(self, word: str) -> int:
        told = self._told.get(word)
        if told is None:
            told = self._told[word] = self._letters_tell(word)
        return told

    def _letters_tell(self, word: str) -> int:
        if len(word) < _LEAST_LETTERS_TOLD:
            return NONE
        by_letters = [] if word.isascii() else [tag for tag, sign in self._letters if not sign.isdisjoint(word)]
        told = by_letters or [tag for tag, endings in self._endings if word.endswith(endings)]
        return told[0] if len(told) == 1 else NONE

    def _term_of_each(self, texts: Texts, language: Codes) -> tuple[Numbers, list[tuple[str, str]]]:
        """(words,) the number of each word's term, and the terms."""
        size = len(texts.surfaces)
        of_word = language[texts.text]
        met = np.zeros(len(self._tags) * size, dtype=np.bool_)
        word = of_word * np.int32(size) + texts.word
        met[word] = True
        numbers: dict[tuple[str, str], int] = {}
        number = np.full(len(met), NONE, dtype=np.int32)
        for one in met.nonzero()[0].tolist():
            tag = self._tags[one // size]
            if term := self.term(texts.folded[one % size], tag):
                number[one] = numbers.setdefault((tag, term), len(numbers))
        term_of_each = number[word]
        acronyms = _acronyms(texts, term_of_each == NONE)
        for at, one in zip(acronyms.tolist(), word[acronyms].tolist(), strict=True):
            key = self._tags[one // size], texts.folded[one % size]
            term_of_each[at] = numbers.setdefault(key, len(numbers))
        return term_of_each, list(numbers)


def _texts_of(profiles: Sequence[Profile], on_progress: Callable[[float], None] | None) -> Texts:
    """The words of all texts; one that comes again is split once."""
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    known: dict[str, list[str]] = {}
    fields: list[int] = []
    first, lengths, words = [0], [0], array("i")
    every = max(1, len(profiles) // 50)
    for row, profile in enumerate(profiles):
        if on_progress is not None and row % every == 0:
            on_progress(row / len(profiles))
        found: list[str] = []
        for field, text in profile.texts_by_field:
            surfaces = known.get(text)
            if surfaces is None:
                surfaces = surfaces_of(text)
                if len(text) <= _LONGEST_REMEMBERED:
                    known[text] = surfaces
            found += surfaces
            lengths.append(len(surfaces))
            fields.append(_NUMBER_OF_FIELD[field])
        first.append(len(fields))
        words.extend(map(number.__getitem__, found))
    distinct = list(number)
    return Texts(
        np.array(first, dtype=np.int64),
        _codes(fields),
        np.cumsum(lengths),
        np.array(words, dtype=np.int32),
        distinct,
        folded(distinct),
    )


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
    if "*" in text or ":" in text or "_" in text or "/" in text or "Innen" in text:
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


def _may_be_acronym(surface: str) -> bool:
    """Whether a word that carries no theme is one as an acronym: "IT" and "WHO" are themes among small letters."""
    return 1 < len(surface) <= _LONGEST_ACRONYM and surface.isupper()


def _is_shouted(surfaces: Sequence[str]) -> bool:
    """Whether a text is in capitals: none of its words is an acronym."""
    return 2 * sum(map(str.isupper, surfaces)) > len(surfaces)


def _acronyms(texts: Texts, dropped: Mask) -> Indices:
    """Which of the dropped words, (words,), are acronyms."""
    short = np.array([_may_be_acronym(surface) for surface in texts.surfaces], dtype=np.bool_)
    found = (dropped & short[texts.word]).nonzero()[0]
    if not len(found):
        return found
    of_text = texts.text[found]
    shouted = [text for text in np.unique(of_text).tolist() if _is_shouted(texts.surfaces_of(text))]
    return found[~np.isin(of_text, shouted)]


def _leading(counts: Counts) -> int:
    """The kind that is counted more often than all others; `NONE` without any or in a draw."""
    most = max(counts)
    return counts.index(most) if most and counts.count(most) == 1 else NONE


def _enough(told: Counts, words: int) -> bool:
    """Whether so many function words of one language are what a text in it has."""
    return words < _ENOUGH_WORDS or max(told) >= _LEAST_SHARE * words


def _rows(counts: Indices) -> Iterator[Counts]:
    return zip(*counts.T.tolist(), strict=True)


def _codes(numbers: Sequence[int]) -> Codes:
    return np.array(numbers, dtype=np.int8)
