"""What a company keeps to itself nobody else learns: by no operation, with whatever name of its, in no state."""

import base64
import codecs
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from shutil import copy

import pytest
import time_machine
from httpx2 import Response
from sqlalchemy import inspect, text, update
from sqlmodel import Session, col
from starlette.testclient import TestClient

from app.access.models import Role
from app.communities.handles import Handles
from app.communities.models import Community
from app.core import jobs
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import Settings
from app.discovery import service as discovery
from app.exchanges.models import Exchange, ExchangeStatus, Harvest, TandemPulse
from app.main import create_app
from app.rounds.models import DecisionKind, RoundDecision
from app.tandems import service as tandems
from app.tandems.models import SideName, Suggestion, SuggestionStatus, Tandem, TandemStatus
from app.tandems.service import Offer
from app.worker import Worker
from tests.app.seatings.conftest import SeatedMeetup, a_seated_meetup
from tests.end_to_end.questions import Question, own_questions, questions
from tests.world import ApiCaller, JsonObject, World, ndjson

_ID = re.compile(r"(?:cmt|per|key|imp|rnd|cns|evt|job|prp|sug|tnd|exc|cmp|req|whk|msg|mtp|reg|stg|tlk)_[0-9a-v]{26}")
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


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the service writes to its log from now on."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    return written


@contextmanager
def a_world(database_url: str) -> Iterator[World]:
    settings = Settings(database_url=database_url, lease_seconds=30, worker_silent_seconds=3600, log_level="debug")
    database = Database(database_url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield World(client, database, settings, Worker(database, settings))
    database.dispose()


@pytest.fixture
def world(log: io.StringIO, database_url: str) -> Iterator[World]:
    with a_world(database_url) as world:
        yield world


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
    for question in own_questions(_document(world), own):
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
        return new_id(name[:3]) if _ID.fullmatch(name) else codecs.encode(name, "rot13")

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
            for one in _ID.findall(str(row))
        }


def everything_in(answer: Response) -> str:
    """Body and headers, and what the cursors in them say."""
    told = f"{answer.status_code} {dict(answer.headers)} {answer.text}"
    for cursor in re.findall(r'"next_cursor":\s*"([^"]+)"', told):
        opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        told += opened.decode("utf-8", "replace")
    return told


def told_too_much(
    kept: Kept, names: Mapping[str, list[str]], question: Question, answer: Response, *secrets: str
) -> list[str]:
    """What an answer tells of Nordwerk that whoever asked did not say."""
    told = everything_in(answer).casefold()
    ids = [one for one in kept.ids if one in told and one not in question.said]
    # B may have stored something of its own by names that it has heard.
    for name in sorted({name for values in names.values() for name in values}, key=len, reverse=True):
        told = told.replace(name.casefold(), "")
    return ids + [secret for secret in secrets if secret in told]


def apart_from(names: Mapping[str, list[str]], other_names: Mapping[str, list[str]], answer: Response) -> str:
    """An answer as far as it does not repeat a name that it was asked about, nor counts requests, versions, time."""
    headers = {name: answer.headers[name] for name in answer.headers if name not in _EACH_TIME}
    told = f"{answer.status_code} {headers} {answer.text}"
    told = _ID.sub("<id>", told)
    for kind in ("external_id", "external_ids", "email", "source", "community_id"):
        for name in (*names[kind], *other_names[kind]):
            told = told.replace(name, f"<{kind}>")
    told = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z", "<time>", told)
    return re.sub(r"'etag': '[^']+'|\"version\":\d+", "<version>", told)


_EACH_TIME = {"x-request-id", "ratelimit", "date", "content-length"}


def _document(world: World) -> JsonObject:
    found: JsonObject = world.client.get("/openapi.json").json()
    return found


EVERYBODY = ("portal", "coordinator", "coordinator who only reads", "manager", "participant")


@pytest.mark.parametrize(
    ("phase", "asking"),
    [("active", EVERYBODY), ("leaving", ("coordinator", "manager")), ("erased", ("coordinator", "manager"))],
)
def test_another_company_is_told_nothing_by_any_question(
    world: World, log: io.StringIO, phase: str, asking: Sequence[str]
) -> None:
    viewer_id = world.company("Suedhafen", sector="health")
    own = looking(world, viewer_id)
    kept = keeping(world, viewer_id)
    reached(world, kept, phase)
    names = names_of(kept, own)
    other_names = invented(names, own)
    document = _document(world)

    callers = viewers(world, viewer_id, own)
    assert tuple(callers) == EVERYBODY
    for who in asking:
        caller = callers[who]
        pairs = zip(questions(document, names, own), questions(document, other_names, own), strict=True)
        for question, about_nothing in pairs:
            answer, nothing = question.put_to(caller), about_nothing.put_to(caller)
            assert told_too_much(kept, names, question, answer, PRIVATE, MASKED) == [], (who, question, answer.text)
            assert answer.status_code < 500, (who, question)
            if any(one in question.path for one in kept.ids):
                # 403 only where the caller's role may never do that, with whatever name.
                assert answer.status_code in (403, 404), (who, question, answer.text)
            # Cursors are sealed, so an invented one is refused; /metrics counts this very request.
            if "cursor" not in question.query and question.operation not in _COUNTED:
                told, expected = (apart_from(names, other_names, one) for one in (answer, nothing))
                assert told == expected, (who, question)

    written = log.getvalue().casefold()
    assert '"event": "request"' in written
    assert [one for one in (PRIVATE, MASKED, "nordwerk.example", "tdm_") if one in written] == []


