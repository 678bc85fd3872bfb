"""How the two sides decide about a suggestion, and their coordinators where they are asked."""

from datetime import timedelta

from sqlmodel import Session, col

from app.access.models import Role
from app.access.service import Caller
from app.companies import coordinators, proximity
from app.core import events, jobs
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.tandems import learning, living, queries, reminding, standing
from app.tandems import service as suggestions
from app.tandems.ending import end_where, tell_rounds
from app.tandems.models import (
    OPEN,
    Answer,
    Approval,
    SideName,
    Suggestion,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemStatus,
)
from app.tandems.schemas import AnswerCreate, ApprovalCreate
from app.tandems.viewing import Sides, seen_status

NOT_NOW_FOR = timedelta(days=90)

_OVER = {
    SuggestionStatus.ACCEPTED: mark("it has become a tandem already; see GET /v1/tandems"),
    SuggestionStatus.DECLINED: mark("your side has said no already"),
    SuggestionStatus.NOT_NOW: mark("your side has said not now already"),
    SuggestionStatus.EXPIRED: mark("the time for an answer has passed; further suggestions will come"),
    SuggestionStatus.REPLACED: mark("another suggestion has taken its place; look at that one"),
    SuggestionStatus.WITHDRAWN: mark("it was taken back; further suggestions will come"),
}


class SuggestionOver(Conflict):
    slug = "suggestion-over"
    title = mark("The suggestion is no longer open")
    detail = mark("Nothing can be answered any more: {reason}.")


class AlreadyAnswered(Conflict):
    slug = "already-answered"
    title = mark("Your side has answered already")
    detail = mark("That stands: {reason}. Only a yes can be taken back, as long as the suggestion is open.")


class NotAwaitingCoordinator(Conflict):
    slug = "not-awaiting-coordinator"
    title = mark("The coordinator is not asked yet")
    detail = mark("A coordinator approves once both sides have said yes. Wait until the suggestion says so.")


class NotYourSide(Forbidden):
    slug = "not-your-side"
    title = mark("That is the other side")
    detail = mark("Your key answers for its own side only: leave `side` out.")


class SideNotNamed(Unprocessable):
    slug = "side-not-named"
    title = mark("Which side?")
    detail = mark("Your key belongs to no side: name the one that you answer for with `side`, `a` or `b`.")


class UntilWithoutNotNow(Unprocessable):
    slug = "until-without-not-now"
    title = mark("A day belongs to not now only")
    detail = mark("Send `until` with the answer `not_now`, or leave it out.")


class WhyWithYes(Unprocessable):
    slug = "why-with-yes"
    title = mark("A yes needs no why")
    detail = mark("Send `why` with the answers `no` and `not_now` only, or leave it out.")


class UntilInThePast(Unprocessable):
    slug = "until-in-the-past"
    title = mark("The day is over already")
    detail = mark("`until` is not in the future. Choose a later day or leave it out, for 90 days.")


def answer(session: Session, caller: Caller, suggestion_id: str, wish: AnswerCreate) -> Suggestion:
    """What one side says. The same again changes nothing; a yes can be taken back while the suggestion is open.

    What a side gives as the cause of a no becomes its community's own preference where there is a rule (`learning`).
    """
    suggestion = suggestions.get(session, caller, suggestion_id, for_update=True)
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER)
    mine, sides = _side_of(session, caller, suggestion, wish.side)
    _require_fitting_cause(wish)
    if mine.answer is wish.answer and wish.until in (None, mine.until):
        return suggestion
    if mine.answer in (Answer.NO, Answer.NOT_NOW):
        said = SuggestionStatus.DECLINED if mine.answer is Answer.NO else SuggestionStatus.NOT_NOW
        raise AlreadyAnswered(reason=_OVER[said])
    _require_open(suggestion, mine)
    _note(session, caller, mine, wish)
    if wish.why:
        learning.learn(session, mine, wish.why)
    match wish.answer:
        case Answer.NO:
            _end(session, suggestion, SuggestionStatus.DECLINED)
        case Answer.NOT_NOW:
            _end(session, suggestion, SuggestionStatus.NOT_NOW)
        case Answer.YES if all(side.answer is Answer.YES for side in sides.values()):
            _settle(session, suggestion, sides)
        case Answer.YES:
            _move(session, suggestion, SuggestionStatus.ONE_YES)
    return suggestion


def approve(session: Session, caller: Caller, suggestion_id: str, wish: ApprovalCreate) -> Suggestion:
    """What a company's coordinator decides after both sides have said yes. The same again changes nothing."""
    suggestion = suggestions.get(session, caller, suggestion_id, for_update=True)
    caller.require(Role.COORDINATOR)
    mine, sides = _side_of(session, caller, suggestion, None)
    wanted = Approval.APPROVED if wish.approve else Approval.REFUSED
    if mine.approval is wanted:
        return suggestion
    _require_open(suggestion, mine)
    if suggestion.status is not SuggestionStatus.AWAITING_COORDINATOR:
        raise NotAwaitingCoordinator
    mine.approval, mine.approved_at = wanted, now()
    session.add(mine)
    if wanted is Approval.REFUSED:
        _end(session, suggestion, SuggestionStatus.DECLINED)
    else:
        _settle(session, suggestion, sides)
    return suggestion


