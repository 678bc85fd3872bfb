"""Meetups: planned by an organizer, announced, opened for registration, held, archived.

draft -> announced -> open <-> full -> held -> archived        any before held -> cancelled
"""

from sqlmodel import Session

from app.access.service import Caller
from app.core.errors import NotFound
from app.core.i18n import mark
from app.meetups.models import Meetup


class MeetupNotFound(NotFound):
    slug = "meetup-not-found"
    title = mark("No such meetup")
    detail = mark("There is no meetup {meetup_id} that you may see. List them with GET /v1/meetups.")


def get(session: Session, caller: Caller, meetup_id: str, *, for_update: bool = False) -> Meetup:
    """The meetup: a draft for organizers and operators only. Raises MeetupNotFound."""
    raise NotImplementedError


def public(session: Session, meetup_id: str, *, for_update: bool = False) -> Meetup:
    """The meetup for whoever has its address: not a draft. Raises MeetupNotFound."""
    raise NotImplementedError


def follow_places(session: Session, meetup: Meetup) -> None:
    """Open or full, by what is taken and who waits; the meetup is locked."""
    raise NotImplementedError


def hold(session: Session, meetup: Meetup) -> None:
    """It has taken place; records `meetup.held`. The meetup is locked."""
    raise NotImplementedError
