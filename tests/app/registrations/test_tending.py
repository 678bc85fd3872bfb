"""What the clock does around meetups: everything once, in time, also after the service was off for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from app.meetups.models import MeetupStatus
from app.registrations import jobs as registration_jobs
from app.registrations import queries
from app.registrations.models import MeetupFeedback, Registration, RegistrationStatus, Usefulness
from tests.app.registrations.conftest import MEETUP, START, Gathering
from tests.app.registrations.post import Post
from tests.app.registrations.test_letters import event, person, work

TITLE = "C3 in spring"
END = MEETUP + timedelta(hours=2)
SOON, TOMORROW = f"Soon: {TITLE} on February 18, 2027", f"Tomorrow: {TITLE}"
INVITED = f"You have a place: {TITLE} on February 18, 2027"
ASKED, SUMMED_UP = f"How was {TITLE}?", f"What became of {TITLE}"


def on(gathering: Gathering, post: Post, moment: datetime) -> list[tuple[str, str]]:
    gathering.go(moment)
    return post.tended()


def in_line(gathering: Gathering, meetup_id: str) -> list[str]:
    with gathering.world.database.reader() as session:
        return [one.id for one in queries.in_line(session, meetup_id)]


def placed(gathering: Gathering, meetup_id: str, *names: str) -> Post:
    """These have been told that they have a place, or wait."""
    post = Post(gathering)
    for name in names:
        gathering.register(meetup_id, name, **person(name))
    post.new()
    return post


def test_a_meetup_that_nobody_has_to_think_of(any_gathering: Gathering) -> None:
    gathering = any_gathering
    meetup_id = gathering.meetup(capacity=2)
    post = placed(gathering, meetup_id, "Alex", "Kim", "Robin")
    minute = timedelta(minutes=1)

    # At the hour of the start, a week and a day before; whoever waits is spared.
    assert on(gathering, post, MEETUP - timedelta(days=7) - minute) == []
    assert on(gathering, post, MEETUP - timedelta(days=7)) == [("alex", SOON), ("kim", SOON)]
    assert on(gathering, post, MEETUP - timedelta(days=1) - minute) == []
    assert on(gathering, post, MEETUP - timedelta(days=1)) == [("alex", TOMORROW), ("kim", TOMORROW)]
    assert on(gathering, post, END - minute) == []
    assert gathering.stored(meetup_id).status is MeetupStatus.FULL
    assert on(gathering, post, END) == [("alex", ASKED), ("kim", ASKED)]
    assert gathering.stored(meetup_id).status is MeetupStatus.HELD
    assert on(gathering, post, END + timedelta(days=3) - minute) == []
    assert on(gathering, post, END + timedelta(days=3)) == [("alex", SUMMED_UP), ("kim", SUMMED_UP)]
    assert on(gathering, post, END + timedelta(days=30) - minute) == []
    assert gathering.stored(meetup_id).status is MeetupStatus.HELD
    assert on(gathering, post, END + timedelta(days=30)) == []
    assert gathering.stored(meetup_id).status is MeetupStatus.ARCHIVED
    assert on(gathering, post, END + timedelta(days=400)) == []


def test_reminders_say_where_and_what_and_lead_to_ones_own_place(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(place="Hall 3", agenda=[{"text": "Welcome", "minutes": 15}])
    post = placed(gathering, meetup_id, "Alex")
    gathering.register(meetup_id, "Kim", **person("Kim", language="de"))
    post.new()

    gathering.go(MEETUP - timedelta(days=1))
    post.look()
    english, german = post.new()

    assert (english.subject, german.subject) == (TOMORROW, f"Morgen: {TITLE}")
    assert (english.language, german.language) == ("en", "de")
    for part in (
        "Online: https://meet.example/c3",
        "Place: Hall 3",
        "- Welcome (15 min)",
        "please cancel with one click",
    ):
        assert english.says(part), part
    # It is in the calendar already.
    assert (english.entry, german.entry) == (None, None)
    assert post.opened(english.links[-1])[1] != post.opened(german.links[-1])[1]


def test_reminders_come_by_the_clocks_of_the_meetup_when_these_change(gathering: Gathering) -> None:
    # At ten in Berlin, on the Monday after the clocks have gone forward: a day before is 24 hours, a week one more.
    starts_at = datetime(2027, 3, 29, 8, tzinfo=UTC)
    post = placed(gathering, gathering.meetup(starts_at=starts_at), "Alex")

    assert on(gathering, post, datetime(2027, 3, 22, 8, 59, tzinfo=UTC)) == []
    assert on(gathering, post, datetime(2027, 3, 22, 9, tzinfo=UTC)) == [("alex", f"Soon: {TITLE} on March 29, 2027")]


def test_who_comes_after_the_reminder_is_invited_and_not_reminded_late(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    assert on(gathering, post, MEETUP - timedelta(days=7)) == [("alex", SOON)]
    gathering.register(meetup_id, "Kim", **person("Kim"))

    assert on(gathering, post, MEETUP - timedelta(days=6)) == [("kim", INVITED)]
    assert on(gathering, post, MEETUP - timedelta(days=1)) == [("alex", TOMORROW), ("kim", TOMORROW)]


def test_who_has_just_been_invited_is_not_reminded_as_well(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    gathering.go(MEETUP - timedelta(days=1, hours=1))
    gathering.register(meetup_id, "Kim", **person("Kim"))
    invited = post.subjects()

    assert (invited, on(gathering, post, MEETUP - timedelta(days=1))) == ([("kim", INVITED)], [("alex", TOMORROW)])


def test_a_meetup_that_moves_to_another_day_reminds_anew_and_not_of_the_old_one(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    assert on(gathering, post, MEETUP - timedelta(days=7)) == [("alex", SOON)]

    later = MEETUP + timedelta(days=14)
    event(gathering, "meetup.moved", meetup_id, starts_at=later, ends_at=later + timedelta(hours=2))
    moved = post.subjects()

    assert moved == [("alex", f"Another date or place: {TITLE} on March 4, 2027")]
    assert on(gathering, post, MEETUP - timedelta(days=1)) == []
    assert on(gathering, post, later - timedelta(days=7)) == [("alex", f"Soon: {TITLE} on March 4, 2027")]
    assert on(gathering, post, later - timedelta(days=1)) == [("alex", TOMORROW)]


def test_a_reminder_that_was_queued_before_a_move_is_not_sent_after_it(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    gathering.go(MEETUP - timedelta(days=7))
    post.look()
    work(gathering)
    event(
        gathering, "meetup.moved", meetup_id, starts_at=MEETUP + timedelta(days=90), ends_at=END + timedelta(days=90)
    )

    assert post.subjects() == [("alex", f"Another date or place: {TITLE} on May 19, 2027")]


@pytest.mark.parametrize(
    ("back", "reminded"),
    [
        (MEETUP - timedelta(days=4), [("alex", SOON)]),
        (MEETUP - timedelta(days=3), []),
        (MEETUP - timedelta(hours=1), [("alex", f"Today: {TITLE}")]),
        (MEETUP, []),
    ],
)
def test_after_a_pause_of_the_service_only_what_still_helps_is_sent(
    gathering: Gathering, back: datetime, reminded: list[tuple[str, str]]
) -> None:
    post = placed(gathering, gathering.meetup(), "Alex")

    assert on(gathering, post, back) == reminded


def test_after_a_long_pause_nobody_is_asked_about_what_is_long_over(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")

    assert on(gathering, post, END + timedelta(days=16)) == [("alex", SUMMED_UP)]
    other_id = gathering.meetup(title="Other", starts_at=END + timedelta(days=20))
    gathering.register(other_id, "Alex", **person("Alex"))
    post.new()
    assert on(gathering, post, END + timedelta(days=80)) == []
    assert gathering.stored(other_id).status is MeetupStatus.ARCHIVED


def test_who_was_away_or_has_said_it_already_is_not_asked(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex", "Kim", "Robin")
    away, spoken, _ = in_line(gathering, meetup_id)
    gathering.go(END - timedelta(minutes=5))
    with gathering.world.database.session() as session:
        session.get_one(Registration, away).attended = False
        said = {"registration_id": spoken, "meetup_id": meetup_id, "useful": Usefulness.YES, "said_at": END}
        session.add(MeetupFeedback.model_validate(said))

    assert on(gathering, post, END) == [("robin", ASKED)]
    assert on(gathering, post, END + timedelta(days=3)) == [("kim", SUMMED_UP), ("robin", SUMMED_UP)]


def test_a_cancelled_meetup_is_neither_held_nor_reminded_of(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    event(gathering, "meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED)
    post.new()

    sent = [on(gathering, post, one) for one in (MEETUP - timedelta(days=7), MEETUP - timedelta(days=1), END)]

    assert sent == [[], [], []]
    assert gathering.stored(meetup_id).status is MeetupStatus.CANCELLED


def test_an_offer_of_the_last_day_ends_with_the_start_and_nobody_is_offered_it_then(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(capacity=1)
    post = placed(gathering, meetup_id, "Alex", "Kim", "Robin")
    gathering.go(MEETUP - timedelta(hours=3))
    alex, *_ = in_line(gathering, meetup_id)
    gathering.say("cancel", {"id": alex})
    offered = post.tended()

    assert ("kim", f"A place is free for you: {TITLE} on February 18, 2027") in offered
    assert on(gathering, post, MEETUP) == []
    assert gathering.line(meetup_id)[1:] == [
        (2, RegistrationStatus.LAPSED.value),
        (3, RegistrationStatus.WAITING.value),
    ]


def test_who_was_not_told_of_an_offer_does_not_lose_it(any_gathering: Gathering) -> None:
    """The service was off for longer than the place is kept, and looks at the clock first."""
    gathering = any_gathering
    meetup_id = gathering.meetup(capacity=1)
    post = Post(gathering)
    alex, *_ = (gathering.register(meetup_id, name, **person(name)) for name in ("Alex", "Kim", "Robin"))
    post.new()
    gathering.say("cancel", alex)
    gathering.pass_(hours=49)

    gathering.world.worker.plan()
    told = [who for who, subject in post.subjects() if subject.startswith("A place is free for you")]
    gathering.pass_(hours=47, minutes=59)
    early = post.tended()
    gathering.pass_(minutes=1)
    late = [(who, subject.partition(":")[0]) for who, subject in post.tended()]

    assert (told, early) == (["kim"], [])
    assert late == [("kim", "Your place is not kept any more"), ("robin", "A place is free for you")]


def test_whoever_is_in_line_hears_that_it_is_cancelled_also_whose_offer_is_over_since(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(capacity=2)
    post = Post(gathering)
    alex, *_ = (gathering.register(meetup_id, name, **person(name)) for name in ("Alex", "Jo", "Kim", "Robin"))
    post.new()
    gathering.say("cancel", alex)
    post.new()
    gathering.pass_(hours=47)
    answer = gathering.world.organizer.post(f"/v1/meetups/{meetup_id}/cancel", json={"message": "Sorry"})
    assert answer.status_code == 200
    # Whatever is due, and a change of before that is handled now.
    gathering.pass_(hours=3)
    event(gathering, "meetup.changed", meetup_id)

    told = post.tended()

    off = f"{TITLE} on February 18, 2027 does not take place"
    assert told == [(who, off) for who in ("jo", "kim", "robin")]


def test_the_summary_waits_until_people_could_say_how_it_was(gathering: Gathering) -> None:
    post = placed(gathering, gathering.meetup(), "Alex")

    assert on(gathering, post, END + timedelta(days=4)) == [("alex", ASKED)]
    assert on(gathering, post, END + timedelta(days=6) - timedelta(minutes=1)) == []
    assert on(gathering, post, END + timedelta(days=6)) == [("alex", SUMMED_UP)]


def test_the_worker_looks_by_itself_every_quarter_of_an_hour(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(starts_at=START + timedelta(minutes=1), ends_at=START + timedelta(minutes=10))
    gathering.world.worker.run_until_idle()

    gathering.pass_(minutes=14)
    gathering.world.worker.run_until_idle()
    before = gathering.stored(meetup_id).status
    gathering.pass_(minutes=1)
    gathering.world.worker.run_until_idle()

    assert (before, gathering.stored(meetup_id).status) == (MeetupStatus.OPEN, MeetupStatus.HELD)


def test_a_move_and_a_reminder_that_wait_together_are_one_mail(gathering: Gathering) -> None:
    meetup_id = gathering.meetup()
    post = placed(gathering, meetup_id, "Alex")
    gathering.go(MEETUP - timedelta(days=1))
    later = MEETUP + timedelta(minutes=30)
    event(gathering, "meetup.moved", meetup_id, starts_at=later, ends_at=later + timedelta(hours=2))
    gathering.pass_(minutes=30)

    assert post.tended() == [("alex", f"Another date or place: {TITLE} on February 18, 2027")]


def test_many_meetups_are_done_in_batches(gathering: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration_jobs, "BATCH", 2)
    ids = [gathering.meetup(starts_at=START + timedelta(days=1, minutes=one)) for one in range(5)]

    on(gathering, Post(gathering), START + timedelta(days=5))

    assert {gathering.stored(one).status for one in ids} == {MeetupStatus.HELD}
    assert len(gathering.events("meetup.held")) == len(gathering.events("meetup.feedback_due")) == 5
