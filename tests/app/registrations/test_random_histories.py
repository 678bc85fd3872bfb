"""Places through random histories, beside a list kept by hand; and what a meetup counts is counted again."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import col, select

from app.access.models import Role
from app.access.service import Caller
from app.core.clock import now
from app.core.errors import Conflict
from app.core.events import Event
from app.meetups.models import Meetup
from app.registrations import places, queries
from app.registrations import service as registrations
from app.registrations.models import Registration, RegistrationStatus
from app.registrations.schemas import RegistrationCreate
from tests.app.registrations.conftest import MEETUP, START, Gathering

COMPANIES = ("Nordwerk", "Suedbank")
PEOPLE = tuple((f"P{number}", COMPANIES[number % 3 == 0]) for number in range(8))
HOURS = 24


@dataclass
class Entry:
    number: int
    person: int
    status: str
    until: datetime = MEETUP
    """For who is offered a place: until it begins, while nobody has told it."""

    @property
    def company(self) -> str:
        return PEOPLE[self.person][1]


class ByHand:
    """The waiting list on paper: one row for each number that was given out."""

    def __init__(self, capacity: int | None, limit: int | None) -> None:
        self.capacity, self.limit = capacity, limit
        self.rows: list[Entry] = []

    def latest(self) -> dict[int, Entry]:
        """What holds of each person who has come once."""
        return {row.person: row for row in self.rows}

    def of(self, person: int) -> Entry:
        return self.latest()[person]

    def comes(self, person: int) -> bool:
        before = deepcopy(self.rows)
        self.tidy()
        if person in self.latest() and self.of(person).status in ("registered", "offered", "waiting"):
            # Refused: nothing of it stays.
            self.rows = before
            return False
        gets_one = self.has_room() and not self.at_limit(PEOPLE[person][1])
        status = "registered" if gets_one else "waiting"
        self.rows.append(Entry(len(self.rows) + 1, person, status))
        return True

    def goes(self, person: int) -> None:
        known = self.of(person)
        if known.status != "cancelled":
            known.status = "cancelled"
            self.tidy()

    def confirms(self, person: int) -> bool:
        known = self.of(person)
        if known.status != "offered" or known.until <= now():
            return False
        known.status = "registered"
        return True

    def tidy(self) -> None:
        for row in self.rows:
            if row.status == "offered" and row.until <= now():
                row.status = "lapsed"
        for row in self.rows:
            if row.status == "waiting" and self.has_room() and not self.at_limit(row.company):
                row.status = "offered"

    def told(self) -> None:
        for row in self.rows:
            if row.status == "offered" and row.until == MEETUP:
                row.until = min(now() + timedelta(hours=HOURS), MEETUP)

    def taken(self) -> list[Entry]:
        return [row for row in self.rows if row.status in ("registered", "offered")]

    def has_room(self) -> bool:
        return self.capacity is None or len(self.taken()) < self.capacity

    def at_limit(self, company: str) -> bool:
        return self.limit is not None and sum(row.company == company for row in self.taken()) >= self.limit


class Histories(RuleBasedStateMachine):
    """What people and organizers do, in any order, with the hours that pass."""

    gathering: Gathering
    person_ids: tuple[str, ...]
    callers: dict[str, Caller]

    @initialize(capacity=st.integers(1, 5), limit=st.none() | st.integers(1, 3))
    def everybody_has_come(self, capacity: int, limit: int | None) -> None:
        self.gathering.go(START)
        self.by_hand = ByHand(capacity, limit)
        self.meetup_id = self.gathering.meetup(capacity=capacity, limit_per_company=limit, confirm_within_hours=HOURS)
        for person in range(len(PEOPLE)):
            self._same(self.by_hand.comes(person), partial(self._register, person))

    @rule(at=st.integers(0, 100))
    def register_again(self, at: int) -> None:
        person = self._one_of(at, "cancelled", "lapsed", "offered")
        if person is not None:
            self._same(self.by_hand.comes(person), lambda: self._register(person))

    @rule(at=st.integers(0, 100))
    def cancel(self, at: int) -> None:
        person = self._one_of(at, "registered", "offered", "waiting")
        if person is not None:
            self.by_hand.goes(person)
            self._same(True, lambda: self._by_id(person, "leave"))

    @rule(at=st.integers(0, 100))
    def confirm(self, at: int) -> None:
        person = self._one_of(at, "offered", "lapsed")
        if person is not None:
            self._same(self.by_hand.confirms(person), lambda: self._by_id(person, "keep_place"))

    @rule()
    def tell(self) -> None:
        """Whoever does not know yet of the place that is kept for it."""
        with self.gathering.world.database.session() as session:
            for one in queries.kept_beyond(session, self.meetup_id, MEETUP - timedelta(seconds=1)):
                places.count_from_now(session, one.id)
        self.by_hand.told()

    @rule(hours=st.sampled_from([HOURS // 2, HOURS]))
    def pass_(self, hours: int) -> None:
        self.gathering.pass_(hours=hours)

    @rule(more=st.integers(0, 3))
    def change_capacity(self, more: int) -> None:
        """Never below what is taken: that is refused."""
        self.by_hand.capacity = len(self.by_hand.taken()) + more
        self._change(capacity=self.by_hand.capacity)

    @rule(limit=st.none() | st.integers(1, 3))
    def change_limit(self, limit: int | None) -> None:
        self.by_hand.limit = limit
        self._change(limit_per_company=limit)

    @invariant()
    def what_stands_is_what_stands_on_paper(self) -> None:
        with self.gathering.world.database.reader() as session:
            meetup = session.get_one(Meetup, self.meetup_id)
            rows = session.exec(select(Registration).where(col(Registration.meetup_id) == self.meetup_id))
            stored = {one.number: one for one in rows}
        assert {number: (one.status.value, one.offered_until) for number, one in stored.items()} == {
            row.number: (row.status, row.until if row.status == "offered" else None)
            for row in self.by_hand.latest().values()
        }
        counted = Counter(one.status for one in stored.values())
        places = counted[RegistrationStatus.REGISTERED] + counted[RegistrationStatus.OFFERED]
        assert (meetup.taken, meetup.waiting) == (places, counted[RegistrationStatus.WAITING])
        assert meetup.last_number == len(self.by_hand.rows)
        assert meetup.capacity is None or meetup.taken <= meetup.capacity

    @invariant()
    def nobody_waits_for_a_place_that_is_free_for_them(self) -> None:
        waiting = [row for row in self.by_hand.rows if row.status == "waiting"]
        assert not self.by_hand.has_room() or all(self.by_hand.at_limit(row.company) for row in waiting)

    def _one_of(self, at: int, *statuses: str) -> int | None:
        """Somebody for whom one of these holds, if there is anybody."""
        found = [person for person, row in self.by_hand.latest().items() if row.status in statuses]
        return found[at % len(found)] if found else None

    def _register(self, person: int) -> None:
        wish = RegistrationCreate(person_id=self.person_ids[person])
        with self.gathering.world.database.session() as session:
            registrations.register(session, self.callers[PEOPLE[person][1]], self.meetup_id, wish)

    def _by_id(self, person: int, verb: str) -> None:
        with self.gathering.world.database.session() as session:
            found = queries.of_person(session, self.meetup_id, self.person_ids[person])
            assert found is not None
            getattr(registrations, verb)(session, found.id)

    def _change(self, **values: int | None) -> None:
        self.by_hand.tidy()
        with self.gathering.world.database.session() as session:
            meetup = session.get_one(Meetup, self.meetup_id)
            for name, value in values.items():
                setattr(meetup, name, value)
            session.flush()
            event = Event(id="evt", kind="meetup.changed", subject_id=self.meetup_id, happened_at=now())
            registrations.meetup_changed(session, event)

    def _same(self, expected: bool, act: Callable[[], None]) -> None:
        try:
            act()
        except Conflict:
            assert not expected
        else:
            assert expected


def test_places_are_given_as_on_paper_in_any_history(gathering: Gathering) -> None:
    Histories.gathering = gathering
    Histories.callers = {name: Caller(Role.PORTAL, name, company_id=gathering.company(name)) for name in COMPANIES}
    Histories.person_ids = tuple(gathering.world.person(gathering.company(company), name) for name, company in PEOPLE)

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
