"""What everybody may read of meetups without a key: a calendar to subscribe to, and a plain list.

No online link and no people: those belong to who has a place. Drafts never.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from sqlmodel import Session

from app.core.clock import now
from app.core.i18n import Language, mark, translate
from app.core.schemas import Output, UtcTime
from app.guardrails import acceptance
from app.meetups import queries
from app.meetups.models import Meetup, MeetupStatus
from app.notifications import calendar
from app.notifications.calendar import Entry

SHOWN_FOR = timedelta(days=366)
"""So long after its end a meetup stays in both."""

_NAME = mark("Meetups of communities of several companies")
_TALK = mark("Talk: {title}")


_EXAMPLE: JsonDict = {
    "id": "mtp_06b1mvqd8fs5g0v8p7k4q0d1k8",
    "title": "Spring meetup",
    "language": "en",
    "purpose": "We show each other how communities start well, and find partners for tandems.",
    "starts_at": "2027-03-11T12:00:00Z",
    "ends_at": "2027-03-11T15:00:00Z",
    "time_zone": "Europe/Berlin",
    "place": None,
    "status": "open",
    "url": "https://tandem.example/meetups/mtp_06b1mvqd8fs5g0v8p7k4q0d1k8",
    "talks": ["How our data community got its first hundred members"],
}


class PublicMeetup(Output):
    id: str
    title: str
    language: str = Field(description="In which most is said.")
    purpose: str
    starts_at: UtcTime
    ends_at: UtcTime
    time_zone: str = Field(description="In which it was planned; an IANA name.")
    place: str | None = Field(description="Null where it takes place online: the link comes with the confirmation.")
    status: MeetupStatus
    url: str = Field(description="Its page: more about it, and where people register.")
    talks: list[str] = Field(description="Titles of the talks that are accepted.")

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})


class PublicMeetups(Output):
    """All in one answer: in a year there are few."""

    items: list[PublicMeetup]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_EXAMPLE]}})


@dataclass(frozen=True, slots=True)
class Feed:
    content: bytes
    etag: str
    """Of what is in it, not of when it was asked for."""


def page_of(meetup: Meetup, public_url: str) -> str:
    """The page of a meetup that everybody may read."""
    return f"{public_url}/meetups/{meetup.id}"


def listed(session: Session, public_url: str) -> PublicMeetups:
    """Every meetup of the last year and to come, by its start."""
    meetups, talks = _public(session)
    items = [vars(one) | {"url": page_of(one, public_url), "talks": talks.get(one.id, [])} for one in meetups]
    return PublicMeetups.model_validate({"items": items})


def as_calendar(session: Session, language: Language, public_url: str) -> Feed:
    """The same as a calendar, in the language of whoever subscribes."""
    meetups, talks = _public(session)
    entries = [_entry(one, talks.get(one.id, []), language, public_url) for one in meetups]
    name = translate(_NAME, language)
    tag = blake2b(repr((name, entries)).encode(), digest_size=12).hexdigest()
    return Feed(calendar.feed(name, entries), f'"{tag}"')


def _public(session: Session) -> tuple[Sequence[Meetup], dict[str, list[str]]]:
    """The meetups, and the titles of the accepted talks of each."""
    meetups = queries.public_feed(session, now() - SHOWN_FOR)
    titles: dict[str, list[str]] = {}
    for talk in queries.accepted_talks(session, [one.id for one in meetups]):
        titles.setdefault(talk.meetup_id, []).append(talk.title)
    return meetups, titles


def _entry(meetup: Meetup, talks: Sequence[str], language: Language, public_url: str) -> Entry:
    told = [meetup.purpose, *(translate(_TALK, language, title=one) for one in talks), acceptance.notice(language)]
    return Entry(
        uid=meetup.uid,
        sequence=meetup.sequence,
        starts_at=meetup.starts_at,
        minutes=(meetup.ends_at - meetup.starts_at) // timedelta(minutes=1),
        time_zone=meetup.time_zone,
        summary=meetup.title,
        description="\n\n".join(told),
        place=meetup.place,
        status="cancelled" if meetup.status is MeetupStatus.CANCELLED else "confirmed",
        url=page_of(meetup, public_url),
        # Of its state, not of who asks: the same feed is the same bytes.
        stamp=meetup.cancelled_at or meetup.held_at or meetup.announced_at,
    )
