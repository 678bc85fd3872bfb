"""Pages by key: stable while rows come and go, as fast on the last page as on the first."""

import base64
import binascii
import hmac
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request

from app.core.errors import InvalidCursor
from app.core.http import route_of

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_MARK_BYTES = 9

Row = TypeVar("Row")
Key = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many rows, and the key of the row they come after (None: from the beginning)."""

    limit: int
    after: Key | None
    seal: bytes = field(default=b"", repr=False)

    def key(self, *kinds: type) -> Key | None:
        """The key, checked to be of these kinds. Raises InvalidCursor for a cursor of another list."""
        if self.after is None:
            return None
        fits = len(self.after) == len(kinds) and all(isinstance(v, k) for v, k in zip(self.after, kinds, strict=True))
        if not fits:
            raise InvalidCursor
        return self.after


async def _requested(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the previous page.")] = None,
) -> PageRequest:
    # Sealed for its own list: a cursor of another one, or one that somebody made up, is refused.
    pepper = request.app.state.settings.key_pepper.get_secret_value()
    seal = hmac.new(pepper.encode(), f"cursor {route_of(request.scope)}".encode(), sha256).digest()
    return PageRequest(limit, None if cursor is None else _decode(cursor, seal), seal)


PageDep = Annotated[PageRequest, Depends(_requested)]


def cut(rows: Sequence[Row], request: PageRequest, key: Callable[[Row], Key]) -> tuple[list[Row], str | None]:
    """The rows of the page and the cursor of the next one, from one row more than asked for."""
    if len(rows) <= request.limit:
        return list(rows), None
    page = list(rows[: request.limit])
    return page, _encode(key(page[-1]), request.seal)


def _encode(key: Key, seal: bytes) -> str:
    content = json.dumps(key).encode()
    return base64.urlsafe_b64encode(_mark(content, seal) + content).decode().rstrip("=")


def _mark(content: bytes, seal: bytes) -> bytes:
    return hmac.new(seal, content, sha256).digest()[:_MARK_BYTES]


def _decode(cursor: str, seal: bytes) -> Key:
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        content = sealed[_MARK_BYTES:]
        if not hmac.compare_digest(_mark(content, seal), sealed[:_MARK_BYTES]):
            raise InvalidCursor
        decoded = json.loads(content)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidCursor from error
    if not isinstance(decoded, list) or not decoded or any(isinstance(part, bool) for part in decoded):
        raise InvalidCursor
    if not all(isinstance(part, str | int | float) and not _is_odd(part) for part in decoded):
        raise InvalidCursor
    return tuple(decoded)


def _is_odd(part: str | int | float) -> bool:
    """Values that JSON lets through but a database does not compare."""
    if isinstance(part, str):
        return "\x00" in part or any(0xD800 <= ord(c) <= 0xDFFF for c in part)
    return abs(part) > 2**62 or not math.isfinite(part)
