from datetime import timedelta
from typing import Any

import pytest
import time_machine

from app.access.models import Role
from app.core import jobs
from app.core.clock import now
from app.core.jobs import JobKind, Lease
from app.rounds import jobs as round_jobs
from tests.world import World

PYTHON = {"name": "Python circle", "purpose": "We learn Python together.", "languages": ["en"]}
RUNNING = {"name": "Running group", "purpose": "We run in the park at noon.", "languages": ["en"]}
LONELY = {"name": "Beekeeping", "purpose": "Honey.", "languages": ["en"]}


def test_a_round_pairs_related_communities_and_tells_why(world: World, three_companies: dict[str, str]) -> None:
    done = world.proposed_round()

    proposals = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]
    unmatched = world.organizer.get(f"/v1/rounds/{done['id']}/unmatched").json()["items"]

    assert (done["status"], done["progress"], done["stage"]) == ("proposed", 1.0, "done: look at the proposals")
    assert (done["communities"], done["proposals"], done["unmatched"]) == (5, 2, 1)
    assert len(done["snapshot_hash"]) == 64
    assert {frozenset((one["a"]["id"], one["b"]["id"])) for one in proposals} == {
        frozenset((three_companies["a_python"], three_companies["b_python"])),
        frozenset((three_companies["a_running"], three_companies["b_running"])),
    }
    assert [one["probability"] for one in proposals] == sorted(
        (one["probability"] for one in proposals), reverse=True
    )
    assert done["expected"] == pytest.approx(sum(one["probability"] for one in proposals), abs=1e-4)
    for one in proposals:
        assert one["a"]["company"] != one["b"]["company"]
        assert one["reasons"][0]["kind"] == "theme"
        assert sum(reason["share"] for reason in one["reasons"]) + one["other"] == pytest.approx(1, abs=1e-3)
    assert [(one["community"]["id"], one["kind"]) for one in unmatched] == [
        (three_companies["lonely"], "nothing_similar")
    ]
    assert unmatched[0]["changes"][0]["kind"] == "describe_more"


def test_reasons_are_told_in_the_callers_language(world: World, three_companies: dict[str, str]) -> None:
    done = world.proposed_round()

    german = world.organizer.get(f"/v1/rounds/{done['id']}/proposals", headers={"Accept-Language": "de-DE"}).json()

    assert german["items"][0]["reasons"][0]["text"].startswith("Gemeinsame Themen: ")
    stage = world.organizer.get(f"/v1/rounds/{done['id']}", headers={"Accept-Language": "de"}).json()["stage"]
    assert stage == "fertig: sehen Sie sich die Vorschläge an"


def test_how_sure_a_pair_is_is_told_as_a_number_and_in_a_word(world: World, three_companies: dict[str, str]) -> None:
    done = world.proposed_round()

    [first, *_] = world.organizer.get(f"/v1/rounds/{done['id']}/proposals", headers={"Accept-Language": "de"}).json()[
        "items"
    ]

    assert (0.6 <= first["probability"] < 1, first["correction"] > 0) == (True, True)
    assert first["strength"] == {"kind": "strong", "text": "stark"}
    assert done["calibration"] == {"source": "shipped", "answers": 0}


def test_further_partners_come_with_their_probability_the_likeliest_first(world: World) -> None:
    for name in ("A", "B", "C", "D"):
        world.published(world.company(name), PYTHON | {"tags": ["python", "snakes", name]})
    done = world.proposed_round()

    [first, *_] = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]

    likely = [further["probability"] for further in first["alternates_of_a"]]
    assert (len(likely), likely) == (2, sorted(likely, reverse=True))
    assert all(0 < probability < 1 for probability in likely)


def test_a_pair_must_be_likelier_than_a_suggestion_costs(world: World, three_companies: dict[str, str]) -> None:
    usual = world.organizer.post("/v1/rounds", json={"title": "Usual"}).json()

    dear = world.proposed_round(cost=1.0)

    assert usual["settings"]["cost"] == 0.1
    assert (dear["proposals"], dear["expected"], dear["total_similarity"]) == (0, 0.0, 0.0)
    told = world.organizer.get(f"/v1/rounds/{dear['id']}/unmatched").json()["items"]
    assert {one["kind"] for one in told} == {"below_cost", "nothing_similar"}


def test_the_same_snapshot_gives_the_same_proposals(world: World, three_companies: dict[str, str]) -> None:
    def content(round_id: str) -> list[dict[str, Any]]:
        items = world.organizer.get(f"/v1/rounds/{round_id}/proposals").json()["items"]
        return [{key: value for key, value in one.items() if key != "id"} for one in items]

    one, other = world.proposed_round(), world.proposed_round()

    assert one["snapshot_hash"] == other["snapshot_hash"]
    assert content(one["id"]) == content(other["id"])


