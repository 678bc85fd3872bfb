"""Who brings a community into which state, with whose consent, and how two entries become one."""

from typing import Any

import pytest

from app.access.models import Role
from tests.world import ApiCaller, JsonObject, World, ndjson

CIRCLE: JsonObject = {
    "name": "Data Literacy Circle",
    "tags": ["Power BI"],
    "managers": [{"email": "circle@own.example", "first_name": "Kim"}],
}
CONSENT = {"consent_by": "community manager", "consent_at": "2026-11-01T10:00:00Z"}


def stored(portal: ApiCaller, external_id: str, **fields: Any) -> JsonObject:
    answer = portal.put(f"/v1/sources/intranet/communities/{external_id}", json=CIRCLE | fields)
    assert answer.status_code in (200, 201), answer.text
    told: JsonObject = answer.json()
    return told


def manager_of(world: World, community: JsonObject) -> ApiCaller:
    return world.caller(Role.MANAGER, person_id=community["managers"][0]["person_id"])


def test_what_a_manager_paused_no_portal_brings_back(world: World) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    community = stored(portal, "a")
    address = f"/v1/communities/{community['id']}"
    portal.post(f"{address}/publish", json=CONSENT)
    manager = manager_of(world, community)

    paused = manager.post(f"{address}/pause", json={}).json()
    answers = [
        portal.post(f"{address}/publish", json=CONSENT),
        portal.post(f"{address}/resume"),
        portal.post("/v1/communities/publish", json=CONSENT | {"community_ids": [community["id"]]}),
    ]
    again = stored(portal, "a", tags=["charts"])
    resumed = manager.post(f"{address}/resume").json()

    assert (paused["status"], paused["paused_by"]) == ("paused", "manager")
    assert [(answer.status_code, answer.json().get("type")) for answer in answers] == [
        (409, "/problems/paused-by-manager"),
        (409, "/problems/paused-by-manager"),
        (200, None),
    ]
    assert "manager" in answers[2].json()["rows"][0]["problem"]
    assert again["status"] == "paused"
    assert (resumed["status"], resumed["paused_by"]) == ("published", None)


def test_a_portal_resumes_what_it_paused_itself(world: World) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{stored(portal, 'a')['id']}"
    portal.post(f"{address}/publish", json=CONSENT)
    portal.post(f"{address}/pause", json={})

    assert portal.post(f"{address}/resume").json()["status"] == "published"


def test_each_consent_stays_on_record_with_who_recorded_it(world: World) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    community = stored(portal, "a")
    address = f"/v1/communities/{community['id']}"
    portal.post(f"{address}/publish", json=CONSENT)

    [record] = manager_of(world, community).get(f"{address}/consents").json()["items"]

    assert record == {
        "consent_by": "community manager",
        "consent_at": "2026-11-01T10:00:00Z",
        "recorded_by": "portal",
        "recorded_at": record["recorded_at"],
    }
    assert world.organizer.get(f"{address}/consents").status_code == 403
    assert world.portal(world.company("Other")).get(f"{address}/consents").status_code == 404


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("JÖRG Meier, by phone", "erased"),
        ("asked Joerg@Own.example", "erased"),
        ("Jörgen, the community manager", "Jörgen, the community manager"),
    ],
)
def test_no_consent_names_who_is_erased_in_whatever_words(world: World, said: str, left: str) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    community = stored(portal, "a", managers=[{"email": "joerg@own.example", "first_name": "Jörg"}])
    address = f"/v1/communities/{community['id']}"
    portal.post(f"{address}/publish", json={"consent_by": said})
    coordinator = world.caller(Role.COORDINATOR, company_id)

    erased = coordinator.post(f"/v1/people/{community['managers'][0]['person_id']}/erase")

    [record] = coordinator.get(f"{address}/consents").json()["items"]
    assert erased.is_success, erased.text
    assert (record["consent_by"], portal.get(address).json()["consent_by"]) == (left, left)


def test_a_community_of_circumstance_is_published_on_purpose_only(world: World) -> None:
    portal = world.portal(world.company())
    one, two = (stored(portal, name, kind="circumstance") for name in ("a", "b"))
    many = CONSENT | {"source": "intranet", "external_ids": ["a", "b"]}

    refused = portal.post("/v1/communities/publish", json=many).json()
    single = portal.post(f"/v1/communities/{one['id']}/publish", json=CONSENT).json()
    named = portal.post("/v1/communities/publish", json=many | {"circumstance": True}).json()

    assert (refused["published"], single["status"]) == (0, "published")
    assert [row["published"] for row in named["rows"]] == [False, True]
    assert portal.get(f"/v1/communities/{two['id']}").json()["status"] == "published"


