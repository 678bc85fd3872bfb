"""Seatings as they are, who sits with whom, and whom somebody wants to meet again.

What one person says the other learns only once it has said the same; from then on it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.access.models import PERSON_ROLES, Role
from app.access.service import Caller
from app.core import events
from app.core.clock import now
from app.core.dates import days_later
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import service as registrations
from app.registrations.models import Registration
from app.seatings import queries
from app.seatings.cards import Card, Cards, card_of, cards_of
from app.seatings.models import Again, Seating, SeatingGroup, SeatingStatus

AGAIN_WITHIN_DAYS = 30

_ORGANIZES = (Role.ORGANIZER, Role.OPERATOR)
# Who organizes, or coordinates, has no need to know who sits with whom of a company's people; a portal shows them.
_SEES_OWN_GROUPS = (Role.PORTAL, *PERSON_ROLES)


class SeatingNotFound(NotFound):
    slug = "seating-not-found"
    title = mark("No such seating")
    detail = mark("There is no seating {seating_id}. List those of a meetup with GET /v1/meetups/ID/seatings.")


class SeatingNotDone(Conflict):
    slug = "seating-not-done"
    title = mark("The seating is not done")
    detail = mark("The seating {seating_id} has no groups yet. Follow it at GET /v1/seatings/{seating_id}/events.")


class AgainNotNow(Conflict):
    slug = "again-not-now"
    title = mark("This is not the time to say it")
    detail = mark("Whom you want to meet again can be said from {since}, when the meetup starts, until {until}.")


class NotOfOwnGroups(Unprocessable):
    slug = "not-of-own-groups"
    title = mark("Some of these people did not sit with you")
    detail = mark(
        "These are of none of your groups: {registration_ids}. See GET /v1/registrations/{registration_id}/groups. "
        "Nothing was stored."
    )


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody of the same group."""

    registration_id: str
    first_name: str
    company: str
    rotation: int
    said_again: bool
    both: bool


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """A person's group in one rotation, and who else is of it."""

    card: Card
    companions: list[Companion]


def get(session: Session, caller: Caller, seating_id: str) -> Seating:
    """The seating, for who organizes. Raises RoleNotEnough, SeatingNotFound."""
    caller.require(*_ORGANIZES)
    seating = session.get(Seating, seating_id)
    if seating is None:
        raise SeatingNotFound(seating_id=seating_id)
    return seating


def get_done(session: Session, caller: Caller, seating_id: str) -> Seating:
    """As `get`. Raises SeatingNotDone for one without groups."""
    seating = get(session, caller, seating_id)
    if seating.status is not SeatingStatus.DONE:
        raise SeatingNotDone(seating_id=seating_id)
    return seating


def current(session: Session, meetup_id: str) -> Seating | None:
    """The seating that counts: the newest that is done."""
    return queries.newest(session, meetup_id, SeatingStatus.DONE)


def groups_of(session: Session, seating_id: str) -> list[SeatingGroup]:
    """All groups, by rotation and table."""
    return queries.groups(session, seating_id)


def cards(session: Session, seating: Seating) -> Cards:
    """What stands on each table, by rotation and table."""
    return cards_of(session, seating)


def own_registration(session: Session, caller: Caller, registration_id: str) -> Registration:
    """The registration, for the person itself or its portal. Raises RoleNotEnough, RegistrationNotFound."""
    caller.require(*_SEES_OWN_GROUPS)
    return registrations.get(session, caller, registration_id)


def hears_again(caller: Caller) -> bool:
    """Whether the caller is somebody who has said whom it wants to meet again: nobody says it for another, or hears
    of it."""
    return caller.role in PERSON_ROLES


def own_to_say(session: Session, caller: Caller, registration_id: str) -> Registration:
    """The registration, for the person itself alone. Raises RoleNotEnough, RegistrationNotFound."""
    caller.require(*PERSON_ROLES)
    return registrations.get(session, caller, registration_id)


def own_groups(session: Session, registration: Registration) -> list[OwnGroup]:
    """A person's groups of the seating that counts, by rotation; none for who has no seat, or did not come."""
    meetup = session.get_one(Meetup, registration.meetup_id)
    seating, names = current(session, meetup.id), queries.names(session, [meetup.id])
    if seating is None or registration.attended is False or registration.id not in names:
        return []
    mine, theirs = queries.said_by(session, registration.id), queries.said_of(session, registration.id)

    def companion(other: str, rotation: int) -> Companion:
        return Companion(other, *names[other], rotation, other in mine, other in mine and other in theirs)

    return [
        OwnGroup(
            card_of(group, meetup.language, names),
            [companion(one, group.rotation) for one in group.members if one != registration.id and one in names],
        )
        for group in queries.groups(session, seating.id)
        if registration.id in group.members
    ]


def companions(session: Session, registration: Registration) -> list[Companion]:
    """With whom a person sits, or sat, by rotation."""
    return [one for group in own_groups(session, registration) for one in group.companions]


def again_window(meetup: Meetup) -> tuple[datetime, datetime]:
    """From when until when it can be said whom somebody wants to meet again."""
    return meetup.starts_at, days_later(meetup.ends_at, AGAIN_WITHIN_DAYS, meetup.time_zone)


def say_again(session: Session, registration: Registration, other_ids: Iterable[str]) -> None:
    """These people of its groups the person wants to meet again, and no others; what both have said stands.

    Records `again.both`, with the second of the two wishes, once for each two. Raises AgainNotNow, NotOfOwnGroups.
    """
    meetup, wished = session.get_one(Meetup, registration.meetup_id), set(other_ids)
    since, until = again_window(meetup)
    if meetup.status is MeetupStatus.CANCELLED or not since <= now() <= until:
        raise AgainNotNow(since=f"{since:%Y-%m-%dT%H:%M}Z", until=f"{until:%Y-%m-%dT%H:%M}Z")
    possible = {one.registration_id for one in companions(session, registration)}
    # Two who name each other at the same moment: the second one is to know of the first.
    queries.held_together(session, {registration.id, *(wished & possible)})
    mine, theirs = queries.said_by(session, registration.id), queries.said_of(session, registration.id)
    strangers = sorted(wished - possible - mine.keys())
    if strangers:
        raise NotOfOwnGroups(registration_ids=", ".join(strangers), registration_id=registration.id)
    for other in mine.keys() - wished - theirs:
        session.delete(mine[other])
    for other in sorted(wished - mine.keys()):
        wish = Again(
            id=new_id("agn"),
            meetup_id=meetup.id,
            registration_id=registration.id,
            other_id=other,
            said_at=now(),
        )
        session.add(wish)
        if other in theirs:
            events.record(session, "again.both", wish.id)
    session.flush()
