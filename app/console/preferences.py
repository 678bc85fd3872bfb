"""The page on which a person chooses which messages to get."""

from collections.abc import Mapping

from fastapi import Request
from sqlmodel import Session

from app.console.links import LinkNotYours, MailLink
from app.console.pages import Shown, language_of, speak_to
from app.core.i18n import lookup, mark
from app.notifications import preferences
from app.notifications.models import Wants
from app.people.models import Person, PersonStatus

WORDS = {
    "title": mark("Which messages do you want?"),
    "lead": mark("It holds for all messages of C3 Tandem to you. You can change it here at any time."),
    "choose": mark("Send me"),
    "save": mark("Save"),
    "saved": mark("Saved. From now on you get:"),
}
CHOICES: Mapping[Wants, tuple[str, str]] = {
    Wants.ALL: (mark("all messages"), mark("Also what is good to know: a new date, a pause, thanks.")),
    Wants.NEEDS_ME: (
        mark("only what needs me"),
        mark("Suggestions to answer, minutes to confirm, questions to you."),
    ),
    Wants.NOTHING: (mark("no messages"), mark("Suggestions then reach you through your intranet only.")),
}


def choose(session: Session, request: Request, link: MailLink, wants: Wants) -> None:
    """Raises LinkNotYours for somebody who is not there any more."""
    preferences.set_wants(session, _person(session, request, link).id, wants)


def shown(session: Session, request: Request, link: MailLink, *, saved: bool = False) -> Shown:
    person = _person(session, request, link)
    language = language_of(request)
    present = preferences.wants(session, [person.id]).get(person.id, Wants.ALL)
    values = {
        "choices": [
            (wants.value, lookup(name, language), lookup(hint, language)) for wants, (name, hint) in CHOICES.items()
        ],
        "chosen": present.value,
        "saved": lookup(CHOICES[present][0], language) if saved else None,
    }
    return Shown("mail.html", WORDS, values)


def _person(session: Session, request: Request, link: MailLink) -> Person:
    person = session.get(Person, link.person_id)
    if person is None or person.status is PersonStatus.ERASED:
        raise LinkNotYours
    speak_to(request, person.language)
    return person
