"""From a change to its being found, and never a moment too long."""

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, update
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.communities.models import Community
from app.companies.models import Company, CompanyStatus
from app.core.clock import now
from app.core.database import Database
from app.core.settings import Settings
from app.discovery import index as discovery_index
from app.discovery import queries
from app.discovery import service as discovery
from app.discovery.index import DiscoveryIndex
from app.discovery.models import DiscoveryEntry
from app.discovery.reading import hidden_entry_of
from app.main import create_app
from app.worker import Worker
from tests.app.discovery.conftest import Discovery
from tests.world import World

BEES = {"name": "Beekeepers", "tags": ["bees"]}


pytestmark = pytest.mark.postgres


@pytest.fixture
def settings(any_database_url: str) -> Settings:
    return Settings(database_url=any_database_url, lease_seconds=30, poll_seconds=0.05, log_level="error")


@pytest.fixture
def own(world: World) -> str:
    return world.company("Own", sector="energy")


@pytest.fixture
def other(world: World) -> str:
    return world.company("Otherwerk")


def entries(database: Database) -> dict[str, tuple[int, bool, str]]:
    with database.reader() as session:
        return {
            one.community_id: (one.version, one.hidden, one.words) for one in session.exec(select(DiscoveryEntry))
        }


def test_every_change_is_found_after_worker_and_api_have_looked(discover: Discovery, own: str, other: str) -> None:
    portal = discover.portal(other)
    stored = portal.put("/v1/sources/intranet/communities/bees", json=BEES).json()
    address = f"/v1/communities/{stored['id']}"
    seen = [discover.themes(own, "bees")]

    portal.post(f"{address}/publish", json={"consent_by": "manager"})
    seen.append(discover.themes(own, "bees"))
    portal.put("/v1/sources/intranet/communities/bees", json=BEES | {"tags": ["honey"]})
    seen += [discover.themes(own, "bees"), discover.themes(own, "honey")]
    portal.post(f"{address}/pause", json={})
    seen.append(discover.themes(own))
    portal.post(f"{address}/resume")
    seen.append(discover.themes(own))
    portal.post(f"{address}/archive")
    seen.append(discover.themes(own))

    assert seen == [[], [["bees"]], [], [["honey"]], [], [["honey"]], []]
    assert list(entries(discover.database).values()) == [(0, True, "")], "nothing of an archived one stays"


def test_a_stale_index_shows_nobody_who_has_just_gone(discover: Discovery, own: str, other: str) -> None:
    world = discover.world
    paused, archived, excluding, kept = world.published(
        other, *(BEES | {"name": name} for name in ("paused", "archived", "excluding", "kept"))
    )
    [mine] = world.published(own, BEES)
    discover.refresh()
    portal = discover.portal(other)

    portal.post(f"/v1/communities/{paused}/pause", json={})
    portal.post(f"/v1/communities/{archived}/archive")
    portal.patch(f"/v1/communities/{excluding}", json={"excluded_companies": [own]}, headers={"If-Match": "*"})

    for address in ("/v1/discovery/communities", "/v1/discovery/communities?q=bees"):
        assert len(discover.portal(own).get(address).json()["items"]) == 1
    related = discover.portal(own).get(f"/v1/communities/{mine}/related").json()["items"]
    assert len(related) == 1
    assert kept not in str(related)


def test_a_stale_index_finds_nothing_by_a_word_that_has_just_been_hidden(
    discover: Discovery, own: str, other: str
) -> None:
    [community] = discover.world.published(
        other, BEES | {"name": "Zephyr", "description": "Boreas", "listed_openly": True}
    )
    assert len(discover.search(own, "boreas")["items"]) == 1

    discover.portal(other).patch(
        f"/v1/communities/{community}", json={"listed_openly": False}, headers={"If-Match": "*"}
    )

    for q, found in (("boreas", 0), ("boraes", 0), ("zephyr", 0), ("bees", 1)):
        answer = discover.portal(own).get("/v1/discovery/communities", params={"q": q}).json()
        assert (len(answer["items"]), answer["corrected"]) == (found, []), q


