"""A draft that changes, a run that is cancelled, a round that failed and is started again."""

import pytest

from app.access.models import Role
from app.core import jobs
from app.core.jobs import LeaseLost
from app.rounds import jobs as round_jobs
from app.worker import JOBS, Worker
from tests.world import World


def drafted(world: World) -> str:
    return str(world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()["id"])


def test_a_draft_changes_only_from_the_version_that_was_read(world: World) -> None:
    address = f"/v1/rounds/{drafted(world)}"
    tag = world.organizer.get(address).headers["ETag"]

    changed = world.organizer.patch(
        address, json={"settings": {"objective": "coverage", "repeat_after": 3}}, headers={"If-Match": tag}
    )
    stale = world.organizer.patch(address, json={"title": "Autumn"}, headers={"If-Match": tag})

    assert changed.status_code == 200
    assert (changed.json()["settings"]["objective"], changed.json()["settings"]["repeat_after"]) == ("coverage", 3)
    assert stale.status_code == 412
    assert world.organizer.get(address).json()["title"] == "Spring"


def test_a_round_that_has_run_changes_no_more(world: World, three_companies: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]

    refused = world.organizer.patch(f"/v1/rounds/{round_id}", json={"title": "x"}, headers={"If-Match": "*"})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-not-draft")


@pytest.mark.parametrize("scope", [{"companies": ["cmp_unknown"]}, {"communities": ["cmt_unknown"]}])
def test_a_scope_that_names_nobody_is_told_at_once(world: World, scope: dict[str, list[str]]) -> None:
    refused = world.organizer.post("/v1/rounds", json={"title": "Spring", "scope": scope})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/round-scope-unknown")
    assert "_unknown" in refused.json()["detail"]


def test_a_queued_round_that_is_cancelled_is_a_draft_again(world: World, three_companies: dict[str, str]) -> None:
    round_id = drafted(world)
    world.organizer.post(f"/v1/rounds/{round_id}/start")

    cancelled = world.organizer.post(f"/v1/rounds/{round_id}/cancel").json()
    world.worker.run_until_idle()

    assert (cancelled["status"], cancelled["started_at"], cancelled["snapshot_hash"]) == ("draft", None, None)
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["status"] == "draft"
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    world.worker.run_until_idle()
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["proposals"] == 2


@pytest.mark.parametrize("stage", ["vectors", "pairing", "storing"])
def test_a_worker_whose_round_is_cancelled_stores_nothing_more(
    world: World, worker: Worker, three_companies: dict[str, str], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    round_id = world.proposed_round()["id"]
    before = world.organizer.get(f"/v1/rounds/{round_id}/proposals").content
    world.organizer.post(f"/v1/rounds/{round_id}/rerun")
    tell = jobs.Lease.tell

    def cancelled_meanwhile(lease: jobs.Lease, at: str, progress: float) -> None:
        if at == stage:
            world.organizer.post(f"/v1/rounds/{round_id}/cancel")
        tell(lease, at, progress)

    monkeypatch.setattr(jobs.Lease, "tell", cancelled_meanwhile)
    lease = jobs.claim(world.database, 30, list(JOBS))
    assert lease is not None
    with pytest.raises(LeaseLost):
        round_jobs.run(lease, round_id)

    again = world.organizer.get(f"/v1/rounds/{round_id}").json()
    assert (again["status"], again["run"]) == ("proposed", 1)
    assert world.organizer.get(f"/v1/rounds/{round_id}/proposals").content == before


def test_there_is_nothing_to_cancel_in_a_draft(world: World) -> None:
    refused = world.organizer.post(f"/v1/rounds/{drafted(world)}/cancel")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/round-not-under-way")


def test_a_round_that_failed_says_what_to_do_and_can_be_started_again(
    world: World, three_companies: dict[str, str]
) -> None:
    round_id = drafted(world)
    known = {"If-None-Match": world.organizer.get(f"/v1/rounds/{round_id}").headers["ETag"]}
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    for community in three_companies.values():
        world.operator.post(f"/v1/communities/{community}/pause", json={})
    world.worker.run_until_idle()
    looked = world.organizer.get(f"/v1/rounds/{round_id}", headers=known)
    assert looked.status_code == 200, "whoever knows the draft is told that it failed"
    failed = looked.json()
    for community in three_companies.values():
        world.operator.post(f"/v1/communities/{community}/resume")

    started = world.organizer.post(f"/v1/rounds/{round_id}/start")
    world.worker.run_until_idle()

    assert (failed["status"], failed["problem"].split(",")[0]) == ("failed", "When it began")
    assert started.status_code == 202
    done = world.organizer.get(f"/v1/rounds/{round_id}").json()
    assert (done["status"], done["proposals"], done["problem"]) == ("proposed", 2, None)


def test_only_organizers_move_a_round(world: World, three_companies: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    company = world.operator.get("/v1/companies").json()["items"][0]["id"]

    for step in ("start", "rerun", "cancel", "release", "withdraw"):
        for role in (Role.PORTAL, Role.COORDINATOR):
            assert world.caller(role, company).post(f"/v1/rounds/{round_id}/{step}").status_code == 403
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["status"] == "proposed"
