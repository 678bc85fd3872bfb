"""Background work on rounds: compute with no transaction open, store in batches under the fence."""

import os
from collections.abc import Iterator, Sequence
from typing import TypeVar

from app.core.ids import new_id
from app.core.jobs import JobKind, Lease
from app.rounds import service as rounds
from app.rounds.models import Round
from app.rounds.snapshot import thaw

BATCH = 1000

# Where each stage begins and ends on the way from 0 to 1, measured on 15,000 communities.
_SPANS = {
    "freezing": (0.0, 0.1),
    "vectors": (0.1, 0.4),
    "neighbours": (0.4, 0.5),
    "pairing": (0.5, 0.6),
    "reasons": (0.6, 0.9),
    "storing": (0.9, 1.0),
}

T = TypeVar("T")
Rows = list[dict[str, object]]


def run(lease: Lease, round_id: str) -> None:
    """Pair the communities of a round and store what came out. A try that is lost leaves nothing that counts."""
    tell = _Teller(lease)
    tell("freezing", 0.0)
    with lease.database.reader() as session:
        snapshot = rounds.snapshot_of(session, round_id)
    with lease.database.session() as session:
        lease.guard(session)
        content = rounds.begin(session, round_id, snapshot)
        match_round = session.get_one(Round, round_id)
    if match_round.communities == 0:
        with lease.database.session() as session:
            lease.finish(session)
            rounds.fail(session, round_id, "nobody_left")
        return
    proposals, unmatched = _computed(match_round, content, tell)
    _store(lease, round_id, proposals, unmatched, tell)


def _computed(match_round: Round, content: bytes, tell: "_Teller") -> tuple[Rows, Rows]:
    # Imported where it is needed: the API lists this module but never computes.
    from matching.matcher import TandemMatcher

    matcher = TandemMatcher(
        min_similarity=match_round.min_similarity,
        objective=match_round.objective,
        cost=match_round.cost,
        alternates=match_round.alternates,
        n_jobs=os.cpu_count() or 1,
    ).fit(thaw(content), on_progress=tell)

    def alternates(community_id: str) -> Rows:
        further = matcher.alternates_.get(community_id, ())
        return [{"id": one.id, "similarity": round(one.similarity, 6)} for one in further]

    proposals: Rows = [
        {
            "id": new_id("prp"),
            "round_id": match_round.id,
            "rank": rank,
            "a_id": tandem.a,
            "b_id": tandem.b,
            "similarity": round(tandem.similarity, 6),
            "reasons": [reason.as_record() for reason in tandem.reasons],
            "other": round(tandem.other, 4),
            "alternates_of_a": alternates(tandem.a),
            "alternates_of_b": alternates(tandem.b),
        }
        for rank, tandem in enumerate(matcher.tandems_, start=1)
    ]
    unmatched: Rows = [
        {
            "round_id": match_round.id,
            "community_id": alone.id,
            "kind": alone.kind.value,
            "changes": [change.value for change in alone.changes],
            "nearest_id": alone.nearest,
            "nearest_similarity": alone.nearest_similarity,
            "rule": alone.rule.value if alone.rule else None,
        }
        for alone in matcher.unmatched_
    ]
    return proposals, unmatched


def _store(lease: Lease, round_id: str, proposals: Rows, unmatched: Rows, tell: "_Teller") -> None:
    tell("storing", 0.0)
    with lease.database.session() as session:
        lease.guard(session)
        rounds.forget_results(session, round_id)
    for batch in _batches(proposals, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            rounds.store_proposals(session, batch)
    for batch in _batches(unmatched, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            rounds.store_unmatched(session, batch)
    with lease.database.session() as session:
        lease.finish(session)
        rounds.propose(
            session,
            round_id,
            proposals=len(proposals),
            unmatched=len(unmatched),
            total_similarity=round(sum(float(str(row["similarity"])) for row in proposals), 4),
        )


class _Teller:
    """Turns the engine's progress into the job's, not more often than a person looks."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stage = ""
        self._shown = -1.0

    def __call__(self, stage: str, share: float) -> None:
        start, end = _SPANS[stage]
        progress = start + (end - start) * share
        if stage == self._stage and progress - self._shown < 0.02:
            return
        self._stage, self._shown = stage, progress
        self._lease.tell(stage, progress)


def _batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


KIND = JobKind(rounds.JOB, run, rounds.give_up)
