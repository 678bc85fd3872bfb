"""The page on which somebody proposes the released story of its tandem as a talk of the next meetup."""

from collections.abc import Mapping

from fastapi import Request
from sqlmodel import Session

from app.console import meetup_page
from app.console.links import StoryLink
from app.console.pages import Shown, language_of, speak_to
from app.core.errors import NotFound
from app.core.i18n import lookup, mark, translate
from app.meetups.models import TalkStatus
from app.people.models import Person
from app.programme import storytelling
from app.programme.storytelling import NoMeetupTakesTalks, StoryNotFound, StoryOffer, StoryProposedAlready

WORDS: Mapping[str, str] = {
    "title": mark("Your story as a talk"),
    "story": mark("What you have learned"),
    "page": mark("All about the meetup"),
    "hint": mark(
        "One click. You would give the talk, and your partner is not named in it. The organizers choose. Once it is "
        "accepted, everybody reads these lines, your first name, your community and your company. Your intranet can "
        "withdraw it at any time."
    ),
    "propose": mark("Propose it as a talk"),
}
ASK = (
    mark("Will you tell it?"),
    mark("{community} has something to tell. Others could learn from it at the next meetup."),
)
PROPOSED = (
    mark("Thank you, it is proposed"),
    mark("The organizers look at it, and a message tells you what they say."),
)
ACCEPTED = mark("You are on the agenda"), mark("Your talk is accepted. We look forward to it!")
DECLINED = (
    mark("Not this time"),
    mark("There are more good stories than time at one meetup. You can propose it for a later one."),
)
BY_THE_OTHER_SIDE = (
    mark("Your partner tells it"),
    mark("The other side of your tandem has proposed the story already. Nothing is left to do."),
)
NO_MEETUP = (
    mark("No meetup takes talks at present"),
    mark("As soon as the next one is announced, a message asks you again."),
)

_OF_STATUS: Mapping[TalkStatus, tuple[str, str]] = {
    TalkStatus.PROPOSED: PROPOSED,
    TalkStatus.ACCEPTED: ACCEPTED,
    TalkStatus.DECLINED: DECLINED,
    TalkStatus.WITHDRAWN: ASK,
}


class StoryNotToTell(NotFound):
    slug = "story-not-to-tell"
    title = mark("This story cannot be told any more")
    detail = mark(
        "One of the two sides has taken it back, or you do not speak for the community at present. Nothing was "
        "stored."
    )


def propose(session: Session, request: Request, link: StoryLink) -> None:
    """The story becomes a proposal, of whoever has opened the link. The same click again changes nothing.

    Raises StoryNotToTell. Where somebody was faster, the page tells it.
    """
    offer = _offered(session, request, link)
    if offer.meetup is None or offer.talk is not None:
        return
    try:
        storytelling.propose(session, link.story_id, link.community_id, link.person_id)
    except (NoMeetupTakesTalks, StoryProposedAlready):
        session.rollback()


def shown(session: Session, request: Request, link: StoryLink) -> Shown:
    """The story, the next meetup, and what has become of the proposal. Raises StoryNotToTell."""
    offer = _offered(session, request, link)
    language = language_of(request)
    meetup = offer.meetup
    heading, lead = _state(offer)
    values = {
        "heading": lookup(heading, language),
        "lead": translate(lead, language, community=offer.community.name),
        "lines": offer.lines,
        "story_language": next(iter(offer.community.languages), None),
        "title": meetup.title if meetup else "",
        "spoken_in": meetup.language if meetup else language,
        "facts": meetup_page.facts(session, meetup, language, newcomer=False) if meetup else [],
        "page": f"../meetups/{meetup.id}" if meetup else "",
        "can_propose": meetup is not None and offer.talk is None,
    }
    return Shown("story_talk.html", WORDS, values)


def _offered(session: Session, request: Request, link: StoryLink) -> StoryOffer:
    person = session.get(Person, link.person_id)
    speak_to(request, person.language if person else None)
    try:
        return storytelling.offered(session, link.story_id, link.community_id, link.person_id)
    except StoryNotFound as gone:
        raise StoryNotToTell from gone


def _state(offer: StoryOffer) -> tuple[str, str]:
    if offer.meetup is None:
        return NO_MEETUP
    if offer.talk is None:
        return ASK
    if offer.talk.community_id != offer.community.id:
        return BY_THE_OTHER_SIDE
    return _OF_STATUS[offer.talk.status]
