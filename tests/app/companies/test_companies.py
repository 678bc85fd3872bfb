import pytest

from app.access.models import Role
from tests.world import World

NORDWERK = {
    "name": "Nordwerk",
    "sector": "machinery",
    "time_zone": "Europe/Berlin",
    "mail_domains": ["Nordwerk.example"],
}


def test_a_company_is_invited_then_activated(world: World) -> None:
    invited = world.operator.post("/v1/companies", json=NORDWERK)
    assert (invited.status_code, invited.json()["status"]) == (201, "invited")

    activated = world.operator.post(f"{invited.headers['Location']}/activate").json()

    assert activated == invited.json() | {"status": "active"}
    assert activated["mail_domains"] == ["nordwerk.example"]
    again = world.operator.post(f"{invited.headers['Location']}/activate")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/company-not-invited")


def test_a_name_is_taken_once(world: World) -> None:
    world.company("Nordwerk")

    refused = world.operator.post("/v1/companies", json=NORDWERK)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-exists")


def test_companies_are_seen_by_themselves_and_by_those_who_run_the_service(world: World) -> None:
    own, other = world.company("Own"), world.company("Other")
    portal = world.portal(own)

    assert [one["id"] for one in portal.get("/v1/companies").json()["items"]] == [own]
    assert portal.get(f"/v1/companies/{other}").json()["type"] == "/problems/company-not-found"
    assert {one["id"] for one in world.organizer.get("/v1/companies").json()["items"]} == {own, other}
    assert portal.post("/v1/companies", json=NORDWERK).status_code == 403
    assert world.caller(Role.ORGANIZER).post(f"/v1/companies/{own}/activate").status_code == 403


def test_communities_of_a_company_that_is_not_active_are_not_stored(world: World) -> None:
    invited = world.company("Early", active=False)

    refused = world.portal(invited).put("/v1/sources/intranet/communities/x", json={"name": "Early birds"})

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-not-active")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"sector": "Machine Building"}, "/sector"),
        ({"name": " "}, "/name"),
        ({"mail_domains": ["no domain"]}, "/mail_domains/0"),
    ],
)
def test_a_value_that_does_not_exist_is_refused_by_its_place(
    world: World, change: dict[str, object], pointer: str
) -> None:
    refused = world.operator.post("/v1/companies", json=NORDWERK | change)

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
