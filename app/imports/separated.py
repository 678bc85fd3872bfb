"""CSV as people save it: encoding and separator are detected, each record comes with the line on which it starts."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from app.imports.messages import UnreadableFile
from app.imports.unpacking import opened

SEPARATORS = (",", ";", "\t", "|")
LONGEST_RECORD = 200_000
MOST_BROKEN = 100

_PART = 1 << 20
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATOR_LINE = re.compile(r'"?sep=(.+?)"?[\r\n]*', re.I)
_HEADINGS_WITHIN = 100
# Bytes that are no text in the file's encoding come as these; no file can contain them.
_NOT_TEXT = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its cells, and what keeps it from being read, if anything does."""

    line: int
    cells: list[str]
    kind: str | None = None
    context: dict[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Layout:
    encoding: str
    separator: str
    preamble: int


class Table:
    """A CSV file: its headings at once, its records as a stream.

    `known` tells whether a text is a known heading: the separator that yields most of them is the right one.
    Raises UnreadableFile where the whole file is at fault.
    """

    def __init__(self, content: bytes, known: Callable[[str], bool]) -> None:
        if content.startswith(_SPREADSHEETS):
            raise UnreadableFile("file_spreadsheet")
        if content[:64].removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"["):
            raise UnreadableFile("file_is_json")
        encoding = _encoding(content)
        with _text(content, encoding)[0] as text:
            beginning = list(islice(iter(lambda: text.readline(LONGEST_RECORD), ""), _HEADINGS_WITHIN))
        self._layout = _layout(beginning, encoding, known)
        self._content = content
        self.raw = io.BytesIO()
        self.headings, self._headings_at = self._first(beginning)
        if len(self.headings) == 1:
            raise UnreadableFile("file_one_column", heading=_quoted(self.headings[0]))

    def records(self) -> Iterator[Record]:
        """The rows after the headings, blank ones left out. A row that cannot be read stops only itself."""
        text, self.raw = _text(self._content, self._layout.encoding)
        broken = 0
        with text:
            for record in _records(text, self._layout):
                blank = record.kind is None and not any(cell.strip() for cell in record.cells)
                if blank or record.line <= self._headings_at:
                    continue
                broken += record.kind in {"row_quotation", "row_endless"}
                yield record if record.kind else _checked(record, len(self.headings), self._layout.encoding)
                if broken >= MOST_BROKEN:
                    # Each costs reading ahead: without an end, a small file could cost hours.
                    raise UnreadableFile("file_quotations", most=MOST_BROKEN, line=record.line)

    def _first(self, beginning: list[str]) -> tuple[list[str], int]:
        for record in _records(io.StringIO("".join(beginning), newline=""), self._layout):
            if record.kind:
                raise UnreadableFile("file_heading_quotation", line=record.line)
            if any(cell.strip() for cell in record.cells):
                return _without_empty_end(record.cells), record.line
        raise UnreadableFile("file_not_text")


class _Endless(Exception):
    """A record is longer than any row can be."""


class _Lines:
    """Physical lines of a file, counted; those of a record that broke can be read again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._size = 0
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.number += 1
        self._record.append(line)
        self._size += len(line)
        if self._size > LONGEST_RECORD:
            raise _Endless
        return line

    def begin_record(self) -> int:
        """The line on which the next record starts."""
        self._record = []
        self._size = 0
        return self.number + 1

    def give_back(self) -> None:
        """All lines of the present record but its first are to be read again."""
        self._again.extendleft(reversed(self._record[1:]))
        self.number -= len(self._record) - 1


def _records(text: io.TextIOBase, layout: _Layout) -> Iterator[Record]:
    for _ in range(layout.preamble):
        next(text)
    lines = _Lines(text)
    lines.number = layout.preamble
    rows = csv.reader(lines, delimiter=layout.separator, strict=True)
    while True:
        line = lines.begin_record()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except _Endless:
            yield Record(line, [], "row_endless", {"most": LONGEST_RECORD})
            lines.give_back()
        except csv.Error as error:
            endless = "field limit" in str(error)
            yield Record(line, [], "row_endless" if endless else "row_quotation", _endless_context(endless))
            lines.give_back()
        else:
            yield Record(line, cells)


def _endless_context(endless: bool) -> dict[str, str | int | float]:
    return {"most": csv.field_size_limit()} if endless else {}


def _checked(record: Record, headings: int, encoding: str) -> Record:
    """The record, with as many cells as there are headings, or what is wrong with it."""
    cells = record.cells
    if any("\0" in cell for cell in cells):
        return Record(record.line, [], "row_nul")
    mark_of_loss = encoding == "utf-16" and any("\ufffd" in cell for cell in cells)
    if mark_of_loss or any(not cell.isascii() and _NOT_TEXT.search(cell) for cell in cells):
        return Record(record.line, [], "row_not_text", {"encoding": _NAMES[encoding]})
    context: dict[str, str | int | float] = {"cells": len(cells), "headings": headings}
    if len(cells) < headings:
        return Record(record.line, cells, "row_too_narrow", context)
    if any(cell.strip() for cell in cells[headings:]):
        return Record(record.line, cells, "row_too_wide", context)
    return Record(record.line, cells[:headings])


_NAMES = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}


def _text(content: bytes, encoding: str) -> tuple[io.TextIOWrapper, io.BytesIO]:
    stream, raw = opened(content)
    # UTF-16 has no way to carry broken units along.
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=""), raw


def _encoding(content: bytes) -> str:
    """UTF-16 by its mark; UTF-8 where that can be read, or on most lines that are not plain ASCII; else Windows-1252.

    A single broken byte in a UTF-8 file must not turn every umlaut of it into two other characters.
    """
    stream, _ = opened(content)
    with stream:
        first = stream.read(3)
        if first.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        if first == BOM_UTF8:
            return "utf-8-sig"
    if _is_utf8(content):
        return "utf-8-sig"
    good = bad = 0
    stream, _ = opened(content)
    with stream:
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
    return "utf-8-sig" if good > bad else "cp1252"


def _is_utf8(content: bytes) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    stream, _ = opened(content)
    try:
        with stream:
            while part := stream.read(_PART):
                decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _layout(beginning: list[str], encoding: str, known: Callable[[str], bool]) -> _Layout:
    if any("\0" in line for line in beginning[:1]):
        raise UnreadableFile("file_not_text")
    told = _SEPARATOR_LINE.fullmatch(beginning[0]) if beginning else None
    if told is not None:
        separator = "\t" if told[1] == "\\t" else told[1]
        if separator not in SEPARATORS:
            raise UnreadableFile("file_separator", separator=_quoted(separator))
        return _Layout(encoding, separator, 1)

    def found(separator: str) -> tuple[int, int]:
        for record in _records(io.StringIO("".join(beginning), newline=""), _Layout(encoding, separator, 0)):
            if any(cell.strip() for cell in record.cells):
                return sum(map(known, record.cells)), len(record.cells)
        return 0, 0

    return _Layout(encoding, max(SEPARATORS, key=found), 0)


def _without_empty_end(headings: list[str]) -> list[str]:
    """Spreadsheets write separators after the last column."""
    end = len(headings)
    while end and not headings[end - 1].strip():
        end -= 1
    return headings[:end]


def _quoted(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text.strip()[:60])
    return f"`{shown}`"
