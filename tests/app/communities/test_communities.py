import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from app.access.models import Role
from tests.world import World

CIRCLE: dict[str, Any] = {
    "name": "Data Literacy Circle",
    "teaser": "Numbers for all",
    "purpose": "We help colleagues to read charts.",
    "topics": ["data literacy"],
    "tags": ["Power BI"],
    "kind": "practice",
    "practice": "best_practice",
    "size_band": "100-499",
    "languages": ["en", "de-ch"],
    "time_zone": "Europe/Zurich",
    "managers": [{"email": "circle@own.example", "first_name": "Kim"}],
}
ADDRESS = "/v1/sources/intranet/communities/data-literacy"


def test_a_portal_stores_a_community_once_however_often_it_sends_it(world: World) -> None:
    portal = world.portal(world.company())

    first, second = portal.put(ADDRESS, json=CIRCLE), portal.put(ADDRESS, json=CIRCLE)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == portal.get(ADDRESS).json()
    assert first.headers["ETag"] == second.headers["ETag"] == '"1"'
    stored = first.json()
    assert stored["status"] == "draft"
    assert stored["languages"] == ["en", "de-CH"]
    assert {field: stored[field] for field in CIRCLE.keys() - {"languages", "managers"}} == {
        field: value for field, value in CIRCLE.items() if field not in ("languages", "managers")
    }
    assert [(one["email"], one["first_name"], one["deputy"]) for one in stored["managers"]] == [
        ("circle@own.example", "Kim", False)
    ]


def test_a_document_is_whole_what_it_leaves_out_is_empty(world: World) -> None:
    portal = world.portal(world.company())
    portal.put(ADDRESS, json=CIRCLE)

    changed = portal.put(ADDRESS, json={"name": "Chart readers"}).json()

    assert (changed["name"], changed["purpose"], changed["tags"]) == ("Chart readers", None, [])
    assert changed["version"] == 2
    assert len(changed["managers"]) == 1


def test_what_a_manager_entered_is_never_overwritten_by_a_portal(world: World) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    prefilled = portal.put(ADDRESS, json=CIRCLE | {"offers": ["from the portal"], "capacity": 2}).json()
    manager = world.caller(Role.MANAGER, person_id=prefilled["managers"][0]["person_id"])
    entered = manager.patch(
        f"/v1/communities/{prefilled['id']}", json={"offers": ["a learning path"]}, headers={"If-Match": '"1"'}
    ).json()

    after = portal.put(ADDRESS, json=CIRCLE | {"offers": ["portal again"], "capacity": 3}).json()

    assert prefilled["offers"] == ["from the portal"]
    assert entered["entered_by_manager"] == ["offers"]
    assert (after["offers"], after["capacity"]) == (["a learning path"], 3)


def test_an_empty_optional_text_is_the_same_as_none(world: World) -> None:
    portal = world.portal(world.company())

    stored = portal.put(ADDRESS, json={"name": "x", "purpose": "", "description": " ", "teaser": "", "time_zone": ""})

    assert stored.status_code == 201
    assert [stored.json()[field] for field in ("purpose", "description", "teaser", "time_zone")] == [None] * 4


@pytest.mark.parametrize("external_id", ["a/b", "ä@b", "🎉", "a b?c#d", "x" * 200])
def test_an_external_id_may_be_any_text(world: World, external_id: str) -> None:
    from urllib.parse import quote

    portal = world.portal(world.company())
    address = f"/v1/sources/intranet/communities/{quote(external_id, safe='')}"

    assert portal.put(address, json=CIRCLE).json()["external_id"] == external_id
    assert portal.get(address).json()["external_id"] == external_id


def test_the_same_external_id_of_two_companies_is_two_communities(world: World) -> None:
    own, other = world.portal(world.company("Own")), world.portal(world.company("Other"))

    mine, theirs = own.put(ADDRESS, json=CIRCLE).json(), other.put(ADDRESS, json=CIRCLE | {"name": "Secret"}).json()

    assert mine["id"] != theirs["id"]
    assert own.get(ADDRESS).json()["name"] == CIRCLE["name"]


