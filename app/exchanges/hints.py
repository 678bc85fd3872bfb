"""Hints on agenda and minutes of a meeting, and a side's right to keep a text with a reason. They block nothing."""

from collections.abc import Mapping

from sqlmodel import Session

from app.access.service import Caller
from app.core.errors import Forbidden
from app.core.i18n import Language, mark
from app.exchanges import agendas
from app.exchanges import at_hand as hands
from app.exchanges.forgetting import KINDS
from app.exchanges.models import Exchange
from app.exchanges.schemas import MeetingHintOut
from app.guardrails import notes
from app.guardrails.models import GuardrailNote
from app.guardrails.notes import MarkedHint
from app.guardrails.schemas import HintOut, KeepHint, KeptHintOut
from app.tandems import living
from app.tandems.models import SideName

_MINUTES = ("topics", "take_away", "next")


class NotTheAuthor(Forbidden):
    slug = "not-the-author"
    title = mark("The other side has written these minutes")
    detail = mark("The side that has written the minutes keeps a text of them. You may write them anew instead.")


def of(session: Session, caller: Caller, exchange_id: str, language: Language) -> list[MeetingHintOut]:
    """The hints on what was written, for the two sides. Raises ExchangeNotFound, RoleNotEnough."""
    exchange, tandem = hands.get(session, caller, exchange_id)
    living.get_as_side(session, caller, tandem.id)
    by_side = [notes.marked(session, kind, exchange.id, _texts(exchange)) for kind in KINDS.values()]
    return [_shown(dict(zip(KINDS, each, strict=True)), language) for each in zip(*by_side, strict=True)]


def keep(session: Session, caller: Caller, exchange_id: str, wish: KeepHint) -> GuardrailNote:
    """Keep a text of the meeting with a reason, until the text changes. Raises NoSuchHint, NotTheAuthor.

    Either side keeps an item of the agenda, the one that has written the minutes a text of them.
    """
    exchange, _, side = hands.at_hand(session, caller, exchange_id)
    if wish.pointer.removeprefix("/") in _MINUTES and exchange.minutes_by not in (None, side):
        raise NotTheAuthor
    return notes.keep(
        session,
        caller,
        KINDS[side],
        exchange.id,
        _texts(exchange),
        pointer=wish.pointer,
        topic=wish.topic,
        reason=wish.reason,
    )


def _shown(marked: Mapping[SideName, MarkedHint], language: Language) -> MeetingHintOut:
    """The same hint as each side keeps it, with the latest word on it."""
    kept = {side: one.kept for side, one in marked.items() if one.kept}
    kept_by = max(kept, key=lambda side: kept[side].recorded_at, default=None)
    [one, *_] = marked.values()
    return MeetingHintOut(
        **HintOut.of(one.hint, language).model_dump(),
        pointer=one.pointer,
        kept=KeptHintOut.of(kept[kept_by]) if kept_by else None,
        kept_by=kept_by,
    )


def _texts(exchange: Exchange) -> Mapping[str, str]:
    """What was written, by JSON pointer into the body that wrote it; what the ritual gives needs no hint."""
    items = enumerate(agendas.shown(exchange.agenda, "en"))
    agenda = {f"/agenda/{at}": item.text for at, item in items if not item.given}
    minutes = {f"/{field}": getattr(exchange, field) for field in _MINUTES}
    return {pointer: text for pointer, text in (agenda | minutes).items() if text}
