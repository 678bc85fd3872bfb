"""Meetings of a tandem, as verbs of its two sides.

planned -> held, missed, moved, cancelled        planned, held, missed -> ended_by_objection        missed -> held
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from app.access.service import Caller
from app.communities import queries as communities
from app.core import events, times
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.dates import at_local, next_shown
from app.core.errors import Conflict, Unprocessable
from app.core.events import Event
from app.core.i18n import mark
from app.core.ids import new_id
from app.exchanges import agendas, forgetting, minutes, queries
from app.exchanges import at_hand as hands
from app.exchanges.at_hand import at_hand, require, require_begun, require_to_come, settle, shown, shown_at, stored
from app.exchanges.models import Exchange, ExchangeStatus
from app.exchanges.schemas import (
    AgendaItem,
    ExchangeCreate,
    ExchangeMove,
    ExchangeUpdate,
    ObjectionCreate,
    ParkCreate,
)
from app.exchanges.viewing import tag
from app.guardrails import acceptance, objections
from app.guardrails.models import Objection
from app.people.models import PersonStatus
from app.tandems import living
from app.tandems.living import WrongTandemState
from app.tandems.models import SideName, Tandem, TandemStatus

PLANNED_AHEAD = 8
OBJECTION_WITHIN = timedelta(days=365)
"""So long after a tandem was closed an objection to one of its meetings is taken on record."""

_MEETS = (TandemStatus.STARTING, TandemStatus.ACTIVE, TandemStatus.CLOSING)
_NOT_CLOSED = (*_MEETS, TandemStatus.PAUSED)
_ENDED_BY_OBJECTION = (ExchangeStatus.PLANNED, ExchangeStatus.HELD, ExchangeStatus.MISSED)

get = hands.get
write_minutes = minutes.write
confirm_minutes = minutes.confirm
forget_closed = forgetting.forget_closed
forget_some = forgetting.forget_some
erase_company = forgetting.erase_company


class KickOffFirst(Conflict):
    slug = "kick-off-first"
    title = mark("First the two get to know each other")
    detail = mark(
        "The first meeting is planned for {starts_at}. Move it, or say whether it was held or missed, with "
        "POST /v1/exchanges/{exchange_id}/held or .../missed; further ones are planned after it."
    )


class PlannedAlready(Conflict):
    slug = "planned-already"
    title = mark("The two meet at that time already")
    detail = mark("Another meeting of the two is planned for {starts_at}. Choose another time, or move that one.")


class EnoughPlanned(Conflict):
    slug = "enough-planned"
    title = mark("Enough meetings are planned")
    detail = mark("{most} meetings are planned ahead already. Plan further ones when some of them are over.")


class GuidelineNotAccepted(Conflict):
    slug = "guideline-not-accepted"
    title = mark("The competition-law guideline is not accepted yet")
    detail = mark(
        "At the first meeting, {starts_at}, an acceptance of the guideline holds of at least one person of each "
        "side: {reason}."
    )


class MetWithoutGuideline(Conflict):
    slug = "met-without-guideline"
    title = mark("The first meeting was without the guideline")
    detail = mark(
        "When it began, at {starts_at}, not both sides had somebody who speaks for them now and had accepted the "
        "guideline. Say that it was missed with POST /v1/exchanges/{exchange_id}/missed, see to the guideline (GET "
        "/v1/guideline), and plan the first meeting anew."
    )


_OWN_MISSING = mark(
    "nobody who speaks for your side has. Read GET /v1/guideline, then POST /v1/guideline/acceptances"
)
_OTHER_MISSING = mark("the other side has not yet. Write to its managers, see GET /v1/tandems")
_BOTH_MISSING = mark(
    "nobody of either side has. For yours read GET /v1/guideline, then POST /v1/guideline/acceptances; write to the "
    "managers of the other one"
)


class NoSuchItem(Unprocessable):
    slug = "no-such-agenda-item"
    title = mark("The agenda has no such item")
    detail = mark("The agenda has {items} items. Send the number of one of them, from 1.")


class ObjectionTooLate(Conflict):
    slug = "objection-too-late"
    title = mark("The tandem was closed too long ago")
    detail = mark("Objections are recorded up to a year after a tandem was closed. Tell your coordinator about it.")


def plan(session: Session, caller: Caller, tandem_id: str, wish: ExchangeCreate) -> Exchange:
    """A further meeting. The first one needs that a person of each side has accepted the guideline for then."""
    tandem, side = living.get_as_side(session, caller, tandem_id, for_update=True)
    _require_tandem(tandem, *_MEETS)
    time_zone = wish.time_zone or tandem.time_zone
    starts_at = times.meant(wish.starts_at, time_zone)
    minutes = wish.meeting_minutes or tandem.meeting_minutes
    planned = queries.planned(session, tandem.id)
    kick_off = tandem.kicked_off_at is None
    if kick_off:
        _require_first(planned)
        _require_guideline(session, tandem, side, starts_at)
    _require_free(planned, starts_at, minutes)
    if len(planned) >= PLANNED_AHEAD:
        raise EnoughPlanned(most=PLANNED_AHEAD)
    exchange = Exchange(
        id=new_id("exc"),
        tandem_id=tandem.id,
        number=queries.last_number(session, tandem.id) + 1,
        kick_off=kick_off,
        status=ExchangeStatus.PLANNED,
        starts_at=starts_at,
        time_zone=time_zone,
        minutes=minutes,
        host=tandem.next_host if len(planned) % 2 == 0 else tandem.next_host.other,
        place=wish.place,
        agenda=_agenda(session, tandem, wish.agenda, kick_off=kick_off, minutes=minutes),
        uid=new_id("cal"),
        created_at=now(),
    )
    session.add(exchange)
    session.flush()
    events.record(session, "exchange.planned", exchange.id)
    return exchange


def change(
    session: Session, caller: Caller, exchange_id: str, wish: ExchangeUpdate, if_match: str | None
) -> Exchange:
    """Another agenda or place of a meeting to come. Calendars are told of another place."""
    exchange, _, side = at_hand(session, caller, exchange_id)
    own_useful = queries.usefulness(session, [exchange.id]).get((exchange.id, side))
    require_match(if_match, tag(exchange, own_useful))
    require(exchange, ExchangeStatus.PLANNED)
    if "agenda" in wish.model_fields_set:
        exchange.agenda = _written(wish.agenda)
    if "place" in wish.model_fields_set and wish.place != exchange.place:
        exchange.place = wish.place
        exchange.sequence += 1
        events.record(session, "exchange.changed", exchange.id)
    return stored(session, exchange)


def move(session: Session, caller: Caller, exchange_id: str, wish: ExchangeMove) -> Exchange:
    """Another time: a new exchange in its place, with everything else as it was. Calendars know it as the same.

    Raises BegunAlready: what was said in a meeting that has begun can be objected to.
    """
    exchange, tandem, side = at_hand(session, caller, exchange_id)
    require(exchange, ExchangeStatus.PLANNED)
    require_to_come(exchange)
    _require_tandem(tandem, *_MEETS)
    time_zone = wish.time_zone or exchange.time_zone
    starts_at = times.meant(wish.starts_at, time_zone)
    if exchange.kick_off:
        _require_guideline(session, tandem, side, starts_at)
    others = [one for one in queries.planned(session, tandem.id) if one.id != exchange.id]
    _require_free(others, starts_at, exchange.minutes)
    successor = Exchange(
        id=new_id("exc"),
        tandem_id=tandem.id,
        number=queries.last_number(session, tandem.id) + 1,
        kick_off=exchange.kick_off,
        status=ExchangeStatus.PLANNED,
        starts_at=starts_at,
        time_zone=time_zone,
        minutes=exchange.minutes,
        host=exchange.host,
        place=exchange.place,
        agenda=exchange.agenda,
        uid=exchange.uid,
        sequence=exchange.sequence + 1,
        created_at=now(),
    )
    exchange.moved_to = successor.id
    settle(session, exchange, ExchangeStatus.MOVED)
    session.add(successor)
    session.flush()
    events.record(session, "exchange.moved", successor.id)
    return successor


def cancel(session: Session, caller: Caller, exchange_id: str) -> Exchange:
    """Take a meeting back, before it begins. One that is cancelled stays so. Raises BegunAlready."""
    exchange, _, _ = at_hand(session, caller, exchange_id)
    require(exchange, ExchangeStatus.PLANNED, ExchangeStatus.CANCELLED)
    if exchange.status is ExchangeStatus.PLANNED:
        require_to_come(exchange)
        _call_off(session, exchange)
    return exchange


def held(session: Session, caller: Caller, exchange_id: str) -> Exchange:
    """The two have met. With the first time the horizon begins; the next meeting is due by the rhythm. One that began
    before the tandem was closed is held all the same, and the tandem stays closed.

    Raises MetWithoutGuideline for a first time without both sides' acceptance.
    """
    exchange, tandem, _ = at_hand(session, caller, exchange_id)
    require(exchange, ExchangeStatus.PLANNED, ExchangeStatus.MISSED, ExchangeStatus.HELD)
    if exchange.status is ExchangeStatus.HELD:
        return exchange
    if tandem.closed_at is None or tandem.closed_at <= exchange.starts_at:
        _require_tandem(tandem, *_NOT_CLOSED)
    require_begun(exchange)
    if exchange.kick_off and not all(_accepted(session, tandem, exchange.starts_at).values()):
        raise MetWithoutGuideline(starts_at=shown(exchange), exchange_id=exchange.id)
    _take_place(session, tandem, exchange, ExchangeStatus.HELD)
    return exchange


def missed(session: Session, caller: Caller, exchange_id: str) -> Exchange:
    """The two have not met. After the second time in a row both are asked kindly how it shall go on."""
    exchange, tandem, _ = at_hand(session, caller, exchange_id)
    require(exchange, ExchangeStatus.PLANNED, ExchangeStatus.MISSED)
    if exchange.status is ExchangeStatus.MISSED:
        return exchange
    require_begun(exchange)
    miss(session, tandem, exchange)
    return exchange


def miss(session: Session, tandem: Tandem, exchange: Exchange) -> None:
    """As `missed`, also for those of which nobody says anything."""
    settle(session, exchange, ExchangeStatus.MISSED)
    events.record(session, "exchange.missed", exchange.id)
    living.due_again(session, tandem, exchange.starts_at)
    before = queries.before(session, exchange)
    if before is not None and before.status is ExchangeStatus.MISSED:
        events.record(session, "tandem.quiet", tandem.id)


def object(session: Session, caller: Caller, exchange_id: str, wish: ObjectionCreate) -> Exchange:
    """Object on record: who, when, which item, not what was said. A meeting that has begun counts as ended with that.

    To a meeting at any point, so that nothing that the other side does takes the objection away; also up to a year
    after the tandem was closed, which it stays. One to come, moved or cancelled stays as it is.
    """
    exchange, tandem, side = at_hand(session, caller, exchange_id)
    moment = now()
    if tandem.closed_at is not None and tandem.closed_at + OBJECTION_WITHIN <= moment:
        raise ObjectionTooLate
    if wish.item is not None:
        _require_item(exchange, wish.item)
    objections.record(
        session,
        tandem_id=tandem.id,
        exchange_id=exchange.id,
        side=side,
        person_id=caller.person_id or caller.key_id,
        item="" if wish.item is None else str(wish.item),
        at=moment,
    )
    if exchange.status in _ENDED_BY_OBJECTION and exchange.starts_at <= moment:
        _take_place(session, tandem, exchange, ExchangeStatus.ENDED_BY_OBJECTION)
    return exchange


def objections_of(session: Session, caller: Caller, tandem_id: str) -> Sequence[Objection]:
    """What is on record of objections in a tandem, for its two sides. Raises TandemNotFound, RoleNotEnough."""
    tandem, _ = living.get_as_side(session, caller, tandem_id)
    return objections.of_tandem(session, tandem.id)


def park(session: Session, caller: Caller, exchange_id: str, wish: ParkCreate) -> Exchange:
    """Set an item aside, or take it back in. It is proposed again for the next meeting, unless it has hints."""
    exchange, _, _ = at_hand(session, caller, exchange_id)
    require(exchange, ExchangeStatus.PLANNED, *queries.TOOK_PLACE)
    _require_item(exchange, wish.item)
    # A new list: what is inside a JSON column is not watched.
    exchange.agenda = [
        item | {"parked": wish.parked} if number == wish.item else item
        for number, item in enumerate(exchange.agenda, start=1)
    ]
    return stored(session, exchange)


def tandem_paused(session: Session, event: Event) -> None:
    """What was planned for the time of a pause is called off."""
    tandem = queries.locked(session, [event.subject_id])[event.subject_id]
    if tandem.status is not TandemStatus.PAUSED or tandem.paused_until is None:
        return
    morning = datetime.combine(tandem.paused_until, datetime.min.time())
    until = at_local(next_shown(morning, tandem.time_zone), tandem.time_zone)
    for one in queries.planned(session, tandem.id):
        if until is not None and now() < one.starts_at < until:
            _call_off(session, one)


def tandem_closed(session: Session, event: Event) -> None:
    """What was still to come is called off."""
    queries.locked(session, [event.subject_id])
    for one in queries.planned(session, event.subject_id):
        if one.starts_at > now():
            _call_off(session, one)


def _agenda(
    session: Session, tandem: Tandem, wished: Sequence[AgendaItem] | None, *, kick_off: bool, minutes: int
) -> list[agendas.Stored]:
    if wished is not None:
        return _written(wished)
    agenda = agendas.template(kick_off=kick_off, minutes=minutes)
    over = (*queries.TOOK_PLACE, ExchangeStatus.MISSED, ExchangeStatus.CANCELLED)
    last = queries.latest(session, tandem.id, over)
    return agendas.with_parked(agenda, last.agenda) if last is not None else agenda


def _written(items: Sequence[AgendaItem]) -> list[agendas.Stored]:
    return agendas.stored([agendas.Item(one.text, one.minutes, one.parked) for one in items])


def _take_place(session: Session, tandem: Tandem, exchange: Exchange, status: ExchangeStatus) -> None:
    """It was a meeting, to its end or up to an objection."""
    known = exchange.status is ExchangeStatus.HELD
    settle(session, exchange, status)
    events.record(session, f"exchange.{status.value}", exchange.id)
    if not known:
        living.met(session, tandem, exchange.starts_at, exchange.host)


def _call_off(session: Session, exchange: Exchange) -> None:
    exchange.sequence += 1
    settle(session, exchange, ExchangeStatus.CANCELLED)
    events.record(session, "exchange.cancelled", exchange.id)


def _require_tandem(tandem: Tandem, *needed: TandemStatus) -> None:
    if tandem.status not in needed:
        raise WrongTandemState(status=tandem.status.value, needed=", ".join(needed))


def _require_item(exchange: Exchange, number: int) -> None:
    if number > len(exchange.agenda):
        raise NoSuchItem(items=len(exchange.agenda))


def _require_first(planned: Sequence[Exchange]) -> None:
    if planned:
        raise KickOffFirst(starts_at=shown(planned[0]), exchange_id=planned[0].id)


def _require_free(planned: Sequence[Exchange], starts_at: datetime, minutes: int) -> None:
    ends_at = starts_at + timedelta(minutes=minutes)
    for one in planned:
        if one.starts_at < ends_at and starts_at < one.starts_at + timedelta(minutes=one.minutes):
            raise PlannedAlready(starts_at=shown(one))


def _require_guideline(session: Session, tandem: Tandem, side: SideName, at: datetime) -> None:
    """Raises GuidelineNotAccepted, with whose turn it is."""
    accepted = _accepted(session, tandem, at)
    own, theirs = accepted[side], accepted[side.other]
    if not (own and theirs):
        raise GuidelineNotAccepted(
            starts_at=shown_at(at), reason=_OTHER_MISSING if own else _OWN_MISSING if theirs else _BOTH_MISSING
        )


def _accepted(session: Session, tandem: Tandem, at: datetime) -> dict[SideName, bool]:
    """Whether somebody who speaks for each side has accepted the guideline for that moment."""
    speakers = {
        community_id: {one.person_id for one in found if one.status is PersonStatus.ACTIVE}
        for community_id, found in communities.managers_of(session, [tandem.a_id, tandem.b_id]).items()
    }
    accepted = acceptance.accepted(session, [one for people in speakers.values() for one in people], at=at)
    sides = {SideName.A: tandem.a_id, SideName.B: tandem.b_id}
    return {side: bool(speakers.get(community_id, set()) & accepted) for side, community_id in sides.items()}
