from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from starlette.testclient import TestClient

from app.access.models import Role
from app.core.settings import Settings
from app.main import create_app
from tests.world import ApiCaller, JsonObject, World

NORDWERK = {
    "name": "Nordwerk",
    "sector": "machinery",
    "time_zone": "Europe/Berlin",
    "mail_domains": ["Nordwerk.example"],
}


def changed(caller: ApiCaller, address: str, **change: object) -> JsonObject:
    """The company after a change that is accepted."""
    answer = caller.patch(address, json=change, headers={"If-Match": caller.get(address).headers["ETag"]})
    assert answer.status_code == 200, answer.text
    told: JsonObject = answer.json()
    return told


def test_a_company_is_invited_then_activated(world: World) -> None:
    invited = world.operator.post("/v1/companies", json=NORDWERK)
    assert (invited.status_code, invited.json()["status"]) == (201, "invited")

    activated = world.operator.post(f"{invited.headers['Location']}/activate").json()

    assert activated == invited.json() | {"status": "active"}
    assert activated["mail_domains"] == ["nordwerk.example"]
    again = world.operator.post(f"{invited.headers['Location']}/activate")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/company-not-invited")


def test_outside_development_a_company_is_complete_before_it_takes_part(world: World, settings: Settings) -> None:
    invited = world.operator.post("/v1/companies", json={"name": "New", "sector": "health"}).json()
    address = f"/v1/companies/{invited['id']}"
    coordinator = world.caller(Role.COORDINATOR, invited["id"])
    settings.environment = "production"

    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        operator, own = ApiCaller(client, world.operator.headers), ApiCaller(client, coordinator.headers)
        refused = operator.post(f"{address}/activate")
        filled = changed(own, address, imprint="New AG, Ulm", privacy_notice="https://new.example/privacy")
        waiting = changed(own, address, mail_domains=["new.example"])
        still_refused = operator.post(f"{address}/activate")
        vouched = changed(operator, address, mail_domains=["new.example"])
        activated = operator.post(f"{address}/activate")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-incomplete")
    assert "mail_domains, imprint, privacy_notice" in refused.json()["detail"]
    assert invited["missing"] == ["mail_domains", "imprint", "privacy_notice"]
    assert filled["missing"] == ["mail_domains"]
    assert (waiting["mail_domains"], waiting["mail_domains_waiting"]) == ([], ["new.example"])
    assert still_refused.status_code == 409
    assert (vouched["mail_domains"], vouched["missing"]) == (["new.example"], [])
    assert activated.json()["status"] == "active"


def test_a_name_is_taken_once(world: World) -> None:
    world.company("Nordwerk")

    refused = world.operator.post("/v1/companies", json=NORDWERK)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-exists")


def test_a_mail_domain_belongs_to_one_company(world: World) -> None:
    first, second = world.company("First"), world.company("Second")
    changed(world.operator, f"/v1/companies/{first}", mail_domains=["shared.example"])
    coordinator = world.caller(Role.COORDINATOR, second)

    refused = coordinator.patch(
        f"/v1/companies/{second}", json={"mail_domains": ["shared.example"]}, headers={"If-Match": "*"}
    )

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/mail-domain-taken")
    assert "First" not in refused.text


