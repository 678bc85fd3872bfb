"""A round with the guests of a meetup: who takes part, what their people's wishes change, and when these are gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import update
from sqlmodel import col

from app.access.models import Role
from app.communities.models import Community
from app.core.clock import now
from app.meetups.models import Meetup, MeetupStatus
from app.registrations.models import Registration, RegistrationStatus
from app.rounds import guests, personal
from app.rounds import service as rounds
from app.rounds.models import Round, RoundSnapshot
from app.rounds.snapshot import thaw
from matching.profiles import Profile
from tests.app.privacy.test_a_person import found_anywhere
from tests.app.programme.guests import a_guest, a_meetup
from tests.world import JsonObject, World


@dataclass
class Guests:
    """Alder, Birch and Cedar are published; who comes to the meetup is each test's own."""

    world: World
    meetup_id: str
    companies: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)

    def publish(self, name: str, *tags: str, **fields: object) -> None:
        self.companies[name] = self.world.company(name, sector=name.lower())
        document = {"name": f"{name} circle", "tags": list(tags), "languages": ["en"]} | fields
        [self.communities[name]] = self.world.published(self.companies[name], document)

    def comes(self, name: str, first_name: str = "Alex", **fields: object) -> str:
        """Somebody of a company, for its community; the registration."""
        return a_guest(
            self.world,
            self.meetup_id,
            self.companies[name],
            self.communities[name],
            first_name=first_name,
            **fields,  # type: ignore[arg-type]  # columns of any kind
        )

    def draft(self, **scope: object) -> JsonObject:
        made = self.world.organizer.post(
            "/v1/rounds", json={"title": "After the meetup", "scope": {"meetup": self.meetup_id} | scope}
        )
        assert made.status_code == 201, made.text
        drafted: JsonObject = made.json()
        return drafted

    def frozen(self, **scope: object) -> tuple[dict[str, Profile], str]:
        """What a round reads, by the company's name, and the hash of it."""
        round_id = self.draft(**scope)["id"]
        started = self.world.organizer.post(f"/v1/rounds/{round_id}/start")
        assert started.status_code == 202, started.text
        self.world.worker.run_until_idle()
        done = self.world.organizer.get(f"/v1/rounds/{round_id}").json()
        assert done["status"] == "proposed", done
        return self.profiles(round_id), done["snapshot_hash"]

    def profiles(self, round_id: str) -> dict[str, Profile]:
        with self.world.database.reader() as session:
            content = session.get_one(RoundSnapshot, round_id).content
        name_of = {community_id: name for name, community_id in self.communities.items()}
        return {name_of[one.id]: one for one in thaw(content).profiles}

    def newest_round(self) -> str:
        return str(self.world.organizer.get("/v1/rounds", params={"limit": 1}).json()["items"][0]["id"])


def three(world: World) -> Guests:
    found = Guests(world, a_meetup(world))
    found.publish("Alder", "charts", offers=["Reading charts"], seeks=["Telling stories"])
    found.publish("Birch", "charts")
    found.publish("Cedar", "charts")
    return found


@pytest.fixture
def scene(world: World) -> Guests:
    return three(world)


@pytest.fixture
def any_scene(any_world: World) -> Guests:
    return three(any_world)


def refused(scene: Guests, meetup_id: str) -> tuple[int, str]:
    answer = scene.world.organizer.post("/v1/rounds", json={"title": "x", "scope": {"meetup": meetup_id}})
    return answer.status_code, str(answer.json()["type"]).removeprefix("/problems/")


def test_only_communities_that_somebody_comes_for_take_part(any_scene: Guests) -> None:
    any_scene.comes("Alder")
    any_scene.comes("Birch")
    any_scene.comes("Cedar", status=RegistrationStatus.WAITING)

    profiles, _ = any_scene.frozen()

    assert profiles.keys() == {"Alder", "Birch"}
    assert any_scene.world.organizer.get(f"/v1/rounds/{any_scene.newest_round()}").json()["communities"] == 2


