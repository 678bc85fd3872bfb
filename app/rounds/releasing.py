"""The release: every pair is checked again, then its managers are asked. And the way back, until the first yes."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Session, SQLModel

from app.access.service import Caller
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import Conflict
from app.core.i18n import mark
from app.rounds import past, queries, running
from app.rounds import service as rounds
from app.rounds.models import Proposal, Round, RoundStatus
from app.rounds.telling import BANNED, MET
from app.tandems import queries as tandem_queries
from app.tandems import service as tandems
from app.tandems.service import Asking, Offer
from app.tandems.standing import obstacles

_PROPOSAL = SQLModel.metadata.tables["proposal"]
_WITHDRAWABLE = (
    RoundStatus.DRAFT,
    RoundStatus.QUEUED,
    RoundStatus.RUNNING,
    RoundStatus.FAILED,
    RoundStatus.PROPOSED,
    RoundStatus.RELEASED,
)


class RerunNeeded(Conflict):
    slug = "round-rerun-needed"
    title = mark("Pins or bans have changed since the round ran")
    detail = mark(
        "A pin, or a ban that was lifted, shows only after another run: POST /v1/rounds/{round_id}/rerun, look at "
        "the proposals, then release."
    )


class NothingToRelease(Conflict):
    slug = "nothing-to-release"
    title = mark("No pair is left to be asked")
    detail = mark(
        "The round proposes no pair that can be asked. Look at GET /v1/rounds/{round_id}/unmatched for what would "
        "change it, or withdraw the round."
    )


class SomebodySaidYes(Conflict):
    slug = "somebody-said-yes"
    title = mark("It is too late to take the round back")
    detail = mark(
        "Somebody has said yes already, and a yes is not taken away. The other suggestions go on; those that nobody "
        "answers end by themselves."
    )


class RoundOver(Conflict):
    slug = "round-over"
    title = mark("The round is over")
    detail = mark("The round is {status}; there is nothing left to take back.")


@dataclass(frozen=True, slots=True)
class _Checked:
    asked: list[Proposal]
    left_out: dict[str, str]


def release(session: Session, caller: Caller, round_id: str) -> Round:
    """Ask the managers of every pair that still can meet; those that cannot are told with a reason."""
    match_round = rounds.get_in(session, caller, round_id, RoundStatus.PROPOSED, for_update=True)
    if match_round.rerun_needed:
        raise RerunNeeded(round_id=round_id)
    checked = _checked(session, match_round)
    if not checked.asked:
        raise NothingToRelease(round_id=round_id)
    match_round.status = RoundStatus.RELEASED
    match_round.released_at = now()
    session.add(match_round)
    session.flush()
    suggestions = tandems.open_many(session, [_offer(one, asking_of(match_round)) for one in checked.asked])
    asked = [
        {"_id": one.id, "_suggestion_id": suggestion_id}
        for one, suggestion_id in zip(checked.asked, suggestions, strict=True)
    ]
    _note(session, match_round, "suggestion_id", asked)
    _note(session, match_round, "left_out", [{"_id": k, "_left_out": why} for k, why in checked.left_out.items()])
    events.record(session, "round.released", round_id)
    session.expire_all()
    return match_round


def withdraw(session: Session, caller: Caller, round_id: str) -> Round:
    """Take a round back: a run is stopped, suggestions that nobody has said yes to are no longer open."""
    match_round = rounds.get(session, caller, round_id, for_update=True)
    if match_round.status not in _WITHDRAWABLE:
        raise RoundOver(status=match_round.status.value)
    if match_round.status in (RoundStatus.QUEUED, RoundStatus.RUNNING):
        jobs.cancel(session, round_id)
        running.forget_run(session, round_id, match_round.running)
    if match_round.status is RoundStatus.RELEASED:
        # In this order: whoever answers at the same moment either comes first, or finds it withdrawn.
        tandems.withdraw_of_round(session, round_id)
        if tandems.has_yes(session, round_id):
            raise SomebodySaidYes
    match_round.status = RoundStatus.WITHDRAWN
    match_round.ended_at = now()
    session.add(match_round)
    events.record(session, "round.withdrawn", round_id)
    return match_round


def asking_of(match_round: Round) -> Asking:
    """How the sides of a round's suggestions are asked."""
    reminder = match_round.remind_after_days
    return Asking(
        timedelta(days=match_round.answer_within_days), None if reminder is None else timedelta(days=reminder)
    )


def close_if_over(session: Session, round_id: str) -> bool:
    """Close a released round none of whose suggestions is open any more."""
    match_round = running.held(session, round_id)
    if match_round is None or match_round.status is not RoundStatus.RELEASED:
        return False
    counts = tandems.counts_of_rounds(session, [round_id])
    if round_id in counts and counts[round_id].open:
        return False
    match_round.status = RoundStatus.CLOSED
    match_round.ended_at = now()
    session.add(match_round)
    events.record(session, "round.closed", round_id)
    return True


def _checked(session: Session, match_round: Round) -> _Checked:
    """Which proposals can be asked now, in their order, and why others cannot."""
    banned = queries.banned_pairs(session, match_round.id)
    proposals = queries.every_proposal(session, match_round)
    left_out = {one.id: BANNED for one in proposals if (one.a_id, one.b_id) in banned}
    candidates = [one for one in proposals if one.id not in left_out]
    communities = {side for one in candidates for side in (one.a_id, one.b_id)}
    tandem_queries.hold(session, communities)
    paired, met = set(tandem_queries.open_pairs(session, communities)), past.not_again(session, match_round)
    left_out |= {one.id: MET for one in candidates if (one.a_id, one.b_id) in met - paired}
    candidates = [one for one in candidates if one.id not in left_out]
    found = obstacles(session, [(one.a_id, one.b_id) for one in candidates])
    asked = []
    for proposal, obstacle in zip(candidates, found, strict=True):
        if obstacle is None:
            asked.append(proposal)
        else:
            left_out[proposal.id] = obstacle.value
    return _Checked(asked, left_out)


def _offer(proposal: Proposal, asking: Asking) -> Offer:
    return Offer(
        proposal.a_id,
        proposal.b_id,
        proposal.similarity,
        proposal.reasons,
        proposal.other,
        round_id=proposal.round_id,
        score=None if proposal.correction is None else round(proposal.similarity * proposal.correction, 6),
        probability=proposal.probability,
        asking=asking,
    )


def _note(session: Session, match_round: Round, column: str, rows: list[dict[str, str]]) -> None:
    """Store one value of many proposals."""
    if not rows:
        return
    statement = (
        update(_PROPOSAL)
        .where(_PROPOSAL.c.id == bindparam("_id"), _PROPOSAL.c.run == match_round.run)
        .values({column: bindparam(f"_{column}")})
    )
    session.connection().execute(statement, rows)
