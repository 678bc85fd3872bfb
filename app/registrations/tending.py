"""What becomes due around meetups: each step takes some that are due and leaves none of them due.

Whoever was not reminded while the service was off is reminded while it still helps, and not asked about what is long
over.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from app.core import events
from app.core.clock import now
from app.core.dates import days_later
from app.core.settings import get_settings
from app.meetups import service as meetups
from app.meetups.models import TO_COME, Meetup, MeetupStatus
from app.registrations import places, totals
from app.registrations.models import Registration, RegistrationStatus

ARCHIVED_AFTER = timedelta(days=30)
ASKED_WITHIN = timedelta(days=14)
"""So long after the end people are still asked how it was."""
_ANSWERS_COME = timedelta(days=2)
"""So long people are left to say how it was before they get the summary of it."""
SUMMED_UP_WITHIN = timedelta(days=30)
WEEK, DAY = 7, 1
_WEEK_TOO_LATE = 3
"""So many days before the start nobody is reminded of next week any more: the day before is near."""
# The clocks may change within that time, and the moment itself is reckoned by them.
_CLOCKS = timedelta(hours=2)

Step = Callable[[Session, int], int]


def lapse_offers(session: Session, limit: int) -> int:
    """Places that were not confirmed in time go to the next in line. One that somebody holds is left for later, as
    everywhere here: who tells of what has happened holds several, in whatever order."""
    overdue = select(Registration.meetup_id).where(
        col(Registration.status) == RegistrationStatus.OFFERED, col(Registration.offered_until) <= now()
    )
    found = _locked(session, limit, col(Meetup.status) != MeetupStatus.CANCELLED, col(Meetup.id).in_(overdue))
    for meetup in found:
        places.promote(session, meetup)
    return len(found)


def hold(session: Session, limit: int) -> int:
    """A meetup whose end is over has been held, unless somebody has said otherwise."""
    found = _locked(session, limit, col(Meetup.status).in_(TO_COME), col(Meetup.ends_at) <= now())
    for meetup in found:
        meetups.hold(session, meetup)
    return len(found)


def remind_a_week_before(session: Session, limit: int) -> int:
    """At the hour of the start, seven days before it; once for each start, so again after a move to another day.

    Who comes later gets the invitation only, and so does whoever was told just now: the letter sees to it.
    """
    return _remind(session, limit, WEEK, "meetup.week_before", too_late=_WEEK_TOO_LATE)


def remind_a_day_before(session: Session, limit: int) -> int:
    """As `remind_a_week_before`, a day before, and after a pause of the service until it begins."""
    return _remind(session, limit, DAY, "meetup.day_before", too_late=0)


def ask_how_it_was(session: Session, limit: int) -> int:
    """Whoever was there is asked once, as soon as it is over."""
    was_held = col(Meetup.status).in_((MeetupStatus.HELD, MeetupStatus.ARCHIVED))
    not_asked = col(Meetup.feedback_asked_at).is_(None)
    found = _locked(session, limit, was_held, not_asked, col(Meetup.ends_at) <= now())
    for meetup in found:
        meetup.feedback_asked_at = now()
        session.add(meetup)
    asked = [one.id for one in found if one.ends_at + ASKED_WITHIN > now()]
    events.record_many(session, "meetup.feedback_due", asked)
    return len(found)


def sum_up(session: Session, limit: int) -> int:
    """Three days after it what people said is fixed, and whoever was there gets the summary, unless an organizer has
    sent it; later where people were asked late how it was."""
    was_held = col(Meetup.status).in_((MeetupStatus.HELD, MeetupStatus.ARCHIVED))
    not_told = col(Meetup.summary_told_at).is_(None)
    is_over = col(Meetup.ends_at) <= now() - totals.TOLD_AFTER
    asked_before = now() - _ANSWERS_COME
    # So long after its end nobody was asked whose answer could be waited for.
    had_time = or_(col(Meetup.feedback_asked_at) <= asked_before, col(Meetup.ends_at) <= asked_before - ASKED_WITHIN)
    found = _locked(session, limit, was_held, not_told, is_over, had_time)
    for meetup in found:
        meetup.summary_told_at = now()
        session.add(meetup)
        totals.fix(session, meetup, get_settings().least_group)
    told = [one.id for one in found if one.ends_at + SUMMED_UP_WITHIN > now()]
    events.record_many(session, "meetup.summary_due", told)
    return len(found)


def fix_feedback(session: Session, limit: int) -> int:
    """Where too few had said how it was when the summary was sent, that is fixed as soon as there are enough."""
    was_sent, enough = col(Meetup.summary_told_at).is_not(None), totals.can_be_fixed(get_settings().least_group)
    found = _locked(session, limit, was_sent, enough)
    for meetup in found:
        totals.fix(session, meetup, get_settings().least_group)
    return len(found)


def archive(session: Session, limit: int) -> int:
    """Thirty days after it nothing is expected of it any more."""
    is_held = col(Meetup.status) == MeetupStatus.HELD
    found = _locked(session, limit, is_held, col(Meetup.ends_at) <= now() - ARCHIVED_AFTER)
    for meetup in found:
        meetups.archive(session, meetup)
    return len(found)


# In the order of a life: what a pause of the service has held up is done in one go.
STEPS: tuple[Step, ...] = (
    lapse_offers,
    remind_a_week_before,
    remind_a_day_before,
    hold,
    ask_how_it_was,
    sum_up,
    fix_feedback,
    archive,
)


def _remind(session: Session, limit: int, days: int, kind: str, *, too_late: int) -> int:
    """Note for which start this reminder is done, in time or not; how many."""
    done_for = "reminded_week_for" if days == WEEK else "reminded_day_for"
    done = col(getattr(Meetup, done_for))
    not_done = or_(done.is_(None), done != col(Meetup.starts_at))
    near = col(Meetup.starts_at) <= now() + timedelta(days=days) + _CLOCKS
    found = [
        one
        for one in _locked(session, limit, col(Meetup.status).in_(TO_COME), not_done, near)
        if days_later(one.starts_at, -days, one.time_zone) <= now()
    ]
    for meetup in found:
        setattr(meetup, done_for, meetup.starts_at)
        session.add(meetup)
    in_time = [one.id for one in found if days_later(one.starts_at, -too_late, one.time_zone) > now()]
    events.record_many(session, kind, in_time)
    return len(found)


def _locked(session: Session, limit: int, *which: ColumnElement[bool]) -> Sequence[Meetup]:
    """Meetups that are so, the earliest first, each locked; one that somebody holds at present is left for later."""
    query = select(Meetup).where(*which).order_by(col(Meetup.starts_at), col(Meetup.id)).limit(limit)
    locked = query.with_for_update(skip_locked=True, key_share=True)
    return session.exec(locked.execution_options(populate_existing=True)).all()
