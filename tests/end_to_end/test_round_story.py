"""A round from the first draft to tandems, as its four roles live through it, on both databases.

Organizer, managers, a coordinator and a company that has no part in it: after each step it is asked what each of them
sees. One pair says yes, one says no and is offered somebody else, one pauses before the release; another round is
taken back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from httpx2 import Response

from app.access.models import Role
from app.core.settings import Settings
from tests.world import ApiCaller, JsonObject, World, world_on

pytestmark = pytest.mark.postgres

THEMES = {
    "Data": "charts statistics dashboards figures analytics",
    "Python": "python programming scripts automation notebooks",
    "Climate": "climate energy carbon sustainability emissions",
}


@dataclass
class Party:
    """A company with communities, who speaks for them, and its keys."""

    name: str
    id: str
    portal: ApiCaller
    coordinator: ApiCaller
    communities: dict[str, str] = field(default_factory=dict)
    managers: dict[str, ApiCaller] = field(default_factory=dict)

    @property
    def secrets(self) -> list[str]:
        """What nobody else may read before all have said yes."""
        return [self.name, self.id, *self.communities.values(), f"@{self.name.lower()}.example", "Secret "]


@pytest.fixture
def world(any_database_url: str) -> Iterator[World]:
    settings = Settings(database_url=any_database_url, lease_seconds=30, poll_seconds=0.05, log_level="error")
    with world_on(settings) as world:
        yield world


def party(world: World, name: str, sector: str, themes: list[str]) -> Party:
    company = world.company(name, sector=sector)
    found = Party(name, company, world.portal(company), world.caller(Role.COORDINATOR, company))
    for theme in themes:
        contact = {"email": f"{theme.lower()}@{name.lower()}.example", "first_name": f"Secret {theme}"}
        document = {
            "name": f"{name} {theme} people",
            "purpose": THEMES[theme],
            "topics": THEMES[theme].split()[:2],
            "languages": ["en"],
            "managers": [contact],
        }
        [found.communities[theme]] = world.published(company, document)
    for person in found.portal.get("/v1/people").json()["items"]:
        theme = person["first_name"].removeprefix("Secret ")
        found.managers[theme] = world.caller(Role.MANAGER, person_id=person["id"])
    return found


class Story:
    """Nordwerk and Suedhafen have three themes in common, Ostbank has one of them; Westwind has no part in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.organizer = world.organizer
        self.nord = party(world, "Nordwerk", "machinery", ["Data", "Python", "Climate"])
        self.sued = party(world, "Suedhafen", "health", ["Data", "Python", "Climate"])
        self.ost = party(world, "Ostbank", "machinery", ["Python"])
        self.west = party(world, "Westwind", "energy", [])
        self.round_id = str(self.done(self.organizer.post("/v1/rounds", json={"title": "Spring meetup"}), 201)["id"])
        self.address = f"/v1/rounds/{self.round_id}"

    @staticmethod
    def done(answer: Response, status: int = 200) -> JsonObject:
        assert answer.status_code == status, answer.text
        shown: JsonObject = answer.json()
        return shown

    def round(self) -> JsonObject:
        return self.done(self.organizer.get(self.address))

    def step(self, name: str, status: int = 200, body: JsonObject | None = None) -> JsonObject:
        done = self.done(self.organizer.post(f"{self.address}/{name}", json=body), status)
        self.world.worker.run_until_idle()
        return done

    def proposals(self, **query: str) -> dict[frozenset[str], JsonObject]:
        items = self.done(self.organizer.get(f"{self.address}/proposals", params=query))["items"]
        return {frozenset((one["a"]["id"], one["b"]["id"])): one for one in items}

    def seen(self, caller: ApiCaller, **query: str) -> list[JsonObject]:
        items: list[JsonObject] = self.done(caller.get("/v1/suggestions", params=query))["items"]
        return items

    def only(self, caller: ApiCaller) -> JsonObject:
        [one] = self.seen(caller)
        return one

    def answered(self, caller: ApiCaller, suggestion_id: str, answer: str, **more: str) -> JsonObject:
        body = {"answer": answer} | more
        done = self.done(caller.post(f"/v1/suggestions/{suggestion_id}/answer", json=body))
        self.world.worker.run_until_idle()
        return done

    def pair(self, one: Party, other: Party, theme: str) -> frozenset[str]:
        return frozenset((one.communities[theme], other.communities[theme]))

    def assert_outsiders_see_nothing(self, suggestion_ids: list[str]) -> None:
        for caller in (self.west.portal, self.west.coordinator):
            assert self.seen(caller) == []
            assert self.done(caller.get("/v1/tandems"))["items"] == []
            for name in suggestion_ids:
                invented = caller.get("/v1/suggestions/sug_none")
                hidden = caller.get(f"/v1/suggestions/{name}")
                assert (hidden.status_code, hidden.json()["type"]) == (404, invented.json()["type"])
                answer = caller.post(f"/v1/suggestions/{name}/answer", json={"answer": "yes"})
                assert answer.status_code == 404
            assert caller.get(self.address).status_code == 403


