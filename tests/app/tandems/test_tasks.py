"""What waits for somebody, the most urgent first, and what is left of answers when their time is over."""

from datetime import timedelta

import pytest
import time_machine
from sqlmodel import col, select

from app.access.models import Role
from app.core.clock import now
from app.people.models import Person
from app.tandems import history, personal
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionSide, SuggestionStatus
from app.tandems.service import Asking
from tests.app.tandems.conftest import Two, document, offer
from tests.world import ApiCaller, JsonObject, World

ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex"}


@pytest.fixture
def near(world: World) -> Two:
    """Two communities of one sector, so that both coordinators are asked."""
    nord, west = world.company("Nordwerk", sector="machinery"), world.company("Westwerk", sector="machinery")
    [of_nord] = world.published(nord, document("Chart Circle", managers=[ALEX]))
    [of_west] = world.published(west, document("Diagrammkreis"))
    return Two(world, nord, west, of_nord, of_west)


def alex(two: Two) -> str:
    with two.database.reader() as session:
        return session.exec(select(Person.id).where(col(Person.first_name) == "Alex")).one()


def tasks(caller: ApiCaller, **query: object) -> list[JsonObject]:
    answer = caller.get("/v1/tasks", params=query)
    assert answer.status_code == 200, answer.text
    items: list[JsonObject] = answer.json()["items"]
    return items


def test_managers_answer_and_coordinators_approve(near: Two) -> None:
    manager = near.world.caller(Role.MANAGER, person_id=alex(near))
    coordinator = near.world.caller(Role.COORDINATOR, near.nord)
    suggestion_id = near.suggest()
    asked = {"kind": "answer_suggestion", "subject_id": suggestion_id}
    text = "Answer the suggestion for Chart Circle: yes, not now or no. A no needs no reason."

    for caller in (manager, near.portal_nord):
        [task] = tasks(caller)
        due = caller.get(f"/v1/suggestions/{suggestion_id}").json()["expires_at"]
        assert task == asked | {"due_at": due, "text": text}
    assert tasks(coordinator) == tasks(near.world.operator) == tasks(near.world.organizer) == []

    for portal in (near.portal_nord, near.portal_sued):
        near.answer(portal, suggestion_id, "yes")
    [approval] = tasks(coordinator)
    assert tasks(manager) == []
    assert (approval["kind"], approval["subject_id"]) == ("approve_suggestion", suggestion_id)
    assert approval["text"] == (
        "Approve the tandem of Chart Circle and Diagrammkreis (Westwerk), or refuse it. Both have said yes."
    )
    coordinator.post(f"/v1/suggestions/{suggestion_id}/approve", json={"approve": True})
    assert tasks(coordinator) == []


