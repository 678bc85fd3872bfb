"""A year in one call: drafts of its meetups, and of a round some weeks before each. Nothing starts by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.companies import service as companies
from app.core.dates import at_local, local, months_later, today_in
from app.core.errors import Problem, Unprocessable
from app.core.i18n import Language, mark, translate
from app.meetups import planning as dates
from app.meetups import service as meetups
from app.meetups.models import Meetup
from app.meetups.schemas import MeetupCreate
from app.notifications.letters import language_of
from app.programme.schemas import PlanCreate
from app.rounds import service as rounds
from app.rounds.models import Round
from app.rounds.schemas import RoundCreate

QUARTERS = (0, 3, 6, 9)
# Inputs know no times from 2200 on, and long before that a meetup is too far away.
_FAR = 2199


class PlanWithoutDates(Unprocessable):
    slug = "plan-without-dates"
    title = mark("When are the meetups?")
    detail = mark(
        "Name either `meetups` with their dates, or `first`, from which one follows in each quarter. Nothing was "
        "stored."
    )


class PlanNotPossible(Unprocessable):
    slug = "plan-not-possible"
    title = mark("The plan is not possible as it is")
    detail = mark("See `errors`: each entry names the place and what to change. Nothing was stored.")


_SAME_DAY = mark("is on the same day as another meetup of the plan; choose another day")
_ROUND_IS_OVER = mark(
    "its round would be to be started on {day}, which is over; choose a later date, fewer `round_weeks_before`, or "
    "null"
)
_NUMBERED = mark("{title}, {number} of {count}")
_ROUND_BEFORE = mark("Round before {meetup}")


@dataclass(frozen=True, slots=True)
class Year:
    """What a plan has made: meetups by their start, their rounds in the same order."""

    meetups: list[Meetup]
    rounds: list[Round]

    @property
    def ids(self) -> str:
        """What `known` finds it by."""
        return " ".join([*(one.id for one in self.meetups), *(one.id for one in self.rounds)])


@dataclass(frozen=True, slots=True)
class _Date:
    """One meetup as it was asked for, and where in the body."""

    pointer: str
    starts_at: datetime
    title: str | None = None


def plan(session: Session, caller: Caller, wish: PlanCreate, language: Language) -> Year:
    """All drafts, or none and everything that stands against them at once.

    Raises PlanWithoutDates, PlanNotPossible.
    """
    caller.require(Role.ORGANIZER, Role.OPERATOR)
    asked = sorted(_dates(wish), key=lambda one: _moment(one.starts_at, wish.time_zone))
    wishes = [_meetup(wish, number, one, len(asked)) for number, one in enumerate(asked)]
    errors = _hosts_unknown(session, wish, language)
    errors += _not_possible(wish, asked, wishes, language)
    if errors:
        raise PlanNotPossible(errors=errors)
    made = [meetups.create(session, caller, one) for one in wishes if one is not None]
    return Year(made, [] if wish.round_weeks_before is None else [_round(session, caller, wish, one) for one in made])


def known(session: Session, caller: Caller, ids: str) -> Year:
    """What was made before, as it is now."""
    of_meetups = [one for one in ids.split() if one.startswith("mtp_")]
    of_rounds = [one for one in ids.split() if one.startswith("rnd_")]
    return Year(
        [meetups.get(session, caller, one) for one in of_meetups],
        [rounds.get(session, caller, one) for one in of_rounds],
    )


def quarterly(first: datetime) -> Iterator[datetime]:
    """The same weekday of the month and the same time, in each quarter from then on: the second Thursday, say. After
    a fifth one, which not every month has, the last."""
    number = (first.day - 1) // 7
    for months in QUARTERS:
        month = months_later(first.date().replace(day=1), months)
        day = month + timedelta(days=(first.weekday() - month.weekday()) % 7 + 7 * number)
        if day.month != month.month:
            day -= timedelta(weeks=1)
        yield datetime.combine(day, first.time())


def _dates(wish: PlanCreate) -> list[_Date]:
    if (wish.meetups is None) == (wish.first is None):
        raise PlanWithoutDates
    if wish.first is not None:
        there = wish.first if wish.first.tzinfo is None else local(wish.first, wish.time_zone).replace(tzinfo=None)
        return [_Date("/first", starts_at) for starts_at in quarterly(there)]
    return [
        _Date(f"/meetups/{number}/starts_at", one.starts_at, one.title)
        for number, one in enumerate(wish.meetups or ())
    ]


def _moment(starts_at: datetime, zone: str) -> datetime:
    """When it is, or would be if the clocks did not skip it."""
    if starts_at.tzinfo is not None:
        return starts_at.astimezone(UTC)
    return at_local(starts_at, zone) or starts_at.replace(tzinfo=UTC)


def _meetup(wish: PlanCreate, number: int, one: _Date, count: int) -> MeetupCreate | None:
    """The meetup as its own room reads it; None for one that no body could name."""
    if one.starts_at.year >= _FAR:
        return None
    hosts = wish.host_company_ids
    skipped = one.starts_at.tzinfo is None and at_local(one.starts_at, wish.time_zone) is None
    begins = one.starts_at if skipped else _moment(one.starts_at, wish.time_zone)
    said = language_of(wish.language)
    return MeetupCreate(
        title=one.title or translate(_NUMBERED, said, title=wish.title, number=number + 1, count=count),
        language=wish.language,
        purpose=wish.purpose,
        starts_at=begins,
        ends_at=begins + timedelta(minutes=wish.minutes),
        time_zone=wish.time_zone,
        host_company_id=hosts[number % len(hosts)] if hosts else None,
        capacity=wish.capacity,
        limit_per_company=wish.limit_per_company,
    )


def _hosts_unknown(session: Session, wish: PlanCreate, language: Language) -> list[dict[str, str]]:
    return [
        _error(f"/host_company_ids/{number}", meetups.HostUnknown(company_id=one).told(language))
        for number, one in enumerate(wish.host_company_ids)
        if not companies.takes_part(session, one)
    ]


def _not_possible(
    wish: PlanCreate, asked: Sequence[_Date], wishes: Sequence[MeetupCreate | None], language: Language
) -> list[dict[str, str]]:
    """What stands against each date, in the order of time."""
    errors: list[dict[str, str]] = []
    days: set[date] = set()
    for one, meetup in zip(asked, wishes, strict=True):
        try:
            if meetup is None:
                raise dates.MeetupTooFar
            starts_at = dates.planned(meetup).starts_at
        except Problem as problem:
            errors.append(_error(one.pointer, problem.told(language)))
            continue
        day, starts_on = local(starts_at, wish.time_zone).date(), _round_day(wish, starts_at)
        if day in days:
            errors.append(_error(one.pointer, translate(_SAME_DAY, language)))
        if starts_on is not None and starts_on < today_in(wish.time_zone):
            errors.append(_error(one.pointer, translate(_ROUND_IS_OVER, language, day=starts_on.isoformat())))
        days.add(day)
    return errors


def _round_day(wish: PlanCreate, starts_at: datetime) -> date | None:
    """The day on which the round before a meetup is to be started, where it takes place."""
    if wish.round_weeks_before is None:
        return None
    return local(starts_at, wish.time_zone).date() - timedelta(weeks=wish.round_weeks_before)


def _round(session: Session, caller: Caller, wish: PlanCreate, meetup: Meetup) -> Round:
    """Of everybody who is published: before a meetup nobody has met there yet."""
    draft = RoundCreate(
        title=translate(_ROUND_BEFORE, language_of(wish.language), meetup=meetup.title),
        settings=wish.round_settings,
        planned_on=_round_day(wish, meetup.starts_at),
    )
    return rounds.create(session, caller, draft)


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
