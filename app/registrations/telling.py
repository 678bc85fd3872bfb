"""Who is told what of a registration: each person by mail, with a calendar file; its portal by webhook."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from app.core.events import Event
from app.meetups.models import Meetup
from app.notifications import outbox
from app.notifications.letters import Template
from app.notifications.outbox import Mail
from app.registrations import places, queries, recipients, wording
from app.registrations.models import Registration, RegistrationStatus

_CONFIRM, _KNOWN, _WAITING = "registration.confirm", "registration.known", "registration.waiting"
_OFFERED, _LAPSED, _CANCELLED = "registration.offered", "registration.lapsed", "registration.cancelled"
_MEETUP_CANCELLED, _ANNOUNCED = "registration.meetup_cancelled", "registration.meetup_announced"
_WEEK_BEFORE, _DAY_BEFORE = "registration.week_before", "registration.day_before"
_FEEDBACK, SUMMARY = "registration.feedback", "registration.summary"
_CHANGED = "registration.changed"

# What enters a calendar or takes it out again is for whoever wants only what waits for it too: it is expected there.
TEMPLATES: tuple[Template, ...] = (
    Template(_CONFIRM, needs_reader=True, write=wording.confirm, asked_for=True),
    Template(_KNOWN, needs_reader=True, write=wording.known, asked_for=True),
    Template(wording.INVITATION, needs_reader=True, write=wording.invited),
    Template(_WAITING, needs_reader=False, write=wording.waiting),
    Template(_OFFERED, needs_reader=True, write=wording.offered),
    Template(_LAPSED, needs_reader=False, write=wording.lapsed),
    Template(_CANCELLED, needs_reader=True, write=wording.cancelled),
    Template(wording.MOVED, needs_reader=True, write=wording.moved),
    Template(_MEETUP_CANCELLED, needs_reader=True, write=wording.meetup_cancelled),
    Template(_WEEK_BEFORE, needs_reader=True, write=wording.week_before),
    Template(_DAY_BEFORE, needs_reader=True, write=wording.day_before),
    Template(_FEEDBACK, needs_reader=False, write=wording.feedback),
    Template(_ANNOUNCED, needs_reader=False, write=wording.announced),
)
# Also who has come back and waits is told of the end: there may be an entry in its calendar.
_HAS_NO_PLACE = tuple(one for one in RegistrationStatus if one is not RegistrationStatus.REGISTERED)
_IS_KNOWN = tuple(one for one in RegistrationStatus if one is not RegistrationStatus.UNCONFIRMED)
# Not the one of the waiting list: who wants only what waits for it does not get that.
_TELL_THE_DATE = (wording.INVITATION, _OFFERED)
_REMINDERS = {"meetup.week_before": _WEEK_BEFORE, "meetup.day_before": _DAY_BEFORE}


def meetup_announced(session: Session, event: Event) -> None:
    """People who wish to be told of the next meetups."""
    meetup = session.get_one(Meetup, event.subject_id)
    wishing = recipients.wish_to_be_told(session, meetup.id)
    _mail(session, _ANNOUNCED, meetup, wishing, f"{_ANNOUNCED}:{meetup.id}", {"meetup_id": meetup.id})


def meetup_moved(session: Session, event: Event) -> None:
    """Everybody in line, with an update for the calendars of those who have a place.

    Not who came since then, to the new date, and who has a mail that tells it already. One that was not sent yet and
    tells the former date gives way to this mail, and two moves at once are one.
    """
    meetup = session.get_one(Meetup, event.subject_id)
    told = recipients.told_of_sequence(session, meetup, _TELL_THE_DATE)
    before = [
        one
        for one in queries.in_line(session, meetup.id)
        if one.registered_at is not None and one.registered_at <= event.happened_at and one.id not in told
    ]
    _mail(session, wording.MOVED, meetup, before, f"{wording.MOVED}:{meetup.id}:{meetup.sequence}")


def meetup_cancelled(session: Session, event: Event) -> None:
    """Everybody in line, with a cancellation."""
    meetup = session.get_one(Meetup, event.subject_id)
    in_line = queries.in_line(session, meetup.id)
    _mail(session, _MEETUP_CANCELLED, meetup, in_line, f"{_MEETUP_CANCELLED}:{meetup.id}")


def meetup_reminder_due(session: Session, event: Event) -> None:
    """Everybody with a place: a week before, or a day before (the kind of the event tells)."""
    meetup = session.get_one(Meetup, event.subject_id)
    template = _REMINDERS[event.kind]
    ids = {"meetup_id": meetup.id, "starts": wording.starts_code(meetup)}
    _mail(session, template, meetup, queries.with_place(session, meetup.id), f"{template}:{event.id}", ids)


def feedback_due(session: Session, event: Event) -> None:
    """Everybody who was there is asked how it was."""
    _mail_once_after(session, _FEEDBACK, event)


def summary_due(session: Session, event: Event) -> None:
    """Everybody who was there gets the summary, once, whether the clock or an organizer has sent it; what is in it is
    told by who knows of tandems and tables."""
    _mail_once_after(session, SUMMARY, event)


def signed_up(session: Session, event: Event) -> None:
    """Somebody has registered on the page: the address is to be confirmed. Asked again it is mailed again."""
    _answer(session, event, _CONFIRM, RegistrationStatus.UNCONFIRMED)


def known_already(session: Session, event: Event) -> None:
    """Somebody has registered on the page who is or was registered: the mail leads to that registration."""
    _answer(session, event, _KNOWN, *_IS_KNOWN)


def registered(session: Session, event: Event) -> None:
    """A place: the invitation."""
    _tell(session, event, wording.INVITATION, RegistrationStatus.REGISTERED)


def waiting(session: Session, event: Event) -> None:
    """The waiting list."""
    _tell(session, event, _WAITING, RegistrationStatus.WAITING)


def offered(session: Session, event: Event) -> None:
    """A place is free: to be confirmed within a time that begins now."""
    if session.get(Registration, event.subject_id) is not None:
        places.count_from_now(session, event.subject_id)
    _tell(session, event, _OFFERED, RegistrationStatus.OFFERED)


def ended(session: Session, event: Event) -> None:
    """Cancelled, or the offer's time is over."""
    if event.kind == "registration.lapsed":
        _tell(session, event, _LAPSED, RegistrationStatus.LAPSED)
    else:
        _tell(session, event, _CANCELLED, *_HAS_NO_PLACE)


