"""Minutes of a meeting: three fields that one side writes and both confirm."""

from sqlmodel import Session

from app.access.service import Caller
from app.core import events
from app.core.errors import Conflict
from app.core.i18n import mark
from app.exchanges import queries
from app.exchanges.at_hand import at_hand, require, require_remembered, stored
from app.exchanges.models import Exchange
from app.exchanges.schemas import MinutesConfirm, MinutesCreate
from app.exchanges.viewing import confirmed_by
from app.tandems.models import SideName


class NoMinutes(Conflict):
    slug = "no-minutes"
    title = mark("There are no minutes yet")
    detail = mark("Nobody has written minutes. Write them with POST /v1/exchanges/{exchange_id}/minutes.")


class MinutesRewritten(Conflict):
    slug = "minutes-rewritten"
    title = mark("The minutes are another version by now")
    detail = mark("You confirm version {named}, but the present one is {present}. Read it, then confirm that one.")


class MinutesConfirmed(Conflict):
    slug = "minutes-confirmed"
    title = mark("The minutes are confirmed by both")
    detail = mark("What both sides have confirmed stays as it is. Write what is to be added into the next minutes.")


def write(session: Session, caller: Caller, exchange_id: str, wish: MinutesCreate) -> Exchange:
    """Write the minutes, or write them anew: that confirms them for this side, and for the other one no more."""
    exchange, tandem, side = at_hand(session, caller, exchange_id)
    require_remembered(tandem)
    require(exchange, *queries.TOOK_PLACE)
    if exchange.minutes_version and exchange.confirmed_a == exchange.confirmed_b == exchange.minutes_version:
        raise MinutesConfirmed
    exchange.topics, exchange.take_away, exchange.next = wish.topics, wish.take_away, wish.next
    exchange.minutes_by, exchange.minutes_version = side, exchange.minutes_version + 1
    _confirmed(exchange, side)
    events.record(session, "minutes.written", exchange.id)
    return stored(session, exchange)


def confirm(session: Session, caller: Caller, exchange_id: str, wish: MinutesConfirm) -> Exchange:
    """Say for one side that the minutes are right, in the version that it has read. Again changes nothing."""
    exchange, tandem, side = at_hand(session, caller, exchange_id)
    require_remembered(tandem)
    if not exchange.minutes_version:
        raise NoMinutes(exchange_id=exchange.id)
    if wish.version != exchange.minutes_version:
        raise MinutesRewritten(named=wish.version, present=exchange.minutes_version)
    if confirmed_by(exchange, side) == wish.version:
        return exchange
    _confirmed(exchange, side)
    if exchange.confirmed_a == exchange.confirmed_b:
        events.record(session, "minutes.confirmed", exchange.id)
    return stored(session, exchange)


def _confirmed(exchange: Exchange, side: SideName) -> None:
    """The side has said yes to the present version."""
    if side is SideName.A:
        exchange.confirmed_a = exchange.minutes_version
    else:
        exchange.confirmed_b = exchange.minutes_version
