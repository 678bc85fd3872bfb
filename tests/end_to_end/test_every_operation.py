"""Generated requests of every role to every operation: no answer is a 500, each is one that the document names."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, note, settings
from schemathesis import Case, HookContext
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.access.models import Role
from app.core import jobs
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import Settings
from app.exchanges.models import Exchange, ExchangeStatus, Harvest
from app.main import create_app
from app.tandems import service as tandems
from app.tandems.models import SideName, Tandem, TandemStatus
from app.tandems.service import Offer
from tests.app.seatings.conftest import a_seated_meetup
from tests.world import World, world_on

# The operations are listed when tests are collected, before there is a database; each test puts in its own. One
# application for each role: what one of them changes stands in no other's way.
APPLICATIONS = {
    role: create_app(
        Settings(
            database_url="sqlite:////tmp/c3-tandem-never-opened.db",
            log_level="error",
            rate_limit_per_minute=10_000_000,
            rate_limit_failures_per_minute=10_000_000,
        )
    )
    for role in Role
}
# A stream ends when its work does, and generated imports have no worker. The rows of a file are looked at later, so
# that a wrong one is no wrong request. Tests of their own send those.
schema = schemathesis.openapi.from_asgi("/openapi.json", APPLICATIONS[Role.OPERATOR]).exclude(
    operation_id=["import_communities", "follow_import", "follow_round", "follow_preview", "follow_seating"]
)

# Ids of the world of the test that runs: a made-up id is a 404 before anything else is looked at.
REAL_IDS: dict[str, str] = {}
FEW = 20
# `make test-long` asks for 200, other ones each time.
EXAMPLES = int(os.environ.get("EXAMPLES", FEW))
ID = r"[A-Za-z0-9_]{1,60}"


@schema.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Two of three generated ids become real ones; those that are no ids at all stay as they are."""
    if path_parameters is None:
        return None
    return {
        name: REAL_IDS[name]
        if name in REAL_IDS and re.fullmatch(ID, str(value)) and crc32(repr(value).encode()) % 3
        else value
        for name, value in path_parameters.items()
    }


@dataclass(frozen=True)
class Seed:
    """A database with one of everything, to be copied; ids, and a key of each role."""

    file: Path
    ids: dict[str, str]
    keys: dict[Role, str]


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Seed:
    file = tmp_path_factory.mktemp("seed") / "tandem.db"
    shutil.copy(migrated_sqlite, file)
    with world_on(Settings(database_url=f"sqlite:///{file}", log_level="error")) as world:
        company_id, other_id = world.company(), world.company("Other", sector="health")
        kim = {"email": "kim@own.example", "first_name": "Kim"}
        circle = {"name": "Python circle", "tags": ["python"], "managers": [kim]}
        [community_id] = world.published(company_id, circle)
        world.published(other_id, {"name": "Ring", "tags": ["python"]})
        portal = world.portal(company_id)
        person_id = portal.get("/v1/people").json()["items"][0]["id"]
        wish = {"role": "portal", "label": "x", "company_id": company_id}
        match_round = world.proposed_round()["id"]
        address = f"/v1/rounds/{match_round}"
        [proposal] = world.organizer.get(f"{address}/proposals").json()["items"]
        pair = {side: proposal[side]["id"] for side in ("a", "b")}
        further = {
            side: world.published(owner, {"name": f"Further {side}", "tags": ["x"]})[0]
            for side, owner in (("a", company_id), ("b", other_id))
        }
        ids = {
            "company_id": company_id,
            "other_id": other_id,
            "community_id": community_id,
            "source": "intranet",
            "external_id": "python-circle",
            "import_id": world.imported(portal, b'{"external_id": "x"}')["id"],
            "round_id": match_round,
            "proposal_id": proposal["id"],
            "pin_id": world.organizer.post(f"{address}/pins", json=pair).json()["id"],
            "ban_id": world.organizer.post(f"{address}/bans", json=further).json()["id"],
            "preview_id": world.organizer.post(f"{address}/preview", json={}).json()["id"],
            "person_id": person_id,
            "key_id": world.operator.post("/v1/keys", json=wish).json()["id"],
            "webhook_id": portal.post("/v1/webhooks", json={"url": "https://own.example/hooks"}).json()["id"],
        }
        ids["delivery_id"] = portal.post(f"/v1/webhooks/{ids['webhook_id']}/test").json()["id"]
        # After the pin, for which the community must have a place left.
        ids["suggestion_id"], ids["tandem_id"] = suggested_and_met(world, company_id, community_id)
        ids["exchange_id"] = held(world, ids["tandem_id"])
        ids["story_id"] = released(world, ids["tandem_id"])
        ids["meetup_id"], ids["talk_id"] = proposed(world, company_id, community_id)
        seated = a_seated_meetup(world, [company_id], person_id=person_id)
        ids |= {name: getattr(seated, name) for name in ("seating_id", "registration_id")}

        owner = {Role.COORDINATOR: company_id, Role.PORTAL: company_id}
        person = {Role.MANAGER: person_id, Role.PARTICIPANT: person_id}
        keys = {role: world.key(role, owner.get(role), person_id=person.get(role)) for role in Role}
    return Seed(file, ids, keys)


