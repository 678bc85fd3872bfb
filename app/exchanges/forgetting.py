"""What is personal in the meetings of a tandem, and how it goes: some time after its end, or with a person."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session, col

from app.core.clock import now
from app.exchanges import queries
from app.exchanges.models import Exchange, Harvest, TandemPulse
from app.guardrails import notes
from app.tandems.models import Tandem, TandemStatus

KIND = "exchange"
"""What notes on hints call a meeting."""

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
    session.execute(delete(Harvest).where(col(Harvest.tandem_id).in_(theirs)))


def _empty(session: Session, which: ColumnElement[bool]) -> None:
    nothing: dict[str, object] = dict.fromkeys(("place", "topics", "take_away", "next", "minutes_by"))
    emptied = update(Exchange).where(which).values(**nothing, agenda=[], version=col(Exchange.version) + 1)
    notes.forget(session, KIND, session.execute(emptied.returning(col(Exchange.id))).scalars())


def take_out(session: Session, tandem_ids: Collection[str], words: Iterable[str]) -> None:
    """Take these words out of everything that was written in these tandems."""
    named = [re.escape(word) for word in words if len(word) >= _SHORTEST_WORD]
    if not named:
        return
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(named)})(?!\w)")

    def without(text: str | None) -> str | None:
        return text and pattern.sub(_GONE, text)

    for one in queries.of_tandems(session, tandem_ids):
        for name in ("place", "topics", "take_away", "next"):
            setattr(one, name, without(getattr(one, name)))
        one.agenda = [item | {"text": without(str(item["text"]))} if "text" in item else item for item in one.agenda]
        session.add(one)
    for pulse in queries.pulses_of(session, tandem_ids):
        pulse.why = without(pulse.why)
        session.add(pulse)
    for harvest in queries.harvests_of(session, tandem_ids):
        harvest.lines = [without(line) or _GONE for line in harvest.lines]
        session.add(harvest)