def test_a_change_of_the_own_text_counts_at_once(discover: Discovery, own: str, other: str) -> None:
    world = discover.world
    [mine] = world.published(own, {"name": "Chess", "tags": ["chess"]})
    world.published(other, BEES)
    assert discover.related(own, mine) == []

    discover.portal(own).patch(f"/v1/communities/{mine}", json={"tags": ["bees"]}, headers={"If-Match": "*"})

    assert len(discover.portal(own).get(f"/v1/communities/{mine}/related").json()["items"]) == 1


def test_a_pause_ends_by_itself_and_an_unconfirmed_profile_vanishes(
    discover: Discovery, own: str, other: str
) -> None:
    [community] = discover.world.published(other, BEES)
    tomorrow = (now() + timedelta(days=1)).date()
    discover.portal(other).post(f"/v1/communities/{community}/pause", json={"until": tomorrow.isoformat()})
    seen = [discover.themes(own)]

    with time_machine.travel(now() + timedelta(days=2)):
        seen.append(discover.themes(own))
    with time_machine.travel(now() + timedelta(days=200)):
        seen.append(discover.themes(own))

    assert seen == [[], [["bees"]], []]


def test_a_company_that_leaves_takes_its_communities_along(discover: Discovery, own: str, other: str) -> None:
    discover.world.published(other, BEES)
    assert discover.themes(own) == [["bees"]]

    with discover.database.session() as session:
        session.execute(update(Company).where(col(Company.id) == other).values(status=CompanyStatus.LEAVING))

    assert discover.portal(own).get("/v1/discovery/communities").json()["items"] == []
    assert discover.themes(own) == []
    assert [hidden for _, hidden, _ in entries(discover.database).values()] == [True]


def test_an_erased_community_leaves_the_index(discover: Discovery, own: str, other: str) -> None:
    erased, _ = discover.world.published(other, BEES, BEES | {"name": "kept"})
    assert len(discover.themes(own)) == 2

    with discover.database.session() as session:
        session.execute(delete(Community).where(col(Community.id) == erased))
    discover.refresh()

    assert len(discover.index.current()) == 1
    assert erased not in entries(discover.database)


def test_a_company_with_a_new_name_is_masked_by_it(discover: Discovery, own: str, other: str) -> None:
    discover.world.published(other, BEES | {"tags": ["bees", "Zephyr days"]})
    assert discover.themes(own, "zephyr") == [["bees", "Zephyr days"]]

    with discover.database.session() as session:
        session.execute(update(Company).where(col(Company.id) == other).values(name="Zephyr SE"))

    stale = discover.portal(own).get("/v1/discovery/communities", params={"q": "zephyr"}).json()["items"]
    assert (stale, discover.themes(own, "zephyr"), discover.themes(own)) == ([], [], [["bees"]])


def test_the_worker_looks_only_at_what_has_changed(discover: Discovery, other: str) -> None:
    first, second = discover.world.published(other, BEES, BEES | {"name": "second"})
    assert discovery.bring_up_to_date(discover.database) == 2
    assert discovery.bring_up_to_date(discover.database) == 0

    discover.portal(other).patch(f"/v1/communities/{second}", json={"tags": ["wax"]}, headers={"If-Match": "*"})

    assert discovery.bring_up_to_date(discover.database) == 1
    assert {one: words for one, (_, _, words) in entries(discover.database).items()} == {first: "bees", second: "wax"}


def test_the_worker_goes_on_from_batch_to_batch(
    discover: Discovery, own: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "BATCH", 2)
    discover.world.published(other, *(BEES | {"name": f"c{n}"} for n in range(5)))

    assert discovery.bring_up_to_date(discover.database, lambda: True) == 0
    assert discovery.bring_up_to_date(discover.database) == 5
    assert len(discover.themes(own)) == 5


