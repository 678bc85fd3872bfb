"""A released story becomes a talk of the next meetup, with one click of one of its two sides.

The story is what both have released for everybody. So either may tell it without asking again, and as soon as one of
them takes it back, or rewrites it, the talk goes, too: what is not released any more is nowhere to be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.communities.models import Community
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.events import Event
from app.core.i18n import mark
from app.meetups import queries as meetup_queries
from app.meetups import service as meetups
from app.meetups import talks
from app.meetups.models import Meetup, Talk, TalkStatus
from app.notifications import outbox
from app.notifications.letters import Template
from app.notifications.outbox import Mail
from app.people import service as people
from app.people.models import Person, PersonStatus
from app.programme import queries, story_letters
from app.programme.queries import Story
from app.programme.schemas import StoryTalkCreate
from app.tandems import queries as tandem_queries
from app.tandems.models import SideName

TEMPLATES: tuple[Template, ...] = (story_letters.TEMPLATE,)

INVITED_FOR = timedelta(days=365)
"""For so long after its release a story that was never told is asked for, at each meetup anew."""

_TELLS = (Role.COORDINATOR, Role.PORTAL, Role.MANAGER)


class StoryNotFound(NotFound):
    slug = "story-not-found"
    title = mark("No such story of yours")
    detail = mark(
        "{story_id} is no released story of a tandem of yours. It may have been taken back; GET "
        "/v1/tandems/{{tandem_id}}/harvest shows what both sides release at present."
    )


class NoMeetupTakesTalks(Conflict):
    slug = "no-meetup-takes-talks"
    title = mark("No meetup takes talks at present")
    detail = mark(
        "Talks are proposed for a meetup from its announcement until it begins. As soon as the next one is "
        "announced, both sides of a story are asked."
    )


class StoryProposedAlready(Conflict):
    slug = "story-proposed-already"
    title = mark("Your partner has proposed this story already")
    detail = mark(
        "It is told once at a meetup, and your tandem's other side has proposed it there. Agree on who gives the "
        "talk; once they withdraw theirs, you can propose it."
    )


@dataclass(frozen=True, slots=True)
class StoryOffer:
    """A story that a person may tell for one of its two communities."""

    story_id: str
    community: Community
    lines: list[str]
    meetup: Meetup | None
    """The next one; None while no meetup takes talks."""
    talk: Talk | None
    """The talk that tells it there already, of whichever side."""


def tell(session: Session, caller: Caller, story_id: str, wish: StoryTalkCreate) -> Talk:
    """Propose it for a meetup, or the next one; the same story again is the talk that is there.

    Raises StoryNotFound, NoMeetupTakesTalks, StoryProposedAlready, and what `talks.propose` raises.
    """
    caller.require(*_TELLS)
    found = queries.story(session, story_id, held=True)
    side = None
    if found is not None:
        side = tandem_queries.own_sides(session, caller, [found.suggestion_id]).get(found.suggestion_id)
    if found is None or side is None:
        raise StoryNotFound(story_id=story_id)
    meetup = meetups.get(session, caller, wish.meetup_id) if wish.meetup_id else _next(session)
    speaker_id = wish.speaker_id or (caller.person_id if caller.role is Role.MANAGER else None)
    return _proposed(session, caller, meetup, found, found.sides[side is SideName.B], speaker_id)


def offered(session: Session, story_id: str, community_id: str, person_id: str) -> StoryOffer:
    """What a signed link offers its reader. Raises StoryNotFound once the story is taken back, or the person does not
    speak for the community any more."""
    found = _spoken_for(session, story_id, community_id, person_id)
    meetup = meetup_queries.next_to_come(session)
    talk = meetup_queries.of_story(session, meetup.id, story_id) if meetup is not None else None
    return StoryOffer(
        story_id=story_id,
        community=session.get_one(Community, community_id),
        lines=found.lines,
        meetup=meetup,
        talk=talk if talk is not None and talk.status is not TalkStatus.WITHDRAWN else None,
    )


def propose(session: Session, story_id: str, community_id: str, person_id: str) -> Talk:
    """As `tell`, for the next meetup, by the person whom a signed link names and who gives the talk."""
    found = _spoken_for(session, story_id, community_id, person_id, held=True)
    speaker = session.get_one(Person, person_id)
    caller = Caller(Role.MANAGER, key_id="link", person_id=person_id, company_id=speaker.company_id)
    return _proposed(session, caller, _next(session), found, community_id, person_id)


def invite(session: Session, event: Event) -> None:
    """A story was released: both sides are asked whether they tell it at the next meetup."""
    found = queries.story_of_tandem(session, event.subject_id)
    if found is not None:
        _invite(session, [found])


def invite_all(session: Session, event: Event) -> None:
    """Another meetup may be the next one, as one was announced, held or cancelled: the sides of stories that were
    never told are asked, once for each meetup."""
    _invite(session, queries.stories_never_told(session, now() - INVITED_FOR))


def taken_back(session: Session, event: Event) -> None:
    """The event names the story. Whoever has proposed it, and whether it was told already: it is withdrawn."""
    for talk in queries.talks_telling(session, event.subject_id):
        its_side = Caller(Role.COORDINATOR, key_id="story", company_id=talk.company_id)
        talks.withdraw(session, its_side, talk.id)


def reworded(session: Session, event: Event) -> None:
    """A person was taken out of a story that stays released. What the talk's side has written instead of its lines is
    given up with them: the person may stand in it as well."""
    lines = queries.released_lines(session, event.subject_id)
    if lines is None:
        return
    for talk in queries.talks_telling(session, event.subject_id):
        talk.abstract = "\n".join(lines)
        talk.version += 1
        session.add(talk)


def _next(session: Session) -> Meetup:
    meetup = meetup_queries.next_to_come(session)
    if meetup is None:
        raise NoMeetupTakesTalks
    return meetup


def _spoken_for(session: Session, story_id: str, community_id: str, person_id: str, *, held: bool = False) -> Story:
    """The story, which is of a community that the person speaks for now. Raises StoryNotFound."""
    found = queries.story(session, story_id, held=held)
    speaks = people.may_speak(session, person_id) and community_id in communities.spoken_for(session, person_id)
    if found is None or community_id not in found.sides or not speaks:
        raise StoryNotFound(story_id=story_id)
    return found


def _proposed(
    session: Session, caller: Caller, meetup: Meetup, story: Story, community_id: str, speaker_id: str | None
) -> Talk:
    languages = session.get_one(Community, community_id).languages
    talk = talks.propose_story(
        session,
        caller,
        meetup,
        story_id=story.id,
        community_id=community_id,
        lines=story.lines,
        language=languages[0] if languages else meetup.language,
        speaker_id=speaker_id,
    )
    if talk.community_id != community_id:
        raise StoryProposedAlready
    return talk


def _invite(session: Session, stories: Sequence[Story]) -> None:
    meetup = meetup_queries.next_to_come(session)
    if meetup is None or not stories:
        return
    speakers = communities.managers_of(session, {side for one in stories for side in one.sides})
    outbox.queue(
        session,
        [
            Mail(
                story_letters.NAME,
                speaker.person_id,
                one.tandem_id,
                {"tandem_id": one.tandem_id, "community_id": community_id, "meetup_id": meetup.id},
                # Not by the story: one that is released anew is another one, and no reason to write again.
                key=f"{story_letters.NAME}:{one.tandem_id}:{meetup.id}",
            )
            for one in stories
            for community_id in one.sides
            for speaker in speakers.get(community_id, [])
            if speaker.status is PersonStatus.ACTIVE
        ],
    )
