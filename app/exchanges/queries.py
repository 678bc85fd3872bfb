"""Reads of exchanges, harvests and what was said of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.sql import ColumnElement
from sqlmodel import Session, col, func
from sqlmodel import select as rows_of

from app.companies.models import Company, CompanyStatus
from app.exchanges.models import Exchange, ExchangeFeedback, ExchangeStatus, Harvest, TandemPulse
from app.notifications.models import Message, MessageStatus
from app.tandems.models import SideName, Suggestion, Tandem, TandemStatus

TOOK_PLACE = (ExchangeStatus.HELD, ExchangeStatus.ENDED_BY_OBJECTION)
_SETTLED = (*TOOK_PLACE, ExchangeStatus.MISSED)
_GOES_ON = (TandemStatus.STARTING, TandemStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class Told:
    """A story: the three lines, and whose they are."""

    story_id: str
    tandem_id: str
    lines: list[str]
    released_at: datetime
    a_id: str
    b_id: str


def page(session: Session, tandem_id: str, *, before: int | None, limit: int) -> Sequence[Exchange]:
    """The exchanges of a tandem, newest first, one more than `limit`."""
    query = rows_of(Exchange).where(col(Exchange.tandem_id) == tandem_id)
    if before is not None:
        query = query.where(col(Exchange.number) < before)
    return session.exec(query.order_by(col(Exchange.number).desc()).limit(limit + 1)).all()


def planned(session: Session, tandem_id: str) -> Sequence[Exchange]:
    """Those that nobody has said anything about yet, the earliest first."""
    waiting = (col(Exchange.tandem_id) == tandem_id, col(Exchange.status) == ExchangeStatus.PLANNED)
    return session.exec(rows_of(Exchange).where(*waiting).order_by(col(Exchange.starts_at))).all()


def last_number(session: Session, tandem_id: str) -> int:
    of_tandem = select(func.max(col(Exchange.number))).where(col(Exchange.tandem_id) == tandem_id)
    return session.scalar(of_tandem) or 0


def latest(session: Session, tandem_id: str, statuses: Collection[ExchangeStatus]) -> Exchange | None:
    """The latest one in one of these states."""
    query = rows_of(Exchange).where(col(Exchange.tandem_id) == tandem_id, col(Exchange.status).in_(statuses))
    return session.exec(query.order_by(col(Exchange.starts_at).desc(), col(Exchange.number).desc()).limit(1)).first()


def before(session: Session, exchange: Exchange) -> Exchange | None:
    """The one before it that was held or missed."""
    query = rows_of(Exchange).where(
        col(Exchange.tandem_id) == exchange.tandem_id,
        col(Exchange.status).in_(_SETTLED),
        col(Exchange.starts_at) < exchange.starts_at,
    )
    return session.exec(query.order_by(col(Exchange.starts_at).desc()).limit(1)).first()


def moved_from(session: Session, exchange_id: str) -> str | None:
    """Whose place it took."""
    return session.scalar(select(col(Exchange.id)).where(col(Exchange.moved_to) == exchange_id))


def invited(session: Session, exchange_id: str, templates: Collection[str]) -> set[str]:
    """People to whom one of these mails about an exchange has gone out, or is about to."""
    query = select(col(Message.person_id)).where(
        col(Message.subject_id) == exchange_id,
        col(Message.template).in_(templates),
        col(Message.person_id).is_not(None),
        col(Message.status).in_((MessageStatus.WAITING, MessageStatus.SENT)),
    )
    return set(session.scalars(query))


def usefulness(session: Session, exchange_ids: Iterable[str]) -> dict[tuple[str, SideName], bool]:
    """What was said of these exchanges, by exchange and side."""
    said = rows_of(ExchangeFeedback).where(col(ExchangeFeedback.exchange_id).in_(list(exchange_ids)))
    return {(one.exchange_id, one.side): one.useful for one in session.exec(said)}


def useful_in_round(session: Session, round_id: str) -> list[tuple[str, bool]]:
    """Of all that was said of exchanges of a round's tandems: the company that said it, and whether it was useful."""
    is_a = col(ExchangeFeedback.side) == SideName.A
    query = (
        select(col(Tandem.a_company), col(Tandem.b_company), is_a, col(ExchangeFeedback.useful))
        .join(Exchange, col(Exchange.id) == col(ExchangeFeedback.exchange_id))
        .join(Tandem, col(Tandem.id) == col(Exchange.tandem_id))
        .join(Suggestion, col(Suggestion.id) == col(Tandem.suggestion_id))
        .where(col(Suggestion.round_id) == round_id)
    )
    return [(a if of_a else b, bool(useful)) for a, b, of_a, useful in session.execute(query)]


