"""What comes to people in a story that takes months, with a moved clock: who is told what, and by which links."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import time_machine
from httpx2 import Response
from icalendar import Calendar
from starlette.testclient import TestClient

from tests.world import JsonObject, World

Told = tuple[str, str, str]
"""Who, in which language, with which subject."""


@dataclass
class Post:
    """A world whose time goes on as told, and the mails that nobody has looked at yet."""

    world: World
    traveller: time_machine.Traveller
    start: datetime
    seen: set[str] = field(default_factory=set)
    mails: list[EmailMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.start

    @property
    def client(self) -> TestClient:
        return self.world.client

    def go(self, days: float, hours: float = 0) -> None:
        """To a moment so many days after the start; what is due on the way is done in each week."""
        self.go_to(self.start + timedelta(days=days, hours=hours))

    def go_to(self, until: datetime) -> None:
        while self.now + timedelta(days=7) < until:
            self._at(self.now + timedelta(days=7))
        self._at(until)

    def _at(self, moment: datetime) -> None:
        self.now = moment
        self.traveller.move_to(moment, tick=False)
        self.world.worker.run_until_idle()

    def told(self) -> list[Told]:
        """What has been mailed since the last time."""
        self.world.worker.run_until_idle()
        self.mails = []
        for file in sorted(self.world.settings.mail_folder.glob("*.eml")):
            if file.name not in self.seen:
                self.seen.add(file.name)
                self.mails.append(message_from_bytes(file.read_bytes(), policy=policy.default))
        return sorted((str(one["to"]), language(one), str(one["subject"]).strip()) for one in self.mails)

    def mail(self, to: str) -> EmailMessage:
        """The only one of the last mails to somebody."""
        [found] = [one for one in self.mails if str(one["to"]).endswith(f"<{to}>") or str(one["to"]) == to]
        return found

    def link(self, to: str, path: str) -> str:
        """The only link of that kind in the last mail to somebody."""
        [found] = sorted(set(re.findall(rf"https?://\S+(/{path}/\S+)", body(self.mail(to)))))
        return str(found)

    def click(self, link: str, **form: object) -> None:
        """Open the page, which does nothing, and send its form."""
        assert self.client.get(link).status_code == 200
        sent = self.client.post(link, data=form, follow_redirects=False)
        assert sent.status_code == 303, sent.text


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def language(mail: EmailMessage) -> str:
    return "de" if body(mail).startswith("Hallo") else "en"


def entries(mail: EmailMessage) -> list[tuple[str, str, int, str, str]]:
    """Of each calendar file: its method, and of its entry uid, sequence, local start and state."""
    found = []
    for part in mail.iter_attachments():
        calendar = Calendar.from_ical(part.get_content())
        [event] = calendar.walk("VEVENT")
        start = event.decoded("dtstart")
        told = (str(calendar["method"]), str(event["uid"]), int(event.decoded("sequence")))
        found.append((*told, f"{start:%Y-%m-%d %H:%M %Z}", str(event["status"])))
    return found


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201, 202), answer.text
    return cast(JsonObject, answer.json())
