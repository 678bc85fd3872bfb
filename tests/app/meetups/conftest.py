"""What tests of meetups share: a clock that stands still, two companies, and an organizer who plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import col, select

from app.core.events import Event
from app.meetups.models import Meetup
from tests.world import ApiCaller, JsonObject, World

NOW = datetime(2027, 1, 11, 9, tzinfo=UTC)
SPRING: JsonObject = {
    "title": "Spring meetup",
    "language": "en",
    "purpose": "We find partners.",
    "starts_at": "2027-03-11T13:00:00",
    "ends_at": "2027-03-11T17:00:00",
    "time_zone": "Europe/Berlin",
    "online_link": "https://meet.example/secret-room",
}
CIRCLE: JsonObject = {
    "name": "Chart Circle",
    "tags": ["charts"],
    "languages": ["en"],
    "managers": [{"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}],
}


@dataclass
class Quarter:
    """A service with two companies, of which Nordwerk has a community."""

    world: World
    clock: time_machine.Traveller
    nordwerk: str
    suedbank: str
    circle: str

    @property
    def organizer(self) -> ApiCaller:
        return self.world.organizer

    @property
    def nord(self) -> ApiCaller:
        return self.world.portal(self.nordwerk)

    @property
    def sued(self) -> ApiCaller:
        return self.world.portal(self.suedbank)

    def go(self, moment: str) -> None:
        self.clock.move_to(datetime.fromisoformat(moment), tick=False)

    def draft(self, **fields: object) -> JsonObject:
        return done(self.organizer.post("/v1/meetups", json=SPRING | fields))

    def announced(self, **fields: object) -> JsonObject:
        return self.step(self.draft(**fields), "announce")

    def opened(self, **fields: object) -> JsonObject:
        return self.step(self.announced(**fields), "open")

    def step(self, meetup: JsonObject, verb: str, **body: object) -> JsonObject:
        return done(self.try_step(meetup, verb, **body))

    def try_step(self, meetup: JsonObject, verb: str, **body: object) -> Response:
        return self.organizer.post(f"/v1/meetups/{meetup['id']}/{verb}", json=body)

    def change(self, meetup: JsonObject, **fields: object) -> JsonObject:
        return done(self.try_change(meetup, **fields))

    def try_change(self, meetup: JsonObject, *callers: ApiCaller, **fields: object) -> Response:
        address = f"/v1/meetups/{meetup['id']}"
        [caller] = callers or (self.organizer,)
        return caller.patch(address, json=fields, headers={"If-Match": "*"})

    def read(self, meetup: JsonObject, caller: ApiCaller | None = None) -> JsonObject:
        return done((caller or self.organizer).get(f"/v1/meetups/{meetup['id']}"))

    def taken(self, meetup: JsonObject, places: int, *, waiting: int = 0) -> None:
        """As registrations leave it, which come in the room above."""
        with self.world.database.session() as session:
            row = session.get_one(Meetup, meetup["id"])
            row.taken, row.waiting = places, waiting
            session.add(row)

    def events(self, subject_id: str) -> list[str]:
        """What was recorded of it, oldest first."""
        with self.world.database.reader() as session:
            of_it = select(Event.kind).where(col(Event.subject_id) == subject_id).order_by(col(Event.id))
            return list(session.exec(of_it))

    def propose(self, meetup: JsonObject, *callers: ApiCaller, **fields: object) -> JsonObject:
        return done(self.try_propose(meetup, *callers, **fields))

    def try_propose(self, meetup: JsonObject, *callers: ApiCaller, **fields: object) -> Response:
        wish = {
            "community_id": self.circle,
            "title": "Charts for all",
            "abstract": "How we began.",
            "language": "en",
        }
        [caller] = callers or (self.nord,)
        return caller.post(f"/v1/meetups/{meetup['id']}/talks", json=wish | fields)

    def talk_step(self, talk: JsonObject, verb: str, caller: ApiCaller | None = None) -> JsonObject:
        return done((caller or self.organizer).post(f"/v1/talks/{talk['id']}/{verb}"))


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201), answer.text
    shown: JsonObject = answer.json()
    return shown


def refused(answer: Response) -> tuple[int, str]:
    body: dict[str, Any] = answer.json()
    return answer.status_code, str(body["type"]).removeprefix("/problems/")


@contextmanager
def a_quarter(world: World) -> Iterator[Quarter]:
    with time_machine.travel(NOW, tick=False) as clock:
        nordwerk, suedbank = world.company("Nordwerk"), world.company("Suedbank", sector="banking")
        [circle] = world.published(nordwerk, CIRCLE)
        yield Quarter(world, clock, nordwerk, suedbank, circle)


@pytest.fixture
def quarter(world: World) -> Iterator[Quarter]:
    with a_quarter(world) as quarter:
        yield quarter


@pytest.fixture
def any_quarter(any_world: World) -> Iterator[Quarter]:
    """As `quarter`, on each database."""
    with a_quarter(any_world) as quarter:
        yield quarter
