"""What tests of meetings share: a tandem whose sides have accepted the guideline, a clock to move, mails to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlmodel import col, select

from app.core import jobs
from app.core.i18n import Language, preferred_language
from app.exchanges.jobs import TEND_TANDEMS
from app.guardrails import acceptance
from app.notifications.letters import Letter, Reading
from app.notifications.models import Channel, Message, MessageStatus
from app.people.models import Person
from app.worker import TEMPLATES
from tests.app.tandems.conftest import Two, document, work
from tests.world import ApiCaller, JsonObject, World

START = datetime(2027, 1, 11, 9, tzinfo=UTC)
"""A Monday, on which the two become a tandem."""
ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "en"}
# In a year people are also asked to confirm profiles and to renew their yes to the guideline.
_OF_OTHERS = {"community.confirmation", "guideline.renew"}
KIM = {"email": "kim@suedbank.example", "first_name": "Kim", "language": "de"}


@dataclass(frozen=True)
class Sent:
    """A mail as it would be sent now."""

    to: str
    template: str
    letter: Letter


class Clock:
    """The time of a test."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def go(self, moment: datetime) -> None:
        self._traveller.move_to(moment, tick=False)

    def pass_(self, **more: float) -> None:
        self.go(datetime.now(UTC) + timedelta(**more))


@dataclass
class Pair:
    """A tandem of Nordwerk and Suedbank, and what their portals do with it."""

    two: Two
    clock: Clock
    tandem_id: str

    @property
    def world(self) -> World:
        return self.two.world

    @property
    def nord(self) -> ApiCaller:
        return self.two.portal_nord

    @property
    def sued(self) -> ApiCaller:
        return self.two.portal_sued

    @property
    def address(self) -> str:
        return f"/v1/tandems/{self.tandem_id}"

    def tandem(self, caller: ApiCaller | None = None) -> JsonObject:
        return done((caller or self.nord).get(self.address))

    def accept(self, *callers: ApiCaller) -> None:
        """Everybody of these companies accepts the guideline."""
        for caller in callers:
            for person in done(caller.get("/v1/people"))["items"]:
                with self.world.database.session() as session:
                    acceptance.accept(session, person["id"], acceptance.CURRENT_VERSION, person["id"])

    def plan(self, starts_at: datetime, **more: object) -> JsonObject:
        planned = self.nord.post(f"{self.address}/exchanges", json={"starts_at": starts_at.isoformat()} | more)
        return done(planned)

    def say(self, verb: str, exchange: JsonObject, caller: ApiCaller | None = None, **body: object) -> JsonObject:
        return done((caller or self.nord).post(f"/v1/exchanges/{exchange['id']}/{verb}", json=body))

    def meet(self, starts_at: datetime) -> JsonObject:
        """A meeting that is planned now, and held."""
        planned = self.plan(starts_at)
        self.clock.go(starts_at + timedelta(hours=1))
        return self.say("held", planned)

    def kick_off(self) -> JsonObject:
        self.accept(self.nord, self.sued)
        return self.meet(START + timedelta(days=3))

    def tend(self) -> None:
        """What the clock does once an hour."""
        with self.world.database.session() as session:
            jobs.enqueue(session, TEND_TANDEMS.name, "clock:tend_tandems")
        work(self.world)

    def mails(self) -> list[Sent]:
        """What of tandems waits to be sent, as it reads now; it counts as sent from then on."""
        work(self.world)
        waiting = (col(Message.channel) == Channel.MAIL, col(Message.status) == MessageStatus.WAITING)
        sent = []
        with self.world.database.session() as session:
            for message in session.exec(select(Message).where(*waiting).order_by(col(Message.id))):
                reader = session.get_one(Person, message.person_id)
                reading = Reading(
                    session, reader, language_of(reader), message.ids, "https://c3.example", "pepper of this test"
                )
                if message.template not in _OF_OTHERS:
                    letter = TEMPLATES[message.template].write(reading)
                    sent += [Sent(reader.first_name, message.template, letter)] if letter else []
                message.status = MessageStatus.SENT
                session.add(message)
        return sent

    def templates(self) -> list[tuple[str, str]]:
        """Who gets which mail."""
        return sorted((one.template, one.to) for one in self.mails())


def language_of(reader: Person) -> Language:
    return preferred_language(reader.language)


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201), answer.text
    shown: JsonObject = answer.json()
    return shown


def refused(answer: Response) -> tuple[int, str]:
    body: dict[str, Any] = answer.json()
    return answer.status_code, str(body["type"]).removeprefix("/problems/")


@contextmanager
def a_pair(world: World) -> Iterator[Pair]:
    with time_machine.travel(START, tick=False) as traveller:
        nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
        [of_nord] = world.published(nord, document("Chart Circle", managers=[ALEX], rhythm_weeks=4))
        [of_sued] = world.published(sued, document("Diagrammkreis", managers=[KIM], rhythm_weeks=6, horizon_months=6))
        two = Two(world, nord, sued, of_nord, of_sued)
        yield Pair(two, Clock(traveller), two.tandem())


@pytest.fixture
def pair(world: World) -> Iterator[Pair]:
    with a_pair(world) as pair:
        yield pair


@pytest.fixture
def any_pair(any_world: World) -> Iterator[Pair]:
    """As `pair`, on each database."""
    with a_pair(any_world) as pair:
        yield pair
