"""`tandem round`: from the draft to the release, what is told on the way, and what is refused."""

import json

import pytest

from app.access.service import SYSTEM
from app.cli import following, terminal
from app.core import jobs
from app.rounds import service as rounds
from tests.app.cli.conftest import Tandem
from tests.world import JsonObject, World

CHESS = {"name": "Chess", "purpose": "We play chess at noon.", "languages": ["en"]}
GARDEN = {"name": "Garden", "purpose": "Vegetables and flowers on the roof.", "languages": ["en"]}
LONELY = {"name": "Bees [old]", "purpose": "Honey.", "languages": ["en"]}
FIGURES = {"communities": "5", "pairs": "2", "stayed alone": "1"}


@pytest.fixture(autouse=True)
def ids(world: World) -> dict[str, str]:
    """Communities of three companies: two that play chess, two that garden, one that stays alone."""
    first = world.published(world.company("First"), CHESS, GARDEN)
    second = world.published(
        world.company("Second"), CHESS | {"name": "Chess club"}, GARDEN | {"name": "Roof garden"}
    )
    third = world.published(world.company("Third"), LONELY)
    return dict(zip(("a_chess", "a_garden", "b_chess", "b_garden", "bees"), [*first, *second, *third], strict=True))


@pytest.fixture
def draft(tandem: Tandem) -> str:
    return tandem("round", "create", "Spring").stdout.strip()


@pytest.fixture
def proposed(tandem: Tandem, draft: str) -> str:
    assert tandem("round", "start", draft).exit_code == 0
    return draft


def of_round(world: World, round_id: str) -> JsonObject:
    shown: JsonObject = world.organizer.get(f"/v1/rounds/{round_id}").json()
    return shown


def cells(table: str) -> dict[str, str]:
    """Both columns of a table without a heading."""
    rows = [line.strip("│").split("│") for line in table.splitlines() if line.startswith("│")]
    return {row[0].strip(): row[1].strip() for row in rows if len(row) == 2}


def test_a_draft_has_the_settings_and_the_companies_that_were_named(tandem: Tandem, world: World) -> None:
    settings = ("--objective", "fair", "--min-similarity", "0.2", "--cost", "0.05", "--alternates", "1")
    limits = ("--repeat-after", "2", "--max-per-company-pair", "0")

    asking = ("--answer-within-days", "10", "--remind-after-days", "0")
    named = ("--company", "First", "--company", "Second")

    done = tandem("round", "create", "Spring", *settings, *limits, *asking, *named)

    created = of_round(world, done.stdout.strip())
    assert (done.exit_code, created["title"], created["status"]) == (0, "Spring", "draft")
    assert created["settings"] == {
        "objective": "fair",
        "min_similarity": 0.2,
        "cost": 0.05,
        "alternates": 1,
        "repeat_after": 2,
        "max_per_company_pair": None,
    }
    assert created["asking"] == {"answer_within_days": 10, "remind_after_days": None}
    assert len(created["scope"]["companies"]) == 2
    shown = cells(tandem("round", "show", created["id"]).stdout)
    assert shown["who may take part"] == "First, Second"
    assert shown["settings"].startswith("--objective fair --min-similarity 0.2 --cost 0.05")
    assert shown["how people are asked"] == "--answer-within-days 10 --remind-after-days 0"


def test_what_is_no_round_is_refused_in_one_line_and_nothing_is_drafted(tandem: Tandem, world: World) -> None:
    world.company("Invited", active=False)

    refused = [
        tandem("round", "create", "Spring", "--min-similarity", "2"),
        tandem("round", "create", "Spring", "--company", "Nobody"),
        tandem("round", "create", "Spring", "--company", "Invited"),
        tandem("round", "create", " "),
        tandem("round", "show", "rnd_none"),
    ]

    assert [(done.exit_code, done.stdout, done.stderr.count("\n")) for done in refused] == [(2, "", 1)] * 5
    assert "min_similarity: must be at most 1" in refused[0].stderr
    assert "tandem company list" in refused[1].stderr
    assert world.organizer.get("/v1/rounds").json()["items"] == []


