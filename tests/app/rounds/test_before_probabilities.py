"""What was stored before there were probabilities stays as it was, and tells that they are unknown."""

import json

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.core import migrations
from app.core.database import Database
from tests.world import World


@pytest.fixture
def config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations._SCRIPTS))
    config.attributes["url"] = database_url
    return config


def test_rounds_of_before_are_shown_with_what_is_known_of_them(
    world: World, database: Database, config: Config, three_companies: dict[str, str]
) -> None:
    draft = world.organizer.post("/v1/rounds", json={"title": "Draft", "settings": {"cost": 0.0}}).json()["id"]
    done = world.proposed_round()
    address = f"/v1/rounds/{done['id']}"
    preview = world.organizer.post(f"{address}/preview", json={}).headers["Location"]
    world.worker.run_until_idle()
    before = world.organizer.get(preview).json()["outcomes"][0]

    command.downgrade(config, "a1c3f0d20005")
    with database.session() as session:
        # As it was written then: an alternate had its similarity only.
        known = [{"id": three_companies["lonely"], "similarity": 0.2}]
        session.execute(text("UPDATE proposal SET alternates_of_a = :known"), {"known": json.dumps(known)})
        assert "expected" not in session.execute(text("SELECT outcomes FROM round_preview")).scalar_one()
        session.commit()
    command.upgrade(config, "head")

    shown = world.organizer.get(address).json()
    assert (shown["proposals"], shown["total_similarity"]) == (done["proposals"], done["total_similarity"])
    assert (shown["expected"], shown["calibration"]) == (None, None)
    for one in world.organizer.get(f"{address}/proposals").json()["items"]:
        assert (one["probability"], one["strength"], one["correction"]) == (None, None, None)
        assert [further["probability"] for further in one["alternates_of_a"]] == [None]
    assert world.organizer.get(preview).json()["outcomes"][0] == before | {"expected": None}
    assert world.organizer.get(f"/v1/rounds/{draft}").json()["settings"]["cost"] == 0.0
    released = world.organizer.post(f"{address}/release")
    assert released.json()["suggestions"]["open"] == 2
    [suggestion, *_] = world.organizer.get("/v1/suggestions").json()["items"]
    assert (suggestion["probability"], suggestion["strength"]) == (None, None)
