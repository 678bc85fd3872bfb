"""Who was there, as the organizer says on the day or after it: many at once, each on its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.core.clock import now
from app.core.errors import Conflict, Problem
from app.core.i18n import mark
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import places, queries
from app.registrations.models import Registration, RegistrationStatus
from app.registrations.places import RegistrationNotFound
from app.registrations.schemas import AttendanceMark

_BEFORE, _AFTER = timedelta(hours=1), timedelta(days=30)


class AttendanceNotYet(Conflict):
    slug = "attendance-not-yet"
    title = mark("Nobody can be there yet")
    detail = mark("The meetup begins at {starts_at}. Who is there is marked from one hour before that.")


class AttendanceOver(Conflict):
    slug = "attendance-over"
    title = mark("The meetup is over for long")
    detail = mark("Who was there is marked until 30 days after the end of a meetup; this one ended at {ends_at}.")


class HasNoPlace(Conflict):
    slug = "registration-without-place"
    title = mark("The person has no place")
    detail = mark("The registration {registration_id} is {status}. Only who has a place is marked as there or not.")


class MarkedNow(Conflict):
    slug = "attendance-refused-before"
    title = mark("It was refused the first time")
    detail = mark(
        "This request is a repetition, and this row was refused the first time. Nothing is in its way any more: send "
        "it again with a new Idempotency-Key."
    )


@dataclass(frozen=True, slots=True)
class MarkResult:
    registration_id: str
    problem: Problem | None


def mark_many(session: Session, caller: Caller, meetup_id: str, marks: Sequence[AttendanceMark]) -> list[MarkResult]:
    """Say of several whether they were there; each on its own, in the order named.

    Raises AttendanceNotYet, AttendanceOver, MeetupCalledOff.
    """
    caller.require(Role.ORGANIZER, Role.OPERATOR)
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    _require_the_day(meetup)
    known = _named(session, meetup, marks)
    results = []
    for one in marks:
        registration = known.get(one.registration_id)
        problem = _refusal(registration, one.registration_id)
        if problem is None and registration is not None and registration.attended is not one.attended:
            registration.attended = one.attended
            registration.version += 1
            session.add(registration)
        results.append(MarkResult(one.registration_id, problem))
    session.flush()
    return results


def which(results: Sequence[MarkResult]) -> str:
    """What is remembered of a request to mark several: for each row whether it was marked."""
    return "".join("-" if result.problem else "+" for result in results)


def marked_before(
    session: Session, caller: Caller, meetup_id: str, marks: Sequence[AttendanceMark], rows: str
) -> list[MarkResult]:
    """The results of such a request when it is repeated: the same rows marked and refused as the first time."""
    meetup = meetups.get(session, caller, meetup_id)
    known = _named(session, meetup, marks)
    results = []
    for one, row in zip(marks, rows, strict=True):
        problem = _refusal(known.get(one.registration_id), one.registration_id) or MarkedNow()
        results.append(MarkResult(one.registration_id, problem if row == "-" else None))
    return results


def _require_the_day(meetup: Meetup) -> None:
    if meetup.status is MeetupStatus.CANCELLED:
        raise places.MeetupCalledOff
    moment = now()
    if meetup.starts_at - _BEFORE > moment or meetup.status is MeetupStatus.DRAFT:
        raise AttendanceNotYet(starts_at=places.shown_at(meetup.starts_at, meetup))
    if meetup.ends_at + _AFTER < moment:
        raise AttendanceOver(ends_at=places.shown_at(meetup.ends_at, meetup))


def _named(session: Session, meetup: Meetup, marks: Sequence[AttendanceMark]) -> dict[str, Registration]:
    found = queries.by_ids(session, {one.registration_id for one in marks})
    return {one.id: one for one in found if one.meetup_id == meetup.id and one.number is not None}


def _refusal(registration: Registration | None, registration_id: str) -> Problem | None:
    """What keeps one of several from being marked, if anything does."""
    if registration is None:
        return RegistrationNotFound(registration_id=registration_id)
    if registration.status is not RegistrationStatus.REGISTERED:
        return HasNoPlace(registration_id=registration_id, status=registration.status.value)
    return None
