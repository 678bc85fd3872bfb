"""What is personal in the meetings of a tandem, and how it goes: some time after its end, or with a person."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session, col

from app.core import events
from app.core.clock import now
from app.exchanges import queries
from app.exchanges.models import Exchange, Harvest, TandemPulse
from app.guardrails import notes
from app.tandems.models import SideName, Tandem, TandemStatus

KINDS = {side: f"exchange.{side.value}" for side in SideName}
"""What notes on hints call a meeting, by the side that keeps a text of it."""

_GONE = "…"
_SHORTEST_WORD = 3
_AT_ONCE = 500


def forget_closed(session: Session, before: datetime) -> int:
    """Of tandems that were closed before then only dates, states and what both have released are left; how many."""
    forgotten = 0
    while ids := forget_some(session, before, _AT_ONCE):
        forgotten += len(ids)
    return forgotten


def forget_some(session: Session, before: datetime, limit: int) -> list[str]:
    """As `forget_closed`, for at most so many at once; their ids."""
    closed = (col(Tandem.status) == TandemStatus.CLOSED, col(Tandem.closed_at) < before)
    not_yet = select(col(Tandem.id)).where(*closed, col(Tandem.forgotten_at).is_(None))
    ids = list(session.scalars(not_yet.order_by(col(Tandem.id)).limit(limit)))
    _empty(session, col(Exchange.tandem_id).in_(ids))
    session.execute(update(TandemPulse).where(col(TandemPulse.tandem_id).in_(ids)).values(why=None))
    session.execute(delete(Harvest).where(col(Harvest.tandem_id).in_(ids), col(Harvest.story_id).is_(None)))
    forgotten = update(Tandem).where(col(Tandem.id).in_(ids))
    session.execute(forgotten.values(forgotten_at=now(), contacts_a=None, contacts_b=None))
    return ids


def erase_company(session: Session, company_id: str) -> None:
    """What was written in a company's tandems is gone, also what both had released."""
    theirs = queries.ids_of_company(company_id)
    _empty(session, col(Exchange.tandem_id).in_(theirs))
    session.execute(update(TandemPulse).where(col(TandemPulse.tandem_id).in_(theirs)).values(why=None))
    gone = delete(Harvest).where(col(Harvest.tandem_id).in_(theirs)).returning(col(Harvest.story_id))
    stories = [one for one in session.execute(gone).scalars() if one is not None]
    events.record_many(session, "story.taken_back", stories)


def _empty(session: Session, which: ColumnElement[bool]) -> None:
    nothing: dict[str, object] = dict.fromkeys(("place", "topics", "take_away", "next", "minutes_by"))
    emptied = update(Exchange).where(which).values(**nothing, agenda=[], version=col(Exchange.version) + 1)
    ids = session.execute(emptied.returning(col(Exchange.id))).scalars().all()
    for kind in KINDS.values():
        notes.forget(session, kind, ids)


def take_out(session: Session, sides: Mapping[str, SideName], address: str, first_name: str) -> None:
    """Take a person out of what was written in the tandems of its sides. Who reads it sees another version.

    The address goes everywhere; the first name only from what the person's own side has written: in others' words it
    may be a word, or somebody else's name. Of an agenda and a place nobody knows which side has written them.
    """
    of_address = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])", re.IGNORECASE)
    named = len(first_name) >= _SHORTEST_WORD
    of_name = re.compile(rf"(?<!\w){re.escape(first_name)}(?:['’]?s)?(?![\w@])", re.IGNORECASE) if named else None

    def without(text: str, *, own: bool) -> str:
        left = of_address.sub(_GONE, text)
        return of_name.sub(_GONE, left) if own and of_name else left

    for one in queries.of_tandems(session, list(sides)):
        own = one.minutes_by is sides[one.tandem_id]
        minutes: dict[str, str | None] = {"topics": one.topics, "take_away": one.take_away, "next": one.next}
        left: dict[str, object] = {name: text and without(text, own=own) for name, text in minutes.items()}
        left["place"] = one.place and without(one.place, own=False)
        left["agenda"] = [
            item | {"text": without(str(item["text"]), own=False)} if "text" in item else item for item in one.agenda
        ]
        if any(getattr(one, name) != value for name, value in left.items()):
            for name, value in left.items():
                setattr(one, name, value)
            one.version += 1
            session.add(one)
    for pulse in queries.pulses_of(session, list(sides)):
        pulse.why = pulse.why and without(pulse.why, own=pulse.side is sides[pulse.tandem_id])
        session.add(pulse)
    for harvest in queries.harvests_of(session, list(sides)):
        own = harvest.written_by is sides[harvest.tandem_id]
        lines = [without(line, own=own) for line in harvest.lines]
        if lines != harvest.lines:
            _rewrite(harvest, lines)
            session.add(harvest)
            if harvest.story_id is not None:
                # Wherever else it is told, the person is to be taken out, too.
                events.record(session, "story.reworded", harvest.story_id)


def _rewrite(harvest: Harvest, lines: list[str]) -> None:
    """Another version; what a side has released stays released."""
    released = {side: getattr(harvest, side) == harvest.version for side in ("released_a", "released_b")}
    harvest.lines, harvest.version = lines, harvest.version + 1
    for side, is_out in released.items():
        if is_out:
            setattr(harvest, side, harvest.version)
