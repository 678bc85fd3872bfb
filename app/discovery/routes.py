"""HTTP for discovery."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import StringConstraints

from app.access.dependencies import CallerDep, KeyedRoute, SettingsDep
from app.communities.models import Format, SizeBand, Stage
from app.companies.schemas import Sector
from app.core.database import ReaderDep
from app.core.http import dumped, problems
from app.core.pagination import PageDep
from app.core.schemas import Clean, Id, LanguageTag, Page
from app.discovery import service as discovery
from app.discovery.dependencies import StateDep
from app.discovery.schemas import RelatedOut, SearchPage

router = APIRouter(prefix="/v1", tags=["discovery"], route_class=KeyedRoute, responses=problems(401, 403))

CommunityId = Annotated[
    Id, Path(description="Id of one of your communities.", examples=["cmt_06em2n0u4hsm7bg6m3r8t2f5ac"])
]
CompanyQuery = Annotated[Id | None, Query(description="For operators only: the company that looks.")]
SearchText = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True), Clean]


@router.get(
    "/communities/{community_id}/related",
    operation_id="list_related_communities",
    response_model=Page[RelatedOut],
    responses=problems(404, 409, 422, 503),
)
def list_related_communities(
    community_id: CommunityId,
    caller: CallerDep,
    settings: SettingsDep,
    state: StateDep,
    session: ReaderDep,
    request: PageDep,
) -> Response:
    """Communities of other companies that resemble one of yours, the most similar first, as masked cards.

    German and English ones together: words of two languages are compared by what they mean.
    Works for drafts too: nothing of your text is shown to anybody. Published changes are considered within a minute.
    """
    items, cursor = discovery.related(
        session, caller, state, settings.key_pepper.get_secret_value(), community_id, request
    )
    return dumped(Page[RelatedOut](items=items, next_cursor=cursor))


@router.get(
    "/discovery/communities",
    operation_id="search_communities",
    response_model=SearchPage,
    responses=problems(404, 409, 422, 503),
)
def search_communities(
    caller: CallerDep,
    settings: SettingsDep,
    state: StateDep,
    session: ReaderDep,
    request: PageDep,
    q: Annotated[
        SearchText | None,
        Query(
            description="Words, in German or English: `Lieferkette` finds `supply chain` too. Slips of the pen are "
            "forgiven. Left out: all.",
            examples=["supply chain"],
        ),
    ] = None,
    language: Annotated[LanguageTag | None, Query(description="A language that the community speaks.")] = None,
    sector: Annotated[Sector | None, Query(description="Sector of its company.")] = None,
    stage: Annotated[Stage | None, Query(description="Its stage of life.")] = None,
    format: Annotated[Format | None, Query(description="A format that it practises or wants.")] = None,
    size_band: Annotated[SizeBand | None, Query(description="How many take part.")] = None,
    company: CompanyQuery = None,
) -> Response:
    """Find communities of other companies by words and filters, as masked cards.

    Words are looked for in themes; in name, purpose and description only of communities that are listed openly.
    `corrected` tells which words were taken for a slip of the pen.
    """
    wish = discovery.Wish(q or None, language, sector, stage, format, size_band)
    cards, corrected, cursor = discovery.search(
        session, caller, state, settings.key_pepper.get_secret_value(), wish, request, company=company
    )
    return dumped(SearchPage(items=cards, corrected=corrected, next_cursor=cursor))