def test_another_company_sees_and_changes_nothing(world: World) -> None:
    own, other = world.portal(world.company("Own")), world.portal(world.company("Other"))
    stored = own.put(ADDRESS, json=CIRCLE).json()
    address = f"/v1/communities/{stored['id']}"

    answers = [
        other.get(address),
        other.patch(address, json={"offers": ["x"]}, headers={"If-Match": "*"}),
        other.post(f"{address}/confirm"),
        other.post(f"{address}/publish", json={"consent_by": "x"}),
        other.post(f"{address}/archive"),
        other.get(ADDRESS),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert all("Data Literacy" not in answer.text for answer in answers)
    assert other.get("/v1/communities").json()["items"] == []
    assert other.get("/v1/communities", params={"company": stored["company_id"]}).json()["items"] == []
    report = other.post("/v1/communities/publish", json={"community_ids": [stored["id"]], "consent_by": "x"}).json()
    assert (report["published"], report["refused"]) == (0, 1)
    assert own.get(address).json() == stored


def test_an_organizer_sees_published_communities_without_contacts(world: World) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    draft = portal.put(ADDRESS, json=CIRCLE).json()
    [published] = world.published(company_id, CIRCLE | {"name": "Chart readers"})

    seen = world.organizer.get("/v1/communities").json()["items"]

    assert [one["id"] for one in seen] == [published]
    assert seen[0]["managers"] is None
    assert [seen[0][field] for field in ("external_id", "consent_by", "excluded_companies", "touches")] == [None] * 4
    assert "circle@own.example" not in str(seen)
    assert world.organizer.get(f"/v1/communities/{draft['id']}").status_code == 404
    assert world.organizer.post(f"/v1/communities/{published}/pause", json={}).status_code == 403


def test_an_organizer_finds_out_neither_sources_nor_what_a_community_avoids(world: World) -> None:
    asked_when = {"asks_per_quarter": 1, "ask_not_before": "2027-03-01"}
    avoiding = {"excluded_sectors": ["health"], "wished_sectors": ["software"]} | asked_when
    world.published(world.company(), CIRCLE | avoiding)

    [seen] = world.organizer.get("/v1/communities").json()["items"]
    asked = [world.organizer.get("/v1/communities", params={"source": one}).json() for one in ("intranet", "other")]

    hidden = ("source", "external_id", "excluded_sectors", "wished_sectors", "excluded_companies", "wished_companies")
    learned = ("asks_per_quarter", "ask_not_before", "entered_by_manager")
    assert [seen[field] for field in (*hidden, *learned)] == [None] * 9
    assert asked == [{"items": [], "next_cursor": None}] * 2


def test_an_organizer_sees_no_community_that_takes_part_no_more(world: World) -> None:
    leaving, staying = world.company("Leaving"), world.company("Staying")
    [of_leaving] = world.published(leaving, CIRCLE)
    [stale] = world.published(staying, CIRCLE)
    both = [world.organizer.get(f"/v1/communities/{one}").status_code for one in (of_leaving, stale)]

    world.operator.post(f"/v1/companies/{leaving}/leave")
    at_once = world.organizer.get(f"/v1/communities/{of_leaving}").status_code
    with time_machine.travel(datetime.now(UTC) + timedelta(days=200), tick=False):
        later = [world.organizer.get(f"/v1/communities/{one}").status_code for one in (of_leaving, stale)]
        listed = world.organizer.get("/v1/communities").json()["items"]

    assert (both, at_once, later, listed) == ([200, 200], 404, [404, 404], [])


def test_a_manager_sees_and_changes_the_own_communities_only(world: World) -> None:
    portal = world.portal(world.company())
    mine = portal.put(ADDRESS, json=CIRCLE).json()
    other = portal.put("/v1/sources/intranet/communities/other", json={"name": "Other"}).json()
    manager = world.caller(Role.MANAGER, person_id=mine["managers"][0]["person_id"])

    assert [one["id"] for one in manager.get("/v1/communities").json()["items"]] == [mine["id"]]
    assert manager.get(f"/v1/communities/{other['id']}").status_code == 404
    assert manager.put(ADDRESS, json=CIRCLE).status_code == 403


def test_a_change_needs_the_version_it_was_made_on(world: World) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"

    missing = portal.patch(address, json={"capacity": 2})
    first = portal.patch(address, json={"capacity": 2}, headers={"If-Match": '"1"'})
    stale = portal.patch(address, json={"capacity": 3}, headers={"If-Match": '"1"'})

    assert (missing.status_code, first.status_code, stale.status_code) == (428, 200, 412)
    assert first.headers["ETag"] == '"2"'
    assert portal.get(address).json()["capacity"] == 2


def test_a_community_lives_from_draft_to_archive(world: World) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()

    states = [
        portal.post(f"{address}/confirm").json()["status"],
        portal.post(f"{address}/publish", json={"consent_by": "manager"}).json()["status"],
        portal.post(f"{address}/pause", json={"until": until}).json()["status"],
        portal.post(f"{address}/resume").json()["status"],
        portal.post(f"{address}/archive").json()["status"],
    ]

    assert states == ["confirmed", "published", "paused", "published", "archived"]
    archived = portal.get(address).json()
    assert (archived["consent_by"], archived["paused_until"]) == ("manager", None)
    assert archived["confirm_again_by"] is not None


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([], "pause"),
        ([], "resume"),
        (["publish"], "publish"),
        (["publish"], "resume"),
        (["publish", "pause"], "pause"),
        (["publish", "pause"], "publish"),
        (["archive"], "archive"),
        (["archive"], "confirm"),
        (["archive"], "publish"),
    ],
)
def test_a_step_from_the_wrong_state_is_refused_and_changes_nothing(
    world: World, steps: list[str], refused: str
) -> None:
    bodies = {"publish": {"consent_by": "manager"}, "pause": {}}
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"
    for step in steps:
        assert portal.post(f"{address}/{step}", json=bodies.get(step)).status_code == 200
    before = portal.get(address).json()

    answer = portal.post(f"{address}/{refused}", json=bodies.get(refused))

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-community-state")
    assert portal.get(address).json() == before


