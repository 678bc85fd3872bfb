"""Suggestions as rounds and the programme open, count and follow them.

open -> one_yes -> (awaiting_coordinator ->) accepted        any of the open ones -> declined, not_now, expired,
                                                             replaced, withdrawn
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access.service import Caller
from app.communities import queries as community_queries
from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.companies.models import Company, CompanyStatus
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import mark
from app.core.ids import new_id
from app.tandems import queries, queries_rounds, reminding
from app.tandems.ending import close_where, end_where
from app.tandems.models import (
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemEnding,
)

JOB = "expire_suggestions"


# Ids named in one statement.
_AT_ONCE = 5000


class SuggestionNotFound(NotFound):
    slug = "suggestion-not-found"
    title = mark("No such suggestion")
    detail = mark("There is no suggestion {suggestion_id} that you may see. List yours with GET /v1/suggestions.")


@dataclass(frozen=True, slots=True)
class Asking:
    """How long the sides are waited for, and when who has not answered is reminded; None: never."""

    answer_within: timedelta = timedelta(days=14)
    remind_after: timedelta | None = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Offer:
    """A pair to be suggested, a_id < b_id."""

    a_id: str
    b_id: str
    similarity: float
    reasons: list[dict[str, object]]
    other: float
    origin: SuggestionOrigin = SuggestionOrigin.ROUND
    round_id: str | None = None
    score: float | None = None
    """Similarity times correction, and the probability made of it; unknown where no round has compared the two."""
    probability: float | None = None
    asking: Asking = Asking()
    meetup_id: str | None = None
    """Where two people of the two want to meet again."""


@dataclass(frozen=True, slots=True)
class SuggestionCounts:
    open: int
    accepted: int
    total: int


def open_many(session: Session, offers: Sequence[Offer]) -> list[str]:
    """Suggest these pairs to their sides; ids in the order given.

    Whether anything stands between them was asked before (`queries.hold`, then `standing.obstacles`); a pair that has
    an open suggestion all the same is refused by the database.
    """
    if not offers:
        return []
    moment = now()
    company_of = community_queries.companies_of(
        session, {one for offer in offers for one in (offer.a_id, offer.b_id)}
    )
    ids = [new_id("sug") for _ in offers]
    session.execute(
        insert(Suggestion),
        [
            {
                "id": suggestion_id,
                "origin": offer.origin,
                "round_id": offer.round_id,
                "meetup_id": offer.meetup_id,
                "a_id": offer.a_id,
                "b_id": offer.b_id,
                "status": SuggestionStatus.OPEN,
                "similarity": offer.similarity,
                "score": offer.score,
                "probability": offer.probability,
                "reasons": offer.reasons,
                "other": offer.other,
                "opened_at": moment,
                "expires_at": moment + offer.asking.answer_within,
                "remind_at": moment + offer.asking.remind_after if offer.asking.remind_after else None,
            }
            for suggestion_id, offer in zip(ids, offers, strict=True)
        ],
    )
    session.execute(
        insert(SuggestionSide),
        [
            {
                "suggestion_id": suggestion_id,
                "side": side,
                "community_id": community_id,
                "company_id": company_of[community_id],
                "why": [],
            }
            for suggestion_id, offer in zip(ids, offers, strict=True)
            for side, community_id in ((SideName.A, offer.a_id), (SideName.B, offer.b_id))
        ],
    )
    events.record_many(session, "suggestion.opened", ids)
    for asking in dict.fromkeys(offer.asking for offer in offers):
        jobs.enqueue(session, JOB, ids[0], run_at=moment + asking.answer_within)
        if asking.remind_after is not None:
            jobs.enqueue(session, reminding.JOB, ids[0], run_at=moment + asking.remind_after)
    return ids


def get(session: Session, caller: Caller, suggestion_id: str, *, for_update: bool = False) -> Suggestion:
    """The suggestion, if the caller may see it. Raises SuggestionNotFound."""
    suggestion = queries.visible(session, caller, suggestion_id, for_update=for_update)
    if suggestion is None:
        raise SuggestionNotFound(suggestion_id=suggestion_id)
    return suggestion


def has_yes(session: Session, round_id: str) -> bool:
    """Whether a side of any suggestion of the round has said yes and has not taken it back."""
    return queries_rounds.has_yes(session, round_id)


def withdraw_of_round(session: Session, round_id: str) -> int:
    """Withdraw the suggestions of a round that are open; how many."""
    return len(end_where(session, col(Suggestion.round_id) == round_id, SuggestionStatus.WITHDRAWN))


def counts_of_rounds(session: Session, round_ids: Sequence[str]) -> dict[str, SuggestionCounts]:
    """How many suggestions each of these rounds has."""
    found = {round_id: SuggestionCounts(*counted) for round_id, *counted in queries_rounds.counts(session, round_ids)}
    return {round_id: found.get(round_id, SuggestionCounts(0, 0, 0)) for round_id in round_ids}


def ended_without_tandem(
    session: Session, round_id: str, limit: int
) -> list[tuple[Suggestion, SuggestionSide, SuggestionSide]]:
    """Suggestions of a round that came to nothing and were not followed up, with their sides a and b."""
    found = queries_rounds.not_followed_up(session, round_id, limit)
    sides = queries.sides(session, [one.id for one in found])
    return [(one, sides[one.id][SideName.A], sides[one.id][SideName.B]) for one in found]


def follow_up(session: Session, suggestion_id: str, replaced_by: Mapping[str, str]) -> None:
    """It was looked whether the sides are to be offered somebody else: `replaced_by` names the new suggestion of
    side `a`, of `b`, of both or of none.

    The state stays what it was, for a no counts in later rounds; the side that has a successor sees `replaced`.
    """
    session.execute(update(Suggestion).where(col(Suggestion.id) == suggestion_id).values(followed_up_at=now()))
    for side, successor in replaced_by.items():
        session.execute(
            update(SuggestionSide)
            .where(col(SuggestionSide.suggestion_id) == suggestion_id, col(SuggestionSide.side) == SideName(side))
            .values(replaced_by=successor)
        )
    if replaced_by:
        events.record(session, "suggestion.replaced", suggestion_id)


def communities_with_alternate(session: Session, round_id: str) -> set[str]:
    """Communities that have been offered an alternate in this round."""
    return queries_rounds.with_alternate(session, round_id)


def expire_due(session: Session, limit: int) -> int:
    """Expire suggestions whose time is over, the first ones first; how many."""
    moment = now()
    due = queries.due(session, moment, limit)
    # Asked again of each row: a last yes of the same moment has given the coordinators a time of their own.
    still_due = col(Suggestion.id).in_(due) & (col(Suggestion.expires_at) <= moment)
    end_where(session, still_due, SuggestionStatus.EXPIRED)
    return len(due)


def community_paused(session: Session, community_id: str) -> None:
    """Who takes no part is not waited for. Tandems go on."""
    community = session.get_one(Community, community_id)
    if community.status is CommunityStatus.PAUSED:
        _withdraw(session, [community_id])


def community_archived(session: Session, community_id: str) -> None:
    """Neither suggestions nor tandems of a community that is gone, or was merged into another, go on."""
    _withdraw(session, [community_id])
    theirs = or_(col(Tandem.a_id) == community_id, col(Tandem.b_id) == community_id)
    close_where(session, theirs, TandemEnding.COMMUNITY_GONE)


def company_leaving(session: Session, company_id: str) -> None:
    """As `community_archived`, for all communities of a company, unless it has stayed."""
    company = session.get_one(Company, company_id)
    if company.status in (CompanyStatus.LEAVING, CompanyStatus.LEFT):
        _let_go(session, company_id)


def erase_company(session: Session, company_id: str) -> None:
    """What a company's suggestions said of it and what it said itself is gone; nothing of it is open any more."""
    _let_go(session, company_id)
    ids = communities.ids_of_company(company_id)
    theirs = or_(col(Suggestion.a_id).in_(ids), col(Suggestion.b_id).in_(ids))
    session.execute(update(Suggestion).where(theirs).values(reasons=[], other=1.0))
    own = col(SuggestionSide.company_id) == company_id
    session.execute(update(SuggestionSide).where(own).values(reason=None, why=[]))


