"""What is personal in registrations, and how it goes: some time after the meetup, or with a company."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app.core import events
from app.core.clock import now
from app.meetups.models import TO_COME, Meetup, MeetupStatus
from app.people.models import Person
from app.registrations import places, queries, totals
from app.registrations import service as registrations
from app.registrations.models import IN_LINE, MeetupFeedback, Registration, RegistrationStatus, SentSignUp

LONGEST_STAY = timedelta(days=730)
"""After the meetup: so long is somebody told of the next ones who has said so once, and came to none since."""

_NO_WISHES: dict[str, object] = {
    **{name: [] for name in ("themes", "learn", "show", "languages", "excluded_companies")},
    "community_id": None,
}


def keep_figures(session: Session, before: datetime, least_group: int, limit: int) -> list[str]:
    """Of meetups that ended before then keep totals, and forget what was said of them one by one and what those
    wished who want to be told of the next ones; ids of the meetups.

    Feedback is kept where it is told, see `totals`. From then on nothing more can be said of the meetup.
    """
    ended = rows_of(Meetup).where(
        col(Meetup.ends_at) < before, col(Meetup.status) != MeetupStatus.DRAFT, ~totals.IS_KEPT
    )
    meetups = session.exec(ended.order_by(col(Meetup.id)).limit(limit).with_for_update()).all()
    for meetup in meetups:
        # Where nobody has looked at what was due, it is due now.
        totals.fix(session, meetup, least_group)
        meetup.figures = _figures(session, meetup)
        session.add(meetup)
    ids = [one.id for one in meetups]
    session.flush()
    session.execute(delete(MeetupFeedback).where(col(MeetupFeedback.meetup_id).in_(ids)))
    stay = update(Registration).where(col(Registration.meetup_id).in_(ids), col(Registration.stays))
    session.execute(stay.values(**_NO_WISHES, version=col(Registration.version) + 1))
    return ids


def forget_ended(session: Session, before: datetime, limit: int) -> list[str]:
    """Forget registrations of meetups that ended before then, at most so many; their ids. All but those of people who
    want to be told of the next ones, and these too when they are older than two years. To be called after
    `keep_figures`.

    Records `person.unknown` for each person whom nobody knew but by these.
    """
    too_old = min(before, now() - LONGEST_STAY)
    ended = select(col(Meetup.id)).where(col(Meetup.ends_at) < before, totals.IS_KEPT)
    long_ago = select(col(Meetup.id)).where(col(Meetup.ends_at) < too_old)
    told_no_more = or_(col(Registration.stays).is_(False), col(Registration.meetup_id).in_(long_ago))
    return _forget(session, and_(col(Registration.meetup_id).in_(ended), told_no_more), limit)


def forget_unconfirmed(session: Session, before: datetime, limit: int) -> list[str]:
    """Forget what was sent on the public page before then and nobody has confirmed, at most so many; their ids.
    Records `person.unknown` as `forget_ended` does. Nor is it counted any more."""
    session.execute(delete(SentSignUp).where(col(SentSignUp.sent_at) < before))
    unconfirmed = col(Registration.status) == RegistrationStatus.UNCONFIRMED
    return _forget(session, and_(unconfirmed, col(Registration.created_at) < before), limit)


def company_leaving(session: Session, company_id: str) -> None:
    """People of a company that leaves give back their places at meetups to come."""
    leave_those_to_come(session, col(Registration.company_id) == company_id)
    unconfirmed = col(Registration.status) == RegistrationStatus.UNCONFIRMED
    session.execute(delete(Registration).where(col(Registration.company_id) == company_id, unconfirmed))


def erase_company(session: Session, company_id: str) -> None:
    """Nothing is left of the registrations of a company's people, and of what these said."""
    company_leaving(session, company_id)
    totals.forget_comments(session, col(Registration.company_id) == company_id)
    session.execute(delete(Registration).where(col(Registration.company_id) == company_id))


def leave_those_to_come(session: Session, which: ColumnElement[bool]) -> None:
    """Give back the places, and those in the line, of some registrations for meetups to come."""
    waiting = col(Registration.status) == RegistrationStatus.WAITING
    theirs = (
        select(col(Registration.id))
        .join(Meetup, col(Meetup.id) == col(Registration.meetup_id))
        .where(which, col(Registration.status).in_(IN_LINE), col(Meetup.status).in_(TO_COME))
        # Who waits first: nobody is offered a place of a colleague who leaves with it.
        .order_by(col(Registration.meetup_id), waiting.desc(), col(Registration.number))
    )
    for registration_id in session.scalars(theirs).all():
        registrations.leave(session, registration_id)


def _figures(session: Session, meetup: Meetup) -> dict[str, object]:
    with_place = queries.with_place(session, meetup.id)
    present = queries.present(session, meetup.id)
    was_marked = any(one.attended is not None for one in with_place)
    return {
        "registered": len(with_place),
        "attended": sum(one.attended is True for one in with_place) if was_marked else None,
        "people": len(present),
        "companies": len({one.company_id for one in present}),
        "feedback": totals.as_kept(meetup),
    }


def _forget(session: Session, which: ColumnElement[bool], limit: int) -> list[str]:
    some = select(col(Registration.id), col(Registration.meetup_id)).where(which)
    found = session.execute(some.order_by(col(Registration.id)).limit(limit)).all()
    for meetup_id in sorted({meetup_id for _, meetup_id in found}):
        places.locked(session, meetup_id)
    # One that was confirmed, or is to stay, since we looked is left alone.
    these = delete(Registration).where(col(Registration.id).in_([one for one, _ in found]), which)
    gone = session.execute(these.returning(col(Registration.id), col(Registration.person_id))).all()
    others = select(col(Registration.id)).where(col(Registration.person_id) == col(Person.id)).exists()
    unknown = select(col(Person.id)).where(
        col(Person.id).in_({person_id for _, person_id in gone}), col(Person.guest), ~others
    )
    events.record_many(session, "person.unknown", sorted(session.scalars(unknown)))
    return sorted(registration_id for registration_id, _ in gone)
