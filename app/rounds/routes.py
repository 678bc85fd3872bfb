"""HTTP for match rounds: draft, preview, run, proposals, release."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.access.dependencies import KeyedRoute, OnceDep, OrganizerDep, SettingsDep
from app.access.service import Caller
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import DatabaseDep, ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import Language, LanguageDep
from app.core.idempotency import Once
from app.core.pagination import PageDep, PageRequest, cut
from app.core.schemas import Id, Page
from app.core.streams import following, stream_of
from app.rounds import decisions, feedback, previews, queries, releasing, telling
from app.rounds import service as rounds
from app.rounds.models import DecisionKind, Round, RoundDecision, RoundStatus
from app.rounds.schemas import RoundCreate, RoundFeedbackOut, RoundOut, RoundUpdate
from app.rounds.schemas_previews import PreviewCreate, PreviewOut
from app.rounds.schemas_proposals import DecisionCreate, DecisionOut, ProposalOut, UnmatchedOut

router = APIRouter(prefix="/v1/rounds", tags=["rounds"], route_class=KeyedRoute, responses=problems(401, 403))

RoundId = Annotated[Id, Path(description="Id of the round.", examples=["rnd_06em2n0u4hsm7bg6m3r8t2f5ac"])]
PreviewId = Annotated[Id, Path(description="Id of the preview.", examples=["prv_06em2n0u4hsm7bg6m3r8t2f5ac"])]
ProposalId = Annotated[Id, Path(description="Id of the proposal.", examples=["prp_06em2n0u4hsm7bg6m3r8t2f5ac"])]
PinId = Annotated[Id, Path(description="Id of the pin.", examples=["dec_06em2n0u4hsm7bg6m3r8t2f5ac"])]
BanId = Annotated[Id, Path(description="Id of the ban.", examples=["dec_06em2n0u4hsm7bg6m3r8t2f5ad"])]

_NOT_UNDER_WAY = frozenset(RoundStatus) - {RoundStatus.QUEUED, RoundStatus.RUNNING}


@router.post("", status_code=201, operation_id="create_round", responses=problems(400, 409, 422))
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
    return _shown(session, draft, language, response)


@router.get("", operation_id="list_rounds", responses=problems(422))
def list_rounds(session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep) -> Page[RoundOut]:
    """Match rounds, newest first."""
    after = request.key(str)
    found = queries.page(session, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=telling.rounds_shown(session, page, language), next_cursor=cursor)


@router.get("/{round_id}", operation_id="read_round", responses=problems(404))
def read_round(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep, response: Response
) -> RoundOut:
    """One round: its state, how far it is, what is happening, and what became of its pairs."""
    return _shown(session, rounds.get(session, caller, round_id), language, response)


@router.patch("/{round_id}", operation_id="update_round", responses=problems(400, 404, 409, 412, 422, 428))
def update_round(
    round_id: RoundId,
    change: RoundUpdate,
    session: SessionDep,
    caller: OrganizerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> RoundOut:
    """Change title, settings or scope of a round that has not run: after a preview, say."""
    changed = rounds.change(session, caller, round_id, change, if_match)
    return _shown(session, changed, language, response)


@router.post(
    "/{round_id}/preview", status_code=202, operation_id="preview_round", responses=problems(400, 404, 409, 422)
)
def preview_round(
    round_id: RoundId,
    wish: PreviewCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> PreviewOut:
    """See beforehand what the round would come to, with several settings side by side. Follow `Location`.

    Nothing of the round changes. A preview reads what the round would freeze now, or what it has frozen already.
    """
    preview = once.of(
        lambda: previews.create(session, caller, round_id, wish),
        lambda known: previews.get(session, caller, round_id, known),
    )
    response.headers["Location"] = f"/v1/rounds/{round_id}/previews/{preview.id}"
    return previews.shown(session, caller, [preview], language)[0]


@router.get("/{round_id}/previews", operation_id="list_previews", responses=problems(404, 422))
def list_previews(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep
) -> Page[PreviewOut]:
    """Previews of the last 24 hours, newest first."""
    after = request.key(str)
    found = previews.page(session, caller, round_id, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=previews.shown(session, caller, page, language), next_cursor=cursor)


@router.get("/{round_id}/previews/{preview_id}", operation_id="read_preview", responses=problems(404))
def read_preview(
    round_id: RoundId, preview_id: PreviewId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep
) -> PreviewOut:
    """How far a preview is, and its figures: pairs, coverage, similarity, good tandems expected, who stays alone."""
    return previews.shown(session, caller, [previews.get(session, caller, round_id, preview_id)], language)[0]


@router.get(
    "/{round_id}/previews/{preview_id}/events",
    operation_id="follow_preview",
    response_class=StreamingResponse,
    responses=stream_of(PreviewOut) | problems(404),
)
def follow_preview(
    round_id: RoundId, preview_id: PreviewId, database: DatabaseDep, caller: OrganizerDep, language: LanguageDep
) -> StreamingResponse:
    """The same as server-sent events, at each change until the preview is done or failed."""

    def look() -> PreviewOut:
        with database.reader() as session:
            return previews.shown(session, caller, [previews.get(session, caller, round_id, preview_id)], language)[0]

    look()
    return following(look, lambda shown: shown.status in previews.ENDED)


@router.post("/{round_id}/start", status_code=202, operation_id="start_round", responses=problems(404, 409))
def start_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Queue the round for pairing; follow its progress at the same address.

    Its input is frozen when a worker takes it up: texts, rules and free capacity at that moment, never contacts.
    """
    return _moved(session, caller, round_id, once, language, response, rounds.start)


