"""Optimistic concurrency: an ETag on single resources, If-Match on what changes them (RFC 9110)."""

from typing import Annotated

from fastapi import Header

from app.core.errors import PreconditionFailed, PreconditionRequired

IfMatchHeader = Annotated[
    str | None, Header(alias="If-Match", description='The ETag of the version that you read, e.g. `"3"`; or `*`.')
]


def etag(version: int | str) -> str:
    return f'"{version}"'


def require_match(if_match: str | None, version: int | str) -> None:
    """Raises PreconditionRequired without If-Match, PreconditionFailed when it names another version."""
    if if_match is None:
        raise PreconditionRequired
    tags = {tag.strip() for tag in if_match.split(",")}
    if "*" not in tags and etag(version) not in tags:
        raise PreconditionFailed