def stories(session: Session, *, before: str | None, limit: int) -> list[Told]:
    """Stories that are out, newest first, one more than `limit`; none of a company that has left."""
    here = select(col(Company.id)).where(col(Company.status) == CompanyStatus.ACTIVE)
    query = (
        select(
            col(Harvest.story_id),
            col(Harvest.tandem_id),
            col(Harvest.lines),
            col(Harvest.released_at),
            col(Tandem.a_id),
            col(Tandem.b_id),
        )
        .join(Tandem, col(Tandem.id) == col(Harvest.tandem_id))
        .where(col(Harvest.story_id).is_not(None), col(Tandem.a_company).in_(here), col(Tandem.b_company).in_(here))
    )
    if before is not None:
        query = query.where(col(Harvest.story_id) < before)
    rows = session.execute(query.order_by(col(Harvest.story_id).desc()).limit(limit + 1))
    return [Told(*row) for row in rows]


def ask_how_it_was(session: Session, started_by: datetime, moment: datetime, limit: int) -> list[str]:
    """Mark exchanges as asked about that began by then and of which nothing was said; their ids."""
    over = (
        select(col(Exchange.id))
        .where(_NOT_ASKED, col(Exchange.starts_at) <= started_by)
        .order_by(col(Exchange.starts_at))
        .limit(limit)
    )
    asked = update(Exchange).where(col(Exchange.id).in_(over), _NOT_ASKED).values(asked_at=moment)
    return sorted(session.execute(asked.returning(col(Exchange.id))).scalars())


def left_open(session: Session, started_by: datetime, limit: int) -> list[tuple[str, str]]:
    """Exchanges that began by then and of which nothing was said: their tandems and ids."""
    query = (
        select(col(Exchange.tandem_id), col(Exchange.id))
        .where(col(Exchange.status) == ExchangeStatus.PLANNED, col(Exchange.starts_at) <= started_by)
        .order_by(col(Exchange.starts_at))
        .limit(limit)
    )
    # In the order in which tandems are locked.
    return sorted((tandem_id, exchange_id) for tandem_id, exchange_id in session.execute(query))


def due_without_plan(session: Session, due_by: datetime, limit: int, *, not_told: bool) -> Sequence[Tandem]:
    """Tandems that should meet by then and have planned nothing, locked; those that were not told of it, or all."""
    which: list[ColumnElement[bool]] = [
        col(Tandem.status).in_(_GOES_ON),
        col(Tandem.next_due_at) <= due_by,
        ~exists().where(col(Exchange.tandem_id) == col(Tandem.id), col(Exchange.status) == ExchangeStatus.PLANNED),
    ]
    if not_told:
        told = col(Tandem.due_told_at)
        which.append(or_(told.is_(None), told != col(Tandem.next_due_at)))
    query = rows_of(Tandem).where(and_(*which)).order_by(col(Tandem.id)).limit(limit).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def not_asked_for_pulse(session: Session) -> list[Tandem]:
    """Tandems under way whose sides were not asked in this term how it goes."""
    return list(session.exec(rows_of(Tandem).where(*_NOT_ASKED_FOR_PULSE).order_by(col(Tandem.id))))


