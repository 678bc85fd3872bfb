"""The conventions of the interface, for every operation that there is: a new one that forgets one fails here."""

import re
import shutil
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.testclient import TestClient

from app.access.dependencies import KeyedRoute
from app.access.models import Role
from app.communities.handles import Handles
from app.core.clock import now
from app.core.ids import new_id
from app.core.settings import Settings
from app.discovery import service as discovery
from app.exchanges.models import Exchange, ExchangeStatus, Harvest
from app.guardrails.acceptance import CURRENT_VERSION
from app.main import create_app
from app.meetups.models import Meetup
from app.notifications.models import Message, MessageStatus
from app.tandems import service as tandems
from app.tandems.models import SideName, Tandem, TandemStatus
from app.tandems.service import Offer
from tests.app.seatings.conftest import a_seated_meetup
from tests.world import ApiCaller, JsonObject, World, ndjson, world_on

CIRCLE: JsonObject = {"name": "Circle", "tags": ["python"], "languages": ["en"]}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.described["operationId"])

    @property
    def parameters(self) -> set[str]:
        return {one["name"] for one in self.described.get("parameters", [])}

    @property
    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = self.described["responses"]
        return answers

    @property
    def is_json(self) -> bool:
        return "application/json" in self.answers.get("200", {}).get("content", {})


def _documented() -> dict[str, Any]:
    application = create_app(Settings(database_url="sqlite:////tmp/c3-tandem-never-opened.db", log_level="error"))
    document: dict[str, Any] = application.openapi()
    return document


