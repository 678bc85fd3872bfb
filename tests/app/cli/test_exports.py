"""`tandem export`: complete, page by page, safe in a spreadsheet, and read back by an import."""

import csv
import io
import json
from pathlib import Path

import pytest

from app.cli import exporting
from app.imports import writing
from tests.app.cli.conftest import Tandem
from tests.world import JsonObject, World, ndjson

ROWS: list[JsonObject] = [
    {
        "external_id": "=1+1",
        "name": "+Lauftreff",
        "purpose": "-Wir laufen;\nbei jedem Wetter",
        "tags": ["Zahlen, Daten, Fakten"],
        "offers": ["@Plan", "a|b"],
        "languages": ["de", "en"],
        "touches": [],
        "capacity": 0,
        "size_band": "<50",
        "managers": [
            {"email": "=kim@nordwerk.example", "first_name": "-Kim", "language": "de"},
            {"email": "bo@nordwerk.example", "first_name": "Bo", "deputy": True},
        ],
    },
    {"external_id": "plain", "name": "Schach", "description": "'tis &amp; <b>bold</b>", "listed_openly": True},
    *({"external_id": f"c{n}", "name": f"Kreis {n}"} for n in range(5)),
]


@pytest.fixture
def nordwerk(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A company with communities; pages are so short that there are several."""
    monkeypatch.setattr(exporting, "PAGE", 2)
    company_id = world.company()
    world.imported(world.portal(company_id), ndjson(ROWS))
    return company_id


def rows_of(content: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("options", [(), ("--excel", "--separator", "semicolon"), ("--separator", "tab")])
def test_an_export_is_read_back_and_nothing_has_changed(
    tandem: Tandem, world: World, nordwerk: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "communities.csv"
    # What the interface stores as it is, an import would take for HTML.
    stored = world.portal(nordwerk).put(
        "/v1/sources/intranet/communities/html", json={"name": "HTML", "description": "<b>a</b>\r\n&amp;"}
    )

    exported = tandem(
        "export", "communities", "--company", "Nordwerk", "--source", "intranet", "--out", file, *options
    )
    again = tandem("import", file, "--company", "Nordwerk", "--source", "intranet", "--dry-run")

    assert stored.status_code == 201
    assert (exported.exit_code, exported.output, again.exit_code) == (0, "", 0)
    newest = world.operator.get("/v1/imports").json()["items"][0]
    assert {name: newest[name] for name in ("rows", "created", "updated", "unchanged", "refused", "missing")} == {
        "rows": 8,
        "created": 0,
        "updated": 0,
        "unchanged": 8,
        "refused": 0,
        "missing": 0,
    }
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") is ("--excel" in options)
    assert list(tmp_path.glob("*.part")) == []


def test_every_page_is_written_in_order_and_no_cell_is_a_formula(tandem: Tandem, nordwerk: str) -> None:
    rows = rows_of(tandem("export", "communities").stdout)

    assert [row["external_id"] for row in rows] == ["'=1+1", "plain", "c0", "c1", "c2", "c3", "c4"]
    first = rows[0]
    assert (first["name"], first["offers"], first["languages"]) == ("'+Lauftreff", "'@Plan\na|b", "de|en")
    assert (first["manager_email"], first["deputy_first_name"]) == ("'=kim@nordwerk.example", "Bo")
    assert (first["tandem_company"], first["tandem_status"], first["touches"]) == ("Nordwerk", "draft", "none")
    assert [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}] == []


def test_lines_of_json_are_what_the_api_answers(tandem: Tandem, world: World, nordwerk: str) -> None:
    lines = tandem("export", "communities", "--format", "ndjson").stdout.splitlines()

    assert [json.loads(line) for line in lines] == world.operator.get("/v1/communities").json()["items"]


def test_people_and_companies_are_exported_and_filtered(tandem: Tandem, world: World, nordwerk: str) -> None:
    other = world.company("=Suedhafen", sector="health", active=False)
    people = rows_of(tandem("export", "people", "--company", "Nordwerk").stdout)
    companies = rows_of(tandem("export", "companies").stdout)
    health = tandem("export", "companies", "--sector", "health", "--format", "ndjson").stdout

    assert {(row["email"], row["first_name"], row["language"]) for row in people} == {
        ("'=kim@nordwerk.example", "'-Kim", "de"),
        ("bo@nordwerk.example", "Bo", ""),
    }
    assert rows_of(tandem("export", "people", "--company", other).stdout) == []
    assert companies == [
        {"id": nordwerk, "name": "Nordwerk", "sector": "machinery", "status": "active"},
        {"id": other, "name": "'=Suedhafen", "sector": "health", "status": "invited"},
    ]
    assert json.loads(health) == {"id": other, "name": "=Suedhafen", "sector": "health", "status": "invited"}


def test_proposals_are_exported_with_their_reasons(tandem: Tandem, world: World) -> None:
    for name in ("Nordwerk", "Suedhafen", "Westbank"):
        document = {"name": f"Chess of {name}", "purpose": "We play chess", "languages": ["en"]}
        world.published(world.company(name, sector=name.lower()), document)
    round_id = world.proposed_round()["id"]

    rows = rows_of(tandem("export", "proposals", "--round", round_id, "--lang", "de").stdout)
    lines = tandem("export", "proposals", "--round", round_id, "--format", "ndjson").stdout.splitlines()

    [proposal] = world.organizer.get(f"/v1/rounds/{round_id}/proposals").json()["items"]
    assert [json.loads(line) for line in lines] == [proposal]
    assert [(row["id"], row["a_name"], row["b_company"]) for row in rows] == [
        (proposal["id"], proposal["a"]["name"], proposal["b"]["company"])
    ]
    assert rows[0]["reasons"].startswith("Gemeinsame Themen: ")
    assert (rows[0]["probability"], rows[0]["strength"]) == (f"{proposal['probability']:.4f}", "strong")
    sides = {proposal["a"]["company"], proposal["b"]["company"]}
    [absent] = {"Nordwerk", "Suedhafen", "Westbank"} - sides
    assert rows_of(tandem("export", "proposals", "--round", round_id, "--company", absent).stdout) == []


def test_a_file_that_cannot_be_written_is_told_and_what_was_there_stays(
    tandem: Tandem, nordwerk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tandem("export", "communities", "--out", tmp_path)
    nowhere = tandem("export", "communities", "--out", tmp_path / "none" / "a.csv")
    file = tmp_path / "a.csv"
    file.write_text("before")

    def full(*arguments: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "row", full)
    broken = tandem("export", "communities", "--out", file)

    assert [done.exit_code for done in (directory, nowhere, broken)] == [2, 2, 2]
    assert "is a directory" in directory.stderr
    assert "There is no directory" in nowhere.stderr
    assert "No space left" in broken.stderr
    assert (file.read_text(), sorted(path.name for path in tmp_path.glob("a.csv*"))) == ("before", ["a.csv"])
