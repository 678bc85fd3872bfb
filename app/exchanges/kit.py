"""The kick-off kit: what the two need for their first meeting, in both languages."""

from sqlmodel import Session

from app.access.service import Caller
from app.core.i18n import Language, mark, translate
from app.exchanges import agendas
from app.exchanges.schemas import Kit, KitItem, KitOut
from app.exchanges.viewing import side_of, themes
from app.guardrails import acceptance
from app.tandems import closing
from app.tandems.models import Suggestion, Tandem

_RULES = (
    mark("What is said here stays here; share only what both have agreed to share."),
    mark("Everything is voluntary: each may pass on a question, pause or end well at any time."),
    mark("Read the competition-law card together. Object at once when something does not belong here."),
    mark("The host changes each time, and so does who shows a practice."),
    mark("Short minutes in three fields: topics, take-away, next. Both sides confirm them."),
)
_ABOUT_THEME = mark("What have you tried in “{theme}”, and what surprised you?")
_QUESTIONS = (
    mark("What would your members miss if the community did not exist?"),
    mark("Which practice of yours should others know, and what did you have to give up for it?"),
)
_THEMES = 3


def kit(session: Session, caller: Caller, tandem_id: str) -> KitOut:
    """Agendas, rules, card, host, and ideas for the first question. Raises TandemNotFound."""
    tandem = closing.get(session, caller, tandem_id)
    shared = themes(session.get_one(Suggestion, tandem.suggestion_id).reasons)[:_THEMES]
    return KitOut(
        host=tandem.next_host,
        side=side_of(session, caller, tandem),
        de=_in_language(tandem, shared, "de"),
        en=_in_language(tandem, shared, "en"),
    )


def _in_language(tandem: Tandem, shared: list[str], language: Language) -> Kit:
    return Kit(
        kick_off=_items(tandem, language, kick_off=True),
        regular=_items(tandem, language, kick_off=False),
        rules=[translate(rule, language) for rule in _RULES],
        card=acceptance.card(language),
        questions=[
            *(translate(_ABOUT_THEME, language, theme=theme) for theme in shared),
            *(translate(question, language) for question in _QUESTIONS),
        ],
    )


def _items(tandem: Tandem, language: Language, *, kick_off: bool) -> list[KitItem]:
    agenda = agendas.template(kick_off=kick_off, minutes=tandem.meeting_minutes)
    return [KitItem(text=one.text, minutes=one.minutes) for one in agendas.shown(agenda, language)]