def held_since(session: Session, since: dict[str, datetime]) -> Counter[str]:
    """How often each of these tandems, all of them `not_asked_for_pulse`, has met since its moment."""
    met = (
        select(col(Exchange.tandem_id), col(Exchange.starts_at))
        .join(Tandem, col(Tandem.id) == col(Exchange.tandem_id))
        .where(*_NOT_ASKED_FOR_PULSE, col(Exchange.status).in_(TOOK_PLACE))
    )
    return Counter(one for one, at in session.execute(met) if one in since and at >= since[one])


def locked(session: Session, tandem_ids: Collection[str]) -> dict[str, Tandem]:
    """These tandems, locked in one order."""
    query = rows_of(Tandem).where(col(Tandem.id).in_(tandem_ids)).order_by(col(Tandem.id)).with_for_update()
    return {one.id: one for one in session.exec(query.execution_options(populate_existing=True))}


def page_of_company(
    session: Session, company_id: str, *, after: str | None, limit: int
) -> list[tuple[Exchange, Tandem]]:
    """The exchanges of a company's tandems by id, each with its tandem, one more than `limit`."""
    query = (
        rows_of(Exchange, Tandem)
        .join(Tandem, col(Tandem.id) == col(Exchange.tandem_id))
        .where(_is_of(company_id))
        .order_by(col(Exchange.id))
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(col(Exchange.id) > after)
    return list(session.exec(query))


def harvests_of_company(
    session: Session, company_id: str, *, after: str | None, limit: int
) -> list[tuple[Harvest, Tandem]]:
    """The harvests of a company's tandems by tandem, each with it, one more than `limit`."""
    query = (
        rows_of(Harvest, Tandem)
        .join(Tandem, col(Tandem.id) == col(Harvest.tandem_id))
        .where(_is_of(company_id))
        .order_by(col(Harvest.tandem_id))
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(col(Harvest.tandem_id) > after)
    return list(session.exec(query))


def pulses_of_company(session: Session, company_id: str) -> list[tuple[TandemPulse, Tandem]]:
    """What a company's own sides have said, each with its tandem."""
    own = or_(
        and_(col(TandemPulse.side) == SideName.A, col(Tandem.a_company) == company_id),
        and_(col(TandemPulse.side) == SideName.B, col(Tandem.b_company) == company_id),
    )
    query = rows_of(TandemPulse, Tandem).join(Tandem, col(Tandem.id) == col(TandemPulse.tandem_id)).where(own)
    return list(session.exec(query.order_by(col(TandemPulse.tandem_id), col(TandemPulse.term))))


def ids_of_company(company_id: str) -> Select[str]:
    """A query for the ids of a company's tandems, to be used inside another."""
    return select(col(Tandem.id)).where(_is_of(company_id))


def of_tandems(session: Session, tandem_ids: Collection[str]) -> Sequence[Exchange]:
    """All exchanges of these tandems, the earliest first."""
    query = rows_of(Exchange).where(col(Exchange.tandem_id).in_(tandem_ids))
    return session.exec(query.order_by(col(Exchange.tandem_id), col(Exchange.number))).all()


def pulses_of(session: Session, tandem_ids: Collection[str]) -> Sequence[TandemPulse]:
    """All that was said at half-time or at the end of these tandems."""
    query = rows_of(TandemPulse).where(col(TandemPulse.tandem_id).in_(tandem_ids))
    return session.exec(query.order_by(col(TandemPulse.tandem_id), col(TandemPulse.term))).all()


def harvests_of(session: Session, tandem_ids: Collection[str]) -> Sequence[Harvest]:
    query = rows_of(Harvest).where(col(Harvest.tandem_id).in_(tandem_ids))
    return session.exec(query.order_by(col(Harvest.tandem_id))).all()


_NOT_ASKED = and_(col(Exchange.status) == ExchangeStatus.PLANNED, col(Exchange.asked_at).is_(None))
_NOT_ASKED_FOR_PULSE = (col(Tandem.status) == TandemStatus.ACTIVE, col(Tandem.pulse_asked) < col(Tandem.term))


def _is_of(company_id: str) -> ColumnElement[bool]:
    return or_(col(Tandem.a_company) == company_id, col(Tandem.b_company) == company_id)
