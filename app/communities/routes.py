"""HTTP for communities."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, CompanyDep, KeyedRoute, OnceDep
from app.access.service import Caller
from app.communities import hints, merging, preferences, publishing, queries
from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.communities.preferences import Preferences
from app.communities.schemas import (
    CommunityCreate,
    CommunityDocument,
    CommunityOut,
    CommunityUpdate,
    Consent,
    ConsentOut,
    ExternalId,
    MergeInto,
    Pause,
    PreferencesOut,
    PreferencesUpdate,
    PublishMany,
    PublishReport,
    PublishRow,
    Source,
)
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, ReadingDep, SessionDep
from app.core.http import dumped, problems
from app.core.i18n import Language, LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.guardrails import notes
from app.guardrails.schemas import KeepHint, KeptHintOut, TextsWithHints

router = APIRouter(prefix="/v1", tags=["communities"], route_class=KeyedRoute, responses=problems(401, 403))

CommunityId = Annotated[Id, Path(description="Id of the community.", examples=["cmt_06em2n0u4hsm7bg6m3r8t2f5ac"])]
SourcePath = Annotated[
    Source, Path(description="Your name for the system that knows the community.", examples=["intranet"])
]
ExternalIdPath = Annotated[
    ExternalId, Path(description="Its identifier there, percent-encoded.", examples=["data-literacy"])
]
CompanyQuery = Annotated[Id | None, Query(description="For operators only: the company meant.")]


@router.post("/communities", status_code=201, operation_id="create_community", responses=problems(400, 404, 409, 422))
def create_community(
    wish: CommunityCreate, session: SessionDep, caller: CompanyDep, once: OnceDep, response: Response
) -> CommunityOut:
    """Store a community by hand, as a draft. Portals better use the keyed `PUT`, which never duplicates."""
    community = once.of(
        lambda: communities.create(session, caller, wish), lambda known: communities.get(session, caller, known)
    )
    response.headers["Location"] = f"/v1/communities/{community.id}"
    return _answer(session, caller, community, response)


@router.get(
    "/communities", operation_id="list_communities", response_model=Page[CommunityOut], responses=problems(422)
)
async def list_communities(
    reading: ReadingDep,
    caller: CallerDep,
    request: PageDep,
    company: CompanyQuery = None,
    status: CommunityStatus | None = None,
    source: Source | None = None,
) -> Response:
    """Communities that you see in full, oldest first: your company's or your own; published ones for organizers."""
    after = request.key(str)

    def look(session: Session) -> Response:
        found = queries.page(
            session,
            caller,
            company_id=company,
            status=status,
            source=source,
            after=str(after[0]) if after else None,
            limit=request.limit,
        )
        page, cursor = cut(found, request, lambda community: (community.id,))
        return dumped(Page(items=communities.shown(session, caller, page), next_cursor=cursor))

    return await reading(look)


@router.post("/communities/publish", operation_id="publish_communities", responses=problems(400, 404, 422))
def publish_communities(
    wish: PublishMany, session: SessionDep, caller: CallerDep, once: OnceDep, language: LanguageDep
) -> PublishReport:
    """Publish up to 1,000 communities at once, recording who consented. Each row has its own result."""
    results = once.told(
        lambda: publishing.publish_many(session, caller, wish),
        lambda rows: publishing.published_before(session, caller, wish, rows),
        publishing.which,
    )
    rows = [
        PublishRow(
            community_id=result.community_id,
            external_id=result.external_id,
            published=result.problem is None,
            problem=result.problem.told(language) if result.problem else None,
        )
        for result in results
    ]
    published = sum(row.published for row in rows)
    return PublishReport(published=published, refused=len(rows) - published, rows=rows)


@router.get(
    "/communities/{community_id}",
    operation_id="read_community",
    response_model=CommunityOut,
    responses=problems(404),
)
async def read_community(community_id: CommunityId, reading: ReadingDep, caller: CallerDep) -> Response:
    """One community; its `ETag` is what a change must name in `If-Match`."""
    return await reading(
        lambda session: _dumped(session, caller, communities.get(session, caller, community_id)),
    )


