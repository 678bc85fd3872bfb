"""HTTP for match rounds."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from app.access.dependencies import KeyedRoute, OnceDep, OrganizerDep
from app.core.database import DatabaseDep, ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.core.streams import following, stream_of
from app.rounds import queries
from app.rounds import service as rounds
from app.rounds.models import RoundStatus
from app.rounds.schemas import ProposalOut, RoundCreate, RoundOut, UnmatchedOut

router = APIRouter(prefix="/v1/rounds", tags=["rounds"], route_class=KeyedRoute, responses=problems(401, 403))

RoundId = Annotated[Id, Path(description="Id of the round.", examples=["rnd_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.post("", status_code=201, operation_id="create_round", responses=problems(400, 422))
def create_round(
    wish: RoundCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Draft a match round: title, settings, scope. Nothing runs before it is started."""
    draft = once.of(lambda: rounds.create(session, caller, wish), lambda known: rounds.get(session, caller, known))
    response.headers["Location"] = f"/v1/rounds/{draft.id}"
    return rounds.shown(session, [draft], language)[0]


@router.get("", operation_id="list_rounds", responses=problems(422))
def list_rounds(session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep) -> Page[RoundOut]:
    """Match rounds, newest first."""
    after = request.key(str)
    found = queries.page(session, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=rounds.shown(session, page, language), next_cursor=cursor)


@router.get("/{round_id}", operation_id="read_round", responses=problems(404))
def read_round(round_id: RoundId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep) -> RoundOut:
    """One round: its state, how far it is and what is happening."""
    return rounds.shown(session, [rounds.get(session, caller, round_id)], language)[0]


@router.post("/{round_id}/start", status_code=202, operation_id="start_round", responses=problems(404, 409))
def start_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Queue the round for pairing; follow its progress at the same address."""
    started = once.of(
        lambda: rounds.start(session, caller, round_id), lambda known: rounds.get(session, caller, known)
    )
    response.headers["Location"] = f"/v1/rounds/{round_id}"
    return rounds.shown(session, [started], language)[0]


@router.get(
    "/{round_id}/events",
    operation_id="follow_round",
    response_class=StreamingResponse,
    responses=stream_of(RoundOut) | problems(404),
)
def follow_round(
    round_id: RoundId, database: DatabaseDep, caller: OrganizerDep, language: LanguageDep
) -> StreamingResponse:
    """The same as server-sent events, at each change until the round is proposed or failed."""

    def look() -> RoundOut:
        with database.reader() as session:
            return rounds.shown(session, [rounds.get(session, caller, round_id)], language)[0]

    look()
    return following(look, lambda shown: shown.status in (RoundStatus.PROPOSED, RoundStatus.FAILED))


@router.get("/{round_id}/proposals", operation_id="list_proposals", responses=problems(404, 409, 422))
def list_proposals(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep
) -> Page[ProposalOut]:
    """The pairs that the round proposes, most similar first, with reasons and alternates."""
    after = request.key(int)
    rounds.get_proposed(session, caller, round_id)
    found = queries.proposals(session, round_id, after=int(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda proposal: (proposal.rank,))
    return Page(items=rounds.proposals_shown(session, page, language), next_cursor=cursor)


@router.get("/{round_id}/unmatched", operation_id="list_unmatched", responses=problems(404, 409, 422))
def list_unmatched(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep
) -> Page[UnmatchedOut]:
    """The communities that stayed alone: why, the nearest miss, and what would change it."""
    after = request.key(str)
    rounds.get_proposed(session, caller, round_id)
    found = queries.unmatched(session, round_id, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda alone: (alone.community_id,))
    return Page(items=rounds.unmatched_shown(session, page, language), next_cursor=cursor)
