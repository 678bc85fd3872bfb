"""What tests of pages share: two communities with managers, a suggestion, and links as messages have them."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from sqlmodel import col, select

from app.core import links
from app.core.database import Database
from app.exchanges.models import Exchange, ExchangeStatus
from app.people.models import Person
from app.tandems import service as tandems
from app.tandems.models import SideName, Suggestion
from app.tandems.service import Offer
from tests.world import ApiCaller, JsonObject, World

REASONS: list[dict[str, object]] = [
    {"kind": "theme", "terms": [{"a": "charts", "b": "Diagramme"}], "share": 0.6},
]


@dataclass
class Pages:
    """The manager of each of two communities: Kim of Nordwerk reads German, Sam of Suedbank has not said."""

    world: World
    nord: str
    sued: str
    of_nord: str
    of_sued: str

    @property
    def database(self) -> Database:
        return self.world.database

    @property
    def pepper(self) -> str:
        return self.world.settings.key_pepper.get_secret_value()

    @property
    def portal(self) -> ApiCaller:
        return self.world.portal(self.nord)

    @property
    def kim(self) -> str:
        return self.person("kim@nordwerk.example")

    @property
    def sam(self) -> str:
        return self.person("sam@suedbank.example")

    def person(self, email: str) -> str:
        with self.database.reader() as session:
            return session.exec(select(Person.id).where(col(Person.email) == email)).one()

    def side(self, community_id: str) -> SideName:
        return SideName.A if community_id == min(self.of_nord, self.of_sued) else SideName.B

    def suggest(self) -> str:
        first, second = sorted((self.of_nord, self.of_sued))
        with self.database.session() as session:
            [suggestion_id] = tandems.open_many(session, [Offer(first, second, 0.42, REASONS, 0.4, probability=0.5)])
        return suggestion_id

    def answer_link(self, suggestion_id: str, *, person: str | None = None, of: str | None = None) -> str:
        with self.database.reader() as session:
            until = session.get_one(Suggestion, suggestion_id).expires_at
        parts = (suggestion_id, self.side(of or self.of_nord).value, person or self.kim)
        return f"/answers/{links.signed('answer', parts, self.pepper, until=until)}"

    def links(self, suggestion_id: str) -> tuple[str, str]:
        """Of Kim, and of Sam."""
        return self.answer_link(suggestion_id), self.answer_link(suggestion_id, person=self.sam, of=self.of_sued)

    def tandem(self) -> str:
        """The two as a tandem; its id."""
        suggestion_id = self.suggest()
        for link in self.links(suggestion_id):
            assert self.post(link, answer="yes").status_code == 303
        tandem_id: str = self.portal.get(f"/v1/suggestions/{suggestion_id}").json()["tandem_id"]
        return tandem_id

    def exchange(self, tandem_id: str, number: int = 1, **values: object) -> str:
        """A meeting as it is stored; its id."""
        row: JsonObject = {
            "id": f"exc_{number}",
            "tandem_id": tandem_id,
            "number": number,
            "status": ExchangeStatus.PLANNED,
            "starts_at": datetime.now(UTC).replace(microsecond=0) + timedelta(days=7 * number),
            "minutes": 60,
            "host": SideName.A,
            "agenda": [{"text": "Show one practice", "minutes": 20, "parked": False}],
            "uid": f"exc_{number}@tandem.example",
            "created_at": datetime.now(UTC),
            "kick_off": number == 1,
            "time_zone": "Europe/Berlin",
        }
        with self.database.session() as session:
            session.add(Exchange.model_validate(row | values))
        return str((row | values)["id"])

    def get(self, address: str, language: str = "en", **headers: str) -> Response:
        return self.world.client.get(address, headers={"Accept-Language": language} | headers)

    def post(self, address: str, *, headers: dict[str, str] | None = None, **form: str | list[str]) -> Response:
        given = {"Accept-Language": "en"} | (headers or {})
        return self.world.client.post(address, data=form, headers=given, follow_redirects=False)


@pytest.fixture
def pages(world: World) -> Pages:
    return made(world)


def made(world: World) -> Pages:
    nord, sued = world.company("Nordwerk"), world.company("Suedbank", sector="banking")
    common: JsonObject = {"topics": ["data literacy"], "languages": ["en", "de"]}
    kim = {"email": "kim@nordwerk.example", "first_name": "Kim", "language": "de-AT"}
    sam = {"email": "sam@suedbank.example", "first_name": "Sam"}
    [of_nord] = world.published(
        nord, common | {"name": "Chart <b>Circle</b>", "time_zone": "Europe/Berlin", "managers": [kim]}
    )
    [of_sued] = world.published(
        sued,
        common
        | {
            "name": "Diagrammkreis",
            "purpose": "Private purpose.",
            "size_band": "100-499",
            "stage": "live",
            "formats_practised": ["talk", "case_clinic"],
            "kind": "practice",
            "managers": [sam],
        },
    )
    return Pages(world, nord, sued, of_nord, of_sued)


def told(answer: Response) -> str:
    """The text of a page, as it is read."""
    body = answer.text[answer.text.index("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
