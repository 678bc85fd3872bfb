"""The harvest of a tandem: three lines on what the two have learned, a story once both sides release them."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from app.access.service import Caller
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict
from app.core.i18n import mark
from app.core.ids import new_id
from app.exchanges import queries
from app.exchanges.at_hand import require_remembered
from app.exchanges.models import Harvest
from app.exchanges.queries import Told
from app.exchanges.schemas import HarvestUpdate, ReleaseCreate
from app.exchanges.viewing import released_by
from app.tandems import living
from app.tandems.models import SideName, Tandem

WRITTEN_WITHIN = timedelta(days=365)


class NothingToHarvest(Conflict):
    slug = "nothing-to-harvest"
    title = mark("The two have not met yet")
    detail = mark("Three lines on what the two have learned are written once they have met.")


class HarvestOver(Conflict):
    slug = "harvest-over"
    title = mark("The tandem was closed too long ago")
    detail = mark("What two have learned is written and released up to a year after their tandem was closed.")


class HarvestRewritten(Conflict):
    slug = "harvest-rewritten"
    title = mark("The three lines are another version by now")
    detail = mark("You release version {named}, but the present one is {present}. Read it, then release that one.")


def get(session: Session, caller: Caller, tandem_id: str) -> tuple[Harvest, SideName]:
    """The harvest, empty and of version 0 until somebody writes it, and the caller's side. Raises TandemNotFound."""
    tandem, side = living.get_as_side(session, caller, tandem_id)
    return _harvest(session, tandem, side), side


def write(
    session: Session, caller: Caller, tandem_id: str, wish: HarvestUpdate, if_match: str | None
) -> tuple[Harvest, SideName]:
    """Write the three lines, or write them anew: then both sides release them anew."""
    tandem, side = living.get_as_side(session, caller, tandem_id, for_update=True)
    harvest = _harvest(session, tandem, side)
    require_match(if_match, tag(harvest))
    _require_met(tandem)
    harvest.lines, harvest.written_by, harvest.written_at = list(wish.lines), side, now()
    harvest.version += 1
    _follow(session, harvest)
    return harvest, side


def release(session: Session, caller: Caller, tandem_id: str, wish: ReleaseCreate) -> tuple[Harvest, SideName]:
    """Say for one side that everybody may read the lines, in the version that it has read, or take that back."""
    tandem, side = living.get_as_side(session, caller, tandem_id, for_update=True)
    harvest = _harvest(session, tandem, side)
    _require_met(tandem)
    if wish.version != harvest.version:
        raise HarvestRewritten(named=wish.version, present=harvest.version)
    released = wish.version if wish.release else None
    if released_by(harvest, side) != released:
        if side is SideName.A:
            harvest.released_a = released
        else:
            harvest.released_b = released
        _follow(session, harvest)
    return harvest, side


def stories(session: Session, *, before: str | None, limit: int) -> Sequence[Told]:
    """What both sides of tandems have released, newest first, one more than `limit`."""
    return queries.stories(session, before=before, limit=limit)


def tag(harvest: Harvest) -> str:
    """Another one whenever anything of it changes."""
    return f"{harvest.version}.{harvest.released_a or 0}.{harvest.released_b or 0}"


def _follow(session: Session, harvest: Harvest) -> None:
    """It is a story while both have released what it says now, each time under another id."""
    is_out = harvest.released_a == harvest.released_b == harvest.version
    if is_out and harvest.story_id is None:
        harvest.story_id, harvest.released_at = new_id("sty"), now()
        events.record(session, "story.released", harvest.tandem_id)
    elif not is_out and harvest.story_id is not None:
        events.record(session, "story.taken_back", harvest.story_id)
        harvest.story_id = harvest.released_at = None
    session.add(harvest)


def _harvest(session: Session, tandem: Tandem, side: SideName) -> Harvest:
    """As it is stored, locked with its tandem where that is; else an empty one that is not stored yet."""
    found = session.get(Harvest, tandem.id, populate_existing=True)
    return found or Harvest(tandem_id=tandem.id, lines=[], written_by=side, written_at=now(), version=0)


def _require_met(tandem: Tandem) -> None:
    if tandem.kicked_off_at is None:
        raise NothingToHarvest
    if tandem.closed_at is not None and tandem.closed_at + WRITTEN_WITHIN <= now():
        raise HarvestOver
    require_remembered(tandem)
