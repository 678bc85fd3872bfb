"""What the mails to people who come to a meetup say: each written when it is sent, from the state of that moment.

A letter is None once what it was to tell is over, or a newer one tells more. Nobody's address stands in a letter but
its reader's own.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from babel.dates import format_date, format_time
from babel.units import format_unit
from sqlmodel import Session

from app.companies.models import Company, CompanyStatus
from app.core.clock import now
from app.core.dates import local, today_in
from app.core.i18n import Language, mark, translate
from app.core.times import remark
from app.guardrails import acceptance
from app.meetups import agendas
from app.meetups import queries as meetup_queries
from app.meetups.models import TO_COME, Meetup, MeetupStatus
from app.notifications.calendar import Entry, invitation
from app.notifications.letters import Action, Attachment, Letter, Reading
from app.registrations import addresses, queries, recipients, totals
from app.registrations.models import IN_LINE, MeetupFeedback, Registration, RegistrationStatus

INVITATION, MOVED = "registration.invitation", "registration.moved"
WITH_ENTRY = (INVITATION, MOVED)
"""Mails that put the meetup into a calendar."""
_TAKES_REGISTRATIONS = (MeetupStatus.OPEN, MeetupStatus.FULL)
# Whoever has just been told when it is needs no reminder of it.
_NEWS = timedelta(hours=20)
# Records of messages are kept at least so long, see `Settings.keep_messages_days`.
_RECORDED = timedelta(days=60)

_WHY = mark("You get this mail because you, or your company for you, registered for a meetup in C3 Tandem.")
_WHY_TYPED = mark("You get this mail because somebody has typed your address on the page of a meetup.")
_WHY_STAYS = mark("You get this mail because you wished at an earlier meetup to be told of the next ones.")
_INTO_CALENDAR = mark("The calendar file that is attached puts it into your calendar.")
_CHANGES_CALENDAR = mark("The calendar file that is attached changes the entry in your calendar.")
_OUT_OF_CALENDAR = mark("The calendar file that is attached takes it out of your calendar.")
_CANCEL_KINDLY = mark("You cannot come? Then please cancel with one click: somebody may be waiting for your place.")
_AGENDA = mark("What is planned:")
_TYPED = mark("Somebody, probably you, has registered for “{title}” with this address: {when}.")
_NO_MORE = mark(
    "You are not registered any more. You would like to come after all? Then register again on your page, at the end "
    "of the line."
)
_TO_PLACE = mark("Open my page")
_OPEN, _OPEN_OR_CANCEL = mark("Open my registration"), mark("See my registration, change or cancel it")


@dataclass(frozen=True, slots=True)
class About:
    """A meetup, and the reader's place in it."""

    reading: Reading
    registration: Registration
    meetup: Meetup

    @property
    def is_to_come(self) -> bool:
        return self.meetup.status in TO_COME and self.meetup.starts_at > now()

    @property
    def is_not_over(self) -> bool:
        return self.meetup.status in TO_COME and self.meetup.ends_at > now()

    def say(self, text: str, **values: object) -> str:
        """The text in the reader's language; title and date of the meetup are known to it."""
        meetup, language = self.meetup, self.reading.language
        there = local(meetup.starts_at, meetup.time_zone).date()
        return translate(
            text,
            language,
            title=meetup.title,
            when=when(meetup, language),
            day=format_date(there, "long", locale=language),
            **values,
        )

    def letter(self, subject: str, *paragraphs: str | None) -> Letter:
        """A letter of texts only; what is None is left out."""
        return Letter(subject, tuple(one for one in paragraphs if one is not None), why=self.say(_WHY))

    def own_place(self, label: str) -> tuple[Action, ...]:
        """A button to the page of the reader's own place."""
        reading = self.reading
        registration, reader = self.registration, reading.reader
        url = addresses.own_place(registration, self.meetup, reader, reading.pepper, reading.public_url)
        return (Action(self.say(label), url),)

    def meetup_page(self, label: str) -> tuple[Action, ...]:
        return (Action(self.say(label), addresses.meetup_page(self.meetup, self.reading.public_url)),)