def test_a_round_is_run_where_no_worker_is_and_its_pairs_are_shown_with_reasons(
    tandem: Tandem, world: World, draft: str, ids: dict[str, str]
) -> None:
    done = tandem("round", "start", draft)
    shown = tandem("round", "show", draft)

    assert (done.exit_code, shown.exit_code, of_round(world, draft)["status"]) == (0, 0, "proposed")
    assert cells(done.stdout).items() >= FIGURES.items()
    assert f"tandem round release {draft}" in done.stderr
    assert cells(shown.stdout).items() >= (FIGURES | {"id": draft, "title": "Spring", "pins": "0"}).items()
    assert cells(shown.stdout)["snapshot"] == of_round(world, draft)["snapshot_hash"]
    figures = of_round(world, draft)
    assert cells(shown.stdout)["good tandems expected"] == f"{figures['expected']:.1f}"
    assert cells(shown.stdout)["probabilities"] == "as shipped; answers so far: 0"
    [best, *_] = world.organizer.get(f"/v1/rounds/{draft}/proposals").json()["items"]
    assert {"strong", f"{best['probability']:.0%}", f"{best['similarity']:.2f}"} <= set(shown.stdout.split())
    for told in ("Chess club, Second", "Shared themes: ", "Bees [old], Third", *ids.values()):
        assert told in shown.stdout


def test_ids_are_never_cut_however_narrow_the_terminal_is(
    tandem: Tandem, proposed: str, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.out, "width", 80)

    shown = tandem("round", "show", proposed).stdout
    listed = tandem("round", "list").stdout

    assert [one for one in ids.values() if one not in shown] == []
    assert proposed in listed
    assert max(len(line) for line in (shown + listed).splitlines()) <= 80


def test_a_round_is_told_in_german_and_only_as_much_of_it_as_is_asked(tandem: Tandem, proposed: str) -> None:
    german = tandem("round", "show", proposed, "--lang", "de").stdout
    figures = tandem("round", "show", proposed, "--proposals", "0", "--unmatched", "0").stdout

    assert "Gemeinsame Themen: " in german
    assert cells(german)["wer teilnehmen kann"] == "alle, die veröffentlicht sind"
    assert cells(german)["Wahrscheinlichkeiten"] == "wie ausgeliefert; Antworten bisher: 0"
    assert "stark" in german.split()
    assert ("Chess" in figures, "Bees" in figures) == (False, False)


def test_as_json_a_round_and_the_list_are_what_the_api_answers(tandem: Tandem, world: World, proposed: str) -> None:
    shown = json.loads(tandem("round", "show", proposed, "--json").stdout)
    listed = json.loads(tandem("round", "list", "--json").stdout)

    assert shown == {
        "round": of_round(world, proposed),
        "proposals": world.organizer.get(f"/v1/rounds/{proposed}/proposals").json()["items"],
        "unmatched": world.organizer.get(f"/v1/rounds/{proposed}/unmatched").json()["items"],
    }
    assert listed["items"] == world.organizer.get("/v1/rounds").json()["items"]


def test_a_preview_compares_every_combination_and_changes_nothing(tandem: Tandem, world: World, draft: str) -> None:
    named = ("--min-similarity", "0.1", "--min-similarity", "1", "--objective", "quality", "--objective", "coverage")
    before = of_round(world, draft)

    done = tandem("round", "preview", draft, *named, "--cost", "0", "--cost", "0")
    as_json = json.loads(tandem("round", "preview", draft, *named, "--repeat-after", "0", "--json").stdout)

    assert (done.exit_code, of_round(world, draft)) == (0, before)
    assert "--cost 0.0 --alternates 3" in done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if "%" in line]
    assert [line[:4] for line in lines] == [
        ["quality", "0.1", "2", "80.0%"],
        ["quality", "1.0", "0", "0.0%"],
        ["coverage", "0.1", "2", "80.0%"],
        ["coverage", "1.0", "0", "0.0%"],
    ]
    assert lines[1][-2:] == ["··········", "5"]
    # Expected good tandems, then total and mean similarity.
    assert [line[4] for line in lines] == [f"{outcome['expected']:.1f}" for outcome in as_json["outcomes"]]
    assert [(one["settings"]["min_similarity"], one["pairs"]) for one in as_json["outcomes"]] == [
        (0.1, 2),
        (1.0, 0),
        (0.1, 2),
        (1.0, 0),
    ]
    kept = world.organizer.get(f"/v1/rounds/{draft}/previews").json()["items"]
    assert [one["status"] for one in kept] == ["done", "done"]


