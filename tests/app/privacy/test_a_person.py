"""What a person takes along, and that nothing of it is found any more once it is erased."""

import json
from datetime import timedelta
from email.message import EmailMessage

import time_machine
from sqlalchemy import String, cast, column, func, inspect
from sqlalchemy import table as sqlalchemy_table
from sqlmodel import col, select

from app.access.models import Role
from app.core.clock import now
from app.core.events import Event
from app.notifications.models import EndpointStatus, Message, WebhookEndpoint
from tests.world import ApiCaller, JsonObject, World

CIRCLE: JsonObject = {
    "name": "Data Circle",
    "purpose": "Reading figures together",
    "tags": ["data literacy"],
    "managers": [
        {"email": "kimberley@nordwerk.example", "first_name": "Kimberley"},
        {"email": "deputy@nordwerk.example", "first_name": "Robin", "deputy": True},
    ],
}
RING = {
    "name": "Chart Ring",
    "purpose": "Reading figures together",
    "tags": ["data literacy"],
    "managers": [{"email": "chart@suedhafen.example", "first_name": "Toni"}],
}


def tandem(world: World) -> tuple[str, str, JsonObject]:
    """Two companies whose communities form a tandem; their ids and the tandem."""
    first, second = world.company("Nordwerk"), world.company("Suedhafen", sector="health")
    world.published(first, CIRCLE)
    world.published(second, RING)
    done = world.proposed_round()
    world.organizer.post(f"/v1/rounds/{done['id']}/release")
    world.worker.run_until_idle()
    for company_id in (first, second):
        portal = world.portal(company_id)
        [suggestion] = portal.get("/v1/suggestions").json()["items"]
        assert portal.post(f"/v1/suggestions/{suggestion['id']}/answer", json={"answer": "yes"}).status_code == 200
    [made] = world.organizer.get("/v1/tandems").json()["items"]
    return first, second, made


def person(world: World, company_id: str, first_name: str) -> str:
    people = world.portal(company_id).get("/v1/people").json()["items"]
    return str(next(one["id"] for one in people if one["first_name"] == first_name))


def manager(world: World, company_id: str, person_id: str) -> ApiCaller:
    return world.caller(Role.MANAGER, company_id, person_id=person_id)


def told_by_webhook(world: World, *company_ids: str) -> None:
    with world.database.session() as session:
        for company_id in company_ids:
            session.add(
                WebhookEndpoint(
                    id=f"whk_{company_id}",
                    company_id=company_id,
                    url="https://portal.example/hook",
                    kinds=["contact.erased", "community.confirmation_due"],
                    status=EndpointStatus.ACTIVE,
                    secret="x",
                    created_at=now(),
                )
            )


def messages(world: World, kind: str) -> list[Message]:
    with world.database.reader() as session:
        return list(session.exec(select(Message).where(col(Message.template) == kind).order_by(col(Message.id))))


def described(world: World, kind: str) -> list[set[str]]:
    """What the data of an event hold, in each form that the description of the interface shows."""
    event = world.client.get("/openapi.json").json()["webhooks"][kind]["post"]
    content = event["requestBody"]["content"]["application/json"]
    shown = [one["value"] for one in content["examples"].values()] if "examples" in content else [content["example"]]
    return [set(one["data"]) for one in shown]


def test_a_person_takes_along_everything_that_is_stored_of_it(world: World) -> None:
    first, *_ = tandem(world)
    kim = person(world, first, "Kimberley")

    answer = manager(world, first, kim).get(f"/v1/people/{kim}/export")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    by_record = {one.pop("record"): one for one in lines}
    assert by_record["person"]["email"] == "kimberley@nordwerk.example"
    assert by_record["community"] | {"id": ""} == {"id": "", "name": "Data Circle", "deputy": False}
    assert by_record["key"]["role"] == "manager"
    assert "deputy@" not in answer.text


def test_others_neither_export_nor_erase_a_person(world: World) -> None:
    first, second, _ = tandem(world)
    kim, robin = person(world, first, "Kimberley"), person(world, first, "Robin")
    callers = {
        "another manager": manager(world, first, robin),
        "another company's portal": world.portal(second),
        "another company's coordinator": world.caller(Role.COORDINATOR, second),
    }

    for who, caller in callers.items():
        assert caller.get(f"/v1/people/{kim}/export").status_code == 404, who
        assert caller.post(f"/v1/people/{kim}/erase").status_code == 404, who
    assert world.portal(first).post(f"/v1/people/{kim}/erase").status_code == 403
    assert world.organizer.post(f"/v1/people/{kim}/erase").status_code == 403
    assert world.portal(first).get(f"/v1/people/{kim}").json()["first_name"] == "Kimberley"


