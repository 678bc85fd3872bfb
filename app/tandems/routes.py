"""HTTP for suggestions and tandems."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, SettingsDep
from app.access.models import Role
from app.access.service import Caller
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import Language, LanguageDep
from app.core.pagination import Key, PageDep, cut
from app.core.schemas import Id, Page
from app.core.settings import Settings
from app.tandems import answering, closing, living, queries, queries_tandems, tasks
from app.tandems import service as suggestions
from app.tandems.models import Suggestion, Tandem
from app.tandems.schemas import (
    AnswerCreate,
    ApprovalCreate,
    SuggestionOut,
    TandemOut,
    TandemPause,
    TandemRenew,
    TandemUpdate,
    TaskOut,
)
from app.tandems.viewing import suggestions_shown, tandems_shown

router = APIRouter(prefix="/v1", tags=["tandems"], route_class=KeyedRoute, responses=problems(401, 403))

SuggestionId = Annotated[Id, Path(description="Id of the suggestion.", examples=["sug_06em2n0u4hsm7bg6m3r8t2f5ac"])]
TandemId = Annotated[Id, Path(description="Id of the tandem.", examples=["tnd_06em2n0u4hsm7bg6m3r8t2f5ac"])]
CommunityQuery = Annotated[Id | None, Query(description="Those of this community, which must be one of yours.")]
RoundQuery = Annotated[Id | None, Query(description="For organizers and operators only: those of this round.")]
OpenSuggestions = Annotated[bool | None, Query(description="Only those that wait for somebody, or only the others.")]
OpenTandems = Annotated[bool | None, Query(description="Only those that go on, or only those that are closed.")]


@router.get("/suggestions", operation_id="list_suggestions", responses=problems(422))
def list_suggestions(
    session: ReaderDep,
    caller: CallerDep,
    request: PageDep,
    language: LanguageDep,
    settings: SettingsDep,
    open: OpenSuggestions = None,
    community_id: CommunityQuery = None,
    round_id: RoundQuery = None,
) -> Page[SuggestionOut]:
    """Suggestions for your communities, newest first; all of them for organizers."""
    after = request.key(str)
    if round_id is not None:
        caller.require(Role.ORGANIZER, Role.OPERATOR)
    found = queries.page(
        session,
        caller,
        is_open=open,
        community_id=community_id,
        round_id=round_id,
        after=str(after[0]) if after else None,
        limit=request.limit,
    )
    page, cursor = cut(found, request, lambda one: (one.id,))
    pepper = settings.key_pepper.get_secret_value()
    return Page(items=suggestions_shown(session, caller, page, pepper, language), next_cursor=cursor)


@router.get("/suggestions/{suggestion_id}", operation_id="read_suggestion", responses=problems(404))
def read_suggestion(
    suggestion_id: SuggestionId, session: ReaderDep, caller: CallerDep, language: LanguageDep, settings: SettingsDep
) -> SuggestionOut:
    """One suggestion: the partner masked, why the two fit, what happens next."""
    return _shown(session, caller, suggestions.get(session, caller, suggestion_id), settings, language)


@router.post(
    "/suggestions/{suggestion_id}/answer", operation_id="answer_suggestion", responses=problems(400, 404, 409, 422)
)
def answer_suggestion(
    suggestion_id: SuggestionId,
    wish: AnswerCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    settings: SettingsDep,
) -> SuggestionOut:
    """Say yes, not now or no for your side, as its manager or as its portal for it.

    Names and contacts are shown when both sides, and the coordinators who are asked, have said yes. A no needs no
    reason, and the other side is not told. The same answer again changes nothing; a yes can be taken back as long as
    the suggestion is open.
    """
    answered = once.of(
        lambda: answering.answer(session, caller, suggestion_id, wish),
        lambda known: suggestions.get(session, caller, known),
    )
    return _shown(session, caller, answered, settings, language)


@router.post(
    "/suggestions/{suggestion_id}/approve", operation_id="approve_suggestion", responses=problems(400, 404, 409, 422)
)
def approve_suggestion(
    suggestion_id: SuggestionId,
    wish: ApprovalCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    settings: SettingsDep,
) -> SuggestionOut:
    """As a company's coordinator, let two communities that have both said yes become a tandem, or not."""
    decided = once.of(
        lambda: answering.approve(session, caller, suggestion_id, wish),
        lambda known: suggestions.get(session, caller, known),
    )
    return _shown(session, caller, decided, settings, language)


@router.get("/tasks", operation_id="list_tasks", responses=problems(422))
def list_tasks(session: ReaderDep, caller: CallerDep, request: PageDep, language: LanguageDep) -> Page[TaskOut]:
    """What waits for you, the most urgent first: suggestions to answer for managers and portals, to approve for
    coordinators."""
    after = request.key(str, str)
    found = tasks.page(session, caller, after=_place(after), limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.due_at.isoformat(), one.subject_id))
    return Page(items=tasks.shown(page, language), next_cursor=cursor)


