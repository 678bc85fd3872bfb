"""What came of a meetup, for everybody: how many were there, talks, tables, what was said of it, which tandems began.

Figures of few people are not told: what is null for that reason is some, not none.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.access.models import Role
from app.access.service import Caller
from app.core import events
from app.core.clock import now
from app.core.errors import Conflict
from app.core.i18n import mark
from app.meetups import queries as meetup_queries
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus
from app.meetups.viewing import ToldTalk, talks_shown
from app.registrations import queries as registrations
from app.registrations import totals
from app.registrations.totals import FeedbackTotals
from app.rounds.models import Round
from app.seatings import service as seatings
from app.tandems.models import Suggestion

WAS_HELD = (MeetupStatus.HELD, MeetupStatus.ARCHIVED)


class MeetupNotHeld(Conflict):
    slug = "meetup-not-held"
    title = mark("The meetup was not held yet")
    detail = mark("What came of a meetup is told once it was held; this one is {status}.")


class SummaryToldBefore(Conflict):
    slug = "summary-told-before"
    title = mark("Everybody was told already")
    detail = mark("The summary was sent at {told_at} (UTC), and is sent once. Read it with GET at the same meetup.")


@dataclass(frozen=True, slots=True)
class Tables:
    """Who sat with whom, in figures."""

    rotations: int
    groups: int
    """Over all rotations."""
    people: int | None
    """None for fewer than are told, and once registrations are forgotten."""


@dataclass(frozen=True, slots=True)
class Summary:
    meetup: Meetup
    people: int | None
    """How many were there; None for fewer than are told."""
    companies: int | None
    """Of how many companies; None where `people` is."""
    talks: tuple[ToldTalk, ...]
    feedback: FeedbackTotals | None
    """None where it is not told yet, or too few have spoken: see `totals`."""
    feedback_from: datetime
    """Before then it is not told."""
    tables: Tables | None
    """None where nobody was seated."""
    tandems: int | None
    """How many began; None for some, but fewer than are told."""
    next_meetup: Meetup | None


def read(session: Session, caller: Caller, meetup_id: str, least_group: int) -> Summary:
    """What came of a meetup that was held. Raises MeetupNotFound, MeetupNotHeld."""
    meetup = meetups.get(session, caller, meetup_id)
    _require_held(meetup)
    return summary(session, meetup, least_group)


def tell(session: Session, caller: Caller, meetup_id: str, least_group: int) -> Meetup:
    """Send the summary to everybody who was there, before it goes by itself three days after the meetup; and fix what
    is told of what people said.

    Raises MeetupNotFound, MeetupNotHeld, SummaryToldBefore.
    """
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    caller.require(Role.ORGANIZER, Role.OPERATOR)
    _require_held(meetup)
    if meetup.summary_told_at is not None:
        raise SummaryToldBefore(told_at=f"{meetup.summary_told_at:%Y-%m-%d %H:%M}")
    meetup.summary_told_at = now()
    session.add(meetup)
    totals.fix(session, meetup, least_group)
    events.record(session, "meetup.summary_due", meetup.id)
    return meetup


def summary(session: Session, meetup: Meetup, least_group: int) -> Summary:
    """What came of a meetup, with figures of at least so many people."""
    people, companies = _present(session, meetup)
    begun = _tandems_begun(session, meetup.id)
    return Summary(
        meetup=meetup,
        people=people if people >= least_group else None,
        companies=companies if people >= least_group else None,
        talks=tuple(talks_shown(session, [meetup.id]).get(meetup.id, ())),
        feedback=totals.told(meetup),
        feedback_from=totals.told_from(meetup),
        tables=_tables(session, meetup, least_group),
        tandems=begun if begun >= least_group or begun == 0 else None,
        next_meetup=meetup_queries.next_to_come(session),
    )


def _require_held(meetup: Meetup) -> None:
    if meetup.status not in WAS_HELD:
        raise MeetupNotHeld(status=meetup.status.value)


def _present(session: Session, meetup: Meetup) -> tuple[int, int]:
    """How many people, and of how many companies; once registrations are forgotten, what was kept of them."""
    kept = totals.kept(meetup)
    if kept is not None:
        return int(str(kept["people"])), int(str(kept["companies"]))
    present = registrations.present(session, meetup.id)
    return len(present), len({one.company_id for one in present})


def _tables(session: Session, meetup: Meetup, least_group: int) -> Tables | None:
    seating = seatings.current(session, meetup.id)
    if seating is None:
        return None
    groups = seatings.groups_of(session, seating.id)
    people = len({one for group in groups for one in group.members})
    return Tables(seating.rotations, len(groups), people if people >= least_group else None)


def _tandems_begun(session: Session, meetup_id: str) -> int:
    """Of people who met there, and of rounds among those who came."""
    rounds = select(col(Round.id)).where(col(Round.scope_meetup) == meetup_id)
    came_of_it = or_(col(Suggestion.meetup_id) == meetup_id, col(Suggestion.round_id).in_(rounds))
    begun = select(func.count()).where(came_of_it, col(Suggestion.tandem_id).is_not(None))
    return int(session.execute(begun).scalar_one())
