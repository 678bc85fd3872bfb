"""The OpenAPI document: whoever explores the service finds each operation described, with examples and errors."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.end_to_end.service import ROOT

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_kept_document_is_the_one_that_is_served(document: dict[str, Any]) -> None:
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))

    assert kept == document, "it has changed: when that is meant, run `make openapi` and say so in CHANGELOG"


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_every_operation_is_described_and_named(document: dict[str, Any]) -> None:
    names = []
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert len(operation["description"]) > 15, where
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), where
        assert operation["tags"], where
        names.append(operation["operationId"])
    assert len(set(names)) == len(names)


def test_every_operation_under_v1_needs_a_key_and_tells_its_errors(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if not path.startswith("/v1"):
            continue
        where = f"{method} {path}"
        assert operation["security"] == [{"HTTPBearer": []}], where
        assert {"401", "403"} <= operation["responses"].keys(), where
        if "{" in path:
            assert "404" in operation["responses"], where
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], f"{where} {status}"


def test_every_body_has_a_realistic_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for media in operation["requestBody"]["content"].values():
            schema = schemas.get(media["schema"].get("$ref", "").rpartition("/")[2], {})
            assert "example" in media or "example" in schema, f"{method} {path}"


def test_the_example_of_an_answer_has_what_its_schema_requires(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Out") and "example" in schema:
            assert set(schema.get("required", [])) <= schema["example"].keys(), name


def test_no_schema_is_named_by_where_its_code_is(document: dict[str, Any]) -> None:
    """As happens where two have the same name: makers of clients would read it."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    assert {reference for reference in references(document) if reference.rpartition("/")[2] not in schemas} == set()
