"""Days and hours where people live: a meeting at ten stays at ten when the clocks change."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core.clock import now


def today_in(zone: str) -> date:
    """The day that it is there now."""
    return local(now(), zone).date()


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks show there at this moment, with their distance from UTC."""
    return moment.astimezone(ZoneInfo(zone))


def at_local(wall: datetime, zone: str) -> datetime | None:
    """The moment at which the clocks there show this, in UTC. The first of two when they are set back; None for a
    time that they skip."""
    moment = wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    return moment if local(moment, zone).replace(tzinfo=None) == wall.replace(fold=0) else None


def next_shown(wall: datetime, zone: str) -> datetime:
    """The time itself or, where the clocks there skip it, the next one that they show."""
    while at_local(wall, zone) is None:
        wall = wall.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return wall


def comes_twice(moment: datetime, zone: str) -> bool:
    """Whether the clocks there show the same time once more, an hour before or after."""
    there = local(moment, zone)
    other = there.replace(fold=1 - there.fold)
    return other.utcoffset() != there.utcoffset() and at_local(there.replace(tzinfo=None), zone) is not None


def days_later(moment: datetime, days: int, zone: str) -> datetime:
    """The same time there, so many days on."""
    wall = local(moment, zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    found = at_local(next_shown(wall, zone), zone)
    assert found is not None  # noqa: S101  the clocks show it
    return found


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it has fewer."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
