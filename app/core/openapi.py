"""What all operations have in common in the OpenAPI document, said once here and not in each route."""

from typing import Any

from app.core.http import problems


def complete(document: dict[str, Any], further_schemas: dict[str, Any]) -> dict[str, Any]:
    """The document with our errors instead of the framework's, headers of answers, and examples of pages."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in further_schemas.items():
        schemas.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _add_errors(path, method, operation)
            _add_headers(method, operation)
    for operations in document.get("webhooks", {}).values():
        for operation in operations.values():
            # What a portal answers is its own affair.
            operation["responses"].pop("422", None)
    for schema in schemas.values():
        _add_nulls(schema)
    for schema in schemas.values():
        _add_page_example(schema, schemas)
    return document


def _add_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    answers: dict[str, Any] = operation["responses"]
    if "application/problem+json" not in answers.get("422", {}).get("content", {"application/problem+json": 0}):
        answers["422"] = problems(422)[422]
    common = set()
    if path.startswith("/v1"):
        # Also a query parameter that is not known is refused.
        common |= {401, 403, 422, 429}
    if "requestBody" in operation:
        # Of what cannot be read, of what is too large, of what is read and not accepted.
        common |= {400, 413, 422}
    for status in sorted(common):
        answers.setdefault(str(status), problems(status)[status])
    operation["responses"] = dict(sorted(answers.items()))


def _add_headers(method: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        headers = answer.setdefault("headers", {})
        if status == "429":
            headers["Retry-After"] = _header("integer", "Seconds until requests are accepted again.")
        if method == "get" and status == "200" and "application/json" in answer.get("content", {}):
            headers["ETag"] = _header("string", "Send it as `If-None-Match` to get 304 while nothing has changed.")
        if not headers:
            del answer["headers"]


def _header(kind: str, description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def _add_nulls(schema: dict[str, Any]) -> None:
    """Answers are complete, unknown is null: the framework leaves nulls out of examples."""
    example = schema.get("example")
    if not isinstance(example, dict):
        return
    for name in schema.get("required", ()):
        if {"type": "null"} in schema["properties"][name].get("anyOf", ()):
            example.setdefault(name, None)


def _add_page_example(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A page is shown with one of its items."""
    items = schema.get("properties", {}).get("items", {}).get("items", {}).get("$ref")
    if "next_cursor" not in schema.get("properties", {}) or not items or "example" in schema:
        return
    example = schemas[items.rpartition("/")[2]].get("example")
    if example is not None:
        schema["example"] = {"items": [example], "next_cursor": None}
