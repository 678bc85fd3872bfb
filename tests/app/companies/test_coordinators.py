"""Coordinators as people: named by their company, changed with care, gone with it."""

from app.access.models import Role
from app.companies import coordinators, personal
from app.people.models import Person, PersonStatus
from tests.world import World

ROBIN = {"email": "robin@nordwerk.example", "first_name": "Robin", "language": "de", "deputy": False}
SASCHA = {"email": "sascha@nordwerk.example", "first_name": "Sascha", "language": None, "deputy": True}


def test_a_company_names_who_approves_for_it(world: World) -> None:
    company = world.company()
    coordinator, address = world.caller(Role.COORDINATOR, company), f"/v1/companies/{company}/coordinators"
    empty = coordinator.get(address)

    named = coordinator.put(
        address, json={"coordinators": [SASCHA, ROBIN]}, headers={"If-Match": empty.headers["ETag"]}
    )

    assert (empty.status_code, empty.json()["coordinators"]) == (200, [])
    assert named.status_code == 200, named.text
    told = [{name: one[name] for name in ROBIN} for one in named.json()["coordinators"]]
    assert told == [ROBIN, SASCHA]
    assert coordinator.get(address).headers["ETag"] == named.headers["ETag"]
    with world.database.reader() as session:
        everybody, deputies = coordinators.of(session, company), coordinators.of(session, company, deputy=True)
    assert [one.first_name for one in everybody] == ["Robin", "Sascha"]
    assert [one.first_name for one in deputies] == ["Sascha"]


def test_who_has_changed_meanwhile_makes_another_version(world: World) -> None:
    company = world.company()
    coordinator, address = world.caller(Role.COORDINATOR, company), f"/v1/companies/{company}/coordinators"
    named = coordinator.put(address, json={"coordinators": [ROBIN]}, headers={"If-Match": "*"})
    person = f"/v1/people/{named.json()['coordinators'][0]['person_id']}"

    coordinator.patch(person, json={"first_name": "Robyn"}, headers={"If-Match": "*"})
    stale = coordinator.put(address, json={"coordinators": []}, headers={"If-Match": named.headers["ETag"]})

    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-etag")


def test_only_the_company_itself_and_the_operator_see_and_name_them(world: World) -> None:
    company, other = world.company(), world.company("Other")
    address, body = f"/v1/companies/{company}/coordinators", {"coordinators": [ROBIN]}
    callers = [
        world.operator,
        world.organizer,
        world.portal(company),
        world.caller(Role.COORDINATOR, other),
    ]

    assert [one.get(address).status_code for one in callers] == [200, 403, 403, 404]
    assert [one.put(address, json=body, headers={"If-Match": "*"}).status_code for one in callers] == [
        200,
        403,
        403,
        404,
    ]


def test_a_person_takes_along_that_it_approves_and_is_none_any_more(world: World) -> None:
    company = world.company()
    address = f"/v1/companies/{company}/coordinators"
    named = world.operator.put(address, json={"coordinators": [ROBIN, SASCHA]}, headers={"If-Match": "*"}).json()
    robin, sascha = (one["person_id"] for one in named["coordinators"])

    with world.database.session() as session:
        exported = list(personal.export_person(session, robin))
        personal.erase_person(session, robin)
        session.get_one(Person, sascha).status = PersonStatus.WAITING
    with world.database.reader() as session:
        left = coordinators.of(session, company)

    assert exported == [("coordinator", {"company_id": company, "deputy": False})]
    assert left == []
    assert [one["status"] for one in world.operator.get(address).json()["coordinators"]] == ["waiting"]
