"""Probabilities from what people have answered: when there are enough of them, and the same for each run."""

import gzip
import json
from collections.abc import Sequence
from itertools import count

import numpy as np
import pytest
from sqlalchemy import insert
from sqlmodel import col, select

from app.communities.models import Community
from app.core.clock import now
from app.core.database import Database
from app.rounds.calibrating import LEAST_ANSWERS, from_answers, joined
from app.rounds.models import CalibrationSource, Proposal, Round, RoundSnapshot
from app.rounds.snapshot import freeze, thaw
from app.tandems.history import PastPair
from app.tandems.models import (
    Answer,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
)
from app.tandems.queries_rounds import Answered
from matching.calibration import Calibration
from tests.factories import profile
from tests.world import JsonObject, World

# Of two hundred suggestions each: the higher the score, the more of them were accepted.
RISING = [(0.1, 20), (0.3, 80), (0.5, 140), (0.7, 180)]

_number = count(1)


def bins(*rows: tuple[float, int, int]) -> list[Answered]:
    return [Answered(score, accepted, declined) for score, accepted, declined in rows]


@pytest.fixture
def asked(world: World) -> tuple[str, str]:
    """Two communities that were often asked and take no part themselves."""
    ids = []
    for name in ("Old", "Older"):
        company = world.company(name)
        stored = world.portal(company).put("/v1/sources/intranet/communities/x", json={"name": name})
        ids.append(stored.json()["id"])
    return min(ids), max(ids)


def answered(database: Database, pair: tuple[str, str], rows: Sequence[tuple[float, int]], each: int = 200) -> None:
    """So many suggestions of each score that have come to their end, some accepted and the others declined."""
    suggestions: list[JsonObject] = []
    for score, accepted in rows:
        for number in range(each):
            suggestions.append(
                {
                    "id": f"sug_{next(_number):05d}",
                    "origin": SuggestionOrigin.ROUND,
                    "round_id": "rnd_before",
                    "a_id": pair[0],
                    "b_id": pair[1],
                    "status": SuggestionStatus.ACCEPTED if number < accepted else SuggestionStatus.DECLINED,
                    "similarity": score,
                    "score": score,
                    "reasons": [],
                    "other": 1.0,
                    "opened_at": now(),
                    "expires_at": now(),
                }
            )
    with database.session() as session:
        company_of = {one: session.get_one(Community, one).company_id for one in pair}
        session.execute(insert(Suggestion), suggestions)
        session.execute(
            insert(SuggestionSide),
            [
                {
                    "suggestion_id": one["id"],
                    "side": side,
                    "community_id": community,
                    "company_id": company_of[community],
                    "answer": Answer.YES if one["status"] is SuggestionStatus.ACCEPTED else Answer.NO,
                }
                for one in suggestions
                for side, community in zip(SideName, pair, strict=True)
            ],
        )


def test_answers_that_grow_with_the_score_are_fitted() -> None:
    fitted = from_answers(bins((0.125, 20, 180), (0.325, 80, 120), (0.525, 140, 60), (0.725, 180, 20)))

    assert fitted is not None
    shares = fitted.probability(np.array([0.125, 0.325, 0.525, 0.725]))
    assert shares == pytest.approx([0.1, 0.4, 0.7, 0.9], abs=0.06)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="none"),
        pytest.param([(0.2, 30, 119), (0.6, 119, 31)], id="299 answers"),
        pytest.param([(0.2, 9, 300), (0.6, 20, 10)], id="29 times yes"),
        pytest.param([(0.2, 20, 10), (0.6, 300, 19)], id="29 times no"),
        pytest.param([(0.2, 150, 150)], id="all of one score"),
        pytest.param([(0.2, 2, 1), (0.6, 150, 150)], id="all but a few of one score"),
        pytest.param([(0.2, 120, 40), (0.6, 40, 120)], id="fewer with a higher score"),
        pytest.param([(0.2, 100, 100), (0.6, 100, 100)], id="whatever the score"),
    ],
)
def test_answers_that_are_too_few_or_do_not_grow_with_the_score_leave_it_as_shipped(
    rows: list[tuple[float, int, int]],
) -> None:
    assert from_answers(bins(*rows)) is None


def test_the_least_answers_that_count() -> None:
    assert from_answers(bins((0.2, 30, 120), (0.6, 120, 30))) is not None
    assert LEAST_ANSWERS == 300


def test_bins_with_fewer_than_five_answers_are_joined_with_their_neighbours() -> None:
    first, second = joined(bins((0.125, 1, 0), (0.175, 1, 2), (0.225, 3, 3), (0.275, 9, 1), (0.325, 1, 0)))

    assert (first.accepted, first.declined, second.accepted, second.declined) == (5, 5, 10, 1)
    assert first.score == pytest.approx((0.125 + 3 * 0.175 + 6 * 0.225) / 10)
    assert second.score == pytest.approx((10 * 0.275 + 0.325) / 11)
    assert joined(bins((0.1, 1, 1))) == bins((0.1, 1, 1))
    assert joined([]) == []


def test_what_is_frozen_comes_back_whole_and_the_same_gives_the_same_bytes() -> None:
    profiles = [profile("a", tags=("x",)), profile("b", company="Suedbank", offers=("y",), languages=("de",))]
    past = [PastPair("a", "b", 2)]
    calibration = Calibration(7.123456, -2.5)

    content, digest = freeze(profiles, past, calibration)
    frozen = thaw(content)

    assert (frozen.profiles, frozen.past_pairs, frozen.calibration) == (profiles, past, calibration)
    assert freeze(frozen.profiles, frozen.past_pairs, frozen.calibration) == (content, digest)
    assert freeze(profiles, past, Calibration())[1] != digest