def test_a_preview_without_options_shows_the_rounds_own_settings(tandem: Tandem, proposed: str) -> None:
    done = tandem("round", "preview", proposed, "--lang", "de")

    assert (done.exit_code, "--objective quality --min-similarity 0.1" in done.stderr) == (0, True)
    assert "Abdeckung" in done.stdout


def test_more_combinations_than_are_compared_at_once_are_refused(tandem: Tandem, world: World, draft: str) -> None:
    values = [option for n in range(6) for option in ("--alternates", n)]

    done = tandem("round", "preview", draft, *values, "--objective", "quality", "--objective", "fair")
    wrong = tandem("round", "preview", draft, "--cost", "3")

    assert (done.exit_code, wrong.exit_code) == (2, 2)
    assert "12 combinations, and at most 10" in done.stderr
    assert "cost: must be at most 1" in wrong.stderr
    assert world.organizer.get(f"/v1/rounds/{draft}/previews").json()["items"] == []


def test_pins_and_bans_show_after_another_run_and_are_lifted(
    tandem: Tandem, world: World, proposed: str, ids: dict[str, str]
) -> None:
    pinned = tandem("round", "pin", proposed, ids["a_chess"], ids["b_garden"])
    opposite = tandem("round", "ban", proposed, ids["b_garden"], ids["a_chess"])
    early = tandem("round", "release", proposed)
    again = tandem("round", "rerun", proposed)
    shown = tandem("round", "show", proposed)

    assert [one.exit_code for one in (pinned, opposite, early, again)] == [0, 2, 2, 0]
    assert f"tandem round rerun {proposed}" in pinned.stderr
    [pin] = world.organizer.get(f"/v1/rounds/{proposed}/pins").json()["items"]
    assert pinned.stdout.strip() == pin["id"]
    assert "Pinned." in shown.stdout
    assert cells(shown.stdout)["pins"] == "1"

    lifted = tandem("round", "lift", proposed, ids["b_garden"], ids["a_chess"])
    nothing = tandem("round", "lift", proposed, ids["b_garden"], ids["a_chess"])

    assert (lifted.exit_code, nothing.exit_code, of_round(world, proposed)["rerun_needed"]) == (0, 2, True)


def test_a_ban_of_a_proposed_pair_shows_at_once(tandem: Tandem, proposed: str, ids: dict[str, str]) -> None:
    banned = tandem("round", "ban", proposed, ids["a_chess"], ids["b_chess"], "--lang", "de")
    shown = tandem("round", "show", proposed)

    assert (banned.exit_code, "rerun" in banned.stderr) == (0, False)
    assert "Chess (First) und Chess club (Second) bleiben getrennt." in banned.stderr
    assert "Banned: it will not be asked." in shown.stdout


def test_a_run_that_fails_ends_with_two_and_what_to_do(
    tandem: Tandem, world: World, draft: str, ids: dict[str, str]
) -> None:
    tandem("round", "pin", draft, ids["a_chess"], ids["b_chess"])
    world.operator.post(f"/v1/communities/{ids['a_chess']}/pause", json={})

    preview = tandem("round", "preview", draft)
    done = tandem("round", "start", draft)

    assert [(one.exit_code, one.stdout) for one in (preview, done)] == [(2, ""), (2, "")]
    assert "pinned but cannot be paired" in preview.stderr
    assert "pinned but cannot be paired" in done.stderr
    assert of_round(world, draft)["status"] == "failed"