def test_once_attendance_was_kept_only_those_who_came_count(scene: Guests) -> None:
    for name, attended in (("Alder", True), ("Birch", True), ("Cedar", False)):
        scene.comes(name, attended=attended)
    scene.comes("Cedar", "Robin")
    with scene.world.database.session() as session:
        meetup = session.get_one(Meetup, scene.meetup_id)
        meetup.status, meetup.held_at = MeetupStatus.HELD, now()

    profiles, _ = scene.frozen()

    assert profiles.keys() == {"Alder", "Birch"}


def test_who_comes_for_no_community_brings_none(scene: Guests) -> None:
    scene.comes("Alder")
    scene.comes("Birch")
    a_guest(scene.world, scene.meetup_id, scene.companies["Cedar"], None)

    assert scene.frozen()[0].keys() == {"Alder", "Birch"}


def test_companies_and_communities_narrow_it_further(scene: Guests) -> None:
    for name in ("Alder", "Birch", "Cedar"):
        scene.comes(name)

    some, _ = scene.frozen(companies=[scene.companies["Alder"], scene.companies["Birch"]])
    others, _ = scene.frozen(communities=[scene.communities["Birch"], scene.communities["Cedar"]])

    assert [set(some), set(others)] == [{"Alder", "Birch"}, {"Birch", "Cedar"}]


def test_what_their_people_wish_is_read_with_their_texts(scene: Guests) -> None:
    scene.comes("Alder", learn=["Barcamps"], show=["Sketchnotes"], themes=["onboarding"])
    scene.comes("Alder", "Robin", learn=["telling STORIES", "barcamps"], show=["Sketchnotes", "Podcasts"])
    scene.comes("Birch")

    profiles, _ = scene.frozen()

    alder = profiles["Alder"]
    assert alder.seeks == ("Telling stories", "Barcamps")
    assert alder.offers == ("Reading charts", "Sketchnotes", "Podcasts")
    assert alder.tags == ("charts", "onboarding")
    assert (profiles["Birch"].tags, profiles["Birch"].seeks) == (("charts",), ())


def test_wishes_bring_those_together_whose_communities_share_no_word(scene: Guests) -> None:
    scene.publish("Dogwood", "beekeeping")
    scene.publish("Elder", "gardening")
    scene.comes("Dogwood", learn=["working out loud"])
    scene.comes("Elder", show=["working out loud"])

    scene.frozen()

    [proposal] = scene.world.organizer.get(f"/v1/rounds/{scene.newest_round()}/proposals").json()["items"]
    assert {proposal["a"]["company"], proposal["b"]["company"]} == {"Dogwood", "Elder"}
    assert proposal["similarity"] > 0.2
    assert "working" not in str(proposal["reasons"])


def test_no_reason_tells_a_word_that_only_people_wish(any_scene: Guests) -> None:
    world = any_scene.world
    any_scene.comes("Alder", "Alex", learn=["mentoring with Birgit Sonnleitner"], themes=["quilting"])
    any_scene.comes("Birch", "Kim", show=["mentoring with Birgit Sonnleitner"], themes=["quilting"])
    any_scene.frozen()
    round_id = any_scene.newest_round()
    released = world.organizer.post(f"/v1/rounds/{round_id}/release")
    assert released.status_code == 200, released.text
    world.worker.run_until_idle()

    shown = [world.organizer.get(f"/v1/rounds/{round_id}/proposals").text]
    shown += [world.portal(any_scene.companies[one]).get("/v1/suggestions").text for one in ("Alder", "Birch")]

    assert [text for text in shown if "charts" not in text] == []
    for word in ("sonnleitner", "birgit", "mentoring", "quilting"):
        assert [text for text in shown if word in text.lower()] == []
        # In the words of who comes, and nowhere else.
        assert {one.split(".")[0] for one in found_anywhere(world, word)} == {"registration"}


