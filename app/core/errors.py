"""Errors as facts with a name, and the one place that turns them into problem+json (RFC 9457)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from app.core.i18n import Language, mark, translate

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """A refusal that the caller can act on. Subclasses say what happened and what to do.

    `slug` makes the stable address of its explanation, `title` and `detail` are catalogue texts; `detail` may
    have `{placeholders}` for the values given when it is raised.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = ""
    title: ClassVar[str] = ""
    detail: ClassVar[str] = ""
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, errors: Iterable[Mapping[str, str]] = (), **values: object) -> None:
        self.values = values
        self.errors = list(errors)
        super().__init__(self.told("en"))

    def told(self, language: Language) -> str:
        """What happened and what to do, in words."""
        return translate(self.detail, language, **self.values)

    def as_json(self, language: Language) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": translate(self.title, language),
            "status": self.status,
            "detail": self.told(language),
        }
        if self.errors:
            body["errors"] = self.errors
        return body


class Malformed(Problem):
    status = 400


class Unauthorized(Problem):
    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    status = 403


class NotFound(Problem):
    status = 404


class Conflict(Problem):
    status = 409


class Unprocessable(Problem):
    status = 422


class MalformedBody(Malformed):
    slug = "malformed-body"
    title = mark("The body cannot be read")
    detail = mark("The body is not valid JSON in UTF-8: {reason}. Send one JSON document.")


class InvalidInput(Unprocessable):
    slug = "invalid-input"
    title = mark("Some values are not accepted")
    detail = mark("See `errors`: each entry names the place and what to change. The request was not carried out.")


class NoSuchPath(NotFound):
    slug = "not-found"
    title = mark("Not found")
    detail = mark("There is nothing at this address. See /docs for the addresses that exist.")


class MethodNotAllowed(Problem):
    status = 405
    slug = "method-not-allowed"
    title = mark("Method not allowed")
    detail = mark("This address exists but does not know this method. See /docs.")


class BodyTooLarge(Problem):
    status = 413
    # The rest of the body is not waited for.
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}
    slug = "body-too-large"
    title = mark("The body is too large")
    detail = mark("The body is larger than this address accepts. Send less, or split it into several requests.")


class MetricsClosed(Unauthorized):
    slug = "metrics-closed"
    title = mark("The figures are not open")
    detail = mark("Set TANDEM_METRICS_TOKEN and send it as bearer token; API keys do not open this address.")


class TooManyRequests(Problem):
    status = 429
    slug = "too-many-requests"
    title = mark("Too many requests")
    detail = mark(
        "This key has made more requests than are allowed in a minute. Go on in {seconds} seconds; for many "
        "communities use POST /v1/imports, which takes thousands at once."
    )


class TooManyFailures(Problem):
    status = 429
    slug = "too-many-failures"
    title = mark("Too many requests without an accepted key")
    detail = mark("Check the key that you send, wait for the time in Retry-After, then try again.")


class HttpProblem(Problem):
    slug = "http-error"
    title = mark("The request cannot be served")
    detail = mark("The request cannot be served: {reason}.")

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason=reason)
        self._status = status

    def as_json(self, language: Language) -> dict[str, Any]:
        return super().as_json(language) | {"status": self._status}


class Unexpected(Problem):
    slug = "unexpected"
    title = mark("Something went wrong on our side")
    detail = mark(
        "The request was not carried out and nothing was stored. Try again; if it stays, tell the operator "
        "the request id {request_id}."
    )


class NotReady(Problem):
    status = 503
    slug = "not-ready"
    title = mark("The service is not ready")
    detail = mark("See `errors` for what is missing.")


class PreconditionRequired(Problem):
    status = 428
    slug = "if-match-required"
    title = mark("If-Match is required")
    detail = mark(
        "Read the resource first and send its ETag in the header If-Match, so that nobody's change is lost."
    )


class PreconditionFailed(Problem):
    status = 412
    slug = "stale-etag"
    title = mark("The resource has changed meanwhile")
    detail = mark("Your If-Match does not fit the present version. Read it again, apply your change, send it again.")


class SameMoment(Conflict):
    slug = "same-moment"
    title = mark("Somebody changed the same thing at the same moment")
    detail = mark("Nothing was stored. Read the present state and send the request again.")


class RetryWithOtherBody(Unprocessable):
    slug = "idempotency-key-reused"
    title = mark("This Idempotency-Key was used for another request")
    detail = mark(
        "The same key came with another body or for another operation within 24 hours. Nothing was stored: make a "
        "new Idempotency-Key for a new request, and send the same body when you repeat one."
    )


class InvalidCursor(Unprocessable):
    slug = "invalid-cursor"
    title = mark("The cursor is not valid")
    detail = mark(
        "Use `next_cursor` of the previous page exactly as it came, or leave it out to start at the beginning."
    )


def every_problem() -> dict[str, type[Problem]]:
    """All named problems by slug, for their explanations and for the tests that read them."""
    found: dict[str, type[Problem]] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.slug:
            found[kind.slug] = kind
    return dict(sorted(found.items()))
