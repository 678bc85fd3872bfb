"""Who is told what of meetups: portals by webhook, speakers by mail."""

from sqlmodel import Session

from app.core.events import Event
from app.notifications.letters import Template

TEMPLATES: tuple[Template, ...] = ()


def announced(session: Session, event: Event) -> None:
    """Portals hear of a new meetup."""


def changed(session: Session, event: Event) -> None:
    """Portals hear of another date, place or capacity."""


def cancelled(session: Session, event: Event) -> None:
    """Portals hear that it does not take place."""


def held(session: Session, event: Event) -> None:
    """Portals hear that it was held."""


def talk_decided(session: Session, event: Event) -> None:
    """The speaker hears what became of a proposal, and the portal of its company."""
