"""A meeting in the hands of one of its two sides: found, at the right point, and nobody else's meanwhile."""

from datetime import datetime

from sqlmodel import Session

from app.access.service import Caller
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.i18n import mark
from app.exchanges.models import Exchange, ExchangeStatus
from app.tandems import living, queries_tandems
from app.tandems.models import SideName, Tandem


class ExchangeNotFound(NotFound):
    slug = "exchange-not-found"
    title = mark("No such meeting")
    detail = mark("There is no meeting {exchange_id} that you may see. See GET /v1/tandems/{{tandem_id}}/exchanges.")


class WrongExchangeState(Conflict):
    slug = "wrong-exchange-state"
    title = mark("The meeting is at another point")
    detail = mark("The meeting is {status}; this step is possible only when it is one of these: {needed}.")


class NotBegunYet(Conflict):
    slug = "exchange-not-begun"
    title = mark("The meeting has not begun yet")
    detail = mark("It is planned for {starts_at}. Move or cancel it, or say so once its time has come.")


class BegunAlready(Conflict):
    slug = "exchange-begun"
    title = mark("The meeting has begun already")
    detail = mark(
        "It began at {starts_at} and is not moved or cancelled any more. Say whether the two have met, with "
        "POST /v1/exchanges/{exchange_id}/held or .../missed, and plan another one."
    )


class TandemForgotten(Conflict):
    slug = "tandem-forgotten"
    title = mark("What was written in the tandem is gone")
    detail = mark(
        "The tandem was closed so long ago that its texts were deleted. Nothing is written or said any more."
    )


def get(session: Session, caller: Caller, exchange_id: str) -> tuple[Exchange, Tandem]:
    """The exchange and its tandem, if the caller may see them. Raises ExchangeNotFound."""
    exchange = session.get(Exchange, exchange_id)
    tandem = queries_tandems.visible(session, caller, exchange.tandem_id) if exchange is not None else None
    if exchange is None or tandem is None:
        raise ExchangeNotFound(exchange_id=exchange_id)
    return exchange, tandem


def at_hand(session: Session, caller: Caller, exchange_id: str) -> tuple[Exchange, Tandem, SideName]:
    """The exchange, its tandem and the caller's side; nobody else changes them until the transaction is over.

    Raises ExchangeNotFound, RoleNotEnough.
    """
    exchange, _ = get(session, caller, exchange_id)
    tandem, side = living.get_as_side(session, caller, exchange.tandem_id, for_update=True)
    session.refresh(exchange)
    return exchange, tandem, side


def require_remembered(tandem: Tandem) -> None:
    """Texts of a tandem go once; what came in later would stay. Raises TandemForgotten."""
    if tandem.forgotten_at is not None:
        raise TandemForgotten


def require(exchange: Exchange, *needed: ExchangeStatus) -> None:
    """Raises WrongExchangeState."""
    if exchange.status not in needed:
        raise WrongExchangeState(status=exchange.status.value, needed=", ".join(needed))


def require_begun(exchange: Exchange) -> None:
    """Raises NotBegunYet."""
    if exchange.starts_at > now():
        raise NotBegunYet(starts_at=shown(exchange))


def require_to_come(exchange: Exchange) -> None:
    """Raises BegunAlready."""
    if exchange.starts_at <= now():
        raise BegunAlready(starts_at=shown(exchange), exchange_id=exchange.id)


def settle(session: Session, exchange: Exchange, status: ExchangeStatus) -> None:
    """It is over, in this way."""
    exchange.status, exchange.settled_at = status, now()
    stored(session, exchange)


def stored(session: Session, exchange: Exchange) -> Exchange:
    """The exchange, with a version of its own."""
    exchange.version += 1
    session.add(exchange)
    return exchange


def shown(exchange: Exchange) -> str:
    """When it is, for the words of a refusal."""
    return shown_at(exchange.starts_at)


def shown_at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
