"""HTTP for suggestions that communities ask for."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, SettingsDep
from app.core.database import SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.schemas import Id
from app.discovery.dependencies import StateDep
from app.programme import asking
from app.programme.schemas import SuggestionCreate
from app.tandems import service as tandems
from app.tandems.schemas import SuggestionOut
from app.tandems.viewing import suggestions_shown

router = APIRouter(prefix="/v1", tags=["tandems"], route_class=KeyedRoute, responses=problems(401, 403))

CommunityId = Annotated[
    Id, Path(description="Id of one of your communities.", examples=["cmt_06em2n0u4hsm7bg6m3r8t2f5ac"])
]


@router.post(
    "/communities/{community_id}/suggestions",
    status_code=201,
    operation_id="ask_community",
    responses=problems(400, 404, 409, 422, 503),
)
def ask_community(
    community_id: CommunityId,
    wish: SuggestionCreate,
    caller: CallerDep,
    settings: SettingsDep,
    state: StateDep,
    session: SessionDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> SuggestionOut:
    """Ask a community that you have found in discovery for a tandem with one of yours.

    Your side has said yes by asking; the other one is shown your masked card with the reasons, and answers like any
    suggestion: names are shown when both sides, and the coordinators who are asked, have said yes. Whatever keeps the
    other side from being asked is told by the same answer.
    """
    pepper = settings.key_pepper.get_secret_value()
    asked = once.of(
        lambda: asking.ask(session, caller, state, pepper, community_id, wish.handle),
        lambda known: tandems.get(session, caller, known),
    )
    response.headers["Location"] = f"/v1/suggestions/{asked.id}"
    return suggestions_shown(session, caller, [asked], pepper, language)[0]
