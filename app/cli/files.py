"""CSV and text to a file or to standard output. A file is there when it is whole, never half of one."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from app.cli.terminal import Refused
from app.core.i18n import mark


class Writer(Protocol):
    """What the csv module calls a writer, which has no type of its own."""

    def writerow(self, row: Iterable[Any], /) -> Any: ...

    def writerows(self, rows: Iterable[Iterable[Any]], /) -> None: ...


@contextmanager
def written_to(file: Path | None, *, encoding: str, separator: str = ",") -> Iterator[tuple[TextIO, Writer]]:
    """A stream, and the same as a writer of CSV; None is standard output."""
    if file is None:
        # Bytes as they are meant, whatever the terminal's encoding and its line ends are.
        stream = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, newline="")
        try:
            yield stream, _writer(stream, separator)
            stream.flush()
        finally:
            stream.detach()
        return
    if file.is_dir():
        raise Refused(mark("{file} is a directory. Name one file."), file=file)
    if not file.absolute().parent.is_dir():
        raise Refused(mark("There is no directory for {file}. Make it first."), file=file)
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("w", encoding=encoding, newline="") as stream:
            yield stream, _writer(stream, separator)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _writer(stream: TextIO, separator: str) -> Writer:
    return csv.writer(stream, delimiter=separator, lineterminator="\r\n")
