"""Files packed with gzip: recognised, bounded, and refused where they are broken."""

import gzip
import tracemalloc

import pytest

from app.imports import unpacking
from app.imports.unpacking import BrokenGzip, UnpackedTooLarge
from tests.world import World, ndjson

ROWS = [{"external_id": f"c{number}", "name": f"Circle {number}"} for number in range(3)]


def packed(content: bytes) -> bytes:
    # Without the time, so that a test has the same name each time.
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "X-GZIP"}])
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (ndjson(ROWS), "application/x-ndjson"),
        (b'[{"external_id": "a", "name": "A"}]', "application/json"),
        (b"id,name\na,A\n", "text/csv; charset=utf-8"),
    ],
)
def test_any_format_may_be_packed(world: World, headers: dict[str, str], content: bytes, content_type: str) -> None:
    portal = world.portal(world.company())
    # Two members, as programs write that pack in parallel.
    body = packed(content[:20]) + packed(content[20:]) + b"\0" * 10

    queued = portal.post(
        "/v1/imports?source=intranet", content=body, headers={"Content-Type": content_type} | headers
    )
    world.worker.run_until_idle()

    done = portal.get(queued.headers["Location"]).json()
    assert (done["status"], done["created"], done["refused"]) == ("done", content.count(b'"name"') or 1, 0)


@pytest.mark.parametrize(
    ("content", "encoding", "status", "problem"),
    [
        (packed(b"x" * 10_001), "gzip", 413, "unpacked-too-large"),
        (packed(b"x" * 5000) + packed(b"x" * 5001), "identity", 413, "unpacked-too-large"),
        (packed(b"x" * 100)[:-1], "gzip", 400, "broken-gzip"),
        (packed(b"x" * 100)[:-8] + b"12345678", "identity", 400, "broken-gzip"),
        (packed(b"x" * 100) + b"more", "gzip", 400, "broken-gzip"),
        (b"\x1f\x8b", "identity", 400, "broken-gzip"),
        (b"id,name\na,A\n", "gzip", 400, "broken-gzip"),
        (b"id,name\na,A\n", "br", 415, "unsupported-encoding"),
        (packed(b" \n"), "gzip", 422, "nothing-to-import"),
        (b"", "gzip", 422, "nothing-to-import"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_and_nothing_is_queued(
    world: World, content: bytes, encoding: str, status: int, problem: str
) -> None:
    world.settings.max_import_unpacked_bytes = 10_000
    portal = world.portal(world.company())

    refused = portal.post(
        "/v1/imports?source=intranet",
        content=content,
        headers={"Content-Type": "text/csv", "Content-Encoding": encoding},
    )

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{problem}")
    assert portal.get("/v1/imports").json()["items"] == []


def test_a_file_of_exactly_the_bound_is_taken() -> None:
    unpacking.check(packed(b"x" * 10_000), 10_000)

    with pytest.raises(UnpackedTooLarge):
        unpacking.check(packed(b"x" * 10_001), 10_000)


def test_a_bomb_is_refused_without_being_held() -> None:
    bomb = packed(b"\0" * 100_000_000)

    tracemalloc.start()
    with pytest.raises(UnpackedTooLarge):
        unpacking.check(bomb, 64 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 << 20


def test_a_file_of_countless_empty_members_is_refused() -> None:
    with pytest.raises(BrokenGzip):
        unpacking.check(packed(b"") * 100_001, 1)
