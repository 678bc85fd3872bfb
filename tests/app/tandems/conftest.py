"""What tests of suggestions and tandems share: two communities of two companies, and their suggestion."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from app.core.database import Database
from app.tandems import service as tandems
from app.tandems.models import SuggestionOrigin
from app.tandems.service import Offer
from tests.world import ApiCaller, JsonObject, World

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
) -> Offer:
    """A pair to be suggested; the two in any order."""
    first, second = sorted((a_id, b_id))
    reasons = REASONS if reasons is None else reasons
    return Offer(first, second, 0.42, reasons, 0.4, origin, round_id, score, probability)


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


@pytest.fixture
def two(world: World) -> Two:
    """Of different sectors, so that no coordinator is asked."""
    nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
    [of_nord] = world.published(nord, document("Chart Circle"))
    [of_sued] = world.published(sued, document("Diagrammkreis", topics=["data literacy", "Diagramme"]))
    return Two(world, nord, sued, of_nord, of_sued)
