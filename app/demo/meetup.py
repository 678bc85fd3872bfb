"""The demonstration's meetup: open for registration, with people of most communities, who are seated already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from app.access.models import Role
from app.access.service import SYSTEM, Caller
from app.communities import service as communities
from app.communities.models import Participant
from app.core.clock import now
from app.core.database import Database
from app.core.dates import local
from app.core.settings import Settings
from app.meetups import queries as meetup_queries
from app.meetups import service as meetups
from app.meetups.models import Meetup
from app.meetups.schemas import MeetupAgendaItem, MeetupCreate
from app.notifications import preferences
from app.notifications.models import Wants
from app.people.schemas import Contact
from app.registrations import addresses
from app.registrations import service as registrations
from app.registrations.schemas import RegistrationCreate
from app.seatings import planning, telling
from app.seatings import service as seatings
from app.seatings.schemas import SeatingCreate

TITLE = "Demo meetup"
ZONE = "Europe/Berlin"
_PEOPLE = 60
_IN_WEEKS = 6
_WISHES = 3
_THURSDAY = 3
_NAMES = (
    *("Alex", "Toni", "Kim", "Sascha", "Robin", "Jona", "Mika", "Luca", "Charlie", "Noa", "Sam", "Kai", "Jules"),
    *("Lou", "Nele", "Finn", "Ada", "Emil", "Ida", "Ole", "Mara", "Jan", "Lea", "Tom", "Ana", "Max", "Eva", "Ben"),
)

RunJobs = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to look at."""

    people: int
    tables: int
    page: str
    cards: str


def hold_ready(database: Database, settings: Settings, work: RunJobs) -> Shown | None:
    """A meetup to come whose people are seated: the one that is there, or a new one. None if too few would come."""
    with database.session() as session:
        meetup = next((one for one in meetup_queries.to_come(session, 50) if one.title == TITLE), None)
        meetup_id = meetup.id if meetup is not None else _opened(session).id
        if seatings.current(session, meetup_id) is None:
            _register(session, meetup_id)
            if session.get_one(Meetup, meetup_id).taken < 2 * SeatingCreate().group_size:
                session.rollback()
                return None
            planning.create(session, SYSTEM, meetup_id, SeatingCreate(rotation_minutes=20))
    work()
    with database.reader() as session:
        return _shown(session, session.get_one(Meetup, meetup_id), settings)


def _opened(session: Session) -> Meetup:
    day = local(now(), ZONE).date() + timedelta(weeks=_IN_WEEKS)
    day += timedelta(days=(_THURSDAY - day.weekday()) % 7)
    wish = MeetupCreate(
        title=TITLE,
        language="en",
        purpose="People who look after communities meet those of other companies, and find partners for tandems.",
        starts_at=datetime.combine(day, time(14)),
        ends_at=datetime.combine(day, time(16, 30)),
        time_zone=ZONE,
        online_link="https://meet.example/demo",
        agenda=[
            MeetupAgendaItem(text="Welcome, and our card on competition law", minutes=15),
            MeetupAgendaItem(text="Three rounds at small tables", minutes=75),
            MeetupAgendaItem(text="What we take home", minutes=30),
        ],
        capacity=_PEOPLE + 20,
    )
    meetup = meetups.create(session, SYSTEM, wish)
    for step in (meetups.announce, meetups.open_registration):
        meetups.take_step(session, SYSTEM, meetup.id, step)
    return meetup


def _register(session: Session, meetup_id: str) -> None:
    """Somebody of each of the communities that say most, as many of one company as of another; nobody is mailed."""
    for number, community in enumerate(_who_come(communities.taking_part(session, company_ids=[], community_ids=[]))):
        name = _NAMES[number % len(_NAMES)]
        portal = Caller(Role.PORTAL, key_id="demo", company_id=community.company_id)
        wish = RegistrationCreate(
            person=Contact(email=f"demo-{number}@people.example", first_name=name, language=None),
            community_id=community.id,
            themes=community.topics[:_WISHES],
            learn=community.seeks[:_WISHES],
            show=community.offers[:_WISHES],
            languages=community.languages,
        )
        registration = registrations.register(session, portal, meetup_id, wish)
        preferences.set_wants(session, registration.person_id, Wants.NOTHING)


def _who_come(found: Sequence[Participant]) -> list[Participant]:
    by_company: dict[str, list[Participant]] = {}
    for one in sorted(found, key=lambda one: (-len(one.offers) - len(one.seeks), one.id)):
        by_company.setdefault(one.company_id, []).append(one)
    in_turn = [
        (place, company_id, one) for company_id, those in by_company.items() for place, one in enumerate(those)
    ]
    return [one for *_, one in sorted(in_turn, key=lambda turn: turn[:2])[:_PEOPLE]]


def _shown(session: Session, meetup: Meetup, settings: Settings) -> Shown | None:
    seating = seatings.current(session, meetup.id)
    if seating is None:
        return None
    [told] = telling.seatings_shown(session, [seating], "en", settings)
    tables = len({group.number for group in seatings.groups_of(session, seating.id)})
    return Shown(told.people, tables, addresses.meetup_page(meetup, settings.public_url), told.cards_url or "")
