"""Events from the command line: what was given up, and trying it again."""

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core import events
from app.core.events import Event
from tests.app.cli.conftest import Tandem
from tests.world import World


@pytest.fixture
def given_up(world: World) -> list[str]:
    """Ids of two events that failed too often; a third one has failed less."""
    with world.database.session() as session:
        events.record_many(session, "community.paused", ["com_1", "com_2", "com_3"])
        session.execute(update(Event).values(attempts=events.MAX_ATTEMPTS))
        session.execute(update(Event).where(col(Event.subject_id) == "com_3").values(attempts=1))
        return list(session.exec(select(Event.id).where(col(Event.subject_id) != "com_3").order_by(col(Event.id))))


def test_events_that_were_given_up_are_listed_and_tried_again(
    tandem: Tandem, world: World, given_up: list[str]
) -> None:
    seen: list[str] = []

    def remember(session: Session, event: Event) -> None:
        seen.append(event.id)

    first, second = given_up
    listed = tandem("event", "list")
    one = tandem("event", "retry", first)
    again = tandem("event", "retry", first, "--lang", "de")
    rest = tandem("event", "retry")
    events.handle_some(world.database, {"community.paused": [remember]})

    assert [listed.stdout.count(wanted) for wanted in (first, second, "com_1", "com_3")] == [1, 1, 1, 0]
    assert (one.exit_code, "runs: 1." in one.stderr) == (0, True)
    assert (again.exit_code, "das aufgegeben wurde" in again.stderr) == (2, True)
    assert (rest.exit_code, "runs: 1." in rest.stderr) == (0, True)
    assert seen[:2] == given_up
