"""What the sides say: whether an exchange was useful, how it goes at half-time, why it ended. Never a score."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from app.access.service import Caller
from app.core import events
from app.core.clock import now
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import mark
from app.exchanges import queries
from app.exchanges import service as exchanges
from app.exchanges.at_hand import require_remembered
from app.exchanges.models import Exchange, ExchangeFeedback, Pulse, TandemPulse
from app.tandems import living
from app.tandems.living import WrongTandemState
from app.tandems.models import SideName, Tandem, TandemStatus

SAID_WITHIN = timedelta(days=30)
AT_END_WITHIN = timedelta(days=365)


class TooLateToSay(Conflict):
    slug = "too-late-to-say"
    title = mark("That was too long ago")
    detail = mark(
        "Whether a meeting was useful can be said for 30 days. Tell it to the other side when you next meet."
    )


class TermOver(Conflict):
    slug = "term-over"
    title = mark("The tandem is in another term by now")
    detail = mark("The question was about an earlier term. Nothing was changed; you are asked again in this one.")


class PulseOrFitted(Unprocessable):
    slug = "pulse-or-fitted"
    title = mark("One of the two questions")
    detail = mark("At half-time send `pulse`; at the end send `at_end` with `fitted`, with `why`, or with both.")


@dataclass(frozen=True, slots=True)
class UsefulCounts:
    """What was said of the exchanges of a round's tandems. Of how many companies: for whoever shows it."""

    useful: int
    not_useful: int
    companies: int


def say_useful(session: Session, caller: Caller, exchange_id: str, useful: bool) -> Exchange:
    """Whether one side found an exchange useful; said again it counts anew. Who says so was there: an exchange of
    which nothing was said yet is held with it."""
    exchange = exchanges.held(session, caller, exchange_id)
    if exchange.starts_at + SAID_WITHIN <= now():
        raise TooLateToSay
    _, side = living.get_as_side(session, caller, exchange.tandem_id)
    said = session.get(ExchangeFeedback, (exchange.id, side))
    if said is not None and said.useful is useful:
        return exchange
    said = said or ExchangeFeedback(exchange_id=exchange.id, side=side, useful=useful, said_at=now())
    said.useful, said.said_at = useful, now()
    session.add(said)
    return exchange


def say_pulse(
    session: Session,
    caller: Caller,
    tandem_id: str,
    pulse: Pulse | None,
    why: str | None = None,
    at_end: bool = False,
    fitted: bool | None = None,
    term: int | None = None,
) -> TandemPulse:
    """How a side wishes to go on, or at the end whether the two fitted; the latest word of a term counts.

    `pause` and `end_well` count at once, also before the two have met; `continue` in the last weeks of a term renews
    it; `adjust` is told to the other side. `term`: of which the question was; of another one it is refused. Raises
    TermOver, PulseOrFitted, WrongTandemState, TandemForgotten.
    """
    tandem, side = living.get_as_side(session, caller, tandem_id, for_update=True)
    if term not in (None, tandem.term):
        raise TermOver
    if at_end:
        _require_end(tandem, pulse, why, fitted)
    else:
        _require_half_time(tandem, pulse, fitted)
    said = session.get(TandemPulse, (tandem.id, side, tandem.term, at_end)) or TandemPulse(
        tandem_id=tandem.id, side=side, term=tandem.term, at_end=at_end, said_at=now()
    )
    said.pulse, said.fitted, said.why, said.said_at = pulse, fitted, why, now()
    session.add(said)
    if pulse is not None:
        _follow(session, caller, tandem, pulse)
    return said


def which(pulse: TandemPulse) -> str:
    """A short text that finds it again, see `said_before`."""
    return f"{pulse.side.value}.{pulse.term}.{int(pulse.at_end)}"


def said_before(session: Session, caller: Caller, tandem_id: str, named: str) -> TandemPulse:
    """What was said by an earlier request, as it stands now."""
    tandem, _ = living.get_as_side(session, caller, tandem_id)
    side, term, at_end = named.split(".")
    return session.get_one(TandemPulse, (tandem.id, SideName(side), int(term), at_end == "1"))


def useful_share(session: Session, round_id: str) -> UsefulCounts:
    """How many exchanges of a round's tandems were said to be useful, and how many not."""
    said = queries.useful_in_round(session, round_id)
    useful = sum(one for _, one in said)
    return UsefulCounts(useful, len(said) - useful, len({company for company, _ in said}))


def _require_half_time(tandem: Tandem, pulse: Pulse | None, fitted: bool | None) -> None:
    if pulse is None or fitted is not None:
        raise PulseOrFitted
    needed = (TandemStatus.STARTING, TandemStatus.ACTIVE, TandemStatus.PAUSED, TandemStatus.CLOSING)
    if tandem.status not in needed:
        raise WrongTandemState(status=tandem.status.value, needed=", ".join(needed))


def _require_end(tandem: Tandem, pulse: Pulse | None, why: str | None, fitted: bool | None) -> None:
    if pulse is not None or (fitted is None and why is None):
        raise PulseOrFitted
    needed = (TandemStatus.CLOSING, TandemStatus.CLOSED)
    # Later nothing personal is left of it, and nothing comes in again.
    is_open = tandem.closed_at is None or tandem.closed_at + AT_END_WITHIN > now()
    if tandem.status not in needed or not is_open:
        raise WrongTandemState(status=tandem.status.value, needed=", ".join(needed))
    require_remembered(tandem)


def _follow(session: Session, caller: Caller, tandem: Tandem, pulse: Pulse) -> None:
    match pulse:
        case Pulse.PAUSE if tandem.status is not TandemStatus.PAUSED:
            living.pause(session, caller, tandem.id, None)
        case Pulse.END_WELL:
            living.start_closing(session, caller, tandem.id)
        case Pulse.CONTINUE if tandem.status is not TandemStatus.STARTING and living.is_renewable(tandem):
            living.renew(session, caller, tandem.id, None)
        case Pulse.ADJUST:
            events.record(session, "tandem.adjust_wished", tandem.id)
