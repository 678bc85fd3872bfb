"""The release and the way back: who is asked, who is left out and why, and until when it can be undone."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlmodel import select

from app.access.models import Role
from app.access.service import SYSTEM
from app.core.database import Database
from app.core.errors import Problem
from app.core.settings import Settings
from app.rounds import releasing
from app.rounds import service as rounds
from app.rounds.models import RoundStatus
from app.tandems.models import Suggestion, SuggestionStatus
from tests.world import JsonObject, World


@pytest.fixture
def ids(three_companies: dict[str, str]) -> dict[str, str]:
    return three_companies


def released(world: World, round_id: str) -> JsonObject:
    answer = world.organizer.post(f"/v1/rounds/{round_id}/release")
    assert answer.status_code == 200, answer.text
    done: JsonObject = answer.json()
    return done


def left_out(world: World, round_id: str) -> list[str]:
    items = world.organizer.get(f"/v1/rounds/{round_id}/proposals", params={"left_out": "true"}).json()["items"]
    return [one["left_out"]["kind"] for one in items]


def suggestions(database: Database) -> list[Suggestion]:
    with database.reader() as session:
        return list(session.exec(select(Suggestion).order_by(Suggestion.id)))


def test_a_release_asks_every_pair_and_says_so(world: World, database: Database, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]

    done = released(world, round_id)

    assert (done["status"], done["stage"]) == ("released", "released: the managers decide")
    assert done["suggestions"] == {"open": 2, "accepted": 0, "total": 2, "left_out": 0}
    proposals = world.organizer.get(f"/v1/rounds/{round_id}/proposals").json()["items"]
    asked = suggestions(database)
    assert {one["suggestion_id"] for one in proposals} == {one.id for one in asked}
    assert {(one["a"]["id"], one["b"]["id"], one["similarity"]) for one in proposals} == {
        (one.a_id, one.b_id, one.similarity) for one in asked
    }
    assert {one.round_id for one in asked} == {round_id}
    by_id = {one["suggestion_id"]: one for one in proposals}
    for suggestion in asked:
        proposal = by_id[suggestion.id]
        assert suggestion.probability == proposal["probability"]
        assert suggestion.score == pytest.approx(proposal["similarity"] * proposal["correction"], abs=1e-6)


def _paused(world: World, ids: dict[str, str]) -> None:
    world.operator.post(f"/v1/communities/{ids['a_python']}/pause", json={})


def _archived(world: World, ids: dict[str, str]) -> None:
    world.operator.post(f"/v1/communities/{ids['b_python']}/archive")


def _changed(field: str, value: Callable[[World, dict[str, str]], Any]) -> Callable[[World, dict[str, str]], None]:
    def change(world: World, ids: dict[str, str]) -> None:
        address = f"/v1/communities/{ids['a_python']}"
        headers = {"If-Match": world.operator.get(address).headers["ETag"]}
        answer = world.operator.patch(address, json={field: value(world, ids)}, headers=headers)
        assert answer.status_code == 200, answer.text

    return change


def _company_of(world: World, community: str) -> str:
    return str(world.operator.get(f"/v1/communities/{community}").json()["company_id"])


def _left(world: World, ids: dict[str, str]) -> None:
    world.operator.post(f"/v1/companies/{_company_of(world, ids['b_python'])}/leave")


def _apart(world: World, ids: dict[str, str]) -> None:
    one, other = (_company_of(world, ids[name]) for name in ("a_python", "b_python"))
    answer = world.operator.ask(
        "PUT",
        f"/v1/companies/{one}/proximity/{other}",
        json={"proximity": "excluded"},
        headers={"If-Match": world.operator.get(f"/v1/companies/{one}/proximity/{other}").headers["ETag"]},
    )
    assert answer.status_code == 200, answer.text


def _asked_meanwhile(world: World, ids: dict[str, str]) -> None:
    created = world.organizer.post(
        "/v1/rounds", json={"title": "Other", "scope": {"communities": [ids["a_python"], ids["b_python"]]}}
    ).json()
    world.organizer.post(f"/v1/rounds/{created['id']}/start")
    world.worker.run_until_idle()
    released(world, created["id"])


def _said_no_meanwhile(world: World, ids: dict[str, str]) -> None:
    _asked_meanwhile(world, ids)
    portal = world.portal(_company_of(world, ids["a_python"]))
    [asked] = portal.get("/v1/suggestions", params={"open": "true"}).json()["items"]
    assert portal.post(f"/v1/suggestions/{asked['id']}/answer", json={"answer": "no"}).status_code == 200


def _met_meanwhile(world: World, ids: dict[str, str]) -> None:
    _asked_meanwhile(world, ids)
    [asked] = world.operator.get("/v1/suggestions", params={"open": "true"}).json()["items"]
    for side in "ab":
        answer = {"answer": "yes", "side": side}
        tandem = world.operator.post(f"/v1/suggestions/{asked['id']}/answer", json=answer).json()["tandem_id"]
    # Companies of one sector: their coordinators are asked too.
    for name in ("a_python", "b_python"):
        coordinator = world.caller(Role.COORDINATOR, _company_of(world, ids[name]))
        approved = coordinator.post(f"/v1/suggestions/{asked['id']}/approve", json={"approve": True})
        tandem = approved.json()["tandem_id"]
    assert world.operator.post(f"/v1/tandems/{tandem}/close").status_code == 200


@pytest.mark.parametrize(
    ("happens", "kinds"),
    [
        (_paused, {"not_taking_part"}),
        (_archived, {"not_taking_part"}),
        (_left, {"not_taking_part"}),
        (_changed("excluded_companies", lambda w, i: [_company_of(w, i["b_python"])]), {"excluded"}),
        (_apart, {"proximity_excluded"}),
        (_changed("capacity", lambda w, i: 0), {"no_capacity"}),
        (_changed("ask_not_before", lambda w, i: "2199-01-01"), {"not_asked"}),
        (_asked_meanwhile, {"paired_already", "no_capacity"}),
        (_said_no_meanwhile, {"met_before"}),
        (_met_meanwhile, {"met_before"}),
    ],
)
def test_a_pair_that_can_no_longer_meet_is_left_out_with_a_reason(
    world: World, ids: dict[str, str], happens: Callable[[World, dict[str, str]], None], kinds: set[str]
) -> None:
    world.published(_company_of(world, ids["lonely"]), {"name": "Bees and honey", "tags": ["honey"]})
    world.published(world.company("Fourth"), {"name": "Honey bees", "tags": ["honey"]})
    round_id = world.proposed_round()["id"]
    happens(world, ids)

    done = released(world, round_id)

    kind = left_out(world, round_id)
    assert done["suggestions"]["left_out"] == len(kind) >= 1
    assert set(kind) <= kinds
    [text] = {
        one["left_out"]["text"]
        for one in world.organizer.get(
            f"/v1/rounds/{round_id}/proposals", params={"left_out": "true"}, headers={"Accept-Language": "de"}
        ).json()["items"]
    }
    assert text.endswith(".")
    asked = world.organizer.get(f"/v1/rounds/{round_id}/proposals", params={"left_out": "false"}).json()["items"]
    assert len(asked) == done["suggestions"]["total"]


def test_the_sides_are_waited_for_and_reminded_as_the_round_says(
    world: World, database: Database, ids: dict[str, str]
) -> None:
    round_id = world.organizer.post(
        "/v1/rounds", json={"title": "Soon", "asking": {"answer_within_days": 5, "remind_after_days": 2}}
    ).json()["id"]
    address = f"/v1/rounds/{round_id}"
    late = {"asking": {"answer_within_days": 4, "remind_after_days": 4}}
    refused = world.organizer.patch(address, json=late, headers={"If-Match": "*"})
    world.organizer.post(f"{address}/start")
    world.worker.run_until_idle()

    done = released(world, round_id)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/round-reminder-too-late")
    assert done["asking"] == {"answer_within_days": 5, "remind_after_days": 2}
    for one in suggestions(database):
        assert one.remind_at is not None
        assert (one.expires_at - one.opened_at, one.remind_at - one.opened_at) == (
            timedelta(days=5),
            timedelta(days=2),
        )


def test_who_does_not_want_to_be_asked_now_takes_no_part_in_a_round(world: World, ids: dict[str, str]) -> None:
    address = f"/v1/communities/{ids['a_python']}/preferences"
    wish = {"ask_not_before": "2199-01-01"}
    assert world.operator.patch(address, json=wish, headers={"If-Match": "*"}).status_code == 200

    done = world.proposed_round()
    pinned = world.organizer.post(f"/v1/rounds/{done['id']}/pins", json={"a": ids["a_python"], "b": ids["b_python"]})

    assert (done["communities"], done["proposals"]) == (4, 1)
    assert (pinned.status_code, "does not want to be asked" in pinned.json()["detail"]) == (409, True)


def test_a_banned_pair_is_not_asked(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/bans", json={"a": ids["a_python"], "b": ids["b_python"]})

    done = released(world, round_id)

    assert (done["suggestions"]["total"], left_out(world, round_id)) == (1, ["banned"])


def test_a_release_that_would_ask_nobody_is_refused_and_changes_nothing(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    for name in ("a_python", "a_running"):
        world.operator.post(f"/v1/communities/{ids[name]}/pause", json={})

    refused = world.organizer.post(f"/v1/rounds/{round_id}/release")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/nothing-to-release")
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["status"] == "proposed"
    assert left_out(world, round_id) == []


def test_a_community_with_an_open_suggestion_has_no_free_capacity_in_the_next_round(
    world: World, ids: dict[str, str]
) -> None:
    released(world, world.proposed_round()["id"])

    done = world.proposed_round()

    assert done["proposals"] == 0
    unmatched = world.organizer.get(f"/v1/rounds/{done['id']}/unmatched").json()["items"]
    assert {one["kind"] for one in unmatched if one["community"]["id"] != ids["lonely"]} == {"no_capacity"}


def test_a_round_is_released_once(world: World, ids: dict[str, str]) -> None:
    round_id = world.proposed_round()["id"]
    released(world, round_id)

    again = world.organizer.post(f"/v1/rounds/{round_id}/release")

    assert (again.status_code, again.json()["type"]) == (409, "/problems/round-not-proposed")


def test_a_withdrawn_round_leaves_nobody_asked_and_its_pairs_come_back(
    world: World, database: Database, ids: dict[str, str]
) -> None:
    round_id = world.proposed_round()["id"]
    released(world, round_id)

    withdrawn = world.organizer.post(f"/v1/rounds/{round_id}/withdraw").json()

    assert (withdrawn["status"], withdrawn["suggestions"]["open"]) == ("withdrawn", 0)
    assert {one.status for one in suggestions(database)} == {SuggestionStatus.WITHDRAWN}
    assert world.proposed_round()["proposals"] == 2
    again = world.organizer.post(f"/v1/rounds/{round_id}/withdraw")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/round-over")


@pytest.mark.parametrize("state", ["draft", "queued", "proposed"])
def test_a_round_can_be_withdrawn_before_its_release(world: World, ids: dict[str, str], state: str) -> None:
    round_id = world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()["id"]
    if state != "draft":
        world.organizer.post(f"/v1/rounds/{round_id}/start")
    if state == "proposed":
        world.worker.run_until_idle()

    withdrawn = world.organizer.post(f"/v1/rounds/{round_id}/withdraw")
    world.worker.run_until_idle()

    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["status"] == "withdrawn"


def test_of_two_releases_at_the_same_moment_one_asks_and_the_other_is_refused(
    world: World, settings: Settings, ids: dict[str, str], database: Database
) -> None:
    round_id = world.proposed_round()["id"]
    outcomes = _together(settings.database_url, lambda session: releasing.release(session, SYSTEM, round_id).status)

    assert sorted(map(str, outcomes), key=len) == ["released", "round-not-proposed"]
    assert len(suggestions(database)) == 2


def _together(url: str, step: Callable[[Any], object]) -> list[object]:
    """What two clients get who take a step at the same moment."""
    outcomes: list[object] = []
    barrier = Barrier(2)

    def act() -> None:
        own = Database(url)
        barrier.wait(10)
        try:
            with own.session() as session:
                outcomes.append(step(session))
        except Problem as refused:
            outcomes.append(refused.slug)
        finally:
            own.dispose()

    threads = [Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_a_start_and_a_withdrawal_twice_at_the_same_moment_happen_once(
    world: World, settings: Settings, ids: dict[str, str]
) -> None:
    draft = world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()["id"]
    started = _together(settings.database_url, lambda session: rounds.start(session, SYSTEM, draft).status)
    taken_back = _together(settings.database_url, lambda session: releasing.withdraw(session, SYSTEM, draft).status)

    assert sorted(map(str, started)) == [RoundStatus.QUEUED.value, "round-already-started"]
    assert sorted(map(str, taken_back)) == ["round-over", RoundStatus.WITHDRAWN.value]
