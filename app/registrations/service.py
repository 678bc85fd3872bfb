"""Registrations: a place or the waiting list, in the order in which they come; confirmed, changed, cancelled.

unconfirmed -> registered | waiting        waiting -> offered -> registered | lapsed        any in line -> cancelled
"""

from sqlmodel import Session

from app.core.events import Event


def meetup_changed(session: Session, event: Event) -> None:
    """There may be more places: the next of the waiting list are offered them."""
    raise NotImplementedError
