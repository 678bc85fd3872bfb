"""What a company keeps to itself, in every state, and how others could name it."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import time_machine
from httpx2 import Response
from sqlalchemy import inspect, text, update
from sqlmodel import Session, col

from app.access.models import Role
from app.communities.models import Community
from app.core import jobs
from app.core.database import Database
from app.core.ids import new_id
from app.discovery import service as discovery
from app.exchanges.models import Exchange, ExchangeStatus, Harvest, TandemPulse
from app.rounds.models import DecisionKind, RoundDecision
from app.tandems import service as tandems
from app.tandems.models import SideName, Suggestion, SuggestionStatus, Tandem, TandemStatus
from app.tandems.service import Offer
from tests.app.seatings.conftest import SeatedMeetup, a_seated_meetup
from tests.end_to_end.questions import own_questions
from tests.world import ApiCaller, JsonObject, World, ndjson

ID = re.compile(r"(?:cmt|per|key|imp|rnd|cns|evt|job|prp|sug|tnd|exc|cmp|req|whk|msg|mtp|reg|stg|tlk)_[0-9a-v]{26}")
# Whoever may call at all may know of a company and of a meetup; each request has an id of its own.
_NO_SECRETS = ("cmp_", "mtp_", "req_")
# In every text that nobody but the company itself may read, and in those that an organizer may read too.
PRIVATE, MASKED = "canary", "siskin"
UNPUBLISHED = ("draft", "confirmed", "paused", "archived", "stale", "absorbed")
PUBLISHED = ("masked", "open", "circumstance", "avoiding", "survivor")
Stores = Callable[..., str]


@dataclass
class Kept:
    """What the company Nordwerk has, and how its own people and B's name it."""

    company_id: str
    communities: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    etags: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    round_id: str = ""
    preview_id: str = ""
    pin_id: str = ""
    suggestions: list[str] = field(default_factory=list)
    tandem_id: str = ""
    webhook_id: str = ""
    delivery_id: str = ""
    exchange_id: str = ""
    seated: SeatedMeetup | None = None
    talk_id: str = ""


def document(state: str, **changes: object) -> JsonObject:
    """A community with something to keep in every field."""
    readable = MASKED if state in PUBLISHED else PRIVATE
    themes = ["recycling", "supply chains"] if state in ("masked", "open", "circumstance", "survivor") else []
    return {
        "name": f"{readable} name {state}",
        "teaser": f"{readable} teaser {state}",
        "purpose": f"{readable} purpose of {state} recycling",
        "description": f"{readable} description of {state} recycling",
        "tags": themes or [f"{readable}tag{state}", "recycling"],
        "topics": [] if themes else [f"{readable}topic{state}"],
        "target_group": f"{readable} group",
        "platform": f"{readable} platform",
        "languages": ["en"],
        "offers": [f"{readable} offer"],
        "seeks": [f"{readable} wish"],
        "excluded_sectors": [f"{PRIVATE}sector"],
        "wished_sectors": [f"{PRIVATE}wishes"],
        "touches": ["pricing"],
        "managers": [{"email": f"{PRIVATE}.{state}@nordwerk.example", "first_name": f"{PRIVATE}first"}],
    } | changes


def done(answer: Response) -> JsonObject:
    assert answer.status_code in (200, 201, 202), answer.text
    shown: JsonObject = answer.json()
    return shown


def keeping(world: World, viewer_id: str) -> Kept:
    """Nordwerk, with communities in every state, people, keys, imports, merges; and what names them."""
    meetup_id = meetup_to_come(world)
    before = ids_in(world.database)
    kept = Kept(world.company("Nordwerk", sector="machinery"))
    stored, published = keep_published(world, kept, viewer_id)
    keep_unpublished(world, kept, stored, published)
    portal = world.portal(kept.company_id)
    _keep_more(world, kept, portal, world.caller(Role.COORDINATOR, kept.company_id))
    partner = _keep_tandems(world, kept)
    kept.seated = a_seated_meetup(world, [kept.company_id], word=MASKED, address=PRIVATE)
    _keep_talk(kept, portal, meetup_id)
    _name(world, kept, portal)
    kept.ids = {one for one in ids_in(world.database) - before if not one.startswith(_NO_SECRETS)}
    kept.ids.discard(partner)
    return kept