def test_a_wish_that_the_community_says_too_is_told_in_its_words(scene: Guests) -> None:
    scene.publish("Dogwood", "beekeeping")
    scene.comes("Dogwood", learn=["beekeeping"])
    scene.publish("Elder", "gardening", seeks=["Beekeeping"])
    scene.comes("Elder", show=["BEEKEEPING on roofs"])

    profiles, _ = scene.frozen()

    [proposal] = scene.world.organizer.get(f"/v1/rounds/{scene.newest_round()}/proposals").json()["items"]
    assert "beekeeping" in str(proposal["reasons"]).lower()
    assert "roofs" not in str(proposal["reasons"])
    assert (profiles["Dogwood"].unspoken, profiles["Elder"].unspoken) == ((), ("BEEKEEPING on roofs",))


def test_a_hundred_wishes_do_not_drown_what_a_community_says_itself(scene: Guests) -> None:
    for number in range(10):
        scene.comes("Alder", f"P{number}", themes=[f"theme {number} {more}" for more in range(5)] + ["common"])
    scene.comes("Birch")

    profiles, _ = scene.frozen()

    tags = profiles["Alder"].tags
    assert len(tags) == 1 + guests.MOST
    # What most of them wish stays in any case.
    assert tags[:2] == ("charts", "common")


def test_the_order_in_which_people_registered_makes_no_other_round(world: World) -> None:
    hashes: set[str] = set()
    profiles = []
    scene = three(world)
    people: Sequence[tuple[str, str, list[str]]] = (
        ("Alder", "Alex", ["b", "a"]),
        ("Alder", "Robin", ["A", "c"]),
        ("Birch", "Kim", ["d"]),
    )
    for some in (people, people[::-1]):
        scene.meetup_id = a_meetup(world)
        for name, first_name, learn in some:
            scene.comes(name, f"{first_name}{len(hashes)}", learn=learn)
        found, digest = scene.frozen()
        hashes.add(digest)
        profiles.append(found)

    assert profiles[0]["Alder"].seeks == ("Telling stories", "A", "b", "c")
    assert len(hashes) == 1


def test_a_preview_reads_what_the_round_would(scene: Guests) -> None:
    scene.comes("Alder", learn=["Barcamps"])
    scene.comes("Birch", show=["Barcamps"])
    round_id = scene.draft()["id"]
    organizer = scene.world.organizer
    preview = organizer.post(f"/v1/rounds/{round_id}/preview", json={})
    assert preview.status_code == 202, preview.text
    scene.world.worker.run_until_idle()
    previewed = organizer.get(preview.headers["Location"]).json()

    organizer.post(f"/v1/rounds/{round_id}/start")
    scene.world.worker.run_until_idle()

    assert previewed["communities"] == 2
    assert previewed["snapshot_hash"] == organizer.get(f"/v1/rounds/{round_id}").json()["snapshot_hash"]


def test_what_was_wished_otherwise_before_the_start_is_not_read(scene: Guests) -> None:
    registration_id = scene.comes("Alder", learn=["Barcamps"])
    scene.comes("Birch")
    with scene.world.database.session() as session:
        erased = update(Registration).where(col(Registration.id) == registration_id).values(learn=[])
        session.execute(erased)

    assert scene.frozen()[0]["Alder"].seeks == ("Telling stories",)


def test_a_meetup_that_does_not_exist_or_that_nobody_comes_to_is_refused(scene: Guests) -> None:
    draft = a_meetup(scene.world, MeetupStatus.DRAFT)
    cancelled = a_meetup(scene.world, MeetupStatus.CANCELLED)

    assert refused(scene, "mtp_unknown") == (422, "round-meetup-unknown")
    assert refused(scene, draft) == (409, "round-meetup-without-guests")
    assert refused(scene, cancelled) == (409, "round-meetup-without-guests")


def test_a_meetup_that_was_cancelled_since_is_refused_at_the_start_and_in_a_preview(scene: Guests) -> None:
    scene.comes("Alder")
    scene.comes("Birch")
    round_id = scene.draft()["id"]
    with scene.world.database.session() as session:
        session.get_one(Meetup, scene.meetup_id).status = MeetupStatus.CANCELLED

    for verb in ("start", "preview"):
        answer = scene.world.organizer.post(f"/v1/rounds/{round_id}/{verb}", json={} if verb == "preview" else None)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/round-meetup-without-guests")


