"""What a round would come to, before anybody is asked."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.access.models import Role
from app.core.clock import now
from app.core.settings import get_settings
from app.worker import Worker
from tests.world import JsonObject, World


def drafted(world: World, **body: Any) -> str:
    created = world.organizer.post("/v1/rounds", json={"title": "Spring"} | body)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


def previewed(world: World, round_id: str, *settings: JsonObject) -> JsonObject:
    queued = world.organizer.post(f"/v1/rounds/{round_id}/preview", json={"settings": list(settings)})
    assert queued.status_code == 202, queued.text
    world.worker.run_until_idle()
    done: JsonObject = world.organizer.get(queued.headers["Location"]).json()
    return done


def test_a_preview_shows_several_settings_side_by_side_and_changes_nothing(
    world: World, three_companies: dict[str, str]
) -> None:
    round_id = drafted(world)
    before = world.organizer.get(f"/v1/rounds/{round_id}").json()

    done = previewed(world, round_id, {}, {"min_similarity": 0.99}, {"objective": "coverage"})

    assert (done["status"], done["progress"], done["stage"], done["communities"]) == ("done", 1.0, "done", 5)
    usual, strict, coverage = done["outcomes"]
    assert [one["pairs"] for one in done["outcomes"]] == [2, 0, 2]
    assert (usual["coverage"], strict["coverage"]) == (0.8, 0.0)
    assert sum(one["pairs"] for one in usual["histogram"]) == 2
    assert [(one["from"], one["to"]) for one in usual["histogram"]][:2] == [(0.0, 0.1), (0.1, 0.2)]
    assert usual["total_similarity"] == pytest.approx(2 * usual["mean_similarity"], abs=1e-3)
    assert (strict["mean_similarity"], strict["expected"]) == (None, 0.0)
    assert 0 < usual["expected"] < 2
    assert coverage["settings"]["objective"] == "coverage"
    assert usual["unmatched"] == [{"kind": "nothing_similar", "communities": 1}]
    assert world.organizer.get(f"/v1/rounds/{round_id}").json() == before


def test_a_preview_without_settings_tries_those_of_the_round(world: World, three_companies: dict[str, str]) -> None:
    round_id = drafted(world, settings={"min_similarity": 0.3, "objective": "fair", "repeat_after": 2})

    [outcome] = previewed(world, round_id)["outcomes"]

    assert outcome["settings"] == {
        "objective": "fair",
        "min_similarity": 0.3,
        "cost": 0.1,
        "alternates": 3,
        "repeat_after": 2,
        "max_per_company_pair": None,
    }


def test_a_round_on_the_same_input_comes_to_what_its_preview_said(
    world: World, three_companies: dict[str, str]
) -> None:
    round_id = drafted(world)
    preview = previewed(world, round_id)
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    world.worker.run_until_idle()

    done = world.organizer.get(f"/v1/rounds/{round_id}").json()

    assert done["snapshot_hash"] == preview["snapshot_hash"]
    assert done["proposals"] == preview["outcomes"][0]["pairs"]
    assert done["total_similarity"] == preview["outcomes"][0]["total_similarity"]
    assert done["expected"] == preview["outcomes"][0]["expected"]


def test_figures_of_a_company_are_for_organizers_in_alphabetical_order_and_never_of_a_few(world: World) -> None:
    for name, count in (("zebra", 6), ("Alpha", 5), ("middle", 2)):
        world.published(world.company(name), *({"name": f"{name} {n}", "tags": [f"t{n}"]} for n in range(count)))
    round_id = drafted(world)

    seen = previewed(world, round_id)["outcomes"][0]["left_over"]
    address = world.organizer.get(f"/v1/rounds/{round_id}/previews").json()["items"][0]["id"]
    by_operator = world.operator.get(f"/v1/rounds/{round_id}/previews/{address}").json()

    assert [(one["company"], one["communities"]) for one in seen] == [("Alpha", 5), ("middle", None), ("zebra", 6)]
    assert all(one["left_over"] is None or one["left_over"] >= 5 for one in seen)
    assert by_operator["outcomes"][0]["left_over"] is None


def test_more_than_ten_settings_or_odd_ones_are_refused(world: World, three_companies: dict[str, str]) -> None:
    address = f"/v1/rounds/{drafted(world)}/preview"

    many = world.organizer.post(address, json={"settings": [{}] * 11})
    high = world.organizer.post(address, json={"settings": [{}, {"min_similarity": 1.1}]})

    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/settings")
    assert (high.status_code, high.json()["errors"][0]["pointer"]) == (422, "/settings/1/min_similarity")
    assert world.organizer.get(address + "s").json()["items"] == []


def test_a_preview_of_nobody_is_refused_with_what_to_do(world: World) -> None:
    refused = world.organizer.post(f"/v1/rounds/{drafted(world)}/preview", json={})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-without-communities")


def test_a_preview_is_deleted_after_a_day(world: World, worker: Worker, three_companies: dict[str, str]) -> None:
    round_id = drafted(world)
    preview = previewed(world, round_id)

    with time_machine.travel(now() + timedelta(hours=25)):
        worker._tidy()
        gone = world.organizer.get(f"/v1/rounds/{round_id}/previews/{preview['id']}")

    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/preview-not-found")


def test_a_preview_with_an_impossible_pin_says_which_and_why(world: World, three_companies: dict[str, str]) -> None:
    round_id = drafted(world)
    a, b = three_companies["a_python"], three_companies["b_running"]
    assert world.organizer.post(f"/v1/rounds/{round_id}/pins", json={"a": a, "b": b}).status_code == 201
    world.operator.post(f"/v1/communities/{a}/pause", json={})

    done = previewed(world, round_id)

    assert done["status"] == "failed"
    assert done["problem"].endswith(
        "cannot be paired: one of them does not take part in this round. Delete the pin, or mend what stands in the "
        "way, then start again."
    )


def test_previews_are_for_organizers(world: World, three_companies: dict[str, str]) -> None:
    round_id = drafted(world)
    preview = previewed(world, round_id)["id"]
    company = world.operator.get("/v1/companies").json()["items"][0]["id"]

    for role in (Role.PORTAL, Role.COORDINATOR):
        other = world.caller(role, company)
        assert other.get(f"/v1/rounds/{round_id}/previews/{preview}").status_code == 403
        assert other.post(f"/v1/rounds/{round_id}/preview", json={}).status_code == 403


def test_a_round_and_its_preview_read_the_operator_s_dictionary(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = world.company("Nordwerk"), world.company("Suedhafen", sector="health")
    world.published(first, {"name": "Quarzelrunde", "tags": ["Quarzel"], "languages": ["de", "en"]})
    world.published(second, {"name": "Zibbert circle", "tags": ["zibbert"], "languages": ["en"]})
    [without] = previewed(world, drafted(world))["outcomes"]
    dictionary = tmp_path / "own.ding"
    dictionary.write_text("Quarzel {n} :: zibbert\nQuarzelrunde {f} :: zibbert circle\n", encoding="utf-8")
    monkeypatch.setenv("TANDEM_DICTIONARY", str(dictionary))
    get_settings.cache_clear()

    [outcome] = previewed(world, drafted(world))["outcomes"]
    done = world.proposed_round()

    assert without["pairs"] == 0
    assert outcome["pairs"] == done["proposals"] == 1
