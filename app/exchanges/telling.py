"""Who is told what of a tandem's life: mails for the people of its two sides, events for their portals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app.communities.models import CommunityManager
from app.core.clock import now
from app.core.events import Event
from app.exchanges import queries, wording
from app.exchanges.models import Exchange, Pulse
from app.notifications import outbox
from app.notifications.letters import Template
from app.notifications.outbox import Mail
from app.people.models import Person
from app.tandems.mails import INTRODUCED
from app.tandems.models import SideName, Tandem, TandemStatus

# Invitations too wait for their reader: whoever wants only what does is expected at the meeting.
TEMPLATES: tuple[Template, ...] = (
    Template("exchange.planned", needs_reader=True, write=wording.planned),
    Template("exchange.moved", needs_reader=True, write=wording.moved),
    Template("exchange.changed", needs_reader=True, write=wording.changed),
    Template("exchange.cancelled", needs_reader=True, write=wording.cancelled),
    Template("exchange.due", needs_reader=True, write=wording.due),
    Template("exchange.minutes", needs_reader=True, write=wording.minutes),
    Template("exchange.objected", needs_reader=True, write=wording.objected),
    Template("exchange.useful", needs_reader=False, write=wording.useful),
    Template("tandem.pulse", needs_reader=True, write=wording.pulse),
    Template("tandem.renew", needs_reader=True, write=wording.renew),
    Template("tandem.harvest", needs_reader=True, write=wording.harvest),
    Template("tandem.quiet", needs_reader=True, write=wording.quiet),
    Template("tandem.adjust", needs_reader=True, write=wording.adjust),
    Template("tandem.paused", needs_reader=False, write=wording.paused),
    Template("tandem.resumed", needs_reader=False, write=wording.resumed),
    Template("tandem.renewed", needs_reader=False, write=wording.renewed),
    Template("tandem.agreed", needs_reader=False, write=wording.agreed),
    Template("tandem.contact_changed", needs_reader=False, write=wording.contact_changed),
    Template("tandem.closed_with_thanks", needs_reader=False, write=wording.closed),
)

_INVITED = "exchange.planned"
_INVITATIONS = ("exchange.planned", "exchange.moved", "exchange.changed")
_BOTH = (SideName.A, SideName.B)
# Records of messages are kept at least so long, see `Settings.keep_messages_days`.
_RECORDED = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class TandemTold:
    """A handler for an event of a tandem: both sides get a mail, their portals an event, or both."""

    mail: str | None = None
    kind: str | None = None

    def __call__(self, session: Session, event: Event) -> None:
        tandem = session.get_one(Tandem, event.subject_id)
        if self.mail is not None:
            key = f"{self.mail}:{event.id}"
            _mail(session, tandem, self.mail, tandem.id, key, ids={"term": str(tandem.term)})
        if self.kind is not None:
            _tell_portals(session, tandem, self.kind, tandem.id, event)


@dataclass(frozen=True, slots=True)
class ExchangeTold:
    """As `TandemTold`, for an event of a meeting."""

    mail: str | None = None
    kind: str | None = None

    def __call__(self, session: Session, event: Event) -> None:
        exchange, tandem = _met(session, event)
        ids = {"exchange_id": exchange.id}
        if self.mail is not None:
            # Whoever has been invited as a new contact is not invited once more.
            told_once = exchange.id if self.mail == _INVITED else event.id
            _mail(session, tandem, self.mail, exchange.id, f"{self.mail}:{told_once}", ids=ids)
        if self.kind is not None:
            _tell_portals(session, tandem, self.kind, exchange.id, event, ids=ids)


def exchange_moved(session: Session, event: Event) -> None:
    """The new date is told; an invitation to the old one that was not sent yet is not sent any more."""
    exchange, tandem = _met(session, event)
    before = queries.moved_from(session, exchange.id) or ""
    outbox.retract(session, before, _INVITATIONS)
    ids = {"exchange_id": exchange.id}
    _mail(session, tandem, "exchange.moved", exchange.id, f"exchange.moved:{event.id}", ids=ids)
    _tell_portals(session, tandem, "exchange.moved", exchange.id, event, ids=ids | {"moved_from": before})


def exchange_cancelled(session: Session, event: Event) -> None:
    """Also those hear of it whose invitation was not sent yet: others of their side may know of the date."""
    outbox.retract(session, event.subject_id, _INVITATIONS)
    ExchangeTold("exchange.cancelled", "exchange.cancelled")(session, event)


def exchange_over(session: Session, event: Event) -> None:
    """Both are asked how it was: once, whether somebody has said that it was held or only its time is over."""
    exchange, tandem = _met(session, event)
    ids = {"exchange_id": exchange.id}
    _mail(session, tandem, "exchange.useful", exchange.id, f"exchange.useful:{exchange.id}", ids=ids)


def minutes_written(session: Session, event: Event) -> None:
    """The other side is asked to confirm them."""
    exchange, tandem = _met(session, event)
    ids = {"exchange_id": exchange.id}
    if exchange.minutes_by is not None:
        others = (exchange.minutes_by.other,)
        key = f"exchange.minutes:{event.id}"
        _mail(session, tandem, "exchange.minutes", exchange.id, key, ids=ids, sides=others)
    _tell_portals(session, tandem, "minutes.written", exchange.id, event, ids=ids)


def adjust_wished(session: Session, event: Event) -> None:
    """Each side hears of the other's wish, once a term."""
    tandem = session.get_one(Tandem, event.subject_id)
    for said in queries.pulses_of(session, [tandem.id]):
        if said.term == tandem.term and said.pulse is Pulse.ADJUST:
            key = f"tandem.adjust:{tandem.id}:{said.term}"
            _mail(session, tandem, "tandem.adjust", tandem.id, key, sides=(said.side.other,))


