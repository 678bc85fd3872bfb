"""A community asks another one that it has found: what is told about the own side, and what never about the other."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import time_machine
from httpx2 import Response
from sqlalchemy import update
from sqlmodel import col, func, select

from app.access.models import Role
from app.communities.handles import Handles
from app.communities.models import Community
from app.companies.models import Company
from app.core.clock import now
from app.core.settings import Settings
from app.discovery import service as discovery
from app.discovery.index import DiscoveryIndex
from app.programme import queries
from app.programme.asking import WITHIN
from app.tandems import service as tandems
from app.tandems.ending import end_where
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionStatus
from tests.app.programme.conftest import document
from tests.app.tandems.conftest import offer
from tests.world import ApiCaller, JsonObject, World, world_on

THEMES = ["charts", "diagrams"]


@dataclass
class Asking:
    """Alder has found Birch in discovery; Cedar and Dogwood make what they have in common a usual word."""

    world: World
    companies: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)
    portals: dict[str, ApiCaller] = field(default_factory=dict)

    def publish(self, name: str, *tags: str, **fields: object) -> str:
        company = self.companies[name] = self.world.company(name, sector=name.lower())
        self.portals[name] = self.world.portal(company)
        [self.communities[name]] = self.world.published(company, document(name, *tags, **fields))
        self.refresh()
        return self.communities[name]

    def refresh(self) -> None:
        """What the worker's and the API's threads do by themselves within a minute."""
        discovery.bring_up_to_date(self.world.database)
        index: DiscoveryIndex = self.world.client.app.state.discovery  # type: ignore[attr-defined]  # ours
        with self.world.database.reader() as session:
            index.refresh(session)

    def handle(self, viewer: str, of: str) -> str:
        pepper = self.world.settings.key_pepper.get_secret_value()
        return Handles(pepper, discovery.PURPOSE, self.companies[viewer]).of(self.communities[of])

    def ask(
        self,
        one: str,
        other: str,
        caller: ApiCaller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return (caller or self.portals[one]).post(
            f"/v1/communities/{self.communities[one]}/suggestions",
            json={"handle": self.handle(one, other)},
            headers=headers,
        )

    def asked(self, one: str, other: str) -> JsonObject:
        answer = self.ask(one, other)
        assert answer.status_code == 201, answer.text
        shown: JsonObject = answer.json()
        return shown

    def answer(self, name: str, suggestion_id: str, answer: str, **more: object) -> JsonObject:
        answered = self.portals[name].post(f"/v1/suggestions/{suggestion_id}/answer", json={"answer": answer} | more)
        assert answered.status_code == 200, answered.text
        shown: JsonObject = answered.json()
        return shown

    def change(self, name: str, **values: object) -> None:
        with self.world.database.session() as session:
            session.execute(update(Community).where(col(Community.id) == self.communities[name]).values(**values))


def world_of_four(world: World) -> Asking:
    asking = Asking(world)
    for name in ("Alder", "Birch", "Cedar", "Dogwood"):
        asking.publish(name, *THEMES)
    return asking


@pytest.fixture
def asking(world: World) -> Asking:
    return world_of_four(world)


def test_a_community_asks_another_and_has_said_yes_by_that(asking: Asking) -> None:
    answer = asking.ask("Alder", "Birch")

    shown = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/suggestions/{shown['id']}"
    assert (shown["origin"], shown["status"]) == ("spontaneous", "one_yes")
    assert shown["own_answer"] == {"answer": "yes", "until": None, "reason": None, "why": []}
    assert shown["own"] == {"id": asking.communities["Alder"], "name": "Alder"}
    assert shown["partner"]["name"] is None
    seen = asking.portals["Birch"].get(answer.headers["Location"]).json()
    assert (seen["status"], seen["own_answer"], seen["partner"]["name"]) == ("open", None, None)


def test_two_times_yes_make_a_tandem_like_any_other(asking: Asking) -> None:
    suggestion_id = asking.asked("Alder", "Birch")["id"]

    accepted = asking.answer("Birch", suggestion_id, "yes")

    assert accepted["status"] == "accepted"
    tandem = asking.portals["Alder"].get(f"/v1/tandems/{accepted['tandem_id']}").json()
    assert tandem["partner"]["name"] == "Birch"


def test_similarity_and_reasons_are_those_of_discovery(asking: Asking) -> None:
    [found] = [
        one
        for one in asking.portals["Alder"]
        .get(f"/v1/communities/{asking.communities['Alder']}/related")
        .json()["items"]
        if one["card"]["handle"] == asking.handle("Alder", "Birch")
    ]

    shown = asking.asked("Alder", "Birch")

    assert shown["similarity"] == found["similarity"] > 0
    assert (shown["strength"], shown["probability"]) == (None, None)
    told = [term["a"] for reason in shown["reasons"] for term in reason["terms"]]
    assert sorted(told) == sorted(found["themes_shared"])
    assert sum(reason["share"] for reason in shown["reasons"]) + shown["other"] == pytest.approx(1, abs=1e-3)


def test_a_hidden_word_that_only_the_two_use_is_told_to_neither(asking: Asking) -> None:
    """Whoever guesses a word of a masked text would otherwise learn from a suggestion that it is there."""
    asking.publish("Elder", "charts", purpose="About Zephyr.")
    asking.publish("Fir", "charts", purpose="Guessing: Zephyr.")

    shown = asking.asked("Fir", "Elder")

    seen = asking.portals["Elder"].get(f"/v1/suggestions/{shown['id']}")
    assert [term["a"] for reason in shown["reasons"] for term in reason["terms"]] == ["charts"]
    assert "zephyr" not in str(shown["reasons"]).lower()
    assert "zephyr" not in str(seen.json()["reasons"]).lower()


def test_a_word_of_either_companys_name_is_told_to_nobody(asking: Asking) -> None:
    asking.publish("Oakwerk", "charts", "oakwerkers", "pinewerkers")
    asking.publish("Pinewerk", "charts", "oakwerkers", "pinewerkers")

    shown = asking.asked("Oakwerk", "Pinewerk")

    seen = asking.portals["Pinewerk"].get(f"/v1/suggestions/{shown['id']}").json()
    for one in (shown, seen):
        assert "werk" not in str(one["reasons"])


def test_reasons_are_told_in_the_callers_language(asking: Asking) -> None:
    answer = asking.ask("Alder", "Birch", headers={"Accept-Language": "de-DE"})

    assert answer.json()["reasons"][0]["text"].startswith("Gemeinsame Themen: ")


@pytest.mark.parametrize(
    ("values", "slug"),
    [
        ({"status": "draft"}, "community-takes-no-part"),
        ({"status": "paused"}, "community-takes-no-part"),
        ({"confirm_again_by": now().date() - timedelta(days=1)}, "community-takes-no-part"),
        ({"capacity": 0}, "no-place-left"),
    ],
)
def test_what_is_missing_on_the_own_side_is_told(asking: Asking, values: dict[str, object], slug: str) -> None:
    asking.change("Alder", **values)

    refused = asking.ask("Alder", "Birch")
    german = asking.ask("Alder", "Birch", headers={"Accept-Language": "de"})

    assert (refused.status_code, refused.json()["type"]) == (409, f"/problems/{slug}")
    assert asking.communities["Alder"] in refused.json()["detail"]
    assert refused.json()["title"] != german.json()["title"]


def _declined(asking: Asking, answer: str = "no") -> None:
    asking.answer("Birch", asking.asked("Alder", "Birch")["id"], answer)


def _busy(asking: Asking) -> None:
    asking.asked("Birch", "Cedar")


def _being_asked(asking: Asking) -> None:
    with asking.world.database.session() as session:
        tandems.open_many(session, [offer(asking.communities["Alder"], asking.communities["Birch"])])


def _asking_itself(asking: Asking) -> None:
    asking.asked("Birch", "Alder")


def _met(asking: Asking) -> None:
    tandem = asking.answer("Birch", asking.asked("Alder", "Birch")["id"], "yes")["tandem_id"]
    asking.portals["Birch"].post(f"/v1/tandems/{tandem}/close")


def _silent(asking: Asking) -> None:
    suggestion_id = asking.asked("Alder", "Birch")["id"]
    with asking.world.database.session() as session:
        end_where(session, col(Suggestion.id) == suggestion_id, SuggestionStatus.EXPIRED)


def _left(asking: Asking) -> None:
    left = asking.world.operator.post(f"/v1/companies/{asking.companies['Birch']}/leave", json={})
    assert left.status_code == 200, left.text


WHAT_IS_WRONG_OVER_THERE: dict[str, Callable[[Asking], object]] = {
    "no capacity": lambda asking: asking.change("Birch", capacity=0),
    "busy": _busy,
    "not to be asked yet": lambda asking: asking.change("Birch", ask_not_before=now().date() + timedelta(days=1)),
    "not to be asked so often": lambda asking: asking.change("Birch", asks_per_quarter=0),
    "paused": lambda asking: asking.change("Birch", status="paused"),
    "archived": lambda asking: asking.change("Birch", status="archived"),
    "not confirmed": lambda asking: asking.change("Birch", confirm_again_by=now().date() - timedelta(days=1)),
    "avoids the company": lambda asking: asking.change("Birch", excluded_companies=[asking.companies["Alder"]]),
    "avoids the sector": lambda asking: asking.change("Birch", excluded_sectors=["alder"]),
    "in an avoided sector": lambda asking: asking.change("Alder", excluded_sectors=["birch"]),
    "its company left": _left,
    "said no": _declined,
    "said not now": lambda asking: _declined(asking, "not_now"),
    "said nothing": _silent,
    "being asked": _being_asked,
    "asks itself": _asking_itself,
    "met before": _met,
}


@pytest.mark.parametrize("language", ["en", "de"])
def test_whatever_is_wrong_on_the_other_side_is_told_in_the_same_words(world: World, language: str) -> None:
    """Byte for byte, of a community that wants two tandems, so that nothing is wrong on its own side."""
    answers = set()
    for number, (cause, happens) in enumerate(WHAT_IS_WRONG_OVER_THERE.items()):
        asking = Asking(world)
        for name in ("Alder", "Birch", "Cedar"):
            company = asking.companies[name] = world.company(f"{name} {number}", sector=name.lower())
            asking.portals[name] = world.portal(company)
            [asking.communities[name]] = world.published(company, document(name, *THEMES))
        asking.refresh()
        asking.change("Alder", capacity=2)
        happens(asking)

        refused = asking.ask("Alder", "Birch", headers={"Accept-Language": language})

        assert refused.json()["type"] == "/problems/partner-not-available", cause
        told = {name: text for name, text in refused.headers.items() if name.lower().startswith("content")}
        answers.add((refused.status_code, refused.content, str(sorted(told.items()))))
    assert len(answers) == 1


def _excluded_by_the_coordinator(asking: Asking) -> None:
    alder, birch = asking.companies["Alder"], asking.companies["Birch"]
    coordinator = asking.world.caller(Role.COORDINATOR, alder)
    address = f"/v1/companies/{alder}/proximity/{birch}"
    tag = coordinator.get(address).headers["ETag"]
    decided = coordinator.ask("PUT", address, json={"proximity": "excluded"}, headers={"If-Match": tag})
    assert decided.status_code == 200, decided.text


@pytest.mark.parametrize(
    "excludes",
    [
        lambda asking: asking.change("Alder", excluded_companies=[asking.companies["Birch"]]),
        _excluded_by_the_coordinator,
    ],
    ids=["community", "coordinator"],
)
def test_excluding_a_company_does_not_tell_which_handles_are_of_it(
    asking: Asking, excludes: Callable[[Asking], None]
) -> None:
    excludes(asking)

    asked = asking.asked("Alder", "Birch")
    asking.answer("Birch", asked["id"], "yes")

    assert (asked["status"], asked["partner"]["company"]) == ("one_yes", None)
    after = asking.portals["Alder"].get(f"/v1/suggestions/{asked['id']}").json()
    assert (after["status"], after["tandem_id"], after["partner"]["company"]) == ("withdrawn", None, None)


def test_not_now_is_over_on_its_day(asking: Asking) -> None:
    until = (now() + timedelta(days=30)).date()
    suggestion_id = asking.asked("Alder", "Birch")["id"]
    asking.answer("Birch", suggestion_id, "not_now", until=until.isoformat())

    with time_machine.travel(now() + timedelta(days=29), tick=False):
        early = asking.ask("Alder", "Birch")
    with time_machine.travel(now() + timedelta(days=30), tick=False):
        again = asking.ask("Alder", "Birch")

    assert early.json()["type"] == "/problems/partner-not-available"
    assert again.status_code == 201


def test_whoever_does_not_want_to_be_asked_can_ask(asking: Asking) -> None:
    asking.change("Alder", asks_per_quarter=0, ask_not_before=now().date() + timedelta(days=1))

    assert asking.ask("Alder", "Birch").status_code == 201


def test_what_one_has_asked_already_is_told_with_its_address(asking: Asking) -> None:
    first = asking.asked("Alder", "Birch")

    again = asking.ask("Alder", "Birch")

    assert (again.status_code, again.json()["type"]) == (409, "/problems/asked-already")
    assert first["id"] in again.json()["detail"]


def test_a_community_asks_at_most_five_others_within_two_weeks(asking: Asking) -> None:
    """Also when it takes back at once what it has asked."""
    for number in range(6):
        asking.publish(f"Elm{number}", *THEMES)
    for number in range(5):
        asking.answer("Alder", asking.asked("Alder", f"Elm{number}")["id"], "no")

    sixth = asking.ask("Alder", "Elm5")
    with time_machine.travel(now() + timedelta(days=14, minutes=1), tick=False):
        later = asking.ask("Alder", "Elm5")

    assert (sixth.status_code, sixth.json()["type"]) == (409, "/problems/asked-enough")
    assert "at most 5 others within 14 days" in sixth.json()["detail"]
    assert later.status_code == 201


def test_being_asked_uses_up_nothing_of_ones_own_questions(asking: Asking) -> None:
    for name in ("Birch", "Cedar", "Dogwood"):
        asking.answer("Alder", asking.asked(name, "Alder")["id"], "no")
    for number in range(3):
        asking.publish(f"Elm{number}", *THEMES)
        asking.answer("Alder", asking.asked(f"Elm{number}", "Alder")["id"], "no")

    asking.publish("Fir", *THEMES)
    assert asking.ask("Alder", "Fir").status_code == 201


def test_a_question_that_is_taken_back_before_the_coordinators_agree_stays_with_who_asked(asking: Asking) -> None:
    with asking.world.database.session() as session:
        of_birch = update(Company).where(col(Company.id) == asking.companies["Birch"])
        session.execute(of_birch.values(sector="alder"))
    suggestion_id = asking.asked("Alder", "Birch")["id"]
    waiting = asking.answer("Birch", suggestion_id, "yes")
    asking.answer("Alder", suggestion_id, "no")

    with asking.world.database.reader() as session:
        asked = {
            name: [one.suggestion_id for one in queries.asked_by(session, asking.communities[name], now() - WITHIN)]
            for name in ("Alder", "Birch")
        }
    assert waiting["status"] == "awaiting_coordinator"
    assert asked == {"Alder": [suggestion_id], "Birch": []}


def test_only_who_speaks_for_a_community_asks_for_it(asking: Asking) -> None:
    world, alder = asking.world, asking.companies["Alder"]
    person = asking.portals["Alder"].post("/v1/people", json={"email": "a@x.example", "first_name": "A"}).json()["id"]
    stranger = world.caller(Role.MANAGER, alder, person_id=person)

    answers = {
        "operator": asking.ask("Alder", "Birch", world.operator),
        "organizer": asking.ask("Alder", "Birch", world.organizer),
        "portal of another": asking.ask("Alder", "Birch", asking.portals["Birch"]),
        "manager of another": asking.ask("Alder", "Birch", stranger),
        "coordinator": asking.ask("Alder", "Birch", world.caller(Role.COORDINATOR, alder)),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "operator": 403,
        "organizer": 403,
        "portal of another": 404,
        "manager of another": 404,
        "coordinator": 201,
    }


def test_handles_of_others_and_of_suggestions_are_unknown_here_and_in_discovery(asking: Asking) -> None:
    shown = asking.asked("Alder", "Birch")
    foreign = [
        shown["partner"]["handle"],
        asking.handle("Cedar", "Birch"),
        asking.communities["Birch"],
        "hdl_" + "0" * 52,
    ]
    for handle in foreign:
        refused = asking.portals["Alder"].post(
            f"/v1/communities/{asking.communities['Alder']}/suggestions", json={"handle": handle}
        )
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/handle-unknown")
    found = asking.portals["Alder"].get("/v1/discovery/communities").json()["items"]
    assert shown["partner"]["handle"] not in {card["handle"] for card in found}


def test_a_request_that_is_repeated_asks_once(asking: Asking) -> None:
    first, again = (asking.ask("Alder", "Birch", headers={"Idempotency-Key": "k-1"}) for _ in range(2))

    assert (first.status_code, first.json()) == (again.status_code, again.json())


@pytest.fixture
def everywhere(any_database_url: str) -> Iterator[Asking]:
    with world_on(Settings(database_url=any_database_url, lease_seconds=30, log_level="error")) as world:
        yield world_of_four(world)


@pytest.mark.postgres
@pytest.mark.parametrize("directions", [("Alder", "Alder"), ("Alder", "Birch")], ids=["twice", "each other"])
def test_two_questions_of_the_same_moment_make_one_suggestion(
    everywhere: Asking, directions: tuple[str, str]
) -> None:
    other = {"Alder": "Birch", "Birch": "Alder"}
    for name in other:
        everywhere.change(name, capacity=3)
    together, answers = threading.Barrier(2), []

    def ask(name: str) -> None:
        together.wait()
        answers.append(everywhere.ask(name, other[name]))

    threads = [threading.Thread(target=ask, args=(name,)) for name in directions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    refused = "asked-already" if len(set(directions)) == 1 else "partner-not-available"
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [one.json()["type"] for one in answers if one.status_code == 409] == [f"/problems/{refused}"]
    with everywhere.world.database.reader() as session:
        asked = select(func.count()).where(col(Suggestion.origin) == SuggestionOrigin.SPONTANEOUS)
        assert session.exec(asked).one() == 1


@pytest.mark.postgres
def test_several_that_ask_the_same_one_at_the_same_moment_do_not_share_its_one_place(everywhere: Asking) -> None:
    together, answers = threading.Barrier(3), []

    def ask(name: str) -> None:
        together.wait()
        answers.append(everywhere.ask(name, "Birch"))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("Alder", "Cedar", "Dogwood")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {one.json()["type"] for one in answers if one.status_code == 409} == {"/problems/partner-not-available"}
