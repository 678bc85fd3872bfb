"""What is told of what people said of a meetup: fixed once, for many, and never whose it is.

Totals that followed each answer, or who was marked as away, would tell whose an answer is to whoever reads them
before and after. So they are counted once, with the comments, when the summary is due; too few by then, and they are
counted as soon as there are enough. From then on nothing that is said, changed or marked alters them. Whoever is
erased takes its comment away: who has read the list before can tell which one is missing, and nobody else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, distinct, func, select
from sqlmodel import Session, col

from app.meetups import queries as meetup_queries
from app.meetups.models import Meetup
from app.registrations.models import MeetupFeedback, Registration, Usefulness

TOLD_AFTER = timedelta(days=3)
"""So long after the end, or when an organizer sends the summary."""
SAID_WITHIN = timedelta(days=60)
"""So long after a meetup people can say how it was."""
FEWEST_COMPANIES = 3

# Null also where the column holds nothing, and where it holds the null of JSON.
IS_KEPT: ColumnElement[bool] = col(Meetup.figures)["people"].as_integer().is_not(None)
"""Whether registrations of a meetup are forgotten, but for totals."""
_IS_TOLD: ColumnElement[bool] = col(Meetup.figures)["feedback"]["yes"].as_integer().is_not(None)


@dataclass(frozen=True, slots=True)
class FeedbackTotals:
    """What enough people have said: how many of each, and their comments in alphabetical order."""

    yes: int
    partly: int
    no: int
    comments: tuple[str, ...]

    @property
    def answers(self) -> int:
        return self.yes + self.partly + self.no


def told(meetup: Meetup) -> FeedbackTotals | None:
    """What is told of a meetup; None before it is fixed. Without comments once registrations are forgotten."""
    fixed = _fixed(meetup)
    if fixed is None:
        return None
    yes, partly, no = (int(str(fixed[each.value])) for each in (Usefulness.YES, Usefulness.PARTLY, Usefulness.NO))
    # By their text: the order in which they were written would tell more than they say.
    return FeedbackTotals(yes, partly, no, comments=tuple(sorted(_comments(fixed).values())))


def told_from(meetup: Meetup) -> datetime:
    """When it is told at the earliest."""
    return meetup.summary_told_at or meetup.ends_at + TOLD_AFTER


def comment_told(meetup: Meetup, registration_id: str) -> str | None:
    """Which comment of somebody is told: for this person."""
    return _comments(_fixed(meetup) or {}).get(registration_id)


def fix(session: Session, meetup: Meetup, least_group: int) -> None:
    """Fix what is told from now on, where so many people of three companies have spoken; to be called once it is due,
    while the meetup is held fast. What is fixed stays."""
    said = _said(session, meetup.id)
    enough = len(said) >= least_group and len({company_id for _, company_id in said}) >= FEWEST_COMPANIES
    if _fixed(meetup) is not None or kept(meetup) is not None or not enough:
        return
    count = Counter(one.useful for one, _ in said)
    fixed: dict[str, object] = {each.value: count[each] for each in Usefulness}
    fixed["comments"] = {one.registration_id: one.comment for one, _ in said if one.comment}
    meetup.figures = {"feedback": fixed}
    session.add(meetup)


def can_be_fixed(least_group: int) -> ColumnElement[bool]:
    """Of which meetups enough people have spoken, and nothing is fixed."""
    enough = (
        select(col(MeetupFeedback.meetup_id))
        .join(Registration, col(Registration.id) == col(MeetupFeedback.registration_id))
        .group_by(col(MeetupFeedback.meetup_id))
        .having(func.count() >= least_group)
        .having(func.count(distinct(col(Registration.company_id))) >= FEWEST_COMPANIES)
    )
    return and_(~_IS_TOLD, col(Meetup.id).in_(enough))


def kept(meetup: Meetup) -> Mapping[str, object] | None:
    """The totals that are left of a meetup whose registrations are forgotten; None before."""
    return meetup.figures if meetup.figures is not None and "people" in meetup.figures else None


def as_kept(meetup: Meetup) -> dict[str, int] | None:
    """What stays of what is told: without comments, which may name somebody."""
    total = told(meetup)
    return None if total is None else {"yes": total.yes, "partly": total.partly, "no": total.no}


def forget_comments(session: Session, which: ColumnElement[bool]) -> None:
    """The comments of some registrations are told no more; the totals stay. To be called while these are there."""
    theirs = select(col(Registration.meetup_id), col(Registration.id)).join(
        Meetup, col(Meetup.id) == col(Registration.meetup_id)
    )
    by_meetup: dict[str, set[str]] = {}
    for meetup_id, registration_id in session.execute(theirs.where(which, _IS_TOLD)):
        by_meetup.setdefault(meetup_id, set()).add(registration_id)
    for meetup_id in sorted(by_meetup):
        meetup = meetup_queries.held_fast(session, meetup_id)
        fixed = _fixed(meetup) if meetup else None
        if meetup is None or meetup.figures is None or fixed is None or "comments" not in fixed:
            continue
        left = {one: text for one, text in _comments(fixed).items() if one not in by_meetup[meetup_id]}
        meetup.figures = meetup.figures | {"feedback": fixed | {"comments": left}}
        session.add(meetup)


def _fixed(meetup: Meetup) -> dict[str, object] | None:
    fixed = (meetup.figures or {}).get("feedback")
    return fixed if isinstance(fixed, dict) else None


def _comments(fixed: Mapping[str, object]) -> Mapping[str, str]:
    comments = fixed.get("comments")
    return comments if isinstance(comments, dict) else {}


def _said(session: Session, meetup_id: str) -> Sequence[tuple[MeetupFeedback, str]]:
    """Each answer with the company; who has answered had a place then, whatever became of it since."""
    query = (
        select(MeetupFeedback, col(Registration.company_id))
        .join(Registration, col(Registration.id) == col(MeetupFeedback.registration_id))
        .where(col(MeetupFeedback.meetup_id) == meetup_id)
    )
    return [(one, company_id) for one, company_id in session.execute(query)]
