import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlmodel import select

from app.core import events
from app.core.clock import now
from app.core.settings import Settings, get_settings
from app.privacy.retention import RULES
from app.rounds.models import RoundSnapshot
from app.rounds.snapshot import thaw
from tests.app.privacy.test_a_person import CIRCLE, RING, tandem
from tests.world import JsonObject, World, ndjson


def due(world: World) -> dict[str, int]:
    answer = world.operator.get("/v1/retention")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["count"] for one in answer.json()["rules"] if one["count"]}


def test_the_guide_for_operators_lists_every_period() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    periods = {f"TANDEM_{rule.setting.upper()}": rule.days(Settings()) for rule in RULES}

    listed = dict(re.findall(r"^\| `(TANDEM_\w+_DAYS)` \| (\d+) \|", guide, re.MULTILINE))

    assert {name: int(days) for name, days in listed.items()} == periods


def test_a_dry_run_tells_what_would_go_and_lets_nothing_go(world: World) -> None:
    company_id = world.company("Nordwerk")
    [community_id] = world.published(company_id, CIRCLE)
    world.imported(world.portal(company_id), ndjson([{"external_id": "a", "name": "A"}]))
    assert due(world) == {}

    with time_machine.travel(now() + timedelta(days=380), tick=False):
        first, second = due(world), due(world)
        rules: list[JsonObject] = world.operator.get("/v1/retention", headers={"Accept-Language": "de"}).json()[
            "rules"
        ]

    assert first == second == {"unconfirmed_communities": 1, "imports": 1}
    [archived] = [one for one in rules if one["name"] == "unconfirmed_communities"]
    assert archived == {
        "name": "unconfirmed_communities",
        "days": 365,
        "setting": "TANDEM_ARCHIVE_UNCONFIRMED_DAYS",
        "text": "Communities, die so lange niemand bestätigt hat, werden archiviert; solche mit einem laufenden "
        "Tandem bleiben.",
        "count": 1,
        "more": False,
        "examples": [community_id],
    }
    assert world.portal(company_id).get("/v1/retention").status_code == 403


def test_a_dry_run_counts_up_to_a_thousand(world: World) -> None:
    with world.database.session() as session:
        events.record_many(session, "community.created", [f"com_{number}" for number in range(1_001)])

    with time_machine.travel(now() + timedelta(days=1_200), tick=False):
        [told] = [one for one in world.operator.get("/v1/retention").json()["rules"] if one["name"] == "events"]

    assert (told["count"], told["more"], len(told["examples"])) == (1_000, True, 5)


def test_what_is_over_goes_once_a_day_by_itself(world: World) -> None:
    first, second = world.company("Nordwerk"), world.company("Suedhafen", sector="health")
    [lonely] = world.published(first, {"name": "Lonely", "tags": ["bees"]})
    [circle], [ring] = world.published(first, CIRCLE), world.published(second, RING)
    done = world.proposed_round()
    world.organizer.post(f"/v1/rounds/{done['id']}/withdraw")
    world.worker.run_until_idle()

    with time_machine.travel(now() + timedelta(days=401), tick=False):
        world.worker.run_until_idle()
        assert due(world) == {}

    status = {one["id"]: one["status"] for one in world.operator.get("/v1/communities").json()["items"]}
    assert status == {lonely: "archived", circle: "archived", ring: "archived"}
    with world.database.reader() as session:
        [snapshot] = session.exec(select(RoundSnapshot)).all()
        assert thaw(snapshot.content).profiles == []
    kept = world.organizer.get(f"/v1/rounds/{done['id']}").json()
    assert kept["snapshot_hash"] == done["snapshot_hash"]


def test_files_of_mails_go_with_the_records_of_their_messages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = world.settings.mail_folder
    monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(folder))
    get_settings.cache_clear()
    tandem(world)
    world.worker.run_until_idle()
    mailed = set(folder.glob("*.eml"))
    assert mailed
    # Somebody may have tidied up before.
    mailed.pop().unlink()

    with time_machine.travel(now() + timedelta(days=91), tick=False):
        counted = due(world)["messages"]
        assert counted > len(mailed)
        assert mailed <= set(folder.glob("*.eml"))
        world.worker.run_until_idle()

    assert not mailed & set(folder.glob("*.eml"))
