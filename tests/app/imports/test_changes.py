"""What an import tells about what it changes: new, changed and missing communities, also before it is done."""

from typing import Any

import pytest
from sqlmodel import select

from app.communities import documents, queries
from app.communities.models import Community
from app.communities.schemas import CommunityDocument
from app.imports import changes
from app.imports import jobs as import_jobs
from app.imports.models import ImportChange
from tests.world import ApiCaller, JsonObject, World, ndjson

COUNTS = ("created", "updated", "unchanged", "refused", "missing")
CONTACT = {"email": "kim@nordwerk.example", "first_name": "Kim"}


def told(portal: ApiCaller, done: JsonObject, **query: object) -> list[JsonObject]:
    items: list[JsonObject] = portal.get(f"/v1/imports/{done['id']}/changes", params=query).json()["items"]
    return items


def ids(portal: ApiCaller) -> dict[str, str]:
    return {one["external_id"]: one["id"] for one in portal.get("/v1/communities").json()["items"]}


FIRST: list[dict[str, Any]] = [
    {"external_id": "same", "name": "Same", "tags": ["a"]},
    {"external_id": "renamed", "name": "Old", "purpose": "Old purpose", "managers": [CONTACT]},
    {"external_id": "gone", "name": "Gone"},
    {"external_id": "refused", "name": "Stays"},
]
SECOND: list[dict[str, Any]] = [
    FIRST[0],
    {"external_id": "renamed", "name": "New", "purpose": None, "managers": [CONTACT | {"first_name": "Lee"}]},
    {"external_id": "fresh", "name": "Fresh"},
    {"external_id": "refused", "name": "Stays", "capacity": 9},
]


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_tells_what_it_changes_and_a_dry_run_what_it_would(world: World, dry_run: bool) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson(FIRST))
    before = ids(portal)

    done = world.imported(portal, ndjson(SECOND), dry_run=dry_run)

    assert [done[count] for count in COUNTS] == [1, 1, 1, 1, 1]
    assert told(portal, done) == [
        {
            "change": "changed",
            "line": 2,
            "external_id": "renamed",
            "community_id": before["renamed"],
            "name": "New",
            "fields": ["name", "purpose", "managers"],
        },
        {
            "change": "new",
            "line": 3,
            "external_id": "fresh",
            "community_id": None if dry_run else ids(portal)["fresh"],
            "name": "Fresh",
            "fields": [],
        },
        {
            "change": "missing",
            "line": None,
            "external_id": "gone",
            "community_id": before["gone"],
            "name": "Gone",
            "fields": [],
        },
    ]
    # Missing ones are told, not touched.
    assert portal.get(f"/v1/communities/{before['gone']}").json()["status"] == "draft"
    assert ("fresh" in ids(portal)) is not dry_run


def test_changes_come_by_kind_and_in_pages(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson([{"external_id": f"old{number}", "name": "x"} for number in range(3)]))
    done = world.imported(portal, ndjson([{"external_id": f"new{number}", "name": "x"} for number in range(5)]))
    address = f"/v1/imports/{done['id']}/changes"

    pages = [portal.get(address, params={"limit": 4}).json()]
    pages.append(portal.get(address, params={"limit": 4, "cursor": pages[0]["next_cursor"]}).json())

    assert [one["external_id"] for page in pages for one in page["items"]] == [
        *(f"new{number}" for number in range(5)),
        *(f"old{number}" for number in range(3)),
    ]
    assert pages[1]["next_cursor"] is None
    assert [one["external_id"] for one in told(portal, done, change="missing")] == ["old0", "old1", "old2"]
    assert told(portal, done, change="changed") == []
    assert portal.get(address, params={"change": "unchanged"}).status_code == 422


def test_a_list_of_many_changes_takes_as_many_queries_as_one(world: World, client_queries: list[str]) -> None:
    portal = world.portal(world.company())
    one = world.imported(portal, ndjson(FIRST[:1]))
    several = world.imported(portal, ndjson([*FIRST, {"external_id": "more", "name": "x"}]))
    used = []

    for done, count in ((one, 1), (several, 4)):
        client_queries.clear()
        assert len(told(portal, done)) == count
        used.append(len(client_queries))

    assert used[0] == used[1]


