"""The caller of a request, recognised before its body is read, and the roles that an operation needs."""

import time
from collections.abc import Callable, Coroutine, Set
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller, KeyMissing, KeyNotAccepted, KeyReadsOnly, Recognised
from app.core.clock import now
from app.core.database import SessionDep
from app.core.errors import InvalidInput
from app.core.i18n import preferred_language
from app.core.idempotency import Once
from app.core.settings import Settings
from app.core.validation import told as told_in_words

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# A key that was revoked stops within a second, in every process.
_REMEMBERED_SECONDS = 0.9
_MOST_REMEMBERED = 10_000

_bearer = HTTPBearer(auto_error=False, bearerFormat="API key", description="`Authorization: Bearer tdm_...`")


class RecentKeys:
    """Keys that were recognised less than a second ago: a portal that sends many requests is looked up once.

    Tokens are held as hashes.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Recognised, float]] = {}

    def get(self, token: str) -> Caller | None:
        found = self._known.get(_digest(token))
        if found is None or found[1] < time.monotonic():
            return None
        recognised = found[0]
        if recognised.until is not None and recognised.until <= now():
            return None
        return recognised.caller

    def remember(self, token: str, recognised: Recognised) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[_digest(token)] = (recognised, time.monotonic() + _REMEMBERED_SECONDS)

    def forget(self) -> None:
        """Look every key up again: one has just been revoked."""
        self._known.clear()


class KeyedRoute(APIRoute):
    """A route that knows its caller before it reads the body: without an accepted key nothing else is looked at."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {one.alias for one in get_flat_params(self.dependant) if isinstance(one.field_info, Query)}

        async def handle_for_caller(request: Request) -> Response:
            request.state.caller = await _recognised(request)
            _refuse_unknown_parameters(request, known)
            return await handle(request)

        return handle_for_caller


async def _recognised(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise KeyMissing
    token = token.strip()
    recent: RecentKeys = request.app.state.recent_keys
    found = recent.get(token)
    if found is None:
        found = await run_in_threadpool(_looked_up, request, recent, token)
    if found.read_only and request.method not in _READING:
        raise KeyReadsOnly
    return found


def _refuse_unknown_parameters(request: Request, known: Set[str]) -> None:
    """A misspelt filter would otherwise answer with everything."""
    language = preferred_language(request.headers.get("accept-language"))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        told = told_in_words("unknown_parameter", {}, language)
        raise InvalidInput(errors=[{"parameter": name[:100], "detail": told} for name in unknown[:20]])


def _looked_up(request: Request, recent: RecentKeys, token: str) -> Caller:
    configured: Settings = request.app.state.settings
    with request.app.state.database.reader() as session:
        recognised = access.authenticate(session, token, configured.key_pepper.get_secret_value())
    recent.remember(token, recognised)
    return recognised.caller


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()


async def settings(request: Request) -> Settings:
    configured: Settings = request.app.state.settings
    return configured


async def recent_keys(request: Request) -> RecentKeys:
    recent: RecentKeys = request.app.state.recent_keys
    return recent


async def caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """Whom the route has recognised; the scheme is named here for the documentation."""
    found: Caller | None = getattr(request.state, "caller", None)
    if found is None:
        raise KeyNotAccepted
    return found


class Needs:
    """A dependency that lets only these roles pass."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, who: Annotated[Caller, Depends(caller)]) -> Caller:
        who.require(*self.roles)
        return who


SettingsDep = Annotated[Settings, Depends(settings)]
RecentKeysDep = Annotated[RecentKeys, Depends(recent_keys)]
CallerDep = Annotated[Caller, Depends(caller)]
OperatorDep = Annotated[Caller, Depends(Needs(Role.OPERATOR))]
OrganizerDep = Annotated[Caller, Depends(Needs(Role.ORGANIZER, Role.OPERATOR))]
KeeperDep = Annotated[Caller, Depends(Needs(Role.OPERATOR, Role.COORDINATOR))]
CompanyDep = Annotated[Caller, Depends(Needs(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL))]


async def once(
    request: Request,
    session: SessionDep,
    who: CallerDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Any text of your own, e.g. a UUID: repeating the request with it within 24 hours does "
            "nothing twice.",
            examples=["7f1f0c0e-2f3c-4a59-9d2c-6a3f5a0f6c1d"],
        ),
    ] = None,
) -> Once:
    """What a POST needs in order to be repeated without fear."""
    body_hash = sha256(await request.body()).hexdigest() if idempotency_key else ""
    target = f"{request.method} {request.url.path}?{request.url.query}"
    return Once(session, who.key_id, idempotency_key, target, body_hash)


OnceDep = Annotated[Once, Depends(once)]
