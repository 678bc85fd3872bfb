"""Two people of a group want to meet again: their communities are suggested to each other, with consent as always."""

from sqlmodel import Session

from app.core.events import Event


def both_said_again(session: Session, event: Event) -> None:
    """Suggest the two communities, unless something stands between them; the event names one of the two wishes."""