def test_of_a_person_who_is_erased_nothing_is_found_in_any_table(any_world: World) -> None:
    world = any_world
    first, second, made = tandem(world)
    kim = person(world, first, "Kimberley")
    told_by_webhook(world, first, second)
    itself = manager(world, first, kim)
    suggestion = made["suggestion_id"]
    world.worker.run_until_idle()
    readers = {str(mail["To"]) for mail in world.mails() if "kimberley" in in_words(mail)}
    assert readers == {
        "Kimberley <kimberley@nordwerk.example>",
        "Robin <deputy@nordwerk.example>",
        "Toni <chart@suedhafen.example>",
    }

    erased = itself.post(f"/v1/people/{kim}/erase")

    assert erased.json() | {"created_at": None, "company_id": None} == {
        "id": kim,
        "company_id": None,
        "email": f"erased:{kim}",
        "first_name": "",
        "language": None,
        "status": "erased",
        "created_at": None,
    }
    world.worker.run_until_idle()
    assert found_anywhere(world, "kimberley") == []
    assert [in_words(mail) for mail in world.mails() if "kimberley" in in_words(mail)] == []
    assert world.mails()
    assert world.caller(Role.COORDINATOR, first).post(f"/v1/people/{kim}/erase").status_code == 200
    changed = world.caller(Role.COORDINATOR, first).patch(
        f"/v1/people/{kim}", json={"first_name": "Kim"}, headers={"If-Match": "*"}
    )
    assert changed.json()["type"] == "/problems/person-erased"
    told = [(one.endpoint_id, one.ids) for one in messages(world, "contact.erased")]
    circle = made["pair"]["a"] if made["pair"]["a"]["name"] == "Data Circle" else made["pair"]["b"]
    assert told == [
        (f"whk_{first}", {"person_id": kim}),
        (f"whk_{second}", {"tandem_id": made["id"], "community_id": circle["community_id"]}),
    ]
    assert [set(one.ids) for one in messages(world, "contact.erased")] == described(world, "contact.erased")
    partner = world.portal(second).get(f"/v1/tandems/{made['id']}").json()["partner"]
    assert [one["first_name"] for one in partner["managers"]] == ["Robin"]
    assert world.portal(first).get(f"/v1/suggestions/{suggestion}").status_code == 200


def test_partners_who_were_shown_a_person_are_told_also_when_it_spoke_before_or_the_tandem_is_closed(
    world: World,
) -> None:
    first, second, made = tandem(world)
    kim, robin = person(world, first, "Kimberley"), person(world, first, "Robin")
    world.worker.run_until_idle()
    told_by_webhook(world, second)
    jo = {"email": "jo@nordwerk.example", "first_name": "Jo"}
    later = {"email": "later@nordwerk.example", "first_name": "Later"}
    managed_by(world, first, CIRCLE["managers"][1], jo)
    world.portal(first).post(f"/v1/tandems/{made['id']}/close")
    start = now()

    def told_of(person_id: str) -> list[dict[str, str]]:
        assert world.caller(Role.COORDINATOR, first).post(f"/v1/people/{person_id}/erase").status_code == 200
        return [one.ids for one in messages(world, "contact.erased") if one.subject_id == person_id]

    circle = made["pair"]["a"] if made["pair"]["a"]["name"] == "Data Circle" else made["pair"]["b"]
    ids = {"tandem_id": made["id"], "community_id": circle["community_id"]}
    assert told_of(kim) == [ids], "spoke before; that is known from what it was mailed"
    with time_machine.travel(start + timedelta(days=100), tick=False):
        world.worker.run_until_idle()
        managed_by(world, first, CIRCLE["managers"][1], jo, later)
        assert told_of(robin) == [ids], "still speaks for it; records of mails are gone"
        assert told_of(person(world, first, "Later")) == [], "came after the end"
    with time_machine.travel(start + timedelta(days=370), tick=False):
        world.worker.run_until_idle()
        assert told_of(person(world, first, "Jo")) == [], "the tandem is forgotten"


def managed_by(world: World, company_id: str, *managers: JsonObject) -> None:
    document = CIRCLE | {"managers": managers}
    stored = world.portal(company_id).put("/v1/sources/intranet/communities/data-circle", json=document)
    assert stored.status_code == 200, stored.text


