"""Requests that no ordinary client sends: each is answered at once, and tells nothing that it should not."""

from starlette.testclient import TestClient

from app.access.models import Role
from app.core.settings import Settings
from app.main import create_app
from tests.world import World, ndjson


def test_head_of_a_stream_that_goes_on_is_answered_at_once(world: World) -> None:
    portal = world.portal(world.company())
    # No worker runs here, so that the stream itself would not end for minutes.
    queued = portal.post(
        "/v1/imports?source=intranet",
        content=ndjson([{"external_id": "a", "name": "A"}]),
        headers={"Content-Type": "application/x-ndjson"},
    )

    answer = portal.ask("HEAD", f"{queued.headers['Location']}/events")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_who_knows_only_the_start_of_a_key_uses_up_none_of_its_requests(world: World, settings: Settings) -> None:
    settings.rate_limit_per_minute = 3
    key = world.key(Role.OPERATOR)
    start = key.partition(".")[0]

    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        guesses = [
            client.get("/v1/me", headers={"Authorization": f"Bearer {start}.guess{number}"}) for number in range(5)
        ]
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})

    assert {guess.status_code for guess in guesses} == {401}
    assert answer.status_code == 200
    assert answer.headers["RateLimit"].startswith('"minute";r=2;')
