"""Meetups: planned by an organizer, announced, opened for registration, held, archived.

draft -> announced -> open <-> full -> held -> archived        any before held -> cancelled
"""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from app.access.service import Caller
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.meetups import agendas, forgetting, planning, queries
from app.meetups.models import TO_COME, Meetup, MeetupStatus, TalkStatus
from app.meetups.schemas import MeetupCreate, MeetupUpdate
from app.meetups.viewing import version_of

CHANGEABLE = (MeetupStatus.DRAFT, *TO_COME)
_WHEN_AND_WHERE = frozenset({"starts_at", "ends_at", "time_zone", "place", "online_link"})
"""What stands in people's calendars."""

Step = Callable[[Session, Meetup], None]

erase_company = forgetting.erase_company


class MeetupNotFound(NotFound):
    slug = "meetup-not-found"
    title = mark("No such meetup")
    detail = mark("There is no meetup {meetup_id} that you may see. List them with GET /v1/meetups.")


class WrongMeetupState(Conflict):
    slug = "wrong-meetup-state"
    title = mark("The meetup is at another point")
    detail = mark(
        "The meetup is {status}; this step is possible only when it is one of these: {needed}. Its steps are POST "
        "/v1/meetups/{meetup_id}/announce, open, hold, archive; one that is held or cancelled stays so: plan another "
        "one with POST /v1/meetups."
    )


class MeetupNowhere(Conflict):
    slug = "meetup-nowhere"
    title = mark("People would not know where to go")
    detail = mark(
        "From its announcement on a meetup has `online_link`, `place` or both. Send one of them with PATCH "
        "/v1/meetups/{meetup_id}."
    )


class MeetupBegun(Conflict):
    slug = "meetup-begun"
    title = mark("The meetup has begun already")
    detail = mark(
        "It began at {starts_at}; until then this was possible. An organizer moves it with PATCH "
        "/v1/meetups/{meetup_id} where that start was a mistake."
    )


class MeetupNotBegun(Conflict):
    slug = "meetup-not-begun"
    title = mark("The meetup has not begun yet")
    detail = mark(
        "It begins at {starts_at}. Say that it was held once it has begun; one that does not take place is cancelled "
        "with POST /v1/meetups/{meetup_id}/cancel."
    )


class MeetupOver(Conflict):
    slug = "meetup-over"
    title = mark("The meetup is over")
    detail = mark(
        "It ended at {ends_at}, and is marked as held by itself. Where its date was a mistake, move it with PATCH "
        "/v1/meetups/{meetup_id}; then it can be cancelled."
    )


class CapacityBelowTaken(Conflict):
    slug = "capacity-below-taken"
    title = mark("More places are taken than that")
    detail = mark(
        "{taken} places are taken or kept for somebody of the waiting list, and `capacity` would be {capacity}. Send "
        "at least {taken}: nobody loses a place again."
    )


class HostUnknown(Unprocessable):
    slug = "meetup-host-unknown"
    title = mark("The host does not take part")
    detail = mark("{company_id} is no company that takes part. See GET /v1/companies, or leave the host out.")


def create(session: Session, caller: Caller, wish: MeetupCreate) -> Meetup:
    """A draft, for organizers only. Raises HostUnknown and what `planning.planned` raises."""
    caller.require(*queries.ORGANIZES)
    times = planning.planned(wish)
    _check_host(session, wish.host_company_id)
    # It has no talks yet that could be on its agenda.
    agenda = agendas.stored(wish.agenda, ())
    meetup = Meetup(
        id=new_id("mtp"),
        status=MeetupStatus.DRAFT,
        uid=new_id("cal"),
        created_at=now(),
        **wish.model_dump(exclude={"agenda", "starts_at", "ends_at", "registration_until"}),
        agenda=agenda,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        registration_until=times.registration_until,
    )
    session.add(meetup)
    session.flush()
    events.record(session, "meetup.created", meetup.id)
    return meetup