def keep_published(world: World, kept: Kept, viewer_id: str) -> tuple[Stores, Stores]:
    """Its published communities; and how to store and to publish more, each giving the address."""
    portal = world.portal(kept.company_id)

    def stored(state: str, **changes: object) -> str:
        address = f"/v1/sources/{PRIVATE}-source/communities/{PRIVATE}-{state}"
        kept.communities[state] = str(done(portal.put(address, json=document(state, **changes)))["id"])
        return f"/v1/communities/{kept.communities[state]}"

    def published(state: str, **changes: object) -> str:
        address = stored(state, **changes)
        done(portal.post(f"{address}/publish", json={"consent_by": f"{PRIVATE} consent"}))
        return address

    published("masked")
    published("open", listed_openly=True, name="Open circle", purpose="Openly about recycling.")
    published("circumstance", kind="circumstance")
    published("avoiding", excluded_companies=[viewer_id], tags=["osprey", "recycling"])
    # Lacks nothing, so that a merge gives it no other text.
    published("survivor", topics=["circular economy"])
    return stored, published


def keep_unpublished(world: World, kept: Kept, stored: Stores, published: Stores) -> None:
    """Its communities in all the states in which nobody else finds them."""
    portal = world.portal(kept.company_id)
    stored("draft")
    done(portal.post(f"{stored('confirmed')}/confirm"))
    done(portal.post(f"{published('paused')}/pause", json={}))
    done(portal.post(f"{published('archived')}/archive"))
    published("stale")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    with world.database.session() as session:
        stale = update(Community).where(col(Community.id) == kept.communities["stale"])
        session.execute(stale.values(confirm_again_by=yesterday))
    done(portal.post(f"{stored('absorbed')}/merge", json={"into": kept.communities["survivor"]}))


def _keep_more(world: World, kept: Kept, portal: ApiCaller, coordinator: ApiCaller) -> None:
    """A key for a person, imports that ended well, badly and not yet, and a round."""
    kept.people = [one["id"] for one in done(portal.get("/v1/people"))["items"]]
    wish = {"role": "manager", "label": f"{PRIVATE} label", "person_id": kept.people[0]}
    kept.keys.append(str(done(coordinator.post("/v1/keys", json=wish))["id"]))
    url = f"https://{PRIVATE}.nordwerk.example/hooks"
    kept.webhook_id = str(done(coordinator.post("/v1/webhooks", json={"url": url}))["id"])
    kept.delivery_id = str(done(coordinator.post(f"/v1/webhooks/{kept.webhook_id}/test"))["id"])
    rows = ndjson(
        [
            {"external_id": f"{PRIVATE}-row", "name": f"{PRIVATE} row"},
            {"external_id": f"{PRIVATE}-refused", "name": "x", "languages": [f"{PRIVATE}-tongue"]},
        ]
    )
    kept.imports = [
        str(world.imported(portal, rows, source=f"{PRIVATE}-source")["id"]),
        str(world.imported(portal, f"{PRIVATE}heading;x\n1;2\n".encode(), "text/csv")["id"]),
    ]
    kept.round_id = str(world.proposed_round()["id"])
    address = f"/v1/rounds/{kept.round_id}"
    kept.preview_id = str(done(world.organizer.post(f"{address}/preview", json={}))["id"])
    world.worker.run_until_idle()
    kept.pin_id = _pinned(world, kept)
    headers = {"Content-Type": "application/x-ndjson"}
    kept.imports.append(str(done(portal.post("/v1/imports?source=waiting", content=rows, headers=headers))["id"]))
    refresh(world)


