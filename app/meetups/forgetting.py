"""What a company leaves behind at meetups, and how it goes with it."""

from sqlalchemy import update
from sqlmodel import Session, col

from app.core.clock import now
from app.guardrails import notes
from app.meetups import agendas, queries
from app.meetups.models import Meetup, TalkStatus

MEETUP_KIND, TALK_KIND = "meetup", "talk"
"""What notes on hints call the two."""


def erase_company(session: Session, company_id: str) -> None:
    """Of a company's talks nothing is left to read, and it hosts no meetup any more."""
    theirs = queries.of_company(session, company_id)
    for meetup_id in sorted({one.meetup_id for one in theirs}):
        meetup = queries.held_fast(session, meetup_id)
        assert meetup is not None  # noqa: S101  its talks name it
        meetup.agenda = agendas.without(meetup.agenda, {one.id for one in theirs})
        meetup.version += 1
        session.add(meetup)
    notes.forget(session, TALK_KIND, [one.id for one in theirs])
    for talk in theirs:
        talk.title = talk.abstract = ""
        talk.speaker_id = talk.story_id = None
        talk.status, talk.decided_at = TalkStatus.WITHDRAWN, talk.decided_at or now()
        talk.version += 1
        session.add(talk)
    hosted = update(Meetup).where(col(Meetup.host_company_id) == company_id)
    session.execute(hosted.values(host_company_id=None, version=col(Meetup.version) + 1))
