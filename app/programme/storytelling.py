"""A released story becomes a talk of the next meetup, with one click of one of its two sides."""

from sqlmodel import Session

from app.core.events import Event
from app.notifications.letters import Template

TEMPLATES: tuple[Template, ...] = ()


def invite(session: Session, event: Event) -> None:
    """Both sides of the tandem are asked whether they want to tell it at the next meetup."""
