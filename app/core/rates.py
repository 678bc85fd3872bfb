"""How many requests a key may make: fixed windows of a minute, counted in each process."""

import math
import time
from hashlib import sha256

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TooManyFailures, TooManyRequests
from app.core.http import answer

_FREE = ("/healthz", "/readyz", "/metrics")


class RateLimit:
    """Counts requests by key, and those without an accepted key or link by the address that they come from.

    Each answer tells in `RateLimit` what is left. Counts are of one process: with N of them, set a Nth of the limit.
    """

    def __init__(self, app: ASGIApp, *, per_minute: int, failures_per_minute: int) -> None:
        self.app = app
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(per_minute, namespace="requests")
        self._failures = RateLimitItemPerMinute(failures_per_minute, namespace="failures")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _FREE:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        # Here, so that what is noted further inside is seen.
        request.state.link_refused = False
        who, host = _who(request), _host(request)
        allowed = self._limiter.hit(self._requests, who)
        left = self._limiter.get_window_stats(self._requests, who)
        seconds = max(1, math.ceil(left.reset_time - time.time()))
        standing = _standing(self._requests.amount, left.remaining, seconds)
        refusal: Message | None = None

        async def send_with_standing(message: Message) -> None:
            nonlocal refusal
            if refusal is not None:
                return
            if message["type"] == "http.response.start":
                failed = message["status"] == 401 or request.state.link_refused
                if failed and not self._limiter.hit(self._failures, host):
                    refusal = message
                    refused = answer(request, TooManyFailures(), {"Retry-After": str(seconds)})
                    await refused(scope, receive, send)
                    return
                message["headers"] = [*message["headers"], *standing]
            await send(message)

        if not allowed:
            refused = answer(request, TooManyRequests(seconds=seconds), {"Retry-After": str(seconds)})
            await refused(scope, receive, send_with_standing)
            return
        await self.app(scope, receive, send_with_standing)


def _who(request: Request) -> str:
    """The key that was sent, as a hash, else the address.

    The whole key: its readable start alone would let others use up its requests, and read how many are left.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or "." not in token:
        return _host(request)
    return f"key {sha256(token.strip().encode(errors='surrogateescape')).hexdigest()}"


def _host(request: Request) -> str:
    return f"host {request.client.host}" if request.client else "host unknown"


def _standing(limit: int, remaining: int, seconds: int) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-policy", f'"minute";q={limit};w=60'.encode()),
        (b"ratelimit", f'"minute";r={remaining};t={seconds}'.encode()),
    ]
