"""From the texts of a profile to terms: words, the language of each passage, their stems, and back to a word."""

import html
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import snowballstemmer

from matching.languages import OTHER, PIVOT, known_languages, telling_words
from matching.profiles import Profile, primary_language
from matching.reading import (
    ENOUGH_WORDS,
    FIELDS,
    NONE,
    AnalyzedProfile,
    Codes,
    Indices,
    Mask,
    Numbers,
    Reading,
    Text,
    Texts,
    enough,
    leading,
)

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
        return self.read([profile]).analyzed(0)

    def texts(self, profile: Profile) -> list[Text]:
        """The texts of a profile with the language of each."""
        return self.read([profile]).texts_of(0)

    def terms(self, profile: Profile) -> list[str]:
        """The terms of a profile, repeated as often as they occur."""
        reading = self.read([profile])
        return [reading.terms[number][1] for number in reading.term[reading.term != NONE].tolist()]

    def terms_in_any_language(self, texts: Iterable[str]) -> frozenset[str]:
        """The distinct terms of some texts, stemmed in every known language."""
        passages = [surfaces_of(text) for text in texts]
        terms = (self.terms_of(passage, language) for passage in passages for language in self._terms)
        return frozenset(term for found in terms for term in found if term)

    def terms_of(self, surfaces: Sequence[str], language: str) -> list[str]:
        """The term of each word in a known language (or `OTHER`), "" for one that carries no theme."""
        words = folded(surfaces)
        terms = [self.term(word, language) for word in words]
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

    def _language_of_each(self, texts: Texts, profiles: Sequence[Profile]) -> Codes:
        """(texts,) the number of each text's language."""
        n, other = len(texts.field), self._number[OTHER]
        kind = _codes([self._telling.get(word, NONE) for word in texts.folded])
        told = texts.with_sums(texts.counted(kind, len(self._languages)))
        lengths = texts.with_sums(texts.lengths[:, None])[:, 0]
        sure = np.where(enough(told, lengths), leading(told), NONE)
        own, usual = sure[:n], sure[n:]
        unsure = (usual == NONE).nonzero()[0]
        usual[unsure] = self._stated([profiles[at].languages for at in unsure.tolist()])
        usual[(usual == NONE) & (lengths[n:] >= ENOUGH_WORDS)] = other
        guessed = usual == NONE
        asked = (own == NONE) & (usual[texts.row] != other) | guessed[texts.row]
        by_letters = leading(texts.with_sums(self._told_by_letters(texts, asked)))
        usual[guessed] = _first_told(by_letters[n:][guessed], self._number[PIVOT])
        of_profile = usual[texts.row]
        by_letters[:n][of_profile == other] = other
        return _first_told(own, _first_told(by_letters[:n], of_profile))

    def _stated(self, languages: Sequence[tuple[str, ...]]) -> Codes:
        """(profiles,) the first known language of each, `OTHER` where they know others only."""
        known = {tags: self._first_known(tags) for tags in set(languages)}
        return _codes([known[tags] for tags in languages])

    def _first_known(self, tags: tuple[str, ...]) -> int:
        stated = [primary_language(tag) for tag in tags]
        known = next((tag for tag in stated if tag in self._languages), OTHER)
        return self._number[known] if stated else NONE

    def _told_by_letters(self, texts: Texts, asked: Mask) -> Indices:
        """(texts, languages) how many words of the texts that are asked tell each language by letters or ending."""
        kind = np.full(len(texts.surfaces), NONE, dtype=np.int8)
        met = np.zeros(len(kind), dtype=np.bool_)
        met[texts.word[asked[texts.text]]] = True
        words = met.nonzero()[0]
        kind[words] = [self._language_told(texts.folded[word]) for word in words.tolist()]
        return texts.counted(kind, len(self._languages))

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


def _first_told(language: Codes, otherwise: "Codes | int") -> Codes:
    return np.where(language != NONE, language, otherwise).astype(np.int8)


def _codes(numbers: Sequence[int]) -> Codes:
    return np.array(numbers, dtype=np.int8)
