"""What a company keeps to itself nobody else learns: by no operation, with whatever name of its, in no state."""

import base64
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from shutil import copy

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from app.communities.handles import Handles
from app.core.database import Database
from app.core.ids import new_id
from app.core.settings import Settings
from app.main import create_app
from app.worker import Worker
from tests.end_to_end.kept import (
    ID,
    MASKED,
    PRIVATE,
    PUBLISHED,
    UNPUBLISHED,
    Kept,
    described,
    done,
    invented,
    keep_published,
    keep_unpublished,
    keeping,
    looking,
    names_of,
    reached,
    refresh,
    viewers,
)
from tests.end_to_end.questions import Question, own_questions, questions
from tests.world import JsonObject, World, ndjson


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
    told = ID.sub("<id>", told)
    for kind in ("external_id", "external_ids", "email", "source", "community_id"):
        for name in (*names[kind], *other_names[kind]):
            told = told.replace(name, f"<{kind}>")
    told = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z", "<time>", told)
    return re.sub(r"'etag': '[^']+'|\"version\":\d+", "<version>", told)


_EACH_TIME = {"x-request-id", "ratelimit", "date", "content-length"}


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
    document = described(world)

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
    document = described(world)

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
    document = described(world)
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
        for question in own_questions(described(world), {**own, "import_id": dry}):
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