def test_the_most_urgent_comes_first_page_by_page(near: Two) -> None:
    others = near.world.published(near.sued, document("Second"), document("Third"))
    days = (9, 3, 6)
    with near.database.session() as session:
        ids = tandems.open_many(
            session,
            [
                offer(near.of_nord, one, asking=Asking(timedelta(days=within)))
                for one, within in zip((near.of_sued, *others), days, strict=True)
            ],
        )

    seen, query = [], {"limit": 1}
    while True:
        page = near.portal_nord.get("/v1/tasks", params=query).json()
        seen += [one["subject_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": 1, "cursor": page["next_cursor"]}

    assert seen == [ids[1], ids[2], ids[0]]
    with time_machine.travel(now() + timedelta(days=4), tick=False):
        assert [one["subject_id"] for one in tasks(near.portal_nord)] == [ids[2], ids[0]]


def test_a_company_says_how_long_its_coordinators_are_waited_for_and_the_shorter_time_holds(near: Two) -> None:
    for company_id, days in ((near.nord, 5), (near.sued, 20)):
        address = f"/v1/companies/{company_id}"
        near.world.operator.patch(address, json={"approve_within_days": days}, headers={"If-Match": "*"})
    suggestion_id, start = near.suggest(), now()
    for portal in (near.portal_nord, near.portal_sued):
        near.answer(portal, suggestion_id, "yes")

    with near.database.reader() as session:
        ends = session.get_one(Suggestion, suggestion_id).expires_at
    assert abs(ends - start - timedelta(days=5)) < timedelta(minutes=1)


def test_a_company_that_approves_always_is_asked_about_every_sector(two: Two) -> None:
    address = f"/v1/companies/{two.nord}"
    two.world.operator.patch(address, json={"approves": "always"}, headers={"If-Match": "*"})
    suggestion_id = two.suggest()
    for portal in (two.portal_nord, two.portal_sued):
        two.answer(portal, suggestion_id, "yes")

    coordinator = two.world.caller(Role.COORDINATOR, two.nord)
    assert two.portal_nord.get(f"/v1/suggestions/{suggestion_id}").json()["approval_needed"] is True
    assert two.portal_sued.get(f"/v1/suggestions/{suggestion_id}").json()["approval_needed"] is False
    proximity = coordinator.get(f"{address}/proximity/{two.sued}").json()
    assert (proximity["proximity"], proximity["default"]) == ("approval", "approval")
    approved = coordinator.post(f"/v1/suggestions/{suggestion_id}/approve", json={"approve": True})
    assert approved.json()["status"] == "accepted"


def test_what_came_to_nothing_is_forgotten_but_not_that_it_was_asked_and_how_it_ended(two: Two) -> None:
    declined = two.suggest()
    two.answer(two.portal_sued, declined, "no", reason="Too far away for us.", why=["theme_does_not_fit"])
    not_now = two.suggest()
    two.answer(two.portal_nord, not_now, "not_now", reason="Petra is away.")
    silent = two.suggest()
    ended = [declined, not_now, silent]
    with time_machine.travel(now() + timedelta(days=15), tick=False):
        two.world.worker.run_until_idle()

    with two.database.session() as session:
        before = history.past_pairs(session, [], now().date())
        early = tandems.forget_without_tandem(session, now() - timedelta(days=1), 10)
    with two.database.session() as session:
        first = tandems.forget_without_tandem(session, now() + timedelta(days=16), 10)
        again = tandems.forget_without_tandem(session, now() + timedelta(days=16), 10)
    with two.database.reader() as session:
        gone = [session.get_one(Suggestion, one) for one in ended]
        sides = session.exec(select(SuggestionSide)).all()
        after = history.past_pairs(session, [], now().date())

    assert (early, first, again) == ([], sorted(ended), [])
    assert [(one.status, one.reasons, one.other) for one in gone] == [
        (status, [], 1.0)
        for status in (SuggestionStatus.DECLINED, SuggestionStatus.NOT_NOW, SuggestionStatus.EXPIRED)
    ]
    assert {(one.reason, one.answered_by) for one in sides} == {(None, None)}
    assert [one.why for one in sides if one.why] == [["theme_does_not_fit"]]
    assert [one.rounds_ago for one in after] == [one.rounds_ago for one in before] == [None]


def test_what_was_said_before_a_tandem_is_forgotten_with_it(two: Two) -> None:
    suggestion_id = two.suggest()
    two.answer(two.portal_nord, suggestion_id, "yes", reason="Petra knows them.")
    tandem_id = two.answer(two.portal_sued, suggestion_id, "yes")["tandem_id"]
    two.portal_nord.post(f"/v1/tandems/{tandem_id}/close")

    def words() -> list[str | None]:
        with two.database.reader() as session:
            sides = session.exec(select(SuggestionSide)).all()
        return [said for one in sides for said in (one.reason, one.answered_by) if said]

    kept = len(words())
    two.world.worker.run_until_idle()
    with time_machine.travel(now() + timedelta(days=366), tick=False):
        two.world.worker.run_until_idle()

    assert (kept, words()) == (3, [])


def test_a_person_takes_its_answers_along_and_leaves_no_words(near: Two) -> None:
    person_id = alex(near)
    suggestion_id = near.suggest()
    manager = near.world.caller(Role.MANAGER, person_id=person_id)
    near.answer(manager, suggestion_id, "no", reason="Kim told me so.", why=["other"])

    with near.database.session() as session:
        [(kind, record)] = personal.export_person(session, person_id)
        personal.erase_person(session, person_id)
    with near.database.reader() as session:
        side = session.get_one(SuggestionSide, (suggestion_id, "a" if near.of_nord < near.of_sued else "b"))

    assert (kind, record["answer"], record["reason"], record["why"]) == ("answer", "no", "Kim told me so.", ["other"])
    assert (side.reason, side.answered_by, side.why) == (None, person_id, ["other"])
