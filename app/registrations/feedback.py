"""What people say of a meetup: with two clicks, each for itself, and the last word counts. What is told: `totals`."""

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.i18n import mark
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import service as registrations
from app.registrations import totals
from app.registrations.models import MeetupFeedback, Registration, RegistrationStatus, Usefulness


class FeedbackTooEarly(Conflict):
    slug = "feedback-too-early"
    title = mark("There is nothing to say yet")
    detail = mark("How it was can be said from {starts_at} (UTC) on, when the meetup begins.")


class FeedbackTooLate(Conflict):
    slug = "feedback-too-late"
    title = mark("That was too long ago")
    detail = mark("How a meetup was can be said for 60 days after it. Tell the organizers when you meet them next.")


class WasNotThere(Conflict):
    slug = "feedback-was-not-there"
    title = mark("Only who was there can say how it was")
    detail = mark(
        "This registration had no place at the end, or is marked as absent. If that is a mistake, ask the organizers "
        "to correct the attendance."
    )


class NothingSaid(NotFound):
    slug = "no-feedback-said"
    title = mark("Nothing was said yet")
    detail = mark("Of this registration there is no feedback. Send it with POST to the same address.")


def say_for(
    session: Session, caller: Caller, registration_id: str, useful: Usefulness, comment: str | None
) -> MeetupFeedback:
    """As `say`, by the person itself. Raises RegistrationNotFound, RoleNotEnough."""
    return say(session, _own(session, caller, registration_id), useful, comment)


def said_by(session: Session, caller: Caller, registration_id: str) -> MeetupFeedback:
    """What was said, for the person itself. Raises RegistrationNotFound, RoleNotEnough, NothingSaid."""
    said = of(session, _own(session, caller, registration_id).id)
    if said is None:
        raise NothingSaid
    return said


def say(session: Session, registration: Registration, useful: Usefulness, comment: str | None) -> MeetupFeedback:
    """How the meetup was for whom this registration belongs to; the last word counts, also when it takes the comment
    back.

    From the start of the meetup until 60 days after it; what is told already stays as it is. Raises
    FeedbackTooEarly, FeedbackTooLate, WasNotThere.
    """
    # Two clicks at the same moment: the second one waits, and finds what the first one said.
    session.refresh(registration, with_for_update=True)
    meetup = session.get_one(Meetup, registration.meetup_id)
    _require_time(meetup)
    if registration.status is not RegistrationStatus.REGISTERED or registration.attended is False:
        raise WasNotThere
    said = of(session, registration.id) or MeetupFeedback(
        registration_id=registration.id, meetup_id=meetup.id, useful=useful, said_at=now()
    )
    said.useful, said.comment, said.said_at = useful, comment, now()
    session.add(said)
    session.flush()
    return said


def is_open(meetup: Meetup) -> bool:
    """Whether something can be said of it now."""
    return meetup.starts_at <= now() and not _is_over(meetup) and meetup.status is not MeetupStatus.CANCELLED


def of(session: Session, registration_id: str) -> MeetupFeedback | None:
    """What was said, if anything."""
    return session.get(MeetupFeedback, registration_id)


def _own(session: Session, caller: Caller, registration_id: str) -> Registration:
    """Nobody speaks for somebody else, and no company reads what its people say."""
    registration = registrations.get(session, caller, registration_id)
    caller.require(Role.MANAGER, Role.PARTICIPANT)
    return registration


def _require_time(meetup: Meetup) -> None:
    if meetup.starts_at > now():
        raise FeedbackTooEarly(starts_at=f"{meetup.starts_at:%Y-%m-%d %H:%M}")
    if meetup.status is MeetupStatus.CANCELLED:
        raise WasNotThere
    if _is_over(meetup):
        raise FeedbackTooLate


def _is_over(meetup: Meetup) -> bool:
    return meetup.ends_at + totals.SAID_WITHIN <= now() or totals.kept(meetup) is not None
