"""Two people of a group want to meet again: when their communities are suggested to each other, and when not."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import col, select

from app.access.models import Role
from app.communities.models import Community, CommunityStatus
from app.core import events, jobs
from app.core.clock import now
from app.core.events import Event
from app.core.jobs import Lease, LeaseLost
from app.meetups.models import MeetupStatus
from app.people.models import Person
from app.programme import meeting_again
from app.registrations.models import Registration
from app.seatings.models import Again
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
from app.worker import HANDLERS
from matching.profiles import Profile
from tests.app.privacy.test_a_person import found_anywhere
from tests.app.programme.conftest import document
from tests.app.programme.guests import a_guest, a_meetup, says_again
from tests.app.tandems.conftest import offer, post, told, work
from tests.world import ApiCaller, JsonObject, World

OWN_WORDS = "Zettelkastenrunde"


@dataclass
class Met:
    """Alex of Alder and Kim of Birch sat in one group; each came for its company's community."""

    world: World
    meetup_id: str
    companies: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)
    guests: dict[str, str] = field(default_factory=dict)

    def publish(self, company: str, name: str, *tags: str, **fields: object) -> None:
        self.companies[company] = self.world.company(company, sector=company.lower())
        [self.communities[company]] = self.world.published(self.companies[company], document(name, *tags, **fields))

    def comes(self, first_name: str, company: str, *, for_community: bool = True, **fields: object) -> None:
        community_id = self.communities[company] if for_community else None
        self.guests[first_name] = a_guest(
            self.world,
            self.meetup_id,
            self.companies[company],
            community_id,
            first_name=first_name,
            **fields,  # type: ignore[arg-type]  # columns of any kind
        )

    def portal(self, company: str) -> ApiCaller:
        return self.world.portal(self.companies[company])

    def both_say_again(self, one: str, other: str) -> str:
        """Each ticks the other; the fact that both have is recorded, not handled yet. The id of the second wish."""
        says_again(self.world, self.guests[one], self.guests[other])
        second = says_again(self.world, self.guests[other], self.guests[one])
        with self.world.database.session() as session:
            events.record(session, "again.both", second)
        return second

    def suggestions(self) -> list[Suggestion]:
        work(self.world)
        with self.world.database.reader() as session:
            found = session.exec(select(Suggestion).order_by(col(Suggestion.id))).all()
            waits = session.exec(
                select(Event.id).where(Event.kind == "again.both", col(Event.handled_at).is_(None))
            ).all()
        assert not waits
        return list(found)

    @property
    def pair(self) -> tuple[str, str]:
        first, second = sorted((self.communities["Alder"], self.communities["Birch"]))
        return first, second


def met_in(world: World) -> Met:
    met = Met(world, a_meetup(world, MeetupStatus.HELD))
    met.publish("Alder", "Chart Circle", "charts", "diagrams", managers=[manager("mo"), manager("lou", True)])
    met.publish("Birch", OWN_WORDS, "charts", "dashboards", managers=[manager("sam")])
    met.comes("Alex", "Alder", learn=["dashboards for beginners"])
    met.comes("Kim", "Birch", show=["dashboards for beginners"])
    return met


def manager(name: str, deputy: bool = False) -> JsonObject:
    return {"email": f"{name}@managers.example", "first_name": name.title(), "deputy": deputy}


@pytest.fixture
def met(world: World) -> Met:
    return met_in(world)


@pytest.fixture
def any_met(any_world: World) -> Met:
    return met_in(any_world)


def test_two_who_want_to_meet_again_bring_their_communities_a_suggestion(any_met: Met) -> None:
    any_met.both_say_again("Alex", "Kim")

    [suggestion] = any_met.suggestions()

    assert (suggestion.a_id, suggestion.b_id) == any_met.pair
    assert (suggestion.origin, suggestion.meetup_id) == (SuggestionOrigin.MEETUP, any_met.meetup_id)
    assert (suggestion.status, suggestion.round_id, suggestion.probability) == (SuggestionStatus.OPEN, None, None)
    assert 0 < suggestion.similarity <= 1
    told_terms = {pair["a"] for reason in suggestion.reasons for pair in reason["terms"]}  # type: ignore[attr-defined]  # stored as JSON
    assert {term.lower().rstrip("s") for term in told_terms} == {"chart"}


