"""What tests of the programme share: a released round, its suggestions, and what their sides say."""

from dataclasses import dataclass, field

import pytest
from sqlmodel import col, select

from app.core.database import Database
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionSide
from tests.world import ApiCaller, JsonObject, World

CHARTS = ["charts", "diagrams", "dashboards"]


def document(name: str, *tags: str, **fields: object) -> JsonObject:
    return {"name": name, "tags": list(tags), "languages": ["en"]} | fields


@dataclass
class Released:
    """A round whose managers are asked: Alder and Birch fit best, Cedar fits both, somewhat less."""

    world: World
    companies: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)
    round_id: str = ""

    @property
    def database(self) -> Database:
        return self.world.database

    def publish(self, name: str, *tags: str, **fields: object) -> str:
        """A community of a company of its own; its id."""
        company = self.companies[name] = self.world.company(name, sector=name.lower())
        [self.communities[name]] = self.world.published(company, document(name, *tags, **fields))
        return self.communities[name]

    def release(self, **settings: object) -> None:
        self.round_id = self.world.proposed_round(**settings)["id"]
        released = self.world.organizer.post(f"/v1/rounds/{self.round_id}/release")
        assert released.status_code == 200, released.text

    def portal(self, name: str) -> ApiCaller:
        return self.world.portal(self.companies[name])

    def suggestion(self, one: str, other: str) -> Suggestion:
        """The newest suggestion of two communities."""
        a_id, b_id = sorted((self.communities[one], self.communities[other]))
        with self.database.reader() as session:
            found = session.exec(
                select(Suggestion)
                .where(col(Suggestion.a_id) == a_id, col(Suggestion.b_id) == b_id)
                .order_by(col(Suggestion.id).desc())
            ).first()
        assert found is not None
        return found

    def says(self, name: str, answer: str, other: str, **more: object) -> None:
        """What a community answers to the suggestion of another, before any worker has seen it."""
        answered = self.portal(name).post(
            f"/v1/suggestions/{self.suggestion(name, other).id}/answer", json={"answer": answer} | more
        )
        assert answered.status_code == 200, answered.text

    def alternates(self) -> set[frozenset[str]]:
        """Who is offered whom, by name, after the worker has looked."""
        self.world.worker.run_until_idle()
        name_of = {community_id: name for name, community_id in self.communities.items()}
        with self.database.reader() as session:
            found = session.exec(
                select(Suggestion.a_id, Suggestion.b_id).where(
                    col(Suggestion.origin) == SuggestionOrigin.ALTERNATE, col(Suggestion.round_id) == self.round_id
                )
            ).all()
        assert len(found) == len(set(found))
        return {frozenset((name_of[a_id], name_of[b_id])) for a_id, b_id in found}

    def side(self, name: str, other: str) -> SuggestionSide:
        with self.database.reader() as session:
            return session.exec(
                select(SuggestionSide).where(
                    col(SuggestionSide.suggestion_id) == self.suggestion(name, other).id,
                    col(SuggestionSide.community_id) == self.communities[name],
                )
            ).one()

    def status(self) -> str:
        return str(self.world.organizer.get(f"/v1/rounds/{self.round_id}").json()["status"])


@pytest.fixture
def released(world: World) -> Released:
    released = Released(world)
    released.publish("Alder", *CHARTS)
    released.publish("Birch", *CHARTS)
    released.publish("Cedar", "charts", "diagrams", "beekeeping")
    released.release()
    return released
