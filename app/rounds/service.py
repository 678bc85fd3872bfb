"""Match rounds: drafted, started, run by a worker on a frozen snapshot, proposed to the organizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import delete, insert, or_, update
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.communities import service as community_service
from app.companies import proximity
from app.companies import service as companies
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.i18n import Language, mark, translate
from app.core.ids import new_id
from app.rounds import queries
from app.rounds.models import Proposal, Round, RoundSnapshot, RoundStatus, RoundUnmatched
from app.rounds.schemas import (
    AlternateOut,
    ChangeOut,
    CommunityCard,
    ProposalOut,
    RoundCreate,
    RoundOut,
    UnmatchedOut,
)
from app.rounds.snapshot import freeze, profiles_of, thaw
from app.tandems.reasons import reason_shown
from matching.eligibility import Rule
from matching.explain import (
    Change,
    Unmatched,
    UnmatchedKind,
    change_sentence,
    unmatched_sentence,
)

JOB = "round"

STAGES = {
    "draft": mark("not started"),
    "queued": mark("waiting for a worker"),
    "freezing": mark("freezing the profiles"),
    "vectors": mark("reading the texts"),
    "neighbours": mark("finding related communities"),
    "pairing": mark("choosing the best pairs"),
    "reasons": mark("writing the reasons"),
    "storing": mark("storing the proposals"),
    "proposed": mark("done: look at the proposals"),
    "failed": mark("failed"),
}

FAILURES = {
    "worker_lost": mark(
        "The round was given up after several tries: a worker stopped each time. Look at the worker's log (is there "
        "enough memory?), then create a new round with the same settings."
    ),
    "nobody_left": mark(
        "When the round began, no community was left to pair. Publish communities of at least two companies, then "
        "create a new round."
    ),
}


class RoundNotFound(NotFound):
    slug = "round-not-found"
    title = mark("No such round")
    detail = mark("There is no round {round_id}. List the rounds with GET /v1/rounds.")


class RoundAlreadyStarted(Conflict):
    slug = "round-already-started"
    title = mark("The round was started already")
    detail = mark(
        "The round is {status}. Follow it with GET /v1/rounds/{round_id}; for another run create a new round."
    )


class RoundNotProposed(Conflict):
    slug = "round-not-proposed"
    title = mark("There are no proposals yet")
    detail = mark("The round is {status}. Start it, and wait until its status is `proposed`.")


class RoundWithoutCommunities(Conflict):
    slug = "round-without-communities"
    title = mark("Nobody would take part")
    detail = mark(
        "No published community is in the scope of the round. Publish communities with POST /v1/communities/publish, "
        "or widen the scope."
    )


class RoundOfOneCompany(Conflict):
    slug = "round-of-one-company"
    title = mark("Only one company would take part")
    detail = mark(
        "A tandem joins communities of two companies, and all {communities} published communities in the scope "
        "belong to one. Publish communities of another company, or widen the scope."
    )


def create(session: Session, caller: Caller, wish: RoundCreate) -> Round:
    """A draft; nothing runs yet."""
    caller.require(Role.ORGANIZER, Role.OPERATOR)
    draft = Round(
        id=new_id("rnd"),
        title=wish.title,
        status=RoundStatus.DRAFT,
        objective=wish.settings.objective.value,
        min_similarity=wish.settings.min_similarity,
        cost=wish.settings.cost,
        alternates=wish.settings.alternates,
        scope_companies=sorted(set(wish.scope.companies)),
        scope_communities=sorted(set(wish.scope.communities)),
        created_at=now(),
    )
    session.add(draft)
    session.flush()
    return draft


def start(session: Session, caller: Caller, round_id: str) -> Round:
    """Queue the round for a worker."""
    match_round = get(session, caller, round_id, for_update=True)
    if match_round.status is not RoundStatus.DRAFT:
        raise RoundAlreadyStarted(status=match_round.status.value, round_id=round_id)
    communities, of_companies = community_service.count_taking_part(
        session, company_ids=match_round.scope_companies, community_ids=match_round.scope_communities
    )
    if communities == 0:
        raise RoundWithoutCommunities
    if of_companies == 1:
        raise RoundOfOneCompany(communities=communities)
    match_round.status = RoundStatus.QUEUED
    match_round.started_at = now()
    session.add(match_round)
    jobs.enqueue(session, JOB, round_id)
    events.record(session, "round.started", round_id)
    return match_round


def get(session: Session, caller: Caller, round_id: str, *, for_update: bool = False) -> Round:
    """The round. Raises RoundNotFound, also for callers who do not organize."""
    found = session.get(Round, round_id, with_for_update=for_update)
    if found is None or caller.role not in (Role.ORGANIZER, Role.OPERATOR):
        raise RoundNotFound(round_id=round_id)
    return found


def get_proposed(session: Session, caller: Caller, round_id: str) -> Round:
    """The round, once it has proposals. Raises RoundNotProposed before."""
    found = get(session, caller, round_id)
    if found.status is not RoundStatus.PROPOSED:
        raise RoundNotProposed(status=found.status.value)
    return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The frozen input of a round."""

    content: bytes
    digest: str
    communities: int


def snapshot_of(session: Session, round_id: str) -> Snapshot:
    """What the engine would read now; reading only, so that nobody waits."""
    match_round = session.get_one(Round, round_id)
    taking_part = community_service.taking_part(
        session, company_ids=match_round.scope_companies, community_ids=match_round.scope_communities
    )
    by_id = {company.id: company for company in companies.active(session)}
    content, digest = freeze(profiles_of(taking_part, by_id, now(), proximity.excluded_pairs(session)))
    return Snapshot(content, digest, len(taking_part))


