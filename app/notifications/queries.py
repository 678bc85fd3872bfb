"""Reads and writes of messages and endpoints that need more than a primary key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, case, literal, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, SQLModel, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.database import UtcDateTime
from app.notifications.models import Channel, Message, MessageStatus, WebhookEndpoint
from app.notifications.tries import PAUSES

# Known, or a query for them.
Ids = Sequence[str] | Select[str]

_MESSAGE = SQLModel.metadata.tables["message"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What has become of a message that was tried."""

    message_id: str
    status: MessageStatus
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    problem: str | None


def anything_due(session: Session, moment: datetime) -> bool:
    return session.exec(select(Message.id).where(*_due(moment)).limit(1)).first() is not None


def lanes_due(session: Session, moment: datetime) -> set[str | None]:
    """The endpoints for which something is due; None is the mail server."""
    return set(session.exec(select(Message.endpoint_id).where(*_due(moment)).distinct()))


def due_in_lane(session: Session, endpoint_id: str | None, moment: datetime, limit: int) -> Sequence[Message]:
    """The messages of a lane that are due, the one that has waited longest first."""
    mine = select(Message).where(col(Message.endpoint_id) == endpoint_id, *_due(moment))
    return session.exec(mine.order_by(col(Message.due_at), col(Message.id)).limit(limit)).all()


def settle(session: Session, settled: Iterable[Settled]) -> None:
    """Record what has become of messages. One that was taken back meanwhile stays so, unless it was sent."""
    rows: dict[bool, list[dict[str, object]]] = {True: [], False: []}
    for one in settled:
        rows[one.status is MessageStatus.SENT].append(
            {
                "b_id": one.message_id,
                "b_status": one.status,
                "b_attempts": one.attempts,
                "b_due_at": one.due_at,
                "b_finished_at": one.finished_at,
                "b_problem": one.problem,
            }
        )
    columns = _MESSAGE.c
    values: dict[str, BindParameter[object]] = {
        name: bindparam(f"b_{name}") for name in ("status", "attempts", "due_at", "finished_at", "problem")
    }
    for sent, some in rows.items():
        this = [columns.id == bindparam("b_id")]
        if not sent:
            this.append(columns.status == MessageStatus.WAITING)
        if some:
            session.connection().execute(update(_MESSAGE).where(*this).values(**values), some)


def put_off(session: Session, endpoint_id: str | None, moment: datetime, problem: str) -> None:
    """Count what is due in a lane as tried: nobody is there, so it would have failed like what was."""
    mine = (col(Message.endpoint_id) == endpoint_id, *_due(moment))
    session.execute(
        update(Message)
        .where(*mine, col(Message.attempts) >= len(PAUSES))
        .values(status=MessageStatus.PARKED, attempts=col(Message.attempts) + 1, finished_at=moment, problem=problem)
    )
    later = case(
        {tries: literal(moment + pause, UtcDateTime) for tries, pause in enumerate(PAUSES)},
        value=col(Message.attempts),
    )
    session.execute(
        update(Message).where(*mine).values(attempts=col(Message.attempts) + 1, due_at=later, problem=problem)
    )


def page_of_endpoints(
    session: Session, company_id: str | None, *, after: str | None, limit: int
) -> Sequence[WebhookEndpoint]:
    """Endpoints by id, of one company or of all, one more than `limit`."""
    query = select(WebhookEndpoint).order_by(col(WebhookEndpoint.id)).limit(limit + 1)
    if company_id is not None:
        query = query.where(col(WebhookEndpoint.company_id) == company_id)
    if after is not None:
        query = query.where(col(WebhookEndpoint.id) > after)
    return session.exec(query).all()


def page_of_deliveries(
    session: Session,
    company_id: str | None,
    *,
    endpoint_id: str | None,
    status: MessageStatus | None,
    after: str | None,
    limit: int,
) -> Sequence[Message]:
    """Messages to the endpoints of one company or of all, newest first, one more than `limit`."""
    query = _to_endpoints(company_id).order_by(col(Message.id).desc()).limit(limit + 1)
    if endpoint_id is not None:
        query = query.where(col(Message.endpoint_id) == endpoint_id)
    if status is not None:
        query = query.where(col(Message.status) == status)
    if after is not None:
        query = query.where(col(Message.id) < after)
    return session.exec(query).all()


def delivery(
    session: Session, company_id: str | None, message_id: str, *, for_update: bool = False
) -> Message | None:
    """A message to an endpoint of the company (None: of any)."""
    query = _to_endpoints(company_id).where(col(Message.id) == message_id)
    if for_update:
        query = query.with_for_update(of=Message).execution_options(populate_existing=True)
    return session.exec(query).first()


def page_of_messages(session: Session, status: MessageStatus | None, limit: int) -> Sequence[Message]:
    """Messages of all kinds, newest first."""
    query = select(Message).order_by(col(Message.id).desc()).limit(limit)
    return session.exec(query if status is None else query.where(col(Message.status) == status)).all()


def of_person(session: Session, person_id: str) -> Sequence[Message]:
    """Everything that was to be sent to a person, oldest first."""
    return session.exec(select(Message).where(col(Message.person_id) == person_id).order_by(col(Message.id))).all()


def ids_of_mails(session: Session, person_ids: Ids, *subject_ids: Ids) -> list[str]:
    """Mails to some people, and mails to anybody about some things."""
    meant = or_(col(Message.person_id).in_(person_ids), *(col(Message.subject_id).in_(some) for some in subject_ids))
    return list(session.exec(select(Message.id).where(col(Message.channel) == Channel.MAIL, meant)))


def delete_finished(session: Session, before: datetime, limit: int) -> list[str]:
    """Delete messages that came to an end before a moment; their ids."""
    finished = select(Message.id).where(col(Message.finished_at) < before).order_by(col(Message.id)).limit(limit)
    ids = list(session.exec(finished))
    session.execute(delete(Message).where(col(Message.id).in_(ids)))
    return ids


def _to_endpoints(company_id: str | None) -> SelectOfScalar[Message]:
    query = select(Message).where(col(Message.channel) == Channel.WEBHOOK)
    if company_id is None:
        return query
    own = sa_select(col(WebhookEndpoint.id)).where(col(WebhookEndpoint.company_id) == company_id)
    return query.where(col(Message.endpoint_id).in_(own))


def _due(moment: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Message.status) == MessageStatus.WAITING, col(Message.due_at) <= moment