def change(
    session: Session, caller: Caller, meetup_id: str, wish: MeetupUpdate, if_match: str | None
) -> tuple[Meetup, int | None]:
    """Change what was sent, and how many people in line are told of another date, place or link; None: none of them.

    Once it is announced, `meetup.moved` tells of these and `meetup.changed` of anything else. Registrations of the
    same moment are no other version: what they have taken is looked at here.
    """
    meetup = _at_hand(session, caller, meetup_id)
    require_match(version_of(if_match), meetup.version)
    require(meetup, *CHANGEABLE)
    changed = _changed(session, meetup, wish)
    if not changed:
        return meetup, None
    for field, value in changed.items():
        setattr(meetup, field, value)
    announced = queries.is_public(meetup)
    if announced:
        _require_somewhere(meetup)
    follow_places(session, meetup)
    is_moved = announced and bool(changed.keys() & _WHEN_AND_WHERE)
    if is_moved:
        meetup.sequence += 1
        events.record(session, "meetup.moved", meetup.id)
    if announced and changed.keys() - _WHEN_AND_WHERE:
        events.record(session, "meetup.changed", meetup.id)
    return _stored(session, meetup), meetup.taken + meetup.waiting if is_moved else None


def take_step(session: Session, caller: Caller, meetup_id: str, step: Step) -> Meetup:
    """One of the steps below, as an organizer. Raises MeetupNotFound, RoleNotEnough."""
    meetup = _at_hand(session, caller, meetup_id)
    step(session, meetup)
    return meetup


def announce(session: Session, meetup: Meetup) -> None:
    """From now on everybody may read it, and propose talks. The meetup is locked, here and below."""
    require(meetup, MeetupStatus.DRAFT)
    require_to_come(meetup)
    _require_somewhere(meetup)
    meetup.announced_at = now()
    _move(session, meetup, MeetupStatus.ANNOUNCED, "meetup.announced")


def open_registration(session: Session, meetup: Meetup) -> None:
    """From now on people may register; portals hear of it as of any change."""
    require(meetup, MeetupStatus.ANNOUNCED)
    require_to_come(meetup)
    _move(session, meetup, MeetupStatus.OPEN, "meetup.changed")


def follow_places(session: Session, meetup: Meetup) -> None:
    """Open or full, by the places that are taken; the meetup is locked.

    Who waits does not count: where places are left, only people of companies at their limit do. It is no other
    version either, for organizers have changed nothing.
    """
    if meetup.status in (MeetupStatus.OPEN, MeetupStatus.FULL):
        is_full = meetup.capacity is not None and meetup.taken >= meetup.capacity
        meetup.status = MeetupStatus.FULL if is_full else MeetupStatus.OPEN
        session.add(meetup)


def hold(session: Session, meetup: Meetup) -> None:
    """It has taken place, or does so now; records `meetup.held`. Raises WrongMeetupState, MeetupNotBegun."""
    require(meetup, *TO_COME)
    if meetup.starts_at > now():
        raise MeetupNotBegun(starts_at=planning.shown(meetup.starts_at), meetup_id=meetup.id)
    meetup.held_at = now()
    _move(session, meetup, MeetupStatus.HELD, "meetup.held")


def archive(session: Session, meetup: Meetup) -> None:
    """Nothing is expected of it any more."""
    require(meetup, MeetupStatus.HELD)
    meetup.archived_at = now()
    _move(session, meetup, MeetupStatus.ARCHIVED, "meetup.archived")


def cancel(session: Session, meetup: Meetup, message: str) -> None:
    """It does not take place; a draft is nobody's but the organizers', and nobody is told.

    Raises WrongMeetupState; MeetupOver for one that people were at, though nobody has marked it as held yet.
    """
    require(meetup, *CHANGEABLE)
    if queries.is_public(meetup) and meetup.ends_at <= now():
        raise MeetupOver(ends_at=planning.shown(meetup.ends_at), meetup_id=meetup.id)
    meetup.cancel_message, meetup.cancelled_at = message, now()
    meetup.sequence += 1
    _move(
        session,
        meetup,
        MeetupStatus.CANCELLED,
        "meetup.cancelled" if queries.is_public(meetup) else "meetup.discarded",
    )


