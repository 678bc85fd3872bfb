"""Whom mails of meetups go to, and which of them have gone out."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, or_
from sqlmodel import Session, col, select

from app.companies.models import Company, CompanyStatus
from app.meetups.models import Meetup
from app.notifications.models import Message, MessageStatus
from app.people.models import Person, PersonStatus
from app.registrations.models import Registration


def wish_to_be_told(session: Session, meetup_id: str) -> Sequence[Registration]:
    """Of each person who may be told of a new meetup, the last registration for another one.

    What it says counts: whoever consented once and not the last time is not written to. An address that was never
    confirmed has consented to nothing.
    """
    query = (
        select(Registration)
        .join(Person, col(Person.id) == col(Registration.person_id))
        .join(Company, col(Company.id) == col(Registration.company_id))
        .where(
            col(Registration.meetup_id) != meetup_id,
            col(Registration.number).is_not(None),
            col(Person.status) == PersonStatus.ACTIVE,
            col(Company.status) == CompanyStatus.ACTIVE,
        )
        .order_by(col(Registration.registered_at), col(Registration.id))
    )
    last = {one.person_id: one for one in session.exec(query)}
    return [one for one in last.values() if one.stays]


def told_of_sequence(session: Session, meetup: Meetup, templates: Collection[str]) -> set[str]:
    """Whose registrations have one of these mails that tells the present date and place, or is about to."""
    query = (
        select(Registration.id)
        .join(Message, col(Message.subject_id) == col(Registration.id))
        .where(
            col(Registration.meetup_id) == meetup.id,
            col(Message.template).in_(sorted(templates)),
            col(Message.status).in_((MessageStatus.WAITING, MessageStatus.SENT)),
            col(Message.ids)["sequence"].as_string() == str(meetup.sequence),
            col(Message.ids)["turn"].as_string() == cast(col(Registration.turn), String),
        )
    )
    return set(session.exec(query))


def may_have_got(session: Session, registration_id: str, templates: Collection[str]) -> bool:
    """Whether one of these mails has gone out, or was tried: it may have come through without our knowing."""
    return _is_there(
        session, registration_id, templates, or_(col(Message.status) == MessageStatus.SENT, col(Message.attempts) > 0)
    )


def gets(session: Session, registration_id: str, templates: Collection[str], since: datetime) -> bool:
    """Whether one of these mails has gone out after this moment, or is about to."""
    just_sent = (col(Message.status) == MessageStatus.SENT) & (col(Message.finished_at) > since)
    return _is_there(
        session, registration_id, templates, or_(col(Message.status) == MessageStatus.WAITING, just_sent)
    )


def _is_there(
    session: Session, registration_id: str, templates: Collection[str], *which: ColumnElement[bool]
) -> bool:
    mails = select(Message.id).where(
        col(Message.subject_id) == registration_id, col(Message.template).in_(sorted(templates)), *which
    )
    return session.exec(mails.limit(1)).first() is not None
