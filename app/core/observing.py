"""What an operator sees of requests: one log line each, and counts and durations for Prometheus."""

import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http import route_of
from app.core.ids import new_id

log = structlog.get_logger()


class Metrics:
    """Counts of one process. Labels are methods, route templates and statuses: never a company, a path or a key."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tandem_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "tandem_request_seconds",
            "Time until the answer began.",
            ("route",),
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )

    def as_text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self.registry)


class Observed:
    """Gives each request an id, logs one line (method, route template, status, milliseconds) and counts it.

    The path is never written: it may hold ids.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = scope["request_id"] = new_id("req")
        method = scope["method"]
        status, begun = 500, None

        async def send_with_id(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], time.perf_counter()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            ended = time.perf_counter()
            route = route_of(scope)
            self._metrics.requests.labels(_known(method), route, str(status)).inc()
            self._metrics.seconds.labels(route).observe((begun or ended) - started)
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round((ended - started) * 1000, 1),
                request_id=request_id,
            )


def _known(method: str) -> str:
    # Anything may be sent as a method; each value of a label costs memory for ever.
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
