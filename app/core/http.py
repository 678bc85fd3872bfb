"""Errors leave as problem+json, or as a page where people read it, whatever raised them."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from app.core.errors import (
    PROBLEM_JSON,
    BodyTooLarge,
    HttpProblem,
    InvalidInput,
    MalformedBody,
    MethodNotAllowed,
    NoSuchPath,
    Problem,
    SameMoment,
    Unexpected,
)
from app.core.i18n import lookup, mark, preferred_language
from app.core.schemas import Output
from app.core.validation import as_errors

log = structlog.get_logger()

ProblemPage = Callable[[Request, Problem], Response | None]
"""Shows a problem to people, at the addresses that are pages; None at all others. The application's state may hold
one as `problem_page`."""

_DEADLOCK = "40P01"
_UNREADABLE = mark("it is not UTF-8, too deeply nested, or has a number of too many digits")
_DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "The key is missing, unknown, expired or revoked.",
    403: "You may see this, but not change it.",
    404: "It does not exist, or you may not see it.",
    409: "The moment is wrong: the state does not allow it.",
    412: "If-Match names another version.",
    413: "The body is too large.",
    415: "The content type is not one of those accepted.",
    422: "Values are not accepted; `errors` names each place.",
    428: "If-Match is missing.",
    429: "Too many requests; `Retry-After` tells when to go on.",
    503: "Not ready.",
}


def dumped(shown: Output, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Response:
    """An answer written once: the framework would check and copy it a second time, which a hot operation feels."""
    return Response(shown.model_dump_json(by_alias=True), status, headers, "application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers of an operation, for its OpenAPI description."""
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": {PROBLEM_JSON: {"schema": schema}}}
        for status in statuses
    }


def add_error_handlers(app: FastAPI) -> None:
    """All errors leave through here."""
    app.add_exception_handler(Problem, _named_problem)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(IntegrityError, _same_moment)
    app.add_exception_handler(OperationalError, _given_up_or_worse)
    app.add_exception_handler(Exception, _unexpected)


def answer(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as the answer to a request, in the language it asks for."""
    all_headers = {**problem.headers, **(headers or {}), "Vary": "Accept-Language"}
    problem_page: ProblemPage | None = getattr(request.app.state, "problem_page", None)
    page = problem_page and problem_page(request, problem)
    if page is not None:
        page.headers.update(all_headers)
        return page
    body = problem.as_json(preferred_language(request.headers.get("accept-language")))
    return JSONResponse(body, status_code=body["status"], headers=all_headers, media_type=PROBLEM_JSON)


async def _named_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  registered for Problem only
    return answer(request, error)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this type only
    findings = error.errors()
    language = preferred_language(request.headers.get("accept-language"))
    broken = next((finding for finding in findings if finding["type"] == "json_invalid"), None)
    if broken is not None:
        position = broken["loc"][-1]
        reason = str(broken.get("ctx", {}).get("error", "not JSON"))
        return answer(request, MalformedBody(reason=f"{lookup(reason, language)} ({position})"))
    return answer(request, InvalidInput(errors=as_errors(findings, language)))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type only
    by_status: dict[int, Problem] = {404: NoSuchPath(), 405: MethodNotAllowed(), 413: BodyTooLarge()}
    problem = by_status.get(error.status_code)
    if problem is None and error.status_code == 400:
        problem = MalformedBody(reason=_UNREADABLE)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed_methods(request)
    return answer(request, problem or HttpProblem(error.status_code, str(error.detail)), headers)


def _allowed_methods(request: Request) -> str:
    """All methods of an address; the framework names those of its first route only."""
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(request.app.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found.setdefault(route.path or "", set()).update(route.methods or ())
    # Of two that fit, the one with fewer parameters is meant: /communities/publish is no community.
    methods = min(found.items(), key=lambda one: (one[0].count("{"), one[0]))[1] if found else set()
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


async def _same_moment(request: Request, error: Exception) -> Response:
    # What can be checked beforehand was; what remains is two requests that passed the check together.
    log.warning("integrity_error", request_id=request.scope.get("request_id", ""), route=route_of(request.scope))
    return answer(request, SameMoment())


async def _given_up_or_worse(request: Request, error: Exception) -> Response:
    """Of two requests that wait for each other PostgreSQL gives one up, before anything of it is stored."""
    assert isinstance(error, OperationalError)  # noqa: S101  registered for this type only
    if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
        raise error
    log.warning("deadlock", request_id=request.scope.get("request_id", ""), route=route_of(request.scope))
    return answer(request, SameMoment())


async def _unexpected(request: Request, error: Exception) -> Response:
    request_id = request.scope.get("request_id", "")
    log.error("unexpected", request_id=request_id, route=route_of(request.scope), exc_info=error)
    # The handler of last resort stands outside the access log, which names the request otherwise.
    return answer(request, Unexpected(request_id=request_id), {"X-Request-Id": request_id})


def route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "(no route)"))
