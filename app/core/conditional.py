"""Answers with an ETag, 304 for who has them already, and HEAD wherever there is GET (RFC 9110)."""

from collections.abc import Callable
from hashlib import blake2b

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]


class Conditional:
    """Tags each JSON or calendar answer to a GET by its content, unless its route has tagged it by a version.

    The tag is made from what this caller sees, so it tells nothing else. Streams are left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        without_body = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if without_body else scope
        with anyio.CancelScope() as work:
            answer = _Answer(_header(scope["headers"], b"if-none-match"), without_body, send, work.cancel)
            await self.app(inner, receive, answer.send)
        if "route" in inner:
            scope["route"] = inner["route"]


class _Answer:
    """One answer on its way out: its start is held back until its body is known."""

    def __init__(self, if_none_match: bytes | None, without_body: bool, send: Send, stop: Callable[[], None]) -> None:
        self._if_none_match = if_none_match
        self._without_body = without_body
        self._send = send
        self._stop = stop
        self._start: Message | None = None
        self._ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_one_document(message):
            self._start = message
            return
        if message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            message = self._tagged(start, message)
            await self._send(start)
        if self._without_body and message["type"] == "http.response.body":
            await self._end_without_body(is_stream=message.get("more_body", False))
            return
        await self._send(message)

    async def _end_without_body(self, *, is_stream: bool) -> None:
        if not self._ended:
            self._ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        if is_stream:
            # Its headers are the answer, and nobody waits for the rest.
            self._stop()

    def _tagged(self, start: Message, body: Message) -> Message:
        """Completes the start of the answer; the body that goes with it."""
        headers: Headers = start["headers"]
        tag = _header(headers, b"etag")
        if tag is None:
            tag = b'"' + blake2b(body.get("body", b""), digest_size=12).hexdigest().encode() + b'"'
            headers.append((b"etag", tag))
        if _header(headers, b"cache-control") is None:
            # Everybody sees something else, and what was true a second ago may not be shown any more.
            headers.append((b"cache-control", b"private, no-cache"))
        if self._if_none_match is None or not _matches(self._if_none_match, tag):
            return body
        start["status"] = 304
        start["headers"] = [one for one in headers if one[0] not in (b"content-length", b"content-type")]
        return {**body, "body": b""}


def _is_one_document(start: Message) -> bool:
    content_type = _header(start["headers"], b"content-type") or b""
    return start["status"] == 200 and content_type.startswith((b"application/json", b"text/calendar"))


def _matches(if_none_match: bytes, tag: bytes) -> bool:
    tags = {one.strip().removeprefix(b"W/") for one in if_none_match.split(b",")}
    return b"*" in tags or tag in tags


def _header(headers: Headers, name: bytes) -> bytes | None:
    return next((value for key, value in headers if key.lower() == name), None)
