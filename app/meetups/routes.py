"""HTTP for meetups."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep
from app.access.service import Caller
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import Language, LanguageDep
from app.core.idempotency import Once
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Moment, Page
from app.guardrails import notes
from app.guardrails.schemas import KeepHint, KeptHintOut, TextsWithHints
from app.meetups import hints, queries, talks
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus, Talk
from app.meetups.schemas import (
    MeetupCancel,
    MeetupCreate,
    MeetupOut,
    MeetupUpdate,
    TalkCreate,
    TalkOut,
    TalkUpdate,
)
from app.meetups.service import Step
from app.meetups.viewing import meetups_shown, proposals_shown, tag

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

MeetupId = Annotated[Id, Path(description="Id of the meetup.", examples=["mtp_06em2n0u4hsm7bg6m3r8t2f5ac"])]
TalkId = Annotated[Id, Path(description="Id of the talk.", examples=["tlk_06em2n0u4hsm7bg6m3r8t2f5ac"])]
_STEP = problems(400, 404, 409, 422)
_CHANGE = problems(400, 404, 409, 412, 422, 428)


@router.post("/meetups", status_code=201, operation_id="create_meetup", responses=problems(400, 422))
def create_meetup(
    wish: MeetupCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Draft a meetup: when, where, for how many. Only organizers see it until it is announced."""
    draft = once.of(lambda: meetups.create(session, caller, wish), lambda known: meetups.get(session, caller, known))
    response.headers["Location"] = f"/v1/meetups/{draft.id}"
    return _shown(session, caller, draft, language, response)


@router.get("/meetups", operation_id="list_meetups", responses=problems(422))
def list_meetups(
    session: ReaderDep,
    caller: CallerDep,
    request: PageDep,
    language: LanguageDep,
    status: MeetupStatus | None = None,
    starts_from: Annotated[Moment | None, Query(alias="from", description="Those that start then or later.")] = None,
    starts_before: Annotated[Moment | None, Query(alias="to", description="Those that start before then.")] = None,
) -> Page[MeetupOut]:
    """Meetups by their start, the earliest first; drafts for organizers only."""
    after = request.key(str, str)
    found = queries.page(
        session,
        caller,
        status=status,
        starts_from=starts_from,
        starts_before=starts_before,
        after=queries.place(str(after[0]), str(after[1])) if after else None,
        limit=request.limit,
    )
    page, cursor = cut(found, request, lambda one: (one.starts_at.isoformat(), one.id))
    return Page(items=meetups_shown(session, caller, page, language), next_cursor=cursor)


