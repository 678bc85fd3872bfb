"""A worker killed with kill -9 at every step of a round: another one finishes it, and nothing is lost or twice."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from app.access.service import SYSTEM, Caller
from app.core.database import Database
from app.core.events import Event
from app.core.jobs import MAX_ATTEMPTS, Job, JobStatus, Lease
from app.rounds import decisions, previews, queries, releasing, running, telling
from app.rounds import service as rounds
from app.rounds.models import (
    DecisionKind,
    PreviewStatus,
    Proposal,
    Round,
    RoundPreview,
    RoundSnapshot,
    RoundStatus,
    RoundUnmatched,
)
from app.rounds.schemas import RoundCreate, RoundSettings
from app.rounds.schemas_previews import PreviewCreate
from app.rounds.schemas_proposals import DecisionCreate
from app.worker import Worker
from tests.faults.doomed import Point
from tests.faults.takeover import finished, killed_worker

Row = tuple[Any, ...]

ROUND_POINTS = [
    Point("claimed", "after"),
    Point("freezing", "after"),
    Point("begin", "before"),
    Point("begin", "after"),
    Point("vectors", "after"),
    Point("neighbours", "after"),
    Point("pairing", "after"),
    Point("reasons", "after"),
    Point("store_proposals", "in"),
    Point("store_proposals", "after", 2),
    Point("store_proposals", "after", 4),
    Point("store_unmatched", "after"),
    Point("propose", "before"),
]
FURTHER_POINTS = [
    Point("freezing", "in"),
    Point("storing", "after"),
    Point("forget_run", "in"),
    Point("forget_run", "after"),
    Point("store_proposals", "after"),
    Point("store_proposals", "before", 3),
    Point("store_unmatched", "before"),
    Point("propose", "in"),
]


def started_round(store: Database) -> str:
    with store.session() as session:
        draft = rounds.create(session, SYSTEM, RoundCreate(title="Spring"))
        return rounds.start(session, SYSTEM, draft.id).id


def status_of(session: Session, round_id: str) -> RoundStatus:
    return session.get_one(Round, round_id).status


def is_proposed(round_id: str) -> Callable[[Session], bool]:
    return lambda session: status_of(session, round_id) is RoundStatus.PROPOSED


def only_job(session: Session, subject_id: str) -> Job:
    return session.exec(select(Job).where(col(Job.subject_id) == subject_id)).one()


def proposals_of(session: Session, round_id: str) -> list[Row]:
    """Every stored proposal of a round, whichever run it is of, without the ids of round and run."""
    found = session.exec(select(Proposal).where(col(Proposal.round_id) == round_id).order_by(col(Proposal.rank)))
    return [_content(one, {"id", "round_id", "run"}) for one in found]


def unmatched_of(session: Session, round_id: str) -> list[Row]:
    found = select(RoundUnmatched).where(col(RoundUnmatched.round_id) == round_id)
    return [
        _content(one, {"round_id", "run"}) for one in session.exec(found.order_by(col(RoundUnmatched.community_id)))
    ]


def figures_of(session: Session, round_id: str) -> Row:
    return _content(
        session.get_one(Round, round_id), {"id", "title", "created_at", "started_at", "finished_at", "version"}
    )


def everything(session: Session, round_id: str) -> tuple[Row, list[Row], list[Row]]:
    return figures_of(session, round_id), proposals_of(session, round_id), unmatched_of(session, round_id)


def told(session: Session, subject_id: str, kind: str) -> int:
    same = (col(Event.subject_id) == subject_id, col(Event.kind) == kind)
    return session.exec(select(func.count()).select_from(Event).where(*same)).one()


def _content(row: Proposal | RoundUnmatched | Round | RoundPreview, without: set[str]) -> Row:
    return tuple(sorted((name, repr(value)) for name, value in row.model_dump(exclude=without).items()))


@pytest.mark.parametrize(
    "point", [*ROUND_POINTS, *(pytest.param(point, marks=pytest.mark.long) for point in FURTHER_POINTS)], ids=str
)
def test_another_worker_finishes_the_round_with_the_same_result(
    store: Database, another: Worker, undisturbed: str, point: Point
) -> None:
    round_id = started_round(store)

    killed_worker(store, point)
    with store.reader() as session:
        assert status_of(session, round_id) in (RoundStatus.QUEUED, RoundStatus.RUNNING)
    finished(another, is_proposed(round_id))

    with store.reader() as session:
        assert everything(session, round_id) == everything(session, undisturbed)
        job = only_job(session, round_id)
        assert (job.status, job.attempts) == (JobStatus.DONE, 2)
        assert told(session, round_id, "round.proposed") == 1


def test_a_killed_rerun_leaves_the_old_proposals_until_another_worker_has_finished_it(
    store: Database, another: Worker, undisturbed: str
) -> None:
    with store.session() as session:
        before = proposals_of(session, undisturbed)
        first = queries.every_proposal(session, session.get_one(Round, undisturbed))[0]
        banned = DecisionCreate(a=first.a_id, b=first.b_id)
        decisions.decide(session, SYSTEM, undisturbed, DecisionKind.BAN, banned)
        rounds.rerun(session, SYSTEM, undisturbed)

    killed_worker(store, Point("store_unmatched", "before"))
    with store.reader() as session:
        shown = queries.every_proposal(session, rounds.get_with_proposals(session, SYSTEM, undisturbed))
        assert [_content(one, {"id", "round_id", "run"}) for one in shown] == before
        assert len(proposals_of(session, undisturbed)) > len(before)
    finished(another, is_proposed(undisturbed))

    with store.reader() as session:
        done = session.get_one(Round, undisturbed)
        after = queries.every_proposal(session, done)
        assert (done.run, done.proposals, len(proposals_of(session, undisturbed))) == (2, len(after), len(after))
        assert (first.a_id, first.b_id) not in {(one.a_id, one.b_id) for one in after}


@pytest.mark.parametrize(
    "point",
    [
        Point("preview_begin", "after"),
        Point("preview_finish", "before"),
        pytest.param(Point("pairing", "after"), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_another_worker_finishes_a_preview_with_the_same_figures(
    store: Database, another: Worker, undisturbed: str, point: Point
) -> None:
    wish = PreviewCreate(settings=[RoundSettings(), RoundSettings(min_similarity=0.3)])
    with store.session() as session:
        draft = rounds.create(session, SYSTEM, RoundCreate(title="Spring"))
        quiet = previews.create(session, SYSTEM, draft.id, wish)
    another.run_until_idle()
    with store.session() as session:
        preview = previews.create(session, SYSTEM, draft.id, wish)

    killed_worker(store, point)
    finished(another, lambda session: session.get_one(RoundPreview, preview.id).status is PreviewStatus.DONE)

    with store.reader() as session:
        one, other = session.get_one(RoundPreview, preview.id), session.get_one(RoundPreview, quiet.id)
        own = {"id", "created_at", "started_at", "finished_at"}
        assert one.outcomes[0]["pairs"] != one.outcomes[1]["pairs"]
        assert _content(one, own) == _content(other, own)
        assert only_job(session, preview.id).attempts == 2


def test_a_round_that_takes_every_worker_down_fails_with_a_remedy_and_can_start_again(
    store: Database, another: Worker, undisturbed: str
) -> None:
    round_id = started_round(store)

    for _ in range(MAX_ATTEMPTS):
        killed_worker(store, Point("store_proposals", "after", 2))
    finished(another, lambda session: status_of(session, round_id) is RoundStatus.FAILED)

    with store.session() as session:
        failed = session.get_one(Round, round_id)
        job = only_job(session, round_id)
        assert (job.status, job.attempts) == (JobStatus.FAILED, MAX_ATTEMPTS + 1)
        assert (failed.problem, failed.run) == ("worker_lost", 0)
        assert str(telling.problem_in_words(failed, "en")).endswith("then start it again.")
        assert told(session, round_id, "round.failed") == 1
        rounds.start(session, SYSTEM, round_id)
    finished(another, is_proposed(round_id))
    with store.reader() as session:
        assert everything(session, round_id) == everything(session, undisturbed)


@pytest.mark.parametrize("take_back", [rounds.cancel, releasing.withdraw])
@pytest.mark.parametrize("stage", ["freezing", "vectors", "reasons", "storing"])
def test_the_worker_of_a_round_that_is_taken_back_stops_and_stores_nothing(
    store: Database,
    another: Worker,
    monkeypatch: pytest.MonkeyPatch,
    take_back: Callable[[Session, Caller, str], Round],
    stage: str,
) -> None:
    round_id = started_round(store)
    tell = Lease.tell

    def tell_and_take_back(lease: Lease, told_stage: str, progress: float) -> None:
        tell(lease, told_stage, progress)
        if told_stage == stage:
            with store.session() as session:
                take_back(session, SYSTEM, round_id)

    monkeypatch.setattr(Lease, "tell", tell_and_take_back)
    assert another.work_once()

    with store.reader() as session:
        assert status_of(session, round_id) in (RoundStatus.DRAFT, RoundStatus.WITHDRAWN)
        assert (proposals_of(session, round_id), unmatched_of(session, round_id)) == ([], [])
        assert only_job(session, round_id).status is JobStatus.CANCELLED
        assert told(session, round_id, "round.proposed") == told(session, round_id, "round.failed") == 0
    assert not another.work_once()


def test_a_run_that_is_cancelled_between_two_batches_takes_its_rows_with_it(
    store: Database, another: Worker, monkeypatch: pytest.MonkeyPatch, undisturbed: str
) -> None:
    with store.session() as session:
        before = everything(session, undisturbed)
        rounds.rerun(session, SYSTEM, undisturbed)
    store_unmatched = running.store_unmatched

    def cancel_then_go_on(session: Session, rows: Sequence[dict[str, object]]) -> None:
        store_unmatched(session, rows)
        session.commit()
        rounds.cancel(session, SYSTEM, undisturbed)

    monkeypatch.setattr(running, "store_unmatched", cancel_then_go_on)
    assert another.work_once()

    with store.reader() as session:
        status, figures = status_of(session, undisturbed), everything(session, undisturbed)
        assert status is RoundStatus.PROPOSED
        assert figures[1:] == before[1:]
        assert session.get_one(Round, undisturbed).run == 1
        assert session.get(RoundSnapshot, undisturbed) is not None