def test_a_round_that_nobody_or_one_company_would_take_part_in_does_not_start(scene: Guests) -> None:
    round_id = scene.draft()["id"]
    nobody = scene.world.organizer.post(f"/v1/rounds/{round_id}/start")
    scene.comes("Alder")
    one_company = scene.world.organizer.post(f"/v1/rounds/{round_id}/start")

    assert [one.json()["type"].removeprefix("/problems/") for one in (nobody, one_company)] == [
        "round-without-communities",
        "round-of-one-company",
    ]


def test_a_round_shows_its_meetup_and_the_day_it_is_planned_for(scene: Guests) -> None:
    organizer = scene.world.organizer
    day = (now() + timedelta(days=3)).date().isoformat()
    made = organizer.post("/v1/rounds", json={"title": "x", "scope": {"meetup": scene.meetup_id}, "planned_on": day})
    address = made.headers["Location"]

    shown = made.json()
    changed = organizer.patch(
        address, json={"scope": {}, "planned_on": None}, headers={"If-Match": made.headers["ETag"]}
    )
    title_only = organizer.patch(address, json={"title": "y"}, headers={"If-Match": changed.headers["ETag"]})

    assert shown["scope"] == {"companies": [], "communities": [], "meetup": scene.meetup_id}
    assert shown["planned_on"] == day
    assert changed.json()["scope"]["meetup"] is None
    assert (changed.json()["planned_on"], title_only.json()["planned_on"]) == (None, None)


def test_the_day_stays_when_something_else_is_changed_and_is_not_in_the_past(scene: Guests) -> None:
    organizer = scene.world.organizer
    day = (now() + timedelta(days=3)).date().isoformat()
    made = organizer.post("/v1/rounds", json={"title": "x", "planned_on": day})
    address, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    long_ago = date(2026, 1, 1).isoformat()

    refusals = [
        organizer.post("/v1/rounds", json={"title": "x", "planned_on": long_ago}),
        organizer.patch(address, json={"planned_on": long_ago}, headers=tag),
    ]
    changed = organizer.patch(address, json={"title": "y"}, headers=tag)

    assert {(one.status_code, one.json()["type"]) for one in refusals} == {
        (422, "/problems/round-planned-in-the-past")
    }
    assert (changed.json()["title"], changed.json()["planned_on"]) == ("y", day)


def test_what_an_erased_person_wished_leaves_the_frozen_input(any_scene: Guests) -> None:
    registration_id = any_scene.comes("Alder", learn=["Barcamps", "Podcasts"], themes=["charts", "secret plan"])
    any_scene.comes("Alder", "Robin", learn=["podcasts"])
    any_scene.comes("Birch", learn=["Barcamps"])
    any_scene.frozen()
    round_id = any_scene.newest_round()
    with any_scene.world.database.session() as session:
        person_id = session.get_one(Registration, registration_id).person_id
        personal.erase_person(session, person_id)

    profiles = any_scene.profiles(round_id)

    assert profiles["Alder"].seeks == ("Telling stories", "Podcasts")
    assert profiles["Alder"].tags == ("charts",)
    assert profiles["Birch"].seeks == ("Barcamps",)
    assert [profiles[name].unspoken for name in ("Alder", "Birch")] == [("Podcasts",), ("Barcamps",)]
    again = any_scene.world.organizer.post(f"/v1/rounds/{round_id}/rerun")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/round-snapshot-erased")


