"""What a person opens by a signed link, and as whom: no key and no cookie, only the link and who speaks by it."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Path, Request
from sqlmodel import Session

from app.access.dependencies import SettingsDep
from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.console.pages import speak_to
from app.core import links
from app.core.errors import Forbidden, NotFound
from app.core.i18n import mark
from app.core.links import LinkExpired, LinkNotAccepted
from app.core.settings import Settings
from app.people.models import Person, PersonStatus
from app.tandems.models import SideName

ANSWER, USEFUL, PULSE, MAIL, CALENDAR = "answer", "useful", "pulse", "mail", "calendar"
PLACE, CARDS, STORY_TALK = "registrations", "table-cards", "story-talks"

# Where the person stands among the parts of a link.
_PERSON = {ANSWER: 2, USEFUL: 2, PULSE: 2, MAIL: 0, PLACE: 1, STORY_TALK: 2}


class LinkNotYours(NotFound):
    slug = "link-not-yours"
    title = mark("This link does not work for you any more")
    detail = mark(
        "You do not speak for this community at present. If that is a mistake, ask your coordinator or the people "
        "who look after your intranet."
    )


class FormFromElsewhere(Forbidden):
    slug = "form-from-elsewhere"
    title = mark("Nothing was stored")
    detail = mark("The form was sent from another page. Open the link in your message and answer there.")


@dataclass(frozen=True, slots=True)
class AnswerLink:
    suggestion_id: str
    side: SideName
    person_id: str


@dataclass(frozen=True, slots=True)
class UsefulLink:
    exchange_id: str
    side: SideName
    person_id: str


@dataclass(frozen=True, slots=True)
class PulseLink:
    tandem_id: str
    side: SideName
    person_id: str
    term: int


@dataclass(frozen=True, slots=True)
class MailLink:
    person_id: str


@dataclass(frozen=True, slots=True)
class FeedLink:
    community_id: str
    number: int


@dataclass(frozen=True, slots=True)
class PlaceLink:
    registration_id: str
    person_id: str
    address: str = ""
    """A mark of the address that it was sent to; links from before there was one open nothing."""


@dataclass(frozen=True, slots=True)
class CardsLink:
    seating_id: str


@dataclass(frozen=True, slots=True)
class StoryLink:
    story_id: str
    community_id: str
    person_id: str


Token = Annotated[str, Path(description="What the link was signed with.")]


def answer_link(request: Request, settings: SettingsDep, token: Token) -> AnswerLink:
    suggestion_id, side, person_id = _opened(request, settings, ANSWER, token)
    return AnswerLink(suggestion_id, SideName(side), person_id)


def useful_link(request: Request, settings: SettingsDep, token: Token) -> UsefulLink:
    exchange_id, side, person_id = _opened(request, settings, USEFUL, token)
    return UsefulLink(exchange_id, SideName(side), person_id)


def pulse_link(request: Request, settings: SettingsDep, token: Token) -> PulseLink:
    tandem_id, side, person_id, term = _opened(request, settings, PULSE, token)
    return PulseLink(tandem_id, SideName(side), person_id, int(term))


def mail_link(request: Request, settings: SettingsDep, token: Token) -> MailLink:
    return MailLink(*_opened(request, settings, MAIL, token))


def feed_link(request: Request, settings: SettingsDep, token: Token) -> FeedLink:
    community_id, number = _opened(request, settings, CALENDAR, token)
    return FeedLink(community_id, int(number))


def place_link(request: Request, settings: SettingsDep, token: Token) -> PlaceLink:
    return PlaceLink(*_opened(request, settings, PLACE, token))


def cards_link(request: Request, settings: SettingsDep, token: Token) -> CardsLink:
    return CardsLink(*_opened(request, settings, CARDS, token))


def story_link(request: Request, settings: SettingsDep, token: Token) -> StoryLink:
    return StoryLink(*_opened(request, settings, STORY_TALK, token))


AnswerLinkDep = Annotated[AnswerLink, Depends(answer_link)]
UsefulLinkDep = Annotated[UsefulLink, Depends(useful_link)]
PulseLinkDep = Annotated[PulseLink, Depends(pulse_link)]
MailLinkDep = Annotated[MailLink, Depends(mail_link)]
FeedLinkDep = Annotated[FeedLink, Depends(feed_link)]
PlaceLinkDep = Annotated[PlaceLink, Depends(place_link)]
CardsLinkDep = Annotated[CardsLink, Depends(cards_link)]
StoryLinkDep = Annotated[StoryLink, Depends(story_link)]


def caller_for(session: Session, request: Request, person_id: str, community_id: str) -> Caller:
    """As whom the person acts, while it speaks for the community. Raises LinkNotYours.

    From here on the request is answered in the person's language.
    """
    for one in communities.managers_of(session, [community_id]).get(community_id, []):
        if one.person_id == person_id and one.status is PersonStatus.ACTIVE:
            speak_to(request, one.language)
            company_id = communities.companies_of(session, [community_id])[community_id]
            return Caller(Role.MANAGER, key_id="link", company_id=company_id, person_id=person_id)
    raise LinkNotYours


def require_own_form(request: Request, settings: Settings) -> None:
    """The link is the authority, and no other page knows it; a browser that tells where a form comes from is heard
    all the same. Raises FormFromElsewhere.

    Because our pages ask for no referrer, browsers send `Origin: null` with their forms, so that tells nothing.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise FormFromElsewhere
        return
    ours = {_origin(settings.public_url), _origin(str(request.base_url)), "null"}
    if request.headers.get("origin", "null") not in ours:
        raise FormFromElsewhere


def own_form(request: Request, settings: SettingsDep) -> None:
    require_own_form(request, settings)


OWN_FORM = [Depends(own_form)]


def _opened(request: Request, settings: Settings, purpose: str, token: str) -> tuple[str, ...]:
    try:
        return links.opened(purpose, token, settings.key_pepper.get_secret_value())
    except LinkNotAccepted:
        request.state.link_refused = True
        raise
    except LinkExpired as expired:
        if purpose in _PERSON:
            _speak_to_person(request, expired.values["parts"][_PERSON[purpose]])  # type: ignore[index]  # of `links`
        raise


def _speak_to_person(request: Request, person_id: str) -> None:
    with request.app.state.database.reader() as session:
        person = session.get(Person, person_id)
        speak_to(request, person.language if person else None)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