def test_companies_are_seen_by_themselves_and_by_those_who_run_the_service(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    portal = world.portal(own)

    assert [one["id"] for one in portal.get("/v1/companies").json()["items"]] == [own]
    assert portal.get(f"/v1/companies/{other}").json()["type"] == "/problems/company-not-found"
    assert {one["id"] for one in world.organizer.get("/v1/companies").json()["items"]} == {own, other}


def test_only_an_operator_invites_and_renames_companies(world: World) -> None:
    company_id = world.company()
    coordinator = world.caller(Role.COORDINATOR, company_id)

    renamed = coordinator.patch(f"/v1/companies/{company_id}", json={"name": "Else"}, headers={"If-Match": "*"})

    assert world.portal(company_id).post("/v1/companies", json=NORDWERK).status_code == 403
    assert world.organizer.post(f"/v1/companies/{company_id}/activate").status_code == 403
    assert world.organizer.post(f"/v1/companies/{company_id}/leave").status_code == 403
    assert (renamed.status_code, renamed.json()["type"]) == (403, "/problems/role-not-enough")
    assert world.operator.get(f"/v1/companies/{company_id}").json()["name"] == "Nordwerk"


def test_a_coordinator_cannot_change_the_sector_to_meet_somebody_without_approval(world: World) -> None:
    own, near = world.company("Own"), world.company("Near")
    coordinator = world.caller(Role.COORDINATOR, own)

    moved = coordinator.patch(f"/v1/companies/{own}", json={"sector": "health"}, headers={"If-Match": "*"})
    same = changed(coordinator, f"/v1/companies/{own}", sector="machinery", imprint="Own AG, Ulm")

    assert (moved.status_code, moved.json()["type"]) == (403, "/problems/role-not-enough")
    assert (same["sector"], same["imprint"]) == ("machinery", "Own AG, Ulm")
    assert coordinator.get(f"/v1/companies/{own}/proximity/{near}").json()["proximity"] == "approval"
    assert changed(world.operator, f"/v1/companies/{own}", sector="health")["sector"] == "health"


def test_naming_a_mail_domain_first_keeps_nobody_from_its_own(world: World) -> None:
    squatter, owner = world.company("Squatter"), world.company("Owner")
    coordinator = world.caller(Role.COORDINATOR, squatter)
    changed(coordinator, f"/v1/companies/{squatter}", mail_domains=["owner.example"])

    vouched = changed(world.operator, f"/v1/companies/{owner}", mail_domains=["owner.example"])
    again = world.operator.patch(
        f"/v1/companies/{squatter}", json={"mail_domains": ["owner.example"]}, headers={"If-Match": "*"}
    )

    assert (vouched["mail_domains"], vouched["mail_domains_waiting"]) == (["owner.example"], [])
    assert coordinator.get(f"/v1/companies/{squatter}").json()["mail_domains_waiting"] == []
    assert (again.status_code, again.json()["type"]) == (409, "/problems/mail-domain-taken")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"sector": "Auto Motive"}, "/sector"),
        ({"time_zone": "Berlin"}, "/time_zone"),
        ({"mail_domains": ["not a domain"]}, "/mail_domains/0"),
        ({"name": ""}, "/name"),
    ],
)
def test_a_company_with_a_wrong_value_is_refused(world: World, change: dict[str, object], pointer: str) -> None:
    refused = world.operator.post("/v1/companies", json=NORDWERK | change)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_a_company_that_is_not_active_stores_nothing(world: World) -> None:
    invited = world.company(active=False)

    refused = world.portal(invited).put("/v1/sources/intranet/communities/x", json={"name": "x"})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-not-active")


def test_a_company_that_leaves_takes_part_no_more_but_reads_exports_and_may_stay(world: World) -> None:
    company_id, other = world.company("Leaver"), world.company("Other")
    world.published(company_id, {"name": "Circle", "tags": ["python"]})
    world.published(other, {"name": "Ring", "tags": ["python"]})
    portal = world.portal(company_id)

    left = world.operator.post(f"/v1/companies/{company_id}/leave").json()

    assert left["status"] == "leaving"
    assert left["erase_on"] == (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    assert portal.put("/v1/sources/intranet/communities/x", json={"name": "x"}).status_code == 409
    assert len(portal.get("/v1/communities").json()["items"]) == 1
    assert '"record": "community"' in portal.get(f"/v1/companies/{company_id}/export").text
    draft = world.organizer.post("/v1/rounds", json={"title": "x"}).json()
    assert world.organizer.post(f"/v1/rounds/{draft['id']}/start").json()["type"] == "/problems/round-of-one-company"
    stays = world.operator.post(f"/v1/companies/{company_id}/activate").json()
    assert (stays["status"], stays["erase_on"]) == ("active", None)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31), tick=False):
        world.worker.run_until_idle()
    assert len(portal.get("/v1/communities").json()["items"]) == 1


def test_proximity_is_the_stricter_of_what_the_two_decide(world: World) -> None:
    own, near, far = world.company("Own"), world.company("Near"), world.company("Far", sector="health")
    mine, theirs = world.caller(Role.COORDINATOR, own), world.caller(Role.COORDINATOR, far)
    address = f"/v1/companies/{own}/proximity"
    by_name = {one["name"]: one["proximity"] for one in mine.get(address).json()["items"]}

    decided = theirs.put(
        f"/v1/companies/{far}/proximity/{own}", json={"proximity": "excluded"}, headers={"If-Match": '"0.free"'}
    )
    seen = mine.get(f"{address}/{far}")
    lowered = mine.put(
        f"{address}/{near}",
        json={"proximity": "free"},
        headers={"If-Match": mine.get(f"{address}/{near}").headers["ETag"]},
    )

    assert by_name == {"Far": "free", "Near": "approval"}
    assert (decided.status_code, decided.json()["proximity"]) == (200, "excluded")
    assert (seen.json()["proximity"], seen.json()["decided"]) == ("excluded", None)
    # The other side has not agreed: its default still holds.
    assert (lowered.json()["decided"], lowered.json()["proximity"]) == ("free", "approval")


