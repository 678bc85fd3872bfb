"""How a tandem lives: agreed on, paused, renewed, brought to a good end. Every step by either side.

starting -> active <-> paused        starting, active, paused -> closing -> closed        closing -> active (renewed)
"""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col

from app.access.models import Role
from app.access.service import Caller
from app.communities.models import Community
from app.communities.service import PauseInThePast
from app.companies.models import Company
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.dates import days_later, local, months_later, today_in
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import mark
from app.tandems import closing, queries, queries_tandems
from app.tandems.ending import close_where
from app.tandems.models import SideName, Tandem, TandemEnding, TandemStatus
from app.tandems.schemas import TandemUpdate

PAUSED_FOR = timedelta(weeks=8)
LONGEST_PAUSE_MONTHS = 12
KICKED_OFF_WITHIN = timedelta(weeks=12)
"""A tandem that has not met by then is brought to its end kindly."""
KICK_OFF_DUE_AFTER = timedelta(weeks=2)
CLOSES_AFTER = timedelta(days=30)
RENEWABLE_BEFORE = timedelta(days=28)
"""So long before the end of its horizon a tandem can be renewed, and both are asked."""

_GOES_ON = (TandemStatus.STARTING, TandemStatus.ACTIVE)
_SPEAKS = (Role.COORDINATOR, Role.PORTAL, Role.MANAGER)
_MAY_CHANGE = (Role.OPERATOR, *_SPEAKS)


class WrongTandemState(Conflict):
    slug = "wrong-tandem-state"
    title = mark("The tandem is at another point")
    detail = mark("The tandem is {status}; this step is possible only when it is one of these: {needed}.")


class PauseTooLong(Unprocessable):
    slug = "pause-too-long"
    title = mark("That is too long for a pause")
    detail = mark("A tandem pauses for at most 12 months. Choose a day up to {latest}, or close it with thanks.")


class RenewedTooEarly(Conflict):
    slug = "renewed-too-early"
    title = mark("The tandem goes on anyway")
    detail = mark("It goes on until {ends_on} already. It can be renewed from {opens_on} on.")


class HorizonInThePast(Unprocessable):
    slug = "horizon-in-the-past"
    title = mark("The time of the tandem would be over")
    detail = mark("With {months} months it would have ended already. Choose more, or close the tandem with thanks.")


def agree(session: Session, tandem: Tandem) -> None:
    """What a new tandem begins with: of the wishes of both the slower rhythm, the shorter meeting and the nearer
    horizon, so that nobody is asked for more than it wished for."""
    both = [session.get_one(Community, one) for one in (tandem.a_id, tandem.b_id)]
    tandem.rhythm_weeks = max((one.rhythm_weeks for one in both if one.rhythm_weeks), default=tandem.rhythm_weeks)
    lengths = (one.meeting_minutes for one in both if one.meeting_minutes)
    tandem.meeting_minutes = min(lengths, default=tandem.meeting_minutes)
    horizons = (one.horizon_months for one in both if one.horizon_months)
    tandem.horizon_months = min(horizons, default=tandem.horizon_months)
    tandem.time_zone = both[0].time_zone or session.get_one(Company, both[0].company_id).time_zone
    tandem.next_due_at = days_later(tandem.started_at, KICK_OFF_DUE_AFTER.days, tandem.time_zone)
    tandem.ends_on = local(tandem.started_at, tandem.time_zone).date() + KICKED_OFF_WITHIN


def get_as_side(
    session: Session, caller: Caller, tandem_id: str, *, for_update: bool = False
) -> tuple[Tandem, SideName]:
    """The tandem, and which of the two the caller speaks for. Raises TandemNotFound, RoleNotEnough."""
    tandem = closing.get(session, caller, tandem_id, for_update=for_update)
    caller.require(*_SPEAKS)
    return tandem, queries.own_sides(session, caller, [tandem.suggestion_id])[tandem.suggestion_id]


def change(session: Session, caller: Caller, tandem_id: str, wish: TandemUpdate, if_match: str | None) -> Tandem:
    """Another rhythm, length, horizon or time zone. What is due next, and the end, move along."""
    tandem = _changeable(session, caller, tandem_id)
    require_match(if_match, queries_tandems.tag(session, tandem))
    _require(tandem, *_GOES_ON, TandemStatus.PAUSED)
    named = wish.model_dump(exclude_unset=True)
    weeks, months = tandem.rhythm_weeks, tandem.horizon_months
    for name, value in named.items():
        setattr(tandem, name, value)
    if tandem.kicked_off_at is not None:
        _move_along(tandem, tandem.rhythm_weeks - weeks, tandem.horizon_months - months)
    _store(session, tandem, "tandem.changed")
    return tandem


