"""A community asks another one that it has found in discovery: a suggestion that no round has made.

What is wrong on its own side is told exactly. What is wrong on the other side is told in one sentence for all causes:
whether somebody has no time, avoids the company, or has said no before is theirs to keep.
"""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import service as communities
from app.communities.models import Community
from app.companies import service as companies
from app.core.clock import now
from app.core.errors import Conflict
from app.core.i18n import mark
from app.discovery import service as discovery
from app.discovery.index import State
from app.discovery.service import Fit
from app.programme import queries
from app.rounds import queries as rounds
from app.tandems import answering, history, standing
from app.tandems import queries as tandem_queries
from app.tandems import service as tandems
from app.tandems.models import Answer, Suggestion, SuggestionOrigin
from app.tandems.schemas import AnswerCreate
from app.tandems.service import Offer

AT_MOST = 5
WITHIN = timedelta(days=14)

_ASKS = (Role.COORDINATOR, Role.PORTAL, Role.MANAGER)


class CommunityTakesNoPart(Conflict):
    slug = "community-takes-no-part"
    title = mark("Your community takes no part at the moment")
    detail = mark(
        "Only a community that can be found itself asks others. See what is missing: publish it with POST "
        "/v1/communities/{community_id}/publish, resume it when it is paused, confirm it when half a year is over."
    )


class NoPlaceLeft(Conflict):
    slug = "no-place-left"
    title = mark("Your community has no place left")
    detail = mark(
        "Each tandem and each open suggestion takes a place, and your community wants {capacity} at the same time. "
        "Answer what is open (GET /v1/suggestions?open=true), or raise `capacity` with PATCH "
        "/v1/communities/{community_id}."
    )


class AskedAlready(Conflict):
    slug = "asked-already"
    title = mark("Your community has asked this one already")
    detail = mark("See how it stands with GET /v1/suggestions/{suggestion_id}.")


class AskedEnough(Conflict):
    slug = "asked-enough"
    title = mark("Your community has asked several others already")
    detail = mark(
        "A community asks at most {most} others within {days} days, so that each question is a considered one. Wait "
        "for their answers; suggestions of rounds come all the same."
    )


class PartnerNotAvailable(Conflict):
    slug = "partner-not-available"
    title = mark("This community cannot be asked at the moment")
    detail = mark(
        "That has many possible causes and says nothing about you. Look among your suggestions and tandems whether "
        "you know each other already (GET /v1/suggestions, GET /v1/tandems), or ask another community."
    )


def ask(session: Session, caller: Caller, state: State, pepper: str, community_id: str, handle: str) -> Suggestion:
    """Suggest two communities to each other; the side that asks has said yes. Raises HandleUnknown and the above."""
    own = communities.get_in_full(session, caller, community_id)
    caller.require(*_ASKS)
    companies.get_active(session, caller, own.company_id)
    partner_id = discovery.opened(pepper, own.company_id, handle)
    # Of two requests of the same moment the second one finds what the first has asked.
    tandem_queries.hold(session, {own.id, partner_id})
    _require_own_side_ready(session, own, partner_id)
    fit = discovery.fit(session, state, pepper, own, partner_id)
    if fit is None or _something_is_between(session, own.id, partner_id):
        raise PartnerNotAvailable
    suggestion_id = _opened(session, own.id, partner_id, fit)
    return answering.answer(session, caller, suggestion_id, AnswerCreate(answer=Answer.YES))


def _require_own_side_ready(session: Session, own: Community, partner_id: str) -> None:
    """Raises CommunityTakesNoPart, AskedAlready, AskedEnough, NoPlaceLeft."""
    terms = tandem_queries.terms(session, [own.id], now().date())[own.id]
    if not terms.takes_part:
        raise CommunityTakesNoPart(community_id=own.id)
    asked = queries.asked_by(session, own.id, now() - WITHIN)
    for one in asked:
        if one.is_open and one.partner_id == partner_id:
            raise AskedAlready(suggestion_id=one.suggestion_id)
    # Also those that have come to an end: who asks and takes back at once would otherwise ask everybody.
    if len(asked) >= AT_MOST:
        raise AskedEnough(most=AT_MOST, days=WITHIN.days)
    if len(tandem_queries.open_pairs(session, [own.id])) >= terms.capacity:
        raise NoPlaceLeft(capacity=terms.capacity, community_id=own.id)


def _something_is_between(session: Session, own_id: str, partner_id: str) -> bool:
    """Whether the two cannot be suggested to each other now, or are not again after what was before.

    Whom the own side avoids is not asked about: which handles are refused once a company is excluded would tell whose
    they are. Such a question ends as if it had been declined (`answering`); what the other side avoids, `fit` knows.
    """
    if standing.obstacles(session, [(own_id, partner_id)], avoidance=False, asker=own_id) != [None]:
        return True
    past = history.past_pairs(session, rounds.releases(session), now().date(), community_id=own_id)
    return any({one.a_id, one.b_id} == {own_id, partner_id} for one in past)


def _opened(session: Session, own_id: str, partner_id: str, fit: Fit) -> str:
    a_id, b_id = sorted((own_id, partner_id))
    # Discovery does not count what the two do not show each other, so it knows no probability.
    offer = Offer(a_id, b_id, fit.similarity, fit.reasons, fit.other, origin=SuggestionOrigin.SPONTANEOUS)
    try:
        with session.begin_nested():
            [suggestion_id] = tandems.open_many(session, [offer])
    except IntegrityError as error:
        # The other side, or a round, has come first at the same moment.
        raise PartnerNotAvailable from error
    return suggestion_id