def test_what_people_wish_makes_alike_and_is_told_in_no_reason(any_met: Met) -> None:
    any_met.publish("Cedar", "Loom", "weaving", "charts")
    any_met.publish("Dogwood", "Kiln", "pottery", "charts")
    any_met.comes("Robin", "Cedar")
    any_met.comes("Toni", "Dogwood")
    any_met.both_say_again("Robin", "Toni")
    [without] = any_met.suggestions()
    with any_met.world.database.session() as session:
        session.execute(delete(SuggestionSide))
        session.execute(delete(Suggestion))
        session.execute(delete(Again))
        wishes = update(Registration).where(
            col(Registration.id).in_([any_met.guests[one] for one in ("Robin", "Toni")])
        )
        session.execute(wishes.values(themes=["quilting with Birgit Sonnleitner"]))
    any_met.both_say_again("Robin", "Toni")

    [suggestion] = any_met.suggestions()

    assert suggestion.similarity > without.similarity > 0
    assert "charts" in str(suggestion.reasons)
    for word in ("quilting", "birgit", "sonnleitner"):
        assert {one.split(".")[0] for one in found_anywhere(any_met.world, word)} == {"registration"}


def test_it_is_masked_like_any_other_until_all_have_said_yes(met: Met) -> None:
    met.both_say_again("Alex", "Kim")
    [suggestion] = met.suggestions()
    address = f"/v1/suggestions/{suggestion.id}"

    before = met.portal("Alder").get(address)

    shown = before.json()
    assert (shown["origin"], shown["meetup_id"], shown["round_id"]) == ("meetup", met.meetup_id, None)
    assert (shown["status"], shown["own_answer"], shown["approval_needed"]) == ("open", None, False)
    assert (shown["partner"]["name"], shown["partner"]["company"]) == (None, None)
    for name in (
        "Birch",
        OWN_WORDS,
        met.communities["Birch"],
        met.companies["Birch"],
        "Kim",
        "Alex",
        *met.guests.values(),
    ):
        assert name not in before.text, name

    for company in ("Alder", "Birch"):
        answered = met.portal(company).post(f"{address}/answer", json={"answer": "yes"})
        assert answered.status_code == 200, answered.text
    after = met.portal("Alder").get(address).json()
    assert (after["status"], after["partner"]["name"]) == ("accepted", OWN_WORDS)


def test_nobody_but_the_two_sides_and_the_organizer_sees_it(met: Met) -> None:
    met.both_say_again("Alex", "Kim")
    [suggestion] = met.suggestions()
    other = met.world.portal(met.world.company("Cedar"))

    seen = [
        caller.get(f"/v1/suggestions/{suggestion.id}").status_code
        for caller in (
            other,
            met.world.caller(Role.PARTICIPANT, person_id=met.world.person(met.companies["Alder"], "Pat")),
        )
    ]

    assert seen == [404, 404]
    assert met.world.organizer.get(f"/v1/suggestions/{suggestion.id}").json()["pair"]["b"]["name"] in (
        "Chart Circle",
        OWN_WORDS,
    )


def test_the_managers_are_asked_and_the_mail_names_neither_of_the_two(met: Met) -> None:
    met.both_say_again("Alex", "Kim")

    posted = post(met.world)

    assert told(posted) == [
        ("suggestion.opened", "lou"),
        ("suggestion.opened", "mo"),
        ("suggestion.opened", "sam"),
    ]
    mail = next(one.text for one in posted if one.to.startswith("mo@"))
    assert "Two people have met at a meetup and want to meet again: one came for Chart Circle" in mail
    assert not [name for name in ("Alex", "Kim", "Birch", OWN_WORDS) if name in mail]


def test_the_mail_says_so_in_german_too(met: Met) -> None:
    with met.world.database.session() as session:
        session.execute(update(Person).where(col(Person.first_name) == "Sam").values(language="de"))
    met.both_say_again("Alex", "Kim")

    mail = next(one.text for one in post(met.world) if one.to.startswith("sam@"))

    assert (
        f"Zwei Menschen haben sich bei einem Meetup getroffen und möchten sich wiedersehen: einer kam für {OWN_WORDS}"
        in mail
    )
    assert "Chart Circle" not in mail


def test_texts_that_have_nothing_in_common_do_not_keep_them_apart(met: Met) -> None:
    met.publish("Cedar", "Honey", "beekeeping")
    met.comes("Robin", "Cedar")
    met.both_say_again("Alex", "Robin")

    [suggestion] = met.suggestions()

    assert (suggestion.similarity, suggestion.reasons, suggestion.other) == (0.0, [], 1.0)