def begin(session: Session, round_id: str, snapshot: Snapshot) -> bytes:
    """The round is running from here on, on this snapshot unless an earlier try has stored one; its content."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.RUNNING
    session.add(match_round)
    stored = session.get(RoundSnapshot, round_id)
    if stored is not None:
        return stored.content
    match_round.snapshot_hash = snapshot.digest
    match_round.communities = snapshot.communities
    session.add(RoundSnapshot(round_id=round_id, content=snapshot.content))
    return snapshot.content


def forget_results(session: Session, round_id: str) -> None:
    """What an earlier try stored before it was lost."""
    session.execute(delete(Proposal).where(col(Proposal.round_id) == round_id))
    session.execute(delete(RoundUnmatched).where(col(RoundUnmatched.round_id) == round_id))


def store_proposals(session: Session, rows: Sequence[dict[str, object]]) -> None:
    session.execute(insert(Proposal), list(rows))


def store_unmatched(session: Session, rows: Sequence[dict[str, object]]) -> None:
    session.execute(insert(RoundUnmatched), list(rows))


def propose(session: Session, round_id: str, *, proposals: int, unmatched: int, total_similarity: float) -> None:
    """Everything is stored: the organizer can look."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.PROPOSED
    match_round.finished_at = now()
    match_round.proposals = proposals
    match_round.unmatched = unmatched
    match_round.total_similarity = total_similarity
    session.add(match_round)
    events.record(session, "round.proposed", round_id)


def fail(session: Session, round_id: str, failure: str) -> None:
    """Close the round with what went wrong and what to do (a name of `FAILURES`)."""
    match_round = session.get_one(Round, round_id)
    match_round.status = RoundStatus.FAILED
    match_round.finished_at = now()
    match_round.problem = failure
    session.add(match_round)
    events.record(session, "round.failed", round_id)


def give_up(session: Session, round_id: str) -> None:
    fail(session, round_id, "worker_lost")


def erase_company(session: Session, company_id: str) -> None:
    """Take the texts of a company out of snapshots and reasons. The hash of a snapshot stays as what it was."""
    for stored in session.exec(select(RoundSnapshot)):
        kept = [profile for profile in thaw(stored.content) if profile.company != company_id]
        content, _ = freeze(kept)
        if content != stored.content:
            stored.content = content
            session.add(stored)
    ids = community_service.ids_of_company(company_id)
    session.execute(
        update(Proposal)
        .where(or_(col(Proposal.a_id).in_(ids), col(Proposal.b_id).in_(ids)))
        .values(reasons=[], other=1.0)
    )


def shown(session: Session, rounds: Sequence[Round], language: Language) -> list[RoundOut]:
    """Rounds with their progress."""
    work = jobs.latest(session, [one.id for one in rounds])

    def as_out(one: Round) -> RoundOut:
        job = work.get(one.id)
        running = one.status is RoundStatus.RUNNING and job is not None
        stage = (job.stage or "freezing") if running and job else one.status.value
        problem = translate(FAILURES[one.problem], language) if one.problem else None
        return RoundOut.model_validate(
            one.model_dump()
            | {
                "settings": one,
                "scope": {"companies": one.scope_companies, "communities": one.scope_communities},
                "progress": 1.0 if one.status is RoundStatus.PROPOSED else job.progress if job else 0.0,
                "stage": translate(STAGES[stage], language),
                "problem": problem,
            }
        )

    return [as_out(one) for one in rounds]


def proposals_shown(session: Session, proposals: Sequence[Proposal], language: Language) -> list[ProposalOut]:
    """Proposals with names, for the organizer."""
    named = {side for one in proposals for side in (one.a_id, one.b_id)}
    named |= {str(further["id"]) for one in proposals for further in one.alternates_of_a + one.alternates_of_b}
    cards = queries.cards(session, named)

    def alternates(stored: Sequence[dict[str, object]]) -> list[AlternateOut]:
        return [
            AlternateOut(community=cards[str(one["id"])], similarity=cast("float", one["similarity"]))
            for one in stored
            if one["id"] in cards
        ]

    return [
        ProposalOut(
            id=one.id,
            a=cards[one.a_id],
            b=cards[one.b_id],
            similarity=one.similarity,
            reasons=[reason_shown(stored, language) for stored in one.reasons],
            other=one.other,
            alternates_of_a=alternates(one.alternates_of_a),
            alternates_of_b=alternates(one.alternates_of_b),
        )
        for one in proposals
    ]


def unmatched_shown(session: Session, unmatched: Sequence[RoundUnmatched], language: Language) -> list[UnmatchedOut]:
    """Why communities stayed alone, with names, for the organizer."""
    cards = queries.cards(session, {name for one in unmatched for name in (one.community_id, one.nearest_id) if name})
    return [_unmatched_shown(one, cards, language) for one in unmatched]


def _unmatched_shown(one: RoundUnmatched, cards: dict[str, CommunityCard], language: Language) -> UnmatchedOut:
    told = Unmatched(
        id=one.community_id,
        kind=UnmatchedKind(one.kind),
        changes=tuple(Change(change) for change in one.changes),
        nearest=one.nearest_id,
        nearest_similarity=one.nearest_similarity,
        rule=Rule(one.rule) if one.rule else None,
    )
    return UnmatchedOut(
        community=cards[one.community_id],
        kind=told.kind.value,
        text=unmatched_sentence(told, language),
        rule=one.rule,
        nearest=cards.get(one.nearest_id) if one.nearest_id else None,
        nearest_similarity=one.nearest_similarity,
        changes=[ChangeOut(kind=change.value, text=change_sentence(change, language)) for change in told.changes],
    )