def _pinned(world: World, kept: Kept) -> str:
    """A pin that names its communities."""
    a_id, b_id = sorted((kept.communities["masked"], kept.communities["survivor"]))
    pin = RoundDecision(
        id=new_id("dec"),
        round_id=kept.round_id,
        kind=DecisionKind.PIN,
        a_id=a_id,
        b_id=b_id,
        created_at=datetime.now(UTC),
    )
    with world.database.session() as session:
        session.add(pin)
    return pin.id


def _keep_tandems(world: World, kept: Kept) -> str:
    """A suggestion and a tandem with a community of a third company; that community."""
    third = world.company("Westbank", sector="banking")
    wish = {"name": "Third", "tags": ["thirds"]}
    partner = str(done(world.portal(third).post("/v1/communities", json=wish))["id"])
    reasons: list[dict[str, object]] = [
        {"kind": "theme", "terms": [{"a": f"{MASKED} word", "b": f"{MASKED} word"}], "share": 0.5}
    ]
    with world.database.session() as session:
        offers = [
            Offer(min(own, partner), max(own, partner), 0.4, reasons, 0.5, round_id=kept.round_id)
            for own in (kept.communities["masked"], kept.communities["survivor"])
        ]
        kept.suggestions = tandems.open_many(session, offers)
        kept.tandem_id = new_id("tnd")
        met = session.get_one(Suggestion, kept.suggestions[0])
        met.status, met.tandem_id = SuggestionStatus.ACCEPTED, kept.tandem_id
        companies = {partner: third}
        session.add(
            Tandem(
                id=kept.tandem_id,
                suggestion_id=met.id,
                a_id=met.a_id,
                b_id=met.b_id,
                a_company=companies.get(met.a_id, kept.company_id),
                b_company=companies.get(met.b_id, kept.company_id),
                status=TandemStatus.STARTING,
                started_at=met.opened_at,
                kicked_off_at=met.opened_at,
            )
        )
        session.flush()
        kept.exchange_id = _keep_meeting(session, kept.tandem_id)
    return partner


def meetup_to_come(world: World) -> str:
    """One that everybody may read."""
    for one in done(world.organizer.get("/v1/meetups"))["items"]:
        return str(one["id"])
    starts_at = (datetime.now(UTC) + timedelta(days=60)).replace(hour=12, minute=0, second=0, microsecond=0)
    wish = {"title": "Meetup", "language": "en", "purpose": "x", "time_zone": "Europe/Berlin", "place": "House"}
    wish |= {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=4)).isoformat()}
    meetup_id = str(done(world.organizer.post("/v1/meetups", json=wish))["id"])
    done(world.organizer.post(f"/v1/meetups/{meetup_id}/announce"))
    return meetup_id


def _keep_talk(kept: Kept, portal: ApiCaller, meetup_id: str) -> None:
    """A talk that is proposed, and accepted by nobody."""
    wish = {"community_id": kept.communities["masked"], "language": "en"}
    wish |= {"title": f"{MASKED} title", "abstract": f"{MASKED} abstract"}
    kept.talk_id = str(done(portal.post(f"/v1/meetups/{meetup_id}/talks", json=wish))["id"])


def _keep_meeting(session: Session, tandem_id: str) -> str:
    """A meeting of a tandem, with something to keep in all that is said of it."""
    moment = datetime.now(UTC)
    exchange = Exchange(
        id=new_id("exc"),
        tandem_id=tandem_id,
        number=1,
        kick_off=True,
        status=ExchangeStatus.HELD,
        starts_at=moment,
        minutes=60,
        host=SideName.A,
        place=f"{PRIVATE} place",
        agenda=[{"text": f"{PRIVATE} item", "minutes": 60, "parked": False}],
        uid=new_id("cal"),
        created_at=moment,
        topics=f"{PRIVATE} topics",
        take_away=f"{PRIVATE} take-away",
        next=f"{PRIVATE} next",
        minutes_by=SideName.A,
        minutes_version=1,
    )
    session.add(exchange)
    lines = [f"{PRIVATE} line"]
    session.add(Harvest(tandem_id=tandem_id, lines=lines, written_by=SideName.A, written_at=moment))
    session.add(TandemPulse(tandem_id=tandem_id, side=SideName.A, term=1, why=f"{PRIVATE} why", said_at=moment))
    return exchange.id


