"""Reads of suggestions and tandems that need more than a primary key."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func

from app.communities import queries as communities
from app.communities.models import Terms
from app.tandems.models import (
    OPEN,
    Answer,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemStatus,
)

Pair = tuple[str, str]

# Ids named in one statement; above that it is cheaper to read all.
_AT_ONCE = 5000

_IS_OPEN: ColumnElement[bool] = col(Suggestion.status).in_(OPEN)
_GOES_ON: ColumnElement[bool] = col(Tandem.status) != TandemStatus.CLOSED


@dataclass(frozen=True, slots=True)
class Past:
    """A pair that was suggested, as far as it matters to later rounds."""

    a_id: str
    b_id: str
    origin: SuggestionOrigin
    status: SuggestionStatus
    opened_at: datetime
    until: date | None
    """The later day of the sides that said `not_now`."""


def terms(session: Session, community_ids: Collection[str], today: date) -> dict[str, Terms]:
    """What stands of communities, however many."""
    found: dict[str, Terms] = {}
    for some in _portions(sorted(community_ids)):
        found |= communities.terms(session, some, today)
    return found


def open_pairs(session: Session, community_ids: Collection[str] | None = None) -> list[Pair]:
    """Pairs that have an open suggestion or a tandem that goes on; those of some communities, or all."""
    named = None if community_ids is None or len(community_ids) > _AT_ONCE else list(community_ids)
    of_suggestions = [_IS_OPEN]
    of_tandems = [_GOES_ON]
    if named is not None:
        of_suggestions.append(or_(col(Suggestion.a_id).in_(named), col(Suggestion.b_id).in_(named)))
        of_tandems.append(or_(col(Tandem.a_id).in_(named), col(Tandem.b_id).in_(named)))
    both = union_all(
        select(col(Suggestion.a_id), col(Suggestion.b_id)).where(*of_suggestions),
        select(col(Tandem.a_id), col(Tandem.b_id)).where(*of_tandems),
    )
    return [(a_id, b_id) for a_id, b_id in session.execute(both)]


def closed_tandems(session: Session) -> list[tuple[str, str, datetime]]:
    """Both communities of each closed tandem, and when it was closed."""
    closed = select(col(Tandem.a_id), col(Tandem.b_id), col(Tandem.closed_at)).where(
        col(Tandem.status) == TandemStatus.CLOSED, col(Tandem.closed_at).is_not(None)
    )
    return [(a_id, b_id, closed_at) for a_id, b_id, closed_at in session.execute(closed)]


def past(session: Session) -> list[Past]:
    """Suggestions that ended with a no, a not now, or no answer."""
    a, b = aliased(SuggestionSide), aliased(SuggestionSide)
    query = (
        select(
            col(Suggestion.a_id),
            col(Suggestion.b_id),
            col(Suggestion.origin),
            col(Suggestion.status),
            col(Suggestion.opened_at),
            _until(a),
            _until(b),
        )
        .join(a, (col(a.suggestion_id) == col(Suggestion.id)) & (col(a.side) == SideName.A))
        .join(b, (col(b.suggestion_id) == col(Suggestion.id)) & (col(b.side) == SideName.B))
        .where(
            col(Suggestion.status).in_(
                (SuggestionStatus.DECLINED, SuggestionStatus.NOT_NOW, SuggestionStatus.EXPIRED)
            )
        )
    )
    return [
        Past(a_id, b_id, origin, status, opened_at, max(filter(None, (until_a, until_b)), default=None))
        for a_id, b_id, origin, status, opened_at, until_a, until_b in session.execute(query)
    ]


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
            func.sum(case((_IS_OPEN, 1), else_=0)),
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


def sides(session: Session, suggestion_ids: Iterable[str]) -> dict[str, dict[SideName, SuggestionSide]]:
    """Both sides of each suggestion."""
    query = select(SuggestionSide).where(col(SuggestionSide.suggestion_id).in_(list(suggestion_ids)))
    found: dict[str, dict[SideName, SuggestionSide]] = {}
    for side in session.scalars(query):
        found.setdefault(side.suggestion_id, {})[side.side] = side
    return found


def with_alternate(session: Session, round_id: str) -> set[str]:
    """Communities that were offered an alternate in a round."""
    query = (
        select(col(SuggestionSide.community_id))
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(col(Suggestion.round_id) == round_id, col(Suggestion.origin) == SuggestionOrigin.ALTERNATE)
    )
    return set(session.scalars(query))


def _until(side: type[SuggestionSide]) -> ColumnElement[date | None]:
    return case((col(side.answer) == Answer.NOT_NOW, col(side.until)))


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
