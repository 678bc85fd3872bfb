"""Where people find a meetup, and each its own place in it: addresses for mails, calendars and pages."""

import hmac
from datetime import timedelta
from hashlib import sha256

from app.core import links
from app.core.clock import now
from app.meetups import feed
from app.meetups.models import Meetup
from app.people.models import Person
from app.registrations.models import Registration

OWN_PLACE = "registrations"
"""What the link to one's own place is signed for; its parts: registration, person, a mark of its address."""
WORKS_AFTER = timedelta(days=180)
_WORKS_AT_LEAST = timedelta(days=30)


def own_place(registration: Registration, meetup: Meetup, person: Person, pepper: str, public_url: str) -> str:
    """The one page of a person and a meetup: until half a year after it. What a mail of today offers works for a
    month at least: consent that was given at an older meetup can be taken back by it. Once the person has another
    address it opens nothing."""
    until = max(meetup.ends_at + WORKS_AFTER, now() + _WORKS_AT_LEAST)
    token = links.signed(OWN_PLACE, place_parts(registration.id, person, pepper), pepper, until=until)
    return f"{public_url}/{OWN_PLACE}/{token}"


def place_parts(registration_id: str, person: Person, pepper: str) -> tuple[str, str, str]:
    """What the link names; opened, it must be the same still."""
    keyed = hmac.digest(pepper.encode(), f"address\0{person.email}".encode(), sha256)
    return registration_id, person.id, keyed[:9].hex()


def meetup_page(meetup: Meetup, public_url: str) -> str:
    """The page that everybody may read."""
    return feed.page_of(meetup, public_url)


def summary_page(meetup: Meetup, public_url: str) -> str:
    """What is told of it after it was held."""
    return f"{meetup_page(meetup, public_url)}/summary"
