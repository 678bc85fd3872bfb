"""What of a person stands in talks: that it speaks, and what is said there in its name."""

import re
from collections.abc import Iterator

from sqlalchemy import update
from sqlmodel import Session, col

from app.meetups import queries
from app.meetups.models import Meetup
from app.people.models import Person

_GONE = "…"
_SHORTEST_NAME = 3


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The talks that the person speaks in."""
    for talk in queries.of_speaker(session, person_id):
        names = ("id", "meetup_id", "status", "title", "abstract", "language", "minutes", "community_id")
        yield (
            "talk",
            {name: getattr(talk, name) for name in names} | {"proposed_at": talk.proposed_at.isoformat()},
        )


def erase_person(session: Session, person_id: str) -> None:
    """Its talks stay its community's, without who speaks and without its address and name in their words.

    To be called while the person still has its address and name.
    """
    person = session.get_one(Person, person_id)
    words = [person.email] + [person.first_name] * (len(person.first_name) >= _SHORTEST_NAME)
    named = re.compile(rf"(?<![\w.+-])(?:{'|'.join(re.escape(one) for one in words)})(?![\w-])", re.IGNORECASE)
    talks = queries.of_speaker(session, person_id)
    for talk in talks:
        talk.speaker_id = None
        talk.title, talk.abstract = (named.sub(_GONE, text) for text in (talk.title, talk.abstract))
        talk.version += 1
        session.add(talk)
    # Their agendas show the titles.
    theirs = update(Meetup).where(col(Meetup.id).in_({talk.meetup_id for talk in talks}))
    session.execute(theirs.values(version=col(Meetup.version) + 1))
