"""What the mails of a tandem's life say: each written when it is sent, from the state of that moment.

A letter is None once what it was to tell is over, or its reader does not speak for that side any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_time
from sqlmodel import Session

from app.communities import queries as communities
from app.communities.models import Carded, Speaker
from app.core import links
from app.core.clock import now
from app.core.dates import local
from app.core.i18n import Language, mark, translate
from app.exchanges import agendas, queries
from app.exchanges.models import Exchange, ExchangeStatus
from app.guardrails import acceptance
from app.notifications.calendar import Entry, invitation
from app.notifications.letters import Action, Attachment, Letter, Reading
from app.people.models import PersonStatus
from app.tandems.models import SideName, Tandem, TandemEnding, TandemStatus

LINK_WORKS_FOR = timedelta(days=30)
_GOES_ON = (TandemStatus.STARTING, TandemStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class About:
    """A tandem as the reader's side sees it."""

    reading: Reading
    tandem: Tandem
    side: SideName
    own: Carded
    partner: Carded
    speakers: dict[str, list[Speaker]]

    def say(self, text: str, **values: object) -> str:
        """The text in the reader's language, with the names of both."""
        return translate(text, self.reading.language, own=self.own.name, partner=self.partner.name, **values)

    def letter(self, subject: str, *paragraphs: str, **values: object) -> Letter:
        """A letter of texts only."""
        return Letter(self.say(subject, **values), tuple(self.say(one, **values) for one in paragraphs))

    def name_of(self, side: SideName) -> str:
        return self.own.name if side is self.side else self.partner.name

    def day(self, day: date | None) -> str:
        return format_date(day, "long", locale=self.reading.language) if day is not None else ""

    @property
    def contacts(self) -> tuple[str, ...]:
        """Whom of the other side one can write to."""
        return tuple(f"{one.first_name} <{one.email}>" for one in self.speakers.get(self.partner.id, []))

    def link(self, purpose: str, *parts: str, until: datetime) -> str:
        """Where the reader answers with one click, for its side."""
        token = links.signed(purpose, parts, self.reading.pepper, until=until)
        return f"{self.reading.public_url}/{purpose}/{token}"

    def pulse_link(self) -> str:
        parts = (self.tandem.id, self.side.value, self.reading.reader.id, str(self.tandem.term))
        return self.link("pulse", *parts, until=now() + LINK_WORKS_FOR)


def speakers_of(session: Session, tandem: Tandem) -> dict[str, list[Speaker]]:
    """Who speaks for the two communities now, managers before deputies."""
    found = communities.managers_of(session, (tandem.a_id, tandem.b_id))
    return {
        community_id: sorted((one for one in speakers if one.status is PersonStatus.ACTIVE), key=lambda s: s.deputy)
        for community_id, speakers in found.items()
    }


def about(reading: Reading) -> About | None:
    """What a letter is about; None where its reader has nothing to do with it any more."""
    tandem = reading.session.get(Tandem, reading.ids["tandem_id"])
    if tandem is None:
        return None
    side = SideName(reading.ids["side"])
    own_id, partner_id = (tandem.a_id, tandem.b_id) if side is SideName.A else (tandem.b_id, tandem.a_id)
    speakers = speakers_of(reading.session, tandem)
    if all(one.person_id != reading.reader.id for one in speakers.get(own_id, [])):
        return None
    carded = communities.carded(reading.session, (own_id, partner_id))
    return About(reading, tandem, side, carded[own_id], carded[partner_id], speakers)


def planned(reading: Reading) -> Letter | None:
    return _dated(
        reading,
        mark("Your meeting with {partner}: {when}"),
        mark("{own} and {partner} have a date: {when}, {minutes} minutes. The host is {host}."),
        _INTO_CALENDAR,
    )


def moved(reading: Reading) -> Letter | None:
    return _dated(
        reading,
        mark("Moved: your meeting with {partner} is on {when}"),
        mark("The meeting of {own} and {partner} has another date: {when}, {minutes} minutes. The host is {host}."),
        _CHANGES_CALENDAR,
    )


def changed(reading: Reading) -> Letter | None:
    return _dated(
        reading,
        mark("Changed: your meeting with {partner} on {when}"),
        mark("The meeting of {own} and {partner} has another place: {when}, {minutes} minutes. The host is {host}."),
        _CHANGES_CALENDAR,
    )