def test_two_entries_become_one_and_both_identifiers_go_on_working(world: World) -> None:
    portal = world.portal(world.company())
    old = stored(portal, "old", purpose="Reading charts", offers=["a learning path"], excluded_sectors=["health"])
    other = {"email": "robin@own.example", "first_name": "Robin"}
    new = stored(portal, "new", tags=["charts"], excluded_sectors=["energy"], managers=[other])

    merged = portal.post(f"/v1/communities/{old['id']}/merge", json={"into": new["id"]}).json()

    assert merged["id"] == new["id"]
    assert (merged["tags"], merged["purpose"], merged["offers"]) == (
        ["charts"],
        "Reading charts",
        ["a learning path"],
    )
    assert merged["excluded_sectors"] == ["energy", "health"]
    assert {one["first_name"] for one in merged["managers"]} == {"Kim", "Robin"}
    assert merged["also_known_as"] == [{"source": "intranet", "external_id": "old"}]
    gone = portal.get(f"/v1/communities/{old['id']}").json()
    assert (gone["status"], gone["merged_into"], gone["external_id"]) == ("archived", new["id"], None)
    assert portal.get("/v1/sources/intranet/communities/old").json() == merged
    # Both entries still come with each import: neither brings the other back or overwrites it.
    rows: list[JsonObject] = [
        {"external_id": "old", "name": "Old name"},
        {"external_id": "new"} | CIRCLE | {"tags": ["charts"]},
    ]
    world.imported(portal, ndjson(rows))
    after = portal.get(f"/v1/communities/{new['id']}").json()
    assert after["name"] == CIRCLE["name"]
    assert len([one for one in portal.get("/v1/communities").json()["items"] if one["status"] != "archived"]) == 1


@pytest.mark.parametrize(
    ("into", "status", "problem"),
    [
        ("itself", 422, "merge-with-itself"),
        ("archived", 409, "community-archived"),
        ("other", 404, "community-not-found"),
    ],
)
def test_a_merge_that_makes_no_sense_changes_nothing(world: World, into: str, status: int, problem: str) -> None:
    portal = world.portal(world.company())
    community, archived = stored(portal, "a"), stored(portal, "b")
    portal.post(f"/v1/communities/{archived['id']}/archive")
    other = stored(world.portal(world.company("Other")), "a")
    ids = {"itself": community["id"], "archived": archived["id"], "other": other["id"]}

    refused = portal.post(f"/v1/communities/{community['id']}/merge", json={"into": ids[into]})

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert portal.get(f"/v1/communities/{community['id']}").json() == community


def test_an_operator_merges_within_a_company_only(world: World) -> None:
    own, other = stored(world.portal(world.company()), "a"), stored(world.portal(world.company("Other")), "a")

    refused = world.operator.post(f"/v1/communities/{own['id']}/merge", json={"into": other["id"]})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/merge-across-companies")


def test_a_merged_chain_ends_at_the_last(world: World) -> None:
    portal = world.portal(world.company())
    first, second, third = (stored(portal, name) for name in ("a", "b", "c"))

    portal.post(f"/v1/communities/{first['id']}/merge", json={"into": second["id"]})
    portal.post(f"/v1/communities/{second['id']}/merge", json={"into": third["id"]})

    for name in ("a", "b", "c"):
        assert portal.get(f"/v1/sources/intranet/communities/{name}").json()["id"] == third["id"]


def test_waiting_people_are_told_as_waiting_inside_the_company(world: World) -> None:
    company_id = world.company()
    address = f"/v1/companies/{company_id}"
    etag = world.operator.get(address).headers["ETag"]
    world.operator.patch(address, json={"mail_domains": ["nordwerk.example"]}, headers={"If-Match": etag})
    portal = world.portal(company_id)

    first, again = stored(portal, "a"), stored(portal, "a")

    assert [one["status"] for one in first["managers"]] == ["waiting"]
    assert again["version"] == first["version"]


def test_many_that_are_published_again_with_the_same_key_are_told_as_the_first_time(world: World) -> None:
    portal = world.portal(world.company())
    stored(portal, "a")
    stored(portal, "bare", tags=[])
    stored(portal, "done")
    names = ["a", "bare", "done", "later"]
    wish = CONSENT | {"source": "intranet", "external_ids": names}
    portal.post("/v1/communities/publish", json=wish | {"external_ids": ["done"]})

    first = portal.post("/v1/communities/publish", json=wish, headers={"Idempotency-Key": "k"}).json()
    stored(portal, "bare", tags=["now it has some"])
    stored(portal, "later")
    again = portal.post("/v1/communities/publish", json=wish, headers={"Idempotency-Key": "k"}).json()
    anew = portal.post("/v1/communities/publish", json=wish, headers={"Idempotency-Key": "new"}).json()

    assert [row["published"] for row in first["rows"]] == [True, False, False, False]
    assert [row["published"] for row in again["rows"]] == [True, False, False, False]
    assert [row["problem"] and row["problem"].split(".")[0] for row in again["rows"]] == [
        None,
        "This request is a repetition, and this row was refused the first time",
        "The community is published; this step is possible only when it is one of these: draft, confirmed",
        "This request is a repetition, and this row was refused the first time",
    ]
    assert [row["published"] for row in anew["rows"]] == [False, True, False, True]
