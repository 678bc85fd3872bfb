"""What a person takes along of meetups that it sat at, and what is left when it, or its registration, is gone."""

import pytest
from sqlmodel import col, select

from app.access.service import SYSTEM
from app.companies import service as companies
from app.core.clock import now
from app.privacy import service as privacy
from app.registrations.models import Registration
from app.seatings import jobs, personal
from app.seatings.models import Again, Seating, SeatingGroup
from tests.app.privacy.test_a_person import found_anywhere
from tests.app.seatings.conftest import MEETUP, Hall, done


def ticked(hall: Hall) -> tuple[str, list[str], list[str]]:
    """A seating in which all of one group want to meet each other again."""
    ids = hall.crowd(3, companies=3)
    seating = hall.seat(rotations=1, apart=[])
    hall.go(MEETUP)
    for one in ids:
        wish = {"registration_ids": [other for other in ids if other != one]}
        done(hall.own(one).post(f"/v1/registrations/{one}/again", json=wish))
    with hall.world.database.reader() as session:
        people = [session.get_one(Registration, one).person_id for one in ids]
    return str(seating["id"]), ids, people


def left(hall: Hall) -> set[tuple[str, str]]:
    with hall.world.database.reader() as session:
        return {(one.registration_id, one.other_id) for one in session.exec(select(Again))}


def test_a_person_takes_along_whom_it_named_and_not_who_named_it(hall: Hall) -> None:
    _, ids, people = ticked(hall)

    with hall.world.database.reader() as session:
        records = list(personal.export_person(session, people[0]))

    assert {kind for kind, _ in records} == {"again"}
    assert [(one["registration_id"], one["other_registration_id"]) for _, one in records] == [
        (ids[0], ids[1]),
        (ids[0], ids[2]),
    ]


def test_of_who_is_erased_nothing_stays_said(hall: Hall) -> None:
    _, ids, people = ticked(hall)

    with hall.world.database.session() as session:
        personal.erase_person(session, people[0])

    assert left(hall) == {(ids[1], ids[2]), (ids[2], ids[1])}


def test_of_who_is_erased_a_free_seat_stays_and_no_theme_of_its_groups(any_hall: Hall) -> None:
    hall = any_hall
    ids = [
        hall.register("Alder", "Alex", show=["sourdough"], languages=["en"]),
        hall.register("Birch", "Kim", learn=["sourdough"], languages=["en"]),
        hall.register("Cedar", "Sam", learn=["sourdough"], languages=["en"]),
    ]
    first = hall.seat(rotations=1)
    second = hall.seat(rotations=2)
    assert first["plan"][0]["groups"][0]["theme"] == "Sourdough"
    failed = hall.seat(rotations=1, apart=[[ids[0], ids[1]]])
    with hall.world.database.reader() as session:
        people = [session.get_one(Registration, one).person_id for one in ids]

    for person_id in people[:2]:
        assert hall.world.operator.post(f"/v1/people/{person_id}/erase").status_code == 200

    assert found_anywhere(hall.world, "sourdough") == ["registration.learn"]
    for gone in ids[:2]:
        assert {one.split(".")[0] for one in found_anywhere(hall.world, gone)} <= {"event", "message", "message_try"}
    for seating in (first, second):
        shown = done(hall.world.organizer.get(f"/v1/seatings/{seating['id']}"))
        for rotation in shown["plan"]:
            [group] = rotation["groups"]
            assert (group["shared"], len(group["members"])) == ([], 3)
            assert sorted((one["first_name"] or "") for one in group["members"]) == ["", "", "Sam"]
    assert len({one["registration_id"] for one in shown["plan"][0]["groups"][0]["members"]} | set(ids)) == 5
    told = done(hall.world.organizer.get(f"/v1/seatings/{failed['id']}"))
    assert (told["apart"], "people who have no place" in told["problem"]) == ([], True)


def test_of_who_is_erased_while_a_seating_is_computed_nothing_is_stored(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [hall.register(company, company, themes=["sourdough"]) for company in ("Alder", "Birch", "Cedar")]
    planned = jobs._plan

    def meanwhile(*given: object) -> None:
        with hall.world.database.reader() as session:
            people = [session.get_one(Registration, one).person_id for one in ids[:2]]
        for person_id in people:
            assert hall.world.operator.post(f"/v1/people/{person_id}/erase").status_code == 200
        planned(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(jobs, "_plan", meanwhile)

    [group] = hall.seat(rotations=1)["plan"][0]["groups"]

    assert (group["shared"], len(group["members"])) == ([], 3)
    assert found_anywhere(hall.world, "sourdough") == ["registration.themes"]
    assert not set(ids[:2]) & {one["registration_id"] for one in group["members"]}


def test_of_a_company_that_is_erased_free_seats_stay(any_hall: Hall) -> None:
    hall = any_hall
    ids = [
        hall.register("Alder", "Alex", themes=["sourdough"], languages=["en"]),
        hall.register("Birch", "Kim", themes=["sourdough"], languages=["en"]),
        hall.register("Cedar", "Sam", languages=["en"]),
    ]
    seating = hall.seat(rotations=1)
    company_id = hall.company("Alder")
    left = hall.world.operator.post(f"/v1/companies/{company_id}/leave", json={})
    assert left.status_code in (200, 202), left.text
    with hall.world.database.session() as session:
        company = companies.get(session, SYSTEM, company_id)
        company.erase_on = now().date()
        session.add(company)
    with hall.world.database.session() as session:
        assert privacy.erase_company(session, company_id, hall.world.settings)

    [group] = done(hall.world.organizer.get(f"/v1/seatings/{seating['id']}"))["plan"][0]["groups"]

    assert (group["shared"], len(group["members"])) == ([], 3)
    assert ids[0] not in {one["registration_id"] for one in group["members"]}
    assert found_anywhere(hall.world, "sourdough") == ["registration.themes"]


def test_wishes_go_with_a_registration(hall: Hall) -> None:
    _, ids, _ = ticked(hall)

    with hall.world.database.session() as session:
        session.delete(session.get_one(Registration, ids[0]))

    assert left(hall) == {(ids[1], ids[2]), (ids[2], ids[1])}


def test_of_an_old_meetup_nothing_tells_who_sat_where_and_figures_stay(hall: Hall) -> None:
    seating_id, ids, _ = ticked(hall)
    failed = hall.seat(rotations=1, apart=[[ids[0], ids[1]]])

    with hall.world.database.session() as session:
        personal.forget(session, [hall.meetup_id])

    with hall.world.database.reader() as session:
        groups = session.exec(select(SeatingGroup)).all()
        seatings = session.exec(select(Seating).order_by(col(Seating.id))).all()
        assert [(one.members, one.shared) for one in groups] == [([], [])]
        assert [(one.people, one.apart, one.figures is None) for one in seatings] == [([], [], False), ([], [], True)]
    assert left(hall) == set()
    shown = done(hall.world.organizer.get(f"/v1/seatings/{seating_id}"))
    assert shown["plan"][0]["groups"][0]["members"] == []
    told = done(hall.world.organizer.get(f"/v1/seatings/{failed['id']}"))
    assert "It is about people who have no place any more: take" in told["problem"]


def test_a_meetup_that_is_gone_before_its_seating_is_computed_stops_no_worker(hall: Hall) -> None:
    hall.crowd(6, companies=3)
    queued = hall.ask().json()
    with hall.world.database.session() as session:
        session.delete(session.get_one(Seating, queued["id"]))

    while hall.world.worker.work_once():
        pass

    with hall.world.database.reader() as session:
        assert session.exec(select(SeatingGroup)).all() == []
