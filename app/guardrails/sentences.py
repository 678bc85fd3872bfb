"""A text as sentences of words, each word with its place in the text as it was given."""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_TEXT = 20_000
"""Characters; what stands behind them is not read."""
LONGEST_SENTENCE = 60
"""Words; a longer one is read in parts."""

# Bounded parts, so that no text takes long.
_LEFT_OUT = re.compile(
    r"</?[a-zA-Z][^<>]{0,2000}>|https?://\S{1,2000}|www\.\S{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
)
# What is written with more characters than it has letters: "&auml;", "a" with a mark of its own, soft hyphens; and
# endings that say who is meant: "Kund:innen", "LieferantInnen".
_SPELLED_OUT = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});"
    r"|[^\W\d_][\u0300-\u036f]{1,4}"
    r"|[\u00ad\u200b-\u200d\u2060\ufeff]"
    r"|(?<=[^\W\d_])[*:_/]-?in(?:nen)?\b|(?<=[a-zäöüß])Innen\b"
)
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_WORD_OR_END = re.compile(r"[^\W_]+|[%€$£]|[.!?;\n\r•…]")
_ENDS = frozenset(".!?;\n\r•…")


class Word(NamedTuple):
    """A word, without the difference of capitals, and where it stands in the given text."""

    folded: str
    start: int
    end: int


def read(text: str) -> Iterator[list[Word]]:
    """The sentences of a text that have words, the longest in parts. Markup and addresses are left out."""
    plain, places = _as_read(_LEFT_OUT.sub(lambda found: " " * len(found.group()), text[:LONGEST_TEXT]))
    sentence: list[Word] = []
    for found in _WORD_OR_END.finditer(plain):
        written, (start, end) = found.group(), found.span()
        if written in _ENDS:
            if sentence and not _is_inside_number(plain, start, end):
                yield sentence
                sentence = []
            continue
        if places is not None:
            start, end = places[start][0], places[end - 1][1]
        sentence.append(Word(written.casefold(), start, end))
        if len(sentence) == LONGEST_SENTENCE:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _is_inside_number(text: str, start: int, end: int) -> bool:
    """ "3.000" and "4.5" are numbers, no ends of sentences."""
    return text[start - 1 : start].isdigit() and text[end : end + 1].isdigit()


def _as_read(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """The text as it reads, and for each of its characters what it stands for in the given one; None: the same."""
    if _SPELLED_OUT.search(text) is None:
        return text, None
    read: list[str] = []
    places: list[tuple[int, int]] = []
    done = 0
    for found in _SPELLED_OUT.finditer(text):
        start, end = found.span()
        read.append(text[done:start])
        places.extend((at, at + 1) for at in range(done, start))
        meant = _meant(found.group())
        read.append(meant)
        places.extend([(start, end)] * len(meant))
        done = end
    read.append(text[done:])
    places.extend((at, at + 1) for at in range(done, len(text)))
    return "".join(read), places


def _meant(written: str) -> str:
    if written.startswith("&"):
        return html.unescape(written)
    if written in _INVISIBLE or written[0] in "*:_/I":
        return ""
    return unicodedata.normalize("NFC", written)