def suggested_and_met(world: World, company_id: str, community_id: str) -> tuple[str, str]:
    """An open suggestion of the community, and a tandem."""
    partner = world.company("Partner", sector="energy")
    partners = world.published(partner, {"name": "Met", "tags": ["python"]}, {"name": "New", "tags": ["python"]})
    with world.database.session() as session:
        offers = [Offer(min(community_id, one), max(community_id, one), 0.4, [], 1.0) for one in partners]
        met, suggested = tandems.open_many(session, offers)
    for portal in (world.portal(company_id), world.portal(partner)):
        answered = portal.post(f"/v1/suggestions/{met}/answer", json={"answer": "yes"}).json()
    return suggested, answered["tandem_id"]


def proposed(world: World, company_id: str, community_id: str) -> tuple[str, str]:
    """A meetup that is announced, and a talk of the community for it."""
    starts_at = datetime.now(UTC) + timedelta(days=60)
    wish = {"title": "Meetup", "language": "en", "purpose": "x", "time_zone": "Europe/Berlin", "place": "House"}
    wish |= {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=4)).isoformat()}
    meetup_id = world.organizer.post("/v1/meetups", json=wish).json()["id"]
    world.organizer.post(f"/v1/meetups/{meetup_id}/announce")
    talk = {"community_id": community_id, "title": "x", "abstract": "y", "language": "en"}
    return meetup_id, world.portal(company_id).post(f"/v1/meetups/{meetup_id}/talks", json=talk).json()["id"]


def held(world: World, tandem_id: str) -> str:
    """A meeting of the tandem that took place."""
    moment = datetime.now(UTC)
    exchange = Exchange(
        id=new_id("exc"),
        tandem_id=tandem_id,
        number=1,
        kick_off=True,
        status=ExchangeStatus.HELD,
        starts_at=moment,
        minutes=60,
        host=SideName.A,
        agenda=[{"text": "Charts", "minutes": 60, "parked": False}],
        uid=new_id("cal"),
        created_at=moment,
    )
    with world.database.session() as session:
        session.add(exchange)
        tandem = session.get_one(Tandem, tandem_id)
        tandem.status, tandem.kicked_off_at = TandemStatus.ACTIVE, moment
        session.add(tandem)
    return exchange.id


def released(world: World, tandem_id: str) -> str:
    """What the two of the tandem have learned, for everybody."""
    story = Harvest(tandem_id=tandem_id, lines=["x"], written_by=SideName.A, written_at=datetime.now(UTC))
    story.released_a = story.released_b = story.version
    story.story_id, story.released_at = new_id("sty"), story.written_at
    with world.database.session() as session:
        session.add(story)
        session.flush()
        return story.story_id


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Role, Path]]:
    """Where each application has its database."""
    folder = tmp_path_factory.mktemp("copies")
    files = {role: folder / f"{role}.db" for role in Role}
    for role, file in files.items():
        APPLICATIONS[role].state.database = Database(f"sqlite:///{file}")
    yield files
    for application in APPLICATIONS.values():
        application.state.database.dispose()


@pytest.fixture
def keys(seed: Seed, copies: dict[Role, Path]) -> Iterator[dict[Role, str]]:
    """A key of each role, for its application, whose database is as new."""
    REAL_IDS.clear()
    REAL_IDS.update(seed.ids)
    for role, file in copies.items():
        shutil.copy(seed.file, file)
        APPLICATIONS[role].state.recent_keys.forget()
        jobs.tell_worker_seen(APPLICATIONS[role].state.database, "w")
    yield seed.keys
    for role, file in copies.items():
        # The last connection takes the rest of the journal with it.
        APPLICATIONS[role].state.database.dispose()
        assert not file.with_name(f"{file.name}-wal").exists()


def asking(case: Case[Any], keys: dict[Role, str]) -> dict[Role, str]:
    """Who sends a request: everybody in `make test-long`, else two of the roles, others with other requests."""
    if EXAMPLES != FEW:
        return keys
    sent = repr((case.path_parameters, case.query, case.body)).encode()
    roles = sorted(keys)
    first = crc32(sent) % len(roles)
    return {role: keys[role] for role in (roles[first], roles[(first + 2) % len(roles)])}


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES == FEW)
def test_generated_requests_get_documented_answers(case: Case[Any], keys: dict[Role, str]) -> None:
    for role, key in asking(case, keys).items():
        note(f"as {role}")
        headers = {"Authorization": f"Bearer {key}"}
        # Told to the case too: a key that was left out to be refused, and is put in again, makes no wrong request.
        case.headers.update(headers)
        # A cursor or a language tag can be refused although its schema says "string".
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance], app=APPLICATIONS[role])
