"""Pins and bans: pairs that the organizer wants together in any case, or in no case."""

from sqlmodel import Session

from app.access.service import Caller
from app.communities import service as communities
from app.communities.models import Community
from app.companies import proximity
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.rounds import past, queries
from app.rounds import service as rounds
from app.rounds.models import DecisionKind, Proposal, Round, RoundDecision, RoundStatus
from app.rounds.schemas_proposals import DecisionCreate
from app.rounds.snapshot import profiles_of
from app.tandems import standing
from matching.eligibility import Eligibility, Rule

VERSION = 1
"""A pin or a ban is made and deleted, never changed."""

_DECIDED_ABOUT = (RoundStatus.DRAFT, RoundStatus.FAILED, RoundStatus.PROPOSED)

RULES: dict[str, str] = {
    Rule.SAME_COMPANY: mark("both belong to one company"),
    Rule.NO_CAPACITY: mark("one of them has no free capacity"),
    Rule.BANNED: mark("the pair is banned in this round"),
    Rule.MET_BEFORE: mark("they met or were asked before, and the round's `repeat_after` does not allow it again"),
    Rule.COMPANY_EXCLUDED: mark("one of them, or of their companies, has excluded the other"),
    Rule.NO_COMMON_LANGUAGE: mark("they have no common language"),
    Rule.NO_COMMON_HOURS: mark("they have less than two common working hours"),
    "max_per_company_pair": mark("more pairs of their companies are pinned than `max_per_company_pair` allows"),
}
NOT_TAKING_PART = mark("one of them does not take part in this round")
NOT_ASKED = mark("one of them does not want to be asked yet, or not so often")
"""Why two communities cannot be paired, in words."""


class DecisionNotFound(NotFound):
    slug = "decision-not-found"
    title = mark("No such pin or ban")
    detail = mark("There is no {kind} {decision_id} in this round. List them with GET /v1/rounds/{round_id}/{kind}s.")


class NotTheMomentToDecide(Conflict):
    slug = "round-not-open-to-decisions"
    title = mark("Pins and bans cannot change now")
    detail = mark(
        "The round is {status}. Pins and bans are for rounds that are drafted, failed or proposed; cancel a round "
        "that runs, first."
    )


class PairOfOneCompany(Unprocessable):
    slug = "pair-of-one-company"
    title = mark("Both communities belong to one company")
    detail = mark("A tandem joins communities of two companies. Name communities of two companies.")


class DecidedOtherwise(Conflict):
    slug = "decided-otherwise"
    title = mark("The opposite was decided about this pair")
    detail = mark(
        "There is a {kind} for this pair already. Delete it first: DELETE "
        "/v1/rounds/{round_id}/{kind}s/{decision_id}."
    )


class PinImpossible(Conflict):
    slug = "pin-impossible"
    title = mark("These two cannot be paired")
    detail = mark("The pin was not stored: {reason}.")


class ProposalNotFound(NotFound):
    slug = "proposal-not-found"
    title = mark("No such proposal")
    detail = mark(
        "There is no proposal {proposal_id} in this round. List them with GET /v1/rounds/{round_id}/proposals."
    )


def decide(
    session: Session, caller: Caller, round_id: str, kind: DecisionKind, wish: DecisionCreate
) -> RoundDecision:
    """Pin or ban a pair; the same again changes nothing."""
    match_round = _open_to_decisions(session, caller, round_id)
    a, b = (communities.get(session, caller, name) for name in sorted((wish.a, wish.b)))
    if a.company_id == b.company_id:
        raise PairOfOneCompany
    known = queries.decision_about(session, round_id, a.id, b.id)
    if known is not None and known.kind is not kind:
        raise DecidedOtherwise(kind=known.kind.value, round_id=round_id, decision_id=known.id)
    if known is not None:
        return known
    if kind is DecisionKind.PIN:
        _check_pin(session, match_round, a, b)
    return _stored(session, match_round, kind, a.id, b.id)


def drop(session: Session, caller: Caller, round_id: str, proposal_id: str) -> Proposal:
    """Take a proposal out: it is banned, so that neither the release nor another run brings it."""
    match_round = rounds.get_in(session, caller, round_id, RoundStatus.PROPOSED, for_update=True)
    proposal = get_proposal(session, match_round, proposal_id)
    known = queries.decision_about(session, round_id, proposal.a_id, proposal.b_id)
    if known is not None and known.kind is DecisionKind.PIN:
        raise DecidedOtherwise(kind=known.kind.value, round_id=round_id, decision_id=known.id)
    if known is None:
        _stored(session, match_round, DecisionKind.BAN, proposal.a_id, proposal.b_id)
    return proposal


