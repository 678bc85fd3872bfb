"""The conventions of the interface, for every operation that there is: a new one that forgets one fails here."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.testclient import TestClient

from app.access.dependencies import KeyedRoute
from app.access.models import Role
from app.core.settings import Settings
from tests.app.core.example import REQUESTS, SECRETS, Example, Sent
from tests.app.core.operations import DOCUMENT, KEYED, LISTS, OPERATIONS, POSTS, SINGLES, Operation, each
from tests.world import JsonObject, World, world_on


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