DOCUMENT = _documented()
OPERATIONS = [
    Operation(method.upper(), path, described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]
KEYED = [one for one in OPERATIONS if one.path.startswith("/v1")]
POSTS = {one.id: one for one in KEYED if one.method == "POST"}
SINGLES = [one for one in KEYED if one.method == "GET" and one.is_json and "cursor" not in one.parameters]
LISTS = [one for one in KEYED if one.method == "GET" and "cursor" in one.parameters]


def each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", [pytest.param(one, id=one.id) for one in operations])


# What is told of a meetup, and said of it, once it was held.
_AFTERWARDS = ("/meetups/{meetup_id}/summary", "/registrations/{registration_id}/feedback")


class Example:
    """One of everything, so that each address of the document leads somewhere."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._numbers = count()
        self.company = world.company()
        self.other = world.company("Other", sector="health")
        self.portal = world.portal(self.company)
        self.coordinator = world.caller(Role.COORDINATOR, self.company)
        [self.published] = world.published(self.company, CIRCLE)
        [self.partner] = world.published(self.other, CIRCLE)
        self.person = self.made(self.portal.post("/v1/people", json={"email": "a@x.example", "first_name": "A"}))
        self.key = self.made(self.coordinator.post("/v1/keys", json={"role": "portal", "label": "x"}))
        self.import_ = world.imported(self.portal, ndjson([{"external_id": "i", "name": "I"}, {"external_id": "j"}]))
        self.round = world.proposed_round()["id"]
        self.pin, self.ban = self.decided("pins"), self.decided("bans")
        # Of a round of its own: what is pinned and banned here would stand in each other's way.
        self.proposal = self.proposals(self.round)[0]["id"]
        self.preview = self.made(world.organizer.post(f"/v1/rounds/{self.round}/preview", json={}))
        self.tandem, self.suggestion = self.accepted()
        self.exchange = self.met()
        url = "https://intranet.nordwerk.example/hooks"
        self.webhook = self.made(self.coordinator.post("/v1/webhooks", json={"url": url}))
        self.delivery = self.sent()
        self.seated = a_seated_meetup(world, [self.company])
        self.meetup = self.announced_meetup()
        self.talk = self.proposed_talk()
        self.was_there = self.attended()
        came = self.portal.get(f"/v1/registrations/{self.was_there}").json()
        self.visitor = world.caller(Role.PARTICIPANT, self.company, person_id=came["person_id"])
        said = self.visitor.post(f"/v1/registrations/{self.was_there}/feedback", json={"useful": "yes"})
        assert said.status_code == 200, said.text
        self.held_meetup = came["meetup_id"]
        self.registration = self.registered(self.opened_meetup())

    def drafted_meetup(self, **fields: object) -> str:
        starts_at = now() + timedelta(days=60)
        wish = {"title": "Meetup", "language": "en", "purpose": "Our prices", "time_zone": "Europe/Berlin"}
        wish |= {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=4)).isoformat()}
        return self.made(self.world.organizer.post("/v1/meetups", json=wish | {"place": "House"} | fields))

    def announced_meetup(self, *steps: str) -> str:
        """A meetup that is announced; after further steps, of which the last ones need that it has begun."""
        meetup = self.drafted_meetup()
        for step in ("announce", *steps):
            if step == "hold":
                self.begun(meetup)
            self.made(self.world.organizer.post(f"/v1/meetups/{meetup}/{step}"))
        return meetup

    def begun(self, meetup: str) -> str:
        with self.world.database.session() as session:
            session.get_one(Meetup, meetup).starts_at = now() - timedelta(minutes=5)
        return meetup

    def attended(self) -> str:
        """A registration of somebody who was at a meetup."""
        meetup = self.announced_meetup("open")
        guest = {"email": f"guest{next(self._numbers)}@x.example", "first_name": "Guest"}
        registration = self.made(self.portal.post(f"/v1/meetups/{meetup}/registrations", json={"person": guest}))
        self.made(self.world.organizer.post(f"/v1/meetups/{self.begun(meetup)}/hold"))
        return registration

    def opened_meetup(self, **fields: object) -> str:
        meetup = self.drafted_meetup(**fields)
        for step in ("announce", "open"):
            self.made(self.world.organizer.post(f"/v1/meetups/{meetup}/{step}"))
        return meetup

    def registered(self, meetup: str, name: str = "kim") -> str:
        wish = {"person": {"email": f"{name}@nordwerk.example", "first_name": name}, "learn": ["Our prices"]}
        return self.made(self.portal.post(f"/v1/meetups/{meetup}/registrations", json=wish))

    def offered(self) -> str:
        """A registration that waited, and is offered a place."""
        meetup = self.opened_meetup(capacity=1)
        leaves, waits = self.registered(meetup, "lee"), self.registered(meetup, "jo")
        self.made(self.portal.post(f"/v1/registrations/{leaves}/cancel"))
        return waits

    def proposed_talk(self) -> str:
        """A talk of the community, with a hint on its title."""
        wish = {"community_id": self.published, "title": "Our prices", "abstract": "x", "language": "en"}
        return self.made(self.portal.post(f"/v1/meetups/{self.meetup}/talks", json=wish))

    def sent(self) -> str:
        """A delivery that is parked."""
        message = self.made(self.coordinator.post(f"/v1/webhooks/{self.webhook}/test"))
        with self.world.database.session() as session:
            session.get_one(Message, message).status = MessageStatus.PARKED
        return message

    def who_sits(self) -> ApiCaller:
        registration = self.portal.get(f"/v1/registrations/{self.seated.registration_id}").json()
        return self.world.caller(Role.PARTICIPANT, self.company, person_id=registration["person_id"])

    def on(self, world: World) -> "Example":
        """The same in a world whose database is a copy of this one's."""
        same = copy(self)
        same.world, same._numbers = world, count(1000)
        same.portal, same.coordinator = (
            ApiCaller(world.client, one.headers) for one in (self.portal, self.coordinator)
        )
        return same

    @staticmethod
    def made(answer: Response) -> str:
        assert answer.status_code in (200, 201, 202), answer.text
        return str(answer.json()["id"])

    def draft(self, name: str, **fields: object) -> str:
        return self.made(self.portal.put(f"/v1/sources/intranet/communities/{name}", json=CIRCLE | fields))

    def drafted_round(self) -> str:
        return self.made(self.world.organizer.post("/v1/rounds", json={"title": "x"}))

    def queued_round(self) -> str:
        drafted = self.drafted_round()
        return self.made(self.world.organizer.post(f"/v1/rounds/{drafted}/start"))

    def proposed_round(self) -> str:
        return str(self.world.proposed_round()["id"])

    def proposals(self, round_id: str) -> list[JsonObject]:
        items: list[JsonObject] = self.world.organizer.get(f"/v1/rounds/{round_id}/proposals").json()["items"]
        return items

    def decided(self, kind: str) -> str:
        """A pin or a ban of two communities of their own, in the round of this world."""
        pair = {
            side: self.world.published(company, {"name": f"{kind} {side}", "tags": [kind]})[0]
            for side, company in (("a", self.company), ("b", self.other))
        }
        return self.made(self.world.organizer.post(f"/v1/rounds/{self.round}/{kind}", json=pair))

    def pair(self) -> JsonObject:
        proposal = self.proposals(self.round)[0]
        return {side: proposal[side]["id"] for side in ("a", "b")}

    def invited(self, name: str) -> str:
        return self.made(self.world.operator.post("/v1/companies", json={"name": name, "sector": "health"}))

    def in_state(self, name: str, *steps: str) -> str:
        community = self.draft(name)
        for step in steps:
            body = {"consent_by": "manager"} if step == "publish" else {}
            self.made(self.portal.post(f"/v1/communities/{community}/{step}", json=body))
        return community

    def waiting_person(self) -> str:
        address = f"/v1/companies/{self.company}"
        headers = {"If-Match": self.world.operator.get(address).headers["ETag"]}
        self.made(self.world.operator.patch(address, json={"mail_domains": ["own.example"]}, headers=headers))
        return self.made(self.portal.post("/v1/people", json={"email": "far@away.example", "first_name": "Far"}))

    def suggested(self, sector: str = "energy") -> tuple[str, ApiCaller]:
        """A suggestion between a new community of the company and one of another; the other side's portal."""
        partner = self.world.company(f"Partner {next(self._numbers)}", sector=sector)
        [theirs] = self.world.published(partner, CIRCLE)
        [ours] = self.world.published(self.company, CIRCLE | {"name": f"Circle {next(self._numbers)}"})
        offer = Offer(min(ours, theirs), max(ours, theirs), 0.4, [], 1.0)
        with self.world.database.session() as session:
            [suggestion] = tandems.open_many(session, [offer])
        return suggestion, self.world.portal(partner)

    def handle(self) -> str:
        """Of a community of another company, as the company knows it from discovery."""
        pepper = self.world.settings.key_pepper.get_secret_value()
        return Handles(pepper, discovery.PURPOSE, self.company).of(self.partner)

    def answered(self, sector: str = "energy") -> str:
        """A suggestion to which both sides have said yes."""
        suggestion, theirs = self.suggested(sector)
        for portal in (self.portal, theirs):
            self.made(portal.post(f"/v1/suggestions/{suggestion}/answer", json={"answer": "yes"}))
        return suggestion

    def accepted(self) -> tuple[str, str]:
        """A tandem, and the suggestion that it came of."""
        suggestion = self.answered()
        return self.portal.get(f"/v1/suggestions/{suggestion}").json()["tandem_id"], suggestion

    def pricing(self) -> str:
        """A community with a hint on its name."""
        return self.made(self.portal.put("/v1/sources/intranet/communities/pricing", json={"name": "Pricing circle"}))

    def met(self) -> str:
        """Let the two of the tandem have met; their next meeting."""
        with self.world.database.session() as session:
            tandem = session.get_one(Tandem, self.tandem)
            tandem.status, tandem.kicked_off_at = TandemStatus.ACTIVE, now()
            tandem.ends_on = (now() + timedelta(days=100)).date()
            session.add(tandem)
        return self.planned(7)

    def planned(self, days: int) -> str:
        """A meeting of the tandem in so many days."""
        numbers = 1 + next(self._numbers)
        with self.world.database.session() as session:
            exchange = Exchange(
                id=new_id("exc"),
                tandem_id=self.tandem,
                number=numbers,
                status=ExchangeStatus.PLANNED,
                starts_at=now() + timedelta(days=days),
                minutes=60,
                host=SideName.A,
                agenda=[{"text": "Charts", "minutes": 60, "parked": False}],
                uid=new_id("cal"),
                created_at=now(),
            )
            session.add(exchange)
        return exchange.id

    def held(self, *, topics: str | None = None) -> str:
        """A meeting of yesterday, with minutes where its topics are named."""
        exchange = self.planned(-1)
        self.made(self.portal.post(f"/v1/exchanges/{exchange}/held"))
        if topics is not None:
            words = {"topics": topics, "take_away": "y", "next": "z"}
            self.made(self.portal.post(f"/v1/exchanges/{exchange}/minutes", json=words))
        return exchange

    def told(self, verb: str, **body: object) -> str:
        """The tandem, after this was said of it."""
        answer = self.portal.post(f"/v1/tandems/{self.tandem}/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        return self.tandem

    def harvested(self) -> str:
        address, headers = f"/v1/tandems/{self.tandem}/harvest", {"If-Match": "*"}
        assert self.portal.put(address, json={"lines": ["x"]}, headers=headers).status_code == 200
        return self.tandem

    def story(self) -> str:
        """What the two of the tandem have released."""
        tandem_id, story_id = self.harvested(), new_id("sty")
        with self.world.database.session() as session:
            harvest = session.get_one(Harvest, tandem_id)
            harvest.released_a = harvest.released_b = harvest.version
            harvest.story_id, harvest.released_at = story_id, now()
        return story_id

    def address(self, path: str, method: str = "GET") -> str:
        """The path with ids of this world; an unknown parameter is a reason to add one here."""
        ids = {
            "company_id": self.company,
            "other_id": self.other,
            "community_id": self.published,
            "person_id": self.person,
            "key_id": self.key,
            "import_id": self.import_["id"],
            "round_id": self.drafted_round() if method == "PATCH" else self.round,
            "preview_id": self.preview,
            "proposal_id": self.proposal,
            "pin_id": self.pin,
            "ban_id": self.ban,
            "suggestion_id": self.suggestion,
            "tandem_id": self.tandem,
            "exchange_id": self.exchange,
            "source": "intranet",
            "external_id": "circle",
            "webhook_id": self.webhook,
            "delivery_id": self.delivery,
            "seating_id": self.seated.seating_id,
            "meetup_id": self.meetup,
            "talk_id": self.talk,
            "registration_id": self.registration,
        }
        if path.endswith("/groups"):
            ids["registration_id"] = self.seated.registration_id
        if path.endswith(_AFTERWARDS):
            ids |= {"meetup_id": self.held_meetup, "registration_id": self.was_there}
        return re.sub(r"\{(\w+)(?::path)?\}", lambda found: ids[found[1]], path)

    def reader(self, operation: Operation) -> ApiCaller:
        """Somebody who may read this."""
        if operation.path.startswith("/v1/retention"):
            return self.world.operator
        if operation.path.endswith("/feedback") and operation.path.startswith("/v1/registrations/"):
            return self.visitor
        if operation.path.startswith("/v1/registrations/") and operation.path.endswith("/groups"):
            return self.portal
        organized = operation.path.startswith(
            ("/v1/rounds", "/v1/guardrail/objections", "/v1/meetups", "/v1/seatings")
        )
        return self.world.organizer if organized else self.coordinator


@pytest.fixture(scope="session")
def kept_example(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> tuple[Path, Example]:
    """One of everything, made once; and its database, to be copied."""
    file = tmp_path_factory.mktemp("example") / "tandem.db"
    shutil.copy(migrated_sqlite, file)
    with world_on(Settings(database_url=f"sqlite:///{file}", log_level="error")) as world:
        return file, Example(world)


@pytest.fixture
def example(kept_example: tuple[Path, Example], tmp_path: Path) -> Iterator[Example]:
    file, kept = kept_example
    own = tmp_path / "example.db"
    shutil.copy(file, own)
    with world_on(Settings(database_url=f"sqlite:///{own}", log_level="error")) as world:
        yield kept.on(world)


Sent = tuple[ApiCaller, str, JsonObject]
# For each POST a request that succeeds; one that is missing here is one that nobody has tried to repeat.
REQUESTS: dict[str, Callable[[Example], Sent]] = {
    "register_for_meetup": lambda e: (
        e.portal,
        f"/v1/meetups/{e.opened_meetup()}/registrations",
        {"person_id": e.person, "learn": ["Our prices"]},
    ),
    "cancel_registration": lambda e: (e.portal, f"/v1/registrations/{e.registration}/cancel", {}),
    "confirm_registration": lambda e: (e.portal, f"/v1/registrations/{e.offered()}/confirm", {}),
    "mark_attendance": lambda e: (
        e.world.organizer,
        f"/v1/meetups/{e.begun(e.opened_meetup())}/attendance",
        {"items": [{"registration_id": e.registration, "attended": True}]},
    ),
    "create_community": lambda e: (e.portal, "/v1/communities", CIRCLE),
    "publish_communities": lambda e: (
        e.portal,
        "/v1/communities/publish",
        {"community_ids": [e.draft("a"), e.draft("b")], "consent_by": "manager"},
    ),
    "confirm_community": lambda e: (e.portal, f"/v1/communities/{e.draft('a')}/confirm", {}),
    "publish_community": lambda e: (
        e.portal,
        f"/v1/communities/{e.draft('a')}/publish",
        {"consent_by": "manager"},
    ),
    "pause_community": lambda e: (e.portal, f"/v1/communities/{e.in_state('a', 'publish')}/pause", {}),
    "resume_community": lambda e: (e.portal, f"/v1/communities/{e.in_state('a', 'publish', 'pause')}/resume", {}),
    "archive_community": lambda e: (e.portal, f"/v1/communities/{e.draft('a')}/archive", {}),
    "merge_community": lambda e: (e.portal, f"/v1/communities/{e.draft('a')}/merge", {"into": e.draft("b")}),
    "import_communities": lambda e: (e.portal, "/v1/imports?source=intranet", {}),
    "create_round": lambda e: (e.world.organizer, "/v1/rounds", {"title": "Spring"}),
    "preview_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/preview", {"settings": [{}]}),
    "rerun_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/rerun", {}),
    "cancel_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.queued_round()}/cancel", {}),
    "release_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.proposed_round()}/release", {}),
    "withdraw_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/withdraw", {}),
    "pin_pair": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/pins", e.pair()),
    "ban_pair": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/bans", e.pair()),
    "drop_proposal": lambda e: (e.world.organizer, f"/v1/rounds/{e.round}/proposals/{e.proposal}/drop", {}),
    "start_round": lambda e: (e.world.organizer, f"/v1/rounds/{e.drafted_round()}/start", {}),
    "ask_community": lambda e: (e.portal, f"/v1/communities/{e.published}/suggestions", {"handle": e.handle()}),
    "answer_suggestion": lambda e: (e.portal, f"/v1/suggestions/{e.suggested()[0]}/answer", {"answer": "yes"}),
    "approve_suggestion": lambda e: (
        e.coordinator,
        f"/v1/suggestions/{e.answered('machinery')}/approve",
        {"approve": True},
    ),
    "close_tandem": lambda e: (e.portal, f"/v1/tandems/{e.tandem}/close", {}),
    "create_company": lambda e: (e.world.operator, "/v1/companies", {"name": "New", "sector": "health"}),
    "activate_company": lambda e: (e.world.operator, f"/v1/companies/{e.invited('New')}/activate", {}),
    "leave_company": lambda e: (e.world.operator, f"/v1/companies/{e.other}/leave", {}),
    "create_key": lambda e: (e.coordinator, "/v1/keys", {"role": "portal", "label": "x"}),
    "rotate_key": lambda e: (e.coordinator, f"/v1/keys/{e.key}/rotate", {"overlap_hours": 1}),
    "revoke_key": lambda e: (e.coordinator, f"/v1/keys/{e.key}/revoke", {}),
    "create_person": lambda e: (e.portal, "/v1/people", {"email": "new@x.example", "first_name": "New"}),
    "give_calendar_feed": lambda e: (e.portal, f"/v1/communities/{e.published}/calendar-feed", {}),
    "revoke_calendar_feed": lambda e: (e.portal, f"/v1/communities/{e.published}/calendar-feed/revoke", {}),
    "erase_person": lambda e: (e.coordinator, f"/v1/people/{e.waiting_person()}/erase", {}),
    "approve_person": lambda e: (e.coordinator, f"/v1/people/{e.waiting_person()}/approve", {}),
    "create_webhook": lambda e: (e.portal, "/v1/webhooks", {"url": "https://other.nordwerk.example/hooks"}),
    "rotate_webhook": lambda e: (e.portal, f"/v1/webhooks/{e.webhook}/rotate", {"overlap_hours": 1}),
    "test_webhook": lambda e: (e.portal, f"/v1/webhooks/{e.webhook}/test", {}),
    "resend_delivery": lambda e: (e.portal, f"/v1/deliveries/{e.delivery}/resend", {}),
    "check_texts": lambda e: (e.portal, "/v1/guardrail/check", {"text": "Pricing circle"}),
    "accept_guideline": lambda e: (
        e.portal,
        "/v1/guideline/acceptances",
        {"version": CURRENT_VERSION, "person_id": e.person},
    ),
    "keep_community_hint": lambda e: (
        e.portal,
        f"/v1/communities/{e.pricing()}/hints/keep",
        {"pointer": "/name", "topic": 1, "reason": "Methods only."},
    ),
    "pause_tandem": lambda e: (e.portal, f"/v1/tandems/{e.tandem}/pause", {}),
    "resume_tandem": lambda e: (e.portal, f"/v1/tandems/{e.told('pause')}/resume", {}),
    "renew_tandem": lambda e: (e.portal, f"/v1/tandems/{e.told('pulse', pulse='end_well')}/renew", {}),
    "rotate_tandem": lambda e: (e.portal, f"/v1/tandems/{e.tandem}/rotate", {}),
    "plan_exchange": lambda e: (
        e.portal,
        f"/v1/tandems/{e.tandem}/exchanges",
        {"starts_at": (now() + timedelta(days=30)).isoformat()},
    ),
    "move_exchange": lambda e: (
        e.portal,
        f"/v1/exchanges/{e.exchange}/move",
        {"starts_at": (now() + timedelta(days=30)).isoformat()},
    ),
    "cancel_exchange": lambda e: (e.portal, f"/v1/exchanges/{e.exchange}/cancel", {}),
    "hold_exchange": lambda e: (e.portal, f"/v1/exchanges/{e.planned(-1)}/held", {}),
    "miss_exchange": lambda e: (e.portal, f"/v1/exchanges/{e.planned(-1)}/missed", {}),
    "write_minutes": lambda e: (
        e.portal,
        f"/v1/exchanges/{e.held()}/minutes",
        {"topics": "x", "take_away": "y", "next": "z"},
    ),
    "confirm_minutes": lambda e: (e.portal, f"/v1/exchanges/{e.held(topics='x')}/confirm", {"version": 1}),
    "object_to_exchange": lambda e: (e.portal, f"/v1/exchanges/{e.held()}/object", {"item": 1}),
    "park_item": lambda e: (e.portal, f"/v1/exchanges/{e.exchange}/park", {"item": 1}),
    "say_useful": lambda e: (e.portal, f"/v1/exchanges/{e.held()}/useful", {"useful": True}),
    "keep_exchange_hint": lambda e: (
        e.portal,
        f"/v1/exchanges/{e.held(topics='Our prices')}/hints/keep",
        {"pointer": "/topics", "topic": 1, "reason": "x"},
    ),
    "say_pulse": lambda e: (e.portal, f"/v1/tandems/{e.tandem}/pulse", {"pulse": "continue"}),
    "create_seating": lambda e: (e.world.organizer, f"/v1/meetups/{e.seated.meetup_id}/seatings", {"rotations": 2}),
    "reseat_people": lambda e: (
        e.world.organizer,
        f"/v1/seatings/{e.seated.seating_id}/reseat",
        {"from_rotation": 1},
    ),
    "say_again": lambda e: (
        e.who_sits(),
        f"/v1/registrations/{e.seated.registration_id}/again",
        {"registration_ids": [e.seated.companion_id]},
    ),
    "create_meetup": lambda e: (
        e.world.organizer,
        "/v1/meetups",
        {
            "title": "Meetup",
            "language": "en",
            "purpose": "x",
            "starts_at": (now() + timedelta(days=30)).isoformat(),
            "ends_at": (now() + timedelta(days=31)).isoformat(),
            "time_zone": "Europe/Berlin",
        },
    ),
    "announce_meetup": lambda e: (e.world.organizer, f"/v1/meetups/{e.drafted_meetup()}/announce", {}),
    "open_meetup": lambda e: (e.world.organizer, f"/v1/meetups/{e.meetup}/open", {}),
    "hold_meetup": lambda e: (e.world.organizer, f"/v1/meetups/{e.begun(e.announced_meetup())}/hold", {}),
    "archive_meetup": lambda e: (e.world.organizer, f"/v1/meetups/{e.announced_meetup('hold')}/archive", {}),
    "cancel_meetup": lambda e: (e.world.organizer, f"/v1/meetups/{e.meetup}/cancel", {"message": "x"}),
    "keep_meetup_hint": lambda e: (
        e.world.organizer,
        f"/v1/meetups/{e.meetup}/hints/keep",
        {"pointer": "/purpose", "topic": 1, "reason": "x"},
    ),
    "propose_talk": lambda e: (
        e.portal,
        f"/v1/meetups/{e.meetup}/talks",
        {"community_id": e.published, "title": "x", "abstract": "y", "language": "en"},
    ),
    "accept_talk": lambda e: (e.world.organizer, f"/v1/talks/{e.talk}/accept", {}),
    "decline_talk": lambda e: (e.world.organizer, f"/v1/talks/{e.talk}/decline", {}),
    "withdraw_talk": lambda e: (e.portal, f"/v1/talks/{e.talk}/withdraw", {}),
    "keep_talk_hint": lambda e: (
        e.portal,
        f"/v1/talks/{e.talk}/hints/keep",
        {"pointer": "/title", "topic": 1, "reason": "x"},
    ),
    "tell_story": lambda e: (e.portal, f"/v1/stories/{e.story()}/talk", {"meetup_id": e.meetup}),
    "plan_year": lambda e: (
        e.world.organizer,
        "/v1/plans",
        {
            "title": "Year",
            "language": "en",
            "purpose": "x",
            "time_zone": "Europe/Berlin",
            "first": f"{now() + timedelta(days=60):%Y-%m-%dT12:00:00}",
        },
    ),
    "say_how_a_meetup_was": lambda e: (
        e.visitor,
        f"/v1/registrations/{e.was_there}/feedback",
        {"useful": "partly", "comment": "x"},
    ),
    "send_meetup_summary": lambda e: (e.world.organizer, f"/v1/meetups/{e.held_meetup}/summary/send", {}),
    "release_harvest": lambda e: (e.portal, f"/v1/tandems/{e.harvested()}/harvest/release", {"version": 1}),
}
# Those that make a secret: the field that shows it, and what a repeated request is told.
SECRETS = {
    "create_key": ("key", "/problems/secret-shown-before"),
    "rotate_key": ("key", "/problems/secret-shown-before"),
    "create_webhook": ("secret", "/problems/webhook-secret-shown-before"),
    "rotate_webhook": ("secret", "/problems/webhook-secret-shown-before"),
}