def test_a_community_erased_while_it_is_read_is_passed_over(discover: Discovery, other: str) -> None:
    with discover.database.session() as session:
        queries.replace(session, [hidden_entry_of("cmt_gone")])

    assert entries(discover.database) == {}


def test_a_worker_keeps_entries_up_to_date_while_it_runs(
    discover: Discovery, worker: Worker, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()
    real = discovery.bring_up_to_date

    def look(database: Database, stopping: object = None) -> int:
        renewed = real(database)
        looked.set()
        worker.stopping.set()
        return renewed

    monkeypatch.setattr(discovery, "bring_up_to_date", look)
    discover.world.published(other, BEES)

    worker.run()

    assert looked.is_set()
    assert len(entries(discover.database)) == 1


def test_a_worker_outlives_a_look_that_fails(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(database: Database, stopping: object) -> int:
        worker.stopping.set()
        raise OSError("the database is away")

    monkeypatch.setattr(discovery, "bring_up_to_date", fail)

    worker.run()

    assert worker.stopping.is_set()


def test_two_processes_give_the_same_answer(discover: Discovery, own: str, other: str) -> None:
    discover.world.published(other, BEES, BEES | {"name": "x", "tags": ["bees", "wax"]}, BEES | {"name": "y"})
    whole = discover.search(own, "bees wax")

    with TestClient(create_app(discover.world.settings)) as second:
        answer = second.get(
            "/v1/discovery/communities", params={"q": "bees wax"}, headers=discover.portal(own).headers
        ).json()

    assert answer == whole


def test_the_thread_of_an_application_ends_with_it(settings: Settings, world: World, own: str) -> None:
    application = create_app(settings)
    portal = world.portal(own)
    with TestClient(application) as client:
        before = {thread.name for thread in threading.enumerate()}
        client.get("/v1/discovery/communities", headers=portal.headers)
        thread = application.state.discovery._thread

    assert thread is not None
    assert not thread.is_alive()
    assert "discovery" not in before


def test_an_index_that_is_not_loaded_in_time_is_told_as_such(
    world: World, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: DiscoveryIndex, session: object) -> bool:
        raise OSError("the database is away")

    monkeypatch.setattr(DiscoveryIndex, "refresh", fail)
    monkeypatch.setattr(discovery_index, "LOAD_SECONDS", 0.0)

    answer = world.portal(own).get("/v1/discovery/communities", headers={"Accept-Language": "de"})

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/index-loading")
    assert answer.headers["Retry-After"] == "5"
    assert "noch geladen" in answer.json()["title"]


def test_an_application_with_another_database_has_another_index(
    discover: Discovery, own: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed in the middle of a look: the first index gives its connection back before the other one answers."""
    first, application = discover.index, discover.world.client.app
    looking, refresh = threading.Event(), DiscoveryIndex.refresh

    def look_until_stopped(index: DiscoveryIndex, session: Session) -> bool:
        if threading.current_thread() is first._thread:
            session.connection()
            looking.set()
            first._stopping.wait()
        return refresh(index, session)

    monkeypatch.setattr(DiscoveryIndex, "refresh", look_until_stopped)
    discover.world.published(other, BEES)
    assert len(discover.themes(own)) == 1
    assert looking.wait(30)

    # One of its own, for the application closes it after its thread; the fixture's would be closed before.
    application.state.database = Database(first.database.url)  # type: ignore[attr-defined]  # ours
    discover.portal(own).get("/v1/discovery/communities")
    # Only now: a connection that a thread opens or hands back later is closed by nobody.
    first.database.dispose()

    assert discover.index is not first
    assert discover.index.database is application.state.database  # type: ignore[attr-defined]  # ours
    assert first._thread is not None
    assert not first._thread.is_alive()
