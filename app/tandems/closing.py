"""Tandems: seen by their two sides, closed by either."""

from sqlmodel import Session, col

from app.access.models import Role
from app.access.service import Caller
from app.core.errors import NotFound
from app.core.i18n import mark
from app.tandems import queries_tandems
from app.tandems.ending import close_where
from app.tandems.models import Tandem, TandemEnding


class TandemNotFound(NotFound):
    slug = "tandem-not-found"
    title = mark("No such tandem")
    detail = mark("There is no tandem {tandem_id} that you may see. List yours with GET /v1/tandems.")


def get(session: Session, caller: Caller, tandem_id: str, *, for_update: bool = False) -> Tandem:
    """The tandem, if the caller may see it. Raises TandemNotFound."""
    tandem = queries_tandems.visible(session, caller, tandem_id, for_update=for_update)
    if tandem is None:
        raise TandemNotFound(tandem_id=tandem_id)
    return tandem


def close(session: Session, caller: Caller, tandem_id: str) -> Tandem:
    """End the tandem, as either of its sides. One that is closed stays as it is."""
    tandem = get(session, caller, tandem_id, for_update=True)
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER)
    close_where(session, col(Tandem.id) == tandem.id, TandemEnding.CLOSED)
    session.refresh(tandem)
    return tandem
