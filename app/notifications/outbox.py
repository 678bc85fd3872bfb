"""Messages are queued in the transaction of the change that they tell of: they are there exactly when it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.clock import now
from app.core.database import inserting
from app.core.ids import new_id
from app.notifications.models import Channel, EndpointStatus, Message, MessageStatus, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be sent to a person.

    template : its name, as registered. ids : what it is put into words from, all opaque ids or short codes, never
    personal. subject_id : what it is about, to take it back by. key : what makes it one message; a second one with
    the same key to the same person is not queued. due_at : not before then; None for at once.
    """

    template: str
    person_id: str
    subject_id: str
    ids: Mapping[str, str]
    key: str
    due_at: datetime | None = None


def queue(session: Session, mails: Sequence[Mail]) -> None:
    """Queue mails; one that was queued before, by its key and person, is left as it is."""
    moment = now()
    _insert(
        session,
        [
            {
                "channel": Channel.MAIL,
                "template": mail.template,
                "ids": dict(mail.ids),
                "subject_id": mail.subject_id,
                "person_id": mail.person_id,
                "endpoint_id": None,
                "key": f"{mail.key}:{mail.person_id}",
                "due_at": mail.due_at or moment,
            }
            for mail in mails
        ],
        moment,
    )


def tell_companies(
    session: Session, kind: str, subject_id: str, company_ids: Iterable[str], *, ids: Mapping[str, str], key: str
) -> None:
    """Queue a webhook event for the endpoints of these companies that want this kind. `ids` is all that it tells:
    the portal reads the rest by REST, as itself."""
    moment = now()
    active = select(WebhookEndpoint).where(
        col(WebhookEndpoint.company_id).in_(sorted(set(company_ids))),
        col(WebhookEndpoint.status) == EndpointStatus.ACTIVE,
    )
    _insert(
        session,
        [
            {
                "channel": Channel.WEBHOOK,
                "template": kind,
                "ids": dict(ids),
                "subject_id": subject_id,
                "person_id": None,
                "endpoint_id": endpoint.id,
                "key": f"{key}:{endpoint.id}",
                "due_at": moment,
            }
            for endpoint in session.exec(active.order_by(col(WebhookEndpoint.id)))
            if not endpoint.kinds or kind in endpoint.kinds
        ],
        moment,
    )


def retract(session: Session, subject_id: str, templates: Iterable[str] | None = None) -> int:
    """Take back what was not sent yet about a subject, of these templates or all; how many."""
    waiting = (col(Message.subject_id) == subject_id, col(Message.status) == MessageStatus.WAITING)
    query = update(Message).where(*waiting)
    if templates is not None:
        query = query.where(col(Message.template).in_(list(templates)))
    taken = session.execute(
        query.values(status=MessageStatus.RETRACTED, finished_at=now()).returning(col(Message.id))
    )
    return len(taken.all())


def _insert(session: Session, rows: Sequence[dict[str, object]], moment: datetime) -> None:
    if not rows:
        return
    always = {
        "status": MessageStatus.WAITING,
        "created_at": moment,
        "attempts": 0,
        "finished_at": None,
        "problem": None,
    }
    session.execute(
        inserting(session, Message).on_conflict_do_nothing(index_elements=["key"]),
        [{"id": new_id("msg")} | always | row for row in rows],
    )
