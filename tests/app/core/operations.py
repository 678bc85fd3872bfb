"""The operations that the document of the interface describes."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.core.settings import Settings
from app.main import create_app


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