def test_an_organizer_is_told_neither_contacts_nor_identifiers_nor_what_is_not_published(world: World) -> None:
    viewer_id = world.company("Suedhafen", sector="health")
    own = looking(world, viewer_id)
    kept = keeping(world, viewer_id)
    unpublished = [kept.communities[one] for one in UNPUBLISHED]
    names = names_of(kept, own) | {"into": unpublished[:1], "community_id": unpublished[1:]}
    names["communities"] = names["community_ids"] = unpublished
    other_names = invented(names, own)
    published = {kept.communities[one] for one in PUBLISHED}
    scopes = ""
    # What an organizer may know by name, and rounds that are its own.
    known = {kept.company_id, kept.round_id, *kept.suggestions, kept.tandem_id, kept.exchange_id, *names["cursor"]}
    known |= {*names["seating_id"], *names["registration_id"]}
    known |= {own["meetup_id"], kept.talk_id}
    document = _document(world)

    pairs = zip(questions(document, names, own), questions(document, other_names, own), strict=True)
    for question, about_nothing in pairs:
        answer, nothing = question.put_to(world.organizer), about_nothing.put_to(world.organizer)
        if question.operation == "create_round":
            # Rounds repeat the scope that they were given.
            scopes += question.said
        told = [one for one in told_too_much(kept, names, question, answer, PRIVATE) if one not in scopes]
        secret = [one for one in told if one not in {*published, kept.talk_id} and not one.startswith(_OF_ROUNDS)]
        assert secret == [], (question, answer.text)
        assert answer.status_code < 500, question
        if not any(one in question.said for one in known) and question.operation not in _COUNTED:
            assert apart_from(names, other_names, answer) == apart_from(names, other_names, nothing), question
    for state in PUBLISHED:
        address = f"/v1/communities/{kept.communities[state]}"
        shown = done(world.organizer.get(address))
        assert (PRIVATE in str(shown), {shown[field] for field in _WITHHELD}) == (False, {None})
        for refused in ("consents", "related"):
            assert world.organizer.get(f"{address}/{refused}").status_code == 403


def test_a_masked_card_names_neither_the_company_nor_the_community(world: World) -> None:
    viewer_id = world.company("Suedhafen", sector="health")
    own = looking(world, viewer_id)
    kept = keeping(world, viewer_id)
    portal = world.portal(viewer_id)

    searched = done(portal.get("/v1/discovery/communities"))["items"]
    related = [one["card"] for one in done(portal.get(f"/v1/communities/{own['community_id']}/related"))["items"]]

    for cards in (searched, related):
        [openly] = [one for one in cards if one["name"] is not None]
        masked = [one for one in cards if one["name"] is None]
        assert (openly["name"], openly["company"]) == ("Open circle", "Nordwerk")
        # The masked one, the one of circumstance and the survivor of the merge; the one that avoids B is not there.
        assert len(masked) == 3
        assert all((one["company"], one["purpose"], one["kind"]) == (None, None, None) for one in masked)
        assert [one for one in kept.ids if one in str(cards)] == []
        assert "ordwerk" not in str(masked)


def test_all_answers_are_the_same_whether_or_not_another_company_has_unpublished_communities(
    log: io.StringIO, tmp_path: Path, migrated_sqlite: Path
) -> None:
    told = []
    for unpublished in (True, False):
        database = tmp_path / f"{unpublished}.db"
        copy(migrated_sqlite, database)
        with a_world(f"sqlite:///{database}") as world:
            viewer_id = world.company("Suedhafen", sector="health")
            own = looking(world, viewer_id)
            kept = Kept(world.company("Nordwerk", sector="machinery"))
            stored, published = keep_published(world, kept, viewer_id)
            if unpublished:
                keep_unpublished(world, kept, stored, published)
            told.append(all_answers(world, viewer_id, own))

    first, second = told
    assert len(first) > 60
    assert first.keys() == second.keys()
    for asked in first:
        assert first[asked] == second[asked], asked


def test_two_viewers_cannot_join_what_they_see(world: World) -> None:
    ids = [new_id("cmt") for _ in range(30)]
    pepper = world.settings.key_pepper.get_secret_value()
    viewers_and_purposes = [
        (new_id("cmp"), "discovery"),
        (new_id("cmp"), "discovery"),
        (viewer := new_id("cmp"), "discovery"),
        (viewer, "suggestion sug_1"),
        (viewer, "suggestion sug_2"),
    ]
    seen = [
        [Handles(pepper, purpose, company_id).of(one) for one in ids] for company_id, purpose in viewers_and_purposes
    ]

    assert {len(handle) for handles in seen for handle in handles} == {56}
    orders = [sorted(range(len(ids)), key=handles.__getitem__) for handles in seen]
    assert len({tuple(order) for order in orders}) == len(seen)
    for mine, theirs in combinations([*seen, ids], 2):
        # By chance two of 900 pairs share 8 characters once in 500,000 runs.
        assert longest_in_common(mine, theirs) < 8


