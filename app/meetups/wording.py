"""What the mails about a talk say: each written when it is sent, from the state of that moment.

A letter is None once what it was to tell is over, or its reader has nothing to do with the talk any more.
"""

from collections.abc import Mapping

from babel.dates import format_date, format_time
from sqlmodel import Session

from app.communities import queries as communities
from app.core.dates import local
from app.core.i18n import Language, mark, translate
from app.guardrails import acceptance
from app.meetups.models import TO_COME, Meetup, Talk, TalkStatus
from app.notifications.letters import Action, Letter, Reading
from app.people.models import PersonStatus

_PUBLIC_OR_SOON: Mapping[TalkStatus, str] = {
    TalkStatus.PROPOSED: mark(
        "Once the organizers accept it, everybody may read it, also on a public page: title and abstract, the names "
        "of your community and company, and your first name."
    ),
    TalkStatus.ACCEPTED: mark(
        "The organizers have accepted it, so everybody may read it, also on a public page: title and abstract, the "
        "names of your community and company, and your first name."
    ),
}


def readers(session: Session, talk: Talk) -> list[str]:
    """Whom a decision on a talk is told: its speaker or, while nobody is named, who speaks for its community."""
    if talk.speaker_id is not None:
        return [talk.speaker_id]
    speakers = communities.managers_of(session, [talk.community_id]).get(talk.community_id, [])
    return [one.person_id for one in speakers if one.status is PersonStatus.ACTIVE]


def accepted(reading: Reading) -> Letter | None:
    letter = _letter(
        reading,
        TalkStatus.ACCEPTED,
        mark("Your talk is part of “{meetup}”"),
        mark("Thank you for proposing “{title}”: it is part of the programme of “{meetup}”, {when}."),
        mark(
            "It has {minutes} minutes. Everybody may read it now: title and abstract, the names of your community "
            "and company, and the first name of who speaks."
        ),
        mark("Please register for the meetup too: your invitation tells where it is."),
    )
    if letter is None:
        return None
    meetup_page = f"{reading.public_url}/meetups/{reading.ids['meetup_id']}"
    return Letter(
        letter.subject,
        letter.paragraphs,
        actions=(Action(translate(mark("See the meetup"), reading.language), meetup_page),),
        after=(acceptance.notice(reading.language),),
    )


def declined(reading: Reading) -> Letter | None:
    return _letter(
        reading,
        TalkStatus.DECLINED,
        mark("About your talk for “{meetup}”"),
        mark("Thank you for proposing “{title}” for “{meetup}”, {when}."),
        mark("This time it did not find its place in the programme. That says nothing about what you have to tell."),
        mark("You are welcome to propose it for another meetup, and to come to this one."),
    )


def named(reading: Reading) -> Letter | None:
    """For whoever was named as speaker by somebody else, and still is."""
    talk = reading.session.get(Talk, reading.ids["talk_id"])
    if talk is None or talk.speaker_id != reading.reader.id or talk.status not in _PUBLIC_OR_SOON:
        return None
    return _letter(
        reading,
        talk.status,
        mark("You are named as a speaker at “{meetup}”"),
        mark("For “{meetup}”, {when}, your company has proposed the talk “{title}”, with you as the one who speaks."),
        _PUBLIC_OR_SOON[talk.status],
        mark(
            "You do not want that, or nobody has asked you? Then tell the coordinators of C3 Tandem in your company, "
            "or whoever speaks for the community: they name somebody else, or withdraw the talk at any time."
        ),
    )


def _letter(reading: Reading, status: TalkStatus, subject: str, *paragraphs: str) -> Letter | None:
    talk = reading.session.get(Talk, reading.ids["talk_id"])
    if talk is None or talk.status is not status or reading.reader.id not in readers(reading.session, talk):
        return None
    meetup = reading.session.get_one(Meetup, talk.meetup_id)
    if meetup.status not in TO_COME:
        return None
    words = {
        "meetup": meetup.title,
        "title": talk.title,
        "minutes": talk.minutes,
        "when": _when(meetup, reading.language),
    }
    told = [translate(text, reading.language, **words) for text in (subject, *paragraphs)]
    return Letter(told[0], tuple(told[1:]))


def _when(meetup: Meetup, language: Language) -> str:
    there = local(meetup.starts_at, meetup.time_zone)
    day = format_date(there.date(), "full", locale=language)
    return f"{day}, {format_time(there.time(), 'HH:mm', locale=language)} ({meetup.time_zone})"
