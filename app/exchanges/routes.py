"""HTTP for meetings of a tandem, what is said of them, and what comes of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep
from app.access.service import Caller
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import Language, LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.exchanges import harvesting, hints, kit, queries, voices
from app.exchanges import service as exchanges
from app.exchanges.models import Exchange
from app.exchanges.schemas import (
    ExchangeCreate,
    ExchangeMove,
    ExchangeOut,
    ExchangeUpdate,
    HarvestOut,
    HarvestUpdate,
    KitOut,
    MeetingHintsOut,
    MinutesConfirm,
    MinutesCreate,
    ObjectionCreate,
    ParkCreate,
    PulseCreate,
    PulseOut,
    ReleaseCreate,
    StoryOut,
    TandemObjectionsOut,
    UsefulCreate,
)
from app.exchanges.viewing import (
    exchanges_shown,
    harvest_shown,
    objections_shown,
    pulse_shown,
    stories_shown,
    tag,
)
from app.guardrails import notes
from app.guardrails.schemas import KeepHint, KeptHintOut
from app.tandems import closing

router = APIRouter(prefix="/v1", tags=["tandems"], route_class=KeyedRoute, responses=problems(401, 403))

TandemId = Annotated[Id, Path(description="Id of the tandem.", examples=["tnd_06em2n0u4hsm7bg6m3r8t2f5ac"])]
ExchangeId = Annotated[Id, Path(description="Id of the meeting.", examples=["exc_06em2n0u4hsm7bg6m3r8t2f5ac"])]
_REFUSALS = problems(400, 404, 409, 422)


@router.get("/tandems/{tandem_id}/kit", operation_id="read_kit", responses=problems(404))
def read_kit(tandem_id: TandemId, session: ReaderDep, caller: CallerDep) -> KitOut:
    """The kick-off kit in German and English: agendas, rules, the competition-law card, whose turn it is to be the
    host, and ideas for a first question from the themes of the two."""
    return kit.kit(session, caller, tandem_id)


@router.get("/tandems/{tandem_id}/exchanges", operation_id="list_exchanges", responses=problems(404, 422))
def list_exchanges(
    tandem_id: TandemId, session: ReaderDep, caller: CallerDep, request: PageDep, language: LanguageDep
) -> Page[ExchangeOut]:
    """The meetings of a tandem, newest first. Organizers see when and whether, never what was said."""
    tandem = closing.get(session, caller, tandem_id)
    after = request.key(int)
    found = queries.page(session, tandem.id, before=int(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.number,))
    return Page(items=exchanges_shown(session, caller, tandem, page, language), next_cursor=cursor)


@router.post("/tandems/{tandem_id}/exchanges", status_code=201, operation_id="plan_exchange", responses=_REFUSALS)
def plan_exchange(
    tandem_id: TandemId,
    wish: ExchangeCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Plan a meeting; both sides get an invitation for their calendars.

    The first one, the kick-off, needs that of at least one person of each side an acceptance of the competition-law
    guideline holds at its time; until it was held it is the only one. Then up to 8 are planned ahead, the host
    changing each time.
    """
    planned = once.of(
        lambda: exchanges.plan(session, caller, tandem_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    response.headers["Location"] = f"/v1/exchanges/{planned.id}"
    return _shown(session, caller, planned, language, response)


@router.get("/exchanges/{exchange_id}", operation_id="read_exchange", responses=problems(404))
def read_exchange(
    exchange_id: ExchangeId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> ExchangeOut:
    """One meeting: when, who is the host, agenda and minutes with hints of the check for competition law."""
    exchange, _ = exchanges.get(session, caller, exchange_id)
    return _shown(session, caller, exchange, language, response)


@router.patch(
    "/exchanges/{exchange_id}", operation_id="update_exchange", responses=problems(400, 404, 409, 412, 422, 428)
)
def update_exchange(
    exchange_id: ExchangeId,
    change: ExchangeUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> ExchangeOut:
    """Change agenda or place of a meeting to come. Hints block nothing."""
    changed = exchanges.change(session, caller, exchange_id, change, if_match)
    return _shown(session, caller, changed, language, response)


@router.post("/exchanges/{exchange_id}/move", status_code=201, operation_id="move_exchange", responses=_REFUSALS)
def move_exchange(
    exchange_id: ExchangeId,
    wish: ExchangeMove,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Move a meeting to come: another one takes its place, and is the answer. In calendars it is the same one."""
    moved = once.of(
        lambda: exchanges.move(session, caller, exchange_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    response.headers["Location"] = f"/v1/exchanges/{moved.id}"
    return _shown(session, caller, moved, language, response)


@router.post("/exchanges/{exchange_id}/cancel", operation_id="cancel_exchange", responses=problems(404, 409))
def cancel_exchange(
    exchange_id: ExchangeId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Take a meeting back before it begins. It vanishes from both sides' calendars."""
    cancelled = once.of(
        lambda: exchanges.cancel(session, caller, exchange_id),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, cancelled, language, response)


@router.post("/exchanges/{exchange_id}/held", operation_id="hold_exchange", responses=problems(404, 409))
def hold_exchange(
    exchange_id: ExchangeId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Say that the two have met. After the kick-off the tandem is active; the next meeting is due by its rhythm.

    A kick-off needs that of at least one person who speaks for each side an acceptance of the guideline held when it
    began; else it is missed, and planned anew.
    """
    held = once.of(
        lambda: exchanges.held(session, caller, exchange_id),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, held, language, response)


@router.post("/exchanges/{exchange_id}/missed", operation_id="miss_exchange", responses=problems(404, 409))
def miss_exchange(
    exchange_id: ExchangeId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Say that the two have not met. A meeting of which nobody says anything for 14 days is taken as missed."""
    missed = once.of(
        lambda: exchanges.missed(session, caller, exchange_id),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, missed, language, response)


@router.post("/exchanges/{exchange_id}/minutes", operation_id="write_minutes", responses=_REFUSALS)
def write_minutes(
    exchange_id: ExchangeId,
    wish: MinutesCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Write the minutes, three fields, or write them anew: that confirms them for your side. Hints block nothing."""
    written = once.of(
        lambda: exchanges.write_minutes(session, caller, exchange_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, written, language, response)


@router.post("/exchanges/{exchange_id}/confirm", operation_id="confirm_minutes", responses=_REFUSALS)
def confirm_minutes(
    exchange_id: ExchangeId,
    wish: MinutesConfirm,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Say for your side that the minutes are right, in the version that you have read. Once both have, they stay."""
    confirmed = once.of(
        lambda: exchanges.confirm_minutes(session, caller, exchange_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, confirmed, language, response)


@router.post("/exchanges/{exchange_id}/object", operation_id="object_to_exchange", responses=_REFUSALS)
def object_to_exchange(
    exchange_id: ExchangeId,
    wish: ObjectionCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Object on record: who, when and to which item, never what was said.

    A meeting that has begun counts as ended with it, also one that was missed. One to come, moved or cancelled stays
    as it is: the objection, e.g. to an item of its agenda, is on record only, see
    `GET /v1/tandems/{tandem_id}/objections`. Also to a meeting of a tandem that was closed within the last year; the
    tandem stays closed.
    """
    ended = once.of(
        lambda: exchanges.object(session, caller, exchange_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, ended, language, response)


@router.get("/tandems/{tandem_id}/objections", operation_id="read_objections", responses=problems(404))
def read_objections(tandem_id: TandemId, session: ReaderDep, caller: CallerDep) -> TandemObjectionsOut:
    """What is on record of objections in a tandem, for its two sides: which side, when, which item."""
    return objections_shown(exchanges.objections_of(session, caller, tandem_id))


@router.get("/exchanges/{exchange_id}/hints", operation_id="list_exchange_hints", responses=problems(404))
def list_exchange_hints(
    exchange_id: ExchangeId, session: ReaderDep, caller: CallerDep, language: LanguageDep
) -> MeetingHintsOut:
    """Where agenda and minutes come near a topic that companies never exchange, and which side keeps it so."""
    return MeetingHintsOut(items=hints.of(session, caller, exchange_id, language))


@router.post(
    "/exchanges/{exchange_id}/hints/keep",
    status_code=201,
    operation_id="keep_exchange_hint",
    responses=problems(400, 404, 422),
)
def keep_exchange_hint(
    exchange_id: ExchangeId, wish: KeepHint, session: SessionDep, caller: CallerDep, once: OnceDep
) -> KeptHintOut:
    """Keep a text in spite of the hints on one topic, with a reason, which is recorded; until that text changes.

    An item of the agenda is kept by either side, a text of the minutes by the side that has written them.
    """
    return KeptHintOut.of(
        once.of(lambda: hints.keep(session, caller, exchange_id, wish), lambda known: notes.get(session, known))
    )


@router.post("/exchanges/{exchange_id}/park", operation_id="park_item", responses=_REFUSALS)
def park_item(
    exchange_id: ExchangeId,
    wish: ParkCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Set an item of the agenda aside. It is proposed again for the next meeting, unless it has hints."""
    parked = once.of(
        lambda: exchanges.park(session, caller, exchange_id, wish),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, parked, language, response)


@router.post("/exchanges/{exchange_id}/useful", operation_id="say_useful", responses=_REFUSALS)
def say_useful(
    exchange_id: ExchangeId,
    wish: UsefulCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> ExchangeOut:
    """Say for your side whether a meeting was useful. Only your side sees it; organizers see totals of many."""
    said = once.of(
        lambda: voices.say_useful(session, caller, exchange_id, wish.useful),
        lambda known: exchanges.get(session, caller, known)[0],
    )
    return _shown(session, caller, said, language, response)


@router.post("/tandems/{tandem_id}/pulse", operation_id="say_pulse", responses=_REFUSALS)
def say_pulse(
    tandem_id: TandemId, wish: PulseCreate, session: SessionDep, caller: CallerDep, once: OnceDep
) -> PulseOut:
    """Say for your side how it goes on: continue, adjust, pause or end well; or at the end whether the two fitted.

    `pause` and `end_well` count at once for both. `continue` in the last 28 days of a term, or while the tandem is
    closing, renews it. The last word of a term counts.
    """
    said = once.told(
        lambda: voices.say_pulse(
            session, caller, tandem_id, wish.pulse, wish.why, at_end=wish.at_end, fitted=wish.fitted
        ),
        lambda known: voices.said_before(session, caller, tandem_id, known),
        voices.which,
    )
    return pulse_shown(said, closing.get(session, caller, said.tandem_id))


@router.get("/tandems/{tandem_id}/harvest", operation_id="read_harvest", responses=problems(404))
def read_harvest(
    tandem_id: TandemId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> HarvestOut:
    """The three lines on what the two have learned, for the two sides only until both release them."""
    harvest, side = harvesting.get(session, caller, tandem_id)
    response.headers["ETag"] = etag(harvesting.tag(harvest))
    return harvest_shown(harvest, side, language)


@router.put(
    "/tandems/{tandem_id}/harvest", operation_id="write_harvest", responses=problems(400, 404, 409, 412, 422, 428)
)
def write_harvest(
    tandem_id: TandemId,
    wish: HarvestUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> HarvestOut:
    """Write the three lines, or write them anew: then a story that is out is taken back until both release it."""
    harvest, side = harvesting.write(session, caller, tandem_id, wish, if_match)
    response.headers["ETag"] = etag(harvesting.tag(harvest))
    return harvest_shown(harvest, side, language)


@router.post("/tandems/{tandem_id}/harvest/release", operation_id="release_harvest", responses=_REFUSALS)
def release_harvest(
    tandem_id: TandemId,
    wish: ReleaseCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> HarvestOut:
    """Say for your side that everybody may read the lines, or take that back. With both it is a story."""
    harvest, side = once.told(
        lambda: harvesting.release(session, caller, tandem_id, wish),
        lambda known: harvesting.get(session, caller, known),
        lambda made: made[0].tandem_id,
    )
    response.headers["ETag"] = etag(harvesting.tag(harvest))
    return harvest_shown(harvest, side, language)


@router.get("/stories", operation_id="list_stories", responses=problems(422))
def list_stories(session: ReaderDep, caller: CallerDep, request: PageDep) -> Page[StoryOut]:
    """What tandems have learned, as far as both of their sides have released it, newest first."""
    after = request.key(str)
    found = harvesting.stories(session, before=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.story_id,))
    return Page(items=stories_shown(session, caller, page), next_cursor=cursor)


def _shown(
    session: Session, caller: Caller, exchange: Exchange, language: Language, response: Response
) -> ExchangeOut:
    tandem = closing.get(session, caller, exchange.tandem_id)
    [shown] = exchanges_shown(session, caller, tandem, [exchange], language)
    response.headers["ETag"] = etag(tag(exchange, shown.own_useful))
    return shown