def test_excluded_companies_never_meet_in_a_round(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    for company_id in (own, other):
        world.published(company_id, {"name": "Circle", "tags": ["python"]})
    coordinator = world.caller(Role.COORDINATOR, other)

    coordinator.put(
        f"/v1/companies/{other}/proximity/{own}", json={"proximity": "excluded"}, headers={"If-Match": "*"}
    )

    assert world.proposed_round()["proposals"] == 0


@pytest.mark.parametrize("role", [Role.PORTAL, Role.COORDINATOR])
def test_another_companys_proximity_is_out_of_sight(world: World, role: Role) -> None:
    own, other = world.company("Own"), world.company("Other")
    caller = world.caller(role, own)

    answers = [
        caller.get(f"/v1/companies/{other}/proximity"),
        caller.get(f"/v1/companies/{other}/proximity/{own}"),
        caller.get(f"/v1/companies/{own}/proximity/cmp_none"),
        caller.get(f"/v1/companies/{other}/export"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert caller.get(f"/v1/companies/{own}/proximity/{own}").json()["type"] == "/problems/proximity-to-itself"


def test_somebody_of_another_mail_domain_waits_for_the_coordinator(world: World) -> None:
    company_id = world.company()
    changed(world.operator, f"/v1/companies/{company_id}", mail_domains=["own.example"])
    portal, coordinator = world.portal(company_id), world.caller(Role.COORDINATOR, company_id)

    known = portal.post("/v1/people", json={"email": "a@own.example", "first_name": "A"}).json()
    stranger = portal.post("/v1/people", json={"email": "b@else.example", "first_name": "B"}).json()
    wish = {"role": "manager", "label": "x", "person_id": stranger["id"]}
    no_key = coordinator.post("/v1/keys", json=wish)
    portal_may_not = portal.post(f"/v1/people/{stranger['id']}/approve")
    approved = coordinator.post(f"/v1/people/{stranger['id']}/approve").json()

    assert (known["status"], stranger["status"], approved["status"]) == ("active", "waiting", "active")
    assert (no_key.status_code, no_key.json()["type"]) == (409, "/problems/person-waiting")
    assert portal_may_not.status_code == 403
    assert coordinator.post("/v1/keys", json=wish).status_code == 201
    assert coordinator.post(f"/v1/people/{stranger['id']}/approve").json()["type"] == "/problems/person-not-waiting"


def test_the_key_of_somebody_who_waits_is_not_accepted(world: World) -> None:
    company_id = world.company()
    changed(world.operator, f"/v1/companies/{company_id}", mail_domains=["own.example"])
    portal, coordinator = world.portal(company_id), world.caller(Role.COORDINATOR, company_id)
    person_id = portal.post("/v1/people", json={"email": "a@own.example", "first_name": "A"}).json()["id"]
    before = world.caller(Role.MANAGER, person_id=person_id).get("/v1/me")
    # A key of its own for each look: one that was accepted is remembered for a second.
    manager, approved = (world.caller(Role.MANAGER, person_id=person_id) for _ in range(2))

    moved = portal.patch(f"/v1/people/{person_id}", json={"email": "a@else.example"}, headers={"If-Match": "*"})
    refused = manager.get("/v1/me")
    coordinator.post(f"/v1/people/{person_id}/approve")

    assert moved.json()["status"] == "waiting"
    assert [before.status_code, refused.status_code] == [200, 401]
    assert refused.json()["type"] == "/problems/key-not-accepted"
    assert approved.get("/v1/me").status_code == 200


def test_nobody_who_was_erased_gets_a_key(world: World) -> None:
    company_id = world.company()
    contact = {"email": "a@own.example", "first_name": "A"}
    person_id = world.portal(company_id).post("/v1/people", json=contact).json()["id"]
    world.operator.post(f"/v1/companies/{company_id}/leave")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31), tick=False):
        world.worker.run_until_idle()

    refused = world.operator.post("/v1/keys", json={"role": "manager", "label": "x", "person_id": person_id})

    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/person-not-found")


def test_a_person_who_changes_shows_in_the_version_of_the_communities(world: World) -> None:
    portal = world.portal(world.company())
    kim = {"email": "kim@own.example", "first_name": "Kim"}
    stored = portal.put("/v1/sources/intranet/communities/x", json={"name": "x", "managers": [kim]})
    person_id = stored.json()["managers"][0]["person_id"]
    address = f"/v1/people/{person_id}"

    renamed = portal.patch(address, json={"first_name": "Robin"}, headers={"If-Match": '"1"'})
    stale = portal.patch(address, json={"first_name": "Kim"}, headers={"If-Match": '"1"'})
    world.worker.run_until_idle()

    assert (renamed.json()["first_name"], renamed.headers["ETag"], stale.status_code) == ("Robin", '"2"', 412)
    seen = portal.get(f"/v1/communities/{stored.json()['id']}")
    assert (seen.json()["managers"][0]["first_name"], seen.headers["ETag"]) == ("Robin", '"2"')


def test_an_address_is_one_persons(world: World) -> None:
    portal = world.portal(world.company())
    portal.post("/v1/people", json={"email": "a@own.example", "first_name": "A"})
    other = portal.post("/v1/people", json={"email": "b@own.example", "first_name": "B"}).json()

    taken = portal.patch(f"/v1/people/{other['id']}", json={"email": "a@own.example"}, headers={"If-Match": '"1"'})

    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/person-exists")
    assert portal.get(f"/v1/people/{other['id']}").json()["email"] == "b@own.example"