def pause(session: Session, caller: Caller, tandem_id: str, until: date | None) -> Tandem:
    """Rest until a day, on which it goes on by itself. Of one that rests already the day is set anew."""
    tandem = _changeable(session, caller, tandem_id)
    _require(tandem, *_GOES_ON, TandemStatus.PAUSED)
    today = today_in(tandem.time_zone)
    until = until or today + PAUSED_FOR
    if until <= today:
        raise PauseInThePast
    latest = months_later(tandem.paused_on or today, LONGEST_PAUSE_MONTHS)
    if until > latest:
        raise PauseTooLong(latest=latest.isoformat())
    tandem.status, tandem.paused_until = TandemStatus.PAUSED, until
    tandem.paused_on = tandem.paused_on or today
    _store(session, tandem, "tandem.paused")
    return tandem


def resume(session: Session, caller: Caller, tandem_id: str) -> Tandem:
    """Go on before the day."""
    tandem = _changeable(session, caller, tandem_id)
    _require(tandem, TandemStatus.PAUSED)
    _go_on(session, tandem)
    return tandem


def renew(session: Session, caller: Caller, tandem_id: str, horizon_months: int | None = None) -> Tandem:
    """Another term, in the last weeks of the present one or while the tandem is closing."""
    tandem = _changeable(session, caller, tandem_id)
    _require(tandem, *_GOES_ON, TandemStatus.CLOSING)
    if not is_renewable(tandem):
        ends_on = tandem.ends_on or today_in(tandem.time_zone)
        raise RenewedTooEarly(ends_on=ends_on.isoformat(), opens_on=(ends_on - RENEWABLE_BEFORE).isoformat())
    tandem.horizon_months = horizon_months or tandem.horizon_months
    today = today_in(tandem.time_zone)
    if tandem.kicked_off_at is None:
        tandem.status, tandem.ends_on = TandemStatus.STARTING, today + KICKED_OFF_WITHIN
    else:
        begins = max(tandem.ends_on or today, today)
        tandem.status, tandem.ends_on = TandemStatus.ACTIVE, months_later(begins, tandem.horizon_months)
    if tandem.closes_on is not None:
        # Nobody is asked at once for a meeting that was due while the two were about to part.
        tandem.next_due_at = max(tandem.next_due_at or now(), now() + KICK_OFF_DUE_AFTER)
    tandem.closes_on, tandem.term = None, tandem.term + 1
    _store(session, tandem, "tandem.renewed")
    return tandem


def is_renewable(tandem: Tandem) -> bool:
    """Whether it is time to decide about another term."""
    if tandem.status is TandemStatus.CLOSING:
        return True
    ends_soon = tandem.ends_on is None or tandem.ends_on - RENEWABLE_BEFORE <= today_in(tandem.time_zone)
    return tandem.status in _GOES_ON and ends_soon


def rotate(session: Session, caller: Caller, tandem_id: str) -> Tandem:
    """Close with thanks, to meet another partner: the places of both are free at once."""
    tandem = _changeable(session, caller, tandem_id)
    close_where(session, col(Tandem.id) == tandem.id, TandemEnding.ROTATED)
    session.refresh(tandem)
    return tandem


def start_closing(session: Session, caller: Caller, tandem_id: str) -> Tandem:
    """Bring it to a good end: time for the harvest, then it is closed with thanks. The same again changes nothing."""
    tandem = _changeable(session, caller, tandem_id)
    _require(tandem, *_GOES_ON, TandemStatus.PAUSED, TandemStatus.CLOSING)
    if tandem.status is not TandemStatus.CLOSING:
        _begin_to_close(session, tandem)
    return tandem


def met(session: Session, tandem: Tandem, at: datetime, host: SideName) -> None:
    """The two have met, `host` being the host. The first time the horizon begins. One that is closed stays so."""
    if tandem.status is TandemStatus.CLOSED:
        return
    if tandem.kicked_off_at is None:
        tandem.kicked_off_at = at
        tandem.ends_on = months_later(local(at, tandem.time_zone).date(), tandem.horizon_months)
        if tandem.status is not TandemStatus.PAUSED:
            tandem.status, tandem.closes_on = TandemStatus.ACTIVE, None
    tandem.next_host = host.other
    due_again(session, tandem, at)


