"""Talks of a meetup: proposed by communities, accepted or declined by organizers.

proposed, declined -> accepted        proposed, accepted -> declined        any of them -> withdrawn
"""

from sqlmodel import Session

from app.access.models import COMPANY_ROLES, Role
from app.access.service import Caller
from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.i18n import mark, translate
from app.core.ids import new_id
from app.meetups import agendas, queries
from app.meetups import service as meetups
from app.meetups.models import TO_COME, Meetup, Talk, TalkStatus
from app.meetups.schemas import TalkCreate, TalkUpdate
from app.notifications.letters import language_of
from app.people import service as people
from app.people.models import PersonStatus

_MAY_PROPOSE = (Role.MANAGER, *sorted(COMPANY_ROLES))
_STORY_MINUTES = 15
_STORY_TITLE = mark("What {community} has learned in a tandem")


class TalkNotFound(NotFound):
    slug = "talk-not-found"
    title = mark("No such talk")
    detail = mark(
        "There is no talk {talk_id} that you may see. List those of a meetup with GET "
        "/v1/meetups/{{meetup_id}}/talks."
    )


class NotYourTalk(Forbidden):
    slug = "not-your-talk"
    title = mark("Not a talk of yours")
    detail = mark("A talk is changed or withdrawn by its own community, or its company's portal or coordinator.")


class WrongTalkState(Conflict):
    slug = "wrong-talk-state"
    title = mark("The talk is at another point")
    detail = mark(
        "The talk is {status}; this step is possible only when it is one of these: {needed}. One that was withdrawn "
        "can be proposed anew."
    )


def propose(session: Session, caller: Caller, meetup_id: str, wish: TalkCreate) -> Talk:
    """A talk of a community that the caller speaks for, for a meetup to come.

    Raises MeetupNotFound, WrongMeetupState, MeetupBegun, CommunityNotFound, CompanyNotActive, and WrongState for a
    community that is archived.
    """
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    community = _proposing(session, caller, meetup, wish.community_id)
    speaker_id = wish.speaker_id or (caller.person_id if caller.role is Role.MANAGER else None)
    _check_speaker(session, community, speaker_id)
    talk = Talk(
        id=new_id("tlk"),
        meetup_id=meetup.id,
        status=TalkStatus.PROPOSED,
        company_id=community.company_id,
        speaker_id=speaker_id,
        proposed_at=now(),
        **wish.model_dump(exclude={"speaker_id"}),
    )
    return _proposed(session, caller, talk)


def propose_story(
    session: Session,
    caller: Caller,
    meetup: Meetup,
    *,
    story_id: str,
    community_id: str,
    lines: list[str],
    language: str,
    speaker_id: str | None,
) -> Talk:
    """A released story becomes a proposal of one of its two communities; the same story again is the talk that is
    there, of whichever of the two, and one that was withdrawn is proposed anew. `lines` become the abstract. Raises
    what `propose` raises.
    """
    meetup = meetups.get(session, caller, meetup.id, for_update=True)
    community = _proposing(session, caller, meetup, community_id)
    _check_speaker(session, community, speaker_id)
    known = queries.of_story(session, meetup.id, story_id)
    if known is not None and known.status is not TalkStatus.WITHDRAWN:
        return known
    talk = known or Talk(
        id=new_id("tlk"),
        meetup_id=meetup.id,
        story_id=story_id,
        minutes=_STORY_MINUTES,
        status=TalkStatus.PROPOSED,
        title="",
        abstract="",
        language=language,
        company_id=community.company_id,
        community_id=community.id,
        proposed_at=now(),
        version=0,
    )
    talk.version += 1
    talk.title = translate(_STORY_TITLE, language_of(language), community=community.name)
    talk.abstract = "\n".join(lines)
    talk.language, talk.speaker_id = language, speaker_id
    talk.company_id, talk.community_id = community.company_id, community.id
    talk.status, talk.proposed_at, talk.decided_at = TalkStatus.PROPOSED, now(), None
    return _proposed(session, caller, talk)


def change(session: Session, caller: Caller, talk_id: str, wish: TalkUpdate, if_match: str | None) -> Talk:
    """Other words, another length or speaker, until the meetup is held; one that is accepted stays so. Who is named
    as speaker by somebody else is told."""
    talk, meetup = own_at_hand(session, caller, talk_id)
    require_match(if_match, talk.version)
    meetups.require(meetup, *TO_COME)
    _require(talk, TalkStatus.PROPOSED, TalkStatus.ACCEPTED)
    named = wish.model_dump(exclude_unset=True)
    changed = {field: value for field, value in named.items() if getattr(talk, field) != value}
    if changed.get("speaker_id") is not None:
        _check_speaker(session, talk, wish.speaker_id)
    for field, value in changed.items():
        setattr(talk, field, value)
    if "title" in changed and agendas.has(meetup.agenda, talk.id):
        # It shows the title.
        meetup.version += 1
        session.add(meetup)
    if changed:
        talk.version += 1
        session.add(talk)
        events.record(session, "talk.changed", talk.id)
    if "speaker_id" in changed:
        _tell_speaker(session, caller, talk)
    return talk


