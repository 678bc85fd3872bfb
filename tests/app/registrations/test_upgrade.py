"""Who was known by a form only before that had a name is so after the upgrade."""

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import select

from app.core import migrations
from app.people.models import Person
from app.registrations.models import RegistrationStatus
from tests.app.registrations.test_feedback import a_meetup, comes
from tests.world import World

BEFORE = "a1c3f0d20017"


@pytest.mark.postgres
def test_guests_stay_guests_and_an_address_that_nobody_confirmed_is_so(any_world: World) -> None:
    world = any_world
    nord, meetup_id = world.company(), a_meetup(world)
    comes(world, meetup_id, nord, "Known")
    comes(world, meetup_id, nord, "Confirmed", guest=True)
    comes(world, meetup_id, nord, "Typed", guest=True, status=RegistrationStatus.UNCONFIRMED)
    config = migrations._config(world.settings.database_url)

    command.downgrade(config, BEFORE)
    with world.database.reader() as session:
        made = session.execute(text("SELECT count(*) FROM registration WHERE made_person")).scalar_one()
        before = {one for (one,) in session.execute(text("SELECT status FROM person"))}
    migrations.upgrade(world.settings.database_url)

    assert (made, before) == (2, {"active"})
    with world.database.reader() as session:
        people = {one.first_name: (one.guest, one.status.value) for one in session.exec(select(Person))}
    assert people == {"Known": (False, "active"), "Confirmed": (True, "active"), "Typed": (True, "unconfirmed")}
