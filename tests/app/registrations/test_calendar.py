"""One entry in the calendar of each person, from the invitation to the end, whatever happens in between."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from app.guardrails import acceptance
from app.meetups.models import MeetupStatus
from app.notifications.models import Channel, Message, MessageStatus
from tests.app.registrations.conftest import MEETUP, Gathering, done
from tests.app.registrations.post import Entry, Mailed, Post
from tests.app.registrations.test_letters import event, person, work

TWO_HOURS = timedelta(hours=2)


def entries(mails: Iterable[Mailed]) -> list[Entry]:
    return [one.entry for one in mails if one.entry is not None]


def told(entry: Entry) -> tuple[str, int, str]:
    return entry.method, entry.sequence, entry.status


def test_invited_moved_cancelled_and_back_again_is_one_entry_that_counts_on(any_gathering: Gathering) -> None:
    gathering = any_gathering
    meetup_id, post = gathering.meetup(place="Hall 3"), Post(gathering)
    alex = gathering.register(meetup_id, "Alex", **person("Alex"))
    steps = entries(post.new())
    moved_to = MEETUP + timedelta(days=1)
    event(gathering, "meetup.moved", meetup_id, starts_at=moved_to, ends_at=moved_to + TWO_HOURS)
    steps += entries(post.new())
    gathering.say("cancel", alex)
    steps += entries(post.new())
    gathering.register(meetup_id, "Alex", **person("Alex"))
    steps += entries(post.new())
    event(gathering, "meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED, cancel_message="Ice.")
    steps += entries(post.new())

    assert [told(one) for one in steps] == [
        ("REQUEST", 0, "CONFIRMED"),
        ("REQUEST", 1, "CONFIRMED"),
        ("CANCEL", 2, "CANCELLED"),
        ("REQUEST", 3, "CONFIRMED"),
        ("CANCEL", 4, "CANCELLED"),
    ]
    assert {one.uid for one in steps} == {gathering.stored(meetup_id).uid}
    assert [(one.starts_at, one.ends_at) for one in steps] == [
        (MEETUP, MEETUP + TWO_HOURS),
        *[(moved_to, moved_to + TWO_HOURS)] * 4,
    ]
    assert [one.location for one in steps] == [
        *["Hall 3, https://meet.example/c3"] * 2,
        None,
        "Hall 3, https://meet.example/c3",
        None,
    ]
    for one in steps:
        # Its reader alone, invited by nobody in particular.
        assert one.attendees == ["mailto:alex@nordwerk.example"]
        assert one.organizer == f"mailto:{gathering.world.settings.mail_from.partition('<')[2].rstrip('>')}"
        assert one.description == acceptance.notice("en")


def test_who_was_never_invited_has_nothing_taken_out(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    alex = gathering.register(meetup_id, "Alex")
    kim = gathering.register(meetup_id, "Kim")
    work(gathering)
    gathering.say("cancel", kim)
    gathering.say("cancel", alex)

    mails = post.new()

    assert [one.to.partition("@")[0] for one in mails] == ["alex", "kim"]
    assert entries(mails) == []


def test_who_has_only_ever_waited_has_nothing_taken_out_however_long(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(capacity=1, starts_at=MEETUP + timedelta(days=100)), Post(gathering)
    for name in ("Alex", "Kim", "Robin"):
        last = gathering.register(meetup_id, name)
    post.new()
    gathering.pass_(days=70)
    gathering.say("cancel", last)
    work(gathering)
    event(gathering, "meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED)

    mails = post.new()

    assert [(one.to.partition("@")[0], one.entry is not None) for one in mails] == [
        ("alex", True),
        ("kim", False),
        ("robin", False),
    ]


def test_an_invitation_that_may_have_come_through_is_taken_out_again(gathering: Gathering) -> None:
    """A try that failed can have reached its reader; so can one whose record is forgotten by now."""
    soon = gathering.meetup()
    late = gathering.meetup(title="Late", starts_at=MEETUP + timedelta(days=100))
    registered = [gathering.register(one, "Alex") for one in (soon, late)]
    work(gathering)
    with gathering.world.database.session() as session:
        for mail in session.exec(select(Message).where(col(Message.channel) == Channel.MAIL)):
            mail.attempts, mail.status = (
                (1, MessageStatus.PARKED) if mail.subject_id == registered[0]["id"] else (0, mail.status)
            )
            if mail.subject_id == registered[1]["id"]:
                session.delete(mail)
    gathering.say("cancel", registered[0])
    first = Post(gathering)
    taken_out = entries(first.new())
    gathering.pass_(days=61)
    gathering.say("cancel", registered[1])
    taken_out += entries(first.new())

    assert [told(one) for one in taken_out] == [("CANCEL", 1, "CANCELLED")] * 2


def test_who_comes_back_before_anybody_was_told_has_one_entry_that_holds(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(), Post(gathering)
    alex = gathering.register(meetup_id, "Alex")
    first = entries(post.new())
    gathering.say("cancel", alex)
    gathering.register(meetup_id, "Alex")

    assert [told(one) for one in (*first, *entries(post.new()))] == [
        ("REQUEST", 0, "CONFIRMED"),
        ("REQUEST", 2, "CONFIRMED"),
    ]


def test_who_comes_back_and_waits_before_anybody_was_told_loses_the_entry_until_there_is_a_place(
    gathering: Gathering,
) -> None:
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    alex, kim = gathering.register(meetup_id, "Alex"), gathering.register(meetup_id, "Kim")
    first = entries(post.new())
    gathering.say("cancel", alex)
    gathering.register(meetup_id, "Alex")
    meanwhile = post.new()
    gathering.say("cancel", kim)
    work(gathering)
    done(gathering.say("confirm", alex))

    steps = [*first, *entries(meanwhile), *entries(post.new())]

    assert [(one.to.partition("@")[0], one.entry is not None) for one in meanwhile] == [
        ("alex", False),
        ("alex", True),
        ("kim", False),
    ]
    assert [told(one) for one in steps] == [
        ("REQUEST", 0, "CONFIRMED"),
        ("CANCEL", 1, "CANCELLED"),
        ("REQUEST", 2, "CONFIRMED"),
    ]


def test_a_meetup_across_the_change_of_clocks_has_the_right_end(gathering: Gathering) -> None:
    # On the night to March 28 the clocks in Berlin go from two to three: six hours by them are five.
    starts_at, ends_at = datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 3, 28, 3, tzinfo=UTC)
    meetup_id = gathering.meetup(starts_at=starts_at, ends_at=ends_at)
    gathering.register(meetup_id, "Alex", **person("Alex"))

    mail = Post(gathering).only()

    assert mail.entry is not None
    assert (mail.entry.starts_at, mail.entry.ends_at) == (starts_at, ends_at)
    assert mail.says("Saturday, March 27, 2027, 23:00 – Sunday, March 28, 2027, 05:00 (Europe/Berlin)")


def test_an_hour_that_the_clocks_show_twice_is_told_which_one_is_meant(gathering: Gathering) -> None:
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    meetup_id = gathering.meetup(starts_at=second)
    gathering.register(meetup_id, "Alex", **person("Alex"))

    mail = Post(gathering).only()

    assert mail.entry is not None
    assert (mail.entry.starts_at, mail.entry.ends_at) == (second, second + TWO_HOURS)
    assert mail.says("The second of the two is meant.")


def test_a_title_adds_no_line_of_its_own_to_a_calendar_or_a_header(gathering: Gathering) -> None:
    title = "Evil\r\nATTENDEE:mailto:x@y.example\r\nBcc: z@y.example {when} <b>"
    gathering.register(gathering.meetup(title=title), "Alex", **person("Alex"))

    mail = Post(gathering).only()

    assert mail.entry is not None
    assert mail.entry.attendees == ["mailto:alex@nordwerk.example"]
    assert mail.subject.startswith("You have a place: Evil ATTENDEE:mailto:x@y.example Bcc: z@y.example {when} <b>")
