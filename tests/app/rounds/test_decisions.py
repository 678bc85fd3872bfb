"""Pins and bans, and another run with them on the same snapshot."""

from collections.abc import Callable

import pytest

from tests.world import JsonObject, World

Pair = frozenset[str]


@pytest.fixture
def ids(three_companies: dict[str, str]) -> dict[str, str]:
    return three_companies


def pairs(world: World, round_id: str) -> set[Pair]:
    items = world.organizer.get(f"/v1/rounds/{round_id}/proposals").json()["items"]
    return {frozenset((one["a"]["id"], one["b"]["id"])) for one in items}


def rerun(world: World, round_id: str) -> JsonObject:
    queued = world.organizer.post(f"/v1/rounds/{round_id}/rerun")
    assert queued.status_code == 202, queued.text
    world.worker.run_until_idle()
    done: JsonObject = world.organizer.get(f"/v1/rounds/{round_id}").json()
    return done


def test_a_pinned_pair_is_proposed_in_another_run_and_the_rest_is_chosen_around_it(
    world: World, ids: dict[str, str]
) -> None:
    done = world.proposed_round()
    pin = world.organizer.post(f"/v1/rounds/{done['id']}/pins", json={"a": ids["a_python"], "b": ids["b_running"]})
    waiting = world.organizer.get(f"/v1/rounds/{done['id']}").json()
    refused = world.organizer.post(f"/v1/rounds/{done['id']}/release")

    again = rerun(world, done["id"])

    assert (pin.status_code, pin.json()["kind"], waiting["rerun_needed"]) == (201, "pin", True)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-rerun-needed")
    assert (again["snapshot_hash"], again["run"], again["rerun_needed"]) == (done["snapshot_hash"], 2, False)
    assert frozenset((ids["a_python"], ids["b_running"])) in pairs(world, done["id"])
    items = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]
    assert [one["pinned"] for one in items if ids["a_python"] in (one["a"]["id"], one["b"]["id"])] == [True]


def test_a_banned_pair_is_dropped_at_once_and_not_proposed_again(world: World, ids: dict[str, str]) -> None:
    done = world.proposed_round()
    banned = frozenset((ids["a_python"], ids["b_python"]))
    world.organizer.post(f"/v1/rounds/{done['id']}/bans", json={"a": ids["b_python"], "b": ids["a_python"]})
    items = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]

    rerun(world, done["id"])

    assert {frozenset((one["a"]["id"], one["b"]["id"])) for one in items if one["dropped"]} == {banned}
    assert banned not in pairs(world, done["id"])


def test_a_dropped_proposal_can_be_taken_back_by_deleting_its_ban(world: World, ids: dict[str, str]) -> None:
    done = world.proposed_round()
    address = f"/v1/rounds/{done['id']}"
    proposal = world.organizer.get(f"{address}/proposals").json()["items"][0]

    dropped = world.organizer.post(f"{address}/proposals/{proposal['id']}/drop").json()
    again = world.organizer.post(f"{address}/proposals/{proposal['id']}/drop").json()
    [ban] = world.organizer.get(f"{address}/bans").json()["items"]
    lifted = world.organizer.ask("DELETE", f"{address}/bans/{ban['id']}", headers={"If-Match": '"1"'})

    assert dropped == again == proposal | {"dropped": True}
    assert lifted.status_code == 204
    assert world.organizer.get(f"{address}/proposals/{proposal['id']}").json() == proposal
    assert world.organizer.get(address).json()["rerun_needed"] is True


def test_another_run_without_changes_gives_the_same_bytes(world: World, ids: dict[str, str]) -> None:
    done = world.proposed_round()
    before = world.organizer.get(f"/v1/rounds/{done['id']}/proposals")

    rerun(world, done["id"])

    assert world.organizer.get(f"/v1/rounds/{done['id']}/proposals").content == before.content


def test_another_run_reads_the_snapshot_and_not_what_changed_meanwhile(world: World, ids: dict[str, str]) -> None:
    done = world.proposed_round()
    before = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").content
    world.operator.post(f"/v1/communities/{ids['a_python']}/pause", json={})

    again = rerun(world, done["id"])

    assert again["snapshot_hash"] == done["snapshot_hash"]
    assert world.organizer.get(f"/v1/rounds/{done['id']}/proposals").content == before


