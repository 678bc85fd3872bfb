"""Hints: where a text comes near one of the twelve topics, in German and English at once. The terms are data."""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import NamedTuple

from app.guardrails import sentences
from app.guardrails.patterns import Found, Language
from app.guardrails.sentences import Word
from app.guardrails.topics import BY_WHATEVER_WAY, PASSING_ON, WITH_WHOM
from matching.text import TextAnalyzer

LANGUAGES = ("de", "en")
_MOST_HINTS = 200
# What a term says, from the surest to the one that counts only where nothing else is said; and what speaks against.
_SURE, _LIKELY, _ALONE = "sure", "likely", "alone"
# Longer than this it is half a sentence, in which other things are said besides.
_MOST_WORDS_OF_A_PHRASE = 8
# A law is free to talk about, but not who shall pay for it.
_ALSO_OF_WHAT_IS_KNOWN = frozenset({PASSING_ON, BY_WHATEVER_WAY})
_FREE, _KNOWN, _ELSEWHERE, _HARMLESS = "free", "known", "elsewhere", "harmless"


class Hint(NamedTuple):
    """A place in a text, with the text that stands there and the number of the topic that it comes near."""

    start: int
    end: int
    matched: str
    topic: int


class _Place(NamedTuple):
    """The first and the last word of what is near a topic."""

    first: int
    last: int
    topic: int


def hints(text: str) -> list[Hint]:
    """The places of a text that come near a topic, in their order, at most the first 200; of one topic none overlap.

    A text is read up to `sentences.LONGEST_TEXT` characters; an empty one, or one of markup only, has no hints.
    """
    found = {
        (words[place.first].start, words[place.last].end, place.topic)
        for words in sentences.read(text)
        for place in _in_sentence(words)
    }
    return [Hint(start, end, text[start:end], topic) for start, end, topic in sorted(found)[:_MOST_HINTS]]


def prepare() -> None:
    """Read the terms, which takes some tenths of a second: otherwise whoever asks first waits for it."""
    _languages()


def _in_sentence(words: Sequence[Word]) -> list[_Place]:
    folded = [word.folded for word in words]
    found: dict[str, list[Found]] = {}
    for language in _languages():
        for one in language.find(folded):
            found.setdefault(one.purpose.partition(" ")[0], []).append(one)
    if _FREE in found:
        return []
    near = _near(found, _SURE)
    if _KNOWN in found:
        return _without_parts(_merged(one for one in near if one.topic in _ALSO_OF_WHAT_IS_KNOWN))
    if _ELSEWHERE not in found:
        near += _near(found, _LIKELY)
        near = near or _near(found, _ALONE)
    return _without_parts(_merged(near))


def _near(found: dict[str, list[Found]], level: str) -> list[_Place]:
    harmless = found.get(_HARMLESS, ())
    places = (_Place(one.first, one.last, int(one.purpose.partition(" ")[2])) for one in found.get(level, ()))
    return [
        place for place in places if not any(one.first <= place.first and place.last <= one.last for one in harmless)
    ]


def _merged(near: Iterable[_Place]) -> list[_Place]:
    """Overlapping places of one topic as one."""
    merged: list[_Place] = []
    for place in sorted(near, key=lambda one: (one.topic, one.first, one.last)):
        before = merged[-1] if merged else None
        if before is not None and before.topic == place.topic and place.first <= before.last:
            merged[-1] = before._replace(last=max(before.last, place.last))
        else:
            merged.append(place)
    return merged


def _without_parts(near: Sequence[_Place]) -> list[_Place]:
    """What says more includes what says less: "pass the costs on" is about passing on, not about costs too."""
    return [one for one in near if not any(_includes(other, one) for other in near)]


def _includes(longer: _Place, shorter: _Place) -> bool:
    # By which way something goes is one thing, what it is another one; only who goes between is a part of the way.
    if longer.topic == shorter.topic or (longer.topic == BY_WHATEVER_WAY and shorter.topic != WITH_WHOM):
        return False
    around = longer.first <= shorter.first and shorter.last <= longer.last
    # What is passed on stands between the words for it, however many there are.
    at_most = sentences.LONGEST_SENTENCE if longer.topic == PASSING_ON else _MOST_WORDS_OF_A_PHRASE
    return around and shorter.last - shorter.first < longer.last - longer.first < at_most


@cache
def _languages() -> tuple[Language, ...]:
    analyzer = TextAnalyzer()
    return tuple(_language(tag, partial(analyzer.stem, language=tag)) for tag in LANGUAGES)


def _language(tag: str, stem: Callable[[str], str]) -> Language:
    data = tomllib.loads(files("app.guardrails").joinpath("data", f"terms.{tag}.toml").read_text(encoding="utf-8"))
    contexts = {name: _lines(lines) for name, lines in data["contexts"].items()}
    words = {name: words.split() for name, words in data["words"].items()}
    language = Language(stem, words, contexts, data["separable"].split())
    for name in (_FREE, _KNOWN, _ELSEWHERE):
        language.learn(name, contexts[name])
    language.learn(_HARMLESS, _lines(data[_HARMLESS]["phrases"]))
    for level in (_SURE, _LIKELY, _ALONE):
        for topic, lines in data[level].items():
            language.learn(f"{level} {topic}", _lines(lines))
    return language


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
