"""Hints on what is written of meetups and talks, and the right to keep a text with a reason. They block nothing."""

from collections.abc import Mapping

from sqlmodel import Session

from app.access.service import Caller
from app.core.i18n import Language
from app.guardrails import notes
from app.guardrails.models import GuardrailNote
from app.guardrails.notes import MarkedHint
from app.guardrails.schemas import HintOut, KeepHint, KeptHintOut, MarkedHintOut
from app.meetups import queries, talks
from app.meetups import service as meetups
from app.meetups.forgetting import MEETUP_KIND, TALK_KIND
from app.meetups.models import Meetup, Talk


def of(session: Session, caller: Caller, meetup_id: str, language: Language) -> list[MarkedHintOut]:
    """The hints on a meetup, for those who organize it. Raises MeetupNotFound, RoleNotEnough."""
    meetup = meetups.get(session, caller, meetup_id)
    caller.require(*queries.ORGANIZES)
    return [_shown(one, language) for one in notes.marked(session, MEETUP_KIND, meetup.id, _texts(meetup))]


def keep(session: Session, caller: Caller, meetup_id: str, wish: KeepHint) -> GuardrailNote:
    """Keep a text of a meetup with a reason, until the text changes. Raises NoSuchHint."""
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    caller.require(*queries.ORGANIZES)
    return _kept(session, caller, MEETUP_KIND, meetup.id, _texts(meetup), wish)


def of_talk(session: Session, caller: Caller, talk_id: str, language: Language) -> list[MarkedHintOut]:
    """The hints on a talk, for its own side and those who organize. Raises TalkNotFound, NotYourTalk."""
    talk = talks.get(session, caller, talk_id)
    if caller.role not in queries.ORGANIZES:
        talks.require_own(session, caller, talk)
    return [_shown(one, language) for one in notes.marked(session, TALK_KIND, talk.id, _texts_of_talk(talk))]


def keep_of_talk(session: Session, caller: Caller, talk_id: str, wish: KeepHint) -> GuardrailNote:
    """Keep a text of a talk, as the side that has written it. Raises TalkNotFound, NotYourTalk, NoSuchHint."""
    talk, _ = talks.own_at_hand(session, caller, talk_id)
    return _kept(session, caller, TALK_KIND, talk.id, _texts_of_talk(talk), wish)


def _kept(
    session: Session, caller: Caller, kind: str, subject_id: str, texts: Mapping[str, str], wish: KeepHint
) -> GuardrailNote:
    return notes.keep(
        session, caller, kind, subject_id, texts, pointer=wish.pointer, topic=wish.topic, reason=wish.reason
    )


def _shown(one: MarkedHint, language: Language) -> MarkedHintOut:
    return MarkedHintOut(
        **HintOut.of(one.hint, language).model_dump(),
        pointer=one.pointer,
        kept=KeptHintOut.of(one.kept) if one.kept else None,
    )


def _texts(meetup: Meetup) -> Mapping[str, str]:
    """What was written, by JSON pointer into the body that wrote it; a talk on the agenda has hints of its own."""
    agenda = {f"/agenda/{at}": str(one["text"]) for at, one in enumerate(meetup.agenda) if "text" in one}
    return {"/title": meetup.title, "/purpose": meetup.purpose} | agenda


def _texts_of_talk(talk: Talk) -> Mapping[str, str]:
    return {"/title": talk.title, "/abstract": talk.abstract}
