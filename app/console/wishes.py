"""What somebody writes into the form of a meetup: kept as it was typed until it is accepted, and why it was not."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from app.console.pages import language_in_words
from app.core.errors import Problem
from app.core.i18n import Language, lookup, mark, translate
from app.registrations.feedback import FeedbackTooLate, WasNotThere
from app.registrations.limits import TooManySignUps
from app.registrations.places import MeetupBegun, MeetupCalledOff, RegistrationNotOpen, RegistrationOver
from app.registrations.service import NothingOffered, NotInLine, OfferOver
from app.registrations.signing_up import MailDomainUnknown
from app.seatings.service import AgainNotNow, NotOfOwnGroups

MOST = 5

WORDS = {
    "learn": mark("I want to learn about"),
    "learn_hint": mark("One thing on each line, five at most. A few words are enough."),
    "show": mark("I can show"),
    "show_hint": mark("What works at your place, or what went wrong: both help others."),
    "themes": mark("My themes (optional)"),
    "themes_hint": mark("Words for what moves you, with commas between them."),
    "spoken": mark("I speak"),
    "spoken_hint": mark("Whoever sits at one table has a language in common, wherever that is possible."),
    "stays": mark("Tell me of the next meetups, and keep my registration for that longer than {days} days"),
    "stays_hint": mark("You can take that back at any time, on the page that your messages lead to."),
}

# What is offered to tick; a language that is on record besides is offered as well.
_OFFERED = ("de", "en", "fr", "es", "it", "nl", "pl", "cs")
_LINES = ("learn", "show", "themes")
_BETWEEN_THEMES = re.compile(r"[,;\n]")

_FIELDS: Mapping[str, str] = {
    "first_name": mark("First name"),
    "email": mark("Work e-mail"),
    "language": mark("Messages in"),
    "learn": WORDS["learn"],
    "show": WORDS["show"],
    "themes": mark("My themes"),
    "languages": WORDS["spoken"],
}
_TOO_LONG = mark("That is too long: at most {max_length} characters.")
_LINE_TOO_LONG = mark("One entry is too long: at most {max_length} characters each.")
_TOO_MANY = mark("That is too much for one day: at most {max_length} entries.")
_SAID: Mapping[str, str] = {
    "missing": mark("Please fill this in."),
    "string_too_short": mark("Please fill this in."),
    "string_too_long": _TOO_LONG,
    "too_long": _TOO_MANY,
    "not_an_email": mark("This is no e-mail address yet. Please look once more."),
}
_OTHERWISE = mark("This cannot be read. Please write it anew.")
# What these say to a program is of no use to a person.
_AT_FIELDS: Mapping[type[Problem], tuple[str, str]] = {
    MailDomainUnknown: (
        "email",
        mark(
            "We know no participating company with addresses like this. Use the one of your work, or ask your "
            "company's coordinator."
        ),
    ),
}
_CLOSED = mark("Registration has closed in the meantime. Nothing was stored.")
_HAS_BEGUN = mark("The meetup has begun or is over, so that this cannot be changed any more. Nothing was stored.")
_NAMED: Mapping[type[Problem], str] = {
    RegistrationNotOpen: mark("Registration is not open yet. Nothing was stored; look in again soon."),
    RegistrationOver: _CLOSED,
    MeetupBegun: _HAS_BEGUN,
    MeetupCalledOff: mark("The meetup does not take place any more. Nothing was stored."),
    TooManySignUps: mark(
        "Very many people have registered today. Please try again tomorrow, or ask your company's coordinator to "
        "register you."
    ),
    OfferOver: mark("The time for which the place was kept is over. Below you see how it stands now."),
    NothingOffered: mark("No place is kept for you at present. Below you see how it stands now."),
    NotInLine: mark("You are not registered any more. Below you see how it stands now."),
    AgainNotNow: mark("This can be said from the beginning of the meetup until 30 days after it."),
    NotOfOwnGroups: mark("The tables were changed in the meantime. Below you see with whom you sat."),
    WasNotThere: mark("Only who was at the meetup can say how it was. Nothing was stored."),
    FeedbackTooLate: mark("The time to say how it was is over: it lasts for 60 days. Nothing was stored."),
}
NOT_YET = mark("Not quite yet. Nothing is lost: please look at this and send it again.")


class Typed(BaseModel):
    """A form as it was sent. It refuses nothing, so that everything can be shown again."""

    first_name: str = ""
    email: str = ""
    language: str = ""
    learn: str = ""
    show: str = ""
    themes: str = ""
    languages: list[str] = Field(default_factory=list)
    stays: bool = False

    def wishes(self) -> dict[str, Any]:
        """The part that can be changed later, as the service takes it."""
        return {
            "learn": _each(self.learn.splitlines()),
            "show": _each(self.show.splitlines()),
            "themes": _each(_BETWEEN_THEMES.split(self.themes)),
            "languages": self.languages,
            "stays": self.stays,
        }

    def person(self) -> dict[str, Any]:
        return {"first_name": self.first_name, "email": self.email, "language": self.language or None}


def typed_of(
    learn: Sequence[str], show: Sequence[str], themes: Sequence[str], languages: Sequence[str], *, stays: bool
) -> Typed:
    """What is on record, as it would have been typed."""
    return Typed(
        learn="\n".join(learn),
        show="\n".join(show),
        themes=", ".join(themes),
        languages=list(languages),
        stays=stays,
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a form was not accepted: a sentence, and by field what to change there."""

    sentence: str
    fields: Mapping[str, str] = field(default_factory=dict)
    status: int = 422

    @property
    def listed(self) -> Sequence[tuple[str, str]]:
        return tuple(self.fields.items())


def refused(reason: ValidationError | Problem, language: Language) -> Refused:
    """Why a form was not accepted, in words for people."""
    if isinstance(reason, ValidationError):
        found = {str(one["loc"][0]): _said(one, language) for one in reversed(reason.errors()) if one["loc"]}
        return Refused(lookup(NOT_YET, language), {name: found[name] for name in _FIELDS if name in found})
    if type(reason) in _AT_FIELDS:
        name, text = _AT_FIELDS[type(reason)]
        return Refused(lookup(NOT_YET, language), {name: lookup(text, language)}, reason.status)
    said = _NAMED.get(type(reason))
    return Refused(lookup(said, language) if said else reason.told(language), status=reason.status)


def field_names(language: Language) -> dict[str, str]:
    return {name: lookup(text, language) for name, text in _FIELDS.items()}


def spoken(ticked: Iterable[str], language: Language) -> list[tuple[str, str, bool]]:
    """Languages to tick: tag, name, and whether it is ticked."""
    on_record = list(ticked)
    tags = [*_OFFERED, *(tag for tag in on_record if tag not in _OFFERED)]
    return [(tag, language_in_words(tag, language), tag in on_record) for tag in tags]


def _each(parts: Iterable[str]) -> list[str]:
    return [part for part in (one.strip() for one in parts) if part]


def _said(finding: Mapping[str, Any], language: Language) -> str:
    kind, in_list = str(finding["type"]), len(finding["loc"]) > 1 and finding["loc"][0] in _LINES
    text = _LINE_TOO_LONG if kind == "string_too_long" and in_list else _SAID.get(kind, _OTHERWISE)
    return translate(text, language, **finding.get("ctx", {}))
