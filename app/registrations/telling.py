"""Who is told what of a registration: each person by mail, with a calendar file; its portal by webhook."""

from sqlmodel import Session

from app.core.events import Event
from app.notifications.letters import Template

TEMPLATES: tuple[Template, ...] = ()


def meetup_announced(session: Session, event: Event) -> None:
    """People who wish to be told of the next meetups."""


def meetup_moved(session: Session, event: Event) -> None:
    """Everybody in line, with an update for the calendars of those who have a place."""


def meetup_cancelled(session: Session, event: Event) -> None:
    """Everybody in line, with a cancellation."""


def meetup_reminder_due(session: Session, event: Event) -> None:
    """Everybody with a place: a week before, or a day before (the kind of the event tells)."""


def feedback_due(session: Session, event: Event) -> None:
    """Everybody who was there is asked how it was."""


def summary_due(session: Session, event: Event) -> None:
    """Everybody who was there gets the summary."""


def signed_up(session: Session, event: Event) -> None:
    """Somebody has registered on the page: the address is to be confirmed."""


def known_already(session: Session, event: Event) -> None:
    """Somebody has registered on the page who was registered: the mail leads to that registration."""


def registered(session: Session, event: Event) -> None:
    """A place: the invitation."""


def waiting(session: Session, event: Event) -> None:
    """The waiting list."""


def offered(session: Session, event: Event) -> None:
    """A place is free: to be confirmed."""


def ended(session: Session, event: Event) -> None:
    """Cancelled, or the offer's time is over."""