def test_a_release_asks_first_then_says_who_is_asked_and_who_is_left_out(
    tandem: Tandem, world: World, proposed: str, ids: dict[str, str]
) -> None:
    world.operator.post(f"/v1/communities/{ids['b_chess']}/pause", json={})

    declined = tandem("round", "release", proposed, stdin="n\n")
    before = of_round(world, proposed)["status"]
    done = tandem("round", "release", proposed, stdin="y\n")

    assert (declined.exit_code, before) == (1, "proposed")
    assert "Pairs to be asked: 2, of 2 companies." in declined.stderr
    assert (done.exit_code, of_round(world, proposed)["status"]) == (0, "released")
    assert "Pairs asked: 1; left out: 1." in done.stderr
    assert "Chess, First / Chess club, Second" in done.stdout
    assert "does not take part any more" in done.stdout
    assert cells(tandem("round", "show", proposed).stdout)["suggestions"].startswith(
        "1 asked: 0 accepted, 1 open; 1 left out"
    )


def test_a_round_is_taken_back_and_that_is_asked_too(tandem: Tandem, world: World, proposed: str) -> None:
    tandem("round", "release", proposed, "--yes")

    declined = tandem("round", "withdraw", proposed, stdin="n\n")
    done = tandem("round", "withdraw", proposed, "--yes", "--lang", "de")
    again = tandem("round", "withdraw", proposed, "--yes")

    assert "Take Spring back for good? Open suggestions that end with it: 2." in declined.stderr
    assert [one.exit_code for one in (declined, done, again)] == [1, 0, 2]
    assert "Spring ist zurückgenommen." in done.stderr
    assert of_round(world, proposed)["status"] == "withdrawn"


def test_nothing_is_asked_where_nothing_can_be_released(
    tandem: Tandem, draft: str, proposed: str, ids: dict[str, str]
) -> None:
    tandem("round", "ban", proposed, ids["a_chess"], ids["b_chess"])
    tandem("round", "ban", proposed, ids["a_garden"], ids["b_garden"])

    done = tandem("round", "release", proposed)
    new = tandem("round", "release", tandem("round", "create", "Autumn").stdout.strip())

    assert [(one.exit_code, one.stderr.count("\n")) for one in (done, new)] == [(2, 1), (2, 1)]
    assert "no pair that can be asked" in done.stderr


def test_a_running_worker_does_the_work(
    tandem: Tandem, world: World, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(helper: object) -> None:
        raise AssertionError("a worker is there already")

    def worker_works(helper: object, seconds: float) -> None:
        world.worker.run_until_idle()

    jobs.tell_worker_seen(world.database, "somewhere")
    monkeypatch.setattr(following._Helper, "start", fails)
    monkeypatch.setattr(following._Helper, "wait", worker_works)

    previewed = tandem("round", "preview", draft)
    started = tandem("round", "start", draft)

    assert (previewed.exit_code, started.exit_code, of_round(world, draft)["status"]) == (0, 0, "proposed")


def test_control_c_leaves_the_round_in_the_queue_and_cancel_takes_it_out(
    tandem: Tandem, world: World, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(helper: object, seconds: float) -> None:
        raise KeyboardInterrupt

    jobs.tell_worker_seen(world.database, "busy elsewhere")
    monkeypatch.setattr(following._Helper, "wait", pressed)

    previewed = tandem("round", "preview", draft)
    started = tandem("round", "start", draft)
    twice = tandem("round", "start", draft)
    queued = of_round(world, draft)["status"]
    cancelled = tandem("round", "cancel", draft)
    nothing = tandem("round", "cancel", draft)

    assert [one.exit_code for one in (previewed, started, twice, cancelled, nothing)] == [130, 130, 2, 0, 2]
    assert f"GET /v1/rounds/{draft}/previews/prv_" in previewed.stderr
    assert f"tandem round show {draft}" in started.stderr
    assert (queued, of_round(world, draft)["status"]) == ("queued", "draft")
    assert "the round is draft again" in cancelled.stderr


def test_a_run_that_somebody_cancels_meanwhile_is_told_as_that(
    tandem: Tandem, world: World, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_cancels(helper: object, seconds: float) -> None:
        with world.database.session() as session:
            rounds.cancel(session, SYSTEM, draft)

    jobs.tell_worker_seen(world.database, "busy elsewhere")
    monkeypatch.setattr(following._Helper, "wait", somebody_cancels)

    done = tandem("round", "start", draft)

    assert (done.exit_code, done.stdout, "The run was cancelled." in done.stderr) == (2, "", True)
