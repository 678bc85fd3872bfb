"""How a place at a meetup stands, in words, and what can be done about it with one click."""

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from app.companies.models import Company, CompanyStatus
from app.console.meetup_page import is_held, takes
from app.console.pages import moment_in_words
from app.core.clock import now
from app.core.i18n import Language, lookup, mark, translate
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import queries
from app.registrations.models import Registration, RegistrationStatus


@dataclass(frozen=True, slots=True)
class State:
    heading: str
    lead: str
    act: Literal["confirm", "keep"] | None = None
    act_label: str = ""
    act_hint: str = ""


CONFIRM = State(
    mark("One click is missing"),
    mark("Please confirm that this address is yours and that you would like to come."),
    "confirm",
    mark("Yes, I would like to come"),
    mark(
        "Places go in the order in which people confirm. Was it not you? Then do nothing, and all of it is deleted."
    ),
)
TOO_LATE = State(
    mark("Registration is closed"), mark("Nobody can register for it any more. You are welcome at the next one!")
)
HAS_A_PLACE = State(mark("You have a place"), mark("We look forward to seeing you."))
WAITS = State(
    mark("You are on the waiting list"),
    mark(
        "You are number {position} of those who wait. When a place becomes free for you, a message asks you; then "
        "you have {hours} hours to say yes, or until the meetup begins."
    ),
)
OFFERED = State(
    mark("A place is free for you"),
    mark("It is kept for you until {until}. After that, the next one is asked."),
    "keep",
    mark("Yes, I am coming"),
    mark("You will find the details here and in a message."),
)
CANCELLED = State(
    mark("You have cancelled"),
    mark("That is fine, and thank you for saying so. You are not registered any more."),
    "confirm",
    mark("Register again"),
    mark("You change your mind? You then go to the end of the line."),
)
CANCELLED_FOR_GOOD = State(CANCELLED.heading, CANCELLED.lead)
LAPSED = State(
    mark("Your place has gone to the next one"),
    mark("It was kept for you for a while, and the time is over."),
    "confirm",
    mark("Register again"),
    mark("You would still like to come? You then go to the end of the line."),
)
LAPSED_FOR_GOOD = State(LAPSED.heading, LAPSED.lead)
RUNS = State(mark("Good that you are here"), mark("The meetup is on. Below you find who you sit with."))
HAS_BEGUN = State(mark("The meetup has begun"), mark("You are welcome at the next one!"))
WAS_THERE = State(mark("Thank you for coming"), mark("We hope that you have taken something home."))
WAS_HELD = State(mark("The meetup is over"), mark("You are welcome at the next one!"))
COMPANY_IS_OUT = State(
    mark("Your company does not take part at present"),
    mark("So nobody of it can register or take a place. Its coordinator knows more."),
)
IS_OFF = State(
    mark("The meetup does not take place"), mark("It was cancelled. There is nothing that you need to do.")
)


def in_words(
    session: Session, registration: Registration, meetup: Meetup, language: Language
) -> dict[str, str | None]:
    """Heading, sentence and button, by their names in the template."""
    company = session.get_one(Company, registration.company_id)
    state = _state(registration, meetup, takes_part=company.status is CompanyStatus.ACTIVE)
    names: dict[str, object] = {"hours": meetup.confirm_within_hours}
    if state is WAITS:
        names["position"] = queries.waiting_positions(session, [registration.id])[registration.id]
    if state is OFFERED and registration.offered_until:
        names["until"] = moment_in_words(registration.offered_until, meetup.time_zone, language)
    return {
        "heading": lookup(state.heading, language),
        "lead": translate(state.lead, language, **names),
        "act": state.act,
        "act_label": lookup(state.act_label, language),
        "act_hint": lookup(state.act_hint, language),
    }


def is_over(meetup: Meetup) -> bool:
    return is_held(meetup) or meetup.ends_at <= now()


def _state(registration: Registration, meetup: Meetup, *, takes_part: bool) -> State:
    if meetup.status is MeetupStatus.CANCELLED:
        return IS_OFF
    has_place = registration.status is RegistrationStatus.REGISTERED
    if is_over(meetup):
        return WAS_THERE if has_place and registration.attended is not False else WAS_HELD
    if not takes_part:
        return COMPANY_IS_OUT
    if meetup.starts_at <= now():
        return RUNS if has_place else HAS_BEGUN
    is_open = takes(meetup)
    match registration.status:
        case RegistrationStatus.UNCONFIRMED:
            return CONFIRM if is_open else TOO_LATE
        case RegistrationStatus.REGISTERED:
            return HAS_A_PLACE
        case RegistrationStatus.WAITING:
            return WAITS
        case RegistrationStatus.OFFERED:
            # Its time may be over some minutes before anybody has passed it on.
            return OFFERED if registration.offered_until and now() < registration.offered_until else LAPSED_FOR_GOOD
        case RegistrationStatus.CANCELLED:
            return CANCELLED if is_open else CANCELLED_FOR_GOOD
        case RegistrationStatus.LAPSED:
            return LAPSED if is_open else LAPSED_FOR_GOOD
