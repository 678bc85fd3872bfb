"""What tests of suggestions and tandems share: two communities of two companies, and their suggestion."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from app.core.clock import now
from app.core.database import Database
from app.core.i18n import Language
from app.core.settings import Settings
from app.notifications.letters import Letter, Reading
from app.notifications.models import Channel, Message, MessageStatus
from app.people.models import Person
from app.tandems import service as tandems
from app.tandems.models import SuggestionOrigin
from app.tandems.service import Asking, Offer
from app.worker import TEMPLATES
from tests.world import ApiCaller, JsonObject, World

PEPPER = Settings().key_pepper.get_secret_value()
REASONS: list[dict[str, object]] = [
    {"kind": "theme", "terms": [{"a": "charts", "b": "Diagramme"}, {"a": "data", "b": "data"}], "share": 0.6},
]


def offer(
    a_id: str,
    b_id: str,
    *,
    round_id: str | None = "rnd_1",
    origin: SuggestionOrigin = SuggestionOrigin.ROUND,
    reasons: list[dict[str, object]] | None = None,
    score: float | None = 0.47,
    probability: float | None = 0.69,
    asking: Asking | None = None,
) -> Offer:
    """A pair to be suggested; the two in any order."""
    first, second = sorted((a_id, b_id))
    reasons = REASONS if reasons is None else reasons
    return Offer(first, second, 0.42, reasons, 0.4, origin, round_id, score, probability, asking or Asking())


def document(name: str, **fields: object) -> JsonObject:
    return {
        "name": name,
        "purpose": "Read charts together.",
        "topics": ["data literacy"],
        "languages": ["en"],
    } | fields


@dataclass
class Two:
    """Two communities of two companies, what each company's portal calls with, and their suggestion."""

    world: World
    nord: str
    sued: str
    of_nord: str
    of_sued: str
    portals: dict[str, ApiCaller] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.world.database

    @property
    def portal_nord(self) -> ApiCaller:
        return self.portal(self.nord)

    @property
    def portal_sued(self) -> ApiCaller:
        return self.portal(self.sued)

    def portal(self, company_id: str) -> ApiCaller:
        if company_id not in self.portals:
            self.portals[company_id] = self.world.portal(company_id)
        return self.portals[company_id]

    def suggest(self, **options: object) -> str:
        """Open the suggestion of the two; its id."""
        with self.database.session() as session:
            [suggestion_id] = tandems.open_many(session, [offer(self.of_nord, self.of_sued, **options)])  # type: ignore[arg-type]  # options of any kind
        return suggestion_id

    def answer(self, portal: ApiCaller, suggestion_id: str, answer: str, **more: object) -> JsonObject:
        answered = portal.post(f"/v1/suggestions/{suggestion_id}/answer", json={"answer": answer} | more)
        assert answered.status_code == 200, answered.text
        shown: JsonObject = answered.json()
        return shown

    def tandem(self) -> str:
        """The two as a tandem; its id."""
        suggestion_id = self.suggest()
        self.answer(self.portal_nord, suggestion_id, "yes")
        tandem_id: str = self.answer(self.portal_sued, suggestion_id, "yes")["tandem_id"]
        return tandem_id


def day(number: int) -> datetime:
    """A moment on a day of November 2026."""
    return datetime(2026, 11, number, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Posted:
    """A mail as it goes out."""

    to: str
    template: str
    letter: Letter

    @property
    def text(self) -> str:
        one = self.letter
        buttons = [action.label for action in one.actions]
        return "\n".join([one.subject, *one.paragraphs, *one.points, *buttons, *one.after])


def work(world: World) -> None:
    """Let the worker do what is due; what is to be told waits in the outbox."""
    world.worker.plan()
    while world.worker.work_once():
        pass


def post(world: World) -> list[Posted]:
    """Let the worker do what is due, then send every mail that waits, in place of the service's sender."""
    work(world)
    posted = []
    with world.database.session() as session:
        waiting = select(Message).where(
            col(Message.channel) == Channel.MAIL,
            col(Message.status) == MessageStatus.WAITING,
            col(Message.due_at) <= now(),
        )
        for message in session.exec(waiting.order_by(col(Message.id))).all():
            reader = session.get_one(Person, message.person_id)
            language: Language = "de" if reader.language == "de" else "en"
            reading = Reading(session, reader, language, message.ids, "https://tandem.example", PEPPER)
            letter = TEMPLATES[message.template].write(reading)
            message.status = MessageStatus.SENT if letter else MessageStatus.DROPPED
            session.add(message)
            if letter is not None:
                posted.append(Posted(reader.email, message.template, letter))
    return sorted(posted, key=lambda one: (one.template, one.to))


def told(posted: Sequence[Posted]) -> list[tuple[str, str]]:
    """Which mails went to whom."""
    return [(one.template, one.to.partition("@")[0]) for one in posted]


@pytest.fixture
def two(world: World) -> Two:
    """Of different sectors, so that no coordinator is asked."""
    nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
    [of_nord] = world.published(nord, document("Chart Circle"))
    [of_sued] = world.published(sued, document("Diagrammkreis", topics=["data literacy", "Diagramme"]))
    return Two(world, nord, sued, of_nord, of_sued)
