from datetime import timedelta

import time_machine
from sqlalchemy.event import listen
from sqlmodel import Session, select

from app.core import events
from app.core.clock import now
from app.core.database import Database
from app.core.events import RETRY_SECONDS, Event, Handlers
from tests.world import World


def recorded(database: Database, *kinds: str) -> None:
    with database.session() as session:
        for kind in kinds:
            events.record(session, kind, "sub_1")


def open_kinds(database: Database) -> list[str]:
    with database.reader() as session:
        return [event.kind for event in session.exec(select(Event).order_by(Event.id)) if event.handled_at is None]


def test_an_event_is_handled_once_in_the_order_it_happened(database: Database) -> None:
    recorded(database, "a.happened", "b.happened", "a.happened")
    seen: list[str] = []

    def remember(session: Session, event: Event) -> None:
        seen.append(event.kind)

    while events.handle_some(database, {"a.happened": [remember], "b.happened": [remember]}):
        pass

    assert seen == ["a.happened", "b.happened", "a.happened"]
    assert open_kinds(database) == []


def test_an_event_of_a_change_that_was_rolled_back_never_happened(database: Database) -> None:
    with database.session() as session:
        events.record(session, "a.happened", "sub_1")
        session.flush()
        session.rollback()

    assert open_kinds(database) == []


def test_what_a_failing_handler_changed_is_undone_and_its_event_is_tried_again(database: Database) -> None:
    recorded(database, "a.happened")

    def break_down(session: Session, event: Event) -> None:
        events.record(session, "never.happened", event.subject_id)
        session.flush()
        raise OSError("no network")

    assert events.handle_some(database, {"a.happened": [break_down]})
    assert open_kinds(database) == ["a.happened"]

    with time_machine.travel(now() + timedelta(seconds=RETRY_SECONDS[0])):
        assert events.handle_some(database, {"a.happened": [lambda session, event: None]})
    assert open_kinds(database) == []


def test_an_event_that_fails_waits_longer_each_time_and_holds_up_no_other(database: Database) -> None:
    recorded(database, "a.happened", "b.happened")

    def break_down(session: Session, event: Event) -> None:
        raise OSError("no network")

    handlers: Handlers = {"a.happened": [break_down], "b.happened": [lambda session, event: None]}
    moment = now()
    for pause in (0.0, *RETRY_SECONDS):
        moment += timedelta(seconds=pause)
        with time_machine.travel(moment, tick=False):
            while events.handle_some(database, handlers):
                pass
            assert open_kinds(database) == ["a.happened"]


def test_what_is_handled_together_is_kept_but_for_the_one_that_fails(any_world: World) -> None:
    database = any_world.database
    recorded(database, "a.happened", "b.happened", "a.happened", "none.asks")

    def react(session: Session, event: Event) -> None:
        events.record(session, f"after.{event.kind}", event.subject_id)
        session.flush()
        if event.kind == "b.happened":
            raise OSError("no network")

    handlers: Handlers = {"a.happened": [react], "b.happened": [react]}
    commits: list[object] = []
    listen(database.engine, "commit", commits.append)
    assert events.handle_some(database, handlers)

    assert len(commits) == 1
    assert open_kinds(database) == ["b.happened", "none.asks", "after.a.happened", "after.a.happened"]


def test_events_without_a_handler_stay_as_a_record(database: Database) -> None:
    recorded(database, "a.happened")

    assert not events.handle_some(database, {})
    assert not events.handle_some(database, {"b.happened": [lambda session, event: None]})
    assert open_kinds(database) == ["a.happened"]


def test_events_wait_for_a_pause_of_others_but_not_for_long(database: Database) -> None:
    handlers: Handlers = {"a.happened": [lambda session, event: None]}

    def keep_coming(seconds: float, after: str = "") -> bool:
        with time_machine.travel(begun + timedelta(seconds=seconds), tick=False):
            return events.keep_coming(database, handlers, after)

    def another(seconds: float) -> None:
        with time_machine.travel(begun + timedelta(seconds=seconds), tick=False):
            recorded(database, "a.happened")

    begun = now()
    assert not keep_coming(0)
    another(0)
    assert keep_coming(0.1)
    assert not keep_coming(0.1, events.newest(database)), "what follows of our own work is not waited for"
    assert not keep_coming(0.3), "nobody has written for a moment"
    another(0.3)
    assert keep_coming(0.4)
    another(5.0)
    assert not keep_coming(5.1), "the first one has waited long enough"


def test_events_of_a_clock_that_was_put_back_are_not_waited_for(database: Database) -> None:
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        recorded(database, "a.happened")

    assert not events.keep_coming(database, {"a.happened": [lambda session, event: None]}, "")


def test_events_that_nobody_handles_are_not_waited_for(database: Database) -> None:
    recorded(database, "b.happened")

    assert not events.keep_coming(database, {"a.happened": [lambda session, event: None]}, "")
