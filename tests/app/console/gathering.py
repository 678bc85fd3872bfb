"""What tests of a meetup's pages share: a meetup of three companies, its people, and links as messages have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from httpx2 import Response
from sqlmodel import col, select

from app.core import links
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus, Talk, TalkStatus
from app.people.models import MailDomain, Person
from app.registrations import addresses
from app.registrations.models import IN_LINE, TAKES_A_PLACE, RegisteredBy, Registration, RegistrationStatus
from app.seatings.models import Seating, SeatingGroup, SeatingStatus
from tests.world import JsonObject, World

DAY = datetime(2027, 3, 11, 9, 0, tzinfo=UTC)
"""When the meetup begins: a Thursday, 10 o'clock in Berlin."""
BEFORE = DAY - timedelta(days=30)
FORM: JsonObject = {
    "first_name": "Robin",
    "email": "robin@nordwerk.example",
    "language": "en",
    "learn": "how to begin\r\n\r\n how to end well ",
    "show": "our barcamp",
    "themes": "onboarding, peer learning",
    "languages": ["de", "en"],
}


@dataclass
class Gathering:
    world: World
    companies: Mapping[str, str]
    """Ids by name."""
    meetup_id: str = "mtp_spring"
    people: dict[str, str] = field(default_factory=dict)
    """Ids by first name."""

    @property
    def page(self) -> str:
        return f"/meetups/{self.meetup_id}"

    @property
    def pepper(self) -> str:
        return self.world.settings.key_pepper.get_secret_value()

    def change(self, **values: object) -> None:
        """The meetup is another one."""
        with self.world.database.session() as session:
            meetup = session.get_one(Meetup, self.meetup_id)
            for name, value in values.items():
                setattr(meetup, name, value)
            session.add(meetup)

    def comes(
        self,
        first_name: str,
        company: str = "Nordwerk",
        status: RegistrationStatus = RegistrationStatus.REGISTERED,
        **values: object,
    ) -> str:
        """Somebody's registration as it is stored; its id."""
        with self.world.database.session() as session:
            person = session.get(Person, self.people.get(first_name, "")) or Person(
                id=new_id("per"),
                company_id=self.companies[company],
                email=f"{first_name.lower()}@{company.lower()}.example",
                first_name=first_name,
                language=None,
                created_at=BEFORE,
            )
            session.add(person)
            session.flush()
            self.people[first_name] = person.id
            meetup = session.get_one(Meetup, self.meetup_id)
            number = None
            if status is not RegistrationStatus.UNCONFIRMED:
                meetup.last_number += 1
                number = meetup.last_number
            meetup.taken += status in TAKES_A_PLACE
            meetup.waiting += status is RegistrationStatus.WAITING
            row: dict[str, Any] = {
                "id": new_id("reg"),
                "meetup_id": meetup.id,
                "person_id": person.id,
                "company_id": person.company_id,
                "status": status,
                "number": number,
                "by": RegisteredBy.PORTAL,
                "created_at": BEFORE,
                "registered_at": BEFORE if number else None,
                "ended_at": None if status in (*IN_LINE, RegistrationStatus.UNCONFIRMED) else BEFORE,
            }
            registration = Registration.model_validate(row | values)
            session.add_all([meetup, registration])
            return registration.id

    def registration(self, registration_id: str) -> Registration:
        with self.world.database.reader() as session:
            return session.get_one(Registration, registration_id)

    def of_address(self, email: str) -> tuple[Person, Registration]:
        with self.world.database.reader() as session:
            person = session.exec(select(Person).where(col(Person.email) == email)).one()
            mine = select(Registration).where(col(Registration.person_id) == person.id)
            return person, session.exec(mine).one()

    def talk(self, title: str, status: TalkStatus, community_id: str, company: str, speaker: str | None) -> None:
        with self.world.database.session() as session:
            session.add(
                Talk(
                    id=new_id("tlk"),
                    meetup_id=self.meetup_id,
                    status=status,
                    title=title,
                    abstract="What we tried.\nWhat came of it.",
                    language="en",
                    minutes=20,
                    company_id=self.companies[company],
                    community_id=community_id,
                    speaker_id=self.people[speaker] if speaker else None,
                    proposed_at=BEFORE,
                )
            )

    def seated(self, *rotations: Sequence[Sequence[str]], seating_id: str | None = None) -> str:
        """A seating that is done: for each rotation its tables with their registrations; its id."""
        row = {
            "id": seating_id or new_id("stg"),
            "meetup_id": self.meetup_id,
            "status": SeatingStatus.DONE,
            "rotations": len(rotations),
            "group_size": 4,
            "min_size": 3,
            "max_size": 5,
            "rotation_minutes": 20,
            "created_at": BEFORE,
        }
        shared: list[JsonObject] = [{"text": "peer learning", "people": 3, "wanted_by": 1, "shown_by": 1}]
        with self.world.database.session() as session:
            session.add(Seating.model_validate(row))
            session.flush()
            session.add_all(
                SeatingGroup(
                    seating_id=str(row["id"]),
                    rotation=rotation,
                    number=number,
                    members=list(members),
                    language="en",
                    similarity=0.4,
                    shared=list(shared) if number == 1 else [],
                )
                for rotation, tables in enumerate(rotations, 1)
                for number, members in enumerate(tables, 1)
            )
        return str(row["id"])

    def place(self, registration_id: str, *, person_id: str | None = None) -> str:
        with self.world.database.reader() as session:
            person = session.get_one(Person, person_id or session.get_one(Registration, registration_id).person_id)
        parts = addresses.place_parts(registration_id, person, self.pepper)
        return f"/registrations/{links.signed('registrations', parts, self.pepper)}"

    def cards(self, seating_id: str) -> str:
        return f"/table-cards/{links.signed('table-cards', (seating_id,), self.pepper)}"

    def get(self, address: str, language: str = "en") -> Response:
        return self.world.client.get(address, headers={"Accept-Language": language})

    def post(self, address: str, *, headers: dict[str, str] | None = None, **form: str | list[str]) -> Response:
        given = {"Accept-Language": "en"} | (headers or {})
        return self.world.client.post(address, data=form, headers=given, follow_redirects=False)


def gathering(world: World) -> Gathering:
    """Registration is open, and there are three places."""
    companies = {name: world.company(name) for name in ("Nordwerk", "Suedbank", "Westmarkt")}
    with world.database.session() as session:
        session.add_all(
            MailDomain(domain=f"{name.lower()}.example", company_id=company_id, verified_at=BEFORE)
            for name, company_id in companies.items()
        )
        session.add(
            Meetup(
                id="mtp_spring",
                status=MeetupStatus.OPEN,
                title="Spring & <b>meetup</b>",
                language="en",
                purpose="We show each other how communities begin.\nAnd how they end.",
                starts_at=DAY,
                ends_at=DAY + timedelta(hours=2, minutes=30),
                time_zone="Europe/Berlin",
                online_link="https://meet.example/spring-room",
                host_company_id=companies["Suedbank"],
                agenda=[{"text": "Welcome", "minutes": 15}, {"text": "Tables", "minutes": 60}],
                capacity=3,
                uid="cal_spring",
                created_at=BEFORE,
                announced_at=BEFORE,
            )
        )
    return Gathering(world, companies)