def about(reading: Reading) -> About | None:
    """What a letter is about; None where it is forgotten, or not its reader's."""
    registration = reading.session.get(Registration, reading.ids["registration_id"])
    if registration is None or registration.person_id != reading.reader.id:
        return None
    return About(reading, registration, reading.session.get_one(Meetup, registration.meetup_id))


def was_there(it: About) -> bool:
    """Also whom nobody has marked: whoever had a place and is not known to have stayed away. Nobody whose company is
    leaving: it takes part in nothing more."""
    takes_part = it.reading.session.get_one(Company, it.registration.company_id).status is CompanyStatus.ACTIVE
    held = it.meetup.status in (MeetupStatus.HELD, MeetupStatus.ARCHIVED)
    has_place = it.registration.status is RegistrationStatus.REGISTERED
    return takes_part and held and has_place and it.registration.attended is not False


def confirm(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.UNCONFIRMED or not _takes_registrations(it):
        return None
    letter = it.letter(
        it.say(mark("Please confirm your registration: {title}")),
        it.say(_TYPED),
        it.say(
            mark(
                "Please confirm that it was you. Only then do you take part, and places go in the order in which "
                "people confirm."
            )
        ),
    )
    not_you = mark("Was it not you? Then do nothing: nobody is registered, and what was typed is soon deleted.")
    return replace(
        letter,
        actions=it.own_place(mark("Confirm my registration")),
        after=(it.say(not_you),),
        why=it.say(_WHY_TYPED),
        names_reader=False,
    )


def known(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is RegistrationStatus.UNCONFIRMED or not it.is_not_over:
        return None
    in_line = it.registration.status in IN_LINE
    if not in_line and not _takes_registrations(it):
        return None
    letter = it.letter(
        it.say(mark("You had registered already: {title}")),
        it.say(_TYPED),
        it.say(mark("You had done so before, and nothing has changed.")),
        _state(it) if in_line else it.say(_NO_MORE),
    )
    actions = it.own_place(_OPEN if in_line else _TO_PLACE)
    return replace(letter, actions=actions, why=it.say(_WHY_TYPED), names_reader=False)


def invited(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.REGISTERED:
        return None
    if not it.is_not_over or not _is_newest(it):
        return None
    letter = it.letter(
        it.say(mark("You have a place: {title} on {day}")),
        it.say(mark("You are registered for “{title}”: {when}.")),
        *_where(it),
        it.say(
            mark(
                "In small groups you meet people of other companies who share your themes. Those at your table see "
                "your first name and your company; nobody is shown your e-mail address."
            )
        ),
        it.say(_INTO_CALENDAR),
    )
    return _with_entry(_with_agenda(letter, it), it)


def waiting(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.WAITING:
        return None
    if not it.is_to_come or not _is_newest(it):
        return None
    letter = it.letter(
        it.say(mark("On the waiting list: {title} on {day}")),
        it.say(mark("Thank you for registering for “{title}”: {when}.")),
        it.say(mark("At present all places are taken."))
        if _is_full(it.meetup)
        else it.say(mark("At present your company has as many places as one company can have.")),
        _state(it),
        it.say(
            mark(
                "You need not do anything. As soon as a place becomes free for you, we write to you and keep it for "
                "{hours}, at the longest until the meetup begins; then please confirm it."
            ),
            hours=format_unit(it.meetup.confirm_within_hours, "duration-hour", locale=reading.language),
        ),
    )
    return replace(letter, actions=it.own_place(_OPEN_OR_CANCEL))


def offered(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.OFFERED or not it.is_to_come:
        return None
    if it.registration.offered_until is None or it.registration.offered_until <= now():
        return None
    letter = it.letter(
        it.say(mark("A place is free for you: {title} on {day}")),
        it.say(mark("A place has become free at “{title}”: {when}.")),
        it.say(mark("It is kept for you until {until}. Please confirm it by then."), until=_kept_until(it)),
        it.say(mark("You cannot come? Then you need not do anything: it goes to the next in line.")),
    )
    return replace(letter, actions=it.own_place(mark("Confirm my place")))


def lapsed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.LAPSED or not it.is_to_come:
        return None
    letter = it.letter(
        it.say(mark("Your place is not kept any more: {title} on {day}")),
        it.say(mark("The place at “{title}” that was kept for you was not confirmed in time: {when}.")),
        it.say(
            mark(
                "It goes to the next in line. You would still like to come? Then register again, and you are the "
                "last in line."
            )
        ),
    )
    return replace(letter, actions=_again(it))


def cancelled(reading: Reading) -> Letter | None:
    it = about(reading)
    # Who has a place again is invited anew, and that file changes the entry.
    if it is None or it.registration.status is RegistrationStatus.REGISTERED or it.meetup.ends_at <= now():
        return None
    in_calendar = _may_be_in_calendar(it)
    letter = it.letter(
        it.say(mark("You are not registered any more: {title} on {day}")),
        it.say(mark("Your registration for “{title}” is cancelled: {when}.")),
        it.say(mark("That needs no reason. If you had a place, it is free for somebody else now.")),
        it.say(_OUT_OF_CALENDAR) if in_calendar else None,
    )
    letter = replace(letter, actions=_again(it))
    return _with_entry(letter, it, taken_out=True) if in_calendar else letter


def moved(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status not in IN_LINE or not it.is_not_over or not _is_newest(it):
        return None
    subject = it.say(mark("Another date or place: {title} on {day}"))
    first = it.say(mark("The date or the place of “{title}” has changed. From now on this holds: {when}."))
    if it.registration.status is not RegistrationStatus.REGISTERED:
        return replace(it.letter(subject, first, _state(it)), actions=it.own_place(_OPEN))
    letter = it.letter(subject, first, *_where(it), it.say(_CHANGES_CALENDAR), it.say(_CANCEL_KINDLY))
    return _with_entry(_with_agenda(letter, it), it)


def meetup_cancelled(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.meetup.status is not MeetupStatus.CANCELLED or it.registration.status not in IN_LINE:
        return None
    in_calendar, message = _may_be_in_calendar(it), it.meetup.cancel_message
    letter = it.letter(
        it.say(mark("{title} on {day} does not take place")),
        it.say(mark("“{title}” does not take place. It was planned for {when}.")),
        it.say(mark("The organizers write: {message}"), message=message) if message else None,
        it.say(_OUT_OF_CALENDAR) if in_calendar else None,
        it.say(mark("You need not do anything.")),
    )
    return _with_entry(letter, it, taken_out=True) if in_calendar else letter


def week_before(reading: Reading) -> Letter | None:
    # So late the one of the day before follows at once.
    return _reminder(reading, mark("Soon: {title} on {day}"), too_late=timedelta(days=2))


def day_before(reading: Reading) -> Letter | None:
    return _reminder(reading, mark("Tomorrow: {title}"), too_late=timedelta(), on_the_day=mark("Today: {title}"))


def feedback(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or not was_there(it) or it.meetup.ends_at + totals.SAID_WITHIN <= now():
        return None
    if reading.session.get(MeetupFeedback, it.registration.id) is not None:
        return None
    letter = it.letter(
        it.say(mark("How was {title}?")),
        it.say(
            mark(
                "Thank you for being at “{title}”! Was it useful to you? Two clicks are enough, and a word more is "
                "welcome."
            )
        ),
        it.say(
            mark(
                "If you sat in small groups, you can say on the same page whom you would like to meet again. They "
                "learn of it only if they say the same of you."
            )
        ),
    )
    after = mark("Others see totals of many answers only, and comments without names.")
    return replace(letter, actions=it.own_place(mark("Say how it was")), after=(it.say(after),))


def announced(reading: Reading) -> Letter | None:
    """For whoever wished so at an earlier meetup: that registration is the one it is about."""
    before, meetup = about(reading), reading.session.get(Meetup, reading.ids["meetup_id"])
    if before is None or meetup is None or not before.registration.stays:
        return None
    it = replace(before, meetup=meetup)
    if not it.is_to_come:
        return None
    letter = it.letter(
        it.say(mark("The next meetup: {title} on {day}")),
        it.say(mark("There is a date for the next meetup, “{title}”: {when}.")),
        meetup.purpose,
        it.say(mark("You can register on its page."))
        if meetup.status in _TAKES_REGISTRATIONS
        else it.say(mark("Its page tells more, and you can register there as soon as registration is open.")),
    )
    page, stop = it.meetup_page(mark("Read more")), before.own_place(mark("Do not tell me of meetups any more"))
    return replace(letter, actions=(*page, *stop), why=it.say(_WHY_STAYS))


def when(meetup: Meetup, language: Language) -> str:
    """The day, from when to when, and in which zone; both days where it goes on to another one."""
    begins, ends = local(meetup.starts_at, meetup.time_zone), local(meetup.ends_at, meetup.time_zone)
    until = _time(ends, language) if begins.date() == ends.date() else _day_and_time(ends, language)
    return f"{_day_and_time(begins, language)} – {until} ({meetup.time_zone})"


def mark_of(registration: Registration, meetup: Meetup) -> dict[str, str]:
    """What a mail was queued for: once the person has come or gone, or the meetup has moved, a newer one is there."""
    return {"turn": str(registration.turn), "sequence": str(meetup.sequence)}


def starts_code(meetup: Meetup) -> str:
    """The start that a reminder is about: once it has another one, that is reminded of anew."""
    return str(int(meetup.starts_at.timestamp()))


def _reminder(reading: Reading, subject: str, *, too_late: timedelta, on_the_day: str | None = None) -> Letter | None:
    it = about(reading)
    if it is None or it.registration.status is not RegistrationStatus.REGISTERED or not it.is_to_come:
        return None
    is_of_this_start = reading.ids["starts"] == starts_code(it.meetup)
    if not is_of_this_start or it.meetup.starts_at - now() <= too_late or _has_just_been_told(it):
        return None
    zone = it.meetup.time_zone
    is_today = local(it.meetup.starts_at, zone).date() == today_in(zone)
    letter = it.letter(
        it.say(on_the_day if on_the_day is not None and is_today else subject),
        it.say(mark("We look forward to seeing you at “{title}”: {when}.")),
        *_where(it),
        it.say(_CANCEL_KINDLY),
    )
    return _with_agenda(letter, it)


def _is_newest(it: About) -> bool:
    """Whether no newer letter tells more: the person has not come or gone, and the meetup not moved, since then."""
    expected = mark_of(it.registration, it.meetup)
    return {name: it.reading.ids.get(name) for name in expected} == expected


def _takes_registrations(it: About) -> bool:
    until = it.meetup.registration_until
    return it.is_to_come and it.meetup.status in _TAKES_REGISTRATIONS and (until is None or until > now())


def _is_full(meetup: Meetup) -> bool:
    return meetup.capacity is not None and meetup.taken >= meetup.capacity


def _state(it: About) -> str:
    """How it stands, in words."""
    if it.registration.status is RegistrationStatus.REGISTERED:
        return it.say(mark("You have a place."))
    if it.registration.status is RegistrationStatus.OFFERED:
        text = mark("A place is kept for you until {until}. Please confirm it by then.")
        return it.say(text, until=_kept_until(it))
    return it.say(mark("You are on the waiting list, at position {position}."), position=_position(it))


def _kept_until(it: About) -> str:
    """Until when an offered place is, where the meetup is."""
    zone = it.meetup.time_zone
    until = it.registration.offered_until or it.meetup.starts_at
    return f"{_day_and_time(local(until, zone), it.reading.language)} ({zone})"


def _position(it: About) -> int:
    """Which of those who wait it is, from 1."""
    return queries.waiting_positions(it.reading.session, [it.registration.id])[it.registration.id]


def _where(it: About) -> tuple[str, ...]:
    """Where it is, for those who have a place; and which hour is meant, where the clocks show it twice."""
    meetup = it.meetup
    told = (
        remark(meetup.starts_at, meetup.time_zone, it.reading.language),
        it.say(mark("Online: {link}"), link=meetup.online_link) if meetup.online_link else None,
        it.say(mark("Place: {place}"), place=meetup.place) if meetup.place else None,
    )
    return tuple(one for one in told if one is not None)


def _again(it: About) -> tuple[Action, ...]:
    return it.meetup_page(mark("Register again")) if _takes_registrations(it) else ()


def _with_agenda(letter: Letter, it: About) -> Letter:
    """With what is planned, a button to one's own place, and the notice that belongs to every meetup."""
    points = tuple(agenda(it.reading.session, it.meetup, it.reading.language))
    return replace(
        letter,
        paragraphs=(*letter.paragraphs, *((it.say(_AGENDA),) if points else ())),
        points=points,
        actions=it.own_place(_OPEN_OR_CANCEL),
        after=(acceptance.notice(it.reading.language),),
    )


def agenda(session: Session, meetup: Meetup, language: Language) -> list[str]:
    """Its items, a talk by its title."""
    titles = {one.id: one.title for one in meetup_queries.accepted_talks(session, [meetup.id])}
    text = mark("{item} ({minutes} min)")
    return [
        translate(text, language, item=one.text, minutes=one.minutes) for one in agendas.shown(meetup.agenda, titles)
    ]


def _with_entry(letter: Letter, it: About, *, taken_out: bool = False) -> Letter:
    """With a calendar file: the same entry from the invitation to its end, for the reader alone."""
    meetup = it.meetup
    entry = Entry(
        uid=meetup.uid,
        sequence=_sequence(it, taken_out=taken_out),
        starts_at=meetup.starts_at,
        minutes=(meetup.ends_at - meetup.starts_at) // timedelta(minutes=1),
        time_zone=meetup.time_zone,
        summary=meetup.title,
        description=acceptance.notice(it.reading.language),
        place=None if taken_out else ", ".join(filter(None, (meetup.place, meetup.online_link))) or None,
        status="cancelled" if taken_out else "confirmed",
        attendees=(it.reading.reader.email,),
        organizer=it.reading.sender or None,
        url=addresses.meetup_page(meetup, it.reading.public_url),
    )
    method = "CANCEL" if taken_out else "REQUEST"
    return replace(letter, attachments=(Attachment("meetup.ics", invitation(entry), method),))


def _sequence(it: About, *, taken_out: bool) -> int:
    """More with each file that is sent: the meetup counts its moves and its end, the person how often it has come or
    gone. Who has come back and waits has counted that too, and its next invitation is to come after this."""
    has_come_back = it.registration.status in (*IN_LINE, RegistrationStatus.LAPSED)
    is_gone_by_itself = taken_out and it.meetup.status is not MeetupStatus.CANCELLED
    return it.meetup.sequence + it.registration.turn - (is_gone_by_itself and has_come_back)


def _may_be_in_calendar(it: About) -> bool:
    """Whether an invitation has gone out, or may have: the record of one that is long ago can be forgotten."""
    registration = it.registration
    if registration.status is not RegistrationStatus.REGISTERED and registration.turn == 0:
        # It has only ever waited: who gives up a place counts that.
        return False
    if registration.registered_at is not None and registration.registered_at < now() - _RECORDED:
        return True
    return recipients.may_have_got(it.reading.session, registration.id, WITH_ENTRY)


def _has_just_been_told(it: About) -> bool:
    return recipients.gets(it.reading.session, it.registration.id, WITH_ENTRY, now() - _NEWS)


def _day_and_time(there: datetime, language: Language) -> str:
    return f"{format_date(there.date(), 'full', locale=language)}, {_time(there, language)}"


def _time(there: datetime, language: Language) -> str:
    return str(format_time(there.time(), "HH:mm", locale=language))
