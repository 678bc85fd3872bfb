"""The pages on which a side says whether a meeting was useful, and how the tandem is to go on."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from sqlmodel import Session

from app.access.service import Caller
from app.communities import queries as communities
from app.console.links import PulseLink, UsefulLink, caller_for
from app.console.pages import Shown, language_of, moment_in_words
from app.core.errors import Unprocessable
from app.core.i18n import lookup, mark, translate
from app.core.links import LinkExpired
from app.exchanges import voices
from app.exchanges.models import Exchange, ExchangeFeedback, Pulse, TandemPulse
from app.tandems.models import SideName, Tandem, TandemStatus

USEFUL = {
    "title": mark("Was it useful?"),
    "lead": mark("One click. Nobody but your side sees your answer; others see sums of many only."),
    "yes": mark("Yes, it was useful"),
    "no": mark("No, not really"),
    "said": mark("Your side has said:"),
}
MEETING = mark("The meeting of {community} and {partner} on {day}")
WAS_USEFUL = {True: mark("it was useful"), False: mark("it was not really useful")}

PULSE = {
    "title": mark("Half-time: how shall it go on?"),
    "lead": mark("One answer for your community. It can be changed later."),
    "choose": mark("Your answer"),
    "why": mark("Why (optional, only for your side)"),
    "send": mark("Send the answer"),
    "said": mark("Your side has said:"),
}
FIRST = PULSE | {"title": mark("How shall it go on?")}
END = {
    "title": mark("The tandem comes to its end: did the two fit?"),
    "lead": mark("Your answer helps to find the next one. It is no mark, and the other side does not see it."),
    "choose": mark("Did the two communities fit?"),
    "why": PULSE["why"],
    "send": PULSE["send"],
    "said": PULSE["said"],
}
RENEWED = {
    "title": mark("The tandem is renewed"),
    "lead": mark("This question was about the time before. A newer message has a link for the present one."),
    "said": PULSE["said"],
}
OF_TANDEM = mark("The tandem of {community} and {partner}")
PULSES: Mapping[Pulse, tuple[str, str]] = {
    Pulse.CONTINUE: (mark("Go on"), mark("As it is.")),
    Pulse.ADJUST: (mark("Change something"), mark("Another rhythm, another theme: you talk about it.")),
    Pulse.PAUSE: (mark("Pause"), mark("At once; it goes on by itself after some weeks.")),
    Pulse.END_WELL: (mark("End well"), mark("With thanks, and three lines on what you have learned.")),
}
FITTED: Mapping[bool, tuple[str, str]] = {
    True: (mark("Yes"), mark("The two fitted.")),
    False: (mark("No"), mark("The two are not suggested to each other again.")),
}


class NothingChosen(Unprocessable):
    slug = "nothing-chosen"
    title = mark("Nothing is chosen yet")
    detail = mark("Go back, choose one of the answers and send it again.")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was sent by the form: at half-time a pulse, at the end whether the two fitted."""

    pulse: Pulse | None
    fitted: bool | None
    why: str | None


def say_useful(session: Session, request: Request, link: UsefulLink, useful: bool) -> None:
    caller, _, _ = _exchange(session, request, link)
    voices.say_useful(session, caller, link.exchange_id, useful)


def useful_shown(session: Session, request: Request, link: UsefulLink) -> Shown:
    _, exchange, tandem = _exchange(session, request, link)
    language = language_of(request)
    said = session.get(ExchangeFeedback, (exchange.id, link.side))
    day = moment_in_words(exchange.starts_at, exchange.time_zone, language)
    values = {
        "about": translate(MEETING, language, **_names(session, tandem, link.side), day=day),
        "said": lookup(WAS_USEFUL[said.useful], language) if said else None,
    }
    return Shown("useful.html", USEFUL, values)


def say_pulse(session: Session, request: Request, link: PulseLink, opinion: Opinion) -> None:
    caller, tandem = _tandem(session, request, link)
    if tandem.term != link.term:
        raise LinkExpired
    at_end = is_at_end(tandem)
    if (opinion.fitted is None and opinion.why is None) if at_end else opinion.pulse is None:
        raise NothingChosen
    if at_end:
        voices.say_pulse(
            session, caller, tandem.id, None, opinion.why, at_end=True, fitted=opinion.fitted, term=link.term
        )
    else:
        voices.say_pulse(session, caller, tandem.id, opinion.pulse, opinion.why, term=link.term)


def pulse_shown(session: Session, request: Request, link: PulseLink) -> Shown:
    _, tandem = _tandem(session, request, link)
    if tandem.term != link.term:
        return _renewed_shown(session, request, link, tandem)
    language = language_of(request)
    at_end = is_at_end(tandem)
    said = session.get(TandemPulse, (tandem.id, link.side, link.term, at_end))
    choices: Mapping[str, tuple[str, str]] = (
        {("yes" if fitted else "no"): text for fitted, text in FITTED.items()}
        if at_end
        else {pulse.value: text for pulse, text in PULSES.items()}
    )
    chosen = None if said is None else _chosen(said)
    values = {
        "about": translate(OF_TANDEM, language, **_names(session, tandem, link.side)),
        "field": "fitted" if at_end else "pulse",
        "required": not at_end,
        "choices": [(code, lookup(name, language), lookup(hint, language)) for code, (name, hint) in choices.items()],
        "chosen": chosen,
        "said": lookup(choices[chosen][0], language) if chosen else None,
        "why": said.why if said else None,
    }
    return Shown("pulse.html", _words(tandem), values)


def _renewed_shown(session: Session, request: Request, link: PulseLink, tandem: Tandem) -> Shown:
    """What the side has said in an earlier term; nothing more can be said of it."""
    language = language_of(request)
    said = session.get(TandemPulse, (tandem.id, link.side, link.term, False))
    values = {
        "about": translate(OF_TANDEM, language, **_names(session, tandem, link.side)),
        "said": lookup(PULSES[said.pulse][0], language) if said and said.pulse else None,
    }
    return Shown("renewed.html", RENEWED, values)


def is_at_end(tandem: Tandem) -> bool:
    return tandem.status in (TandemStatus.CLOSING, TandemStatus.CLOSED)


def _words(tandem: Tandem) -> Mapping[str, str]:
    if is_at_end(tandem):
        return END
    return FIRST if tandem.kicked_off_at is None else PULSE


def _chosen(said: TandemPulse) -> str | None:
    if not said.at_end:
        return said.pulse.value if said.pulse else None
    return None if said.fitted is None else ("yes" if said.fitted else "no")


def _exchange(session: Session, request: Request, link: UsefulLink) -> tuple[Caller, Exchange, Tandem]:
    exchange = session.get(Exchange, link.exchange_id)
    if exchange is None:
        raise LinkExpired
    tandem = session.get_one(Tandem, exchange.tandem_id)
    return caller_for(session, request, link.person_id, _own(tandem, link.side)), exchange, tandem


def _tandem(session: Session, request: Request, link: PulseLink) -> tuple[Caller, Tandem]:
    tandem = session.get(Tandem, link.tandem_id)
    if tandem is None:
        raise LinkExpired
    return caller_for(session, request, link.person_id, _own(tandem, link.side)), tandem


def _own(tandem: Tandem, side: SideName) -> str:
    return tandem.a_id if side is SideName.A else tandem.b_id


def _names(session: Session, tandem: Tandem, side: SideName) -> dict[str, str]:
    own = _own(tandem, side)
    partner = tandem.b_id if own == tandem.a_id else tandem.a_id
    carded = communities.carded(session, [own, partner])
    return {"community": carded[own].name, "partner": carded[partner].name}
