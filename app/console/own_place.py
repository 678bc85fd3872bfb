"""One's own place at a meetup, opened from a message: from confirming the address to whom one wants to meet again."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError
from sqlmodel import Session

from app.communities import queries as communities
from app.communities.models import Community, CommunityStatus
from app.companies.models import Company, CompanyStatus
from app.console import meetup_page, standing
from app.console.links import LinkNotYours, PlaceLink
from app.console.pages import Shown, language_in_words, language_of, speak_to
from app.console.saying import NothingChosen
from app.console.tables import own_tables
from app.console.wishes import WORDS as WISHES
from app.console.wishes import Typed, field_names, refused, spoken, typed_of
from app.core.clock import now
from app.core.errors import Problem
from app.core.i18n import Language, lookup, mark, translate
from app.core.links import LinkExpired
from app.core.schemas import Clean, EmptyIsNull
from app.core.settings import Settings
from app.guardrails import acceptance
from app.meetups.models import TO_COME, Meetup, MeetupStatus
from app.people.models import Person, PersonStatus
from app.registrations import addresses, feedback
from app.registrations import service as registrations
from app.registrations.models import IN_LINE, Registration, RegistrationStatus, Usefulness
from app.registrations.schemas import RegistrationUpdate
from app.seatings import service as seatings

WORDS: Mapping[str, str] = WISHES | {
    "title": mark("Your place at the meetup"),
    "join": mark("Join online"),
    "calendar": mark(
        "The message with your confirmation puts the meetup into your calendar, and changes go there too."
    ),
    "page": mark("All about the meetup"),
    "summary": mark("What came of it"),
    "tables": mark("Your tables"),
    "tables_hint": mark("In each round you sit with other people. The question is there to begin with, no more."),
    "again": mark("Whom would you like to meet again?"),
    "again_hint": mark(
        "Tick whoever you like. Only when the other one ticks you too does something come of it: both of you see it "
        "here, and if both of you come for a community, these two are suggested to each other as a tandem. Otherwise "
        "nobody learns of your tick."
    ),
    "lacks_community": mark(
        "You have come without a community, so no tandem can be suggested. When both of you tick, both of you see it "
        "here all the same."
    ),
    "again_send": mark("Save my ticks"),
    "both": mark("Both of you would like that."),
    "how": mark("Was it worth your time?"),
    "how_hint": mark("One click. The organizers see sums of many only, never whose answer it is."),
    "said": mark("Thank you! You have said:"),
    "comment": mark("Would you like to add something? (optional)"),
    "comment_hint": mark("The organizers read it without your name."),
    "comment_send": mark("Send"),
    "community": mark("I come for"),
    "community_hint": mark("It is how people who meet here become tandems. Nobody at the table has to know."),
    "no_community": mark("no community in particular"),
    "partners": mark(
        "What you write below for a community helps to find partners for it in match rounds, and is never shown word "
        "by word."
    ),
    "to_store": mark("This is what the form says. By your click it is kept; you can change it below, now or later."),
    "to_stay": mark(
        "The form says that you would like to hear of the next meetups, and that your registration is kept for that. "
        "By your click you agree; you can change it below, now or later."
    ),
    "wishes": mark("What you wish for, and what you can show"),
    "save": mark("Save"),
    "next_ones": mark("The next meetups"),
    "leave": mark("You cannot come?"),
    "leave_hint": mark("One click, no reason needed. Your place goes to whoever waits next."),
    "leave_send": mark("Cancel my place"),
    "privacy": mark("Privacy notice of your company:"),
}
OPINIONS: Mapping[Usefulness, str] = {
    Usefulness.YES: mark("Yes"),
    Usefulness.PARTLY: mark("Partly"),
    Usefulness.NO: mark("No"),
}

# An empty value of a form counts as none sent.
NO_COMMUNITY = "none"
Do = Literal["confirm", "keep", "leave", "wishes", "stays", "again", "feedback"]
Comment = Annotated[
    Annotated[str, StringConstraints(max_length=1000), Clean] | None,
    BeforeValidator(lambda text: text.replace("\r\n", "\n").strip() if isinstance(text, str) else text),
    EmptyIsNull,
]


class Sent(Typed):
    """What was sent by one of the forms of the page."""

    do: Do
    useful: Usefulness | None = None
    comment: Comment = None
    again: list[str] = Field(default_factory=list)
    community: str | None = None
    seen: int | None = None
    """The version of the registration that the page showed."""


def do(session: Session, request: Request, link: PlaceLink, settings: Settings, sent: Sent) -> None:
    """What was asked for by a button. Raises LinkExpired, LinkNotYours for a community that the person does not speak
    for, NothingChosen, ValidationError, and what the services raise."""
    registration, _ = _opened(session, request, link, settings)
    match sent.do:
        case "confirm":
            registrations.confirm_address(session, registration.id, sent.seen)
        case "keep":
            registrations.keep_place(session, registration.id)
        case "leave":
            registrations.leave(session, registration.id)
        case "wishes":
            wishes = sent.wishes() | _community(session, registration, sent.community)
            registrations.rewrite(session, registration.id, RegistrationUpdate.model_validate(wishes))
        case "stays":
            registrations.rewrite(session, registration.id, RegistrationUpdate(stays=sent.stays))
        case "again":
            seatings.say_again(session, registration, sent.again)
        case "feedback":
            if sent.useful is None:
                raise NothingChosen
            feedback.say(session, registration, sent.useful, sent.comment)


def shown(
    session: Session,
    request: Request,
    link: PlaceLink,
    settings: Settings,
    sent: Sent | None = None,
    refusal: ValidationError | Problem | None = None,
) -> Shown:
    """How the place stands, and why what was just sent was refused. Raises LinkExpired."""
    registration, meetup = _opened(session, request, link, settings)
    language = language_of(request)
    why = refused(refusal, language) if refusal else None
    company = session.get_one(Company, registration.company_id)
    takes_part = company.status is CompanyStatus.ACTIVE
    is_on = (takes_part or standing.is_over(meetup)) and meetup.status is not MeetupStatus.CANCELLED
    has_place = registration.status is RegistrationStatus.REGISTERED and is_on
    is_to_come = takes_part and meetup.status in TO_COME and now() < meetup.starts_at
    is_in_line = registration.status in IN_LINE
    facts = meetup_page.facts(session, meetup, language, newcomer=not is_in_line, has_place=has_place)
    said = feedback.of(session, registration.id)
    typed = sent if sent and sent.do == "wishes" else _typed(registration)
    tables, companions = own_tables(session, registration, language) if has_place else ([], [])
    values = {
        "title": meetup.title,
        "spoken_in": meetup.language,
        "message": meetup.cancel_message,
        **standing.in_words(session, registration, meetup, language),
        # While it takes place, whoever looks wants to know where to sit.
        "facts": facts if is_to_come or (has_place and standing.is_over(meetup)) else [],
        "join": meetup.online_link if has_place and not standing.is_over(meetup) else None,
        "is_coming": has_place and is_to_come,
        "page": f"../meetups/{meetup.id}",
        "summary": f"../meetups/{meetup.id}/summary" if meetup_page.is_held(meetup) else None,
        "tables": tables,
        "people": companions if _can_say_again(meetup) else [],
        "lacks_community": registration.community_id is None,
        "is_over": standing.is_over(meetup),
        "asks_how": has_place and registration.attended is not False and feedback.is_open(meetup),
        "opinions": [(one.value, lookup(text, language)) for one, text in OPINIONS.items()],
        "useful": said.useful.value if said else None,
        "said": lookup(OPINIONS[said.useful], language) if said else None,
        "comment": (said.comment if said else None) or "",
        "can_change": is_to_come and (is_in_line or registration.status is RegistrationStatus.UNCONFIRMED),
        "version": registration.version,
        "to_store": _typed_in_words(session, registration, language),
        "would_stay": registration.stays and registration.status is RegistrationStatus.UNCONFIRMED,
        "no_community": NO_COMMUNITY,
        "communities": _communities(session, registration),
        "community": registration.community_id or NO_COMMUNITY,
        "typed": typed,
        "spoken": spoken(typed.languages, language),
        "stays": translate(WISHES["stays"], language, days=settings.keep_registrations_days),
        "refused": why,
        "field_names": field_names(language),
        "can_leave": is_to_come and is_in_line,
        "privacy": company.privacy_notice,
        "privacy_is_link": (company.privacy_notice or "").startswith(("https://", "http://")),
        "law": acceptance.notice(language),
    }
    return Shown("place.html", WORDS, values, why.status if why else 200)


def _opened(session: Session, request: Request, link: PlaceLink, settings: Settings) -> tuple[Registration, Meetup]:
    registration = session.get(Registration, link.registration_id)
    if registration is None or registration.person_id != link.person_id:
        # Forgotten, as registrations are some time after the meetup.
        raise LinkExpired
    person = session.get_one(Person, link.person_id)
    parts = addresses.place_parts(registration.id, person, settings.key_pepper.get_secret_value())
    if person.status is PersonStatus.ERASED or parts != astuple(link):
        # It was sent to an address that is not the person's any more.
        raise LinkExpired
    speak_to(request, person.language)
    return registration, session.get_one(Meetup, registration.meetup_id)


def _communities(session: Session, registration: Registration) -> list[tuple[str, str]]:
    """For which the person may come: those that it speaks for, and the one that its company has named."""
    own = communities.spoken_for(session, registration.person_id) | {registration.community_id or ""}
    found = [one for one in (session.get(Community, community_id) for community_id in own) if one is not None]
    possible = [
        one for one in found if one.status is not CommunityStatus.ARCHIVED or one.id == registration.community_id
    ]
    return sorted(((one.id, one.name) for one in possible), key=lambda one: (one[1].casefold(), one[0]))


def _community(session: Session, registration: Registration, chosen: str | None) -> dict[str, str | None]:
    """What the form says of it; nothing where it did not ask."""
    if chosen is None:
        return {}
    if chosen == NO_COMMUNITY:
        return {"community_id": None}
    if chosen not in dict(_communities(session, registration)):
        raise LinkNotYours
    return {"community_id": chosen}


def _typed(registration: Registration) -> Typed:
    return typed_of(
        registration.learn,
        registration.show,
        registration.themes,
        registration.languages,
        stays=registration.stays,
    )


def _typed_in_words(session: Session, registration: Registration, language: Language) -> list[tuple[str, str]]:
    """What a form says that is not confirmed: whoever confirms sees it first, for anybody may have typed it."""
    if registration.status is not RegistrationStatus.UNCONFIRMED:
        return []
    person = session.get_one(Person, registration.person_id)
    told = {
        "first_name": [person.first_name] if person.status is PersonStatus.UNCONFIRMED else [],
        "learn": registration.learn,
        "show": registration.show,
        "themes": registration.themes,
        "languages": [language_in_words(tag, language) for tag in registration.languages],
    }
    names = field_names(language)
    return [(names[field], "; ".join(texts)) for field, texts in told.items() if texts]


def _can_say_again(meetup: Meetup) -> bool:
    since, until = seatings.again_window(meetup)
    return since <= now() <= until