@pytest.mark.parametrize("then", [None, "Second"])
def test_they_leave_it_too_when_the_person_came_for_another_community_since(scene: Guests, then: str | None) -> None:
    registration_id = scene.comes("Alder", learn=["Barcamps"], show=["quilting"])
    scene.comes("Birch", learn=["Barcamps"])
    scene.frozen()
    round_id = scene.newest_round()
    [second] = scene.world.published(scene.companies["Alder"], {"name": "Second", "tags": ["x"], "languages": ["en"]})
    with scene.world.database.session() as session:
        registration = session.get_one(Registration, registration_id)
        registration.community_id = second if then else None
        session.add(registration)
        session.flush()
        personal.erase_person(session, registration.person_id)

    profiles = scene.profiles(round_id)

    assert (profiles["Alder"].seeks, profiles["Alder"].offers) == (("Telling stories",), ("Reading charts",))
    assert (profiles["Alder"].unspoken, profiles["Birch"].seeks) == ((), ("Barcamps",))


def test_words_of_the_community_stay_though_it_says_others_since(scene: Guests) -> None:
    registration_id = scene.comes("Alder", learn=["Barcamps"])
    scene.comes("Birch")
    scene.frozen()
    with scene.world.database.session() as session:
        rewritten: dict[str, list[str]] = {"offers": [], "seeks": [], "tags": []}
        of_alder = col(Community.id) == scene.communities["Alder"]
        session.execute(update(Community).where(of_alder).values(**rewritten))
        personal.erase_person(session, session.get_one(Registration, registration_id).person_id)

    assert scene.profiles(scene.newest_round())["Alder"].seeks == ("Telling stories",)


def test_who_wished_nothing_leaves_the_frozen_input_as_it_is(scene: Guests) -> None:
    registration_id = scene.comes("Alder")
    scene.comes("Birch")
    scene.frozen()
    round_id = scene.newest_round()
    with scene.world.database.session() as session:
        personal.erase_person(session, session.get_one(Registration, registration_id).person_id)
        assert session.get_one(RoundSnapshot, round_id).erased_at is None


def test_wishes_are_not_kept_longer_than_registrations_however_far_the_round_is(any_scene: Guests) -> None:
    registration_id = any_scene.comes("Alder", learn=["Barcamps"])
    any_scene.comes("Birch")
    any_scene.frozen()
    round_id = any_scene.newest_round()
    over = now() + timedelta(weeks=4, hours=1)
    with any_scene.world.database.session() as session:
        assert rounds.forget_wishes(session, over, 10) == []
    with any_scene.world.database.session() as session:
        # Some of it is missing already: the rest goes all the same, once.
        personal.erase_person(session, session.get_one(Registration, registration_id).person_id)

    for expected in ([round_id], []):
        with any_scene.world.database.session() as session:
            assert rounds.forget_wishes(session, over + timedelta(days=2), 10) == expected

    assert any_scene.profiles(round_id) == {}


def test_a_round_of_everybody_reads_no_wishes(scene: Guests) -> None:
    scene.comes("Alder", learn=["Barcamps"])
    scene.comes("Birch", show=["Barcamps"])

    profiles, _ = scene.frozen(meetup=None)

    assert profiles.keys() == {"Alder", "Birch", "Cedar"}
    assert profiles["Alder"].seeks == ("Telling stories",)
    with scene.world.database.reader() as session:
        assert session.get_one(Round, scene.newest_round()).scope_meetup is None


def test_to_erase_a_person_takes_its_wishes_along_and_the_time_does_with_all(scene: Guests) -> None:
    registration_id = scene.comes("Alder", learn=["Barcamps"])
    scene.comes("Birch", learn=["Podcasts"])
    scene.frozen()
    round_id = scene.newest_round()
    with scene.world.database.reader() as session:
        person_id = session.get_one(Registration, registration_id).person_id

    erased = scene.world.caller(Role.COORDINATOR, scene.companies["Alder"]).post(f"/v1/people/{person_id}/erase")
    after = scene.profiles(round_id)
    with time_machine.travel(now() + timedelta(weeks=4, days=91), tick=False):
        scene.world.worker.run_until_idle()

    assert erased.status_code == 200, erased.text
    assert (after["Alder"].seeks, after["Birch"].seeks) == (("Telling stories",), ("Podcasts",))
    assert scene.profiles(round_id) == {}
