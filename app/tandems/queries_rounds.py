"""Reads of what became of the suggestions of rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, or_, select
from sqlmodel import Session, col, func

from app.tandems.models import OPEN, Answer, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus, Tandem

SCORE_BINS = 20
"""Of the scores from 0 to 1; the first and the last one also hold what lies beyond."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many suggestions of about this score were accepted, and how many declined."""

    score: float
    """The middle of a bin of scores."""
    accepted: int
    declined: int


@dataclass(frozen=True, slots=True)
class SideOfRound:
    """A side that a round has asked, as far as figures need it."""

    company_id: str
    why: list[str]
    reminded_at: datetime | None
    answered_at: datetime | None


def has_yes(session: Session, round_id: str) -> bool:
    yes = (
        select(col(Suggestion.id))
        .join(SuggestionSide, col(SuggestionSide.suggestion_id) == col(Suggestion.id))
        .where(col(Suggestion.round_id) == round_id, col(SuggestionSide.answer) == Answer.YES)
    )
    return session.execute(yes.limit(1)).first() is not None


def counts(session: Session, round_ids: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """For each round its open, its accepted and all of its suggestions; rounds without any are absent."""
    query = (
        select(
            col(Suggestion.round_id),
            func.sum(case((col(Suggestion.status).in_(OPEN), 1), else_=0)),
            func.sum(case((col(Suggestion.status) == SuggestionStatus.ACCEPTED, 1), else_=0)),
            func.count(),
        )
        .where(col(Suggestion.round_id).in_(list(round_ids)))
        .group_by(col(Suggestion.round_id))
    )
    return [
        (round_id, int(is_open), int(accepted), total)
        for round_id, is_open, accepted, total in session.execute(query)
    ]


def answered_by_score(session: Session) -> list[Answered]:
    """Suggestions of rounds that were accepted or declined, counted in bins of their score; bins without any are
    absent. Nobody's answer leaves the database.

    Accepted: both sides have said yes, and the coordinators who were asked. Declined: a side has said no. A not now,
    silence, and what a coordinator refused after two times yes tell nothing of how well the two would fit.
    """
    score = col(Suggestion.score)
    # By comparison: databases do not agree on how a number is cut.
    number = case(*((score < (one + 1) / SCORE_BINS, one) for one in range(SCORE_BINS - 1)), else_=SCORE_BINS - 1)
    said_no = select(col(SuggestionSide.suggestion_id)).where(col(SuggestionSide.answer) == Answer.NO)
    accepted = col(Suggestion.status) == SuggestionStatus.ACCEPTED
    declined = and_(col(Suggestion.status) == SuggestionStatus.DECLINED, col(Suggestion.id).in_(said_no))
    counted = (
        select(number.label("bin"), func.sum(case((accepted, 1), else_=0)), func.count())
        .where(col(Suggestion.round_id).is_not(None), score.is_not(None), or_(accepted, declined))
        .group_by("bin")
        .order_by("bin")
    )
    return [
        Answered((place + 0.5) / SCORE_BINS, int(yes), int(every) - int(yes))
        for place, yes, every in session.execute(counted)
    ]


def has_tandem_since(session: Session, round_id: str, moment: datetime) -> bool:
    """Whether a tandem of the round goes on, or was closed no longer ago than that moment."""
    late = (
        select(col(Tandem.id))
        .join(Suggestion, col(Suggestion.id) == col(Tandem.suggestion_id))
        .where(
            col(Suggestion.round_id) == round_id,
            or_(col(Tandem.closed_at).is_(None), col(Tandem.closed_at) > moment),
        )
    )
    return session.execute(late.limit(1)).first() is not None


def sides_of_round(session: Session, round_id: str) -> list[SideOfRound]:
    """Every side that a round and its alternates have asked."""
    query = (
        select(
            col(SuggestionSide.company_id),
            col(SuggestionSide.why),
            col(SuggestionSide.reminded_at),
            col(SuggestionSide.answered_at),
        )
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(col(Suggestion.round_id) == round_id)
    )
    return [SideOfRound(*row) for row in session.execute(query)]


def not_followed_up(session: Session, round_id: str, limit: int) -> Sequence[Suggestion]:
    """Suggestions of a round that came to nothing and were not looked at since, the earliest first."""
    query = (
        select(Suggestion)
        .where(
            col(Suggestion.round_id) == round_id,
            col(Suggestion.origin) == SuggestionOrigin.ROUND,
            col(Suggestion.status).not_in((*OPEN, SuggestionStatus.ACCEPTED)),
            col(Suggestion.followed_up_at).is_(None),
        )
        .order_by(col(Suggestion.id))
        .limit(limit)
    )
    return session.scalars(query).all()


def with_alternate(session: Session, round_id: str) -> set[str]:
    """Communities that were offered an alternate in a round."""
    query = (
        select(col(SuggestionSide.community_id))
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(col(Suggestion.round_id) == round_id, col(Suggestion.origin) == SuggestionOrigin.ALTERNATE)
    )
    return set(session.scalars(query))
