import json

import pytest
from starlette.testclient import TestClient

from app.core import jobs
from app.core.jobs import LeaseLost
from app.core.settings import Settings
from app.imports import jobs as import_jobs
from app.imports import service as imports
from app.imports.models import Import, ImportPayload
from app.imports.reading import FileReading
from app.main import create_app
from tests.world import JsonObject, World, ndjson


def rows(count: int) -> list[JsonObject]:
    return [{"external_id": f"c{number}", "name": f"Circle {number}", "tags": ["python"]} for number in range(count)]


@pytest.mark.parametrize("file_format", ["application/x-ndjson", "application/json; charset=utf-8"])
def test_rows_are_stored_and_repeating_changes_nothing(world: World, file_format: str) -> None:
    portal = world.portal(world.company())
    content = ndjson(rows(3)) if "ndjson" in file_format else json.dumps(rows(3)).encode()

    first = world.imported(portal, content, file_format)
    second = world.imported(portal, content, file_format)

    assert (first["status"], first["progress"], first["stage"]) == ("done", 1.0, "done")
    assert [first[count] for count in ("rows", "created", "updated", "unchanged", "refused")] == [3, 3, 0, 0, 0]
    assert [second[count] for count in ("rows", "created", "updated", "unchanged", "refused")] == [3, 0, 0, 3, 0]
    assert len(portal.get("/v1/communities").json()["items"]) == 3


def test_a_renamed_community_is_the_same_one(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson(rows(1)))

    renamed = world.imported(portal, ndjson([{"external_id": "c0", "name": "New name"}]))

    assert (renamed["created"], renamed["updated"]) == (0, 1)
    assert [one["name"] for one in portal.get("/v1/communities").json()["items"]] == ["New name"]


def test_a_dry_run_counts_and_stores_nothing(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, ndjson(rows(1)))

    told = world.imported(portal, ndjson([*rows(3), {"external_id": "c9"}]), dry_run=True)

    assert [told[count] for count in ("created", "updated", "unchanged", "refused")] == [2, 0, 1, 1]
    assert len(portal.get("/v1/communities").json()["items"]) == 1


def test_line_4711_of_15000_is_refused_and_the_others_are_stored(world: World) -> None:
    portal = world.portal(world.company())
    lines = ndjson(rows(15_000)).splitlines()
    lines[4710] = b'{"external_id": "c4710", "name": '

    done = world.imported(portal, b"\n".join(lines))

    assert [done[count] for count in ("rows", "created", "refused")] == [15_000, 14_999, 1]
    [refusal] = portal.get(f"/v1/imports/{done['id']}/refusals").json()["items"]
    assert refusal["line"] == 4711
    assert refusal["field"] is None
    assert refusal["problem"].startswith("this line is not JSON (column 34")


def test_an_array_that_breaks_in_line_4711_stores_nothing(world: World) -> None:
    portal = world.portal(world.company())
    lines = ["[", *(json.dumps(row) + "," for row in rows(15_000)), "{}]"]
    lines[4710] = '{"external_id": broken},'

    done = world.imported(portal, "\n".join(lines).encode(), "application/json")

    assert (done["status"], done["rows"]) == ("failed", 0)
    assert "line 4711, column 17" in done["problem"]
    assert portal.get("/v1/communities").json()["items"] == []


def test_every_refused_row_is_told_with_line_field_and_what_to_do(world: World) -> None:
    portal = world.portal(world.company())
    content = b"\n".join(
        [
            b'\xef\xbb\xbf{"external_id": "a", "name": "A"}',
            b"",
            b'{"external_id": "b", "name": "B", "colour": "red", "capacity": -1}',
            b'{"external_id": "a", "name": "again"}',
            b'{"external_id": "c", "name": "\xff"}',
            b'["external_id"]',
            b'{"external_id": "d", "name": "D", "languages": ["klingonisch"]}',
            b'{"name": "no id"}',
            b'{"external_id": "e", "name": "E"}',
        ]
    )

    done = world.imported(portal, content)
    told = portal.get(f"/v1/imports/{done['id']}/refusals", headers={"Accept-Language": "de"}).json()["items"]

    assert [(one["line"], one["field"], one["problem"]) for one in told] == [
        (3, "/capacity", "muss mindestens 0 sein"),
        (3, "/colour", "ist hier kein Feld; prüfen Sie die Schreibweise oder lassen Sie es weg"),
        (4, "/external_id", "die externe Kennung a stand schon in Zeile 1; behalten Sie eine davon"),
        (5, None, "diese Zeile ist kein UTF-8 (Byte 31); speichern Sie die Datei als UTF-8"),
        (6, None, 'diese Zeile ist kein Objekt; schreiben Sie {"external_id": ..., "name": ...}'),
        (7, "/languages/0", "klingonisch ist kein Sprachkürzel; verwenden Sie eines wie `de`, `en` oder `de-CH`"),
        (8, "/external_id", "fehlt; ergänzen Sie es"),
    ]
    assert (done["created"], done["refused"]) == (2, 6)
    assert {one["external_id"] for one in portal.get("/v1/communities").json()["items"]} == {"a", "e"}


