"""What a run of a round does, step by step: freeze, begin, store, propose, or fail with a remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from app.communities import service as community_service
from app.communities.models import Participant
from app.companies import proximity
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.i18n import mark
from app.rounds import guests, queries
from app.rounds.calibrating import calibrated
from app.rounds.models import (
    CalibrationSource,
    DecisionKind,
    Proposal,
    Round,
    RoundSnapshot,
    RoundStatus,
    RoundUnmatched,
)
from app.rounds.snapshot import freeze, profiles_of
from app.tandems import history, standing

FAILURES = {
    "worker_lost": mark(
        "It was given up after several tries: a worker stopped each time. Look at the worker's log (is there enough "
        "memory?), then start it again."
    ),
    "nobody_left": mark(
        "When it began, no community was left to pair. Publish communities of at least two companies, then start it "
        "again."
    ),
    "pin_impossible": mark(
        "{a} and {b} are pinned but cannot be paired: {reason}. Delete the pin, or mend what stands in the way, then "
        "start again."
    ),
    "snapshot_erased": mark(
        "Texts were erased from the frozen input since, so this run is no longer possible: a company has left, a "
        "person was erased, or the time for which they are kept is over. Create a new round."
    ),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The frozen input of a round."""

    content: bytes
    digest: str
    communities: int
    calibrated_by: CalibrationSource | None
    answers: int | None
    """Where its probabilities come from; None of one that was frozen before there were any."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Pairs that the organizer has decided about."""

    pins: list[tuple[str, str]]
    bans: list[tuple[str, str]]


def held(session: Session, round_id: str) -> Round | None:
    """The round as it is now, held until the transaction ends. Of a round and its job the round is held first, or who
    cancels it and its worker would wait for each other.

    No stronger lock: the keys of proposals that a worker stores may refer to the round meanwhile.
    """
    return session.get(Round, round_id, with_for_update={"key_share": True})


def participants(session: Session, match_round: Round) -> list[Participant]:
    """Who is in the scope of the round and takes part now; of a meetup only those that somebody comes for."""
    found = community_service.taking_part(
        session, company_ids=match_round.scope_companies, community_ids=match_round.scope_communities
    )
    if match_round.scope_meetup is None:
        return found
    coming = guests.communities(session, match_round.scope_meetup)
    return [one for one in found if one.id in coming]


def snapshot_of(session: Session, round_id: str) -> Snapshot:
    """What the engine would read now; reading only, so that nobody waits."""
    match_round = session.get_one(Round, round_id)
    taking_part = participants(session, match_round)
    left = standing.asks_left(session)
    # Who does not want to be asked now takes no part, as one that has paused.
    taking_part = [one for one in taking_part if left.get(one.id, 1) > 0]
    by_id = {company.id: company for company in companies.active(session)}
    apart, moment = proximity.excluded_pairs(session), now()
    wishes = guests.wishes(session, match_round.scope_meetup, taking_part) if match_round.scope_meetup else {}
    profiles = profiles_of(taking_part, by_id, moment, apart, standing.committed(session), left, wishes)
    taking = {one.id for one in taking_part}
    past = [
        pair
        for pair in history.past_pairs(session, queries.releases(session), moment.date())
        if pair.a_id in taking and pair.b_id in taking
    ]
    taken = calibrated(session)
    content, digest = freeze(profiles, past, taken.calibration)
    return Snapshot(content, digest, len(taking_part), taken.source, taken.answers)


def snapshot_for_preview(session: Session, round_id: str) -> Snapshot | None:
    """What a run would work on now: what is frozen, or would be. None when texts were erased from it."""
    stored = session.get(RoundSnapshot, round_id)
    if stored is None:
        return snapshot_of(session, round_id)
    if stored.erased_at is not None:
        return None
    match_round = session.get_one(Round, round_id)
    return Snapshot(
        stored.content,
        match_round.snapshot_hash or "",
        match_round.communities or 0,
        match_round.calibration_source,
        match_round.calibration_answers,
    )


def frozen_already(session: Session, round_id: str) -> bool:
    return session.get(RoundSnapshot, round_id) is not None


def decisions(session: Session, round_id: str) -> Decisions:
    """Pins and bans of a round, as the engine takes them."""
    found = queries.decisions(session, round_id)

    def pairs(kind: DecisionKind) -> list[tuple[str, str]]:
        return [(one.a_id, one.b_id) for one in found if one.kind is kind]

    return Decisions(pairs(DecisionKind.PIN), pairs(DecisionKind.BAN))


def begin(session: Session, round_id: str, snapshot: Snapshot | None) -> bytes:
    """The round runs from here on, on this snapshot unless an earlier try or run has stored one; its content."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.RUNNING
    session.add(match_round)
    stored = session.get(RoundSnapshot, round_id)
    if stored is not None:
        if match_round.calibration_source is None:
            # Frozen before answers were counted: it holds no calibration, so the shipped one is taken.
            match_round.calibration_source, match_round.calibration_answers = CalibrationSource.SHIPPED, 0
        return stored.content
    assert snapshot is not None  # noqa: S101  what is not stored was just read
    match_round.snapshot_hash = snapshot.digest
    match_round.communities = snapshot.communities
    match_round.calibration_source = snapshot.calibrated_by
    match_round.calibration_answers = snapshot.answers
    session.add(RoundSnapshot(round_id=round_id, content=snapshot.content))
    return snapshot.content


def forget_run(session: Session, round_id: str, run: int) -> None:
    """What an earlier try of this run stored before it was lost."""
    for table in (Proposal, RoundUnmatched):
        session.execute(delete(table).where(col(table.round_id) == round_id, col(table.run) == run))


def store_proposals(session: Session, rows: Sequence[dict[str, object]]) -> None:
    session.execute(insert(Proposal), list(rows))


def store_unmatched(session: Session, rows: Sequence[dict[str, object]]) -> None:
    session.execute(insert(RoundUnmatched), list(rows))


def propose(
    session: Session,
    round_id: str,
    run: int,
    *,
    proposals: int,
    unmatched: int,
    total_similarity: float,
    expected: float,
) -> None:
    """Everything is stored: from here on this run's results are the round's, and earlier ones are gone."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.PROPOSED
    match_round.finished_at = now()
    match_round.run = run
    match_round.rerun_needed = False
    match_round.proposals = proposals
    match_round.unmatched = unmatched
    match_round.total_similarity = total_similarity
    match_round.expected = expected
    match_round.problem, match_round.problem_values = None, {}
    session.add(match_round)
    for table in (Proposal, RoundUnmatched):
        session.execute(delete(table).where(col(table.round_id) == round_id, col(table.run) != run))
    events.record(session, "round.proposed", round_id)


def fail(session: Session, round_id: str, failure: str, values: Mapping[str, str] | None = None) -> None:
    """Tell what went wrong and what to do (a name of `FAILURES`). Results of an earlier run stay as they were."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.PROPOSED if match_round.run else RoundStatus.FAILED
    match_round.finished_at = now()
    match_round.problem, match_round.problem_values = failure, dict(values or {})
    session.add(match_round)
    if not match_round.run:
        # The next start freezes what is there then: what stood in the way may have been in the input.
        forget_snapshot(session, match_round)
    events.record(session, "round.failed", round_id)


def forget_snapshot(session: Session, match_round: Round) -> None:
    session.execute(delete(RoundSnapshot).where(col(RoundSnapshot.round_id) == match_round.id))
    match_round.snapshot_hash = match_round.communities = None
    match_round.calibration_source = match_round.calibration_answers = None


def give_up(session: Session, round_id: str) -> None:
    fail(session, round_id, "worker_lost")