def test_drafts_paused_and_archived_communities_take_no_part(world: World, three_companies: dict[str, str]) -> None:
    portal_b = world.portal(world.operator.get(f"/v1/communities/{three_companies['b_python']}").json()["company_id"])
    portal_b.post(f"/v1/communities/{three_companies['b_python']}/pause", json={})
    portal_b.post(f"/v1/communities/{three_companies['b_running']}/archive")
    portal_b.put("/v1/sources/intranet/communities/draft", json=PYTHON | {"name": "Draft"})

    done = world.proposed_round()

    assert (done["communities"], done["proposals"]) == (3, 0)


def test_a_profile_that_was_not_confirmed_for_half_a_year_takes_no_part(
    world: World, three_companies: dict[str, str]
) -> None:
    created = world.organizer.post("/v1/rounds", json={"title": "Later"}).json()

    with time_machine.travel("2036-01-01", tick=False):
        refused = world.organizer.post(f"/v1/rounds/{created['id']}/start")

    assert refused.json()["type"] == "/problems/round-without-communities"


def test_a_pause_with_a_date_ends_by_itself(world: World, three_companies: dict[str, str]) -> None:
    paused = three_companies["b_python"]
    company_id = world.operator.get(f"/v1/communities/{paused}").json()["company_id"]
    until = now() + timedelta(days=10)
    world.portal(company_id).post(f"/v1/communities/{paused}/pause", json={"until": until.date().isoformat()})

    assert world.proposed_round()["communities"] == 4
    with time_machine.travel(until, tick=False):
        assert world.proposed_round()["communities"] == 5


def test_the_scope_limits_who_takes_part(world: World, three_companies: dict[str, str]) -> None:
    scope = {"communities": [three_companies["a_python"], three_companies["b_python"]]}
    created = world.organizer.post("/v1/rounds", json={"title": "Two", "scope": scope}).json()

    world.organizer.post(f"/v1/rounds/{created['id']}/start")
    world.worker.run_until_idle()

    assert world.organizer.get(f"/v1/rounds/{created['id']}").json()["communities"] == 2


def test_a_round_cannot_start_twice(world: World, three_companies: dict[str, str]) -> None:
    created = world.organizer.post("/v1/rounds", json={"title": "Once"}).json()
    address = f"/v1/rounds/{created['id']}/start"

    first, second = world.organizer.post(address), world.organizer.post(address)
    world.worker.run_until_idle()
    third = world.organizer.post(address)

    assert (first.status_code, first.headers["Location"]) == (202, f"/v1/rounds/{created['id']}")
    assert [answer.json()["type"] for answer in (second, third)] == ["/problems/round-already-started"] * 2
    assert "The round is queued" in second.json()["detail"]
    assert "The round is proposed" in third.json()["detail"]


def test_a_round_of_nobody_or_of_one_company_does_not_start(world: World) -> None:
    created = world.organizer.post("/v1/rounds", json={"title": "Empty"}).json()
    address = f"/v1/rounds/{created['id']}"

    nobody = world.organizer.post(f"{address}/start")
    world.published(world.company(), PYTHON, RUNNING)
    alone = world.organizer.post(f"{address}/start")

    assert (nobody.status_code, nobody.json()["type"]) == (409, "/problems/round-without-communities")
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/round-of-one-company")
    assert "all 2 published communities" in alone.json()["detail"]
    assert world.organizer.get(address).json()["status"] == "draft"


def test_a_profile_of_function_words_only_stays_alone_and_is_told_why(
    world: World, three_companies: dict[str, str]
) -> None:
    [silent] = world.published(world.company("Fourth"), {"name": "We and you", "purpose": "For all of us."})

    done = world.proposed_round()

    told = world.organizer.get(f"/v1/rounds/{done['id']}/unmatched").json()["items"]
    assert [one["kind"] for one in told if one["community"]["id"] == silent] == ["no_text"]


def test_there_are_no_proposals_before_the_round_has_run(world: World) -> None:
    created = world.organizer.post("/v1/rounds", json={"title": "Draft"}).json()

    for part in ("proposals", "unmatched"):
        early = world.organizer.get(f"/v1/rounds/{created['id']}/{part}")
        assert (early.status_code, early.json()["type"]) == (409, "/problems/round-not-proposed")
        assert f"POST /v1/rounds/{created['id']}/start" in early.json()["detail"]
    assert (created["communities"], created["proposals"], created["progress"]) == (None, None, 0.0)
    assert (created["expected"], created["calibration"]) == (None, None)


