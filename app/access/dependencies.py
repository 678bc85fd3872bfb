"""The caller of a request, and the roles that an operation needs."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller, KeyReadsOnly
from app.core.database import DatabaseDep
from app.core.settings import Settings

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_bearer = HTTPBearer(auto_error=False, bearerFormat="API key", description="`Authorization: Bearer tdm_...`")


def settings(request: Request) -> Settings:
    configured: Settings = request.app.state.settings
    return configured


SettingsDep = Annotated[Settings, Depends(settings)]


def caller(
    request: Request,
    database: DatabaseDep,
    configured: SettingsDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Recognise the key, in a short session of its own, before anything else is looked at."""
    with database.reader() as session:
        token = credentials.credentials if credentials else None
        found = access.authenticate(session, token, configured.key_pepper.get_secret_value())
    if found.read_only and request.method not in _READING:
        raise KeyReadsOnly
    return found


class Needs:
    """A dependency that lets only these roles pass."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    def __call__(self, who: Annotated[Caller, Depends(caller)]) -> Caller:
        who.require(*self.roles)
        return who


CallerDep = Annotated[Caller, Depends(caller)]
OperatorDep = Annotated[Caller, Depends(Needs(Role.OPERATOR))]
OrganizerDep = Annotated[Caller, Depends(Needs(Role.ORGANIZER, Role.OPERATOR))]
KeeperDep = Annotated[Caller, Depends(Needs(Role.OPERATOR, Role.COORDINATOR))]
CompanyDep = Annotated[Caller, Depends(Needs(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL))]
