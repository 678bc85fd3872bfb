"""Files plain or packed with gzip: checked against a bound without being held unpacked, opened as a stream."""

import gzip
import io
import zlib
from typing import BinaryIO, cast

from app.core.errors import Malformed, Problem
from app.core.i18n import mark

_MAGIC = b"\x1f\x8b"
_STEP = 1 << 20
_SLICE = 1 << 16
_MOST_MEMBERS = 100_000
_GZIP = 31


class UnpackedTooLarge(Problem):
    status = 413
    slug = "unpacked-too-large"
    title = mark("The file is too large when unpacked")
    detail = mark("Unpacked, the file has more than {most} bytes. Split it into several imports.")


class BrokenGzip(Malformed):
    slug = "broken-gzip"
    title = mark("The gzip file is broken")
    detail = mark("The body is not a whole gzip file: {reason}. Pack it again, or send it unpacked.")


def is_packed(content: bytes) -> bool:
    """Whether it is gzip, whatever it is called; no text begins with these two bytes."""
    return content.startswith(_MAGIC)


def check(content: bytes, most: int) -> None:
    """Unpack in small steps, keeping nothing. Raises UnpackedTooLarge past `most` bytes, BrokenGzip where it ends."""
    counted = _Counted(most)
    for start in range(0, len(content), _SLICE):
        counted.feed(content[start : start + _SLICE])
    counted.finish()


class _Counted:
    """How much a gzip file unpacks to, slice by slice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._members = 0
        self._member: zlib._Decompress | None = None

    def feed(self, part: bytes) -> None:
        while part or self._member is not None:
            if self._member is None:
                # Several members make one file, and padding may follow them.
                part = part.lstrip(b"\0")
                if not part:
                    return
                self._begin()
                continue
            step = self._step(self._member, part)
            part = self._member.unconsumed_tail
            if self._member.eof:
                part, self._member = self._member.unused_data, None
            elif not step and not part:
                return

    def finish(self) -> None:
        if self._member is not None:
            raise BrokenGzip(reason="it ends too early")

    def _begin(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise BrokenGzip(reason=f"it has more than {_MOST_MEMBERS} members")
        self._member = zlib.decompressobj(_GZIP)

    def _step(self, member: "zlib._Decompress", part: bytes) -> bytes:
        try:
            step = member.decompress(part, _STEP)
        except zlib.error as error:
            raise BrokenGzip(reason=str(error)) from error
        self._size += len(step)
        if self._size > self._most:
            raise UnpackedTooLarge(most=self._most)
        return step


def opened(content: bytes) -> tuple[BinaryIO, io.BytesIO]:
    """The unpacked bytes as a stream, and the stream of the bytes as they came, whose position tells the progress."""
    raw = io.BytesIO(content)
    return (cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if is_packed(content) else raw), raw


def is_blank(content: bytes) -> bool:
    """Whether there is nothing but white space and byte order marks."""
    stream, _ = opened(content)
    while part := stream.read(_STEP):
        if part.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
            return False
    return True