@router.get("/tandems", operation_id="list_tandems", responses=problems(422))
def list_tandems(
    session: ReaderDep,
    caller: CallerDep,
    request: PageDep,
    open: OpenTandems = None,
    community_id: CommunityQuery = None,
) -> Page[TandemOut]:
    """Tandems of your communities, newest first; all of them for organizers, without contacts."""
    after = request.key(str)
    found = queries_tandems.page(
        session,
        caller,
        is_open=open,
        community_id=community_id,
        after=str(after[0]) if after else None,
        limit=request.limit,
    )
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=tandems_shown(session, caller, page), next_cursor=cursor)


@router.get("/tandems/{tandem_id}", operation_id="read_tandem", responses=problems(404))
def read_tandem(tandem_id: TandemId, session: ReaderDep, caller: CallerDep, response: Response) -> TandemOut:
    """One tandem: whom to write to on the other side, its rhythm, what is due next."""
    return _tandem(session, caller, closing.get(session, caller, tandem_id), response)


@router.patch("/tandems/{tandem_id}", operation_id="update_tandem", responses=problems(400, 404, 409, 412, 422, 428))
def update_tandem(
    tandem_id: TandemId,
    change: TandemUpdate,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> TandemOut:
    """Agree on another rhythm, length, horizon or time zone, as either side; the other one is told."""
    return _tandem(session, caller, living.change(session, caller, tandem_id, change, if_match), response)


@router.post("/tandems/{tandem_id}/pause", operation_id="pause_tandem", responses=problems(400, 404, 409, 422))
def pause_tandem(
    tandem_id: TandemId,
    wish: TandemPause,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> TandemOut:
    """Rest until a day, on which it goes on by itself; its end moves along. The other side is told.

    Meetings that were planned for the time of the pause are cancelled.
    """
    paused = once.of(
        lambda: living.pause(session, caller, tandem_id, wish.until),
        lambda known: closing.get(session, caller, known),
    )
    return _tandem(session, caller, paused, response)


@router.post("/tandems/{tandem_id}/resume", operation_id="resume_tandem", responses=problems(404, 409))
def resume_tandem(
    tandem_id: TandemId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> TandemOut:
    """Go on before the pause is over. The other side is told."""
    resumed = once.of(
        lambda: living.resume(session, caller, tandem_id), lambda known: closing.get(session, caller, known)
    )
    return _tandem(session, caller, resumed, response)


@router.post("/tandems/{tandem_id}/renew", operation_id="renew_tandem", responses=problems(400, 404, 409, 422))
def renew_tandem(
    tandem_id: TandemId,
    wish: TandemRenew,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> TandemOut:
    """Another term: in the last 28 days of the present one, or while it is closing. The other side is told."""
    renewed = once.of(
        lambda: living.renew(session, caller, tandem_id, wish.horizon_months),
        lambda known: closing.get(session, caller, known),
    )
    return _tandem(session, caller, renewed, response)


@router.post("/tandems/{tandem_id}/rotate", operation_id="rotate_tandem", responses=problems(404))
def rotate_tandem(
    tandem_id: TandemId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> TandemOut:
    """Close with thanks in order to meet somebody else: both have a free place at once, for the next round or for a
    community that they ask by themselves. The two are not suggested to each other again at once."""
    rotated = once.of(
        lambda: living.rotate(session, caller, tandem_id), lambda known: closing.get(session, caller, known)
    )
    return _tandem(session, caller, rotated, response)


@router.post("/tandems/{tandem_id}/close", operation_id="close_tandem", responses=problems(404))
def close_tandem(
    tandem_id: TandemId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> TandemOut:
    """End the tandem with thanks, as either of its sides. The partner's contacts are not shown any more."""
    closed = once.of(
        lambda: closing.close(session, caller, tandem_id), lambda known: closing.get(session, caller, known)
    )
    return _tandem(session, caller, closed, response)


def _tandem(session: Session, caller: Caller, tandem: Tandem, response: Response) -> TandemOut:
    response.headers["ETag"] = etag(queries_tandems.tag(session, tandem))
    return tandems_shown(session, caller, [tandem])[0]


def _place(after: Key | None) -> tuple[datetime, str] | None:
    return (datetime.fromisoformat(str(after[0])), str(after[1])) if after else None


def _shown(
    session: Session, caller: Caller, suggestion: Suggestion, settings: Settings, language: Language
) -> SuggestionOut:
    pepper = settings.key_pepper.get_secret_value()
    return suggestions_shown(session, caller, [suggestion], pepper, language)[0]
