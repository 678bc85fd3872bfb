"""Reads of the programme: who can be offered next in a round, and what a community has asked for itself."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.jobs import Job, JobStatus
from app.rounds.models import Proposal
from app.tandems.models import OPEN, Answer, SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus

CompanyPair = frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A further partner that the round named for a community."""

    community_id: str
    similarity: float
    score: float | None
    """What the round made its probability of; like it unknown in rounds of before."""
    probability: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A suggestion that a community has asked for."""

    suggestion_id: str
    partner_id: str
    is_open: bool


def is_queued(session: Session, kind: str, subject_id: str) -> bool:
    """Whether such a job waits for a worker."""
    queued = (col(Job.kind) == kind, col(Job.subject_id) == subject_id, col(Job.status) == JobStatus.QUEUED)
    return session.execute(select(col(Job.id)).where(*queued).limit(1)).first() is not None


def candidates(
    session: Session, round_id: str, suggestion_ids: Collection[str]
) -> dict[str, Mapping[SideName, Sequence[Candidate]]]:
    """For each suggestion of a round the further partners of its two sides, the likeliest first."""
    query = select(col(Proposal.suggestion_id), col(Proposal.alternates_of_a), col(Proposal.alternates_of_b)).where(
        col(Proposal.round_id) == round_id, col(Proposal.suggestion_id).in_(list(suggestion_ids))
    )
    return {
        suggestion_id: {SideName.A: _candidates(of_a), SideName.B: _candidates(of_b)}
        for suggestion_id, of_a, of_b in session.execute(query)
    }


def left_in_peace(session: Session, round_id: str) -> set[str]:
    """Communities that in this round have said not now, or nothing until the time was over."""
    not_now = col(SuggestionSide.answer) == Answer.NOT_NOW
    silent = (col(Suggestion.status) == SuggestionStatus.EXPIRED) & col(SuggestionSide.answer).is_(None)
    query = (
        select(col(SuggestionSide.community_id))
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(col(Suggestion.round_id) == round_id, not_now | silent)
    )
    return set(session.scalars(query))


def tandems_between(session: Session, round_id: str) -> Counter[CompanyPair]:
    """How many tandems of a round two companies have, or may still get."""
    a, b = aliased(SuggestionSide), aliased(SuggestionSide)
    query = (
        select(col(a.company_id), col(b.company_id))
        .join(Suggestion, col(Suggestion.id) == col(a.suggestion_id))
        .join(b, (col(b.suggestion_id) == col(a.suggestion_id)) & (col(b.side) == SideName.B))
        .where(
            col(a.side) == SideName.A,
            col(Suggestion.round_id) == round_id,
            col(Suggestion.status).in_((*OPEN, SuggestionStatus.ACCEPTED)),
        )
    )
    return Counter(frozenset(both) for both in session.execute(query))


def not_followed_up(session: Session, suggestion_ids: Collection[str]) -> set[str]:
    """Those of these suggestions that nobody has looked at since they ended."""
    query = select(col(Suggestion.id)).where(
        col(Suggestion.id).in_(list(suggestion_ids)), col(Suggestion.followed_up_at).is_(None)
    )
    return set(session.scalars(query))


def asked_by(session: Session, community_id: str, since: datetime) -> list[Asked]:
    """What a community has asked for since then, or earlier and still open. The side that asks is the first to
    answer."""
    mine, theirs = aliased(SuggestionSide), aliased(SuggestionSide)
    is_open = col(Suggestion.status).in_(OPEN)
    query = (
        select(col(Suggestion.id), col(theirs.community_id), is_open)
        .join(mine, col(mine.suggestion_id) == col(Suggestion.id))
        .join(theirs, (col(theirs.suggestion_id) == col(mine.suggestion_id)) & (col(theirs.side) != col(mine.side)))
        .where(
            col(Suggestion.origin) == SuggestionOrigin.SPONTANEOUS,
            col(mine.community_id) == community_id,
            col(mine.answered_at).is_not(None),
            or_(col(theirs.answered_at).is_(None), col(theirs.answered_at) >= col(mine.answered_at)),
            or_(is_open, col(Suggestion.opened_at) > since),
        )
    )
    return [
        Asked(suggestion_id, partner_id, bool(still)) for suggestion_id, partner_id, still in session.execute(query)
    ]


def _candidates(stored: Sequence[Mapping[str, object]]) -> list[Candidate]:
    return [
        Candidate(
            str(one["id"]),
            float(str(one["similarity"])),
            cast("float | None", one.get("score")),
            cast("float | None", one.get("probability")),
        )
        for one in stored
    ]
