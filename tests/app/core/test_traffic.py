"""Limits, figures for the operator, and long work as a stream of events."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.core.settings import Settings
from app.main import create_app
from tests.world import ApiCaller, JsonObject, World, ndjson


@pytest.fixture
def limited(settings: Settings) -> Iterator[TestClient]:
    settings.rate_limit_per_minute = 3
    settings.rate_limit_failures_per_minute = 2
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_a_key_that_asks_too_often_is_told_when_to_go_on(world: World, limited: TestClient) -> None:
    busy = ApiCaller(limited, world.operator.headers)
    calm = ApiCaller(limited, world.organizer.headers)

    answers = [busy.get("/v1/me") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"minute";r=2;t=')
    assert answers[3].json()["type"] == "/problems/too-many-requests"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert calm.get("/v1/me").status_code == 200
    assert limited.get("/healthz").status_code == 200


def test_guessing_keys_ends_soon(limited: TestClient) -> None:
    answers = [limited.get("/v1/me", headers={"Authorization": f"Bearer tdm_{number}.guess"}) for number in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert answers[2].json()["type"] == "/problems/too-many-failures"


def test_figures_have_route_templates_and_no_company_path_or_key(world: World) -> None:
    company_id = world.company("Nordwerk")
    portal = world.portal(company_id)
    portal.put("/v1/sources/intranet/communities/secret-circle", json={"name": "x"})
    portal.get("/nowhere/secret")

    figures = world.client.get("/metrics")

    assert figures.headers["content-type"].startswith("text/plain")
    line = 'method="PUT",route="/v1/sources/{source}/communities/{external_id:path}",status="201"'
    assert f"tandem_requests_total{{{line}}} 1.0" in figures.text
    for private in ("secret", company_id, "Nordwerk", portal.headers["Authorization"][7:19]):
        assert private not in figures.text


@pytest.mark.parametrize(
    ("token", "sent", "status"),
    [(None, None, 401), ("t" * 32, None, 401), ("t" * 32, "wrong", 401), ("t" * 32, "t" * 32, 200)],
)
def test_in_production_figures_are_for_who_has_the_token(
    settings: Settings, token: str | None, sent: str | None, status: int
) -> None:
    given = {"environment": "production", "key_pepper": "p" * 32, "metrics_token": token}
    production = Settings.model_validate(settings.model_dump() | given)
    with TestClient(create_app(production)) as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {sent}"} if sent else {})

    assert answer.status_code == status


def events_of(text: str) -> list[tuple[str, JsonObject]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_import_is_followed_until_it_ends(world: World) -> None:
    portal = world.portal(world.company())
    done = world.imported(portal, ndjson([{"external_id": "a", "name": "A"}]))

    stream = portal.get(f"/v1/imports/{done['id']}/events")

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert events_of(stream.text) == [("end", done)]


def test_a_round_is_followed_until_it_ends(world: World) -> None:
    for name in ("First", "Second"):
        world.published(world.company(name), {"name": "Circle", "tags": ["python"]})
    done = world.proposed_round()

    stream = world.organizer.get(f"/v1/rounds/{done['id']}/events")

    assert events_of(stream.text) == [("end", done)]


def test_what_may_not_be_seen_is_no_stream(world: World) -> None:
    portal = world.portal(world.company())
    done = world.imported(portal, ndjson([{"external_id": "a", "name": "A"}]))
    other = world.portal(world.company("Other"))

    assert other.get(f"/v1/imports/{done['id']}/events").status_code == 404
    assert other.get("/v1/rounds/rnd_none/events").status_code == 403


def test_a_misspelt_filter_is_told_and_does_not_answer_with_everything(world: World) -> None:
    portal = world.portal(world.company())

    refused = portal.get("/v1/communities", params={"statuss": "draft"}, headers={"Accept-Language": "de"})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-input")
    [error] = refused.json()["errors"]
    assert (error["parameter"], error["detail"]) == (
        "statuss",
        "ist hier kein Parameter; prüfen Sie die Schreibweise oder lassen Sie ihn weg",
    )
