"""HTTP for what ties meetups to tandems and rounds: a story becomes a talk, a year is planned."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep
from app.access.service import Caller
from app.core.concurrency import etag
from app.core.database import SessionDep
from app.core.http import problems
from app.core.i18n import Language, LanguageDep
from app.core.schemas import Id
from app.meetups import talks
from app.meetups.schemas import TalkOut
from app.meetups.viewing import meetups_shown, proposals_shown
from app.programme import planning, storytelling
from app.programme.planning import Year
from app.programme.schemas import PlanCreate, PlanOut, StoryTalkCreate
from app.rounds.telling import rounds_shown

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

StoryId = Annotated[
    Id, Path(description="Id of a story of one of your tandems.", examples=["sty_06em2n0u4hsm7bg6m3r8t2f5ac"])
]


@router.post(
    "/stories/{story_id}/talk", status_code=201, operation_id="tell_story", responses=problems(400, 404, 409, 422)
)
def tell_story(
    story_id: StoryId,
    wish: StoryTalkCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> TalkOut:
    """Propose a released story of one of your tandems as a talk of the next meetup, or of the one that you name.

    Its lines become the abstract, told by your community; your partner is not named. Only one of the two sides tells
    it at a meetup. As any talk, it can be read by everybody once an organizer has accepted it. When either side takes
    the story back, or rewrites it, the talk is withdrawn.
    """
    proposed = once.of(
        lambda: storytelling.tell(session, caller, story_id, wish), lambda known: talks.get(session, caller, known)
    )
    response.headers["Location"] = f"/v1/talks/{proposed.id}"
    response.headers["ETag"] = etag(proposed.version)
    return proposals_shown(session, caller, [proposed], language)[0]


@router.post("/plans", status_code=201, operation_id="plan_year", responses=problems(400, 422))
def plan_year(
    wish: PlanCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
    dry_run: Annotated[bool, Query(description="Only tell what would be made; answers 200.")] = False,
) -> PlanOut:
    """Plan a year in one call: drafts of its meetups, and of a round some weeks before each.

    All of it is made, or none: `errors` then names every date that is not possible, and why. Nothing starts by
    itself: announce each meetup, and start each round, when its time has come. Rounds are of everybody who is
    published; for the people of a meetup that was held, make one with `scope.meetup`.
    """
    if not dry_run:
        made = once.told(
            lambda: planning.plan(session, caller, wish, language),
            lambda known: planning.known(session, caller, known),
            lambda year: year.ids,
        )
        return _shown(session, caller, made, language, dry_run=False)
    with session.begin_nested() as trial:
        shown = _shown(session, caller, planning.plan(session, caller, wish, language), language, dry_run=True)
        trial.rollback()
    response.status_code = 200
    return shown


def _shown(session: Session, caller: Caller, year: Year, language: Language, *, dry_run: bool) -> PlanOut:
    return PlanOut(
        dry_run=dry_run,
        meetups=meetups_shown(session, caller, year.meetups, language),
        rounds=rounds_shown(session, year.rounds, language),
    )
