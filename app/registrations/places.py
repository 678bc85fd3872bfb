"""Places of a meetup: taken in the order in which people come, offered to who waits when one is free.

Whoever gives or takes one holds the meetup's row: what is counted there is exact, and numbers are given out in the
order in which they are stored.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import Session

from app.core import events
from app.core.clock import now
from app.core.dates import local
from app.core.errors import Conflict, NotFound
from app.core.events import Event
from app.core.i18n import mark
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import queries
from app.registrations.models import TAKES_A_PLACE, Registration, RegistrationStatus

_GIVES_PLACES = (MeetupStatus.OPEN, MeetupStatus.FULL)
_OVER = (MeetupStatus.HELD, MeetupStatus.ARCHIVED)


class RegistrationNotFound(NotFound):
    slug = "registration-not-found"
    title = mark("No such registration")
    detail = mark(
        "There is no registration {registration_id} that you may see. List them with "
        "GET /v1/meetups/{{meetup_id}}/registrations."
    )


class RegistrationNotOpen(Conflict):
    slug = "registration-not-open"
    title = mark("Registration is not open yet")
    detail = mark(
        "The meetup is announced for {starts_at}, and its organizer has not opened registration yet. Try again when "
        "its status is open; portals hear of it by the webhook meetup.changed."
    )


class RegistrationOver(Conflict):
    slug = "registration-over"
    title = mark("Registration is over")
    detail = mark("Registration for this meetup ended at {until}. Look at the next ones with GET /v1/meetups.")


class MeetupBegun(Conflict):
    slug = "registration-meetup-begun"
    title = mark("The meetup has begun or is over")
    detail = mark("It began at {starts_at}. Look at the next ones with GET /v1/meetups.")


class MeetupCalledOff(Conflict):
    slug = "registration-meetup-cancelled"
    title = mark("The meetup does not take place")
    detail = mark("The meetup was cancelled. Look at the next ones with GET /v1/meetups.")


class CompanyIsOut(Conflict):
    slug = "registration-company-is-out"
    title = mark("The company takes part no more")
    detail = mark(
        "The company does not take part at present, so nobody of it can register or take a place. Ask its "
        "coordinator, or the operator."
    )


def opened(session: Session, meetup: Meetup) -> None:
    """See to it that somebody can come: registration is open, and who comes finds everybody else where they belong at
    this moment. The meetup is locked. Raises what `require_open` raises."""
    require_open(meetup)
    promote(session, meetup)


def require_open(meetup: Meetup) -> None:
    """Raises what keeps people from registering now: RegistrationNotOpen, RegistrationOver, MeetupBegun,
    MeetupCalledOff."""
    require_to_come(meetup)
    if meetup.status not in _GIVES_PLACES:
        raise RegistrationNotOpen(starts_at=shown_at(meetup.starts_at, meetup))
    if meetup.registration_until is not None and meetup.registration_until <= now():
        raise RegistrationOver(until=shown_at(meetup.registration_until, meetup))


def require_to_come(meetup: Meetup) -> None:
    """Raises MeetupCalledOff, MeetupBegun."""
    if meetup.status is MeetupStatus.CANCELLED:
        raise MeetupCalledOff
    if meetup.status in _OVER or meetup.starts_at <= now():
        raise MeetupBegun(starts_at=shown_at(meetup.starts_at, meetup))


def require_taking_part(session: Session, registration: Registration) -> None:
    """Raises CompanyIsOut."""
    if not queries.takes_part(session, registration.company_id):
        raise CompanyIsOut


def require_not_over(meetup: Meetup) -> None:
    """As `require_to_come`, and while it takes place."""
    if meetup.status is MeetupStatus.CANCELLED:
        raise MeetupCalledOff
    if meetup.status in _OVER:
        raise MeetupBegun(starts_at=shown_at(meetup.starts_at, meetup))


def locked(session: Session, meetup_id: str) -> Meetup:
    """The meetup as it is now; nobody else gives or takes its places until the transaction is over."""
    # Rows that name the meetup, such as feedback, can be written meanwhile by who holds its own registration.
    return session.get_one(Meetup, meetup_id, with_for_update={"key_share": True}, populate_existing=True)


def at_hand(session: Session, registration_id: str) -> tuple[Registration, Meetup]:
    """The registration and its meetup, locked. Raises RegistrationNotFound."""
    found = session.get(Registration, registration_id)
    if found is None:
        raise RegistrationNotFound(registration_id=registration_id)
    meetup = locked(session, found.meetup_id)
    # Read once more: it may have changed while the lock was waited for.
    registration = session.get(Registration, registration_id, populate_existing=True)
    if registration is None:
        raise RegistrationNotFound(registration_id=registration_id)
    return registration, meetup


def enter(session: Session, meetup: Meetup, registration: Registration) -> None:
    """Take the next number and a place or, where none is free for this company, the end of the waiting list.

    Who comes again goes to the end. The meetup is locked, and `opened`: whoever waits for a free place has been
    offered it, so that nobody is overtaken.
    """
    meetup.last_number += 1
    registration.number = meetup.last_number
    if registration.registered_at is not None:
        registration.turn += 1
    registration.registered_at = now()
    registration.ended_at = registration.offered_until = registration.attended = None
    if _is_free(meetup) and not is_at_limit(session, meetup, registration.company_id):
        _move(session, meetup, registration, RegistrationStatus.REGISTERED)
    else:
        _move(session, meetup, registration, RegistrationStatus.WAITING)
    meetups.follow_places(session, meetup)


def keep(session: Session, meetup: Meetup, registration: Registration) -> None:
    """An offered place is confirmed. The meetup is locked."""
    registration.offered_until = None
    _move(session, meetup, registration, RegistrationStatus.REGISTERED)


def leave(session: Session, meetup: Meetup, registration: Registration) -> None:
    """Give up a place or the waiting; a place that is free then is offered to who is next. The meetup is locked."""
    if registration.status is RegistrationStatus.REGISTERED:
        registration.turn += 1
    _end(session, meetup, registration, RegistrationStatus.CANCELLED)
    promote(session, meetup)


def promote(session: Session, meetup: Meetup) -> None:
    """Offer free places to those who have waited longest, see `count_from_now`; before that, offers that nobody
    confirmed in time lapse. Who is over the company's limit is passed over, and keeps the number. The meetup is
    locked.

    From the start on nobody is offered a place. Of one that is cancelled nothing lapses: whoever was offered a place
    is told of the end, and of nothing else.
    """
    moment = now()
    if meetup.taken and meetup.status is not MeetupStatus.CANCELLED:
        for one in queries.overdue(session, meetup.id, moment):
            _end(session, meetup, one, RegistrationStatus.LAPSED)
    if meetup.status in _GIVES_PLACES and moment < meetup.starts_at:
        _offer_free_ones(session, meetup)
    meetups.follow_places(session, meetup)


def count_from_now(session: Session, registration_id: str) -> None:
    """A person is told of an offer: from now on its time counts, at the most until the meetup begins. Before that
    nobody loses a place by not confirming it."""
    registration, meetup = at_hand(session, registration_id)
    if registration.status is RegistrationStatus.OFFERED:
        kept_for = timedelta(hours=meetup.confirm_within_hours)
        _keep_until(session, registration, min(now() + kept_for, meetup.starts_at))


def meetup_moved(session: Session, event: Event) -> None:
    """No place is kept beyond another start; and what was given up after the former one is offered to who waits."""
    meetup = locked(session, event.subject_id)
    for one in queries.kept_beyond(session, meetup.id, meetup.starts_at):
        _keep_until(session, one, meetup.starts_at)
    promote(session, meetup)


def is_overdue(registration: Registration) -> bool:
    """Whether a place was offered, and its time is over."""
    return registration.offered_until is not None and registration.offered_until <= now()


def is_at_limit(session: Session, meetup: Meetup, company_id: str) -> bool:
    """Whether a company has as many places as one may have."""
    if meetup.limit_per_company is None:
        return False
    return queries.places_of(session, meetup.id, company_id) >= meetup.limit_per_company


def _offer_free_ones(session: Session, meetup: Meetup) -> None:
    if not meetup.waiting or not _is_free(meetup):
        return
    places = Counter(queries.places_by_company(session, meetup.id))
    while _is_free(meetup):
        full = _at_limit(places, meetup.limit_per_company)
        following = queries.next_waiting(session, meetup.id, of_others_than=full)
        if following is None:
            return
        following.offered_until = meetup.starts_at
        _move(session, meetup, following, RegistrationStatus.OFFERED)
        places[following.company_id] += 1


def _at_limit(places: Counter[str], limit: int | None) -> set[str]:
    return set() if limit is None else {company_id for company_id, number in places.items() if number >= limit}


def _is_free(meetup: Meetup) -> bool:
    return meetup.capacity is None or meetup.taken < meetup.capacity


def _keep_until(session: Session, registration: Registration, moment: datetime) -> None:
    registration.offered_until = moment
    registration.version += 1
    session.add(registration)


def _end(session: Session, meetup: Meetup, registration: Registration, status: RegistrationStatus) -> None:
    registration.offered_until, registration.ended_at = None, now()
    _move(session, meetup, registration, status)


def _move(session: Session, meetup: Meetup, registration: Registration, status: RegistrationStatus) -> None:
    """Another status, with what the meetup counts, and people told of it."""
    before = registration.status
    meetup.taken += (status in TAKES_A_PLACE) - (before in TAKES_A_PLACE)
    meetup.waiting += (status is RegistrationStatus.WAITING) - (before is RegistrationStatus.WAITING)
    registration.status = status
    registration.version += 1
    session.add(registration)
    session.add(meetup)
    # Of an address that nobody has confirmed, nobody was told anything.
    if before is not RegistrationStatus.UNCONFIRMED or status is not RegistrationStatus.CANCELLED:
        events.record(session, f"registration.{status.value}", registration.id)


def shown_at(moment: datetime, meetup: Meetup) -> str:
    """A time where the meetup is, for the words of a refusal."""
    return f"{local(moment, meetup.time_zone):%Y-%m-%dT%H:%M} ({meetup.time_zone})"
