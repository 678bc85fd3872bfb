"""What tests of seatings share: a meetup with people of several companies, a clock, and what organizers do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import SYSTEM
from app.core.clock import now
from app.core.events import Event
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus
from app.people.models import Person
from app.registrations.models import RegisteredBy, Registration, RegistrationStatus
from app.seatings import planning
from app.seatings.models import SeatingGroup
from app.seatings.schemas import SeatingCreate
from matching.seating import SeatingPlanner
from tests.app.tandems.conftest import work
from tests.world import ApiCaller, JsonObject, World

MEETUP = datetime(2027, 2, 18, 13, tzinfo=UTC)
THEMES = ("onboarding", "peer learning", "podcasts", "barcamps", "sustainability", "data visualization")


@dataclass
class Hall:
    """A meetup, who comes, and how they are seated."""

    world: World
    traveller: time_machine.Traveller
    meetup_id: str
    companies: dict[str, str] = field(default_factory=dict)

    def go(self, moment: datetime) -> None:
        self.traveller.move_to(moment, tick=False)

    def company(self, name: str, sector: str = "machinery") -> str:
        if name not in self.companies:
            self.companies[name] = self.world.company(name, sector=sector)
        return self.companies[name]

    def register(self, company: str, first_name: str, **values: Any) -> str:
        """Somebody who has a place, unless said otherwise; the registration."""
        return self.register_all([(company, first_name, values)])[0]

    def register_all(self, people: Sequence[tuple[str, str, dict[str, Any]]]) -> list[str]:
        ids = []
        owners = [self.company(company) for company, _, _ in people]
        with self.world.database.session() as session:
            meetup = session.get_one(Meetup, self.meetup_id)
            for owner, (_, first_name, values) in zip(owners, people, strict=True):
                wishes = dict(values)
                person = _person(owner, first_name, wishes.pop("language", None))
                meetup.last_number += 1
                registration = _registration(person, meetup, wishes)
                session.add_all([person, registration])
                ids.append(registration.id)
            session.add(meetup)
        return ids

    def crowd(self, people: int, companies: int) -> list[str]:
        """So many people of so many companies, each with a theme that some of the others have, too."""
        return self.register_all(
            [
                (
                    f"House {number % companies + 1}",
                    f"Guest{number}",
                    {
                        "themes": [THEMES[number % len(THEMES)]],
                        "learn": [f"how others do {THEMES[(number * 5 + 1) % len(THEMES)]}"],
                        "show": [f"our {THEMES[(number * 7 + 2) % len(THEMES)]}"],
                        "languages": ["en"],
                    },
                )
                for number in range(people)
            ]
        )

    def change(self, registration_id: str, **values: Any) -> None:
        with self.world.database.session() as session:
            registration = session.get_one(Registration, registration_id)
            for name, value in values.items():
                setattr(registration, name, value)
            session.add(registration)

    def change_meetup(self, **values: Any) -> None:
        with self.world.database.session() as session:
            meetup = session.get_one(Meetup, self.meetup_id)
            for name, value in values.items():
                setattr(meetup, name, value)
            session.add(meetup)

    def ask(self, **wish: object) -> Response:
        return self.world.organizer.post(f"/v1/meetups/{self.meetup_id}/seatings", json=wish)

    def seat(self, **wish: object) -> JsonObject:
        """A seating, as it is once the worker has been at it."""
        return self.computed(self.ask(**wish))

    def reseat(self, seating: JsonObject, **wish: object) -> Response:
        return self.world.organizer.post(f"/v1/seatings/{seating['id']}/reseat", json=wish)

    def computed(self, queued: Response) -> JsonObject:
        assert queued.status_code == 202, queued.text
        work(self.world)
        return done(self.world.organizer.get(queued.headers["Location"]))

    def own(self, registration_id: str) -> ApiCaller:
        """The key of the person whose registration it is."""
        with self.world.database.reader() as session:
            registration = session.get_one(Registration, registration_id)
            person_id, company_id = registration.person_id, registration.company_id
        return self.world.caller(Role.PARTICIPANT, company_id, person_id=person_id)

    def portal(self, company: str) -> ApiCaller:
        return self.world.portal(self.company(company))

    def company_of(self, registration_id: str) -> str:
        with self.world.database.reader() as session:
            return session.get_one(Registration, registration_id).company_id

    def stored(self, seating: JsonObject, rotations: int) -> list[JsonObject]:
        """The first rotations as they stand in the database."""
        with self.world.database.reader() as session:
            mine = (col(SeatingGroup.seating_id) == seating["id"], col(SeatingGroup.rotation) <= rotations)
            query = select(SeatingGroup).where(*mine).order_by(col(SeatingGroup.rotation), col(SeatingGroup.number))
            return [one.model_dump(exclude={"seating_id"}) for one in session.exec(query)]

    def events(self, kind: str) -> list[str]:
        with self.world.database.reader() as session:
            return list(session.exec(select(Event.subject_id).where(col(Event.kind) == kind).order_by(col(Event.id))))


def _person(company_id: str, first_name: str, language: str | None, address: str | None = None) -> Person:
    return Person(
        id=new_id("per"),
        company_id=company_id,
        email=f"{(address or first_name).lower()}@{company_id}.example",
        first_name=first_name,
        language=language,
        created_at=MEETUP - timedelta(days=30),
    )


def _registration(person: Person, meetup: Meetup, values: dict[str, Any]) -> Registration:
    described = {
        "id": new_id("reg"),
        "meetup_id": meetup.id,
        "person_id": person.id,
        "company_id": person.company_id,
        "status": RegistrationStatus.REGISTERED,
        "number": meetup.last_number,
        "by": RegisteredBy.PORTAL,
        "created_at": MEETUP - timedelta(days=30),
    }
    return Registration.model_validate(described | values)


@dataclass(frozen=True)
class SeatedMeetup:
    """For tests of all operations: a meetup that has begun, where people of some companies sit."""

    meetup_id: str
    seating_id: str
    registration_id: str
    companion_id: str
    """Somebody who sits with the first one."""


def a_seated_meetup(
    world: World,
    company_ids: Sequence[str],
    *,
    word: str = "guest",
    address: str = "guest",
    person_id: str | None = None,
) -> SeatedMeetup:
    """Three people of these companies in turn, or this person and two more; `word` is in their names and in all that
    they wish, `address` in where they get mail."""
    with world.database.session() as session:
        meetup = meetup_of(session)
        meetup.starts_at, meetup.ends_at = now() - timedelta(minutes=30), now() + timedelta(hours=2)
        ids = []
        for number in range(3):
            owner = company_ids[number % len(company_ids)]
            known = session.get_one(Person, person_id) if person_id and number == 0 else None
            person = known or _person(owner, f"{word}{number}", None, f"{address}{number}")
            meetup.last_number += 1
            wishes = {"themes": [f"{word} theme"], "show": [f"{word} show"], "learn": [f"{word} wish"]}
            registration = _registration(person, meetup, wishes)
            session.add_all([person, registration])
            ids.append(registration.id)
        session.flush()
        seating = planning.create(session, SYSTEM, meetup.id, SeatingCreate(rotations=1))
    world.worker.run_until_idle()
    return SeatedMeetup(meetup.id, seating.id, ids[0], ids[1])


def seats(seating: JsonObject, rotation: int) -> list[list[str]]:
    """Who sits together in a rotation: registrations."""
    [found] = [one for one in seating["plan"] if one["rotation"] == rotation]
    return [[member["registration_id"] for member in group["members"]] for group in found["groups"]]


def everybody(seating: JsonObject, rotation: int) -> list[str]:
    return sorted(one for group in seats(seating, rotation) for one in group)


def meetings(seating: JsonObject, *rotations: int) -> Counter[tuple[str, str]]:
    """How often each two sit together in these rotations, or in all."""
    numbers = rotations or tuple(one["rotation"] for one in seating["plan"])
    pairs = (
        pair for number in numbers for group in seats(seating, number) for pair in combinations(sorted(group), 2)
    )
    return Counter(pairs)


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201, 202), answer.text
    shown: JsonObject = answer.json()
    return shown


def refused(answer: Response) -> tuple[int, str]:
    body: JsonObject = answer.json()
    return answer.status_code, str(body["type"]).removeprefix("/problems/")


def meetup_of(session: Session) -> Meetup:
    meetup = Meetup(
        id=new_id("mtp"),
        status=MeetupStatus.OPEN,
        title="C3 in spring",
        language="en",
        purpose="Learn from each other.",
        starts_at=MEETUP,
        ends_at=MEETUP + timedelta(hours=2),
        time_zone="Europe/Berlin",
        uid=new_id("cal"),
        created_at=MEETUP - timedelta(days=60),
    )
    session.add(meetup)
    return meetup


@contextmanager
def a_hall(world: World) -> Iterator[Hall]:
    with time_machine.travel(MEETUP - timedelta(hours=1), tick=False) as traveller:
        with world.database.session() as session:
            meetup_id = meetup_of(session).id
        yield Hall(world, traveller, meetup_id)


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """How good the search is, the engine's own tests show: with all of its steps these here would take minutes."""
    monkeypatch.setattr("matching.seating.SeatingPlanner", partial(SeatingPlanner, effort=0.05))


@pytest.fixture
def hall(world: World) -> Iterator[Hall]:
    with a_hall(world) as hall:
        yield hall


@pytest.fixture
def any_hall(any_world: World) -> Iterator[Hall]:
    """As `hall`, on each database."""
    with a_hall(any_world) as hall:
        yield hall
