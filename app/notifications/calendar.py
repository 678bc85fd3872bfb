"""Calendar files (RFC 5545): an invitation to one meeting, its update or cancellation, and a feed of many."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress

from app.core.clock import now

PRODUCT = "-//C3 Tandem//C3 Tandem//EN"
REFRESHED_EVERY = timedelta(hours=4)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IS_UTC = frozenset(("UTC", "Etc/UTC"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting as calendars show it.

    uid : stays the same for as long as it is the same meeting. sequence : one more with each change that is sent.
    time_zone : an IANA name; in it the meeting keeps its local time. attendees, organizer : mail addresses.
    """

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    time_zone: str
    summary: str
    description: str
    place: str | None
    status: Literal["confirmed", "cancelled"]
    attendees: tuple[str, ...] = ()
    organizer: str | None = None
    url: str | None = None
    """Where everybody may read more."""
    stamp: datetime | None = None
    """Since when it is so; None: since the file is made."""


def invitation(entry: Entry, *, cancelled: bool = False) -> bytes:
    """A file that puts the meeting into a calendar, moves it there, or takes it out."""
    taken_out = cancelled or entry.status == "cancelled"
    calendar = _calendar([entry], cancelled=taken_out)
    calendar.add("method", "CANCEL" if taken_out else "REQUEST")
    return _written(calendar)


def feed(name: str, entries: Sequence[Entry]) -> bytes:
    """A calendar to subscribe to; without entries it is an empty one."""
    calendar = _calendar(entries)
    calendar.add("method", "PUBLISH")
    # The name twice: RFC 7986 and what calendars have read before it. So with how often to look again.
    calendar.add("name", _clean(name))
    calendar.add("x-wr-calname", _clean(name))
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESHED_EVERY // timedelta(hours=1)}H")
    return _written(calendar)


def _written(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content


def _calendar(entries: Sequence[Entry], *, cancelled: bool = False) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for zone in _zones(entries):
        calendar.add_component(zone)
    moment = now()
    for entry in entries:
        calendar.add_component(
            _event(entry, entry.stamp or moment, cancelled=cancelled or entry.status == "cancelled")
        )
    return calendar


def _event(entry: Entry, stamp: datetime, *, cancelled: bool) -> Event:
    event = Event()
    starts, ends = _local(entry)
    event.add("uid", _clean(entry.uid))
    event.add("dtstamp", stamp)
    event.add("sequence", entry.sequence)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("summary", _clean(entry.summary))
    event.add("description", _clean(entry.description))
    if entry.place:
        event.add("location", _clean(entry.place))
    if entry.url:
        event.add("url", entry.url)
    if entry.organizer:
        event.add("organizer", vCalAddress(f"mailto:{entry.organizer}"))
    for address in entry.attendees:
        event.add("attendee", vCalAddress(f"mailto:{address}"), parameters={"ROLE": "REQ-PARTICIPANT"})
    return event


def _local(entry: Entry) -> tuple[datetime, datetime]:
    """When it starts and ends, in its zone; in UTC where the clocks show that time twice and mean the second one,
    for a file cannot say so."""
    zone: tzinfo = UTC if entry.time_zone in _IS_UTC else ZoneInfo(entry.time_zone)
    begin = entry.starts_at.astimezone(UTC)
    starts, ends = begin.astimezone(zone), (begin + timedelta(minutes=entry.minutes)).astimezone(zone)
    if starts.fold or ends.fold:
        return starts.astimezone(UTC), ends.astimezone(UTC)
    return starts, ends


def _zones(entries: Iterable[Entry]) -> list[Timezone]:
    """What each zone's clocks show in the years of its entries."""
    years: dict[str, list[int]] = {}
    for entry in entries:
        if entry.time_zone not in _IS_UTC:
            years.setdefault(entry.time_zone, []).append(entry.starts_at.year)
    # A day of the next or the last year can be meant where it is another day in UTC, or the meeting ends after it.
    return [_zone(name, date(min(of) - 1, 12, 1), date(max(of) + 1, 2, 1)) for name, of in sorted(years.items())]


@lru_cache(maxsize=64)
def _zone(name: str, first: date, last: date) -> Timezone:
    """The zone from one day to another, each change of its clocks written out.

    The library can make one too, but it puts the start of summer time an hour late: RFC 5545 wants the time that the
    clocks show before they change.
    """
    zone = ZoneInfo(name)
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    component = Timezone()
    component.add("tzid", name)
    component.add_component(_clocks(begin, begin, zone))
    for change in _changes(zone, begin, end):
        component.add_component(_clocks(change - timedelta(seconds=1), change, zone))
    return component


def _clocks(before: datetime, since: datetime, zone: ZoneInfo) -> TimezoneStandard | TimezoneDaylight:
    earlier, later = before.astimezone(zone), since.astimezone(zone)
    # An offset is always known in a zone.
    offset_from, offset_to = earlier.utcoffset() or timedelta(), later.utcoffset() or timedelta()
    component = TimezoneDaylight() if later.dst() else TimezoneStandard()
    component.add("dtstart", (since + offset_from).replace(tzinfo=None))
    component.add("tzoffsetfrom", offset_from)
    component.add("tzoffsetto", offset_to)
    component.add("tzname", later.tzname() or "")
    return component


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """The moments at which the clocks change."""

    def shown(moment: datetime) -> tuple[timedelta | None, str | None]:
        local = moment.astimezone(zone)
        return local.utcoffset(), local.tzname()

    found = []
    for number in range((end - begin).days):
        early, late = begin + timedelta(days=number), begin + timedelta(days=number + 1)
        if shown(early) == shown(late):
            continue
        while late - early > timedelta(seconds=1):
            middle = early + (late - early) // 2
            early, late = (middle, late) if shown(middle) == shown(early) else (early, middle)
        found.append(late.replace(microsecond=0))
    return found


def _clean(text: str) -> str:
    """Without what no line of a calendar may hold; line breaks are written as such by the library."""
    return _CONTROL.sub("", text)
