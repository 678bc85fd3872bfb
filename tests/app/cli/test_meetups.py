"""`tandem meetup`: from the draft to the tables and what came of it, and what is refused."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from app.core.clock import now
from app.meetups.models import MeetupStatus
from tests.app.cli.conftest import Tandem
from tests.app.cli.test_rounds import cells
from tests.app.registrations.test_feedback import AFTER, a_meetup, comes, crowd, summed_up
from tests.world import JsonObject, World

SOON = now() + timedelta(days=20)


def shown(world: World, meetup_id: str) -> JsonObject:
    meetup: JsonObject = world.organizer.get(f"/v1/meetups/{meetup_id}").json()
    return meetup


def in_groups(world: World) -> str:
    """A meetup to come with twelve people of three companies; its id."""
    meetup_id = a_meetup(world, MeetupStatus.OPEN, SOON)
    for company in range(3):
        company_id = world.company(f"Company {company}")
        for number in range(4):
            comes(world, meetup_id, company_id, f"Guest{number}", learn=["onboarding"], languages=["en"])
    return meetup_id


def test_a_draft_is_announced_and_opened(tandem: Tandem, world: World) -> None:
    meetup_id = a_meetup(world, MeetupStatus.DRAFT, SOON, announced_at=None)

    announced = tandem("meetup", "announce", meetup_id)
    opened = tandem("meetup", "open", meetup_id, "--lang", "de")

    assert (announced.exit_code, opened.exit_code) == (0, 0), announced.stderr + opened.stderr
    assert f"tandem meetup open {meetup_id}" in announced.stderr
    assert "Für Spring meetup kann man sich jetzt anmelden." in opened.stderr
    assert shown(world, meetup_id)["status"] == "open"


def test_a_step_at_the_wrong_moment_is_refused_in_one_line(tandem: Tandem, world: World) -> None:
    meetup_id = a_meetup(world)

    for arguments in (("announce", meetup_id), ("show", "mtp_none"), ("cards", meetup_id)):
        done = tandem("meetup", *arguments)

        assert done.exit_code == 2
        assert len(done.stderr.strip().splitlines()) == 1


def test_meetups_are_listed_by_their_start(tandem: Tandem, world: World) -> None:
    later = a_meetup(world, MeetupStatus.ANNOUNCED, SOON + timedelta(days=90), title="Summer [draft]")
    sooner = a_meetup(world, MeetupStatus.OPEN, SOON)
    comes(world, sooner, world.company(), "Kim")

    table = tandem("meetup", "list")
    as_json = json.loads(tandem("meetup", "list", "--json", "--status", "announced").stdout)

    assert table.stdout.index(sooner) < table.stdout.index(later)
    assert "Summer [draft]" in table.stdout
    assert "1 / 50" in table.stdout
    assert [one["id"] for one in as_json["items"]] == [later]


@pytest.mark.parametrize(("people", "told"), [(5, "yes 5, partly 0, no 0"), (4, "too few to be told")])
def test_what_came_of_a_meetup_is_told_in_figures_of_many(
    tandem: Tandem, world: World, people: int, told: str
) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, *["yes"] * people)
    assert cells(tandem("meetup", "show", meetup_id).stdout)["useful"] == "not told yet"
    summed_up(world)

    with time_machine.travel(AFTER + timedelta(days=4), tick=False):
        rows = cells(tandem("meetup", "show", meetup_id).stdout)
        document = json.loads(tandem("meetup", "show", meetup_id, "--json").stdout)

    assert rows["title"] == "Spring meetup"
    assert rows["when"] == "2027-03-11 13:00 Europe/Berlin"
    assert rows["useful"] == told
    assert rows["tandems begun"] == "0"
    assert document["summary"]["people"] == (5 if people == 5 else None)


def test_people_are_seated_and_who_sits_where_is_written(tandem: Tandem, world: World, tmp_path: Path) -> None:
    meetup_id, file = in_groups(world), tmp_path / "cards.csv"

    seated = tandem("meetup", "seat", meetup_id, "--rotations", 2, "--group-size", 3)
    written = tandem("meetup", "cards", meetup_id, "--out", file)

    assert (seated.exit_code, written.exit_code) == (0, 0), seated.stderr + written.stderr
    assert seated.stdout.startswith("stg_")
    assert "/table-cards/" in written.stderr
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert len(rows) == 24
    assert {row["rotation"] for row in rows} == {"1", "2"}


def test_too_few_are_not_seated(tandem: Tandem, world: World) -> None:
    meetup_id = a_meetup(world, MeetupStatus.OPEN, SOON)
    comes(world, meetup_id, world.company(), "Kim")

    done = tandem("meetup", "seat", meetup_id)

    assert done.exit_code == 2
    assert done.stdout == ""


def test_a_meetup_is_taken_along_without_addresses(tandem: Tandem, world: World, tmp_path: Path) -> None:
    meetup_id, file = in_groups(world), tmp_path / "meetup.ndjson"

    done = tandem("meetup", "export", meetup_id, "--out", file)

    assert done.exit_code == 0, done.stderr
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [one["record"] for one in lines] == ["meetup", *["registration"] * 12]
    assert "@" not in file.read_text(encoding="utf-8")