def test_several_pairs_of_people_make_one_suggestion(any_met: Met) -> None:
    any_met.comes("Charlie", "Alder")
    any_met.comes("Dana", "Birch")
    any_met.both_say_again("Alex", "Kim")
    any_met.both_say_again("Charlie", "Dana")

    assert len(any_met.suggestions()) == 1

    any_met.both_say_again("Charlie", "Kim")
    assert len(any_met.suggestions()) == 1


def test_the_same_event_handled_once_more_changes_nothing(any_met: Met) -> None:
    again_id = any_met.both_say_again("Alex", "Kim")
    [suggestion] = any_met.suggestions()
    with any_met.world.database.session() as session:
        withdrawn = update(Suggestion).values(status=SuggestionStatus.WITHDRAWN, ended_at=now())
        session.execute(withdrawn.where(col(Suggestion.id) == suggestion.id))

    with any_met.world.database.session() as session:
        events.record(session, "again.both", again_id)

    assert [one.id for one in any_met.suggestions()] == [suggestion.id]


def test_two_workers_at_the_same_moment_make_one_suggestion(any_met: Met) -> None:
    any_met.comes("Charlie", "Alder")
    any_met.comes("Dana", "Birch")
    any_met.both_say_again("Alex", "Kim")
    any_met.both_say_again("Charlie", "Dana")
    events.handle_some(any_met.world.database, HANDLERS)
    leases = [jobs.claim(any_met.world.database, 60, [meeting_again.JOB]) for _ in range(2)]
    together = threading.Barrier(2)

    def compute(lease: Lease | None) -> None:
        assert lease is not None
        together.wait()
        meeting_again.run(lease, lease.subject_id)

    threads = [threading.Thread(target=compute, args=(one,)) for one in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(any_met.suggestions()) == 1


def test_a_worker_that_was_thought_dead_stores_nothing(met: Met) -> None:
    met.both_say_again("Alex", "Kim")
    events.handle_some(met.world.database, HANDLERS)
    lost = jobs.claim(met.world.database, -1, [meeting_again.JOB])
    assert lost is not None
    jobs.claim(met.world.database, 60, [meeting_again.JOB])

    with pytest.raises(LeaseLost):
        meeting_again.run(lost, lost.subject_id)

    with met.world.database.reader() as session:
        assert session.exec(select(Suggestion)).all() == []


@pytest.mark.parametrize("what", ["taken back", "paused", "another community"])
def test_what_happens_while_a_worker_compares_counts(met: Met, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    [second] = met.world.published(met.companies["Alder"], document("Second", "charts"))
    again_id = met.both_say_again("Alex", "Kim")
    compared = meeting_again._compared

    def meanwhile(profiles: Sequence[Profile], pair: tuple[str, str]) -> tuple[float, list[dict[str, object]], float]:
        with met.world.database.session() as session:
            if what == "taken back":
                session.execute(delete(Again).where(col(Again.id) != again_id))
            elif what == "paused":
                of_alder = update(Community).where(col(Community.id) == met.communities["Alder"])
                session.execute(of_alder.values(status=CommunityStatus.PAUSED))
            else:
                of_alex = update(Registration).where(col(Registration.id) == met.guests["Alex"])
                session.execute(of_alex.values(community_id=second))
        return compared(profiles, pair)

    monkeypatch.setattr(meeting_again, "_compared", meanwhile)

    found = met.suggestions()

    between = [tuple(sorted((second, met.communities["Birch"])))] if what == "another community" else []
    assert [(one.a_id, one.b_id) for one in found] == between


def test_nobody_waits_for_the_comparison_to_write(met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    met.both_say_again("Alex", "Kim")
    compared = meeting_again._compared
    written = []

    def beside(profiles: Sequence[Profile], pair: tuple[str, str]) -> tuple[float, list[dict[str, object]], float]:
        with met.world.database.session() as session:
            events.record(session, "something.else", "x")
            session.flush()
            written.append(True)
        return compared(profiles, pair)

    monkeypatch.setattr(meeting_again, "_compared", beside)

    assert (len(met.suggestions()), written) == (1, [True])


def test_who_came_for_no_community_brings_none(met: Met) -> None:
    met.comes("Charlie", "Alder", for_community=False)

    met.both_say_again("Charlie", "Kim")

    assert met.suggestions() == []


def test_two_of_one_company_or_of_one_community_bring_none(met: Met) -> None:
    met.comes("Charlie", "Alder")
    [second] = met.world.published(met.companies["Alder"], document("Second", "charts"))
    met.guests["Dana"] = a_guest(met.world, met.meetup_id, met.companies["Alder"], second, first_name="Dana")

    met.both_say_again("Alex", "Charlie")
    met.both_say_again("Alex", "Dana")

    assert met.suggestions() == []


def test_a_wish_that_was_taken_back_before_anybody_looked_brings_none(met: Met) -> None:
    again_id = met.both_say_again("Alex", "Kim")
    with met.world.database.session() as session:
        session.execute(delete(Again).where(col(Again.id) != again_id))

    assert met.suggestions() == []


def test_a_wish_that_is_gone_brings_none(met: Met) -> None:
    met.both_say_again("Alex", "Kim")
    with met.world.database.session() as session:
        session.execute(delete(Again))

    assert met.suggestions() == []


@pytest.mark.parametrize(
    "values",
    [
        {"status": CommunityStatus.PAUSED},
        {"status": CommunityStatus.DRAFT},
        {"status": CommunityStatus.ARCHIVED},
        {"capacity": 0},
        {"excluded_sectors": ["birch"]},
        {"ask_not_before": (now() + timedelta(days=400)).date()},
    ],
    ids=lambda values: str(next(iter(values.items()))),
)
def test_what_one_side_does_not_want_now_keeps_them_apart(met: Met, values: dict[str, object]) -> None:
    with met.world.database.session() as session:
        session.execute(update(Community).where(col(Community.id) == met.communities["Alder"]).values(**values))
    met.both_say_again("Alex", "Kim")

    assert met.suggestions() == []
    assert post(met.world) == []


def test_a_company_that_is_excluded_is_not_met_again(met: Met) -> None:
    with met.world.database.session() as session:
        excluded = {"excluded_companies": [met.companies["Alder"]]}
        session.execute(update(Community).where(col(Community.id) == met.communities["Birch"]).values(**excluded))
    met.both_say_again("Alex", "Kim")

    assert met.suggestions() == []


def test_companies_that_keep_apart_are_not_brought_together(met: Met) -> None:
    coordinator = met.world.caller(Role.COORDINATOR, met.companies["Alder"])
    path = f"/v1/companies/{met.companies['Alder']}/proximity/{met.companies['Birch']}"
    etag = {"If-Match": coordinator.get(path).headers["ETag"]}
    kept = coordinator.put(path, json={"proximity": "excluded"}, headers=etag)
    assert kept.status_code == 200, kept.text
    met.both_say_again("Alex", "Kim")

    assert met.suggestions() == []


@pytest.mark.parametrize(
    ("status", "suggested"),
    [
        (SuggestionStatus.OPEN, 1),
        (SuggestionStatus.ACCEPTED, 1),
        (SuggestionStatus.DECLINED, 1),
        (SuggestionStatus.EXPIRED, 1),
        (SuggestionStatus.WITHDRAWN, 2),
    ],
)
def test_what_was_between_the_two_before_counts(met: Met, status: SuggestionStatus, suggested: int) -> None:
    with met.world.database.session() as session:
        [known] = tandems.open_many(session, [offer(*met.pair)])
    if status is SuggestionStatus.ACCEPTED:
        for company in ("Alder", "Birch"):
            met.portal(company).post(f"/v1/suggestions/{known}/answer", json={"answer": "yes"})
    else:
        with met.world.database.session() as session:
            ended = None if status is SuggestionStatus.OPEN else now()
            values = {"status": status, "ended_at": ended}
            session.execute(update(Suggestion).where(col(Suggestion.id) == known).values(**values))
    met.both_say_again("Alex", "Kim")

    assert len(met.suggestions()) == suggested


def test_who_came_for_a_community_that_was_taken_in_by_another_came_for_that_one(met: Met) -> None:
    [survivor] = met.world.published(met.companies["Alder"], document("Diagram Club", "charts"))
    merged = met.portal("Alder").post(f"/v1/communities/{met.communities['Alder']}/merge", json={"into": survivor})
    assert merged.status_code == 200, merged.text
    met.both_say_again("Alex", "Kim")

    [suggestion] = met.suggestions()

    assert {suggestion.a_id, suggestion.b_id} == {survivor, met.communities["Birch"]}