def test_a_round_from_the_draft_to_tandems(world: World) -> None:  # noqa: PLR0915  a story is told in one go
    story = Story(world)
    nord, sued, ost = story.nord, story.sued, story.ost

    # The organizer compares, changes the draft, runs, reviews.
    queued = story.done(story.organizer.post(f"{story.address}/preview", json={"settings": [{}, {"cost": 1.0}]}), 202)
    world.worker.run_until_idle()
    preview = story.done(story.organizer.get(f"{story.address}/previews/{queued['id']}"))
    assert [one["pairs"] > 0 for one in preview["outcomes"]] == [True, False]
    assert story.round()["status"] == "draft"
    tag = story.organizer.get(story.address).headers["ETag"]
    change = {"settings": {"min_similarity": 0.05, "alternates": 2}}
    story.done(story.organizer.patch(story.address, json=change, headers={"If-Match": tag}))
    story.step("start", 202)
    ran = story.round()
    assert (ran["status"], ran["communities"], ran["proposals"]) == ("proposed", 7, 3)

    # A pin, another run on the same snapshot, and what the managers see of all this: nothing.
    python = {"a": nord.communities["Python"], "b": sued.communities["Python"]}
    story.done(story.organizer.post(f"{story.address}/pins", json=python), 201)
    story.step("rerun", 202)
    again = story.round()
    assert (again["snapshot_hash"], again["run"]) == (ran["snapshot_hash"], 2)
    assert set(story.proposals()) == {story.pair(nord, sued, theme) for theme in THEMES}
    assert story.proposals()[story.pair(nord, sued, "Python")]["pinned"]
    for manager in (*nord.managers.values(), *sued.managers.values()):
        assert story.seen(manager) == []

    # One community pauses before the release: its pair is left out with a reason, the others are asked.
    story.done(nord.managers["Climate"].post(f"/v1/communities/{nord.communities['Climate']}/pause", json={}))
    released = story.step("release")
    assert released["status"] == "released"
    assert released["suggestions"] == {"open": 2, "accepted": 0, "total": 2, "left_out": 1}
    left_out = story.proposals(left_out="true")
    assert set(left_out) == {story.pair(nord, sued, "Climate")}
    assert left_out[story.pair(nord, sued, "Climate")]["left_out"]["kind"] == "not_taking_part"

    # Each side sees its own suggestions, masked; the organizer both names; Westwind none.
    for mine, theirs in ((nord, sued), (sued, nord)):
        for theme in ("Data", "Python"):
            one = story.only(mine.managers[theme])
            assert (one["status"], one["own"]["id"]) == ("open", mine.communities[theme])
            assert (one["partner"]["name"], one["partner"]["company"], one["pair"]) == (None, None, None)
            assert one["reasons"][0]["kind"] == "theme"
            text = str(one)
            assert not [secret for secret in theirs.secrets if secret in text]
        assert {one["own"]["id"] for one in story.seen(mine.portal)} == {
            mine.communities["Data"],
            mine.communities["Python"],
        }
    organized = story.seen(story.organizer, round_id=story.round_id)
    assert {frozenset((one["pair"]["a"]["id"], one["pair"]["b"]["id"])) for one in organized} == {
        story.pair(nord, sued, "Data"),
        story.pair(nord, sued, "Python"),
    }
    story.assert_outsiders_see_nothing([one["id"] for one in organized])

    # Until somebody has said yes, the round could be taken back; then no more.
    data = story.only(nord.managers["Data"])["id"]
    assert story.answered(nord.managers["Data"], data, "yes")["status"] == "one_yes"
    assert story.only(sued.managers["Data"])["status"] == "open"
    refused = story.organizer.post(f"{story.address}/withdraw")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/somebody-said-yes")
    assert story.round()["suggestions"]["open"] == 2

    # The second yes, given by the portal for its manager: a tandem; names and contacts for these two only.
    theirs_too = story.answered(sued.portal, data, "yes")
    assert theirs_too["status"] == "accepted"
    tandem = theirs_too["tandem_id"]
    for mine_, theirs_ in ((nord, sued), (sued, nord)):
        shown = story.done(mine_.managers["Data"].get(f"/v1/tandems/{tandem}"))
        assert (shown["status"], shown["partner"]["company"]) == ("starting", theirs_.name)
        assert [one["email"] for one in shown["partner"]["managers"]] == [f"data@{theirs_.name.lower()}.example"]
        assert mine_.managers["Python"].get(f"/v1/tandems/{tandem}").status_code == 404
    organizers = story.done(story.organizer.get(f"/v1/tandems/{tandem}"))
    assert {side["company"] for side in organizers["pair"].values()} == {nord.name, sued.name}
    assert "@" not in str(organizers)
    story.assert_outsiders_see_nothing([data])
    for stranger in (ost.portal, story.west.portal):
        assert stranger.get(f"/v1/tandems/{tandem}").status_code == 404

    # A no ends the other pair without a word about it. Who is left over is offered the next partner that the round
    # named: the third Python community, for the first of the two sides.
    python_id = story.only(nord.managers["Python"])["id"]
    story.answered(sued.managers["Python"], python_id, "no", reason="Secret: no time for this")
    [own_no] = [one for one in story.seen(sued.managers["Python"]) if one["id"] == python_id]
    assert (own_no["status"], own_no["own_answer"]["reason"]) == ("declined", "Secret: no time for this")
    [other_side] = [one for one in story.seen(nord.managers["Python"]) if one["id"] == python_id]
    assert other_side["status"] in ("withdrawn", "replaced")
    assert other_side["own_answer"] is None
    for caller in (nord.portal, story.organizer):
        assert "no time" not in caller.get(f"/v1/suggestions/{python_id}").text
    late = nord.managers["Python"].post(f"/v1/suggestions/{python_id}/answer", json={"answer": "yes"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/suggestion-over")
    assert "said no" not in late.text

    # The alternate: offered once, to Ostbank and one of the two. Where that is Nordwerk, both companies are of one
    # sector, and both coordinators are asked after both have said yes.
    [alternate] = story.seen(ost.managers["Python"])
    assert (alternate["origin"], alternate["status"]) == ("alternate", "open")
    [partner] = [
        one for one in (nord, sued) if alternate["id"] in {seen["id"] for seen in story.seen(one.managers["Python"])}
    ]
    story.answered(ost.managers["Python"], alternate["id"], "yes")
    both_yes = story.answered(partner.managers["Python"], alternate["id"], "yes")
    if partner is nord:
        assert (both_yes["status"], both_yes["tandem_id"]) == ("awaiting_coordinator", None)
        assert not [secret for secret in ost.secrets if secret in str(both_yes)]
        for coordinator in (ost.coordinator, nord.coordinator):
            address = f"/v1/suggestions/{alternate['id']}/approve"
            both_yes = story.done(coordinator.post(address, json={"approve": True}))
        world.worker.run_until_idle()
    assert both_yes["status"] == "accepted"

    # None is open any more: the round has closed by itself.
    closed = story.round()
    assert (closed["status"], closed["suggestions"]["open"], closed["suggestions"]["accepted"]) == ("closed", 0, 2)
    assert closed["ended_at"] is not None


def test_a_round_that_is_taken_back_leaves_no_trace_and_its_pairs_come_again(world: World) -> None:
    story = Story(world)
    story.step("start", 202)
    story.step("release")
    asked = story.only(story.nord.managers["Data"])
    assert asked["status"] == "open"

    story.step("withdraw")

    for one in (story.nord, story.sued):
        shown = story.only(one.managers["Data"])
        assert (shown["status"], shown["own_answer"], shown["replaced_by"]) == ("withdrawn", None, None)
    late = story.nord.managers["Data"].post(f"/v1/suggestions/{asked['id']}/answer", json={"answer": "yes"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/suggestion-over")
    assert story.seen(story.ost.managers["Python"], open="true") == []
    assert world.proposed_round()["proposals"] == 3


def test_a_pair_that_said_no_does_not_come_again_unless_the_round_allows_it(world: World) -> None:
    story = Story(world)
    pair = story.pair(story.nord, story.sued, "Data")
    story.step("start", 202)
    story.step("release")
    story.answered(story.nord.managers["Data"], story.only(story.nord.managers["Data"])["id"], "no")

    def proposed(**settings: int) -> set[frozenset[str]]:
        done = world.proposed_round(**settings)
        items = story.done(story.organizer.get(f"/v1/rounds/{done['id']}/proposals"))["items"]
        return {frozenset((one["a"]["id"], one["b"]["id"])) for one in items}

    assert pair not in proposed()
    assert pair not in proposed(repeat_after=1)
    # Two more rounds are released meanwhile: of others, for those of the first are still being asked.
    for number in range(2):
        companies = [world.company(f"{name} {number}", sector=name.lower()) for name in ("Further", "Another")]
        for company in companies:
            world.published(company, {"name": f"Bees {number} {company}", "tags": ["bees", f"honey{number}"]})
        scope = {"companies": companies}
        further = story.done(story.organizer.post("/v1/rounds", json={"title": "x", "scope": scope}), 201)["id"]
        story.done(story.organizer.post(f"/v1/rounds/{further}/start"), 202)
        world.worker.run_until_idle()
        story.done(story.organizer.post(f"/v1/rounds/{further}/release"))
    assert pair not in proposed()
    assert pair not in proposed(repeat_after=3)
    assert pair in proposed(repeat_after=1)
