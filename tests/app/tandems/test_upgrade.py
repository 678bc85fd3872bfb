"""What stood before tandems had a ritual lives on after the upgrade."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from alembic import command
from sqlmodel import select

from app.core import migrations
from app.rounds.models import Round, RoundStatus
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionStatus, Tandem
from tests.app.tandems.conftest import Two, document, offer
from tests.world import World

BEFORE_THE_RITUAL = "a1c3f0d20007"
OPENED = datetime(2027, 1, 11, 23, tzinfo=UTC)
SETTINGS: dict[str, Any] = {"objective": "quality", "min_similarity": 0.1, "cost": 0.0, "alternates": 3}


@pytest.mark.postgres
def test_tandems_and_suggestions_from_before_the_ritual_live_on(any_world: World) -> None:
    world = any_world
    nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
    many = world.published(nord, *(document(f"Circle {n}", time_zone="America/New_York") for n in range(5)))
    ring = world.published(sued, *(document(f"Ring {n}") for n in range(5)))
    two = Two(world, nord, sued, many[0], ring[0])
    with time_machine.travel(OPENED, tick=False):
        with world.database.session() as session:
            session.add(
                Round(
                    id="rnd_1",
                    title="x",
                    status=RoundStatus.DRAFT,
                    created_at=OPENED,
                    remind_after_days=7,
                    **SETTINGS,
                )
            )
        tandem_id = two.tandem()
        with world.database.session() as session:
            asked, answered = tandems.open_many(
                session, [offer(many[1], ring[1]), offer(many[2], ring[2], round_id=None)]
            )
            awaiting, early = tandems.open_many(session, [offer(many[3], ring[3]), offer(many[4], ring[4])])
        with world.database.session() as session:
            session.get_one(Suggestion, answered).status = SuggestionStatus.ONE_YES
            session.get_one(Suggestion, awaiting).status = SuggestionStatus.AWAITING_COORDINATOR
            # Of this one half of the time is over already.
            session.get_one(Suggestion, early).opened_at = OPENED - timedelta(days=6)
    config = migrations._config(world.settings.database_url)
    command.downgrade(config, BEFORE_THE_RITUAL)

    upgraded = OPENED + timedelta(days=2)
    with time_machine.travel(upgraded, tick=False):
        migrations.upgrade(world.settings.database_url)

    with world.database.reader() as session:
        tandem = session.get_one(Tandem, tandem_id)
        assert (tandem.next_due_at, tandem.ends_on) == (
            upgraded + timedelta(days=14),
            upgraded.date() + timedelta(weeks=12),
        )
        own = tandem.a_company == nord
        assert tandem.time_zone == ("America/New_York" if own else "Europe/Berlin")
        times = {one.id: (one.remind_at, one.awaiting_since) for one in session.exec(select(Suggestion))}
    assert [times[one] for one in (asked, answered, awaiting, early)] == [
        (OPENED + timedelta(days=7), None),
        (OPENED + timedelta(days=7), None),
        (OPENED + timedelta(days=7), OPENED),
        (None, None),
    ]
    # What is due is found: the two are reminded of their first meeting a week before.
    for days in (7, 8):
        with time_machine.travel(upgraded + timedelta(days=days), tick=False):
            world.worker.run_until_idle()
    with world.database.reader() as session:
        tandem = session.get_one(Tandem, tandem_id)
        assert tandem.due_told_at == tandem.next_due_at