def test_changes_are_seen_by_their_company_only(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    done = world.imported(world.portal(own), ndjson(FIRST))

    refused = world.portal(other).get(f"/v1/imports/{done['id']}/changes")

    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/import-not-found")
    assert len(told(world.operator, done)) == 4


def test_missing_are_those_of_the_same_company_and_source_that_are_not_archived(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    portal = world.portal(own)
    world.imported(portal, ndjson(FIRST))
    world.imported(portal, ndjson([{"external_id": "elsewhere", "name": "x"}]), source="wiki")
    world.imported(world.portal(other), ndjson([{"external_id": "theirs", "name": "x"}]))
    portal.post("/v1/communities", json={"name": "Of no source"})
    assert portal.post(f"/v1/communities/{ids(portal)['gone']}/archive").status_code == 200

    done = world.imported(portal, ndjson(FIRST[:1]))

    assert [one["external_id"] for one in told(portal, done)] == ["refused", "renamed"]
    assert done["missing"] == 2


def test_what_is_missing_stays_unknown_when_a_file_cannot_be_read(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson(FIRST))

    failed = world.imported(portal, b"{}", "application/json")

    assert (failed["status"], failed["missing"], told(portal, failed)) == ("failed", None, [])


def test_rows_with_too_few_cells_are_not_missing(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, b"id,name\na,A\nb,B\n", "text/csv")

    done = world.imported(portal, b"id,name\na\nb,B,?\n", "text/csv")

    assert [done[count] for count in COUNTS] == [0, 0, 0, 2, 0]


def test_a_file_that_stops_in_the_middle_keeps_and_counts_what_was_stored(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, b"id,name\na,A\n" + b'x;b",y,"\n'.replace(b";", b",") * 300 + b"z,Z\n", "text/csv")

    assert [done[count] for count in ("status", "created", "refused", "missing")] == ["failed", 1, 100, None]
    assert "so reading stopped on line 102" in done["problem"]
    assert list(ids(portal)) == ["a"]


def test_details_of_the_newest_imports_of_a_source_are_kept_and_counts_of_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 2)
    portal = world.portal(world.company())
    elsewhere = world.imported(portal, ndjson(FIRST), source="wiki")

    done = [world.imported(portal, ndjson(SECOND), dry_run=True) for _ in range(4)]

    kept = [portal.get(f"/v1/imports/{one['id']}").json() for one in done]
    assert [one["details_kept"] for one in kept] == [False, False, True, True]
    assert [one["created"] for one in kept] == [3, 3, 3, 3]
    assert [len(told(portal, one)) for one in done] == [0, 0, 3, 3]
    assert [len(portal.get(f"/v1/imports/{one['id']}/refusals").json()["items"]) for one in done] == [0, 0, 1, 1]
    assert len(told(portal, elsewhere)) == 4


def test_changes_of_many_batches_are_numbered_in_the_order_of_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "BATCH", 2)
    portal = world.portal(world.company())
    world.imported(portal, ndjson(FIRST))

    done = world.imported(portal, ndjson([{"external_id": f"n{number}", "name": "x"} for number in range(5)]))

    with world.database.reader() as session:
        numbers = session.exec(
            select(ImportChange.number).where(ImportChange.import_id == done["id"]).order_by(ImportChange.number)  # type: ignore[arg-type]  # a column
        ).all()
    assert numbers == list(range(1, 10))


def test_an_external_id_that_became_another_communitys_changes_nothing_and_misses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson([{"external_id": "kept", "name": "Kept"}]))
    by_own_ids = queries.by_external_ids

    def with_alias(*arguments: Any, **options: Any) -> dict[str, Community]:
        session, company_id, source, external_ids = arguments
        found = by_own_ids(session, company_id, source, [*external_ids, "kept"], **options)
        return found | {"merged": found["kept"]}

    monkeypatch.setattr(queries, "by_external_ids", with_alias)

    done = world.imported(portal, ndjson([{"external_id": "merged", "name": "Other words"}]))

    assert [done[count] for count in COUNTS] == [0, 0, 1, 0, 0]
    assert [one["name"] for one in portal.get("/v1/communities").json()["items"]] == ["Kept"]


def test_storing_tells_the_changed_fields_and_the_session_sees_them(world: World) -> None:
    company_id = world.company()
    with world.database.session() as session:
        created = documents.store(session, company_id, "x", {"a": CommunityDocument(name="A", offers=["one"])})
        community = session.get_one(Community, created.ids["a"])

        stored = documents.store(session, company_id, "x", {"a": CommunityDocument(name="B", tags=["t"])})

        assert dict(stored.changes) == {"a": ("name", "tags")}
        assert (community.name, community.tags, community.offers, community.version) == ("B", ["t"], ["one"], 2)
    with world.database.reader() as session:
        again = session.get_one(Community, created.ids["a"])
        assert (again.name, again.tags, again.offers, again.version) == ("B", ["t"], ["one"], 2)