def test_a_community_that_nobody_speaks_for_any_more_is_told_of(world: World) -> None:
    _, second, _ = tandem(world)
    toni = person(world, second, "Toni")

    world.caller(Role.COORDINATOR, second).post(f"/v1/people/{toni}/erase")

    [community] = world.portal(second).get("/v1/communities").json()["items"]
    assert community["managers"] == []
    with world.database.reader() as session:
        kinds = [one.kind for one in session.exec(select(Event).where(col(Event.subject_id) == community["id"]))]
    assert kinds[-2:] == ["community.contact_changed", "community.without_manager"]


def test_managers_are_asked_once_to_confirm_and_nobody_is_after_they_have(world: World) -> None:
    company_id = world.company("Nordwerk")
    [community_id] = world.published(company_id, CIRCLE)
    told_by_webhook(world, company_id)
    soon = now() + timedelta(days=160)

    for day in range(3):
        with time_machine.travel(soon + timedelta(days=day), tick=False):
            world.worker.run_until_idle()

    assert len(messages(world, "community.confirmation")) == 2
    [due] = messages(world, "community.confirmation_due")
    assert due.ids["community_id"] == community_id
    assert [set(due.ids)] == described(world, "community.confirmation_due")
    with time_machine.travel(soon + timedelta(days=4), tick=False):
        world.portal(company_id).post(f"/v1/communities/{community_id}/confirm")
    with time_machine.travel(soon + timedelta(days=5), tick=False):
        world.worker.run_until_idle()
    assert len(messages(world, "community.confirmation")) == 2


def test_after_a_long_pause_of_the_service_managers_are_asked_once_about_what_is_hidden_already(world: World) -> None:
    company_id = world.company("Nordwerk")
    [community_id] = world.published(company_id, CIRCLE)
    confirmed = now()
    world.worker.plan()

    # Also when messages of then are forgotten, nobody is asked about the same day once more.
    for days in (184, 185, 300, 330):
        with time_machine.travel(confirmed + timedelta(days=days), tick=False):
            world.worker.run_until_idle()

    [first, _] = [one for one in world.mails() if one["Subject"] == "Is the profile of Data Circle still right?"]
    body = first.get_body(("plain",))
    assert body is not None
    assert "Since that day nobody finds the community" in " ".join(body.get_content().split())
    assert messages(world, "community.confirmation") == []
    with time_machine.travel(confirmed + timedelta(days=331), tick=False):
        world.portal(company_id).post(f"/v1/communities/{community_id}/confirm")
    with time_machine.travel(confirmed + timedelta(days=331 + 184), tick=False):
        world.worker.run_until_idle()
    assert len(messages(world, "community.confirmation")) == 2


def test_who_speaks_for_it_no_more_is_not_asked_to_confirm_and_who_does_instead_is(world: World) -> None:
    company_id = world.company("Nordwerk")
    [community_id] = world.published(company_id, CIRCLE)
    asked = now() + timedelta(days=160)
    world.worker.plan()
    with time_machine.travel(asked, tick=False):
        while world.worker.work_once():
            pass
        new = {"email": "nia@nordwerk.example", "first_name": "Nia"}
        world.portal(company_id).patch(
            f"/v1/communities/{community_id}", json={"managers": [new]}, headers={"If-Match": "*"}
        )
    with time_machine.travel(asked + timedelta(days=1, hours=1), tick=False):
        world.worker.run_until_idle()

    told = [str(one["To"]) for one in world.mails() if one["Subject"] == "Is the profile of Data Circle still right?"]
    assert told == ["Nia <nia@nordwerk.example>"]


def found_anywhere(world: World, word: str) -> list[str]:
    """Tables and columns that hold a word, in any spelling."""
    found = []
    with world.database.reader() as session:
        tables = inspect(session.connection())
        for table in tables.get_table_names():
            for one in tables.get_columns(table):
                content = func.lower(cast(column(one["name"]), String))
                hits = select(func.count()).select_from(sqlalchemy_table(table)).where(content.contains(word))
                found += [f"{table}.{one['name']}"] * bool(session.execute(hits).scalar_one())
    return found


def in_words(mail: EmailMessage) -> str:
    """Everything that a mail says, and to whom, in small letters."""
    parts = (one.get_content() for one in mail.walk() if not one.is_multipart())
    return "\n".join([str(mail["To"]), str(mail["Subject"]), *parts]).lower()
