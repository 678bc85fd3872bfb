"""A worker killed with kill -9 at every step of a seating: another one finishes it, and nothing half is stored."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.access.service import SYSTEM
from app.core.clock import now
from app.core.database import Database
from app.core.events import Event
from app.core.ids import new_id
from app.core.jobs import MAX_ATTEMPTS, Interrupted, Job, JobStatus, Lease
from app.core.settings import Settings
from app.meetups.models import Meetup, MeetupStatus
from app.people.models import Person
from app.registrations.models import RegisteredBy, Registration, RegistrationStatus
from app.seatings import planning, telling
from app.seatings.models import Seating, SeatingGroup, SeatingStatus
from app.seatings.schemas import ReseatCreate, SeatingCreate
from app.worker import Worker
from tests.faults.doomed import Point
from tests.faults.takeover import LEASE_SECONDS, finished, killed_worker
from tests.world import world_on

POINTS = [
    Point("claimed", "after"),
    Point("seating_begin", "after"),
    Point("seating", "after", 3),
    Point("storing", "after"),
    Point("seating_finish", "before"),
]
FURTHER_POINTS = [
    Point("reading", "after"),
    Point("seating_begin", "before"),
    Point("seating", "after"),
    Point("seating_finish", "in"),
]


@pytest.fixture
def meetup(database_url: str) -> Iterator[tuple[Database, str]]:
    """Twenty-four people of six companies, a day before they meet."""
    with world_on(Settings(database_url=database_url, log_level="error")) as world:
        companies = [world.company(f"House {number}") for number in range(6)]
        with world.database.session() as session:
            meetup = Meetup(
                id=new_id("mtp"),
                status=MeetupStatus.OPEN,
                title="C3",
                language="en",
                purpose="Learn.",
                starts_at=now() + timedelta(days=1),
                ends_at=now() + timedelta(days=1, hours=2),
                time_zone="UTC",
                uid=new_id("cal"),
                created_at=now(),
            )
            session.add(meetup)
            for number in range(24):
                _register(session, meetup, companies[number % 6], number)
        yield world.database, meetup.id


def _register(session: Session, meetup: Meetup, company_id: str, number: int) -> None:
    name = f"Guest{number}"
    person = Person(
        id=new_id("per"), company_id=company_id, email=f"{name}@x.example", first_name=name, created_at=now()
    )
    session.add(person)
    session.add(
        Registration(
            id=new_id("reg"),
            meetup_id=meetup.id,
            person_id=person.id,
            company_id=company_id,
            status=RegistrationStatus.REGISTERED,
            number=number + 1,
            by=RegisteredBy.PORTAL,
            themes=["onboarding" if number % 2 else "podcasts"],
            created_at=now(),
        )
    )


@pytest.fixture
def another(meetup: tuple[Database, str]) -> Worker:
    database, _ = meetup
    settings = Settings(database_url=database.url, lease_seconds=LEASE_SECONDS, poll_seconds=0.05, log_level="error")
    return Worker(database, settings)


def groups_of(session: Session, seating_id: str) -> list[dict[str, object]]:
    mine = select(SeatingGroup).where(col(SeatingGroup.seating_id) == seating_id)
    in_order = mine.order_by(col(SeatingGroup.rotation), col(SeatingGroup.number))
    return [one.model_dump(exclude={"seating_id"}) for one in session.exec(in_order)]


def status_of(session: Session, seating_id: str) -> SeatingStatus:
    return session.get_one(Seating, seating_id).status


def told(session: Session, seating_id: str) -> list[str]:
    return list(session.exec(select(Event.kind).where(col(Event.subject_id) == seating_id)))


def asked(database: Database, meetup_id: str) -> str:
    with database.session() as session:
        return planning.create(session, SYSTEM, meetup_id, SeatingCreate(rotations=2)).id


@pytest.mark.parametrize(
    "point", [*POINTS, *(pytest.param(point, marks=pytest.mark.long) for point in FURTHER_POINTS)], ids=str
)
def test_another_worker_finishes_a_seating_with_the_same_groups(
    meetup: tuple[Database, str], another: Worker, point: Point
) -> None:
    database, meetup_id = meetup
    undisturbed = asked(database, meetup_id)
    another.run_until_idle()
    seating_id = asked(database, meetup_id)

    killed_worker(database, point)
    with database.reader() as session:
        assert groups_of(session, seating_id) == []
        assert status_of(session, seating_id) in (SeatingStatus.QUEUED, SeatingStatus.RUNNING)
    finished(another, lambda session: status_of(session, seating_id) is SeatingStatus.DONE)

    with database.reader() as session:
        assert groups_of(session, seating_id) == groups_of(session, undisturbed)
        assert told(session, seating_id) == ["seating.done"]


def test_a_killed_change_on_the_day_leaves_the_seating_that_counts_until_it_is_done(
    meetup: tuple[Database, str], another: Worker
) -> None:
    database, meetup_id = meetup
    first = asked(database, meetup_id)
    another.run_until_idle()
    with database.session() as session:
        before = groups_of(session, first)
        second = planning.reseat(session, SYSTEM, first, ReseatCreate(from_rotation=2)).id

    killed_worker(database, Point("seating_finish", "before"))
    with database.reader() as session:
        assert groups_of(session, second) == []
        assert telling.seatings_shown(session, [session.get_one(Seating, first)], "en", another.settings)[0].current
    finished(another, lambda session: status_of(session, second) is SeatingStatus.DONE)

    with database.reader() as session:
        kept = [one for one in groups_of(session, second) if one["rotation"] == 1]
        assert kept == [one for one in before if one["rotation"] == 1]


@pytest.mark.long
def test_a_seating_that_takes_every_worker_down_fails_with_a_remedy_and_another_can_be_asked_for(
    meetup: tuple[Database, str], another: Worker
) -> None:
    database, meetup_id = meetup
    seating_id = asked(database, meetup_id)

    for _ in range(MAX_ATTEMPTS):
        killed_worker(database, Point("seating", "after"))
    finished(another, lambda session: status_of(session, seating_id) is SeatingStatus.FAILED)

    with database.reader() as session:
        seating = session.get_one(Seating, seating_id)
        [shown] = telling.seatings_shown(session, [seating], "en", another.settings)
        assert str(shown.problem).endswith("then ask for a new seating.")
        assert (groups_of(session, seating_id), told(session, seating_id)) == ([], ["seating.failed"])
    again = asked(database, meetup_id)
    finished(another, lambda session: status_of(session, again) is SeatingStatus.DONE)


def test_a_worker_that_is_to_stop_hands_the_seating_back(
    meetup: tuple[Database, str], another: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, meetup_id = meetup
    seating_id = asked(database, meetup_id)
    tell = Lease.tell

    def tell_or_stop(lease: Lease, stage: str, progress: float) -> None:
        if progress > 0.3:
            raise Interrupted
        tell(lease, stage, progress)

    with monkeypatch.context() as patched:
        patched.setattr(Lease, "tell", tell_or_stop)
        assert another.work_once()
    with database.reader() as session:
        job = session.exec(select(Job).where(col(Job.subject_id) == seating_id)).one()
        assert (job.status, job.attempts, groups_of(session, seating_id)) == (JobStatus.QUEUED, 0, [])
    another.run_until_idle()

    with database.reader() as session:
        assert status_of(session, seating_id) is SeatingStatus.DONE
