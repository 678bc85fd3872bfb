"""When a meetup is: its start, its end, and until when people register, by the clocks of one time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.clock import now
from app.core.dates import at_local, local, next_shown
from app.core.errors import Unprocessable
from app.core.i18n import mark
from app.core.times import TimeInThePast, TimeSkipped
from app.meetups.models import Meetup
from app.meetups.schemas import MeetupCreate, MeetupUpdate

LONGEST_DAYS = 3
# The meetups of the year to come are planned before this one is over.
FARTHEST = timedelta(days=2 * 366)


class EndsBeforeStart(Unprocessable):
    slug = "meetup-ends-before-start"
    title = mark("The meetup would end before it starts")
    detail = mark("`ends_at` means {ends_at} in UTC and `starts_at` {starts_at}. Choose a later end.")


class MeetupTooLong(Unprocessable):
    slug = "meetup-too-long"
    title = mark("That is too long for a meetup")
    detail = mark("A meetup lasts at most {days} days. Choose an earlier end, or plan several meetups.")


class MeetupTooFar(Unprocessable):
    slug = "meetup-too-far"
    title = mark("That is too far away for a meetup")
    detail = mark("Meetups are planned for the next two years. Choose an earlier time.")


class RegistrationAfterStart(Unprocessable):
    slug = "registration-after-start"
    title = mark("Registration would end after the start")
    detail = mark(
        "`registration_until` means {until} in UTC, and the meetup starts at {starts_at}. Choose an earlier time, or "
        "leave it out: then people register until it starts."
    )


@dataclass(frozen=True, slots=True)
class Times:
    """Moments in UTC."""

    starts_at: datetime
    ends_at: datetime
    registration_until: datetime | None


def planned(wish: MeetupCreate) -> Times:
    """Of a new meetup, which is to come. Raises TimeSkipped, TimeInThePast and what is said above."""
    zone, until = wish.time_zone, wish.registration_until
    times = Times(
        _meant(wish.starts_at, zone), _meant(wish.ends_at, zone), None if until is None else _meant(until, zone)
    )
    _require_to_come(times.starts_at)
    return _checked(times)


def moved(meetup: Meetup, wish: MeetupUpdate) -> Times:
    """Of a meetup after a change: what is not named moves along with its start, by as much as the clocks show.

    A start that stays may be over, as long as the meetup is not held: its link or its end can be put right then.
    Raises what `planned` raises.
    """
    zone = wish.time_zone or meetup.time_zone
    starts_at = meetup.starts_at if wish.starts_at is None else _meant(wish.starts_at, zone)

    def along(moment: datetime) -> datetime:
        if starts_at == meetup.starts_at:
            return moment
        later = _wall(moment, meetup.time_zone) - _wall(meetup.starts_at, meetup.time_zone)
        return _meant(next_shown(_wall(starts_at, zone) + later, zone), zone)

    ends_at = along(meetup.ends_at) if wish.ends_at is None else _meant(wish.ends_at, zone)
    if "registration_until" in wish.model_fields_set:
        until = None if wish.registration_until is None else _meant(wish.registration_until, zone)
    else:
        until = None if meetup.registration_until is None else along(meetup.registration_until)
    if starts_at != meetup.starts_at:
        _require_to_come(starts_at)
    return _checked(Times(starts_at, ends_at, until))


def shown(moment: datetime) -> str:
    """For the words of a refusal."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _meant(time: datetime, zone: str) -> datetime:
    """The moment of a time with an offset, or of one that the clocks of a zone show. Raises TimeSkipped."""
    moment = time.astimezone(UTC) if time.tzinfo is not None else at_local(time, zone)
    if moment is None:
        wanted, then = (f"{wall:%Y-%m-%dT%H:%M}" for wall in (time, next_shown(time, zone)))
        raise TimeSkipped(time_zone=zone, wanted=wanted, next=then)
    return moment


def _require_to_come(starts_at: datetime) -> None:
    if starts_at <= now():
        raise TimeInThePast(moment=shown(starts_at))
    if starts_at > now() + FARTHEST:
        raise MeetupTooFar


def _checked(times: Times) -> Times:
    if times.ends_at <= times.starts_at:
        raise EndsBeforeStart(ends_at=shown(times.ends_at), starts_at=shown(times.starts_at))
    # An hour more, for three days in which the clocks are set back.
    if times.ends_at - times.starts_at > timedelta(days=LONGEST_DAYS, hours=1):
        raise MeetupTooLong(days=LONGEST_DAYS)
    if times.registration_until is not None and times.registration_until > times.starts_at:
        raise RegistrationAfterStart(until=shown(times.registration_until), starts_at=shown(times.starts_at))
    return times


def _wall(moment: datetime, zone: str) -> datetime:
    """What the clocks there show, without their distance from UTC."""
    return local(moment, zone).replace(tzinfo=None, fold=0)