def _side_of(
    session: Session, caller: Caller, suggestion: Suggestion, named: SideName | None
) -> tuple[SuggestionSide, Sides]:
    """The side that the caller speaks for, and both. Raises NotYourSide, SideNotNamed."""
    sides = queries.sides(session, [suggestion.id])[suggestion.id]
    if caller.role is Role.OPERATOR:
        if named is None:
            raise SideNotNamed
        return sides[named], sides
    own = queries.own_sides(session, caller, [suggestion.id])[suggestion.id]
    if named not in (None, own):
        raise NotYourSide
    return sides[own], sides


def _require_fitting_cause(wish: AnswerCreate) -> None:
    """Raises WhyWithYes, UntilWithoutNotNow, UntilInThePast."""
    if wish.why and wish.answer is Answer.YES:
        raise WhyWithYes
    if wish.until is None:
        return
    if wish.answer is not Answer.NOT_NOW:
        raise UntilWithoutNotNow
    if wish.until <= now().date():
        raise UntilInThePast


def _require_open(suggestion: Suggestion, mine: SuggestionSide) -> None:
    """Raises SuggestionOver with a reason that tells nothing of what the other side has said."""
    if suggestion.status not in OPEN:
        raise SuggestionOver(reason=_OVER[seen_status(suggestion, mine)])
    if suggestion.expires_at <= now():
        raise SuggestionOver(reason=_OVER[SuggestionStatus.EXPIRED])


def _note(session: Session, caller: Caller, mine: SuggestionSide, wish: AnswerCreate) -> None:
    moment = now()
    mine.answer, mine.reason, mine.until = wish.answer, wish.reason, wish.until
    mine.why = [one.value for one in dict.fromkeys(wish.why)]
    # Of a yes that is taken back the first moment stays: it tells which side has asked the other one.
    mine.answered_at = mine.answered_at or moment
    if wish.answer is Answer.NOT_NOW and wish.until is None:
        mine.until = (moment + NOT_NOW_FOR).date()
    mine.answered_by, mine.answered_as = caller.person_id or caller.key_id, caller.role.value
    session.add(mine)


def _settle(session: Session, suggestion: Suggestion, sides: Sides) -> None:
    """Both have said yes: a tandem, unless something has come between them or a coordinator is still to approve."""
    if standing.kept_apart(session, suggestion.a_id, suggestion.b_id) is not None:
        _end(session, suggestion, SuggestionStatus.WITHDRAWN)
    elif not _coordinators_are_asked(session, sides):
        _accept(session, suggestion, sides)
    elif suggestion.status is not SuggestionStatus.AWAITING_COORDINATOR:
        asked = [side.company_id for side in sides.values() if side.approval is Approval.ASKED]
        # One end for both, which none of the two can tell the other's setting or decision by.
        reminding.ask_coordinators(session, suggestion, coordinators.approve_within(session, asked))
        jobs.enqueue(session, suggestions.JOB, suggestion.id, run_at=suggestion.expires_at)
        _move(session, suggestion, SuggestionStatus.AWAITING_COORDINATOR)


def _coordinators_are_asked(session: Session, sides: Sides) -> bool:
    """Whether one is still to approve. Who was asked once stays asked, whatever its company decides meanwhile: if its
    question went away with a decision about one other company, that would tell which one the partner is of."""
    needed = proximity.approvals_needed(session, sides[SideName.A].company_id, sides[SideName.B].company_id)
    for side in sides.values():
        if side.approval is None and side.company_id in needed:
            side.approval = Approval.ASKED
            session.add(side)
    return any(side.approval is Approval.ASKED for side in sides.values())


def _accept(session: Session, suggestion: Suggestion, sides: Sides) -> None:
    moment = now()
    tandem = Tandem(
        id=new_id("tnd"),
        suggestion_id=suggestion.id,
        a_id=suggestion.a_id,
        b_id=suggestion.b_id,
        a_company=sides[SideName.A].company_id,
        b_company=sides[SideName.B].company_id,
        status=TandemStatus.STARTING,
        started_at=moment,
    )
    living.agree(session, tandem)
    session.add(tandem)
    suggestion.ended_at, suggestion.tandem_id = moment, tandem.id
    _move(session, suggestion, SuggestionStatus.ACCEPTED)
    events.record(session, "tandem.started", tandem.id)
    tell_rounds(session, [suggestion.round_id])


def _move(session: Session, suggestion: Suggestion, status: SuggestionStatus) -> None:
    suggestion.status = status
    session.add(suggestion)
    events.record(session, f"suggestion.{status.value}", suggestion.id)


def _end(session: Session, suggestion: Suggestion, status: SuggestionStatus) -> None:
    end_where(session, col(Suggestion.id) == suggestion.id, status)
    session.refresh(suggestion)
