"""Hints on agenda and minutes of a meeting, and a side's right to keep a text with a reason. They block nothing."""

from collections.abc import Mapping

from sqlmodel import Session

from app.access.service import Caller
from app.core.i18n import Language
from app.exchanges import agendas
from app.exchanges import at_hand as hands
from app.exchanges.forgetting import KIND
from app.exchanges.models import Exchange
from app.guardrails import notes
from app.guardrails.models import GuardrailNote
from app.guardrails.schemas import HintOut, KeepHint, KeptHintOut, MarkedHintOut
from app.tandems import living

_MINUTES = ("topics", "take_away", "next")


def of(session: Session, caller: Caller, exchange_id: str, language: Language) -> list[MarkedHintOut]:
    """The hints on what was written, for the two sides. Raises ExchangeNotFound, RoleNotEnough."""
    exchange, tandem = hands.get(session, caller, exchange_id)
    living.get_as_side(session, caller, tandem.id)
    return [
        MarkedHintOut(
            **HintOut.of(one.hint, language).model_dump(),
            pointer=one.pointer,
            kept=KeptHintOut.of(one.kept) if one.kept else None,
        )
        for one in notes.marked(session, KIND, exchange.id, _texts(exchange))
    ]


def keep(session: Session, caller: Caller, exchange_id: str, wish: KeepHint) -> GuardrailNote:
    """Keep a text of the meeting with a reason, until the text changes. Raises NoSuchHint."""
    exchange, _, _ = hands.at_hand(session, caller, exchange_id)
    return notes.keep(
        session,
        caller,
        KIND,
        exchange.id,
        _texts(exchange),
        pointer=wish.pointer,
        topic=wish.topic,
        reason=wish.reason,
    )


def _texts(exchange: Exchange) -> Mapping[str, str]:
    """What was written, by JSON pointer into the body that wrote it; what the ritual gives needs no hint."""
    items = enumerate(agendas.shown(exchange.agenda, "en"))
    agenda = {f"/agenda/{at}": item.text for at, item in items if not item.given}
    minutes = {f"/{field}": getattr(exchange, field) for field in _MINUTES}
    return {pointer: text for pointer, text in (agenda | minutes).items() if text}
