"""The public page of a meetup: what it is about, and the form by which people register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from pydantic import ValidationError
from sqlmodel import Session

from app.companies.models import Company
from app.console.pages import Shown, clock_in_words, language_in_words, language_of, moment_in_words, span_in_words
from app.console.wishes import WORDS as WISHES
from app.console.wishes import Typed, field_names, refused, spoken
from app.core.clock import now
from app.core.errors import Problem
from app.core.i18n import Language, lookup, mark, translate
from app.core.settings import Settings
from app.core.times import remark
from app.guardrails import acceptance
from app.meetups import agendas
from app.meetups import service as meetups
from app.meetups.models import TO_COME, Meetup, MeetupStatus
from app.meetups.viewing import ToldTalk, talks_shown
from app.registrations import service as registrations
from app.registrations.schemas import SignUp

WORDS: Mapping[str, str] = WISHES | {
    "title": mark("Cross-company community meetup"),
    "agenda": mark("Agenda"),
    "talks": mark("Talks"),
    "summary": mark("What came of it"),
    "register": mark("Take part"),
    "lead": mark(
        "For everybody who cares for communities in a participating company. After you have sent this, a message "
        "asks you to confirm your address; only then do you have a place."
    ),
    "first_name": mark("First name"),
    "first_name_hint": mark("As you like to be called. It stands on the card of your table, with your company."),
    "email": mark("Work e-mail"),
    "email_hint": mark("By it we know your company. No other participant ever sees it."),
    "language": mark("Messages in"),
    "kept": mark("What is kept, for how long, and who sees it"),
    "send": mark("Register"),
}
KEPT = (
    mark("Kept are your name, address, company and what you write here: to plan the meetup and to seat you well."),
    mark(
        "Those at your table see your first name, your company and what you have in common. The organizers see your "
        "wishes too, but not your address."
    ),
    mark(
        "{days} days after the meetup all of it is deleted, unless you have ticked the box above. What is not "
        "confirmed goes after {unconfirmed} days."
    ),
    mark("You can look at it, change it and cancel at any time, by the link in your messages."),
)
INBOX: Mapping[str, str] = {"title": mark("Almost there: look into your inbox")}
INBOX_LEAD = mark(
    "For {title} a message is on its way to the address that you gave. Open the link in it and confirm."
)
INBOX_STEPS = (
    mark("Only then do you have a place, or one on the waiting list, in the order in which people confirm."),
    mark("Nothing there after some minutes? Look into the folder for spam, or send the form once more."),
)

WHEN, WHERE, HOST, LANGUAGE, PLACES, UNTIL = (
    mark("When"),
    mark("Where"),
    mark("Host"),
    mark("Language"),
    mark("Places"),
    mark("Registration"),
)
ONLINE = mark("online")
PLACE_AND_ONLINE = mark("{place}, and online")
BY = mark("{speaker} for {community}, {company}")
BY_COMMUNITY = mark("{community}, {company}")
LINK_COMES = mark("online; the link comes with your confirmation")
ALSO_ONLINE = mark("{place}, and online; the link comes with your confirmation")
OPEN_TO_ALL = mark("as many as come")
PLACES_LEFT = mark("{left} of {capacity} are free")
NONE_LEFT = mark("all {capacity} are taken; {waiting} on the waiting list")
UNTIL_MOMENT = mark("until {moment}")

NOT_YET = mark("Registration is not open yet. Look in again soon.")
WAITING_LIST = mark(
    "All places are taken. You can put yourself on the waiting list: whoever comes first is asked first when a place "
    "becomes free."
)
CLOSED = mark("Registration is closed.")
HELD = mark("This meetup has taken place. Thank you to everybody who came!")
CANCELLED = mark("This meetup does not take place.")


def sign_up(session: Session, request: Request, meetup_id: str, settings: Settings, typed: Typed) -> None:
    """The same for everybody, whether or not the address is known. Raises ValidationError, and what
    `registrations.sign_up` does."""
    form = SignUp.model_validate(typed.person() | typed.wishes())
    client = request.client.host if request.client else "unknown"
    registrations.sign_up(session, meetup_id, form, client, settings.key_pepper.get_secret_value())


def shown(
    session: Session,
    request: Request,
    meetup_id: str,
    settings: Settings,
    typed: Typed | None = None,
    refusal: ValidationError | Problem | None = None,
) -> Shown:
    """The meetup, with what was typed and why it was refused where it was. Raises MeetupNotFound."""
    meetup = meetups.public(session, meetup_id)
    language = language_of(request)
    why = refused(refusal, language) if refusal else None
    talks = talks_shown(session, [meetup.id]).get(meetup.id, [])
    days = {"days": settings.keep_registrations_days, "unconfirmed": settings.keep_unconfirmed_days}
    typed = typed or Typed(languages=[language])
    values = {
        "title": meetup.title,
        "spoken_in": meetup.language,
        "notice": _notice(meetup, language),
        "is_good": is_held(meetup),
        "message": meetup.cancel_message,
        "facts": facts(session, meetup, language),
        "purpose": meetup.purpose,
        "takes": takes(meetup),
        "summary": f"{meetup.id}/summary" if is_held(meetup) else None,
        "agenda": _agenda(meetup, talks, language),
        "talks": [talk_in_words(talk, language) for talk in talks],
        "typed": typed,
        "spoken": spoken(typed.languages, language),
        "stays": translate(WISHES["stays"], language, **days),
        "kept": [translate(line, language, **days) for line in KEPT],
        "refused": why,
        "field_names": field_names(language),
        "law": acceptance.notice(language),
    }
    return Shown("meetup.html", WORDS, values, why.status if why else 200)


def inbox_shown(session: Session, request: Request, meetup_id: str) -> Shown:
    """What to do next. Raises MeetupNotFound."""
    meetup = meetups.public(session, meetup_id)
    language = language_of(request)
    values = {
        "lead": translate(INBOX_LEAD, language, title=meetup.title),
        "steps": [lookup(step, language) for step in INBOX_STEPS],
    }
    return Shown("inbox.html", INBOX, values)


def facts(
    session: Session, meetup: Meetup, language: Language, *, newcomer: bool = True, has_place: bool = False
) -> list[tuple[str, str]]:
    """When, where, with whom and, for who may register, how many places there are."""
    host = session.get(Company, meetup.host_company_id) if meetup.host_company_id else None
    told = [
        (WHEN, when(meetup, language)),
        (WHERE, _where(meetup, language, has_place=has_place)),
        (HOST, host.name if host else None),
        (LANGUAGE, language_in_words(meetup.language, language)),
        (PLACES, _places(meetup, language) if newcomer and takes(meetup) else None),
        (UNTIL, _until(meetup, language) if newcomer and takes(meetup) else None),
    ]
    return [(lookup(heading, language), text) for heading, text in told if text]


def when(meetup: Meetup, language: Language) -> str:
    span = span_in_words(meetup.starts_at, meetup.ends_at, meetup.time_zone, language)
    twice = remark(meetup.starts_at, meetup.time_zone, language)
    return f"{span} {twice}" if twice else span


@dataclass(frozen=True, slots=True)
class Talk:
    """An accepted talk as everybody reads it."""

    title: str
    abstract: str
    language: str
    by: str


def talk_in_words(talk: ToldTalk, language: Language) -> Talk:
    by = translate(
        BY if talk.speaker else BY_COMMUNITY,
        language,
        speaker=talk.speaker,
        community=talk.community,
        company=talk.company,
    )
    return Talk(talk.title, talk.abstract, talk.language, by)


def takes(meetup: Meetup) -> bool:
    """Whether somebody can register now."""
    until = min(meetup.registration_until or meetup.starts_at, meetup.starts_at)
    return meetup.status in (MeetupStatus.OPEN, MeetupStatus.FULL) and now() < until


def is_held(meetup: Meetup) -> bool:
    return meetup.status in (MeetupStatus.HELD, MeetupStatus.ARCHIVED)


def _agenda(meetup: Meetup, talks: Sequence[ToldTalk], language: Language) -> list[tuple[str, str]]:
    """Each item with the time at which it begins, where the meetup is."""
    begins, items = meetup.starts_at, []
    for item in agendas.shown(meetup.agenda, {talk.id: talk.title for talk in talks}):
        items.append((clock_in_words(begins, meetup.time_zone, language), item.text))
        begins += timedelta(minutes=item.minutes)
    return items


def _notice(meetup: Meetup, language: Language) -> str | None:
    told: Mapping[MeetupStatus, str] = {
        MeetupStatus.ANNOUNCED: NOT_YET,
        MeetupStatus.FULL: WAITING_LIST,
        MeetupStatus.HELD: HELD,
        MeetupStatus.ARCHIVED: HELD,
        MeetupStatus.CANCELLED: CANCELLED,
    }
    is_closed = meetup.status in (MeetupStatus.OPEN, MeetupStatus.FULL) and not takes(meetup)
    text = CLOSED if is_closed else told.get(meetup.status)
    return lookup(text, language) if text else None


def _where(meetup: Meetup, language: Language, *, has_place: bool) -> str | None:
    if not meetup.online_link:
        return meetup.place
    # To whom no place is given any more, no link comes either.
    knows = has_place or meetup.status not in TO_COME
    if meetup.place:
        return translate(PLACE_AND_ONLINE if knows else ALSO_ONLINE, language, place=meetup.place)
    return lookup(ONLINE if knows else LINK_COMES, language)


def _places(meetup: Meetup, language: Language) -> str:
    if meetup.capacity is None:
        return lookup(OPEN_TO_ALL, language)
    left = max(0, meetup.capacity - meetup.taken)
    text = PLACES_LEFT if left else NONE_LEFT
    return translate(text, language, left=left, capacity=meetup.capacity, waiting=meetup.waiting)


def _until(meetup: Meetup, language: Language) -> str | None:
    if meetup.registration_until is None:
        return None
    return translate(
        UNTIL_MOMENT, language, moment=moment_in_words(meetup.registration_until, meetup.time_zone, language)
    )
