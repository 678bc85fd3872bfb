"""Mails of meetups as people get them, with what they hold: text, links, an entry for the calendar."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage

from icalendar import Calendar

from app.core import jobs, links
from app.registrations.jobs import TEND_MEETUPS
from tests.app.registrations.conftest import Gathering


@dataclass(frozen=True)
class Entry:
    """What a calendar takes from a file."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    status: str
    location: str | None
    description: str
    attendees: list[str]
    organizer: str | None


@dataclass(frozen=True)
class Mailed:
    to: str
    subject: str
    language: str
    text: str
    links: list[str]
    entry: Entry | None

    def says(self, part: str) -> bool:
        """Wherever its lines break."""
        return part in " ".join(self.text.split())


@dataclass
class Post:
    """What has been mailed since somebody looked."""

    gathering: Gathering
    _seen: set[str] = field(default_factory=set)

    def new(self) -> list[Mailed]:
        """By whom it goes to; after everything has been worked off."""
        self.gathering.world.worker.run_until_idle()
        found = [one for one in self.gathering.world.mails() if one["Message-ID"] not in self._seen]
        self._seen |= {one["Message-ID"] for one in found}
        return sorted((_read(one) for one in found), key=lambda one: (one.to, one.subject))

    def only(self) -> Mailed:
        [mail] = self.new()
        return mail

    def subjects(self) -> list[tuple[str, str]]:
        """Who gets what."""
        return [(one.to.partition("@")[0], one.subject) for one in self.new()]

    def tended(self) -> list[tuple[str, str]]:
        """Who gets what by the clock; it looks twice, for nothing may come twice."""
        for _ in range(2):
            self.look()
            self.gathering.world.worker.run_until_idle()
        return self.subjects()

    def look(self) -> None:
        """It is time to look what is due."""
        with self.gathering.world.database.session() as session:
            jobs.enqueue(session, TEND_MEETUPS.name, "clock:tend_meetups")

    def opened(self, address: str) -> tuple[str, ...]:
        """What the link to one's own place opens."""
        before, _, token = address.rpartition("/")
        settings = self.gathering.world.settings
        assert before == f"{settings.public_url}/registrations"
        return links.opened("registrations", token, settings.key_pepper.get_secret_value())


def _read(mail: EmailMessage) -> Mailed:
    text, entry = "", None
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            text = str(part.get_content())
        if part.get_content_type() == "text/calendar":
            entry = read(part.get_content().encode(), str(part.get_param("method")))
    found = [one for one in re.findall(r"https?://\S+", text) if "/mail/" not in one]
    [to] = mail["To"].addresses
    return Mailed(to.addr_spec, str(mail["Subject"]), str(mail["Content-Language"]), text, found, entry)


def read(content: bytes, method: str) -> Entry:
    """The one entry of a file, whose method is the one that its mail names."""
    assert all(len(line) <= 75 for line in content.replace(b"\r\n", b"\n").split(b"\n"))
    found = Calendar.from_ical(content)
    [event] = found.walk("VEVENT")
    assert str(found["method"]) == method
    attendees = event.get("attendee", [])
    # One alone comes as it is.
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return Entry(
        method=method,
        uid=str(event["uid"]),
        sequence=int(str(event["sequence"])),
        starts_at=_moment(event.decoded("dtstart")),
        ends_at=_moment(event.decoded("dtend")),
        status=str(event["status"]),
        location=str(event["location"]) if "location" in event else None,
        description=str(event["description"]),
        attendees=[str(one) for one in attendees],
        organizer=str(event["organizer"]) if "organizer" in event else None,
    )


def _moment(told: object) -> datetime:
    assert isinstance(told, datetime)
    return told.astimezone(UTC)
