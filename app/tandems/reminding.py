"""When somebody is reminded of a suggestion: a side that has not answered, a coordinator who has not decided.

Each suggestion knows when it is looked at next. Whatever became due while no worker ran is done once, late; what
would come on the last day is left out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from app.core import events, jobs
from app.core.clock import now
from app.tandems import queries
from app.tandems.models import Suggestion, SuggestionSide, SuggestionStatus

JOB = "remind_of_suggestions"
REMINDER_DUE = "suggestion.reminder_due"
DEPUTY_DUE = "suggestion.deputy_due"
APPROVAL_REMINDER_DUE = "suggestion.approval_reminder_due"

TOO_LATE = timedelta(days=1)
"""A reminder is not sent so shortly before the end."""
BEFORE_DEADLINE = timedelta(days=3)


def ask_coordinators(session: Session, suggestion: Suggestion, within: timedelta) -> None:
    """From now on the coordinators are waited for, for so long."""
    moment = now()
    suggestion.awaiting_since, suggestion.expires_at = moment, moment + within
    suggestion.remind_at = min((at for at, _ in approval_steps(moment, suggestion.expires_at)), default=None)
    session.add(suggestion)
    if suggestion.remind_at is not None:
        jobs.enqueue(session, JOB, suggestion.id, run_at=suggestion.remind_at)


def remind_due(session: Session, limit: int) -> int:
    """Note who is to be reminded now, and when each suggestion is looked at next; how many were looked at."""
    moment = now()
    found = queries.to_remind(session, moment, limit)
    sides = queries.sides(session, [one.id for one in found])
    due: dict[str, list[str]] = {}
    for one in found:
        for kind in _due(one, list(sides[one.id].values()), moment):
            due.setdefault(kind, []).append(one.id)
        one.remind_at = _next(one, moment)
        session.add(one)
        if one.remind_at is not None:
            jobs.enqueue(session, JOB, one.id, run_at=one.remind_at)
    session.flush()
    for kind, ids in due.items():
        events.record_many(session, kind, ids)
    return len(found)


def approval_steps(asked_at: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What is done while a coordinator has not decided, and when: the deputy is asked when half of the time is over;
    three days before the end a reminder follows, where there are as many."""
    steps = [(asked_at + (until - asked_at) / 2, DEPUTY_DUE), (until - BEFORE_DEADLINE, APPROVAL_REMINDER_DUE)]
    return sorted((at, kind) for at, kind in steps if at > asked_at)


def _due(one: Suggestion, sides: Sequence[SuggestionSide], moment: datetime) -> list[str]:
    """What is due now of a suggestion that was to be looked at."""
    if one.status is SuggestionStatus.AWAITING_COORDINATOR:
        if one.awaiting_since is None or one.remind_at is None or one.expires_at <= moment:
            return []
        steps = approval_steps(one.awaiting_since, one.expires_at)
        return [kind for at, kind in steps if one.remind_at <= at <= moment]
    silent = [side for side in sides if side.answer is None]
    if one.expires_at - moment <= TOO_LATE or not silent:
        return []
    for side in silent:
        side.reminded_at = moment
    return [REMINDER_DUE]


def _next(one: Suggestion, moment: datetime) -> datetime | None:
    if one.status is not SuggestionStatus.AWAITING_COORDINATOR or one.awaiting_since is None:
        return None
    return min((at for at, _ in approval_steps(one.awaiting_since, one.expires_at) if at > moment), default=None)
