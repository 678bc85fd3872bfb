import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from starlette.testclient import TestClient

from app.access.models import Role
from app.core.settings import Settings
from app.main import create_app
from tests.end_to_end.service import wait_for
from tests.world import World


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer tdm_0.x"},
        {"Authorization": "Bearer \xe4"},
    ],
)
def test_without_an_accepted_key_nothing_is_shown(client: TestClient, world: World, headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}

    answer = client.get("/v1/companies", headers=encoded)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] in ("/problems/key-missing", "/problems/key-not-accepted")


def test_a_key_is_shown_once_and_stored_as_a_hash(world: World) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "Quarterly meetup"}).json()

    listed = world.operator.get("/v1/keys", params={"limit": 200}).text
    read = world.operator.get(f"/v1/keys/{made['id']}").json()

    secret = made["key"].split(".")[1]
    assert made["key"].startswith(made["prefix"])
    assert secret not in listed
    assert "key" not in read
    assert read["status"] == "active"


def test_a_revoked_key_stops_at_once_and_is_revoked_only_once(world: World, client: TestClient) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/v1/me", headers=headers).status_code == 200

    revoked = world.operator.post(f"/v1/keys/{made['id']}/revoke")

    assert revoked.json()["status"] == "revoked"
    assert client.get("/v1/me", headers=headers).json()["type"] == "/problems/key-not-accepted"
    assert world.operator.post(f"/v1/keys/{made['id']}/revoke").status_code == 409


def test_an_expired_key_is_not_accepted(world: World, client: TestClient) -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    made = world.operator.post(
        "/v1/keys", json={"role": "organizer", "label": "x", "expires_at": expires.isoformat()}
    ).json()
    headers = {"Authorization": f"Bearer {made['key']}"}

    with time_machine.travel(expires - timedelta(seconds=1), tick=False):
        assert client.get("/v1/me", headers=headers).status_code == 200
    with time_machine.travel(expires, tick=False):
        assert client.get("/v1/me", headers=headers).status_code == 401
        assert world.operator.get(f"/v1/keys/{made['id']}").json()["status"] == "expired"


def test_a_read_only_key_reads_and_changes_nothing(world: World) -> None:
    reader = world.caller(Role.ORGANIZER, read_only=True)

    assert reader.get("/v1/rounds").status_code == 200
    refused = reader.post("/v1/rounds", json={"title": "x"})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/key-reads-only")


def test_the_caller_learns_who_it_is(world: World) -> None:
    company_id = world.company()

    me = world.portal(company_id).get("/v1/me").json()

    assert me == {
        "role": "portal",
        "read_only": False,
        "company_id": company_id,
        "person_id": None,
        "key_id": me["key_id"],
    }


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"role": "portal", "label": "x"}, "key-needs-owner"),
        ({"role": "manager", "label": "x"}, "key-needs-owner"),
        ({"role": "operator", "label": "x", "company_id": "COMPANY"}, "key-needs-owner"),
        ({"role": "portal", "label": "x", "company_id": "cmp_none"}, "owner-unknown"),
        ({"role": "organizer", "label": "x", "expires_at": "2020-01-01T00:00:00Z"}, "key-expires-in-the-past"),
        ({"role": "king", "label": "x"}, "invalid-input"),
        ({"role": "organizer", "label": ""}, "invalid-input"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(world: World, wish: dict[str, str], problem: str) -> None:
    company_id = world.company()

    refused = world.operator.post("/v1/keys", json={k: v.replace("COMPANY", company_id) for k, v in wish.items()})

    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{problem}")


def test_a_coordinator_makes_keys_of_the_own_company_only(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    coordinator = world.caller(Role.COORDINATOR, own)

    made = coordinator.post("/v1/keys", json={"role": "portal", "label": "intranet"})
    elsewhere = coordinator.post("/v1/keys", json={"role": "portal", "label": "x", "company_id": other})
    higher = coordinator.post("/v1/keys", json={"role": "operator", "label": "x"})

    assert (made.status_code, made.json()["company_id"]) == (201, own)
    assert (elsewhere.status_code, higher.status_code) == (403, 403)
    others_key = world.operator.post("/v1/keys", json={"role": "portal", "label": "x", "company_id": other}).json()
    assert coordinator.get(f"/v1/keys/{others_key['id']}").status_code == 404
    assert coordinator.post(f"/v1/keys/{others_key['id']}/revoke").status_code == 404
    assert {key["company_id"] for key in coordinator.get("/v1/keys").json()["items"]} == {own}


def test_people_are_seen_inside_their_company_only(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    contact = {"email": "Circle@Own.example", "first_name": "Kim"}

    created = world.portal(own).post("/v1/people", json=contact).json()

    assert created["email"] == "circle@own.example"
    assert world.portal(own).post("/v1/people", json=contact).status_code == 409
    assert world.portal(own).get(f"/v1/people/{created['id']}").status_code == 200
    assert world.portal(other).get(f"/v1/people/{created['id']}").status_code == 404
    assert world.portal(other).get("/v1/people").json()["items"] == []
    unknown = world.operator.post("/v1/people", json=contact | {"company_id": "cmp_none"})
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/company-unknown")
    nowhere = world.operator.post("/v1/people", json=contact)
    assert (nowhere.status_code, nowhere.json()["type"]) == (422, "/problems/company-not-named")


def test_a_rotated_key_works_beside_the_old_one_for_the_overlap(world: World, client: TestClient) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()

    rotated = world.operator.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_hours": 24})

    assert (rotated.status_code, rotated.json()["id"], rotated.json()["status"]) == (201, made["id"], "rotating")
    old, new = ({"Authorization": f"Bearer {one['key']}"} for one in (made, rotated.json()))
    assert [client.get("/v1/me", headers=key).status_code for key in (old, new)] == [200, 200]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, seconds=1), tick=False):
        assert [client.get("/v1/me", headers=key).status_code for key in (old, new)] == [401, 200]
        assert world.operator.get(f"/v1/keys/{made['id']}").json()["status"] == "active"


def test_a_rotation_without_overlap_stops_the_old_secret_at_once(world: World, client: TestClient) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()
    old = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/v1/me", headers=old).status_code == 200

    world.operator.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_hours": 0})

    assert client.get("/v1/me", headers=old).status_code == 401


def test_a_key_that_is_not_in_use_is_not_rotated(world: World) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()
    world.operator.post(f"/v1/keys/{made['id']}/revoke")

    refused = world.operator.post(f"/v1/keys/{made['id']}/rotate", json={})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/key-not-in-use")


def test_a_revoked_key_is_refused_within_a_second_by_a_process_that_knew_it(world: World, settings: Settings) -> None:
    made = world.operator.post("/v1/keys", json={"role": "organizer", "label": "x"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    with TestClient(create_app(settings)) as other_process:
        assert other_process.get("/v1/me", headers=headers).status_code == 200
        world.operator.post(f"/v1/keys/{made['id']}/revoke")
        revoked = time.monotonic()

        wait_for(lambda: other_process.get("/v1/me", headers=headers).status_code == 401, "the key to be refused")

        assert time.monotonic() - revoked < 1.5


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ORGANIZER, Role.COORDINATOR, Role.PORTAL])
def test_each_role_has_a_variant_that_only_reads(world: World, role: Role) -> None:
    company_id = world.company() if role in (Role.COORDINATOR, Role.PORTAL) else None

    reader = world.caller(role, company_id, read_only=True)

    assert reader.get("/v1/me").json()["read_only"] is True
    assert reader.get("/v1/communities").status_code == 200
    refused = reader.post("/v1/communities/publish", json={})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/key-reads-only")
