"""Pairs of ids read from files: one pair a line, tab-separated; for past pairs also how many rounds ago."""

from collections.abc import Iterator
from pathlib import Path

from matching.eligibility import PastPair
from matching.exceptions import UnreadableProfiles


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs `id_a<tab>id_b` of a file; empty lines are passed over.

    Raises UnreadableProfiles, naming the line, for a missing file, invalid UTF-8, or anything but two ids.
    """
    pairs = []
    for number, fields in _lines(path):
        if len(fields) != 2 or not all(fields):
            raise UnreadableProfiles(path.name, number, "not `id_a<tab>id_b`")
        pairs.append((fields[0], fields[1]))
    return pairs


def read_past_pairs(path: Path) -> list[PastPair]:
    """The same with an optional third column, how many rounds ago: a whole number from 0."""
    pairs: list[PastPair] = []
    for number, fields in _lines(path):
        if len(fields) not in (2, 3) or not all(fields):
            raise UnreadableProfiles(path.name, number, "not `id_a<tab>id_b` or `id_a<tab>id_b<tab>rounds_ago`")
        if len(fields) == 2:
            pairs.append((fields[0], fields[1]))
            continue
        if not (fields[2].isascii() and fields[2].isdigit() and len(fields[2]) <= 6):
            raise UnreadableProfiles(path.name, number, f"`rounds_ago` is {fields[2]!r}; a whole number from 0")
        pairs.append((fields[0], fields[1], int(fields[2])))
    return pairs


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each line that is not empty, without spaces around them."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableProfiles(path.name, None, error.strerror or "cannot be read") from error
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableProfiles(
                path.name, number, f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8"
            ) from error
        if text.strip():
            yield number, [field.strip() for field in text.split("\t")]
