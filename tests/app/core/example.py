"""One of everything that the service stores, and for each POST a request that succeeds."""

import re
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from itertools import count

from httpx2 import Response

from app.access.models import Role
from app.communities.handles import Handles
from app.core.clock import now
from app.core.ids import new_id
from app.discovery import service as discovery
from app.exchanges.models import Exchange, ExchangeStatus, Harvest
from app.guardrails.acceptance import CURRENT_VERSION
from app.meetups.models import Meetup
from app.notifications.models import Message, MessageStatus
from app.tandems import service as tandems
from app.tandems.models import SideName, Tandem, TandemStatus
from app.tandems.service import Offer
from tests.app.core.operations import Operation
from tests.app.seatings.conftest import a_seated_meetup
from tests.world import ApiCaller, JsonObject, World, ndjson

CIRCLE: JsonObject = {"name": "Circle", "tags": ["python"], "languages": ["en"]}
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
