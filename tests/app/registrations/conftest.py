"""What tests of registrations share: a meetup that is open, companies whose portals register people, a clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlalchemy import select
from sqlmodel import Session, col

from app.access.models import Role
from app.core.clock import now
from app.core.events import Event
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus
from app.people import service as people
from app.registrations.models import Registration
from tests.world import ApiCaller, JsonObject, World

START = datetime(2027, 1, 11, 9, tzinfo=UTC)
"""A Monday, on which people register."""
MEETUP = datetime(2027, 2, 18, 13, tzinfo=UTC)
"""When they meet, 14:00 in Berlin."""


@dataclass
class Gathering:
    """A meetup and what portals do with it."""

    world: World
    traveller: time_machine.Traveller
    portals: dict[str, ApiCaller] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)

    def go(self, moment: datetime) -> None:
        self.traveller.move_to(moment, tick=False)

    def pass_(self, **more: float) -> None:
        self.go(now() + timedelta(**more))

    def portal(self, company: str = "Nordwerk") -> ApiCaller:
        if company not in self.portals:
            self.companies[company] = self.world.company(company)
            self.portals[company] = self.world.portal(self.companies[company])
        return self.portals[company]

    def company(self, company: str = "Nordwerk") -> str:
        self.portal(company)
        return self.companies[company]

    def meetup(self, **values: Any) -> str:
        """A meetup, open unless said otherwise; its id."""
        described = {
            "id": new_id("mtp"),
            "status": MeetupStatus.OPEN,
            "title": "C3 in spring",
            "language": "de",
            "purpose": "Learn from each other.",
            "starts_at": MEETUP,
            "ends_at": values.get("starts_at", MEETUP) + timedelta(hours=2),
            "time_zone": "Europe/Berlin",
            "online_link": "https://meet.example/c3",
            "uid": new_id("cal"),
            "announced_at": None if values.get("status") is MeetupStatus.DRAFT else START,
            "created_at": START,
        }
        with self.world.database.session() as session:
            meetup = Meetup.model_validate(described | values)
            session.add(meetup)
        return meetup.id

    def change(self, meetup_id: str, **values: Any) -> None:
        """As its organizer changes it, and what follows from that."""
        with self.world.database.session() as session:
            meetup = session.get_one(Meetup, meetup_id)
            for name, value in values.items():
                setattr(meetup, name, value)
            session.add(meetup)
            session.add(Event(id=new_id("evt"), kind="meetup.changed", subject_id=meetup_id, happened_at=now()))
        self.world.worker.run_until_idle()

    def tell(self) -> None:
        """Everybody hears of what has happened."""
        self.world.worker.run_until_idle()

    def ask(self, meetup_id: str, name: str, company: str = "Nordwerk", **wish: object) -> Response:
        """A portal registers a person of this first name."""
        portal = self.portal(company)
        person = {"email": f"{name.lower()}@{company.lower()}.example", "first_name": name}
        return portal.post(f"/v1/meetups/{meetup_id}/registrations", json={"person": person} | wish)

    def register(self, meetup_id: str, name: str, company: str = "Nordwerk", **wish: object) -> JsonObject:
        """As `ask`; that it `stays` the person says itself."""
        stays = wish.pop("stays", False)
        registration = done(self.ask(meetup_id, name, company, **wish))
        if not stays:
            return registration
        key = self.world.caller(Role.PARTICIPANT, self.company(company), person_id=registration["person_id"])
        address = f"/v1/registrations/{registration['id']}"
        return done(key.patch(address, json={"stays": True}, headers={"If-Match": "*"}))

    def say(self, verb: str, registration: JsonObject, company: str = "Nordwerk") -> Response:
        return self.portal(company).post(f"/v1/registrations/{registration['id']}/{verb}")

    def read(self, registration: JsonObject, company: str = "Nordwerk") -> JsonObject:
        return done(self.portal(company).get(f"/v1/registrations/{registration['id']}"))

    def line(self, meetup_id: str) -> list[tuple[int | None, str]]:
        """What stands in the database, by number."""
        with self.world.database.reader() as session:
            rows = session.scalars(
                select(Registration)
                .where(col(Registration.meetup_id) == meetup_id)
                .order_by(col(Registration.number))
            )
            return [(one.number, one.status.value) for one in rows]

    def stored(self, meetup_id: str) -> Meetup:
        with self.world.database.reader() as session:
            return session.get_one(Meetup, meetup_id)

    def events(self, kind: str) -> list[str]:
        """Of which registrations this was recorded, oldest first."""
        with self.world.database.reader() as session:
            rows = session.scalars(select(Event).where(col(Event.kind) == kind).order_by(col(Event.id)))
            return [one.subject_id for one in rows]

    def with_domain(self, company: str = "Nordwerk") -> None:
        """An operator has vouched for the company's mail domain."""
        company_id = self.company(company)
        with self.world.database.session() as session:
            people.set_domains(session, company_id, [f"{company.lower()}.example"], vouched=True)


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201), answer.text
    shown: JsonObject = answer.json()
    return shown


def refused(answer: Response) -> tuple[int, str]:
    body: JsonObject = answer.json()
    return answer.status_code, str(body["type"]).removeprefix("/problems/")


@contextmanager
def gathered(world: World) -> Iterator[Gathering]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Gathering(world, traveller)


@pytest.fixture
def gathering(world: World) -> Iterator[Gathering]:
    with gathered(world) as gathering:
        yield gathering


@pytest.fixture
def any_gathering(any_world: World) -> Iterator[Gathering]:
    """As `gathering`, on each database."""
    with gathered(any_world) as gathering:
        yield gathering


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.session() as session:
        yield session