def cancelled(reading: Reading) -> Letter | None:
    found = _meeting(reading)
    if found is None or found[1].status is not ExchangeStatus.CANCELLED:
        return None
    it, exchange = found
    letter = it.letter(
        mark("Cancelled: your meeting with {partner} on {when}"),
        mark("The meeting of {own} and {partner} on {when} will not take place."),
        mark("The calendar file that is attached takes it out of your calendar."),
        when=_when(exchange, it.reading.language),
    )
    return _with_entry(letter, it, exchange, method="CANCEL")


def due(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status not in _GOES_ON or it.tandem.next_due_at is None:
        return None
    if queries.planned(reading.session, it.tandem.id):
        return None
    first = it.tandem.kicked_off_at is None
    paragraphs = [
        mark("{own} and {partner} have not met yet. By {day} would be good; the host is {host}.")
        if first
        else mark(
            "By their rhythm {own} and {partner} meet next about {day}; nothing is planned yet. The host is {host}."
        ),
        mark("Write to each other, or plan a date in your portal."),
    ]
    if first:
        paragraphs.append(
            mark("Before the first meeting at least one person of each side accepts the competition-law guideline.")
        )
    letter = it.letter(
        mark("Time for a first meeting with {partner}")
        if first
        else mark("Time for the next meeting with {partner}"),
        *paragraphs,
        day=it.day(local(it.tandem.next_due_at, it.tandem.time_zone).date()),
        host=it.name_of(it.tandem.next_host),
    )
    return _with(letter, points=it.contacts)


def minutes(reading: Reading) -> Letter | None:
    found = _meeting(reading)
    if found is None:
        return None
    it, exchange = found
    confirmed = exchange.confirmed_a if it.side is SideName.A else exchange.confirmed_b
    if exchange.topics is None or exchange.minutes_by is it.side or confirmed == exchange.minutes_version:
        return None
    return it.letter(
        mark("Minutes of your meeting with {partner}"),
        mark("{partner} has written the minutes of your meeting on {when}: topics, take-away, next."),
        mark(
            "Please read them in your portal and confirm them, or write them anew. Once both have confirmed them, "
            "they stay as they are."
        ),
        when=_when(exchange, it.reading.language),
    )


def useful(reading: Reading) -> Letter | None:
    found = _meeting(reading)
    if found is None or found[1].status not in (ExchangeStatus.HELD, ExchangeStatus.PLANNED):
        return None
    it, exchange = found
    until = exchange.starts_at + LINK_WORKS_FOR
    if until <= now() or (exchange.id, it.side) in queries.usefulness(reading.session, [exchange.id]):
        return None
    letter = it.letter(
        mark("How was your meeting with {partner}?"),
        mark("{own} and {partner} had a date: {when}. Was it useful? One click is enough."),
        when=_when(exchange, it.reading.language),
    )
    return _with(
        letter,
        actions=(
            Action(
                it.say(mark("Say whether it was useful")),
                it.link("useful", exchange.id, it.side.value, reading.reader.id, until=until),
            ),
        ),
        after=(
            it.say(mark("Only your side sees the answer; organizers see totals of many.")),
            it.say(mark("Did you not meet? Then say so in your portal, and nobody is asked again.")),
        ),
    )


def pulse(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is not TandemStatus.ACTIVE:
        return None
    letter = it.letter(
        mark("Half-time with {partner}: how shall it go on?"),
        mark("{own} and {partner} are half-way. Go on as it is, adjust something, pause for a while, or end well?"),
        mark("Every answer is a good one, and none needs a reason. Until {day} the two go on anyway."),
        day=it.day(it.tandem.ends_on),
    )
    return _with_pulse(letter, it, mark("Say how it shall go on"))


def renew(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is not TandemStatus.ACTIVE or it.tandem.term != int(reading.ids["term"]):
        return None
    letter = it.letter(
        mark("Your tandem with {partner} ends on {day}: go on?"),
        mark("The time that {own} and {partner} have agreed on ends on {day}. With one click you go on as before."),
        mark("Without an answer it comes to a good end: there is time for three lines on what you have learned."),
        day=it.day(it.tandem.ends_on),
    )
    return _with_pulse(letter, it, mark("Go on, or end well"))


def harvest(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is not TandemStatus.CLOSING:
        return None
    day = it.day(it.tandem.closes_on)
    if it.tandem.kicked_off_at is None:
        letter = it.letter(
            mark("Your tandem with {partner} has not begun"),
            mark("{own} and {partner} have not met so far. That happens, and is nobody's fault."),
            mark("On {day} the tandem is closed, and both have a free place again. Would you still like to meet?"),
            day=day,
        )
        return _with(letter, points=it.contacts)
    letter = it.letter(
        mark("What have you learned with {partner}?"),
        mark("The tandem of {own} and {partner} comes to its end; on {day} it is closed with thanks."),
        mark(
            "Write three lines together on what you have learned, in your portal. When both release them, they "
            "become a story for all."
        ),
        mark("If you would rather go on: until that day either side can renew it, in its portal."),
        day=day,
    )
    return _with_pulse(letter, it, mark("Say whether the two fitted"))


def paused(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is not TandemStatus.PAUSED:
        return None
    return it.letter(
        mark("Your tandem with {partner} pauses until {day}"),
        mark("{own} and {partner} pause until {day}. Then they go on by themselves, and their end moves along."),
        mark("Nothing is to be done. Either side can go on earlier, in its portal."),
        day=it.day(it.tandem.paused_until),
    )


def resumed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status not in _GOES_ON:
        return None
    letter = it.letter(
        mark("Your tandem with {partner} goes on"),
        mark("The pause of {own} and {partner} is over. Find a date for the next meeting; the host is {host}."),
        host=it.name_of(it.tandem.next_host),
    )
    return _with(letter, points=it.contacts)


def renewed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status not in _GOES_ON:
        return None
    return it.letter(
        mark("Your tandem with {partner} is renewed"),
        mark(
            "{own} and {partner} go on, until {day}. If that does not suit you, end it well in your portal at any "
            "time."
        ),
        day=it.day(it.tandem.ends_on),
    )


def agreed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is TandemStatus.CLOSED:
        return None
    return it.letter(
        mark("Another rhythm with {partner}"),
        mark(
            "One side has changed what {own} and {partner} agree on: a meeting of {minutes} minutes every {weeks} "
            "weeks, until {day}, in times of {zone}."
        ),
        mark("If that does not suit you, talk about it, or change it in your portal."),
        weeks=it.tandem.rhythm_weeks,
        minutes=it.tandem.meeting_minutes,
        day=it.day(it.tandem.ends_on),
        zone=it.tandem.time_zone,
    )


def adjust(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status not in (*_GOES_ON, TandemStatus.PAUSED):
        return None
    letter = it.letter(
        mark("{partner} would like to adjust something"),
        mark("{partner} would like to go on with {own}, and to adjust something: the rhythm, the length, the form?"),
        mark("Talk about it when you next meet, or write to each other."),
    )
    return _with(letter, points=it.contacts)


def quiet(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status not in _GOES_ON or _is_to_meet(reading.session, it.tandem):
        return None
    letter = it.letter(
        mark("It has become quiet between you and {partner}"),
        mark("{own} and {partner} have not met for a while. Everybody is busy; that is nobody's fault."),
        mark(
            "What would help: another date, a slower rhythm, a pause with a day on which it goes on, or a good end?"
        ),
    )
    return _with_pulse(_with(letter, points=it.contacts), it, mark("Say how it shall go on"))


def contact_changed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is TandemStatus.CLOSED:
        return None
    if not it.contacts:
        return it.letter(
            mark("{partner}: a new contact is being looked for"),
            mark(
                "At present nobody speaks for {partner}. Your tandem goes on; you are told as soon as somebody does."
            ),
        )
    letter = it.letter(
        mark("{partner}: new contacts"),
        mark("For {partner} other people speak from now on, and your tandem goes on. Please write to:"),
    )
    return _with(letter, points=it.contacts)


def closed(reading: Reading) -> Letter | None:
    it = about(reading)
    if it is None or it.tandem.status is not TandemStatus.CLOSED:
        return None
    paragraphs = [
        mark("The tandem of {own} and {partner} has come to its end. Thank you for what you have given each other!"),
        _WHY_CLOSED.get(it.tandem.ending or TandemEnding.CLOSED, ""),
        mark("Your place is free again: for the next round, or ask a community that you find in your portal."),
    ]
    if it.tandem.kicked_off_at is not None:
        paragraphs.append(mark("Three lines on what you have learned can still be written and released."))
    return it.letter(mark("Thank you: your tandem with {partner} has ended"), *filter(None, paragraphs))


def objected(reading: Reading) -> Letter | None:
    found = _meeting(reading)
    if found is None or found[1].status is not ExchangeStatus.ENDED_BY_OBJECTION:
        return None
    it, exchange = found
    return it.letter(
        mark("Your meeting with {partner} counts as ended"),
        mark(
            "Somebody objected to an item of the meeting on {when}. That is on record: who, when and which item, not "
            "what was said."
        ),
        mark("The meeting counts as ended. Do not go on with that item; everything else can go on as before."),
        when=_when(exchange, it.reading.language),
    )


_KICK_OFF, _EXCHANGE = mark("Kick-off: {own} and {partner}"), mark("Tandem: {own} and {partner}")
_INTO_CALENDAR = mark("The calendar file that is attached puts it into your calendar.")
_CHANGES_CALENDAR = mark("The calendar file that is attached changes the entry in your calendar.")
_WHY_CLOSED = {
    TandemEnding.COMMUNITY_GONE: mark("One of the two communities does not take part any more."),
    TandemEnding.COMPANY_LEFT: mark("One of the two companies does not take part any more."),
    TandemEnding.ROTATED: mark("One of the two would like to meet somebody new: that is how ideas get around."),
}


def _meeting(reading: Reading) -> tuple[About, Exchange] | None:
    it, exchange = about(reading), reading.session.get(Exchange, reading.ids["exchange_id"])
    return None if it is None or exchange is None else (it, exchange)


def _dated(reading: Reading, subject: str, told: str, about_calendar: str) -> Letter | None:
    """A date that stands, with its agenda, the notice, and an entry for the calendar."""
    found = _meeting(reading)
    if found is None or found[1].status is not ExchangeStatus.PLANNED or found[1].starts_at <= now():
        return None
    it, exchange = found
    paragraphs = [told, *([mark("Place: {place}")] if exchange.place else []), about_calendar]
    letter = it.letter(
        subject,
        *paragraphs,
        when=_when(exchange, reading.language),
        minutes=exchange.minutes,
        host=it.name_of(exchange.host),
        place=exchange.place,
    )
    agenda = tuple(
        it.say(mark("{item} ({minutes} min)"), item=item.text, minutes=item.minutes)
        for item in agendas.shown(exchange.agenda, reading.language)
        if not item.parked
    )
    letter = _with(letter, points=agenda, after=(acceptance.notice(reading.language),))
    return _with_entry(letter, it, exchange, method="REQUEST")


def _with_entry(letter: Letter, it: About, exchange: Exchange, *, method: str) -> Letter:
    """With a calendar file: the same entry for all who take part, with the host as its organizer.

    Taken out after the end of the tandem it names the reader only: who speaks for the other side by then is not told.
    """
    host_id = it.own.id if exchange.host is it.side else it.partner.id
    hosts = [one.email for one in it.speakers.get(host_id, [])]
    everybody = [one.email for side in (it.own.id, it.partner.id) for one in it.speakers.get(side, [])]
    if method == "CANCEL" and it.tandem.status is TandemStatus.CLOSED:
        hosts, everybody = [], [it.reading.reader.email]
    entry = Entry(
        uid=exchange.uid,
        sequence=exchange.sequence,
        starts_at=exchange.starts_at,
        minutes=exchange.minutes,
        time_zone=exchange.time_zone,
        summary=it.say(
            mark("Kick-off: {own} and {partner}") if exchange.kick_off else mark("Tandem: {own} and {partner}")
        ),
        description=acceptance.notice(it.reading.language),
        place=exchange.place,
        status="cancelled" if method == "CANCEL" else "confirmed",
        attendees=tuple(sorted(everybody)),
        organizer=hosts[0] if hosts else None,
    )
    content = invitation(entry, cancelled=method == "CANCEL")
    return _with(letter, attachments=(Attachment("tandem.ics", content, method),))


def _with_pulse(letter: Letter, it: About, label: str) -> Letter:
    return _with(letter, actions=(Action(it.say(label), it.pulse_link()),))


def _with(
    letter: Letter,
    *,
    points: Sequence[str] | None = None,
    actions: Sequence[Action] | None = None,
    after: Sequence[str] | None = None,
    attachments: Sequence[Attachment] | None = None,
) -> Letter:
    return Letter(
        letter.subject,
        letter.paragraphs,
        points=letter.points if points is None else tuple(points),
        actions=letter.actions if actions is None else tuple(actions),
        after=letter.after if after is None else tuple(after),
        attachments=letter.attachments if attachments is None else tuple(attachments),
    )


def _is_to_meet(session: Session, tandem: Tandem) -> bool:
    """Whether a meeting is to come: then nobody is asked why there was none."""
    return any(one.starts_at > now() for one in queries.planned(session, tandem.id))


def _when(exchange: Exchange, language: Language) -> str:
    there = local(exchange.starts_at, exchange.time_zone)
    day = format_date(there.date(), "full", locale=language)
    return f"{day}, {format_time(there.time(), 'HH:mm', locale=language)} ({exchange.time_zone})"
