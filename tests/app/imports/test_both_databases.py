"""A whole import on SQLite and on PostgreSQL: what is stored, refused, changed, missing and forgotten."""

import pytest

from app.imports import changes
from tests.world import World

pytestmark = pytest.mark.postgres
HEADINGS = "Kennung;Name;Gründungsjahr;Manager E-Mail;Manager Vorname\n"
BEFORE = HEADINGS + "1;Alt;2001;a@x.example;Kim\n2;Bleibt;;;\n3;Geht;;;\n"
AFTER = HEADINGS + "1;Neu 🙂;2002;b@x.example;Lee\n2;Bleibt;;;\n4;x;nie;;\n5;Da;;;\n"


def test_an_import_is_stored_told_and_forgotten_alike(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT", 1)
    portal = any_world.portal(any_world.company())

    first = any_world.imported(portal, BEFORE.encode(), "text/csv")
    second = any_world.imported(portal, AFTER.encode(), "text/csv")

    assert [second[count] for count in ("created", "updated", "unchanged", "refused", "missing")] == [1, 1, 1, 1, 1]
    told = portal.get(f"/v1/imports/{second['id']}/changes").json()["items"]
    assert [(one["change"], one["external_id"], one["fields"]) for one in told] == [
        ("changed", "1", ["name", "founded_year", "managers"]),
        ("new", "5", []),
        ("missing", "3", []),
    ]
    stored = {one["external_id"]: one for one in portal.get("/v1/communities").json()["items"]}
    assert (stored["1"]["name"], stored["1"]["founded_year"], stored["1"]["version"]) == ("Neu 🙂", 2002, 2)
    assert [one["email"] for one in stored["1"]["managers"]] == ["b@x.example"]
    assert portal.get(f"/v1/imports/{first['id']}/changes").json()["items"] == []
    assert portal.get(f"/v1/imports/{first['id']}").json()["details_kept"] is False