def accept(session: Session, caller: Caller, talk_id: str) -> Talk:
    """It becomes part of the programme, and everybody may read it. One that is accepted stays so."""
    talk, _ = _organized(session, caller, talk_id)
    _require(talk, TalkStatus.PROPOSED, TalkStatus.DECLINED, TalkStatus.ACCEPTED)
    if talk.status is not TalkStatus.ACCEPTED:
        _decide(session, talk, TalkStatus.ACCEPTED)
    return talk


def decline(session: Session, caller: Caller, talk_id: str) -> Talk:
    """Not this time; an accepted one leaves the agenda. One that is declined stays so."""
    talk, meetup = _organized(session, caller, talk_id)
    _require(talk, TalkStatus.PROPOSED, TalkStatus.ACCEPTED, TalkStatus.DECLINED)
    if talk.status is not TalkStatus.DECLINED:
        _take_off(session, meetup, talk)
        _decide(session, talk, TalkStatus.DECLINED)
    return talk


def withdraw(session: Session, caller: Caller, talk_id: str) -> Talk:
    """Its community takes it back, at any time: nobody else reads it from then on, and nobody can accept it."""
    talk, meetup = own_at_hand(session, caller, talk_id)
    if talk.status is not TalkStatus.WITHDRAWN:
        _take_off(session, meetup, talk)
        _decide(session, talk, TalkStatus.WITHDRAWN)
    return talk


def get(session: Session, caller: Caller, talk_id: str) -> Talk:
    """The talk, if the caller may see it: an accepted one, or one of its own, or as an organizer. Raises
    TalkNotFound."""
    talk = queries.visible_talk(session, caller, talk_id)
    if talk is None:
        raise TalkNotFound(talk_id=talk_id)
    return talk


def own_at_hand(session: Session, caller: Caller, talk_id: str) -> tuple[Talk, Meetup]:
    """A talk in the hands of its own side. Raises TalkNotFound, NotYourTalk."""
    require_own(session, caller, get(session, caller, talk_id))
    return _at_hand(session, caller, talk_id)


def require_own(session: Session, caller: Caller, talk: Talk) -> None:
    """Raises NotYourTalk."""
    if not queries.own_talks(session, caller, [talk.id]):
        raise NotYourTalk


def _organized(session: Session, caller: Caller, talk_id: str) -> tuple[Talk, Meetup]:
    """A talk in the hands of an organizer, who decides until the meetup is held."""
    get(session, caller, talk_id)
    caller.require(*queries.ORGANIZES)
    talk, meetup = _at_hand(session, caller, talk_id)
    meetups.require(meetup, *TO_COME)
    return talk, meetup


def _at_hand(session: Session, caller: Caller, talk_id: str) -> tuple[Talk, Meetup]:
    """As they are now and stay until the transaction is over; always the meetup first."""
    meetup = meetups.get(session, caller, get(session, caller, talk_id).meetup_id, for_update=True)
    return queries.talk_held_fast(session, talk_id), meetup


def _proposing(session: Session, caller: Caller, meetup: Meetup, community_id: str) -> Community:
    """The community that proposes something for a meetup, after checking that it may."""
    caller.require(*_MAY_PROPOSE)
    community = communities.get(session, caller, community_id)
    companies.get_active(session, caller, community.company_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise communities.WrongState(status=community.status.value, needed="draft, confirmed, published, paused")
    meetups.require(meetup, *TO_COME)
    meetups.require_to_come(meetup)
    return community


def _check_speaker(session: Session, of: Community | Talk, person_id: str | None) -> None:
    """Raises PersonNotFound for anybody of another company, PersonWaiting."""
    if person_id is None:
        return
    person = people.get(session, person_id, company_id=of.company_id)
    if person.status is PersonStatus.WAITING:
        raise people.PersonWaiting(person_id=person_id)
    if person.status is PersonStatus.ERASED:
        raise people.PersonNotFound(person_id=person_id)


def _require(talk: Talk, *needed: TalkStatus) -> None:
    if talk.status not in needed:
        raise WrongTalkState(status=talk.status.value, needed=", ".join(needed))


def _proposed(session: Session, caller: Caller, talk: Talk) -> Talk:
    session.add(talk)
    session.flush()
    events.record(session, "talk.proposed", talk.id)
    _tell_speaker(session, caller, talk)
    return talk


def _tell_speaker(session: Session, caller: Caller, talk: Talk) -> None:
    """Whoever is named by somebody else is to hear of it: its first name becomes public with the talk."""
    if talk.speaker_id is not None and talk.speaker_id != caller.person_id:
        events.record(session, "talk.speaker_named", talk.id)


def _decide(session: Session, talk: Talk, status: TalkStatus) -> None:
    talk.status, talk.decided_at = status, now()
    talk.version += 1
    session.add(talk)
    events.record(session, f"talk.{status.value}", talk.id)


def _take_off(session: Session, meetup: Meetup, talk: Talk) -> None:
    """The agenda is without it; whoever reads the meetup sees another version."""
    if agendas.has(meetup.agenda, talk.id):
        meetup.agenda = agendas.without(meetup.agenda, {talk.id})
        meetup.version += 1
        session.add(meetup)
        events.record(session, "meetup.changed", meetup.id)