def test_refusals_come_in_pages(world: World) -> None:
    portal = world.portal(world.company())
    done = world.imported(portal, b"\n".join(b"{" for _ in range(5)))
    address = f"/v1/imports/{done['id']}/refusals"

    first = portal.get(address, params={"limit": 3}).json()
    second = portal.get(address, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [one["line"] for one in first["items"] + second["items"]] == [1, 2, 3, 4, 5]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{}", "The file is not a JSON array"),
        (b'[{"external_id": "\xff"}]', "The file is not UTF-8 (byte 19)"),
        (b"[" * 100_000, "The file is not JSON"),
    ],
)
def test_a_file_that_is_no_array_fails_as_a_whole(world: World, content: bytes, problem: str) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, content, "application/json")

    assert (done["status"], done["created"]) == ("failed", 0)
    assert done["problem"].startswith(problem)


@pytest.mark.parametrize(
    ("content", "content_type", "query", "status", "problem"),
    [
        (b"", "application/x-ndjson", {"source": "intranet"}, 422, "nothing-to-import"),
        (b"<a/>", "application/xml", {"source": "intranet"}, 415, "unsupported-format"),
        (b"{}", "application/x-ndjson", {}, 422, "invalid-input"),
        (b"{}", "application/x-ndjson", {"source": "Our Intranet"}, 422, "invalid-input"),
        (b"{}", "application/x-ndjson", {"source": "intranet", "company": "cmp_other"}, 403, "other-company"),
    ],
)
def test_a_request_that_cannot_be_queued_is_refused(
    world: World, content: bytes, content_type: str, query: dict[str, str], status: int, problem: str
) -> None:
    portal = world.portal(world.company())

    refused = portal.post("/v1/imports", params=query, content=content, headers={"Content-Type": content_type})

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert portal.get("/v1/imports").json()["items"] == []


def test_an_import_may_be_larger_than_other_bodies(world: World) -> None:
    portal = world.portal(world.company())
    large = [{"external_id": f"c{number}", "name": "x", "description": "y" * 20_000} for number in range(60)]

    assert world.imported(portal, ndjson(large))["created"] == 60


def test_a_file_larger_than_allowed_is_refused(settings: Settings) -> None:
    settings.max_import_bytes = 100
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        refused = client.post(
            "/v1/imports?source=x", content=b"x" * 101, headers={"Content-Type": "application/x-ndjson"}
        )

    assert (refused.status_code, refused.json()["type"]) in (
        (401, "/problems/key-missing"),
        (413, "/problems/body-too-large"),
    )


@pytest.mark.parametrize(
    "row",
    [
        b'{"external_id": "h", "name": "x", "founded_year": ' + b"1" * 5000 + b"}",
        b'{"external_id": "h", "name": "x", "a\\u0000b": 1}',
        b'{"external_id": "h", "name": "x", "languages": ["de\\u0000"]}',
        b'{"external_id": "h", "name": "x", "managers": [{"email": "a\\u0000@x.example", "first_name": "K"}]}',
        b'{"external_id": "h", "name": "x", "\\ud800": 1}',
        b'{"external_id": "\\ud800", "name": "x"}',
    ],
)
def test_an_odd_row_stops_only_itself(world: World, row: bytes) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, b"\n".join([ndjson(rows(1)).strip(), row, ndjson(rows(2)).splitlines()[1]]))

    assert [done[count] for count in ("status", "created", "refused")] == ["done", 2, 1]
    assert [one["line"] for one in portal.get(f"/v1/imports/{done['id']}/refusals").json()["items"]] == [2]


def test_a_row_of_many_mistakes_is_told_in_a_few(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, ndjson([{"external_id": "x", "name": "x"} | {f"f{n}": n for n in range(500)}]))

    assert len(portal.get(f"/v1/imports/{done['id']}/refusals", params={"limit": 200}).json()["items"]) == 20


def test_imports_are_seen_by_their_company_only(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    done = world.imported(world.portal(own), ndjson(rows(1)))

    assert world.portal(other).get(f"/v1/imports/{done['id']}").status_code == 404
    assert world.portal(other).get(f"/v1/imports/{done['id']}/refusals").status_code == 404
    assert world.portal(other).get("/v1/imports").json()["items"] == []
    assert [one["id"] for one in world.operator.get("/v1/imports").json()["items"]] == [done["id"]]


def test_an_import_whose_worker_was_lost_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = world.portal(world.company())
    monkeypatch.setattr(import_jobs, "BATCH", 2)
    queued = portal.post(
        "/v1/imports",
        params={"source": "intranet"},
        content=ndjson([*rows(5), {"external_id": "c0", "name": "twice"}]),
        headers={"Content-Type": "application/x-ndjson"},
    ).json()
    lost = jobs.claim(world.database, lease_seconds=0)
    assert lost is not None
    with world.database.session() as session:
        running, content = imports.begin(session, queued["id"])
        first_batch = [row for row in FileReading(content, running.format).rows() if row.line <= 2]
        imports.store_rows(session, running, first_batch)

    world.worker.run_until_idle()

    done = portal.get(f"/v1/imports/{queued['id']}").json()
    assert [done[count] for count in ("status", "created", "unchanged", "refused")] == ["done", 5, 0, 1]
    with world.database.session() as session:
        assert session.get_one(Import, queued["id"]).lines_done == 6
        assert session.get(ImportPayload, queued["id"]) is None
    with pytest.raises(LeaseLost), world.database.session() as session:
        lost.guard(session)


def test_an_import_that_fails_every_time_says_so_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = world.portal(world.company())
    monkeypatch.setattr(jobs, "RETRY_SECONDS", (0.0,))

    def broken(*arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(imports, "store_rows", broken)

    done = world.imported(portal, ndjson(rows(1)))

    assert done["status"] == "failed"
    assert done["problem"].startswith("The import was given up after several tries")
