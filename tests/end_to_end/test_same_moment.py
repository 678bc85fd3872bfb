"""Many clients at the same moment, on both databases: one wins, the others are told, nothing is lost or doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Response

from tests.world import World

pytestmark = pytest.mark.postgres
ADDRESS = "/v1/sources/intranet/communities/circle"
CIRCLE = {"name": "Circle", "tags": ["python"]}
CLIENTS = 12


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


def at_once(request: Callable[[int], Response], clients: int = CLIENTS) -> list[Response]:
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(request, range(clients)))


def statuses(answers: list[Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_one_of_many_changes_of_the_same_version_is_stored(world: World) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"

    answers = at_once(lambda n: portal.patch(address, json={"tags": [f"t{n}"]}, headers={"If-Match": '"1"'}))

    assert statuses(answers) == [200] + [412] * (CLIENTS - 1)
    assert portal.get(address).json()["version"] == 2


def test_a_community_is_created_once_and_every_upsert_succeeds(world: World) -> None:
    portal = world.portal(world.company())

    answers = at_once(lambda n: portal.put(ADDRESS, json=CIRCLE | {"tags": [f"t{n}"]}))

    assert statuses(answers) == [200] * (CLIENTS - 1) + [201]
    [stored] = portal.get("/v1/communities").json()["items"]
    assert stored["version"] == CLIENTS


def test_each_step_is_taken_once(world: World) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"
    invited = world.operator.post("/v1/companies", json={"name": "Early", "sector": "health"}).headers["Location"]
    key_id = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()["id"]

    published = at_once(lambda n: portal.post(f"{address}/publish", json={"consent_by": "manager"}))
    activated = at_once(lambda n: world.operator.post(f"{invited}/activate"))
    revoked = at_once(lambda n: world.operator.post(f"/v1/keys/{key_id}/revoke"))

    for answers in (published, activated, revoked):
        assert statuses(answers) == [200] + [409] * (CLIENTS - 1)


def test_a_round_starts_once(world: World) -> None:
    for name in ("First", "Second"):
        world.published(world.company(name), CIRCLE)
    draft = world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()

    answers = at_once(lambda n: world.organizer.post(f"/v1/rounds/{draft['id']}/start"))
    world.worker.run_until_idle()

    assert statuses(answers) == [202] + [409] * (CLIENTS - 1)
    done = world.organizer.get(f"/v1/rounds/{draft['id']}").json()
    assert (done["status"], done["proposals"]) == ("proposed", 1)


def test_a_company_and_a_person_exist_once(world: World) -> None:
    portal = world.portal(world.company())

    companies = at_once(lambda n: world.operator.post("/v1/companies", json={"name": "Twice", "sector": "health"}))
    people = at_once(lambda n: portal.post("/v1/people", json={"email": "x@own.example", "first_name": "X"}))

    assert statuses(companies) == [201] + [409] * (CLIENTS - 1)
    assert statuses(people) == [201] + [409] * (CLIENTS - 1)


def test_characters_that_postgresql_does_not_store_stop_nothing_else(world: World) -> None:
    """A NUL in an id, an address or a row: refused on both databases, and the good row beside it is stored."""
    portal = world.portal(world.company())
    odd = [
        b'{"external_id": "a", "name": "x", "f\\u0000": 1}',
        b'{"external_id": "b", "name": "x", "languages": ["de\\u0000"]}',
        b'{"external_id": "c", "name": "x", "managers": [{"email": "a\\u0000@x.example", "first_name": "K"}]}',
        b'{"external_id": "d\\u0000", "name": "x"}',
        b'{"external_id": "good", "name": "x"}',
    ]

    done = world.imported(portal, b"\n".join(odd))
    answers = [portal.get(f"/v1/{kind}/%00") for kind in ("communities", "companies", "imports", "people")]
    answers += [world.organizer.get("/v1/rounds/%00"), portal.get("/v1/communities?company=%00")]

    assert [done[count] for count in ("status", "created", "refused")] == ["done", 1, 4]
    assert statuses(answers) == [422] * 6


def test_the_same_idempotency_key_at_the_same_moment_makes_one_thing(world: World) -> None:
    portal = world.portal(world.company())

    answers = at_once(
        lambda n: portal.post("/v1/communities", json=CIRCLE, headers={"Idempotency-Key": "same"}),
    )
    others = at_once(
        lambda n: portal.post("/v1/communities", json=CIRCLE | {"name": f"{n}"}, headers={"Idempotency-Key": "mixed"})
    )

    assert statuses(answers) == [201] * CLIENTS
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert statuses(others) == [201] + [422] * (CLIENTS - 1)
    assert len(portal.get("/v1/communities").json()["items"]) == 2


def test_two_hundred_clients_store_the_same_fifty_communities(world: World) -> None:
    portal = world.portal(world.company())

    def store(number: int) -> Response:
        document = CIRCLE | {"tags": [f"t{number}"], "managers": [{"email": "a@own.example", "first_name": "A"}]}
        return portal.put(f"/v1/sources/intranet/communities/c{number % 50}", json=document)

    answers = at_once(store, 200)

    assert statuses(answers) == [200] * 150 + [201] * 50
    stored = portal.get("/v1/communities", params={"limit": 200}).json()["items"]
    assert sorted(one["external_id"] for one in stored) == sorted(f"c{number}" for number in range(50))
    assert {one["version"] for one in stored} == {4}


def test_a_merge_happens_once_from_either_side(world: World) -> None:
    portal = world.portal(world.company())
    ids = [portal.put(f"/v1/sources/x/communities/{n}", json=CIRCLE).json()["id"] for n in range(2)]

    answers = at_once(lambda n: portal.post(f"/v1/communities/{ids[n % 2]}/merge", json={"into": ids[1 - n % 2]}))

    assert statuses(answers) == [200] + [409] * (CLIENTS - 1)
    [left] = [one for one in portal.get("/v1/communities").json()["items"] if one["status"] != "archived"]
    assert len(left["also_known_as"]) == 1


def test_a_key_is_rotated_one_after_the_other(world: World) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()

    answers = at_once(lambda n: world.operator.post(f"/v1/keys/{made['id']}/rotate", json={}))
    accepted = [
        world.client.get("/v1/me", headers={"Authorization": f"Bearer {answer.json()['key']}"}).status_code
        for answer in answers
    ]

    # The newest secret and the one before.
    assert sorted(accepted) == [200] * 2 + [401] * (CLIENTS - 2)