def send(sent: Sent, key: str) -> Response:
    caller, address, body = sent
    if address.startswith("/v1/imports"):
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return caller.post(address, content=b'[{"external_id": "x", "name": "X"}]', headers=headers)
    return caller.post(address, json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("name", sorted(POSTS))
def test_a_post_that_is_repeated_does_nothing_twice(example: Example, name: str) -> None:
    sent = REQUESTS[name](example)

    first, again = send(sent, "k-1"), send(sent, "k-1")

    assert first.status_code in (200, 201, 202), first.text
    if name in SECRETS:
        field, told = SECRETS[name]
        assert (again.status_code, again.json()["type"]) == (409, told)
        assert first.json()["id"] in again.json()["detail"]
        assert first.json()[field] not in again.text
    else:
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = send((sent[0], sent[1], sent[2] | {"another": "body"}), "k-1")
    if not sent[1].startswith("/v1/imports"):
        assert (other.status_code, other.json()["type"]) in (
            (422, "/problems/idempotency-key-reused"),
            # An unknown field is told first.
            (422, "/problems/invalid-input"),
        )


@each(KEYED)
def test_an_operation_tells_its_parameters_and_errors(operation: Operation) -> None:
    assert {"401", "403", "429"} <= operation.answers.keys()
    if "requestBody" in operation.described:
        assert {"400", "413", "422"} <= operation.answers.keys()
    if "{" in operation.path:
        assert "404" in operation.answers
    if operation.method == "POST":
        assert "Idempotency-Key" in operation.parameters
    if operation.method in ("PATCH", "DELETE", "PUT"):
        assert "If-Match" in operation.parameters
        assert "412" in operation.answers
        if "{external_id}" not in operation.path:
            assert "428" in operation.answers
    if "202" in operation.answers:
        assert re.sub("/(start|rerun|preview)$", "", operation.path) in DOCUMENT["paths"]


@each(OPERATIONS)
def test_an_answer_has_a_realistic_example(operation: Operation) -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for status in ("200", "201", "202"):
        content = operation.answers.get(status, {}).get("content", {}).get("application/json")
        if content is None:
            continue
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        assert "example" in schemas[name], name
        assert schemas[name]["example"].keys() == schemas[name]["properties"].keys(), name


@each(KEYED)
def test_nothing_is_looked_at_without_an_accepted_key(client: TestClient, operation: Operation) -> None:
    path = re.sub(r"\{\w+\}", "x", operation.path)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer tdm_0.wrong"}

    answer = client.request(operation.method, path, content=b"{not json", headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/key-not-accepted")


@each([one for one in KEYED if one.method != "GET"])
def test_a_read_only_key_changes_nothing(world: World, operation: Operation) -> None:
    for role in (Role.OPERATOR, Role.ORGANIZER):
        reader = world.caller(role, read_only=True)
        path = re.sub(r"\{\w+\}", "x", operation.path)

        answer = reader._request(operation.method, path, json={})

        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/key-reads-only")


@each(SINGLES)
def test_a_single_resource_has_an_etag_and_is_not_sent_twice(example: Example, operation: Operation) -> None:
    caller, address = example.reader(operation), example.address(operation.path)

    first = caller.get(address)
    same = caller.get(address, headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    other = caller.get(address, headers={"If-None-Match": '"other"'})
    head = caller._request("HEAD", address)

    assert first.status_code == 200, first.text
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert other.json() == first.json()
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", first.headers["ETag"])


@each(LISTS)
def test_a_list_has_pages_limits_and_sealed_cursors(example: Example, operation: Operation) -> None:
    caller, address = example.reader(operation), example.address(operation.path)

    page = caller.get(address, params={"limit": 1})
    assert page.status_code == 200, page.text
    assert {"items", "next_cursor"} <= page.json().keys()
    assert len(page.json()["items"]) <= 1
    cursor = page.json()["next_cursor"] or "bm9ib2R5LW1hZGUtdGhpcw"
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for query in ({"limit": 0}, {"limit": 10_000}, {"limit": "x"}, {"cursor": changed}, {"cursor": "é"}):
        refused = caller.get(address, params=query)
        assert refused.status_code == 422, query


def test_a_cursor_of_another_list_is_refused(example: Example) -> None:
    cursor = example.world.operator.get("/v1/companies", params={"limit": 1}).json()["next_cursor"]

    refused = example.world.operator.get("/v1/communities", params={"cursor": cursor})

    assert cursor is not None
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-cursor")


@each([one for one in KEYED if one.method in ("PATCH", "DELETE", "PUT") and "{external_id}" not in one.path])
def test_a_change_needs_the_version_it_was_made_on(example: Example, operation: Operation) -> None:
    address = example.address(operation.path, operation.method)
    body = _example_body(operation)
    caller = example.reader(operation)
    before = caller.get(address)

    answers = [
        caller._request(operation.method, address, json=body, headers=headers)
        for headers in ({}, {"If-Match": '"stale"'}, {"If-Match": before.headers["ETag"]})
    ]

    if operation.method == "DELETE":
        assert [answer.status_code for answer in answers] == [428, 412, 204]
        assert caller.get(address).status_code == 404
        return
    assert [answer.status_code for answer in answers] == [428, 412, 200]
    assert answers[2].headers["ETag"] == caller.get(address).headers["ETag"] != before.headers["ETag"]


def _example_body(operation: Operation) -> JsonObject:
    if "requestBody" not in operation.described:
        return {}
    schema = operation.described["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    body: JsonObject = DOCUMENT["components"]["schemas"][schema]["example"]
    return body


def test_every_operation_of_the_service_stands_in_the_document(client: TestClient) -> None:
    contexts = list(iter_route_contexts(client.app.routes))  # type: ignore[attr-defined]  # the application is ours
    routes = [one.original_route for one in contexts if (one.path or "").startswith("/v1")]

    assert len(routes) == len(KEYED)
    for route in routes:
        assert isinstance(route, KeyedRoute)
        assert route.include_in_schema, route.path


def test_a_method_that_an_address_does_not_know_is_told_with_those_that_it_does(world: World) -> None:
    refused = world.operator._request("DELETE", "/v1/communities/cmt_x")

    assert (refused.status_code, refused.json()["type"]) == (405, "/problems/method-not-allowed")
    assert refused.headers["Allow"] == "GET, HEAD, PATCH"