def _name(world: World, kept: Kept, portal: ApiCaller) -> None:
    """What Nordwerk's own answers are called by: versions, cursors, handles."""
    own = _FILLED | {"community_id": kept.communities["masked"], "company_id": kept.company_id}
    own |= {"meetup_id": meetup_to_come(world), "talk_id": kept.talk_id}
    own |= {"import_id": kept.imports[0], "person_id": kept.people[0]}
    for question in own_questions(described(world), own):
        answer = portal.ask("GET", question.path, params={"limit": "1"})
        kept.etags += [answer.headers["ETag"]] if "ETag" in answer.headers else []
        kept.cursors += re.findall(r'"next_cursor":"([^"]+)"', answer.text)
        kept.handles += re.findall(r"hdl_[0-9a-v]{52}", answer.text)


# Where an own thing is not needed or not there.
_FILLED = {
    "slug": "invalid-input",
    "source": "intranet",
    "external_id": "own",
    "other_id": "cmp_none",
    "round_id": "rnd_none",
    "key_id": "key_none",
    "person_id": "per_none",
    "import_id": "imp_none",
    "suggestion_id": "sug_none",
    "tandem_id": "tnd_none",
    "exchange_id": "exc_none",
    "preview_id": "prv_none",
    "proposal_id": "prp_none",
    "pin_id": "dec_none",
    "ban_id": "dec_none",
    "webhook_id": "whk_none",
    "delivery_id": "msg_none",
    "seating_id": "stg_none",
    "talk_id": "tlk_none",
    "story_id": "sty_none",
    "registration_id": "reg_none",
}


def looking(world: World, viewer_id: str) -> dict[str, str]:
    """B, with communities that are much like Nordwerk's, and how it names what it has."""
    jobs.tell_worker_seen(world.database, "worker")
    mine: JsonObject = {
        "tags": ["recycling", "supply chains"],
        "languages": ["en"],
        "purpose": "Recycling, all together.",
    }
    [community_id] = world.published(viewer_id, {"name": "Recyclers"} | mine)
    portal = world.portal(viewer_id)
    done(portal.put("/v1/sources/intranet/communities/own", json={"name": "Own", "tags": ["recycling"]}))
    contact = {"email": "kim@viewer.example", "first_name": "Kim"}
    person_id = str(done(portal.post("/v1/people", json=contact))["id"])
    address = f"/v1/communities/{community_id}"
    done(portal.patch(address, json={"managers": [contact]}, headers={"If-Match": "*"}))
    refused = {"external_id": "broken", "name": "x", "languages": ["klingonisch"]}
    import_id = str(world.imported(portal, ndjson([{"external_id": "own", "name": "Own"}, refused]))["id"])
    own = {"community_id": community_id, "company_id": viewer_id, "person_id": person_id, "import_id": import_id}
    own["meetup_id"] = meetup_to_come(world)
    return _FILLED | own


def viewers(world: World, viewer_id: str, own: Mapping[str, str]) -> dict[str, ApiCaller]:
    """Everybody of B who may hold a key."""
    return {
        "portal": world.portal(viewer_id),
        "coordinator": world.caller(Role.COORDINATOR, viewer_id),
        "coordinator who only reads": world.caller(Role.COORDINATOR, viewer_id, read_only=True),
        "manager": world.caller(Role.MANAGER, person_id=own["person_id"]),
        "participant": world.caller(Role.PARTICIPANT, person_id=own["person_id"]),
    }


