"""The demonstration: example data that makes sense, loaded once however often it is started."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.communities.schemas import CommunityRow
from app.core.database import Database
from app.core.settings import get_settings
from app.demo import data
from matching.profiles import Profile
from matching.text import TextAnalyzer
from tests.end_to_end.service import ROOT
from tests.world import World


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("TANDEM_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "160")
    get_settings.cache_clear()


def demo(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["demo", "--once", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_example_data_is_valid_and_as_large_as_promised() -> None:
    companies = data.example()

    rows = [CommunityRow.model_validate(row) for company in companies for row in company.rows]

    assert len(companies) == 10
    assert 160 <= len(rows) <= 180
    assert {language for row in rows for language in row.languages} == {"de", "en"}


def test_the_demonstration_prints_tandems_with_reasons_and_starting_twice_does_not_duplicate(world: World) -> None:
    first, second = demo(), demo()

    assert "The best 20 of" in first
    assert "Shared themes: " in first
    assert re.search(r"173 communities, \d+ tandems; \d+ stayed", first)
    assert re.search(r"Good tandems expected: \d+\.", " ".join(first.split()))
    assert "how sure" in first
    assert "strong" in first
    assert "A meetup to come seats 60 people at 15 tables, three times anew." in first
    assert first.splitlines()[-3:] == second.splitlines()[-3:]
    assert "0 new or changed" in second
    [match_round] = world.organizer.get("/v1/rounds").json()["items"]
    [meetup] = world.organizer.get("/v1/meetups").json()["items"]
    [seating] = world.organizer.get(f"/v1/meetups/{meetup['id']}/seatings").json()["items"]
    assert (seating["figures"]["repeated_pairs"], seating["figures"]["same_company_pairs"]) == (0, 0)
    assert len(world.operator.get("/v1/communities", params={"limit": 200}).json()["items"]) == 173
    proposals = world.organizer.get(f"/v1/rounds/{match_round['id']}/proposals", params={"limit": 200}).json()[
        "items"
    ]
    written_in = _written_in()
    across = [one for one in proposals if written_in[one["a"]["name"]] != written_in[one["b"]["name"]]]
    assert len(across) >= 22, "German and English communities that meet"


def _written_in() -> dict[str, str]:
    """The language that most of each example profile is written in, by name."""
    analyzer, found = TextAnalyzer(), {}
    for company in data.example():
        for row in company.rows:
            one = CommunityRow.model_validate(row)
            profile = Profile(
                id="1",
                company=company.name,
                name=one.name,
                purpose=one.purpose or "",
                description=one.description or "",
                tags=(*one.topics, *one.tags),
                languages=tuple(one.languages),
            )
            words = Counter(word.language for part in analyzer.analyze(profile).parts for word in part.words)
            found[one.name] = words.most_common(1)[0][0]
    return found


def test_the_reasons_can_be_told_in_german() -> None:
    assert "Gemeinsame Themen: " in demo("--lang", "de")


def test_any_folder_with_profiles_can_be_shown(tmp_path: Path, database: Database) -> None:
    rows = [
        {"id": "1", "house": "A", "name": "Chess [club]", "description": "We play chess.", "lang": "en"},
        {
            "id": "2",
            "house": "B",
            "name": "Chess society " + "x" * 300,
            "description": "Chess for all.",
            "lang": "en",
        },
    ]
    (tmp_path / "profiles.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")

    output = demo("--data", str(tmp_path))

    assert "Chess [club]" in output
    assert "2 communities, 1 tandems" in output


def test_a_folder_without_profiles_is_refused_with_the_reason(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--once", "--data", str(tmp_path)])

    assert done.exit_code == 2
    assert "profiles.jsonl: No such file" in done.output


def test_the_command_line_makes_companies_and_keys_and_explains_refusals() -> None:
    run = CliRunner()
    company = run.invoke(app, ["company", "add", "Nordwerk", "--sector", "machinery"])
    again = run.invoke(app, ["company", "add", "Nordwerk", "--sector", "machinery"])
    key = run.invoke(app, ["key", "create", "--role", "portal", "--company", "Nordwerk"])
    orphan = run.invoke(app, ["key", "create", "--role", "portal"])

    assert company.output.startswith("cmp_")
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    assert key.output.startswith("tdm_")
    assert (orphan.exit_code, "`company_id`" in orphan.output) == (2, True)
    assert "Nordwerk" in run.invoke(app, ["company", "list"]).output
    assert "portal" in run.invoke(app, ["key", "list"]).output


def test_a_port_in_use_is_told(world: World) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["serve", "--port", str(port)])

    assert done.exit_code == 2
    assert f"Port {port}" in done.output


def test_the_engine_runs_without_the_service(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.ndjson"
    profiles.write_text(
        '{"id": "1", "company": "A", "name": "Chess"}\n{"id": "2", "company": "B", "name": "Chess"}\n'
    )

    code = (
        "import sys, runpy; sys.argv = ['matching', 'pair', sys.argv[1]]; runpy.run_module('matching', run_name='x')"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; assert not {{'fastapi', 'sqlalchemy', 'app'}} & set(sys.modules)", profiles],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