def test_a_snapshot_of_before_takes_the_shipped_one() -> None:
    content, _ = freeze([profile("a")], [], Calibration(1.0, 0.0))
    lines = [line for line in gzip.decompress(content).splitlines() if b"calibration" not in line]

    frozen = thaw(gzip.compress(b"\n".join(lines)))

    assert ([one.id for one in frozen.profiles], frozen.calibration) == (["a"], Calibration())


def test_a_round_takes_what_was_answered_and_says_so(
    world: World, three_companies: dict[str, str], asked: tuple[str, str]
) -> None:
    shipped = world.proposed_round()
    answered(world.database, asked, RISING)

    done = world.proposed_round()

    assert shipped["calibration"] == {"source": "shipped", "answers": 0}
    assert done["calibration"] == {"source": "answers", "answers": 800}
    assert done["snapshot_hash"] != shipped["snapshot_hash"]
    assert done["total_similarity"] == shipped["total_similarity"]
    with world.database.reader() as session:
        frozen = thaw(session.get_one(RoundSnapshot, done["id"]).content)
        proposals = session.exec(select(Proposal).where(col(Proposal.round_id) == done["id"])).all()
    for one in proposals:
        assert one.correction is not None
        expected = frozen.calibration.probability(np.array(one.similarity * one.correction))
        assert one.probability == pytest.approx(float(expected), abs=1e-3)


def test_answers_of_later_change_neither_another_run_nor_a_preview_of_the_round(
    world: World, three_companies: dict[str, str], asked: tuple[str, str]
) -> None:
    done = world.proposed_round()
    address = f"/v1/rounds/{done['id']}"
    before = world.organizer.get(f"{address}/proposals").content
    answered(world.database, asked, RISING)

    world.organizer.post(f"{address}/rerun")
    world.worker.run_until_idle()
    preview = world.organizer.post(f"{address}/preview", json={}).headers["Location"]
    world.worker.run_until_idle()

    again = world.organizer.get(address).json()
    assert (again["run"], again["snapshot_hash"], again["calibration"]) == (
        2,
        done["snapshot_hash"],
        done["calibration"],
    )
    assert world.organizer.get(f"{address}/proposals").content == before
    assert world.organizer.get(preview).json()["outcomes"][0]["expected"] == done["expected"]


def test_a_preview_of_a_draft_takes_what_the_round_would_take(
    world: World, three_companies: dict[str, str], asked: tuple[str, str]
) -> None:
    answered(world.database, asked, RISING)
    address = f"/v1/rounds/{world.organizer.post('/v1/rounds', json={'title': 'Spring'}).json()['id']}"
    preview = world.organizer.post(f"{address}/preview", json={}).headers["Location"]
    world.worker.run_until_idle()
    before = world.organizer.get(address).json()["calibration"]
    world.organizer.post(f"{address}/start")
    world.worker.run_until_idle()

    done, seen = world.organizer.get(address).json(), world.organizer.get(preview).json()

    assert (before, done["calibration"]["source"]) == (None, "answers")
    assert (seen["snapshot_hash"], seen["outcomes"][0]["expected"]) == (done["snapshot_hash"], done["expected"])


def test_a_round_that_was_frozen_before_runs_again_as_shipped(
    world: World, three_companies: dict[str, str], asked: tuple[str, str]
) -> None:
    done = world.proposed_round()
    answered(world.database, asked, RISING)
    with world.database.session() as session:
        stored = session.get_one(RoundSnapshot, done["id"])
        lines = [json.loads(line) for line in gzip.decompress(stored.content).splitlines()]
        kept = [json.dumps(line, ensure_ascii=False) for line in lines if "calibration" not in line]
        stored.content = gzip.compress("\n".join(kept).encode())
        match_round = session.get_one(Round, done["id"])
        match_round.calibration_source = match_round.calibration_answers = match_round.expected = None
        session.add_all([stored, match_round])

    world.organizer.post(f"/v1/rounds/{done['id']}/rerun")
    world.worker.run_until_idle()

    again = world.organizer.get(f"/v1/rounds/{done['id']}").json()
    assert (again["expected"], again["calibration"]) == (done["expected"], {"source": "shipped", "answers": 0})


def test_a_round_that_is_a_draft_again_forgets_where_its_probabilities_came_from(
    world: World, three_companies: dict[str, str]
) -> None:
    round_id = world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    with world.database.session() as session:
        match_round = session.get_one(Round, round_id)
        match_round.calibration_source, match_round.calibration_answers = CalibrationSource.SHIPPED, 7
        session.add(match_round)

    cancelled = world.organizer.post(f"/v1/rounds/{round_id}/cancel").json()

    assert cancelled["calibration"] is None


def test_nobody_can_be_found_in_a_snapshots_calibration(
    world: World, three_companies: dict[str, str], asked: tuple[str, str]
) -> None:
    answered(world.database, asked, RISING)
    done = world.proposed_round()

    with world.database.reader() as session:
        content = gzip.decompress(session.get_one(RoundSnapshot, done["id"]).content).decode()

    assert not any(community in content for community in asked)
    [record] = [json.loads(line) for line in content.splitlines() if "calibration" in line]
    assert record.keys() == {"calibration"}
    assert record["calibration"].keys() == {"slope", "intercept"}