def test_rounds_are_for_organizers(world: World, three_companies: dict[str, str]) -> None:
    done = world.proposed_round()
    portal = world.portal(world.company("Fourth"))

    for path in ("", f"/{done['id']}", f"/{done['id']}/proposals", f"/{done['id']}/unmatched"):
        assert portal.get(f"/v1/rounds{path}").status_code == 403
    assert portal.post("/v1/rounds", json={"title": "Mine"}).status_code == 403
    assert world.caller(Role.ORGANIZER, read_only=True).get(f"/v1/rounds/{done['id']}").status_code == 200


@pytest.mark.parametrize(
    ("wished", "pointer"),
    [
        ({"min_similarity": 1.1}, "/settings/min_similarity"),
        ({"min_similarity": "NaN"}, "/settings/min_similarity"),
        ({"cost": -0.1}, "/settings/cost"),
        ({"objective": "best"}, "/settings/objective"),
        ({"alternates": 10}, "/settings/alternates"),
        ({"speed": "fast"}, "/settings/speed"),
    ],
)
def test_settings_out_of_range_are_refused(world: World, wished: dict[str, object], pointer: str) -> None:
    refused = world.organizer.post("/v1/rounds", json={"title": "x", "settings": wished})

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize(("objective", "pairs"), [("quality", 1), ("coverage", 2), ("fair", 2)])
def test_the_objective_decides_between_better_and_more(world: World, objective: str, pairs: int) -> None:
    """A chain: the two in the middle fit best, yet then the two at its ends stay alone."""
    world.published(world.company("A"), {"name": "alpha", "tags": ["alpha", "first", "start", "bridge"]})
    world.published(world.company("B"), {"name": "middle", "tags": ["bridge", "middle", "centre", "core"]})
    world.published(world.company("C"), {"name": "middle", "tags": ["middle", "centre", "core", "omega"]})
    world.published(world.company("D"), {"name": "last", "tags": ["omega", "last", "end", "finish"]})

    done = world.proposed_round(objective=objective, min_similarity=0.01, cost=0.0)

    assert done["proposals"] == pairs


@pytest.mark.parametrize("rows", [1, 3])
def test_proposals_take_the_same_number_of_queries_however_many(
    world: World, client_queries: list[str], rows: int
) -> None:
    themes = ["python", "running", "beekeeping"][:rows]
    for company in ("A", "B"):
        world.published(
            world.company(company), *({"name": f"{theme} {company}", "tags": [theme]} for theme in themes)
        )
    done = world.proposed_round()
    client_queries.clear()

    assert len(world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]) == rows

    # The round, the proposals, the cards, the bans; the key may have been looked up a second ago.
    assert len([query for query in client_queries if query.startswith("SELECT") and "api_key" not in query]) == 4


def test_a_round_that_fails_every_time_says_what_to_do(
    world: World, three_companies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "RETRY_SECONDS", (0.0,))

    def broken(lease: Lease, round_id: str) -> None:
        raise MemoryError

    monkeypatch.setattr("app.worker.JOBS", {"round": JobKind("round", broken, round_jobs.KIND.give_up)})

    done = world.proposed_round()

    assert done["status"] == "failed"
    assert done["problem"].startswith("It was given up after several tries")


def test_a_community_whose_time_zone_leaves_no_common_hours_is_not_paired(world: World) -> None:
    world.published(world.company("A"), PYTHON | {"time_zone": "Europe/Berlin"})
    world.published(world.company("B"), PYTHON | {"time_zone": "Asia/Tokyo"})

    done = world.proposed_round()

    told = world.organizer.get(f"/v1/rounds/{done['id']}/unmatched").json()["items"]
    assert {(one["kind"], one["rule"]) for one in told} == {("not_eligible", "no_common_hours")}


def test_a_sector_that_is_excluded_is_not_paired(world: World) -> None:
    world.published(world.company("A", sector="banking"), PYTHON)
    world.published(world.company("B", sector="health"), PYTHON | {"excluded_sectors": ["banking"]})

    assert world.proposed_round()["proposals"] == 0


def test_the_companys_name_is_never_shown_in_a_reason(world: World) -> None:
    for name in ("Valtherin", "Drehwald"):
        world.published(world.company(name), {"name": "Robotics at Valtherin and Drehwald", "tags": ["robotics"]})

    done = world.proposed_round()

    proposals = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]
    shown = {term["a"] for reason in proposals[0]["reasons"] for term in reason["terms"]}
    assert {word.lower() for word in shown} == {"robotics"}