def _tell(session: Session, event: Event, template: str, *while_it_is: RegistrationStatus) -> None:
    """The person, unless something else has become of it meanwhile, of which another event tells; and its portal."""
    registration = session.get(Registration, event.subject_id)
    if registration is None:
        return
    ids = {"meetup_id": registration.meetup_id, "registration_id": registration.id}
    key = f"{_CHANGED}:{event.id}"
    outbox.tell_companies(session, _CHANGED, registration.id, [registration.company_id], ids=ids, key=key)
    if registration.status not in while_it_is:
        return
    meetup = session.get_one(Meetup, registration.meetup_id)
    # Who comes back and goes again between two looks at the events is told once.
    _mail(session, template, meetup, [registration], f"{template}:{registration.id}:{registration.turn}")


def _answer(session: Session, event: Event, template: str, *while_it_is: RegistrationStatus) -> None:
    """Whoever has typed the address, each time; its portal hears of what is confirmed only."""
    registration = session.get(Registration, event.subject_id)
    if registration is None or registration.status not in while_it_is:
        return
    meetup = session.get_one(Meetup, registration.meetup_id)
    _mail(session, template, meetup, [registration], f"{template}:{event.id}")


def _mail_once_after(session: Session, template: str, event: Event) -> None:
    meetup = session.get_one(Meetup, event.subject_id)
    _mail(session, template, meetup, queries.with_place(session, meetup.id), f"{template}:{meetup.id}")


def _mail(
    session: Session,
    template: str,
    meetup: Meetup,
    registrations: Iterable[Registration],
    key: str,
    more: Mapping[str, str] | None = None,
) -> None:
    outbox.queue(
        session,
        [
            Mail(
                template,
                one.person_id,
                one.id,
                {"registration_id": one.id} | wording.mark_of(one, meetup) | dict(more or {}),
                key,
            )
            for one in registrations
        ],
    )