Wish = Callable[[dict[str, str]], JsonObject]


@pytest.mark.parametrize(
    ("kind", "wish", "status", "problem"),
    [
        ("pins", lambda i: {"a": i["a_python"], "b": i["a_running"]}, 422, "pair-of-one-company"),
        ("bans", lambda i: {"a": i["a_python"], "b": i["a_python"]}, 422, "pair-of-one-company"),
        ("pins", lambda i: {"a": i["a_python"], "b": "cmt_unknown"}, 404, "community-not-found"),
        ("pins", lambda i: {"a": i["a_python"]}, 422, "invalid-input"),
        ("pins", lambda i: {"a": i["a_python"], "b": i["banned"]}, 409, "decided-otherwise"),
        ("bans", lambda i: {"a": i["a_running"], "b": i["b_running"]}, 409, "decided-otherwise"),
        # One place each, and both are pinned already.
        ("pins", lambda i: {"a": i["a_running"], "b": i["lonely"]}, 409, "pin-impossible"),
    ],
)
def test_a_pin_or_a_ban_that_cannot_be_is_refused_and_changes_nothing(
    world: World, ids: dict[str, str], kind: str, wish: Wish, status: int, problem: str
) -> None:
    ids["banned"] = ids["b_python"]
    round_id = world.proposed_round()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/bans", json={"a": ids["a_python"], "b": ids["banned"]})
    world.organizer.post(f"/v1/rounds/{round_id}/pins", json={"a": ids["a_running"], "b": ids["b_running"]})
    before = [world.organizer.get(f"/v1/rounds/{round_id}/{one}").json() for one in ("pins", "bans")]

    refused = world.organizer.post(f"/v1/rounds/{round_id}/{kind}", json=wish(ids))

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert [world.organizer.get(f"/v1/rounds/{round_id}/{one}").json() for one in ("pins", "bans")] == before


def test_an_impossible_pin_says_why_in_the_callers_language(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    company = world.operator.get(f"/v1/communities/{ids['b_python']}").json()["company_id"]
    tag = world.operator.get(f"/v1/communities/{ids['a_python']}").headers["ETag"]
    world.operator.patch(
        f"/v1/communities/{ids['a_python']}", json={"excluded_companies": [company]}, headers={"If-Match": tag}
    )

    refused = world.organizer.post(
        f"/v1/rounds/{round_id}/pins",
        json={"a": ids["a_python"], "b": ids["b_python"]},
        headers={"Accept-Language": "de"},
    )

    assert refused.json()["detail"] == (
        "Die Festlegung wurde nicht gespeichert: eine von ihnen, oder von ihren Unternehmen, hat das andere "
        "ausgeschlossen."
    )


def test_the_same_pin_again_is_the_same_pin(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    wish = {"a": ids["a_python"], "b": ids["b_running"]}

    one = world.organizer.post(f"/v1/rounds/{round_id}/pins", json=wish).json()
    other = world.organizer.post(f"/v1/rounds/{round_id}/pins", json={"a": wish["b"], "b": wish["a"]}).json()

    assert one == other


def test_a_pin_that_became_impossible_fails_the_run_and_the_old_proposals_stay(
    world: World, ids: dict[str, str]
) -> None:
    created = world.organizer.post("/v1/rounds", json={"title": "Spring", "settings": {"max_per_company_pair": 1}})
    round_id = created.json()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    world.worker.run_until_idle()
    before = pairs(world, round_id)
    for one, other in (("a_python", "b_python"), ("a_running", "b_running")):
        world.organizer.post(f"/v1/rounds/{round_id}/pins", json={"a": ids[one], "b": ids[other]})

    done = rerun(world, round_id)

    assert (done["status"], done["run"]) == ("proposed", 1)
    assert "more pairs of their companies are pinned than `max_per_company_pair` allows" in done["problem"]
    assert pairs(world, round_id) == before


def test_pins_and_bans_wait_until_a_run_is_over(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/rerun")

    refused = world.organizer.post(f"/v1/rounds/{round_id}/bans", json={"a": ids["a_python"], "b": ids["b_python"]})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-not-open-to-decisions")
