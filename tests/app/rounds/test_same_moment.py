"""A round and its worker at the same moment, on PostgreSQL: where rows are locked one by one, in whatever order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from app.core.database import Database
from app.rounds import running
from app.tandems.standing import committed
from tests.app.rounds.conftest import PYTHON
from tests.end_to_end.service import wait_for
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("any_database_url", ["postgres"], indirect=True)]


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


def somebody_waits(database: Database) -> bool:
    with database.reader() as session:
        waiting = session.connection().execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(waiting.scalar_one())


@pytest.mark.parametrize(
    ("step", "status"), [("begin", "draft"), ("store_proposals", "draft"), ("propose", "proposed")]
)
def test_who_cancels_a_run_in_the_middle_of_a_step_and_its_worker_do_not_wait_for_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, status: str
) -> None:
    for company in ("First", "Second"):
        world.published(world.company(company), PYTHON)
    round_id = world.organizer.post("/v1/rounds", json={"title": "Spring"}).json()["id"]
    world.organizer.post(f"/v1/rounds/{round_id}/start")
    take, answers = getattr(running, step), []

    def taken_while_somebody_cancels(*given: Any, **named: Any) -> object:
        answers.append(pool.submit(world.organizer.post, f"/v1/rounds/{round_id}/cancel"))
        wait_for(lambda: somebody_waits(world.database), "the request to wait for the worker")
        return take(*given, **named)

    monkeypatch.setattr(running, step, taken_while_somebody_cancels)
    with ThreadPoolExecutor(1) as pool:
        world.worker.run_until_idle()
    [cancelled] = [answer.result() for answer in answers]

    assert cancelled.status_code == (409 if status == "proposed" else 200), cancelled.text
    assert world.organizer.get(f"/v1/rounds/{round_id}").json()["status"] == status


def test_two_rounds_that_are_released_at_the_same_moment_give_no_place_away_twice(world: World) -> None:
    """The second round proposes other pairs of the same communities, so that no pair is asked twice."""
    themes = [["python", f"theme{number}"] for number in range(6)]
    for company in ("First", "Second", "Third"):
        documents = [PYTHON | {"name": f"{company} {n}", "tags": tags} for n, tags in enumerate(themes)]
        world.published(world.company(company), *documents)
    first = world.proposed_round()["id"]
    banned = world.organizer.post("/v1/rounds", json={"title": "Otherwise"}).json()["id"]
    for one in world.organizer.get(f"/v1/rounds/{first}/proposals").json()["items"]:
        pair = {"a": one["a"]["id"], "b": one["b"]["id"]}
        assert world.organizer.post(f"/v1/rounds/{banned}/bans", json=pair).status_code == 201
    world.organizer.post(f"/v1/rounds/{banned}/start")
    world.worker.run_until_idle()

    with ThreadPoolExecutor(2) as pool:
        released = list(pool.map(lambda one: world.organizer.post(f"/v1/rounds/{one}/release"), (first, banned)))

    with world.database.reader() as session:
        places = committed(session)
    assert 200 in [answer.status_code for answer in released]
    assert set(places.values()) == {1}
