"""Every question that the OpenAPI document lets somebody ask about given names: ids, identifiers, words, versions.

A new operation is asked by itself. A parameter or a field that is not known here stops the walk: say what may stand
in it, or that it names nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from httpx2 import Response

from tests.world import ApiCaller, JsonObject, ndjson

Names = Mapping[str, Sequence[str]]
"""For a parameter or a field of a body the names to put in. All in turn, together with those of its neighbours."""

# Name nothing that belongs to anybody.
_PLAIN_QUERIES = {"status", "open", "left_out", "limit", "change", "language", "dry_run"}
_PLAIN_QUERIES |= {"from", "to", "sector", "stage", "format", "size_band", "lang"}
_PLAIN_FIELDS = {"entered_by_manager", "people"}
_NAMING_FIELD = re.compile(r"(^|_)(a|b|ids?|into|source|companies|communities|people|persons|keys|handles?|email)$")
_BODY = "application/json"
_ROWS = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Question:
    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JsonObject | None = None
    rows: bytes | None = None

    def put_to(self, caller: ApiCaller) -> Response:
        content: dict[str, Any] = {} if self.body is None else {"json": self.body}
        headers = dict(self.headers)
        if self.rows is not None:
            content, headers["Content-Type"] = {"content": self.rows}, _ROWS
        return caller.ask(self.method, self.path, params=self.query, headers=headers, **content)

    @property
    def said(self) -> str:
        """Everything that whoever asks says."""
        return f"{self.path} {self.query} {self.headers} {self.body} {self.rows!r}"


def questions(document: JsonObject, names: Names, own: Mapping[str, str]) -> Iterator[Question]:
    """Every operation with all names in its path, and with the asker's own path and names in its query or body."""
    for template, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _Operation(document, template, method.upper(), operation).about(names, own)


def own_questions(document: JsonObject, own: Mapping[str, str]) -> Iterator[Question]:
    """Every GET with the asker's own names in its path."""
    for template, operations in document["paths"].items():
        if "get" in operations:
            yield _Operation(document, template, "GET", operations["get"]).at(own)


@dataclass(frozen=True, slots=True)
class _Operation:
    document: JsonObject
    template: str
    method: str
    spec: JsonObject

    def about(self, names: Names, own: Mapping[str, str]) -> Iterator[Question]:
        bodies = list(self._bodies(names))
        in_path = self._parameters("path")
        # What names nothing anywhere is asked for its answer only.
        turns = self._turns(in_path, names) if in_path or self.method == "GET" else 0
        for place in range(turns):
            each = self._headers(names)
            # The first name with all headers, the others with one of them in turn.
            for headers in each if place == 0 else [each[place % len(each)]]:
                yield self.at(_turn(in_path, names, place), headers=headers, **bodies[-1])
        for asked, value in self._named_queries(names):
            yield self.at(own, query={asked: value}, **bodies[0])
        for body in bodies[1:]:
            yield self.at(own, headers={"If-Match": "*"}, **body)

    def at(self, path: Mapping[str, str], **rest: Any) -> Question:
        values = {name: quote(path[name], safe="") for name in self._parameters("path")}
        query = rest.pop("query", {})
        if self._operation == "import_communities":
            query = {"source": "intranet"} | query
        return Question(self._operation, self.method, self.template.format(**values), query, **rest)

    @property
    def _operation(self) -> str:
        return str(self.spec["operationId"])

    def _parameters(self, place: str) -> list[str]:
        return [one["name"] for one in self.spec.get("parameters", []) if one["in"] == place]

    def _turns(self, in_path: Sequence[str], names: Names) -> int:
        unknown = set(in_path) - names.keys()
        assert not unknown, f"{self._operation}: which names may stand for {unknown} in its path?"
        return max((len(names[name]) for name in in_path), default=1)

    def _headers(self, names: Names) -> list[dict[str, str]]:
        tags = ", ".join(names["etag"])
        if self.method == "GET":
            return [{}, {"If-None-Match": tags}]
        if "If-Match" in self._parameters("header"):
            return [{}, {"If-Match": "*"}, {"If-Match": tags}]
        return [{}]

    def _named_queries(self, names: Names) -> Iterator[tuple[str, str]]:
        for asked in self._parameters("query"):
            if asked in _PLAIN_QUERIES:
                continue
            assert asked in names, f"{self._operation}: which names may stand in its query {asked}?"
            yield from ((asked, value) for value in names[asked])

    def _bodies(self, names: Names) -> Iterator[dict[str, Any]]:
        """The body that names nothing, then one for each field that names something, then one with all of them."""
        content = self.spec.get("requestBody", {}).get("content", {})
        if _ROWS in content:
            yield {"rows": ndjson([{"external_id": "own", "name": "Own"}])}
            yield {"rows": ndjson([{"external_id": name, "name": "Own"} for name in names["external_id"]])}
            return
        if _BODY not in content:
            yield {}
            return
        schema = self._resolved(content[_BODY]["schema"])
        fields = self._naming_fields(schema)
        plain = {name: value for name, value in schema.get("example", {}).items() if (name,) not in fields}
        if self._operation == "create_key":
            plain |= {"role": "manager"}
        yield {"body": plain}
        for one in fields:
            yield {"body": self._filled(plain, [one], names)}
        if len(fields) > 1:
            yield {"body": self._filled(plain, list(fields), names)}
            yield {"body": self._filled(plain, [one for one in fields if one != ("company_id",)], names)}

    def _naming_fields(self, schema: JsonObject) -> dict[tuple[str, ...], JsonObject]:
        found: dict[tuple[str, ...], JsonObject] = {}
        for name, inner in schema.get("properties", {}).items():
            below = self._naming_fields(self._resolved(inner))
            found |= {(name, *rest): one for rest, one in below.items()}
            if not below and name not in _PLAIN_FIELDS and _NAMING_FIELD.search(name):
                found[(name,)] = inner
        return found

    def _filled(self, plain: JsonObject, fields: Sequence[tuple[str, ...]], names: Names) -> JsonObject:
        schema = self._resolved(self.spec["requestBody"]["content"][_BODY]["schema"])
        known, body = self._naming_fields(schema), dict(plain)
        for place in fields:
            assert place[-1] in names, f"{self._operation}: which names may stand in its field {place}?"
            inside = body
            for step in place[:-1]:
                inside = inside.setdefault(step, {})
            values = list(names[place[-1]])
            inside[place[-1]] = values if known[place].get("type") == "array" else values[0]
        return body

    def _resolved(self, schema: JsonObject) -> JsonObject:
        if "$ref" not in schema:
            return schema
        found: JsonObject = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found


def _turn(in_path: Sequence[str], names: Names, place: int) -> dict[str, str]:
    return {name: names[name][place % len(names[name])] for name in in_path}
