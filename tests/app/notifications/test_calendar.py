"""Calendar files as calendars read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from icalendar import Calendar, Event

from app.notifications import calendar
from app.notifications.calendar import Entry, feed, invitation

BERLIN = ZoneInfo("Europe/Berlin")


def entry(
    starts_at: datetime = datetime(2026, 12, 1, 9, tzinfo=UTC),
    *,
    uid: str = "exc_1@tandem.example",
    sequence: int = 0,
    time_zone: str = "Europe/Berlin",
    summary: str = "Tandem",
    attendees: tuple[str, ...] = (),
    organizer: str | None = None,
) -> Entry:
    return Entry(
        uid=uid,
        sequence=sequence,
        starts_at=starts_at,
        minutes=60,
        time_zone=time_zone,
        summary=summary,
        description="Nothing that competition law forbids.",
        place="https://meet.example/1",
        status="confirmed",
        attendees=attendees,
        organizer=organizer,
    )


def read(content: bytes) -> Calendar:
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    found = Calendar.from_ical(content)
    assert isinstance(found, Calendar)
    return found


def events(content: bytes) -> list[Event]:
    return list(read(content).events)


def moment(event: Event, name: str) -> datetime:
    found: datetime = event.decoded(name)
    return found


def test_an_invitation_says_when_where_and_what() -> None:
    sent = datetime(2026, 11, 20, 8, tzinfo=UTC)

    with time_machine.travel(sent, tick=False):
        content = invitation(entry(organizer="tandem@own.example", attendees=("a@x.example", "b@y.example")))

    found = read(content)
    [event] = found.events
    assert (found["method"], found["version"], str(found["prodid"])) == ("REQUEST", "2.0", calendar.PRODUCT)
    assert {
        name: event.get(name) for name in ("uid", "sequence", "summary", "description", "location", "status")
    } == {
        "uid": "exc_1@tandem.example",
        "sequence": 0,
        "summary": "Tandem",
        "description": "Nothing that competition law forbids.",
        "location": "https://meet.example/1",
        "status": "CONFIRMED",
    }
    assert (moment(event, "dtstamp"), moment(event, "dtstart"), moment(event, "dtend")) == (
        sent,
        datetime(2026, 12, 1, 10, tzinfo=BERLIN),
        datetime(2026, 12, 1, 11, tzinfo=BERLIN),
    )
    assert event["organizer"] == "mailto:tandem@own.example"
    assert event["attendee"] == ["mailto:a@x.example", "mailto:b@y.example"]


def test_a_meeting_that_moves_keeps_its_uid_and_counts_on_and_one_taken_out_is_cancelled() -> None:
    first = entry()
    moved = entry(datetime(2026, 12, 8, 9, tzinfo=UTC), sequence=1)

    files = [invitation(first), invitation(moved), invitation(moved, cancelled=True)]

    assert [read(one)["method"] for one in files] == ["REQUEST", "REQUEST", "CANCEL"]
    found = [events(one)[0] for one in files]
    assert [(one["uid"], one["sequence"], one["status"]) for one in found] == [
        ("exc_1@tandem.example", 0, "CONFIRMED"),
        ("exc_1@tandem.example", 1, "CONFIRMED"),
        ("exc_1@tandem.example", 1, "CANCELLED"),
    ]
    assert [moment(one, "dtstart").day for one in found] == [1, 8, 8]
    assert "attendee" not in found[0]
    assert "organizer" not in found[0]


def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change() -> None:
    days = [date(2026, 10, 24), date(2026, 10, 26), date(2027, 3, 27), date(2027, 3, 29)]
    meetings = [
        entry(datetime(day.year, day.month, day.day, 10, tzinfo=BERLIN).astimezone(UTC), uid=str(number))
        for number, day in enumerate(days)
    ]

    content = feed("Ours", meetings)

    lines = content.decode().replace("\r\n ", "").split("\r\n")
    starts = [line for line in lines if line.startswith("DTSTART;")]
    assert starts == [f"DTSTART;TZID=Europe/Berlin:{day:%Y%m%d}T100000" for day in days]
    assert [moment(one, "dtstart").astimezone(UTC).hour for one in events(content)] == [8, 9, 9, 8]


def test_a_zone_tells_each_change_of_its_clocks_by_the_time_before_it() -> None:
    [zone] = read(invitation(entry(datetime(2026, 6, 1, 8, tzinfo=UTC)))).timezones

    changes = [one.to_ical().decode().split("\r\n")[:-1] for one in zone.subcomponents]
    assert changes == [
        clocks("STANDARD", "20251201T010000", "+0100", "+0100", "CET"),
        clocks("DAYLIGHT", "20260329T020000", "+0100", "+0200", "CEST"),
        clocks("STANDARD", "20261025T030000", "+0200", "+0100", "CET"),
    ]


def clocks(kind: str, start: str, offset_from: str, offset_to: str, name: str) -> list[str]:
    told = {"DTSTART": start, "TZNAME": name, "TZOFFSETFROM": offset_from, "TZOFFSETTO": offset_to}
    return [f"BEGIN:{kind}", *(f"{key}:{value}" for key, value in told.items()), f"END:{kind}"]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Africa/Casablanca", "UTC"])
def test_every_hour_of_a_year_is_the_same_moment_after_reading(name: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [begin + timedelta(hours=number) for number in range(24 * 365)]
    # Hours in which nothing changes are many and all the same.
    changing = [
        one
        for one in moments
        if one.day == 1
        or one.astimezone(ZoneInfo(name)).utcoffset()
        != (one - timedelta(hours=20)).astimezone(ZoneInfo(name)).utcoffset()
    ]

    content = feed("All", [entry(one, uid=str(one), time_zone=name) for one in changing])

    found = events(content)
    assert [moment(one, "dtstart").astimezone(UTC) for one in found] == changing
    assert [moment(one, "dtend").astimezone(UTC) for one in found] == [one + timedelta(hours=1) for one in changing]


def test_an_hour_that_comes_twice_is_written_so_that_nobody_takes_the_other_one() -> None:
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    content = invitation(entry(second_half_past_two))

    assert b"DTSTART:20261025T013000Z" in content


@pytest.mark.parametrize("number", [0, 300])
def test_a_feed_holds_however_many_there_are(number: int) -> None:
    content = feed(
        "Datenkreis, Süd; Nord",
        [entry(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=one), uid=f"{one}") for one in range(number)],
    )

    found = read(content)
    assert (str(found["x-wr-calname"]), str(found["name"]), found["method"]) == (
        "Datenkreis, Süd; Nord",
        "Datenkreis, Süd; Nord",
        "PUBLISH",
    )
    assert [one["uid"] for one in found.events] == [str(one) for one in range(number)]
    assert len(found.timezones) == (1 if number else 0)


@pytest.mark.parametrize(
    "name",
    [
        "Größe, Maß; Weg \\ und „Ziel“",
        "One\nTwo\r\nThree",
        "Evil\r\nATTENDEE:mailto:x@y.example\r\nEND:VEVENT",
        "ü" * 200,
        "Bell\x07 and nothing\x00",
    ],
)
def test_names_come_back_as_they_were_and_add_no_line_of_their_own(name: str) -> None:
    [event] = events(invitation(entry(summary=name)))

    told = name.replace("\r\n", "\n").replace("\x07", "").replace("\x00", "")
    assert str(event["summary"]) == told
    assert "attendee" not in event


def test_an_address_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        invitation(entry(attendees=("a@x.example\r\nX-EVIL:1",)))
