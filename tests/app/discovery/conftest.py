"""What tests of discovery share: three companies, and the two steps from a change to its being found."""

import pytest

from app.core.database import Database
from app.discovery import service as discovery
from app.discovery.index import DiscoveryIndex
from tests.world import ApiCaller, JsonObject, World


class Discovery:
    """Asks as a company's portal, after the worker and the API process have taken over all changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.portals: dict[str, ApiCaller] = {}

    @property
    def index(self) -> DiscoveryIndex:
        index: DiscoveryIndex = self.world.client.app.state.discovery  # type: ignore[attr-defined]  # ours
        return index

    @property
    def database(self) -> Database:
        return self.world.database

    def refresh(self) -> None:
        """What the worker's and the API's threads do by themselves within a minute."""
        discovery.bring_up_to_date(self.database)
        with self.database.reader() as session:
            self.index.refresh(session)

    def portal(self, company_id: str) -> ApiCaller:
        return self.portals.setdefault(company_id, self.world.portal(company_id))

    def related(self, company_id: str, community_id: str, **query: object) -> list[JsonObject]:
        self.refresh()
        answer = self.portal(company_id).get(
            f"/v1/communities/{community_id}/related", params={name: str(value) for name, value in query.items()}
        )
        assert answer.status_code == 200, answer.text
        items: list[JsonObject] = answer.json()["items"]
        return items

    def search(self, company_id: str, q: str | None = None, **query: object) -> JsonObject:
        self.refresh()
        params = {name: str(value) for name, value in query.items()} | ({} if q is None else {"q": q})
        answer = self.portal(company_id).get("/v1/discovery/communities", params=params)
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def themes(self, company_id: str, q: str | None = None, **query: object) -> list[list[str]]:
        """Themes of the cards that a search finds."""
        return [card["themes"] for card in self.search(company_id, q, **query)["items"]]


@pytest.fixture
def discover(world: World) -> Discovery:
    return Discovery(world)