def forget_without_tandem(session: Session, before: datetime, limit: int) -> list[str]:
    """Take out what suggestions that ended before then without a tandem said of the two, and what these said; their
    ids. That the pair was suggested, how it ended and the codes of causes stay: later rounds and their figures, and
    what a community has learned, need them."""
    ids = list(queries.came_to_nothing(session, before, limit))
    session.execute(
        update(Suggestion).where(col(Suggestion.id).in_(ids)).values(reasons=[], other=1.0, forgotten_at=now())
    )
    _forget_words(session, ids)
    return ids


def forget_answers(session: Session, tandem_ids: Sequence[str]) -> None:
    """Take out what the two sides of these tandems said when they were asked, and who said it."""
    _forget_words(session, select(Tandem.suggestion_id).where(col(Tandem.id).in_(tandem_ids)))


def _forget_words(session: Session, suggestion_ids: Sequence[str] | SelectOfScalar[str]) -> None:
    sides = update(SuggestionSide).where(col(SuggestionSide.suggestion_id).in_(suggestion_ids))
    session.execute(sides.values(reason=None, answered_by=None))


def _let_go(session: Session, company_id: str) -> None:
    _withdraw(session, communities.ids_of_company(company_id))
    theirs = or_(col(Tandem.a_company) == company_id, col(Tandem.b_company) == company_id)
    close_where(session, theirs, TandemEnding.COMPANY_LEFT)


def _withdraw(session: Session, community_ids: Sequence[str] | SelectOfScalar[str]) -> None:
    theirs = or_(col(Suggestion.a_id).in_(community_ids), col(Suggestion.b_id).in_(community_ids))
    end_where(session, theirs, SuggestionStatus.WITHDRAWN)