@router.patch(
    "/communities/{community_id}", operation_id="update_community", responses=problems(400, 404, 412, 422, 428)
)
def update_community(
    community_id: CommunityId,
    change: CommunityUpdate,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> CommunityOut:
    """Change part of a profile, as its manager or on a manager's behalf. Fields left out stay as they are.

    Offers, seeks, formats, rhythm, wishes and the like belong to the manager once named here: a portal's later
    import does not overwrite them.
    """
    return _answer(session, caller, communities.update(session, caller, community_id, change, if_match), response)


@router.post("/communities/{community_id}/confirm", operation_id="confirm_community", responses=problems(404, 409))
def confirm_community(
    community_id: CommunityId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> CommunityOut:
    """Say that the profile is right; good for half a year."""
    moved = once.of(
        lambda: communities.confirm(session, caller, community_id),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, moved, response)


@router.post(
    "/communities/{community_id}/publish", operation_id="publish_community", responses=problems(400, 404, 409, 422)
)
def publish_community(
    community_id: CommunityId,
    consent: Consent,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> CommunityOut:
    """Let the community be found and take part in rounds, recording who of it agreed and when."""
    moved = once.of(
        lambda: publishing.publish(session, caller, community_id, consent),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, moved, response)


@router.post(
    "/communities/{community_id}/pause", operation_id="pause_community", responses=problems(400, 404, 409, 422)
)
def pause_community(
    community_id: CommunityId, pause: Pause, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> CommunityOut:
    """Take no part for a while. Running tandems go on."""
    moved = once.of(
        lambda: communities.pause(session, caller, community_id, pause.until),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, moved, response)


@router.post("/communities/{community_id}/resume", operation_id="resume_community", responses=problems(404, 409))
def resume_community(
    community_id: CommunityId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> CommunityOut:
    """Take part again."""
    moved = once.of(
        lambda: communities.resume(session, caller, community_id),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, moved, response)


@router.post("/communities/{community_id}/archive", operation_id="archive_community", responses=problems(404, 409))
def archive_community(
    community_id: CommunityId, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> CommunityOut:
    """Take no part any more."""
    moved = once.of(
        lambda: communities.archive(session, caller, community_id),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, moved, response)


@router.post(
    "/communities/{community_id}/merge", operation_id="merge_community", responses=problems(400, 404, 409, 422)
)
def merge_community(
    community_id: CommunityId,
    wish: MergeInto,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> CommunityOut:
    """Make one of two entries of the same community; the answer is the one that stays.

    It takes over what it lacked, the managers, and both identifiers: later imports do not bring the other one back.
    """
    survivor = once.of(
        lambda: merging.merge(session, caller, community_id, wish.into),
        lambda known: communities.get(session, caller, known),
    )
    return _answer(session, caller, survivor, response)


@router.get(
    "/communities/{community_id}/preferences", operation_id="read_community_preferences", responses=problems(404)
)
def read_community_preferences(
    community_id: CommunityId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> PreferencesOut:
    """What your community wants to be asked, and which of it comes from what it has declined, with the cause."""
    return _preferences(preferences.get(session, caller, community_id), language, response)


@router.patch(
    "/communities/{community_id}/preferences",
    operation_id="update_community_preferences",
    responses=problems(400, 404, 412, 422, 428),
)
def update_community_preferences(
    community_id: CommunityId,
    change: PreferencesUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> PreferencesOut:
    """Say how often, from when on and of which sectors your community wants to be suggested somebody.

    The same fields stand in its profile. What its declines have led to is changed or taken back here like anything
    else.
    """
    changed = preferences.change(session, caller, community_id, change, if_match)
    return _preferences(changed, language, response)


@router.get(
    "/communities/{community_id}/consents", operation_id="list_community_consents", responses=problems(404, 422)
)
def list_community_consents(
    community_id: CommunityId, session: ReaderDep, caller: CallerDep, request: PageDep
) -> Page[ConsentOut]:
    """Who of the community agreed to be published, when, and who recorded it; newest first."""
    after = request.key(str)
    community = communities.get_in_full(session, caller, community_id)
    found = queries.consents(session, community.id, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda consent: (consent.id,))
    return Page(items=[ConsentOut.model_validate(consent) for consent in page], next_cursor=cursor)


@router.get("/communities/{community_id}/hints", operation_id="list_community_hints", responses=problems(404))
def list_community_hints(
    community_id: CommunityId, session: ReaderDep, caller: CallerDep, language: LanguageDep
) -> TextsWithHints:
    """Where the profile comes near a topic that companies never exchange, and where its author keeps it so.

    Hints for those who see the profile in full; they keep nobody from publishing it.
    """
    return TextsWithHints(items=hints.of(session, caller, community_id, language))


@router.post(
    "/communities/{community_id}/hints/keep",
    status_code=201,
    operation_id="keep_community_hint",
    responses=problems(400, 404, 422),
)
def keep_community_hint(
    community_id: CommunityId, wish: KeepHint, session: SessionDep, caller: CallerDep, once: OnceDep
) -> KeptHintOut:
    """Keep a text in spite of the hints on one topic, with a reason, which is recorded; until that text changes."""
    return KeptHintOut.of(
        once.of(lambda: hints.keep(session, caller, community_id, wish), lambda known: notes.get(session, known))
    )


@router.put(
    "/sources/{source}/communities/{external_id:path}",
    operation_id="upsert_community",
    responses={201: {"model": CommunityOut, "description": "Created."}, **problems(400, 404, 409, 412, 422)},
)
def upsert_community(
    source: SourcePath,
    external_id: ExternalIdPath,
    document: CommunityDocument,
    session: SessionDep,
    caller: CompanyDep,
    response: Response,
    company: CompanyQuery = None,
    if_match: IfMatchHeader = None,
) -> CommunityOut:
    """Store a community under your own identifier: 201 when it is new, 200 when it was there. Repeating is safe.

    A whole document: what you leave out of the portal's fields is empty afterwards. What a manager entered
    (offers, seeks, formats, rhythm, wishes) is never overwritten. New communities are drafts: nobody else sees them
    before they are published.
    """
    community, created = communities.upsert(
        session, caller, source, external_id, document, company=company, if_match=if_match
    )
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/v1/communities/{community.id}"
    return _answer(session, caller, community, response)


@router.get(
    "/sources/{source}/communities/{external_id:path}",
    operation_id="read_community_by_external_id",
    response_model=CommunityOut,
    responses=problems(404, 422),
)
async def read_community_by_external_id(
    source: SourcePath,
    external_id: ExternalIdPath,
    reading: ReadingDep,
    caller: CompanyDep,
    company: CompanyQuery = None,
) -> Response:
    """The community that you know by this identifier."""
    return await reading(
        lambda session: _dumped(
            session, caller, communities.get_by_external_id(session, caller, source, external_id, company)
        )
    )


def _answer(session: Session, caller: Caller, community: Community, response: Response) -> CommunityOut:
    response.headers["ETag"] = etag(community.version)
    return communities.shown(session, caller, [community])[0]


def _preferences(found: Preferences, language: Language, response: Response) -> PreferencesOut:
    response.headers["ETag"] = etag(found.community.version)
    return preferences.shown(found, language)


def _dumped(session: Session, caller: Caller, community: Community) -> Response:
    return dumped(communities.shown(session, caller, [community])[0], {"ETag": etag(community.version)})