@router.post("/{round_id}/rerun", status_code=202, operation_id="rerun_round", responses=problems(404, 409))
def rerun_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Run a proposed round again on the same snapshot, with its pins and bans. Until it is done the old proposals
    are shown; they stay when the run is cancelled or fails."""
    return _moved(session, caller, round_id, once, language, response, rounds.rerun)


@router.post("/{round_id}/cancel", operation_id="cancel_round", responses=problems(404, 409))
def cancel_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Stop a run that is queued or under way: the round is a draft again, or proposed as before."""
    return _moved(session, caller, round_id, once, language, response, rounds.cancel)


@router.post("/{round_id}/release", operation_id="release_round", responses=problems(404, 409))
def release_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Ask the managers. Every pair is checked again first: who still takes part, exclusions, free capacity.

    What cannot be asked any more is left out: see the proposals with `left_out=true`. Each pair that is asked becomes
    a suggestion to both sides; see /v1/suggestions.
    """
    return _moved(session, caller, round_id, once, language, response, releasing.release)


@router.post("/{round_id}/withdraw", operation_id="withdraw_round", responses=problems(404, 409))
def withdraw_round(
    round_id: RoundId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RoundOut:
    """Take the round back, at any time until somebody has said yes: its suggestions are no longer open."""
    return _moved(session, caller, round_id, once, language, response, releasing.withdraw)


@router.get(
    "/{round_id}/events",
    operation_id="follow_round",
    response_class=StreamingResponse,
    responses=stream_of(RoundOut) | problems(404),
)
def follow_round(
    round_id: RoundId, database: DatabaseDep, caller: OrganizerDep, language: LanguageDep
) -> StreamingResponse:
    """The same as server-sent events, at each change while the round is queued or running."""

    def look() -> RoundOut:
        with database.reader() as session:
            return telling.rounds_shown(session, [rounds.get(session, caller, round_id)], language)[0]

    look()
    return following(look, lambda shown: shown.status in _NOT_UNDER_WAY)


@router.get("/{round_id}/proposals", operation_id="list_proposals", responses=problems(404, 409, 422))
def list_proposals(
    round_id: RoundId,
    session: ReaderDep,
    caller: OrganizerDep,
    request: PageDep,
    language: LanguageDep,
    left_out: Annotated[
        bool | None, Query(description="Only pairs that the release did, or did not, leave out.")
    ] = None,
) -> Page[ProposalOut]:
    """The pairs that the round proposes, the likeliest to be good ones first, with reasons and alternates."""
    after = request.key(int)
    match_round = rounds.get_with_proposals(session, caller, round_id)
    found = queries.proposals(
        session, match_round, after=int(after[0]) if after else None, limit=request.limit, left_out=left_out
    )
    page, cursor = cut(found, request, lambda proposal: (proposal.rank,))
    return Page(items=telling.proposals_shown(session, match_round, page, language), next_cursor=cursor)


@router.get("/{round_id}/proposals/{proposal_id}", operation_id="read_proposal", responses=problems(404, 409))
def read_proposal(
    round_id: RoundId, proposal_id: ProposalId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep
) -> ProposalOut:
    """One pair that the round proposes."""
    match_round = rounds.get_with_proposals(session, caller, round_id)
    proposal = decisions.get_proposal(session, match_round, proposal_id)
    return telling.proposals_shown(session, match_round, [proposal], language)[0]


@router.post("/{round_id}/proposals/{proposal_id}/drop", operation_id="drop_proposal", responses=problems(404, 409))
def drop_proposal(
    round_id: RoundId,
    proposal_id: ProposalId,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
) -> ProposalOut:
    """Take one pair out of a proposed round: it is banned, so neither the release nor another run brings it.

    Delete the ban to take the step back.
    """
    proposal = once.of(
        lambda: decisions.drop(session, caller, round_id, proposal_id),
        lambda known: decisions.get_proposal(session, rounds.get(session, caller, round_id), known),
    )
    session.flush()
    return telling.proposals_shown(session, rounds.get(session, caller, round_id), [proposal], language)[0]


@router.get("/{round_id}/unmatched", operation_id="list_unmatched", responses=problems(404, 409, 422))
def list_unmatched(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep, language: LanguageDep
) -> Page[UnmatchedOut]:
    """The communities that stayed alone: why, the nearest miss, and what would change it."""
    after = request.key(str)
    match_round = rounds.get_with_proposals(session, caller, round_id)
    found = queries.unmatched(session, match_round, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda alone: (alone.community_id,))
    return Page(items=telling.unmatched_shown(session, page, language), next_cursor=cursor)


@router.get("/{round_id}/feedback", operation_id="read_round_feedback", responses=problems(404))
def read_round_feedback(
    round_id: RoundId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep, settings: SettingsDep
) -> RoundFeedbackOut:
    """What the answers to the round say: why suggestions were declined, whether reminders helped, and once its
    tandems are over how often meetings were useful. Told once it is over, and only where at least five sides
    (`TANDEM_LEAST_GROUP`) of three companies make a figure."""
    return feedback.of_round(session, caller, round_id, least_group=settings.least_group, language=language)


@router.post("/{round_id}/pins", status_code=201, operation_id="pin_pair", responses=problems(400, 404, 409, 422))
def pin_pair(
    round_id: RoundId,
    wish: DecisionCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    response: Response,
) -> DecisionOut:
    """Want two communities together in any case; the other pairs are chosen around them.

    Shows with the next run: `start`, or `rerun` of a proposed round.
    """
    return _decided(session, caller, round_id, DecisionKind.PIN, wish, once, response)


@router.post("/{round_id}/bans", status_code=201, operation_id="ban_pair", responses=problems(400, 404, 409, 422))
def ban_pair(
    round_id: RoundId,
    wish: DecisionCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    response: Response,
) -> DecisionOut:
    """Keep two communities apart in this round. A proposal of the two is not released."""
    return _decided(session, caller, round_id, DecisionKind.BAN, wish, once, response)


@router.get("/{round_id}/pins", operation_id="list_pins", responses=problems(404, 422))
def list_pins(round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep) -> Page[DecisionOut]:
    """Pairs that the organizer wants together, oldest first."""
    return _decisions(session, caller, round_id, DecisionKind.PIN, request)


@router.get("/{round_id}/bans", operation_id="list_bans", responses=problems(404, 422))
def list_bans(round_id: RoundId, session: ReaderDep, caller: OrganizerDep, request: PageDep) -> Page[DecisionOut]:
    """Pairs that the organizer keeps apart, oldest first."""
    return _decisions(session, caller, round_id, DecisionKind.BAN, request)


@router.get("/{round_id}/pins/{pin_id}", operation_id="read_pin", responses=problems(404))
def read_pin(
    round_id: RoundId, pin_id: PinId, session: ReaderDep, caller: OrganizerDep, response: Response
) -> DecisionOut:
    """One pin: a pair that is wanted together."""
    return _decision(session, decisions.get(session, caller, round_id, DecisionKind.PIN, pin_id), response)


@router.get("/{round_id}/bans/{ban_id}", operation_id="read_ban", responses=problems(404))
def read_ban(
    round_id: RoundId, ban_id: BanId, session: ReaderDep, caller: OrganizerDep, response: Response
) -> DecisionOut:
    """One ban: a pair that is kept apart."""
    return _decision(session, decisions.get(session, caller, round_id, DecisionKind.BAN, ban_id), response)


@router.delete(
    "/{round_id}/pins/{pin_id}",
    status_code=204,
    operation_id="delete_pin",
    responses=problems(404, 409, 412, 428),
)
def delete_pin(
    round_id: RoundId, pin_id: PinId, session: SessionDep, caller: OrganizerDep, if_match: IfMatchHeader = None
) -> None:
    """Let the pair be like any other again; shows with the next run."""
    decisions.lift(session, caller, round_id, DecisionKind.PIN, pin_id, if_match)


@router.delete(
    "/{round_id}/bans/{ban_id}",
    status_code=204,
    operation_id="delete_ban",
    responses=problems(404, 409, 412, 428),
)
def delete_ban(
    round_id: RoundId, ban_id: BanId, session: SessionDep, caller: OrganizerDep, if_match: IfMatchHeader = None
) -> None:
    """Let the pair be proposed again; shows with the next run."""
    decisions.lift(session, caller, round_id, DecisionKind.BAN, ban_id, if_match)


def _shown(session: Session, match_round: Round, language: Language, response: Response) -> RoundOut:
    if match_round.status in rounds.NOT_RUN:
        # Of a draft the version is all that changes; later its progress does, and its content makes the tag.
        response.headers["ETag"] = etag(match_round.version)
    return telling.rounds_shown(session, [match_round], language)[0]


def _moved(
    session: Session,
    caller: Caller,
    round_id: str,
    once: Once,
    language: Language,
    response: Response,
    step: Callable[[Session, Caller, str], Round],
) -> RoundOut:
    moved = once.of(lambda: step(session, caller, round_id), lambda known: rounds.get(session, caller, known))
    session.flush()
    response.headers["Location"] = f"/v1/rounds/{round_id}"
    return telling.rounds_shown(session, [moved], language)[0]


def _decided(
    session: Session,
    caller: Caller,
    round_id: str,
    kind: DecisionKind,
    wish: DecisionCreate,
    once: Once,
    response: Response,
) -> DecisionOut:
    decision = once.of(
        lambda: decisions.decide(session, caller, round_id, kind, wish),
        lambda known: decisions.get(session, caller, round_id, kind, known),
    )
    response.headers["Location"] = f"/v1/rounds/{round_id}/{kind.value}s/{decision.id}"
    return _decision(session, decision, response)


def _decision(session: Session, decision: RoundDecision, response: Response) -> DecisionOut:
    response.headers["ETag"] = etag(decisions.VERSION)
    return telling.decisions_shown(session, [decision])[0]


def _decisions(
    session: Session, caller: Caller, round_id: str, kind: DecisionKind, request: PageRequest
) -> Page[DecisionOut]:
    after = request.key(str)
    rounds.get(session, caller, round_id)
    found = queries.decision_page(
        session, round_id, kind, after=str(after[0]) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=telling.decisions_shown(session, page), next_cursor=cursor)