def names_of(kept: Kept, own: Mapping[str, str]) -> dict[str, list[str]]:
    """What may be put into a question about Nordwerk, by parameter or field."""
    communities = [one for state, one in kept.communities.items() if state != "survivor"]
    assert kept.seated is not None
    words = [f"{PRIVATE}tagdraft", f"{PRIVATE}tagdrat", f"{PRIVATE}topicpaused", "osprey", "ospray"]
    return {
        "community_id": [*communities, *kept.handles[:1]],
        "community_ids": communities,
        "communities": communities,
        "into": [kept.communities["survivor"]],
        "company_id": [kept.company_id],
        "company": [kept.company_id],
        "companies": [kept.company_id],
        "wished_companies": [kept.company_id],
        "excluded_companies": [kept.company_id],
        "other_id": [own["company_id"]],
        "person_id": kept.people,
        "key_id": kept.keys,
        "import_id": kept.imports,
        "round_id": [kept.round_id],
        "suggestion_id": kept.suggestions,
        "tandem_id": [kept.tandem_id],
        "exchange_id": [kept.exchange_id],
        "preview_id": [kept.preview_id],
        "proposal_id": ["prp_06em2n0u4hsm7bg6m3r8t2f5ac"],
        "pin_id": [kept.pin_id],
        "ban_id": [kept.pin_id],
        "webhook_id": [kept.webhook_id],
        "delivery_id": [kept.delivery_id],
        "meetup_id": [own["meetup_id"]],
        "talk_id": [kept.talk_id],
        "speaker_id": kept.people[:1],
        "host_company_id": [kept.company_id],
        "seating_id": [kept.seated.seating_id],
        "registration_id": [kept.seated.registration_id],
        "registration_ids": [kept.seated.companion_id],
        "host_company_ids": [kept.company_id],
        # Not released: it has no other name yet.
        "story_id": [kept.tandem_id],
        "a": [kept.communities["draft"]],
        "b": [kept.communities["paused"]],
        "source": [f"{PRIVATE}-source"],
        "external_id": [f"{PRIVATE}-draft", f"{PRIVATE}-absorbed", f"{PRIVATE}-row"],
        "external_ids": [f"{PRIVATE}-draft", f"{PRIVATE}-masked", f"{PRIVATE}-absorbed"],
        "handle": kept.handles[:1],
        "q": words,
        "cursor": [*kept.cursors, *kept.handles[:1]],
        "email": [f"{PRIVATE}.draft@nordwerk.example"],
        "slug": [f"{PRIVATE}-slug"],
        "etag": sorted(set(kept.etags)),
    }


def invented(names: Mapping[str, list[str]], own: Mapping[str, str]) -> dict[str, list[str]]:
    """For each name one of the same form that nobody has ever used."""

    def other(name: str) -> str:
        if name in own.values():
            return name
        return new_id(name[:3]) if ID.fullmatch(name) else codecs.encode(name, "rot13")

    return {kind: [other(name) for name in values] for kind, values in names.items()} | {"etag": names["etag"]}


def reached(world: World, kept: Kept, phase: str) -> None:
    """Nordwerk takes part, is about to leave, or has left for good."""
    if phase != "active":
        done(world.operator.post(f"/v1/companies/{kept.company_id}/leave"))
    if phase == "erased":
        with time_machine.travel(datetime.now(UTC) + timedelta(days=31), tick=False):
            world.worker.run_until_idle()
        assert done(world.operator.get(f"/v1/companies/{kept.company_id}"))["status"] == "left"
    refresh(world)


def refresh(world: World) -> None:
    """What the worker's and the API's threads do by themselves within a minute."""
    discovery.bring_up_to_date(world.database)
    index = world.client.app.state.discovery  # type: ignore[attr-defined]  # ours
    with world.database.reader() as session:
        index.refresh(session)


def ids_in(database: Database) -> set[str]:
    """Every id that is stored anywhere."""
    with database.reader() as session:
        tables = inspect(session.get_bind()).get_table_names()
        return {
            one
            for name in tables
            for row in session.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608  names of our own tables
            for one in ID.findall(str(row))
        }


def described(world: World) -> JsonObject:
    """The document of the interface, as everybody reads it."""
    found: JsonObject = world.client.get("/openapi.json").json()
    return found
