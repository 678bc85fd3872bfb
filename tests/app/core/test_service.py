"""What every answer has in common, and whether the service is there."""

import json
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import time_machine
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.testclient import TestClient

from app.core import jobs, logs
from app.core.clock import now
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from app.worker import Worker
from tests.end_to_end.service import ROOT
from tests.world import World


def test_the_process_is_healthy_and_ready_only_with_a_worker(client: TestClient, database: Database) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    waiting = client.get("/readyz")
    jobs.tell_worker_seen(database, "w")
    ready = client.get("/readyz")

    with time_machine.travel(now().timestamp() + 31, tick=False):
        gone = client.get("/readyz", headers={"Accept-Language": "de"})

    assert (waiting.status_code, waiting.json()["errors"][0]["parameter"]) == (503, "worker")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert "keinem Worker" in gone.json()["errors"][0]["detail"]


def test_a_database_without_tables_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('empty')}/x.db", log_level="error")
    with TestClient(create_app(empty)) as client:
        answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (503, "migrations")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/v1/rounds", 405), ("GET", "/v1/", 404)]
)
def test_addresses_that_do_not_exist_answer_with_a_problem(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(world: World, settings: Settings) -> None:
    settings.max_body_bytes = 1000
    headers = world.organizer.headers | {"Content-Type": "application/json"}
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        answer = client.post("/v1/rounds", content=b"x" * 1001, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")
    assert answer.headers["x-request-id"].startswith("req_")


def test_an_unexpected_error_tells_nothing_but_a_number(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    application = create_app(settings)

    @application.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret detail")

    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.get("/broken")

    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/unexpected"
    assert "secret" not in answer.text
    assert "req_" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("sqlstate", "told"), [("40P01", (409, "/problems/same-moment")), ("57P01", (500, "/problems/unexpected"))]
)
def test_who_is_given_up_for_another_request_is_told_to_send_it_again(
    settings: Settings, sqlstate: str, told: tuple[int, str]
) -> None:
    application, given_up = create_app(settings), Exception("secret detail")
    given_up.sqlstate = sqlstate  # type: ignore[attr-defined]  # as PostgreSQL's driver does

    @application.get("/broken")
    def broken() -> None:
        raise OperationalError("SELECT", {}, given_up)

    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.get("/broken")

    assert (answer.status_code, answer.json()["type"]) == told
    assert "secret" not in answer.text


@pytest.fixture
def log_lines(world: World) -> Iterator[list[MutableMapping[str, Any]]]:
    logs.configure("info")
    with structlog.testing.capture_logs() as lines:
        yield lines


def test_the_access_log_has_the_route_and_no_path_key_or_person(
    world: World, log_lines: list[MutableMapping[str, Any]]
) -> None:
    portal = world.portal(world.company())
    portal.put(
        "/v1/sources/intranet/communities/secret-circle",
        json={"name": "x", "managers": [{"email": "kim@own.example", "first_name": "Kim"}]},
    )

    requests = [line for line in log_lines if line["event"] == "request"]

    assert requests[-1]["route"] == "/v1/sources/{source}/communities/{external_id:path}"
    written = json.dumps(log_lines, default=str)
    for private in ("secret-circle", "kim@own", portal.headers["Authorization"][7:]):
        assert private not in written


def test_a_failing_statement_tells_no_values(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as failure, database.session() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "kim@own.example"})

    assert "kim@own" not in str(failure.value)


def test_the_api_answers_without_loading_the_engine() -> None:
    code = "import sys, app.main; sys.exit(bool({'sklearn', 'scipy', 'pymatching'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_worker_outlives_an_outage_of_the_database(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def claim(*arguments: object) -> None:
        calls.append("claim")
        if len(calls) < 3:
            raise OSError("the database is away")
        worker.stopping.set()

    monkeypatch.setattr(jobs, "claim", claim)

    worker.run()

    assert len(calls) == 3


def test_production_refuses_a_short_pepper() -> None:
    with pytest.raises(ValidationError, match="TANDEM_KEY_PEPPER"):
        Settings(environment="production")
    assert Settings(environment="production", key_pepper="x" * 32).environment == "production"
