"""Signed links: a text that opens one thing for one purpose until a day, and that nobody can make or change."""

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from app.core.clock import now
from app.core.errors import NotFound, Problem
from app.core.i18n import mark

_LONGEST = 2_000


class LinkNotAccepted(NotFound):
    slug = "link-not-accepted"
    title = mark("This link does not work")
    detail = mark("The link is not complete or was changed. Open it exactly as it stands in the message.")


class LinkExpired(Problem):
    """`values["parts"]` holds what the link was signed for: whom to tell that its time is over."""

    status = 410
    slug = "link-expired"
    title = mark("This link has expired")
    detail = mark("Its time is over. The newest message has one that works; or ask your portal.")


def signed(purpose: str, parts: Sequence[str], pepper: str, *, until: datetime | None = None) -> str:
    """A token for a link that opens `parts` for this purpose, up to a moment or without an end.

    It hides nothing: what it names must be opaque ids.
    """
    body = json.dumps([*parts, int(until.timestamp()) if until else None], separators=(",", ":")).encode()
    return f"{_written(body)}.{_written(_signature(purpose, body, pepper))}"


def opened(purpose: str, token: str, pepper: str) -> tuple[str, ...]:
    """The parts that a token was signed for. Raises LinkNotAccepted, or LinkExpired where only its time is over."""
    first, _, second = token.partition(".")
    if len(token) > _LONGEST or not token.isascii():
        raise LinkNotAccepted
    try:
        body, signature = _read(first), _read(second)
    except ValueError as error:
        raise LinkNotAccepted from error
    # Also the form is the one that was signed: base64 has several for the same bytes.
    genuine = hmac.compare_digest(signature, _signature(purpose, body, pepper)) and token == (
        f"{_written(body)}.{_written(signature)}"
    )
    if not genuine:
        raise LinkNotAccepted
    *parts, until = json.loads(body)
    if until is not None and datetime.fromtimestamp(until, UTC) <= now():
        raise LinkExpired(parts=tuple(parts))
    return tuple(parts)


def _signature(purpose: str, body: bytes, pepper: str) -> bytes:
    key = hmac.digest(pepper.encode(), f"link\0{purpose}".encode(), sha256)
    return hmac.digest(key, body, sha256)


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _read(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
