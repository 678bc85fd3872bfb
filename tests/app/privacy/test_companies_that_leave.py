"""What a company takes along when it leaves, and that nothing of it stays behind."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import inspect, text
from sqlmodel import select

from app.core.settings import get_settings
from app.notifications.models import MailPreference
from app.rounds.models import RoundSnapshot
from app.rounds.snapshot import thaw
from tests.app.privacy.test_a_person import in_words
from tests.end_to_end.service import wait_for
from tests.world import JsonObject, World, ndjson

SECRET = {
    "name": "Verborgene Runde",
    "purpose": "Geheimes Wissen teilen",
    "tags": ["geheimthema"],
    "managers": [{"email": "kim@leaver.example", "first_name": "Kimberley"}],
}


def exported(text_lines: str) -> list[JsonObject]:
    return [json.loads(line) for line in text_lines.splitlines()]


def test_an_export_holds_everything_of_the_company_and_nothing_else(world: World) -> None:
    company_id, other = world.company("Leaver"), world.company("Other")
    world.published(company_id, SECRET)
    world.published(other, {"name": "Ring", "tags": ["python"]})
    portal = world.portal(company_id)

    answer = portal.get(f"/v1/companies/{company_id}/export")

    lines = exported(answer.text)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [one["record"] for one in lines] == ["company", "person", "key", "key", "community"]
    assert lines[0]["name"] == "Leaver"
    assert lines[1]["email"] == "kim@leaver.example"
    assert {field: lines[4][field] for field in ("name", "purpose", "tags")} == {
        field: SECRET[field] for field in ("name", "purpose", "tags")
    }
    assert "Ring" not in answer.text
    assert portal.headers["Authorization"][7:] not in answer.text


def test_an_export_is_whole_however_large_it_is(world: World) -> None:
    company_id = world.company("Large")
    rows: list[JsonObject] = [{"external_id": f"c{number}", "name": f"Circle {number}"} for number in range(1203)]
    portal = world.portal(company_id)
    world.imported(portal, ndjson(rows))

    lines = exported(portal.get(f"/v1/companies/{company_id}/export").text)

    names = [one["name"] for one in lines if one["record"] == "community"]
    assert len(names) == 1203
    assert set(names) == {row["name"] for row in rows}


def test_after_thirty_days_nothing_of_a_company_that_left_is_found_anywhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(world.settings.mail_folder))
    get_settings.cache_clear()
    company_id, other = world.company("Leaver"), world.company("Other", sector="health")
    world.published(company_id, SECRET)
    toni = {"email": "toni@other.example", "first_name": "Toni"}
    [partner] = world.published(other, {"name": "Ring", "tags": ["geheimthema"], "managers": [toni]})
    portal = world.portal(company_id)
    kim = portal.get("/v1/people").json()["items"][0]["id"]
    for owner in ({"role": "portal", "company_id": company_id}, {"role": "manager", "person_id": kim}):
        assert world.operator.post("/v1/keys", json=owner | {"label": "Kimberley's laptop"}).status_code == 201
    wants = portal.put(f"/v1/people/{kim}/mail-preference", json={"wants": "needs_me"}, headers={"If-Match": "*"})
    assert wants.status_code == 200
    world.imported(portal, ndjson([{"external_id": "Verborgene", "name": "x", "languages": ["Verborgene"]}]))
    done = world.proposed_round()
    assert done["proposals"] == 1
    world.organizer.post(f"/v1/rounds/{done['id']}/release")
    for one in (portal, world.portal(other)):
        [suggestion] = one.get("/v1/suggestions").json()["items"]
        assert one.post(f"/v1/suggestions/{suggestion['id']}/answer", json={"answer": "yes"}).status_code == 200
    world.worker.run_until_idle()
    assert "verborgene" in "".join(in_words(mail) for mail in world.mails() if "toni" in str(mail["To"]).lower())
    world.operator.post(f"/v1/companies/{company_id}/leave")

    with time_machine.travel(datetime.now(UTC) + timedelta(days=29), tick=False):
        world.worker.run_until_idle()
        assert portal.get("/v1/communities").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=30, minutes=1), tick=False):
        world.worker.run_until_idle()

    assert world.operator.get(f"/v1/companies/{company_id}").json()["status"] == "left"
    wait_for(lambda: portal.get("/v1/me").status_code == 401, "the key to be refused")
    with world.database.reader() as session:
        [snapshot] = session.exec(select(RoundSnapshot)).all()
        assert [profile.id for profile in thaw(snapshot.content).profiles] == [partner]
        assert session.exec(select(MailPreference)).all() == []
        tables = inspect(session.get_bind()).get_table_names()
        stored = "".join(
            str(session.execute(text(f'SELECT * FROM "{name}"')).all())  # noqa: S608  names of our own tables
            for name in tables
        )
    for trace in ("Verborgene", "Geheimes", "Kimberley", "kim@leaver.example"):
        assert trace not in stored, trace
        assert [in_words(mail) for mail in world.mails() if trace.lower() in in_words(mail)] == []
    assert world.organizer.get(f"/v1/rounds/{done['id']}").json()["snapshot_hash"] == done["snapshot_hash"]
    [proposal] = world.organizer.get(f"/v1/rounds/{done['id']}/proposals").json()["items"]
    assert proposal["reasons"] == []