def get(session: Session, caller: Caller, meetup_id: str, *, for_update: bool = False) -> Meetup:
    """The meetup: a draft for organizers and operators only. Raises MeetupNotFound."""
    if caller.role not in queries.ORGANIZES:
        return public(session, meetup_id, for_update=for_update)
    found = _found(session, meetup_id, for_update=for_update)
    if found is None:
        raise MeetupNotFound(meetup_id=meetup_id)
    return found


def public(session: Session, meetup_id: str, *, for_update: bool = False) -> Meetup:
    """The meetup for whoever has its address: not a draft. Raises MeetupNotFound."""
    found = _found(session, meetup_id, for_update=for_update)
    if found is None or not queries.is_public(found):
        raise MeetupNotFound(meetup_id=meetup_id)
    return found


def require(meetup: Meetup, *needed: MeetupStatus) -> None:
    """Raises WrongMeetupState."""
    if meetup.status not in needed:
        raise WrongMeetupState(status=meetup.status.value, needed=", ".join(needed), meetup_id=meetup.id)


def require_to_come(meetup: Meetup) -> None:
    """Raises MeetupBegun."""
    if meetup.starts_at <= now():
        raise MeetupBegun(starts_at=planning.shown(meetup.starts_at), meetup_id=meetup.id)


def _at_hand(session: Session, caller: Caller, meetup_id: str) -> Meetup:
    """The meetup, for an organizer who changes it. What others do not see is not found, whatever their role."""
    meetup = get(session, caller, meetup_id, for_update=True)
    caller.require(*queries.ORGANIZES)
    return meetup


def _found(session: Session, meetup_id: str, *, for_update: bool) -> Meetup | None:
    return queries.held_fast(session, meetup_id) if for_update else session.get(Meetup, meetup_id)


def _changed(session: Session, meetup: Meetup, wish: MeetupUpdate) -> dict[str, Any]:
    """What would be another value, by field. Raises whatever stands against it."""
    named = wish.model_dump(exclude_unset=True, exclude={"agenda", "starts_at", "ends_at", "registration_until"})
    if named.get("time_zone", "") is None:
        del named["time_zone"]
    times = planning.moved(meetup, wish)
    named |= {
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "registration_until": times.registration_until,
    }
    if "agenda" in wish.model_fields_set:
        accepted = {one.id for one in queries.talks_of(session, meetup.id, TalkStatus.ACCEPTED)}
        named["agenda"] = agendas.stored(wish.agenda, accepted)
    changed = {field: value for field, value in named.items() if getattr(meetup, field) != value}
    if "host_company_id" in changed:
        _check_host(session, wish.host_company_id)
    if "capacity" in changed and wish.capacity is not None and wish.capacity < meetup.taken:
        raise CapacityBelowTaken(taken=meetup.taken, capacity=wish.capacity)
    return changed


def _check_host(session: Session, company_id: str | None) -> None:
    if company_id is not None and not companies.takes_part(session, company_id):
        raise HostUnknown(company_id=company_id)


def _require_somewhere(meetup: Meetup) -> None:
    if meetup.online_link is None and meetup.place is None:
        raise MeetupNowhere(meetup_id=meetup.id)


def _move(session: Session, meetup: Meetup, status: MeetupStatus, event: str) -> None:
    meetup.status = status
    _stored(session, meetup)
    events.record(session, event, meetup.id)


def _stored(session: Session, meetup: Meetup) -> Meetup:
    """The meetup, with a version of its own."""
    meetup.version += 1
    session.add(meetup)
    session.flush()
    return meetup
