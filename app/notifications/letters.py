"""What a mail says, before it has a form: features put it into words, this room makes text and HTML of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from app.core.i18n import Language
from app.people.models import Person


@dataclass(frozen=True, slots=True)
class Action:
    """A link that is offered as a button."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A calendar file."""

    name: str
    content: bytes
    method: str = "REQUEST"
    """The method of the calendar, for its content type."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message in one language. Paragraphs are plain text; a list of points may follow, then actions, then what
    goes after them."""

    subject: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    after: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    why: str | None = None
    """Why its reader gets it, where that is not for what it speaks for."""
    names_reader: bool = True
    """Not where somebody else may have typed the name: then our mail would say what a stranger likes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template writes a letter from: for whom, in which language, about what."""

    session: Session
    reader: Person
    language: Language
    ids: Mapping[str, str]
    public_url: str
    """Where links begin, without a slash at the end."""
    pepper: str
    """What links are signed with, see `core.links`."""
    sender: str = ""
    """The address that all mails come from: whoever invites in nobody's name does so with it."""


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of mail. `needs_reader`: it waits for its reader to do something. `write` answers None when what it
    was to tell is over or not meant for this reader any more: then nothing is sent. `asked_for`: its reader has just
    typed its address to get it, so it comes whatever else that reader wants to be mailed."""

    name: str
    needs_reader: bool
    write: Callable[[Reading], Letter | None]
    asked_for: bool = False


Templates = Mapping[str, Template]


def language_of(tag: str | None) -> Language:
    """The language that a person is written to in: German or English, whatever else it reads."""
    return "de" if tag is not None and tag.partition("-")[0].lower() == "de" else "en"