def tandem_closed(session: Session, event: Event) -> None:
    """Both are thanked, once. Filed under the suggestion: what waits about a tandem is taken back at its end."""
    tandem = session.get_one(Tandem, event.subject_id)
    _mail(session, tandem, "tandem.closed_with_thanks", tandem.suggestion_id, f"tandem.closed:{tandem.id}")


def tandem_started(session: Session, event: Event) -> None:
    """From now on it is noticed when other people speak for one of the two."""
    for tandem in _going_on(session, col(Tandem.id) == event.subject_id):
        tandem.contacts_a, tandem.contacts_b = (_mark(session, tandem, side) for side in _BOTH)
        session.add(tandem)


def contacts_changed(session: Session, event: Event) -> None:
    """A community has changed, maybe who speaks for it: then the partners of its tandems are told."""
    _look_at_contacts(session, event, [event.subject_id])


def person_changed(session: Session, event: Event) -> None:
    """As `contacts_changed`, for all that a person speaks for."""
    mine = select(col(CommunityManager.community_id)).where(col(CommunityManager.person_id) == event.subject_id)
    _look_at_contacts(session, event, list(session.scalars(mine)))


def _look_at_contacts(session: Session, event: Event, community_ids: Collection[str]) -> None:
    for tandem in _going_on(session, or_(_is_of(Tandem.a_id, community_ids), _is_of(Tandem.b_id, community_ids))):
        for side, known in zip(_BOTH, (tandem.contacts_a, tandem.contacts_b), strict=True):
            mark = _mark(session, tandem, side)
            if known == mark:
                continue
            setattr(tandem, f"contacts_{side.value}", mark)
            session.add(tandem)
            if known is not None:
                key = f"tandem.contact_changed:{event.id}:{tandem.id}:{side.value}"
                _mail(session, tandem, "tandem.contact_changed", tandem.id, key, sides=(side.other,))
                _hand_over(session, tandem, side)


def _hand_over(session: Session, tandem: Tandem, side: SideName) -> None:
    """Who speaks for a side now knows the other one and what is planned; who knew it before is not told again."""
    _mail(
        session,
        tandem,
        INTRODUCED,
        tandem.id,
        f"{INTRODUCED}:{tandem.id}",
        sides=(side,),
        but_not=_there_from_the_start(session, tandem),
    )
    for exchange in queries.planned(session, tandem.id):
        _mail(
            session,
            tandem,
            _INVITED,
            exchange.id,
            f"{_INVITED}:{exchange.id}",
            ids={"exchange_id": exchange.id},
            sides=(side,),
            but_not=queries.invited(session, exchange.id, _INVITATIONS),
        )


def _there_from_the_start(session: Session, tandem: Tandem) -> frozenset[str]:
    """People who were known before the tandem began, once the records of who was introduced then may be gone: it
    cannot be told any more which of them were."""
    if tandem.started_at > now() - _RECORDED:
        return frozenset()
    speakers = wording.speakers_of(session, tandem)
    ids = [one.person_id for side in speakers.values() for one in side]
    early = select(col(Person.id)).where(col(Person.id).in_(ids), col(Person.created_at) <= tandem.started_at)
    return frozenset(session.scalars(early))


def _met(session: Session, event: Event) -> tuple[Exchange, Tandem]:
    exchange = session.get_one(Exchange, event.subject_id)
    return exchange, session.get_one(Tandem, exchange.tandem_id)


def _mail(
    session: Session,
    tandem: Tandem,
    template: str,
    subject_id: str,
    key: str,
    *,
    ids: Mapping[str, str] | None = None,
    sides: Sequence[SideName] = _BOTH,
    but_not: Collection[str] = (),
) -> None:
    """To all who speak for these sides, each for its own, but not to these people."""
    speakers = wording.speakers_of(session, tandem)
    outbox.queue(
        session,
        [
            Mail(
                template,
                one.person_id,
                subject_id,
                {"tandem_id": tandem.id, "side": side.value} | dict(ids or {}),
                key,
            )
            for side in sides
            for one in speakers.get(_community(tandem, side), [])
            if one.person_id not in but_not
        ],
    )


def _tell_portals(
    session: Session,
    tandem: Tandem,
    kind: str,
    subject_id: str,
    event: Event,
    *,
    ids: Mapping[str, str] | None = None,
) -> None:
    """Each company, with the community that is its own."""
    for side, company_id in zip(_BOTH, (tandem.a_company, tandem.b_company), strict=True):
        own = {"tandem_id": tandem.id, "community_id": _community(tandem, side)}
        key = f"{kind}:{event.id}:{side.value}"
        outbox.tell_companies(session, kind, subject_id, [company_id], ids=own | dict(ids or {}), key=key)


def _community(tandem: Tandem, side: SideName) -> str:
    return tandem.a_id if side is SideName.A else tandem.b_id


def _mark(session: Session, tandem: Tandem, side: SideName) -> str:
    """Another text whenever other people, or by other addresses, speak for a side."""
    speakers = wording.speakers_of(session, tandem).get(_community(tandem, side), [])
    told = sorted((one.person_id, one.email, one.first_name, one.deputy) for one in speakers)
    return blake2b(repr((tandem.id, told)).encode(), digest_size=12).hexdigest()


def _going_on(session: Session, which: ColumnElement[bool]) -> Sequence[Tandem]:
    query = rows_of(Tandem).where(which, col(Tandem.status) != TandemStatus.CLOSED).order_by(col(Tandem.id))
    return session.exec(query).all()


def _is_of(side: str, community_ids: Collection[str]) -> ColumnElement[bool]:
    return col(side).in_(community_ids)
