"""Reminders: once, to who has not answered, and not when it is too late for them."""

from datetime import datetime, timedelta

import pytest
import time_machine
from sqlmodel import Session, col, select

from app.core.clock import now
from app.core.jobs import MAX_ATTEMPTS
from app.notifications.models import Message
from app.tandems import reminding, service
from app.tandems.models import Suggestion, SuggestionSide, SuggestionStatus
from app.tandems.service import Asking
from tests.app.tandems.conftest import Posted, Two, document, post, told, work
from tests.world import World

pytestmark = pytest.mark.postgres
ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}
KIM = {"email": "kim@suedbank.example", "first_name": "Kim"}


@pytest.fixture
def met(any_world: World) -> Two:
    world = any_world
    nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
    [of_nord] = world.published(nord, document("Chart Circle", managers=[ALEX]))
    [of_sued] = world.published(sued, document("Diagrammkreis", managers=[KIM]))
    return Two(world, nord, sued, of_nord, of_sued)


def posted_on(two: Two, start: datetime, *days: float) -> list[list[Posted]]:
    """What goes out on each of these days."""
    found = []
    for one in days:
        with time_machine.travel(start + timedelta(days=one), tick=False):
            found.append(post(two.world))
    return found


def test_on_the_seventh_day_who_has_not_answered_is_reminded_once(met: Two) -> None:
    start = now()
    suggestion_id = met.suggest()
    post(met.world)
    met.answer(met.portal_sued, suggestion_id, "yes")

    early, [reminder], late = posted_on(met, start, 6.9, 7.1, 12)

    assert (early, late) == ([], [])
    assert (reminder.template, reminder.to) == ("suggestion.reminder", "alex@nordwerk.example")
    assert reminder.letter.subject.startswith("Noch offen bis ")
    assert "Dies ist die einzige Erinnerung." in reminder.text
    with met.database.reader() as session:
        reminded = session.exec(
            select(SuggestionSide.community_id).where(col(SuggestionSide.reminded_at).is_not(None))
        ).all()
        ends = session.exec(select(Suggestion.expires_at)).one()
    assert reminded == [met.of_nord]
    assert abs(ends - start - timedelta(days=14)) < timedelta(minutes=1)


@pytest.mark.parametrize(("days", "asked"), [(12.9, ["alex", "kim"]), (13.1, []), (15.0, [])])
def test_a_reminder_that_a_pause_has_held_up_still_comes_unless_the_last_day_has(
    met: Two, days: float, asked: list[str]
) -> None:
    start = now()
    met.suggest()
    post(met.world)

    [found] = posted_on(met, start, days)

    assert told(found) == [("suggestion.reminder", name) for name in asked]


def test_a_reminder_that_waits_for_its_sender_is_dropped_on_the_last_day(met: Two) -> None:
    start = now()
    met.suggest()
    post(met.world)
    with time_machine.travel(start + timedelta(days=7.1), tick=False):
        work(met.world)

    assert posted_on(met, start, 13.1) == [[]]


def test_what_a_job_that_failed_for_good_has_left_is_done_within_the_hour(
    met: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = now()
    met.suggest()
    post(met.world)

    def broken(session: Session, limit: int) -> int:
        raise OSError("the disk is full")

    def failed_for_good(after: timedelta) -> None:
        for tries in range(1, MAX_ATTEMPTS + 1):
            with time_machine.travel(start + after + timedelta(minutes=3 * tries), tick=False):
                assert post(met.world) == []

    with monkeypatch.context() as patched:
        patched.setattr(reminding, "remind_due", broken)
        failed_for_good(timedelta(days=7))
    [reminded] = posted_on(met, start, 7.1)
    with monkeypatch.context() as patched:
        patched.setattr(service, "expire_due", broken)
        failed_for_good(timedelta(days=14))
    posted_on(met, start, 14.1)

    assert told(reminded) == [("suggestion.reminder", "alex"), ("suggestion.reminder", "kim")]
    with met.database.reader() as session:
        assert session.exec(select(Suggestion.status)).one() is SuggestionStatus.EXPIRED


def test_a_round_says_when_and_whether_it_reminds(met: Two) -> None:
    start = now()
    met.suggest(asking=Asking(timedelta(days=5), timedelta(days=2)))
    early = told(post(met.world))
    [second] = met.world.published(met.sued, document("Second", managers=[KIM]))
    [first] = met.world.published(met.nord, document("First", managers=[ALEX]))
    met.of_nord, met.of_sued = first, second
    met.suggest(asking=Asking(timedelta(days=5), None))
    post(met.world)

    reminded, over = posted_on(met, start, 2.1, 5.1)

    assert len(early) == 2
    assert {one.letter.subject.rpartition(" ")[2] for one in reminded} == {"Circle", "Diagrammkreis"}
    assert over == []
    with met.database.reader() as session:
        assert set(session.exec(select(Suggestion.status))) == {SuggestionStatus.EXPIRED}


def test_an_event_that_is_handled_twice_mails_once(met: Two) -> None:
    start = now()
    met.suggest()
    with time_machine.travel(start + timedelta(days=7.1), tick=False):
        work(met.world)
        with met.database.session() as session:
            one = session.exec(select(Suggestion)).one()
            one.remind_at = now()
            session.add(one)
        with met.database.session() as session:
            assert reminding.remind_due(session, 10) == 1
        work(met.world)

    with met.database.reader() as session:
        templates = sorted(session.exec(select(Message.template)))
    assert templates == ["suggestion.opened"] * 2 + ["suggestion.reminder"] * 2


def test_steps_of_an_approval_come_in_the_order_of_their_time() -> None:
    asked = datetime.fromisoformat("2026-11-02T09:00:00Z")

    def steps(days: int) -> list[tuple[float, str]]:
        found = reminding.approval_steps(asked, asked + timedelta(days=days))
        return [((at - asked) / timedelta(days=1), kind) for at, kind in found]

    deputy, reminder = reminding.DEPUTY_DUE, reminding.APPROVAL_REMINDER_DUE
    assert steps(14) == [(7.0, deputy), (11.0, reminder)]
    assert steps(4) == [(1.0, reminder), (2.0, deputy)]
    assert steps(3) == [(1.5, deputy)]