def due_again(session: Session, tandem: Tandem, at: datetime) -> None:
    """What was planned for then is over: the next meeting is due by the rhythm."""
    due_at = days_later(at, 7 * tandem.rhythm_weeks, tandem.time_zone)
    if tandem.status is not TandemStatus.CLOSED:
        tandem.next_due_at = max(tandem.next_due_at or due_at, due_at)
        _store(session, tandem)


def return_from_pause(session: Session, limit: int) -> int:
    """Those whose day has come go on; how many."""
    found = queries_tandems.whose_day_has_come(session, "paused_until", (TandemStatus.PAUSED,), limit)
    for tandem in found:
        _go_on(session, tandem)
    return len(found)


def end_of_horizon(session: Session, limit: int) -> int:
    """Those whose time is over begin to close; how many."""
    found = queries_tandems.whose_day_has_come(session, "ends_on", _GOES_ON, limit)
    for tandem in found:
        _begin_to_close(session, tandem)
    return len(found)


def close_run_out(session: Session, limit: int) -> int:
    """Those that had time enough for a good end are closed; how many."""
    found = queries_tandems.whose_day_has_come(session, "closes_on", (TandemStatus.CLOSING,), limit)
    close_where(session, col(Tandem.id).in_([one.id for one in found]), TandemEnding.RUN_OUT)
    return len(found)


def ask_about_renewal(session: Session, limit: int) -> int:
    """Both sides of those that end soon are asked whether they go on, once a term; how many."""
    not_asked = col(Tandem.renewal_asked) < col(Tandem.term)
    found = queries_tandems.whose_day_has_come(
        session, "ends_on", (TandemStatus.ACTIVE,), limit, before=RENEWABLE_BEFORE, which=not_asked
    )
    for tandem in found:
        tandem.renewal_asked = tandem.term
        session.add(tandem)
    events.record_many(session, "tandem.renewal_due", [one.id for one in found])
    return len(found)


def _go_on(session: Session, tandem: Tandem) -> None:
    """What was to come moves by the days of the pause."""
    today = today_in(tandem.time_zone)
    days = (today - (tandem.paused_on or today)).days
    if tandem.ends_on is not None:
        tandem.ends_on += timedelta(days=days)
    if tandem.next_due_at is not None:
        tandem.next_due_at = days_later(tandem.next_due_at, days, tandem.time_zone)
    tandem.status = TandemStatus.STARTING if tandem.kicked_off_at is None else TandemStatus.ACTIVE
    tandem.paused_on = tandem.paused_until = None
    _ask_anew(tandem)
    _store(session, tandem, "tandem.resumed")


def _begin_to_close(session: Session, tandem: Tandem) -> None:
    tandem.status = TandemStatus.CLOSING
    tandem.paused_on = tandem.paused_until = None
    tandem.closes_on = today_in(tandem.time_zone) + CLOSES_AFTER
    _store(session, tandem, "tandem.closing")


def _move_along(tandem: Tandem, weeks: int, months: int) -> None:
    """Raises HorizonInThePast."""
    if weeks and tandem.next_due_at is not None:
        tandem.next_due_at = days_later(tandem.next_due_at, 7 * weeks, tandem.time_zone)
    if months and tandem.ends_on is not None:
        tandem.ends_on = months_later(tandem.ends_on, months)
        if tandem.ends_on <= today_in(tandem.time_zone):
            raise HorizonInThePast(months=tandem.horizon_months)
        _ask_anew(tandem)


def _ask_anew(tandem: Tandem) -> None:
    """Whoever was asked whether they go on is asked again where the end has moved away."""
    if tandem.ends_on is not None and tandem.ends_on - RENEWABLE_BEFORE > today_in(tandem.time_zone):
        tandem.renewal_asked = min(tandem.renewal_asked, tandem.term - 1)


def _changeable(session: Session, caller: Caller, tandem_id: str) -> Tandem:
    """The tandem, locked. Raises TandemNotFound, RoleNotEnough."""
    tandem = closing.get(session, caller, tandem_id, for_update=True)
    caller.require(*_MAY_CHANGE)
    return tandem


def _require(tandem: Tandem, *needed: TandemStatus) -> None:
    if tandem.status not in needed:
        raise WrongTandemState(status=tandem.status.value, needed=", ".join(needed))


def _store(session: Session, tandem: Tandem, event: str | None = None) -> None:
    tandem.version += 1
    session.add(tandem)
    if event is not None:
        events.record(session, event, tandem.id)