def test_an_idempotency_key_of_another_company_repeats_nothing_of_it(world: World) -> None:
    own, other = world.portal(world.company("Own")), world.portal(world.company("Other"))
    wish: JsonObject = {"json": {"name": "Same name"}, "headers": {"Idempotency-Key": "the-same"}}
    theirs = other.post("/v1/communities", **wish)

    mine, again = own.post("/v1/communities", **wish), own.post("/v1/communities", **wish)

    assert (theirs.status_code, mine.status_code) == (201, 201)
    assert mine.json()["id"] == again.json()["id"] != theirs.json()["id"]
    assert [one["id"] for one in own.get("/v1/communities").json()["items"]] == [mine.json()["id"]]


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_by_another_companys_identifiers_finds_only_the_own_communities(
    world: World, dry_run: bool
) -> None:
    own, other = world.portal(world.company("Own")), world.portal(world.company("Other"))
    rows: list[JsonObject] = [{"external_id": f"{PRIVATE}-{n}", "name": f"Theirs {n}"} for n in range(3)]
    world.imported(other, ndjson(rows))
    stored = other.get("/v1/communities").text

    done = world.imported(own, ndjson([rows[0] | {"name": "Mine"}]), dry_run=str(dry_run).lower())

    assert [done[one] for one in ("created", "updated", "unchanged", "refused", "missing")] == [1, 0, 0, 0, 0]
    [change] = own.get(f"/v1/imports/{done['id']}/changes").json()["items"]
    assert (change["change"], change["name"]) == ("new", "Mine")
    assert other.get("/v1/communities").text == stored


def test_a_new_operation_that_names_something_unknown_stops_the_walk(world: World) -> None:
    document = _document(world)
    path = {"name": "tandem_id", "in": "path"}
    document["paths"] = {"/v1/tandems/{tandem_id}": {"get": {"operationId": "read_tandem", "parameters": [path]}}}

    with pytest.raises(AssertionError, match="read_tandem: which names may stand for"):
        list(questions(document, {"etag": []}, {}))


_OF_ROUNDS = ("rnd_", "prp_", "sug_", "tnd_", "exc_", "stg_", "reg_")
_WITHHELD = (
    *("source", "external_id", "also_known_as", "merged_into", "managers", "consent_by", "paused_by", "touches"),
    *("excluded_companies", "excluded_sectors", "wished_companies", "wished_sectors"),
)
# They count requests.
_COUNTED = {"read_metrics"}


def all_answers(world: World, viewer_id: str, own: Mapping[str, str]) -> dict[str, str]:
    """Everything that B can read, without what differs each time: ids, handles, cursors, times."""
    refresh(world)
    rows = ndjson([{"external_id": "own", "name": "Own, changed"}, {"external_id": "new", "name": "New"}])
    dry = str(world.imported(world.portal(viewer_id), rows, dry_run="true")["id"])
    searches = [{"q": word} for word in ("recycling", "recicling", "canary", "siskin", "canarytagdraft", "osprey")]
    queries: list[dict[str, str]] = [{}, {"limit": "1"}, {"sector": "machinery"}, {"language": "en"}, *searches]
    answers: dict[str, str] = {}
    for who, caller in viewers(world, viewer_id, own).items():
        for question in own_questions(_document(world), {**own, "import_id": dry}):
            if question.operation in _COUNTED:
                continue
            for query in queries if "discovery" in question.path else queries[:2]:
                answer = caller.ask("GET", question.path, params=query)
                if "limit" in query and "hdl_" in answer.text:
                    # Which of several equally good ones comes first is the chance of their handles.
                    continue
                answers[f"{who} {question.operation} {query}"] = _without_chance(answer)
    return answers


def _without_chance(answer: Response) -> str:
    told = f"{answer.status_code} {sorted(answer.headers)} "
    content = answer.json() if answer.headers["content-type"] == "application/json" else answer.text
    if isinstance(content, dict) and "items" in content:
        # Equally good ones come in the order of their handles.
        content = content | {"items": sorted(content["items"], key=lambda one: _ANY.sub("", json.dumps(one)))}
    return _ANY.sub("", told + json.dumps(content))


_ANY = re.compile(
    r"[a-z]{3}_[0-9a-v]{26,52}|\d{8}T\d{6}Z|\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=\"next_cursor\": \")[^\"]+|tdm_[0-9a-f]{12}"
)


def longest_in_common(some: Sequence[str], others: Sequence[str]) -> int:
    """Length of the longest text, after the prefix, that one of some and one of the others both contain."""

    def parts(names: Sequence[str], length: int) -> set[str]:
        return {name[start : start + length] for name in names for start in range(4, len(name) - length + 1)}

    length = 0
    while parts(some, length + 1) & parts(others, length + 1):
        length += 1
    return length
