"""Suggestions and tandems as each caller may see them. A no never shows as a rejection."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlmodel import Session

from app.access.service import Caller
from app.communities import queries as communities
from app.communities.cards import card_of
from app.communities.handles import Handles
from app.communities.models import Carded, Speaker
from app.core.i18n import Language, mark, translate
from app.people.models import PersonStatus
from app.tandems import queries
from app.tandems.models import (
    Answer,
    Approval,
    SideName,
    Suggestion,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemStatus,
)
from app.tandems.reasons import masked, reason_shown
from app.tandems.schemas import (
    OwnAnswer,
    OwnCommunity,
    Pair,
    PairedCommunity,
    SuggestionOut,
    TandemCommunity,
    TandemManager,
    TandemOut,
    TandemPair,
)
from app.tandems.strengths import strength_shown

Of = TypeVar("Of")
Sides = Mapping[SideName, SuggestionSide]

NEXT_STEPS = {
    SuggestionStatus.OPEN: mark(
        "Read the reasons, then answer: yes, not now or no. A no needs no reason, and the other side is not told of "
        "it."
    ),
    SuggestionStatus.ONE_YES: mark(
        "You have said yes. As soon as the other side has too, you learn who it is; until then nobody sees names."
    ),
    SuggestionStatus.AWAITING_COORDINATOR: mark(
        "Both sides have said yes. Now the coordinators who are to approve are asked; names are shown after that."
    ),
    SuggestionStatus.ACCEPTED: mark(
        "You are a tandem. GET /v1/tandems/{tandem_id} shows whom to write to: agree on a first hour to get to know "
        "each other."
    ),
    SuggestionStatus.DECLINED: mark("Your side has said no: nothing more to do. Further suggestions will come."),
    SuggestionStatus.NOT_NOW: mark(
        "Your side has said not now: nothing more to do. From your day on the two may be suggested again."
    ),
    SuggestionStatus.EXPIRED: mark(
        "The time for an answer is over, so nothing came of it this time. Further suggestions will come."
    ),
    SuggestionStatus.REPLACED: mark("This suggestion is no longer open. Another one has taken its place."),
    SuggestionStatus.WITHDRAWN: mark(
        "This suggestion is no longer open. That has many possible causes and says nothing about you."
    ),
}
_ASKED = mark("The two sides are asked: nothing is to be done.")
_COORDINATOR_ASKED = mark("Both sides have said yes, and a coordinator is asked: nothing is to be done.")
_DONE = mark("It is over: nothing is to be done.")
FOR_ORGANIZERS = {
    SuggestionStatus.OPEN: _ASKED,
    SuggestionStatus.ONE_YES: _ASKED,
    SuggestionStatus.AWAITING_COORDINATOR: _COORDINATOR_ASKED,
}


def seen_status(suggestion: Suggestion, mine: SuggestionSide) -> SuggestionStatus:
    """The state as far as a side knows it: what the other side has said never shows."""
    match suggestion.status:
        case SuggestionStatus.OPEN | SuggestionStatus.ONE_YES:
            return SuggestionStatus.ONE_YES if mine.answer is Answer.YES else SuggestionStatus.OPEN
        case SuggestionStatus.AWAITING_COORDINATOR | SuggestionStatus.ACCEPTED:
            return suggestion.status
    if mine.answer is Answer.NOT_NOW:
        return SuggestionStatus.NOT_NOW
    if mine.answer is Answer.NO or mine.approval is Approval.REFUSED:
        return SuggestionStatus.DECLINED
    if suggestion.status is SuggestionStatus.EXPIRED:
        return SuggestionStatus.EXPIRED
    return SuggestionStatus.REPLACED if mine.replaced_by else SuggestionStatus.WITHDRAWN


def suggestions_shown(
    session: Session, caller: Caller, suggestions: Sequence[Suggestion], pepper: str, language: Language
) -> list[SuggestionOut]:
    """Suggestions that the caller may see, each from its own side."""
    ids = [one.id for one in suggestions]
    own, sides = queries.own_sides(session, caller, ids), queries.sides(session, ids)
    carded = communities.carded(session, {side for one in suggestions for side in (one.a_id, one.b_id)})

    def shown(one: Suggestion) -> SuggestionOut:
        asked = _asked(one, sides[one.id])
        if one.id not in own:
            return _for_organizer(one, carded, bool(asked), language)
        return _for_side(one, own[one.id], sides[one.id], carded, asked, pepper, language)

    return [shown(one) for one in suggestions]


def tandems_shown(session: Session, caller: Caller, tandems: Sequence[Tandem]) -> list[TandemOut]:
    """Tandems that the caller may see; contacts for the two sides only, and only while the tandem goes on."""
    ids = {side for one in tandems for side in (one.a_id, one.b_id)}
    own = queries.own_sides(session, caller, [one.suggestion_id for one in tandems])
    carded = communities.carded(session, ids)
    speakers = communities.managers_of(session, ids) if own else {}
    return [_tandem_shown(one, own.get(one.suggestion_id), carded, speakers) for one in tandems]


def _asked(one: Suggestion, sides: Sides) -> frozenset[str]:
    """The companies whose coordinator is to approve. Before both sides have said yes nobody is asked: it could tell a
    side which company its partner is of."""
    if one.status is not SuggestionStatus.AWAITING_COORDINATOR:
        return frozenset()
    return frozenset(side.company_id for side in sides.values() if side.approval is Approval.ASKED)


def _for_organizer(
    one: Suggestion, carded: Mapping[str, Carded], approval_needed: bool, language: Language
) -> SuggestionOut:
    a, b = (_named(carded[side]) for side in (one.a_id, one.b_id))
    return SuggestionOut.model_validate(
        vars(one)
        | {
            "side": None,
            "own": None,
            "partner": None,
            "pair": Pair(a=a, b=b),
            "strength": strength_shown(one.probability, language),
            "reasons": [reason_shown(stored, language) for stored in one.reasons],
            "next_steps": translate(FOR_ORGANIZERS.get(one.status, _DONE), language),
            "own_answer": None,
            "approval_needed": approval_needed,
            "replaced_by": None,
        }
    )


def _for_side(
    one: Suggestion,
    side: SideName,
    sides: Sides,
    carded: Mapping[str, Carded],
    asked: frozenset[str],
    pepper: str,
    language: Language,
) -> SuggestionOut:
    mine, theirs = _in_order(side, sides[SideName.A], sides[SideName.B])
    own, partner = carded[mine.community_id], carded[theirs.community_id]
    if one.status is SuggestionStatus.ACCEPTED:
        partner = replace(partner, listed_openly=True)
    status = seen_status(one, mine)
    reasons, other = masked(one.reasons, one.other, partner, side)
    # Of a purpose of its own: it is not to be joined with what the company has found in discovery, or elsewhere.
    handles = Handles(pepper, f"suggestion {one.id}", mine.company_id)
    return SuggestionOut.model_validate(
        vars(one)
        | {
            "round_id": None,
            "status": status,
            "side": side,
            "own": OwnCommunity(id=own.id, name=own.name),
            "partner": card_of(partner, handles.of(partner.id)),
            "pair": None,
            "strength": strength_shown(one.probability, language),
            "probability": None,
            "reasons": [reason_shown(stored, language) for stored in reasons],
            "other": other,
            "next_steps": translate(NEXT_STEPS[status], language, tandem_id=one.tandem_id),
            "own_answer": mine.answer and OwnAnswer.model_validate(mine),
            "approval_needed": mine.company_id in asked,
            "replaced_by": mine.replaced_by,
        }
    )


def _tandem_shown(
    one: Tandem, side: SideName | None, carded: Mapping[str, Carded], speakers: Mapping[str, Sequence[Speaker]]
) -> TandemOut:
    if side is None:
        a, b = (_party(carded[community_id], None) for community_id in (one.a_id, one.b_id))
        shown = {"side": None, "own": None, "partner": None, "pair": TandemPair(a=a, b=b)}
        return TandemOut.model_validate(vars(one) | shown)
    own, partner = _in_order(side, carded[one.a_id], carded[one.b_id])
    is_closed = one.status is TandemStatus.CLOSED
    return TandemOut.model_validate(
        vars(one)
        | {
            "side": side,
            "own": _party(own, speakers.get(own.id, [])),
            "partner": _party(partner, None if is_closed else speakers.get(partner.id, [])),
            "pair": None,
        }
    )


def _in_order(side: SideName, a: Of, b: Of) -> tuple[Of, Of]:
    """The side's own, and the other one."""
    return (a, b) if side is SideName.A else (b, a)


def _named(community: Carded) -> PairedCommunity:
    return PairedCommunity(id=community.id, name=community.name, company=community.company_name)


def _party(community: Carded, speakers: Sequence[Speaker] | None) -> TandemCommunity:
    managers = None
    if speakers is not None:
        # Who waits for the coordinator does not speak for the community yet.
        active = [one for one in speakers if one.status is PersonStatus.ACTIVE]
        managers = [TandemManager(first_name=one.first_name, email=one.email, deputy=one.deputy) for one in active]
    return TandemCommunity(
        community_id=community.id,
        name=community.name,
        purpose=community.purpose,
        company=community.company_name,
        managers=managers,
    )
