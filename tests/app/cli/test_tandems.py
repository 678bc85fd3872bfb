"""`tandem tandem`: who meets whom, since when; never whom to write to."""

import csv
import io
import json
from pathlib import Path

import pytest

from app.cli import exporting
from app.tandems import service as tandems
from app.tandems.service import Offer
from tests.app.cli.conftest import Tandem
from tests.world import JsonObject, World

PROFILE: JsonObject = {"purpose": "We read charts.", "languages": ["en"], "capacity": 3}


@pytest.fixture(autouse=True)
def met(world: World) -> list[str]:
    """Three tandems, the newest first: Nordwerk with two others, and the others with each other, which is closed."""
    communities: list[str] = []
    # Of different sectors, so that no coordinator is asked.
    for name, sector in (("Nordwerk", "machinery"), ("Suedbank", "banking"), ("=Westhaus", "health")):
        managers = [{"email": f"kim@{sector}.contact.example", "first_name": "Kimberly"}]
        document = PROFILE | {"name": f"+Circle {len(communities)}", "managers": managers}
        communities += world.published(world.company(name, sector=sector), document)
    pairs = [(0, 1), (0, 2), (1, 2)]
    ids = [_tandem(world, *sorted((communities[a], communities[b]))) for a, b in pairs]
    assert world.operator.post(f"/v1/tandems/{ids[2]}/close").status_code == 200
    return ids[::-1]


def _tandem(world: World, a_id: str, b_id: str) -> str:
    with world.database.session() as session:
        [suggestion_id] = tandems.open_many(session, [Offer(a_id, b_id, 0.4, [], 1.0)])
    answer: JsonObject = {}
    for side in ("a", "b"):
        sent = world.operator.post(f"/v1/suggestions/{suggestion_id}/answer", json={"answer": "yes", "side": side})
        assert sent.status_code == 200, sent.text
        answer = sent.json()
    return str(answer["tandem_id"])


def rows_of(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_tandems_that_go_on_are_listed_and_closed_ones_on_demand(tandem: Tandem, met: list[str]) -> None:
    listed = tandem("tandem", "list").stdout
    every = tandem("tandem", "list", "--all", "--lang", "de").stdout

    assert [one for one in met if one in listed] == met[1:]
    assert [one for one in met if one in every] == met
    assert "+Circle 0, Nordwerk" in listed
    assert ("seit" in every, "closed" in every) == (True, True)


def test_the_list_of_one_company_has_its_tandems_only(tandem: Tandem, met: list[str]) -> None:
    of_sued = json.loads(tandem("tandem", "list", "--company", "Suedbank", "--all", "--json").stdout)["items"]
    nobody = tandem("tandem", "list", "--company", "Nobody")

    assert [one["id"] for one in of_sued] == [met[0], met[2]]
    assert (nobody.exit_code, nobody.stderr.count("\n")) == (2, 1)


def test_as_json_tandems_are_what_the_operator_gets_from_the_api(tandem: Tandem, world: World) -> None:
    listed = json.loads(tandem("tandem", "list", "--all", "--json").stdout)["items"]
    lines = tandem("tandem", "export", "--format", "ndjson").stdout.splitlines()
    array = json.loads(tandem("tandem", "export", "--format", "json").stdout)

    expected = world.operator.get("/v1/tandems").json()["items"]
    assert len(expected) == 3
    assert listed == expected
    assert array == expected
    assert [json.loads(line) for line in lines] == expected


def test_an_export_is_complete_page_by_page_and_no_cell_is_a_formula(
    tandem: Tandem, met: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)

    rows = rows_of(tandem("tandem", "export").stdout)
    still_open = rows_of(tandem("export", "tandems", "--open", "--company", "Nordwerk").stdout)

    assert [row["id"] for row in rows] == met
    assert [row["id"] for row in still_open] == met[1:]
    assert [(row["a_name"], row["a_company"], row["b_name"], row["b_company"]) for row in rows] == [
        ("'+Circle 1", "Suedbank", "'+Circle 2", "'=Westhaus"),
        ("'+Circle 0", "Nordwerk", "'+Circle 2", "'=Westhaus"),
        ("'+Circle 0", "Nordwerk", "'+Circle 1", "Suedbank"),
    ]
    assert [row["status"] == "closed" for row in rows] == [True, False, False]
    assert [bool(row["closed_at"]) for row in rows] == [True, False, False]
    assert all(row["started_at"] for row in rows)


def test_no_list_and_no_export_names_whom_to_write_to(tandem: Tandem, world: World, tmp_path: Path) -> None:
    [nordwerk] = rows_of(tandem("export", "companies", "--sector", "machinery").stdout)
    its_own = world.portal(nordwerk["id"]).get("/v1/tandems").text
    assert ("kim@banking.contact.example" in its_own, "Kimberly" in its_own) == (True, True)
    file = tmp_path / "tandems.json"
    tandem("tandem", "export", "--format", "json", "--out", file)

    told = [file.read_text(encoding="utf-8")]
    told += [tandem("tandem", "export", "--company", "Nordwerk", "--format", one).stdout for one in ("csv", "ndjson")]
    told += [tandem("tandem", "list", "--company", "Nordwerk", *one).stdout for one in ((), ("--json",))]

    assert [one for one in told if "contact.example" in one or "Kimberly" in one] == []
    assert all("Nordwerk" in one for one in told)


def test_an_export_of_nothing_is_an_empty_list(tandem: Tandem, world: World) -> None:
    world.company("Ostwind")

    assert json.loads(tandem("tandem", "export", "--company", "Ostwind", "--format", "json").stdout) == []
    assert rows_of(tandem("tandem", "export", "--company", "Ostwind").stdout) == []
