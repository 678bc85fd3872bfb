"""What real exports do to importers."""

import json
from urllib.parse import quote

import pytest

from app.access.models import Role
from tests.world import World, ndjson


@pytest.mark.parametrize(
    ("founded", "year"),
    [(1357030800000, 2013), (1357030800, 2013), ("2013-01-01T09:00:00Z", 2013), ("2013-01-01", 2013), (2013, 2013)],
)
def test_times_in_milliseconds_seconds_and_iso_become_a_year(world: World, founded: object, year: int) -> None:
    portal = world.portal(world.company())

    world.imported(portal, ndjson([{"external_id": "a", "name": "A", "founded_year": founded}]))

    assert [one["founded_year"] for one in portal.get("/v1/communities").json()["items"]] == [year]


def test_html_is_stored_as_text_and_importing_it_again_changes_nothing(world: World) -> None:
    portal = world.portal(world.company())
    row = {
        "external_id": "a",
        "name": "R&amp;D",
        "description": "<p>Erste Zeile</p><p onclick='x()'>Zweite<script>alert(1)</script></p>",
        "tags": ["<b>fett</b>", "C&amp;A"],
    }

    world.imported(portal, ndjson([row]))
    again = world.imported(portal, json.dumps([row]).encode(), "application/json")

    [stored] = portal.get("/v1/communities").json()["items"]
    assert (stored["name"], stored["description"], stored["tags"]) == (
        "R&D",
        "Erste Zeile\n\nZweite",
        ["fett", "C&A"],
    )
    assert (again["updated"], again["unchanged"]) == (0, 1)


def test_a_text_that_is_nothing_but_html_is_no_text(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(
        portal,
        ndjson(
            [
                {"external_id": "a", "name": "A", "description": "<p>&nbsp;</p><br>"},
                {"external_id": "b", "name": "<br>"},
            ]
        ),
    )

    [refusal] = portal.get(f"/v1/imports/{done['id']}/refusals").json()["items"]
    assert (refusal["line"], refusal["field"], refusal["pointer"]) == (2, "/name", "/name")
    assert [one["description"] for one in portal.get("/v1/communities").json()["items"]] == [None]


def test_two_communities_may_have_the_same_name_and_a_missing_description(world: World) -> None:
    portal = world.portal(world.company())
    content = b"id;name;Beschreibung\n1;Yoga;\n2;Yoga;\n"

    done = world.imported(portal, content, "text/csv")
    again = world.imported(portal, content, "text/csv")

    assert (done["created"], again["created"], again["unchanged"]) == (2, 0, 2)
    assert [
        (one["external_id"], one["name"], one["description"]) for one in portal.get("/v1/communities").json()["items"]
    ] == [("1", "Yoga", None), ("2", "Yoga", None)]


def test_a_community_renamed_in_a_table_is_the_same_one(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, b"id,name\n1,Yoga\n2,Chor\n", "text/csv")
    before = {one["external_id"]: one["id"] for one in portal.get("/v1/communities").json()["items"]}

    # The names have changed places: nothing but the external id says which is which.
    done = world.imported(portal, b"id,name\n1,Chor\n2,Yoga\n", "text/csv")

    after = {one["external_id"]: (one["id"], one["name"]) for one in portal.get("/v1/communities").json()["items"]}
    assert (done["created"], done["updated"]) == (0, 2)
    assert after == {"1": (before["1"], "Chor"), "2": (before["2"], "Yoga")}


@pytest.mark.parametrize(
    "extra",
    [
        {"privacy": "private"},
        {"is_private": True},
        {"automatic": True},
        {"visibility_level": 4},
        {"status": "published"},
        {"company_id": "cmp_other"},
        {"consent_by": "nobody"},
    ],
)
def test_a_row_that_says_more_than_a_profile_is_refused_and_leaves_no_trace(
    world: World, extra: dict[str, object]
) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, ndjson([{"external_id": "secret", "name": "Merger of two plants"} | extra]))

    assert (done["created"], done["refused"]) == (0, 1)
    told = (
        portal.get(f"/v1/imports/{done['id']}/refusals").text + portal.get(f"/v1/imports/{done['id']}/changes").text
    )
    assert "Merger" not in told
    assert portal.get("/v1/communities").json()["items"] == []


def test_a_table_with_a_column_that_is_no_profile_field_stores_nothing(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, b"id,name,privacy\n1,Open circle,public\n2,Merger,private\n", "text/csv")

    assert (done["status"], done["rows"], done["missing"]) == ("failed", 0, None)
    assert done["problem"].startswith("Unknown headings: privacy. Nothing was stored")
    assert portal.get("/v1/communities").json()["items"] == []


def test_what_is_imported_never_leaves_the_company_by_itself(world: World) -> None:
    portal = world.portal(world.company())
    world.imported(portal, b"id,name,purpose\n1,Merger,Two plants become one\n", "text/csv")
    neighbour = world.portal(world.company("Other"))

    seen = [caller.get("/v1/communities").json()["items"] for caller in (neighbour, world.organizer)]

    assert seen == [[], []]


def test_external_ids_may_contain_anything_that_addresses_do_not_like(world: World) -> None:
    portal = world.portal(world.company())
    odd = ["a/b", "kim@nordwerk.example", "🙂", "50 % & mehr?", "a;b,c|d", 'say "hi"', "../..", "Straße"]
    table = "id;name\r\n" + "".join('"' + one.replace('"', '""') + '";N\r\n' for one in odd)

    first = world.imported(portal, table.encode("utf-16"), "text/csv")
    second = world.imported(portal, ndjson([{"external_id": one, "name": "N"} for one in odd]))

    assert (first["created"], second["unchanged"], second["missing"]) == (8, 8, 0)
    for external_id in odd:
        found = portal.get(f"/v1/sources/intranet/communities/{quote(external_id, safe='')}")
        assert (found.status_code, found.json()["external_id"]) == (200, external_id)


def test_a_german_refusal_of_a_table_names_the_heading_and_the_field(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, "Kennung;Bezeichnung;Größe\n1;A;riesig\n".encode("cp1252"), "text/csv")

    [refusal] = portal.get(f"/v1/imports/{done['id']}/refusals", headers={"Accept-Language": "de"}).json()["items"]
    assert (refusal["line"], refusal["field"], refusal["pointer"]) == (2, "Größe", "/size_band")
    assert refusal["problem"].startswith("muss eines von '<50', ")


def test_a_german_failure_asks_whether_another_heading_was_meant(world: World) -> None:
    portal = world.portal(world.company())

    done = world.imported(portal, b"Kennung;Bezeichnug\n1;A\n", "text/csv")

    german = portal.get(f"/v1/imports/{done['id']}", headers={"Accept-Language": "de"}).json()
    assert german["problem"].startswith("Unbekannte Überschriften: Bezeichnug (meinten Sie Bezeichnung?).")


def test_managers_of_a_table_are_stored_and_an_empty_cell_leaves_them(world: World) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    world.imported(
        portal,
        b"id;name;manager_email;manager_first_name;deputy_email;deputy_first_name\n1;A;a@x.example;Kim;b@x.example;Lee\n",
        "text/csv",
    )

    again = world.imported(portal, b"id;name;manager_email;manager_first_name\n1;A;;\n", "text/csv")

    [stored] = world.caller(Role.COORDINATOR, company_id).get("/v1/communities").json()["items"]
    assert again["unchanged"] == 1
    assert [(one["email"], one["first_name"], one["deputy"]) for one in stored["managers"]] == [
        ("a@x.example", "Kim", False),
        ("b@x.example", "Lee", True),
    ]
