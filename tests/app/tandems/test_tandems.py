"""Tandems: contacts for the two sides only, and only while they go on."""

import json

import pytest
from sqlmodel import select

from app.access.models import Role
from app.access.service import SYSTEM
from app.companies import service as companies
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionSide
from tests.app.tandems.conftest import Two, document, offer
from tests.world import ApiCaller, JsonObject, World

ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex"}
KIM = {"email": "kim@suedbank.example", "first_name": "Kim"}


@pytest.fixture
def met(world: World) -> Two:
    """Two communities, each with somebody to write to."""
    nord, sued = world.company("Nordwerk", sector="machinery"), world.company("Suedbank", sector="banking")
    [of_nord] = world.published(nord, document("Chart Circle", managers=[ALEX]))
    [of_sued] = world.published(sued, document("Diagrammkreis", managers=[KIM]))
    return Two(world, nord, sued, of_nord, of_sued)


def read(caller: ApiCaller, tandem_id: str) -> JsonObject:
    answer = caller.get(f"/v1/tandems/{tandem_id}")
    assert answer.status_code == 200, answer.text
    shown: JsonObject = answer.json()
    return shown


def test_the_two_sides_see_whom_to_write_to(met: Two) -> None:
    tandem_id = met.tandem()

    shown = read(met.portal_nord, tandem_id)

    assert shown["own"] == {
        "community_id": met.of_nord,
        "name": "Chart Circle",
        "purpose": "Read charts together.",
        "company": "Nordwerk",
        "managers": [ALEX | {"deputy": False}],
    }
    assert shown["partner"]["managers"] == [KIM | {"deputy": False}]
    assert (shown["status"], shown["pair"], shown["closed_at"]) == ("starting", None, None)


def test_organizers_see_names_and_no_contacts(met: Two) -> None:
    tandem_id = met.tandem()

    for caller in (met.world.organizer, met.world.operator):
        shown = read(caller, tandem_id)

        assert {shown["pair"][side]["name"] for side in "ab"} == {"Chart Circle", "Diagrammkreis"}
        assert [shown["pair"][side]["managers"] for side in "ab"] == [None, None]
        assert "example" not in str(shown)


def test_nobody_else_sees_a_tandem(met: Two) -> None:
    tandem_id = met.tandem()
    third = met.world.company("Third", sector="health")

    for caller in (met.world.portal(third), met.world.caller(Role.COORDINATOR, third)):
        assert caller.get(f"/v1/tandems/{tandem_id}").status_code == 404
        assert caller.post(f"/v1/tandems/{tandem_id}/close").status_code == 404
        assert caller.get("/v1/tandems").json()["items"] == []


def test_either_side_closes_and_contacts_are_gone(met: Two) -> None:
    tandem_id = met.tandem()

    closed = met.portal_sued.post(f"/v1/tandems/{tandem_id}/close")
    again = met.portal_sued.post(f"/v1/tandems/{tandem_id}/close")

    assert (closed.status_code, again.json()) == (200, closed.json())
    assert (closed.json()["status"], closed.json()["partner"]["managers"]) == ("closed", None)
    assert closed.json()["own"]["managers"] == [KIM | {"deputy": False}]
    assert read(met.portal_nord, tandem_id)["partner"]["managers"] is None
    assert met.world.organizer.post(f"/v1/tandems/{tandem_id}/close").status_code == 403


def test_tandems_are_listed_by_community_and_by_whether_they_go_on(met: Two) -> None:
    closed = met.tandem()
    met.portal_nord.post(f"/v1/tandems/{closed}/close")
    goes_on = met.tandem()

    def listed(caller: ApiCaller, **query: str) -> list[str]:
        return [one["id"] for one in caller.get("/v1/tandems", params=query).json()["items"]]

    for caller in (met.portal_nord, met.world.organizer):
        assert listed(caller) == [goes_on, closed]
        assert listed(caller, open="true", community_id=met.of_nord) == [goes_on]
        assert listed(caller, open="false") == [closed]
        assert listed(caller, community_id="cmt_other") == []


def test_an_archived_community_closes_its_tandems(met: Two) -> None:
    tandem_id = met.tandem()

    met.portal_sued.post(f"/v1/communities/{met.of_sued}/archive")
    met.world.worker.run_until_idle()

    assert read(met.portal_nord, tandem_id)["status"] == "closed"


def test_a_company_that_leaves_closes_its_tandems_and_one_that_stays_does_not(met: Two) -> None:
    tandem_id = met.tandem()
    with met.database.session() as session:
        companies.leave(session, SYSTEM, met.sued)
        companies.activate(session, SYSTEM, met.sued)
    met.world.worker.run_until_idle()
    stayed = read(met.portal_nord, tandem_id)["status"]

    with met.database.session() as session:
        companies.leave(session, SYSTEM, met.sued)
    met.world.worker.run_until_idle()

    assert stayed == "starting"
    assert read(met.portal_nord, tandem_id)["status"] == "closed"


def test_a_company_takes_its_own_side_along(met: Two) -> None:
    [second] = met.world.published(met.sued, document("Second"))
    tandem_id = met.tandem()
    with met.database.session() as session:
        [open_id] = tandems.open_many(session, [offer(met.of_nord, second)])
    met.answer(met.portal_sued, open_id, "no", reason="Too far away for us.")

    for caller in (met.portal_nord, met.world.operator):
        text = caller.get(f"/v1/companies/{met.nord}/export").text
        lines = [json.loads(line) for line in text.splitlines()]

        suggestions = {one["id"]: one for one in lines if one["record"] == "suggestion"}
        # What the two sides have said is for their companies, whoever runs the service.
        status = None if caller is met.world.operator else "withdrawn"
        assert (suggestions[open_id].get("status"), suggestions[open_id]["partner"]["name"]) == (status, None)
        assert [one["id"] for one in lines if one["record"] == "tandem"] == [tandem_id]
        assert "Too far" not in text
        assert "Second" not in text


def test_an_erased_company_leaves_no_words_behind(met: Two) -> None:
    suggestion_id = met.suggest()
    met.answer(met.portal_sued, suggestion_id, "no", reason="Too far away for us.")
    tandem_id = met.tandem()

    with met.database.session() as session:
        tandems.erase_company(session, met.sued)

    with met.database.reader() as session:
        left = session.exec(select(Suggestion)).all()
        reasons = session.exec(select(SuggestionSide.reason)).all()
    assert [(one.reasons, one.other) for one in left] == [([], 1.0)] * 2
    assert set(reasons) == {None}
    assert read(met.portal_nord, tandem_id)["status"] == "closed"


def test_a_list_takes_as_many_questions_for_three_as_for_one(met: Two, client_queries: list[str]) -> None:
    others = met.world.published(met.sued, document("Second"), document("Third"))

    def questions() -> int:
        client_queries.clear()
        assert met.portal_nord.get("/v1/tandems").status_code == 200
        return len([one for one in client_queries if one.startswith("SELECT")])

    met.tandem()
    questions()
    with_one = questions()
    for met.of_sued in others:
        met.tandem()

    assert len(met.portal_nord.get("/v1/tandems").json()["items"]) == 3
    assert questions() == with_one <= 6