@router.get("/meetups/{meetup_id}", operation_id="read_meetup", responses=problems(404))
def read_meetup(
    meetup_id: MeetupId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> MeetupOut:
    """One meetup: its date, its agenda, and how many places are left."""
    return _shown(session, caller, meetups.get(session, caller, meetup_id), language, response)


@router.patch("/meetups/{meetup_id}", operation_id="update_meetup", responses=_CHANGE)
def update_meetup(
    meetup_id: MeetupId,
    change: MeetupUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> MeetupOut:
    """Change a meetup until it is held.

    Once it is announced, everybody in line is told of another date, place or link, with an update for their calendar:
    `people_told` says how many. Places that are taken stay: a capacity below them is refused. Registrations of the
    same moment do not make your `If-Match` stale.
    """
    changed, people_told = meetups.change(session, caller, meetup_id, change, if_match)
    return _shown(session, caller, changed, language, response, people_told=people_told)


@router.post("/meetups/{meetup_id}/announce", operation_id="announce_meetup", responses=_STEP)
def announce_meetup(
    meetup_id: MeetupId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Let everybody know of a draft: it can be read, and talks can be proposed. It needs a link or a place."""
    return _stepped(session, caller, once, meetup_id, meetups.announce, language, response)


@router.post("/meetups/{meetup_id}/open", operation_id="open_meetup", responses=_STEP)
def open_meetup(
    meetup_id: MeetupId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Let people register for a meetup that is announced. It is full, and open again, by itself."""
    return _stepped(session, caller, once, meetup_id, meetups.open_registration, language, response)


@router.post("/meetups/{meetup_id}/hold", operation_id="hold_meetup", responses=_STEP)
def hold_meetup(
    meetup_id: MeetupId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Say that a meetup was held, or is being held now. Without a word it counts as held when its end has passed."""
    return _stepped(session, caller, once, meetup_id, meetups.hold, language, response)


@router.post("/meetups/{meetup_id}/archive", operation_id="archive_meetup", responses=_STEP)
def archive_meetup(
    meetup_id: MeetupId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Put a meetup away that was held. Without a word that happens 30 days after its end."""
    return _stepped(session, caller, once, meetup_id, meetups.archive, language, response)


@router.post("/meetups/{meetup_id}/cancel", operation_id="cancel_meetup", responses=_STEP)
def cancel_meetup(
    meetup_id: MeetupId,
    wish: MeetupCancel,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> MeetupOut:
    """Call a meetup off before its end. Everybody in line is told, with your message; of a draft nobody."""
    step = partial(meetups.cancel, message=wish.message)
    return _stepped(session, caller, once, meetup_id, step, language, response)


@router.get("/meetups/{meetup_id}/hints", operation_id="list_meetup_hints", responses=problems(404))
def list_meetup_hints(
    meetup_id: MeetupId, session: ReaderDep, caller: CallerDep, language: LanguageDep
) -> TextsWithHints:
    """Where title, purpose and agenda come near a topic that companies never exchange; for those who organize."""
    return TextsWithHints(items=hints.of(session, caller, meetup_id, language))


@router.post(
    "/meetups/{meetup_id}/hints/keep",
    status_code=201,
    operation_id="keep_meetup_hint",
    responses=problems(400, 404, 422),
)
def keep_meetup_hint(
    meetup_id: MeetupId, wish: KeepHint, session: SessionDep, caller: CallerDep, once: OnceDep
) -> KeptHintOut:
    """Keep a text in spite of the hints on one topic, with a reason, which is recorded; until that text changes."""
    return KeptHintOut.of(
        once.of(lambda: hints.keep(session, caller, meetup_id, wish), lambda known: notes.get(session, known))
    )


@router.post("/meetups/{meetup_id}/talks", status_code=201, operation_id="propose_talk", responses=_STEP)
def propose_talk(
    meetup_id: MeetupId,
    wish: TalkCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> TalkOut:
    """Propose a talk of a community that you speak for, for a meetup that is announced and has not begun.

    Until it is accepted only your company and the organizers read it. **Once it is accepted everybody may read it**,
    also without a key: title, abstract, the names of community and company, and the first name of the speaker. To
    propose is to agree to that, also for a community that is listed nowhere else. Ask the speaker before: whoever is
    named by somebody else gets a mail that says so. You may withdraw it at any time.
    """
    proposed = once.of(
        lambda: talks.propose(session, caller, meetup_id, wish), lambda known: talks.get(session, caller, known)
    )
    response.headers["Location"] = f"/v1/talks/{proposed.id}"
    return _talk_shown(session, caller, proposed, language, response)


@router.get("/meetups/{meetup_id}/talks", operation_id="list_talks", responses=problems(404, 422))
def list_talks(
    meetup_id: MeetupId, session: ReaderDep, caller: CallerDep, request: PageDep, language: LanguageDep
) -> Page[TalkOut]:
    """The accepted talks of a meetup, as they were proposed; with those of your own in every state, and for those who
    organize with all of them."""
    meetup = meetups.get(session, caller, meetup_id)
    after = request.key(str)
    found = queries.page_of_talks(
        session, caller, meetup.id, after=str(after[0]) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=proposals_shown(session, caller, page, language), next_cursor=cursor)


@router.get("/talks/{talk_id}", operation_id="read_talk", responses=problems(404))
def read_talk(
    talk_id: TalkId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> TalkOut:
    """One talk: an accepted one, one of your own, or any for those who organize."""
    return _talk_shown(session, caller, talks.get(session, caller, talk_id), language, response)


@router.patch("/talks/{talk_id}", operation_id="update_talk", responses=_CHANGE)
def update_talk(
    talk_id: TalkId,
    change: TalkUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> TalkOut:
    """Change a talk of your own until its meetup is held. An accepted one stays accepted; organizers see what has
    changed, and may decline it."""
    changed = talks.change(session, caller, talk_id, change, if_match)
    return _talk_shown(session, caller, changed, language, response)


@router.post("/talks/{talk_id}/accept", operation_id="accept_talk", responses=_STEP)
def accept_talk(
    talk_id: TalkId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> TalkOut:
    """Take a talk into the programme, as an organizer; also one that was declined. Everybody may read it then.

    Its speaker gets a mail. Its place on the agenda it gets with `PATCH /v1/meetups/{meetup_id}`.
    """
    accepted = once.of(
        lambda: talks.accept(session, caller, talk_id), lambda known: talks.get(session, caller, known)
    )
    return _talk_shown(session, caller, accepted, language, response)


@router.post("/talks/{talk_id}/decline", operation_id="decline_talk", responses=_STEP)
def decline_talk(
    talk_id: TalkId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> TalkOut:
    """Decline a talk, as an organizer; also one that was accepted: it leaves the agenda.

    Its speaker gets a kind mail, and no reason is needed.
    """
    declined = once.of(
        lambda: talks.decline(session, caller, talk_id), lambda known: talks.get(session, caller, known)
    )
    return _talk_shown(session, caller, declined, language, response)


@router.post("/talks/{talk_id}/withdraw", operation_id="withdraw_talk", responses=_STEP)
def withdraw_talk(
    talk_id: TalkId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> TalkOut:
    """Take a talk of your own back, at any time, also after the meetup: it leaves the agenda, and nobody but your
    company and the organizers reads it any more."""
    withdrawn = once.of(
        lambda: talks.withdraw(session, caller, talk_id), lambda known: talks.get(session, caller, known)
    )
    return _talk_shown(session, caller, withdrawn, language, response)


@router.get("/talks/{talk_id}/hints", operation_id="list_talk_hints", responses=problems(404))
def list_talk_hints(talk_id: TalkId, session: ReaderDep, caller: CallerDep, language: LanguageDep) -> TextsWithHints:
    """Where a talk comes near a topic that companies never exchange; for its own side and those who organize."""
    return TextsWithHints(items=hints.of_talk(session, caller, talk_id, language))


@router.post(
    "/talks/{talk_id}/hints/keep", status_code=201, operation_id="keep_talk_hint", responses=problems(400, 404, 422)
)
def keep_talk_hint(
    talk_id: TalkId, wish: KeepHint, session: SessionDep, caller: CallerDep, once: OnceDep
) -> KeptHintOut:
    """Keep a text of your own talk in spite of the hints on one topic, with a reason; until that text changes."""
    return KeptHintOut.of(
        once.of(lambda: hints.keep_of_talk(session, caller, talk_id, wish), lambda known: notes.get(session, known))
    )


def _stepped(
    session: Session,
    caller: Caller,
    once: Once,
    meetup_id: str,
    step: Step,
    language: Language,
    response: Response,
) -> MeetupOut:
    taken = once.of(
        lambda: meetups.take_step(session, caller, meetup_id, step),
        lambda known: meetups.get(session, caller, known),
    )
    return _shown(session, caller, taken, language, response)


def _shown(
    session: Session,
    caller: Caller,
    meetup: Meetup,
    language: Language,
    response: Response,
    *,
    people_told: int | None = None,
) -> MeetupOut:
    [shown] = meetups_shown(session, caller, [meetup], language, people_told=people_told)
    response.headers["ETag"] = etag(tag(meetup, shown))
    return shown


def _talk_shown(session: Session, caller: Caller, talk: Talk, language: Language, response: Response) -> TalkOut:
    [shown] = proposals_shown(session, caller, [talk], language)
    response.headers["ETag"] = etag(talk.version)
    return shown