def test_many_are_published_each_with_its_own_result(world: World) -> None:
    portal = world.portal(world.company())
    portal.put(ADDRESS, json=CIRCLE)
    portal.put("/v1/sources/intranet/communities/bare", json={"name": "Only a name"})

    report = portal.post(
        "/v1/communities/publish",
        json={"source": "intranet", "external_ids": ["data-literacy", "bare", "missing"], "consent_by": "manager"},
        headers={"Accept-Language": "de"},
    ).json()

    assert (report["published"], report["refused"]) == (1, 2)
    assert [row["published"] for row in report["rows"]] == [True, False, False]
    assert report["rows"][1]["problem"].startswith("Schreiben Sie zuerst einen Zweck")
    assert "intranet/missing" in report["rows"][2]["problem"]
    nothing = portal.post("/v1/communities/publish", json={"consent_by": "manager"})
    assert (nothing.status_code, nothing.json()["type"]) == (422, "/problems/nothing-to-publish")


@pytest.mark.parametrize(
    ("change", "pointer", "told"),
    [
        ({"colour": "blue"}, "/colour", "is not a field here"),
        ({"name": ""}, "/name", "is empty"),
        ({"name": "   "}, "/name", "is empty"),
        ({"name": None}, "/name", "must be text"),
        ({"purpose": "x" * 600}, "/purpose", "at most 500 characters"),
        ({"languages": ["xx"]}, "/languages/0", "xx is not a language tag"),
        ({"languages": ["deutsch"]}, "/languages/0", "deutsch is not a language tag"),
        ({"capacity": -1}, "/capacity", "must be at least 0"),
        ({"capacity": 4}, "/capacity", "must be at most 3"),
        ({"capacity": True}, "/capacity", "must be a whole number"),
        ({"topics": ["a", "b", "c", "d", "e", "f"]}, "/topics", "too many entries; at most 5"),
        ({"kind": "sect"}, "/kind", "must be one of"),
        ({"size_band": "120"}, "/size_band", "must be one of"),
        ({"rhythm_weeks": 5}, "/rhythm_weeks", "must be one of"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone", "is not a time zone"),
        ({"description": "a\u0000b"}, "/description", "control characters"),
        ({"managers": [{"email": "nobody", "first_name": "x"}]}, "/managers/0/email", "is not an e-mail address"),
    ],
)
def test_a_value_that_is_not_accepted_is_named_and_nothing_is_stored(
    world: World, change: dict[str, object], pointer: str, told: str
) -> None:
    portal = world.portal(world.company())

    refused = portal.put(ADDRESS, json=CIRCLE | change)

    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    [error] = refused.json()["errors"]
    assert error["pointer"] == pointer
    assert told in error["detail"]
    assert portal.get("/v1/communities").json()["items"] == []
    assert portal.get("/v1/people").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b'{"name": "x"', 400, "malformed-body"),
        (b'{"name": "\xff"}', 400, "malformed-body"),
        (b'{"name": "\\ud800"}', 422, "invalid-input"),
        (b"[]", 422, "invalid-input"),
        (b"null", 422, "invalid-input"),
        (b"", 422, "invalid-input"),
        (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed-body"),
        (b'{"name": "x", "capacity": 1e400}', 422, "invalid-input"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(world: World, body: bytes, status: int, problem: str) -> None:
    portal = world.portal(world.company())

    refused = portal.put(ADDRESS, content=body, headers={"Content-Type": "application/json"})

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert portal.get("/v1/communities").json()["items"] == []


def test_a_conditional_upsert_fails_on_another_version(world: World) -> None:
    portal = world.portal(world.company())

    early = portal.put(ADDRESS, json=CIRCLE, headers={"If-Match": '"1"'})
    portal.put(ADDRESS, json=CIRCLE)
    stale = portal.put(ADDRESS, json=CIRCLE | {"name": "New"}, headers={"If-Match": '"9"'})
    right = portal.put(ADDRESS, json=CIRCLE | {"name": "New"}, headers={"If-Match": '"1"'})

    assert [answer.status_code for answer in (early, stale, right)] == [412, 412, 200]


def test_a_manager_is_renamed_and_named_twice_is_one(world: World) -> None:
    portal = world.portal(world.company())
    kim = {"email": "circle@own.example", "first_name": "Kim"}
    portal.put(ADDRESS, json=CIRCLE)

    renamed = portal.put(ADDRESS, json=CIRCLE | {"managers": [kim, kim | {"first_name": "Robin", "deputy": True}]})
    again = portal.put(ADDRESS, json=CIRCLE | {"managers": [kim, kim | {"first_name": "Robin", "deputy": True}]})

    assert [(one["first_name"], one["deputy"]) for one in renamed.json()["managers"]] == [("Robin", True)]
    assert renamed.headers["ETag"] == again.headers["ETag"] == '"2"'


def test_publishing_many_tells_nothing_of_communities_that_one_may_not_see(world: World) -> None:
    company_id = world.company()
    draft = world.portal(company_id).put(ADDRESS, json=CIRCLE).json()
    stranger = world.portal(company_id).post("/v1/people", json={"email": "x@own.example", "first_name": "X"}).json()
    manager = world.caller(Role.MANAGER, person_id=stranger["id"])
    wish = {"source": "intranet", "external_ids": ["data-literacy", "none"], "consent_by": "manager"}

    told = manager.post("/v1/communities/publish", json=wish)
    organizer = world.organizer.post("/v1/communities/publish", json=wish | {"company_id": company_id})

    assert draft["id"] not in told.text
    assert [(row["community_id"], row["published"]) for row in told.json()["rows"]] == [(None, False)] * 2
    assert (organizer.status_code, organizer.json()["type"]) == (403, "/problems/role-not-enough")


def test_a_published_community_keeps_a_theme(world: World) -> None:
    company_id = world.company()
    [published] = world.published(company_id, CIRCLE)
    nothing: dict[str, Any] = {"purpose": None, "description": None, "topics": [], "tags": []}

    refused = world.portal(company_id).patch(f"/v1/communities/{published}", json=nothing, headers={"If-Match": "*"})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/community-without-theme")
    assert world.portal(company_id).get(f"/v1/communities/{published}").json()["tags"] == CIRCLE["tags"]


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2199-01-01T00:00:00Z", 0]
)
def test_a_consent_at_an_impossible_time_is_refused(world: World, when: object) -> None:
    portal = world.portal(world.company())
    address = f"/v1/communities/{portal.put(ADDRESS, json=CIRCLE).json()['id']}"

    refused = portal.post(f"{address}/publish", json={"consent_by": "manager", "consent_at": when})

    assert refused.status_code == 422
    assert portal.get(address).json()["status"] == "draft"


def test_an_external_id_means_the_same_in_an_address_and_in_a_body(world: World) -> None:
    portal = world.portal(world.company())

    stored = portal.put("/v1/sources/intranet/communities/%20data-literacy", json=CIRCLE).json()
    report = portal.post(
        "/v1/communities/publish",
        json={"source": "intranet", "external_ids": [" data-literacy "], "consent_by": "manager"},
    ).json()

    assert stored["external_id"] == "data-literacy"
    assert report["published"] == 1
    assert portal.put("/v1/sources/intranet/communities/caf\ufffd", json=CIRCLE).status_code == 422


@pytest.mark.parametrize("cursor", ["[" + "1" * 320 + "]", "[1e999]", "[true]", "[null]", '["a", "b"]', "{}", "[]"])
def test_a_tampered_cursor_is_refused(world: World, cursor: str) -> None:
    encoded = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")

    refused = world.operator.get("/v1/communities", params={"cursor": encoded})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-cursor")


def test_pages_are_stable_and_a_wrong_cursor_or_limit_is_refused(world: World) -> None:
    company_id = world.company()
    ids = world.published(company_id, *({"name": f"Circle {number}", "tags": ["x"]} for number in range(5)))
    portal = world.portal(company_id)

    first = portal.get("/v1/communities", params={"limit": 2}).json()
    second = portal.get("/v1/communities", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = portal.get("/v1/communities", params={"limit": 2, "cursor": second["next_cursor"]}).json()

    assert [one["id"] for page in (first, second, third) for one in page["items"]] == ids
    assert third["next_cursor"] is None
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": "nonsense"}, {"cursor": "WzFd"}, {"status": "lost"}):
        refused = portal.get("/v1/communities", params=query)
        assert refused.status_code == 422, query


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_number_of_queries_however_long_it_is(
    world: World, client_queries: list[str], rows: int
) -> None:
    company_id = world.company()
    world.published(company_id, *({"name": f"Circle {number}", "tags": ["x"]} for number in range(rows)))
    portal = world.portal(company_id)
    client_queries.clear()

    assert len(portal.get("/v1/communities").json()["items"]) == rows

    # The communities, their managers, their further identifiers; the key may have been looked up a second ago.
    assert len([query for query in client_queries if query.startswith("SELECT") and "api_key" not in query]) == 3
