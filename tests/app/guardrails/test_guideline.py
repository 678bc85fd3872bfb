"""The guideline: read, accepted for a year by a person or for it, renewed in time; objections, and what stays."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlmodel import select

from app.access.models import Role
from app.core import jobs
from app.core.events import Event
from app.core.i18n import Language
from app.guardrails import acceptance, objections, personal
from app.guardrails.acceptance import CURRENT_VERSION, a_year_after
from app.guardrails.jobs import TELL_WHAT_ENDS
from app.guardrails.models import GuardrailNote, GuidelineAcceptance, Objection
from app.notifications import guidelines
from app.notifications.letters import Letter, Reading
from app.notifications.models import Message
from app.people.models import Person
from tests.world import ApiCaller, World

ADDRESS = "/v1/guideline/acceptances"
START = datetime(2027, 3, 1, 9, tzinfo=UTC)


def person(portal: ApiCaller, name: str = "kim", **fields: str) -> str:
    wish = {"email": f"{name}@own.example", "first_name": name.title()} | fields
    created: str = portal.post("/v1/people", json=wish).json()["id"]
    return created


def test_the_guideline_is_told_in_both_languages(world: World) -> None:
    english, german = (
        world.operator.get("/v1/guideline", headers={"Accept-Language": tag}).json() for tag in ["en", "de"]
    )

    assert english["version"] == german["version"] == CURRENT_VERSION
    assert (english["notice"], german["notice"]) == (acceptance.notice("en"), acceptance.notice("de"))
    assert (english["card"], german["card"]) == (acceptance.card("en"), acceptance.card("de"))
    assert len(english["paragraphs"]) == len(german["paragraphs"])
    assert english["title"] != german["title"]


def test_a_person_accepts_for_itself_and_a_company_for_its_people(world: World) -> None:
    company, other = world.company("Own"), world.company("Other")
    portal, coordinator = world.portal(company), world.caller(Role.COORDINATOR, company)
    kim, robin = person(portal), person(portal, "robin")
    manager = world.caller(Role.MANAGER, person_id=kim)
    stranger = person(world.portal(other), "stranger")
    wish = {"version": CURRENT_VERSION}

    with time_machine.travel(START, tick=False):
        mine = manager.post(ADDRESS, json=wish)
        theirs = coordinator.post(ADDRESS, json=wish | {"person_id": robin})
        refused = [
            manager.post(ADDRESS, json=wish | {"person_id": robin}),
            portal.post(ADDRESS, json=wish | {"person_id": stranger}),
            portal.post(ADDRESS, json=wish),
            portal.post(ADDRESS, json={"version": "2001-01", "person_id": kim}),
            world.organizer.post(ADDRESS, json=wish | {"person_id": kim}),
            world.operator.post(ADDRESS, json=wish | {"person_id": kim}),
        ]
        with world.database.reader() as session:
            accepted = acceptance.accepted(session, [kim, robin, stranger])
    with time_machine.travel(a_year_after(START), tick=False), world.database.reader() as session:
        a_year_later = acceptance.accepted(session, [kim, robin, stranger])

    assert mine.json() == {
        "id": mine.json()["id"],
        "person_id": kim,
        "version": CURRENT_VERSION,
        "accepted_at": "2027-03-01T09:00:00Z",
        "valid_until": "2028-03-01T09:00:00Z",
        "recorded_by": "manager",
    }
    assert [(one.status_code, one.json()["type"]) for one in refused] == [
        (404, "/problems/person-not-found"),
        (404, "/problems/person-not-found"),
        (422, "/problems/accepts-for-nobody"),
        (409, "/problems/guideline-not-current"),
        (403, "/problems/role-not-enough"),
        (403, "/problems/role-not-enough"),
    ]
    assert (accepted, a_year_later) == ({kim, robin}, set())
    assert manager.get(ADDRESS).json()["items"] == [mine.json()]
    assert portal.get(ADDRESS).json()["items"] == [theirs.json(), mine.json()]
    assert portal.get(ADDRESS, params={"person_id": robin}).json()["items"] == [theirs.json()]
    assert [
        one.status_code
        for one in (
            manager.get(ADDRESS, params={"person_id": robin}),
            portal.get(ADDRESS, params={"person_id": stranger}),
            world.organizer.get(ADDRESS),
        )
    ] == [404, 404, 403]


def test_a_year_after_a_leap_day_is_the_last_of_february() -> None:
    assert a_year_after(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2029, 2, 28, tzinfo=UTC)


def test_who_has_to_renew_is_written_to_once_a_month_before_in_its_language(any_world: World) -> None:
    world = any_world
    portal = world.portal(world.company())
    kim, robin = person(portal, language="de"), person(portal, "robin", language="fr")
    renewed = person(portal, "renewed")

    def look(day: datetime) -> None:
        with time_machine.travel(day, tick=False):
            with world.database.session() as session:
                jobs.enqueue(session, TELL_WHAT_ENDS.name, "clock:x")
            world.worker.run_until_idle()

    with time_machine.travel(START, tick=False), world.database.session() as session:
        for one in (kim, robin, renewed):
            acceptance.accept(session, one, CURRENT_VERSION, "portal")
    due = a_year_after(START) - timedelta(days=30)
    with time_machine.travel(due - timedelta(days=9), tick=False), world.database.session() as session:
        acceptance.accept(session, renewed, CURRENT_VERSION, "portal")

    look(due - timedelta(hours=1))
    with world.database.reader() as session:
        assert session.exec(select(Message)).all() == []
    look(due)
    look(due + timedelta(days=1))

    with time_machine.travel(due, tick=False), world.database.reader() as session:
        written = {one.person_id: one for one in session.exec(select(Message))}
        letters = {who: letter_to(world, who, one) for who, one in written.items() if who}
    assert {who: letter.subject for who, letter in letters.items() if letter} == {
        kim: "Ihr Ja zur Leitlinie zum Kartellrecht endet am 1. März 2028",
        robin: "Your yes to the guideline on competition law ends on March 1, 2028",
    }
    with time_machine.travel(due + timedelta(days=2), tick=False):
        with world.database.session() as session:
            acceptance.accept(session, kim, CURRENT_VERSION, "manager")
        assert letter_to(world, kim, written[kim]) is None
        assert letter_to(world, robin, written[robin]) is not None


def letter_to(world: World, person_id: str, message: Message) -> Letter | None:
    with world.database.reader() as session:
        reader = session.get_one(Person, person_id)
        language: Language = "de" if reader.language == "de" else "en"
        reading = Reading(session, reader, language, message.ids, "https://x.example", "pepper")
        return guidelines.RENEW.write(reading)


def test_objections_are_told_without_who_and_what(world: World) -> None:
    with world.database.session() as session:
        for number in range(3):
            objections.record(
                session,
                tandem_id="tnd_1",
                exchange_id=f"exc_{number}",
                side="a",
                person_id="per_secret",
                item="secret item",
                at=START,
            )
    with world.database.reader() as session:
        assert [one.exchange_id for one in objections.of_tandem(session, "tnd_1")] == ["exc_0", "exc_1", "exc_2"]
        assert objections.of_tandem(session, "tnd_2") == []

    shown = world.organizer.get("/v1/guardrail/objections")

    assert [(one["exchange_id"], one["objected_at"]) for one in shown.json()["items"]] == [
        (f"exc_{number}", "2027-03-01T09:00:00Z") for number in (2, 1, 0)
    ]
    assert "secret" not in shown.text
    assert world.portal(world.company()).get("/v1/guardrail/objections").status_code == 403


def test_of_an_erased_person_only_the_opaque_id_on_an_objection_stays(world: World) -> None:
    portal = world.portal(world.company())
    kim = person(portal)
    with world.database.session() as session:
        acceptance.accept(session, kim, CURRENT_VERSION, "portal")
        objections.record(
            session, tandem_id="tnd_1", exchange_id=None, side="a", person_id=kim, item="Item 2", at=START
        )
        note = GuardrailNote(
            id="gnt_1",
            subject_kind="community",
            subject_id="cmt_1",
            pointer="/name",
            topic=1,
            text_hash="x",
            reason="Fine.",
            recorded_by="manager",
            person_id=kim,
            recorded_at=START,
        )
        session.add(note)

    with world.database.session() as session:
        exported = list(personal.export_person(session, kim))
        personal.erase_person(session, kim)

    assert [kind for kind, _ in exported] == ["guideline_acceptance", "guardrail_note", "objection"]
    assert (exported[1][1]["reason"], exported[2][1]["item"]) == ("Fine.", "Item 2")
    with world.database.reader() as session:
        assert session.exec(select(GuidelineAcceptance)).all() == []
        assert [(one.person_id, one.reason) for one in session.exec(select(GuardrailNote))] == [(None, "")]
        assert [one.person_id for one in session.exec(select(Objection))] == [kim]
        assert not [one for one in session.exec(select(Event)) if one.kind == "guideline.renewal_failed"]
