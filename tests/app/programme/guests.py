"""A meetup and who comes to it, as tests of the loop need them: stored directly, at any point of their lives."""

from datetime import datetime, timedelta

from app.core.clock import now
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus
from app.registrations.models import RegisteredBy, Registration, RegistrationStatus
from app.seatings.models import Again
from tests.world import World


def a_meetup(world: World, status: MeetupStatus = MeetupStatus.OPEN, **fields: object) -> str:
    """A meetup in four weeks, or one that was held two hours ago; its id."""
    was_held = status in (MeetupStatus.HELD, MeetupStatus.ARCHIVED)
    starts_at = now() - timedelta(hours=2) if was_held else now() + timedelta(weeks=4)
    meetup = Meetup.model_validate(
        {
            "id": new_id("mtp"),
            "status": status,
            "title": "C3 in spring",
            "language": "en",
            "purpose": "Communities of several companies meet.",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            "time_zone": "Europe/Berlin",
            "online_link": "https://meet.c3.example/spring",
            "uid": f"{new_id('uid')}@c3.example",
            "created_at": now(),
            "held_at": starts_at + timedelta(hours=2) if was_held else None,
        }
        | fields
    )
    with world.database.session() as session:
        session.add(meetup)
        session.flush()
        return meetup.id


def a_guest(
    world: World,
    meetup_id: str,
    company_id: str,
    community_id: str | None,
    *,
    first_name: str = "Alex",
    status: RegistrationStatus = RegistrationStatus.REGISTERED,
    **fields: object,
) -> str:
    """Somebody of a company who comes, for a community; the id of the registration."""
    person_id = world.person(company_id, first_name)
    with world.database.session() as session:
        meetup = session.get_one(Meetup, meetup_id)
        meetup.last_number += 1
        registration = Registration.model_validate(
            {
                "id": new_id("reg"),
                "meetup_id": meetup_id,
                "person_id": person_id,
                "company_id": company_id,
                "community_id": community_id,
                "status": status,
                "number": meetup.last_number,
                "by": RegisteredBy.PORTAL,
                "created_at": now(),
                "registered_at": now(),
            }
            | fields
        )
        session.add(registration)
        session.flush()
        return registration.id


def says_again(world: World, one: str, other: str, said_at: datetime | None = None) -> str:
    """One registration wants to meet another again; the id of the wish."""
    with world.database.session() as session:
        meetup_id = session.get_one(Registration, one).meetup_id
        again = Again(
            id=new_id("agn"), meetup_id=meetup_id, registration_id=one, other_id=other, said_at=said_at or now()
        )
        session.add(again)
        session.flush()
        return again.id