def lift(
    session: Session, caller: Caller, round_id: str, kind: DecisionKind, decision_id: str, if_match: str | None
) -> None:
    """Delete a pin or a ban."""
    match_round = _open_to_decisions(session, caller, round_id)
    decision = get(session, caller, round_id, kind, decision_id)
    require_match(if_match, VERSION)
    session.delete(decision)
    _changed(session, match_round)
    events.record(session, f"round.{kind.value}_deleted", round_id)


def get(session: Session, caller: Caller, round_id: str, kind: DecisionKind, decision_id: str) -> RoundDecision:
    """The pin or the ban. Raises RoundNotFound, DecisionNotFound."""
    rounds.get(session, caller, round_id)
    found = session.get(RoundDecision, decision_id)
    if found is None or (found.round_id, found.kind) != (round_id, kind):
        raise DecisionNotFound(kind=kind.value, decision_id=decision_id, round_id=round_id)
    return found


def get_proposal(session: Session, match_round: Round, proposal_id: str) -> Proposal:
    """A proposal of the run that counts. Raises ProposalNotFound."""
    found = session.get(Proposal, (proposal_id, match_round.run))
    if found is None or found.round_id != match_round.id:
        raise ProposalNotFound(proposal_id=proposal_id, round_id=match_round.id)
    return found


def _check_pin(session: Session, match_round: Round, a: Community, b: Community) -> None:
    """Raises PinImpossible for a pair that could not be paired now, together with the other pins of the round."""
    if not (_in_scope(match_round, a) and _in_scope(match_round, b)):
        raise PinImpossible(reason=NOT_TAKING_PART)
    pins = [(one.a_id, one.b_id) for one in queries.decisions(session, match_round.id, DecisionKind.PIN)]
    named = {side for pair in [*pins, (a.id, b.id)] for side in pair}
    taking_part = communities.taking_part(session, company_ids=(), community_ids=sorted(named))
    positions = {one.id: place for place, one in enumerate(taking_part)}
    if a.id not in positions or b.id not in positions:
        raise PinImpossible(reason=NOT_TAKING_PART)
    left = standing.asks_left(session)
    if any(left.get(one.id, 1) <= 0 for one in (a, b)):
        raise PinImpossible(reason=NOT_ASKED)
    by_id = {company.id: company for company in companies.active(session)}
    pinned: dict[str, int] = dict(standing.committed(session))
    for pair in pins:
        for side in pair:
            pinned[side] = pinned.get(side, 0) + 1
    profiles = profiles_of(taking_part, by_id, now(), proximity.excluded_pairs(session), pinned)
    broken = Eligibility(profiles, past_pairs=sorted(past.not_again(session, match_round))).first_broken_rule(
        positions[a.id], positions[b.id]
    )
    if broken is not None:
        raise PinImpossible(reason=RULES[broken])


def _in_scope(match_round: Round, community: Community) -> bool:
    companies_named, communities_named = match_round.scope_companies, match_round.scope_communities
    return (not companies_named or community.company_id in companies_named) and (
        not communities_named or community.id in communities_named
    )


def _open_to_decisions(session: Session, caller: Caller, round_id: str) -> Round:
    match_round = rounds.get(session, caller, round_id, for_update=True)
    if match_round.status not in _DECIDED_ABOUT:
        raise NotTheMomentToDecide(status=match_round.status.value)
    return match_round


def _stored(session: Session, match_round: Round, kind: DecisionKind, a_id: str, b_id: str) -> RoundDecision:
    decision = RoundDecision(
        id=new_id("dec"), round_id=match_round.id, kind=kind, a_id=a_id, b_id=b_id, created_at=now()
    )
    session.add(decision)
    if kind is DecisionKind.PIN:
        _changed(session, match_round)
    events.record(session, f"round.{'pinned' if kind is DecisionKind.PIN else 'banned'}", match_round.id)
    return decision


def _changed(session: Session, match_round: Round) -> None:
    """What was decided shows in another run only; a new ban shows at once."""
    match_round.rerun_needed = match_round.status is RoundStatus.PROPOSED
    session.add(match_round)
