"""What becomes due in the life of tandems: each step takes some that are due and leaves none of them due."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from app.core import events
from app.core.clock import now
from app.core.dates import days_later, months_later, today_in
from app.exchanges import queries
from app.exchanges import service as exchanges
from app.exchanges.models import Exchange, ExchangeStatus
from app.tandems import living
from app.tandems.models import Tandem, TandemStatus

ASKED_AFTER = timedelta(hours=6)
"""After the longest meeting, so that nobody is asked how it was while it goes on."""
TAKEN_AS_MISSED_AFTER = timedelta(days=14)
REMINDED_BEFORE = timedelta(days=7)
QUIET_AFTER = timedelta(days=14)
PULSE_AFTER_EXCHANGES = 3
# The database does not know whether half of a term is over, so all that wait are read: then more are asked at once.
_PULSES_FOR_ONE = 10

Step = Callable[[Session, int], int]


def ask_how_it_was(session: Session, limit: int) -> int:
    """Both sides of a meeting that should be over are asked, once."""
    moment = now()
    asked = queries.ask_how_it_was(session, moment - ASKED_AFTER, moment, limit)
    events.record_many(session, "exchange.over", asked)
    return len(asked)


def take_as_missed(session: Session, limit: int) -> int:
    """A meeting of which nobody says anything for two weeks is taken as missed; it can still be said to be held."""
    left = queries.left_open(session, now() - TAKEN_AS_MISSED_AFTER, limit)
    tandems = queries.locked(session, {tandem_id for tandem_id, _ in left})
    for tandem_id, exchange_id in left:
        exchange = session.get_one(Exchange, exchange_id, populate_existing=True)
        if exchange.status is ExchangeStatus.PLANNED:
            exchanges.miss(session, tandems[tandem_id], exchange)
    return len(left)


def remind_of_due(session: Session, limit: int) -> int:
    """Both sides are reminded a week before a meeting is due, where nothing is planned."""
    found = queries.due_without_plan(session, now() + REMINDED_BEFORE, limit, not_told=True)
    for tandem in found:
        tandem.due_told_at = tandem.next_due_at
        session.add(tandem)
    events.record_many(session, "exchange.due", [one.id for one in found])
    return len(found)


def ask_the_quiet(session: Session, limit: int) -> int:
    """Where a meeting was due two weeks ago and nothing is planned, both are asked kindly how it shall go on; the
    next one is due by the rhythm, and they are not reminded of that one once more."""
    found = queries.due_without_plan(session, now() - QUIET_AFTER, limit, not_told=False)
    for tandem in found:
        due_at = tandem.next_due_at or now()
        while due_at <= now():
            due_at = days_later(due_at, 7 * tandem.rhythm_weeks, tandem.time_zone)
        tandem.next_due_at = tandem.due_told_at = due_at
        tandem.version += 1
        session.add(tandem)
    events.record_many(session, "tandem.quiet", [one.id for one in found])
    return len(found)


def ask_for_pulse(session: Session, limit: int) -> int:
    """At half of the horizon, or after three exchanges of the term, both sides are asked once how it goes."""
    waiting = [one for one in queries.not_asked_for_pulse(session) if not living.is_renewable(one)]
    held = queries.held_since(session, {one.id: _term_began(one) for one in waiting})
    ready = [one.id for one in waiting if held[one.id] >= PULSE_AFTER_EXCHANGES or _is_half_time(one)]
    asked = [
        one
        for one in queries.locked(session, ready[: _PULSES_FOR_ONE * limit]).values()
        if one.status is TandemStatus.ACTIVE and one.pulse_asked < one.term
    ]
    for tandem in asked:
        tandem.pulse_asked = tandem.term
        session.add(tandem)
    events.record_many(session, "tandem.pulse_due", [one.id for one in asked])
    return len(asked)


# In the order of a life: what a pause or an end has held up is asked about on the same day, not on the next one.
STEPS: tuple[Step, ...] = (
    living.return_from_pause,
    living.end_of_horizon,
    living.close_run_out,
    living.ask_about_renewal,
    ask_how_it_was,
    take_as_missed,
    ask_the_quiet,
    remind_of_due,
    ask_for_pulse,
)


def _first_day(tandem: Tandem) -> date | None:
    return tandem.ends_on and months_later(tandem.ends_on, -tandem.horizon_months)


def _term_began(tandem: Tandem) -> datetime:
    first = _first_day(tandem)
    return tandem.started_at if first is None else datetime(first.year, first.month, first.day, tzinfo=UTC)


def _is_half_time(tandem: Tandem) -> bool:
    first = _first_day(tandem)
    if first is None or tandem.ends_on is None:
        return False
    return today_in(tandem.time_zone) >= first + (tandem.ends_on - first) / 2
