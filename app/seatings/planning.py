"""Seatings are asked for: of everybody at once, or on the day of the rotations that are left.

A worker computes them. Of one meetup one is computed at a time, and the newest that is done counts.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlmodel import Session

from app.access.service import Caller
from app.core import jobs
from app.core.clock import now
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import queries as registrations
from app.seatings import queries, running
from app.seatings import service as seatings
from app.seatings.models import Seating, SeatingStatus
from app.seatings.schemas import ReseatCreate, Seated, SeatingCreate
from app.seatings.sizes import LARGEST, SMALLEST, fit, nearest

JOB = "seating"

_SEATED = (MeetupStatus.ANNOUNCED, MeetupStatus.OPEN, MeetupStatus.FULL, MeetupStatus.HELD)
# It may take longer than it was planned; a day later nobody changes tables any more.
_AFTER_ITS_END = timedelta(hours=12)


class MeetupNotSeated(Conflict):
    slug = "meetup-not-seated"
    title = mark("Nobody is seated at this meetup now")
    detail = mark(
        "The meetup is {status} and ends at {ends_at}. People are seated once it is announced, and until 12 hours "
        "after its end."
    )


class NobodyToSeat(Conflict):
    slug = "nobody-to-seat"
    title = mark("There is nobody to seat")
    detail = mark("Nobody has a place at this meetup. Wait for registrations, see GET /v1/meetups/{meetup_id}.")


class TooFewToSeat(Conflict):
    slug = "too-few-to-seat"
    title = mark("There are too few people for a group")
    detail = running.FAILURES[running.TOO_FEW]


class SizesDoNotFit(Conflict):
    slug = "group-sizes-do-not-fit"
    title = mark("So many people do not fit into such groups")
    detail = running.FAILURES[running.SIZES]


class SizesOutOfOrder(Unprocessable):
    slug = "group-sizes-out-of-order"
    title = mark("The sizes of groups contradict each other")
    detail = mark(
        "`group_size` must lie between `min_size` and `max_size`: it is {group_size}, and they are {min_size} and "
        "{max_size}."
    )


class ApartFromItself(Unprocessable):
    slug = "apart-from-itself"
    title = mark("Nobody can be kept apart from themselves")
    detail = mark("In `apart` the registration {registration_id} stands twice in a pair. Name two people.")


class NotToBeSeated(Unprocessable):
    slug = "not-to-be-seated"
    title = mark("Some of these registrations have no place here")
    detail = mark(
        "In `{field}` these have no place at this meetup: {registration_ids}. List those that have with GET "
        "/v1/meetups/{meetup_id}/registrations. Nothing was stored."
    )


class NotOfTheMeetup(Unprocessable):
    slug = "not-of-the-meetup"
    title = mark("Some of these are no registrations of this meetup")
    detail = mark(
        "In `absent` these are no registrations of this meetup: {registration_ids}. Leave them out. Nothing was "
        "stored."
    )


class AbsentAndLate(Unprocessable):
    slug = "absent-and-late"
    title = mark("Nobody is absent and late")
    detail = mark("These stand in `absent` and in `late`: {registration_ids}. Leave each in one of them.")


class RotationBeyondTheLast(Unprocessable):
    slug = "rotation-beyond-the-last"
    title = mark("There is no such rotation")
    detail = mark("The seating {seating_id} has {rotations} rotations. Name one of them in `from_rotation`.")


class SeatingUnderWay(Conflict):
    slug = "seating-under-way"
    title = mark("A seating of this meetup is being computed")
    detail = mark("Wait for {seating_id}, which takes seconds: follow it at /v1/seatings/{seating_id}/events.")


class SeatingNotCurrent(Conflict):
    slug = "seating-not-current"
    title = mark("Another seating counts")
    detail = mark(
        "The seating that counts is {current}, the newest that is done. Look at it with GET /v1/seatings/{current} "
        "and plan its rotations anew."
    )


def create(session: Session, caller: Caller, meetup_id: str, wish: SeatingCreate) -> Seating:
    """Queue a seating of everybody who has a place, or on the day of those who are there."""
    meetup = _seated_meetup(session, caller, meetup_id)
    placed = {one.id: one for one in registrations.with_place(session, meetup_id)}
    _require_apart(meetup, wish.apart, placed)
    people = (
        sorted(one.id for one in registrations.present(session, meetup_id))
        if wish.people is Seated.PRESENT
        else sorted(placed)
    )
    sizes = (
        wish.group_size,
        max(SMALLEST, wish.group_size - 1) if wish.min_size is None else wish.min_size,
        min(LARGEST, wish.group_size + 1) if wish.max_size is None else wish.max_size,
    )
    return _queued(
        session,
        meetup,
        people,
        sizes,
        rotations=wish.rotations,
        rotation_minutes=wish.rotation_minutes,
        apart=sorted(sorted(pair) for pair in wish.apart),
    )


def reseat(session: Session, caller: Caller, seating_id: str, wish: ReseatCreate) -> Seating:
    """Queue a new seating that keeps the rotations before `from_rotation` as they are, and plans the others anew
    without those who did not come and with those who came since. Only of the seating that counts."""
    meetup_id = seatings.get(session, caller, seating_id).meetup_id
    meetup = _seated_meetup(session, caller, meetup_id)
    seating = _current(session, meetup_id, seating_id)
    if wish.from_rotation > seating.rotations:
        raise RotationBeyondTheLast(seating_id=seating_id, rotations=seating.rotations)
    placed = {one.id: one for one in registrations.with_place(session, meetup_id)}
    _require_known(session, meetup, wish, placed)
    # Who has cancelled since is left out without being named.
    people = sorted((set(seating.people) - set(wish.absent) | set(wish.late)) & placed.keys())
    sizes = (
        wish.group_size or seating.group_size,
        wish.min_size or seating.min_size,
        wish.max_size or seating.max_size,
    )
    return _queued(
        session,
        meetup,
        people,
        sizes,
        rotations=seating.rotations,
        rotation_minutes=seating.rotation_minutes,
        apart=seating.apart,
        kept=wish.from_rotation - 1,
        based_on=seating.id,
    )


def _seated_meetup(session: Session, caller: Caller, meetup_id: str) -> Meetup:
    """The meetup, held: of two who ask at the same moment the second one knows of the first."""
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    if meetup.status not in _SEATED or meetup.ends_at + _AFTER_ITS_END < now():
        raise MeetupNotSeated(status=meetup.status.value, ends_at=f"{meetup.ends_at:%Y-%m-%dT%H:%M}Z")
    under_way = queries.newest(session, meetup_id, *queries.UNDER_WAY)
    if under_way is not None:
        raise SeatingUnderWay(seating_id=under_way.id)
    return meetup


def _current(session: Session, meetup_id: str, seating_id: str) -> Seating:
    current = queries.newest(session, meetup_id, SeatingStatus.DONE)
    if current is None:
        raise seatings.SeatingNotDone(seating_id=seating_id)
    if current.id != seating_id:
        raise SeatingNotCurrent(current=current.id)
    return current


def _require_apart(meetup: Meetup, apart: Sequence[Sequence[str]], placed: Collection[str]) -> None:
    for one, other in apart:
        if one == other:
            raise ApartFromItself(registration_id=one)
    _require_placed(meetup, "apart", {one for pair in apart for one in pair}, placed)


def _require_known(session: Session, meetup: Meetup, wish: ReseatCreate, placed: Collection[str]) -> None:
    both = sorted(set(wish.absent) & set(wish.late))
    if both:
        raise AbsentAndLate(registration_ids=", ".join(both))
    # Who was absent in the first rotation may well be named again with those of the second.
    known = {one.id for one in registrations.by_ids(session, wish.absent) if one.meetup_id == meetup.id}
    strangers = sorted(set(wish.absent) - known)
    if strangers:
        raise NotOfTheMeetup(registration_ids=", ".join(strangers))
    _require_placed(meetup, "late", wish.late, placed)


def _require_placed(meetup: Meetup, field: str, ids: Collection[str], placed: Collection[str]) -> None:
    missing = sorted(set(ids) - set(placed))
    if missing:
        raise NotToBeSeated(field=field, registration_ids=", ".join(missing), meetup_id=meetup.id)


def _queued(
    session: Session,
    meetup: Meetup,
    people: Sequence[str],
    sizes: tuple[int, int, int],
    *,
    rotations: int,
    rotation_minutes: int | None,
    apart: list[list[str]],
    kept: int = 0,
    based_on: str | None = None,
) -> Seating:
    group_size, least, most = sizes
    _require_possible(meetup, len(people), group_size, least, most)
    seating = Seating(
        id=new_id("stg"),
        meetup_id=meetup.id,
        status=SeatingStatus.QUEUED,
        rotations=rotations,
        kept=kept,
        based_on=based_on,
        group_size=group_size,
        min_size=least,
        max_size=most,
        rotation_minutes=rotation_minutes,
        people=list(people),
        apart=apart,
        created_at=now(),
    )
    session.add(seating)
    jobs.enqueue(session, JOB, seating.id)
    return seating


def _require_possible(meetup: Meetup, people: int, group_size: int, least: int, most: int) -> None:
    if not least <= group_size <= most:
        raise SizesOutOfOrder(group_size=group_size, min_size=least, max_size=most)
    if people == 0:
        raise NobodyToSeat(meetup_id=meetup.id)
    if people < least:
        raise TooFewToSeat(people=people, least=least)
    if not fit(people, least, most):
        raise SizesDoNotFit(people=people, least=least, most=most, **asdict(nearest(people, least, most)))
