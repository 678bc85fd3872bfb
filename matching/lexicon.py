"""Lexicons: which terms of the pivot language a term of another language stands for, with probabilities."""

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from matching.exceptions import UnreadableProfiles
from matching.languages import PIVOT, known_languages
from matching.text import TextAnalyzer

Translations = Mapping[str, float]
_NONE: Translations = MappingProxyType({})

# Of a dictionary: translations of one word beyond these are rare senses.
_MOST_TRANSLATIONS = 5
# Longer wordings explain a word rather than translate it.
_MOST_WORDS = 3
# "Lieferkette {f} [econ.] | Lieferketten {pl}": what is in brackets is about the word, not the word.
_REMARK = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|/[^/]*/|\"")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The known terms of one language, each with pivot terms whose probabilities add up to at most 1."""

    terms: Mapping[str, Translations]

    def of(self, term: str) -> Translations:
        """Pivot terms of a term, empty for one that is not known."""
        return self.terms.get(term, _NONE)

    def __contains__(self, term: str) -> bool:
        return term in self.terms

    def with_(self, other: "Lexicon") -> "Lexicon":
        """Both; where both know a term, each counts half."""
        terms = dict(self.terms)
        for term, theirs in other.terms.items():
            mine = terms.get(term)
            terms[term] = theirs if mine is None else _mean(mine, theirs)
        return Lexicon(terms)


@cache
def shipped_lexicon(language: str) -> Lexicon:
    """The lexicon that comes with the engine; an empty one for a language that has none."""
    path = files("matching").joinpath("lexicons", f"{language}-{PIVOT}.tsv.gz")
    if not path.is_file():
        return Lexicon({})
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    return Lexicon(dict(_entry(line) for line in lines))


@cache
def shipped_lexicons() -> Mapping[str, Lexicon]:
    """Of each known language but the pivot."""
    return {language: shipped_lexicon(language) for language in known_languages() if language != PIVOT}


def lexicons_with(dictionary: Path, language: str = "de") -> dict[str, Lexicon]:
    """The shipped lexicons, one of them together with a dictionary of the operator's own."""
    lexicons = shipped_lexicons()
    own = read_dictionary(dictionary, TextAnalyzer(), language)
    return dict(lexicons) | {language: lexicons.get(language, Lexicon({})).with_(own)}


def read_dictionary(path: Path, analyzer: TextAnalyzer, language: str = "de") -> Lexicon:
    """A lexicon from a dictionary in the format of Ding: `word ; word | form :: translation ; translation | ...`.

    For example Debian's package `trans-de-en`, which may not be shipped with the engine. Phrases of more than three
    words are passed over. Raises UnreadableProfiles for a file that cannot be read or has no line with `::`.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UnreadableProfiles(path.name, None, "cannot be read as UTF-8 text") from error
    found: dict[str, dict[str, float]] = {}
    lines = 0
    for line in text.splitlines():
        left, separator, right = line.partition("::")
        if line.startswith("#") or not separator:
            continue
        lines += 1
        for one, other in zip(left.split("|"), right.split("|"), strict=False):
            _add(found, _wordings(one), _wordings(other), analyzer, language)
    if not lines:
        raise UnreadableProfiles(path.name, None, "no line has the form `word :: translation` of a Ding dictionary")
    return Lexicon({term: _best(counts) for term, counts in found.items()})


def _add(
    found: dict[str, dict[str, float]],
    words: Iterable[str],
    translations: list[str],
    analyzer: TextAnalyzer,
    language: str,
) -> None:
    for word in words:
        terms = [term for term in analyzer.terms_of(word.split(), language) if term]
        if len(terms) != 1:
            continue
        counts = found.setdefault(terms[0], {})
        for rank, translation in enumerate(translations):
            pivots = [term for term in analyzer.terms_of(translation.split(), PIVOT) if term]
            for pivot in pivots if len(pivots) <= _MOST_WORDS else ():
                counts[pivot] = counts.get(pivot, 0.0) + 1.0 / (1 + rank) / len(pivots)


def _wordings(part: str) -> list[str]:
    wordings = (re.sub(r"\W+", " ", _REMARK.sub(" ", one)).strip() for one in part.split(";"))
    return [wording for wording in wordings if wording]


def _best(counts: Mapping[str, float]) -> Translations:
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TRANSLATIONS]
    total = sum(count for _, count in best)
    return {term: count / total for term, count in best} if total else {}


def _mean(one: Translations, other: Translations) -> Translations:
    return {term: (one.get(term, 0.0) + other.get(term, 0.0)) / 2 for term in sorted(one.keys() | other.keys())}


def _entry(line: str) -> tuple[str, Translations]:
    term, _, translations = line.partition("\t")
    pairs = (one.rpartition(":") for one in translations.split(" "))
    return term, {pivot: float(probability) for pivot, _, probability in pairs}
