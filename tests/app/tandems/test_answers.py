"""Both sides decide: what each may say, when, and what comes of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.access.models import Role
from app.communities.models import Community
from app.core.clock import now
from app.core.events import Event
from app.tandems import queries
from app.tandems.models import Suggestion, SuggestionSide, SuggestionStatus
from tests.app.tandems.conftest import Two, document
from tests.world import ApiCaller, JsonObject, World


@pytest.fixture
def near(world: World) -> Two:
    """Two communities of one sector, so that both coordinators are asked."""
    nord, west = world.company("Nordwerk", sector="machinery"), world.company("Westwerk", sector="machinery")
    [of_nord] = world.published(nord, document("Chart Circle"))
    [of_west] = world.published(west, document("Diagrammkreis"))
    return Two(world, nord, west, of_nord, of_west)


def refused(portal: ApiCaller, suggestion_id: str, **body: object) -> tuple[int, str]:
    answer = portal.post(f"/v1/suggestions/{suggestion_id}/answer", json=body)
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def approve(coordinator: ApiCaller, suggestion_id: str, approve: bool = True) -> JsonObject:
    answered = coordinator.post(f"/v1/suggestions/{suggestion_id}/approve", json={"approve": approve})
    assert answered.status_code == 200, answered.text
    shown: JsonObject = answered.json()
    return shown


def seen(caller: ApiCaller, suggestion_id: str) -> JsonObject:
    answer = caller.get(f"/v1/suggestions/{suggestion_id}")
    assert answer.status_code == 200, answer.text
    shown: JsonObject = answer.json()
    return shown


def test_two_times_yes_make_a_tandem(two: Two) -> None:
    suggestion_id = two.suggest()

    first = two.answer(two.portal_nord, suggestion_id, "yes")
    second = two.answer(two.portal_sued, suggestion_id, "yes")

    assert (first["status"], first["tandem_id"], first["partner"]["name"]) == ("one_yes", None, None)
    assert (second["status"], second["partner"]["name"]) == ("accepted", "Chart Circle")
    assert second["tandem_id"].startswith("tnd_")
    assert seen(two.portal_nord, suggestion_id)["partner"]["company"] == "Suedbank"
    with two.database.reader() as session:
        kinds = session.exec(select(Event.kind).order_by(Event.id)).all()
    assert [kind for kind in kinds if kind.startswith(("suggestion", "tandem", "round"))] == [
        "suggestion.opened",
        "suggestion.one_yes",
        "suggestion.accepted",
        "tandem.started",
        "round.suggestions_ended",
    ]


@pytest.mark.parametrize("answer", ["yes", "no", "not_now"])
def test_the_same_answer_again_changes_nothing(two: Two, answer: str) -> None:
    suggestion_id = two.suggest()

    first = two.answer(two.portal_nord, suggestion_id, answer)
    again = two.answer(two.portal_nord, suggestion_id, answer)

    assert again == first


def test_a_yes_can_be_taken_back_and_a_no_cannot(two: Two) -> None:
    suggestion_id = two.suggest()
    two.answer(two.portal_nord, suggestion_id, "yes")

    taken_back = two.answer(two.portal_nord, suggestion_id, "not_now")

    assert taken_back["status"] == "not_now"
    assert refused(two.portal_nord, suggestion_id, answer="yes") == (409, "already-answered")


def test_what_was_said_before_is_told_in_words(two: Two) -> None:
    suggestion_id = two.suggest()
    two.answer(two.portal_nord, suggestion_id, "not_now")

    told = two.portal_nord.post(
        f"/v1/suggestions/{suggestion_id}/answer", json={"answer": "yes"}, headers={"Accept-Language": "de"}
    )

    assert told.json()["detail"].startswith(
        "Dabei bleibt es: Ihre Seite hat schon gesagt, dass es jetzt nicht passt."
    )


def test_not_now_holds_for_ninety_days_or_until_its_day(two: Two) -> None:
    day = (now() + timedelta(days=30)).date().isoformat()
    first = two.answer(two.portal_nord, two.suggest(), "not_now")
    second = two.answer(two.portal_nord, two.suggest(), "not_now", until=day, reason="We reorganize.", why=["other"])

    ninety = (now() + timedelta(days=90)).date().isoformat()
    assert first["own_answer"] == {"answer": "not_now", "until": ninety, "reason": None, "why": []}
    assert second["own_answer"] == {
        "answer": "not_now",
        "until": day,
        "reason": "We reorganize.",
        "why": ["other"],
    }


def test_a_day_belongs_to_not_now_and_lies_ahead(two: Two) -> None:
    suggestion_id, today = two.suggest(), now().date().isoformat()

    assert refused(two.portal_nord, suggestion_id, answer="yes", until="2099-01-01") == (422, "until-without-not-now")
    assert refused(two.portal_nord, suggestion_id, answer="not_now", until=today) == (422, "until-in-the-past")


def test_everybody_answers_for_the_own_side_and_an_operator_for_the_one_named(two: Two) -> None:
    suggestion_id = two.suggest()
    side = seen(two.portal_nord, suggestion_id)["side"]
    other = {"a": "b", "b": "a"}[side]
    operator = two.world.operator

    assert refused(two.portal_nord, suggestion_id, answer="yes", side=other) == (403, "not-your-side")
    assert refused(operator, suggestion_id, answer="yes") == (422, "side-not-named")
    assert refused(two.world.organizer, suggestion_id, answer="yes", side="a") == (403, "role-not-enough")
    assert two.answer(two.portal_nord, suggestion_id, "yes", side=side)["status"] == "one_yes"
    assert two.answer(operator, suggestion_id, "yes", side=other)["status"] == "accepted"
    with two.database.reader() as session:
        roles = session.exec(select(SuggestionSide.answered_as)).all()
    assert sorted(map(str, roles)) == ["operator", "portal"]


def test_who_takes_no_part_any_more_becomes_no_tandem(two: Two) -> None:
    suggestion_id = two.suggest()
    two.answer(two.portal_nord, suggestion_id, "yes")
    with two.database.session() as session:
        mine = update(Community).where(col(Community.id) == two.of_sued)
        session.execute(mine.values(excluded_companies=[two.nord]))

    assert two.answer(two.portal_sued, suggestion_id, "yes")["status"] == "withdrawn"
    assert seen(two.portal_nord, suggestion_id)["status"] == "withdrawn"


def test_in_one_sector_both_coordinators_approve(near: Two) -> None:
    suggestion_id = near.suggest()
    of_nord, of_west = (near.world.caller(Role.COORDINATOR, company) for company in (near.nord, near.sued))
    early = of_nord.post(f"/v1/suggestions/{suggestion_id}/approve", json={"approve": True})
    near.answer(near.portal_nord, suggestion_id, "yes")
    waiting = near.answer(near.portal_sued, suggestion_id, "yes")

    first = approve(of_nord, suggestion_id)
    again = approve(of_nord, suggestion_id)
    last = approve(of_west, suggestion_id)

    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-awaiting-coordinator")
    assert (waiting["status"], waiting["approval_needed"], waiting["partner"]["name"]) == (
        "awaiting_coordinator",
        True,
        None,
    )
    assert (first["status"], first["approval_needed"]) == ("awaiting_coordinator", False)
    assert again == first
    assert (last["status"], last["partner"]["name"]) == ("accepted", "Chart Circle")


def test_a_coordinator_who_refuses_ends_it_and_the_other_side_is_not_told(near: Two) -> None:
    suggestion_id = near.suggest()
    for portal in (near.portal_nord, near.portal_sued):
        near.answer(portal, suggestion_id, "yes")

    refusing = approve(near.world.caller(Role.COORDINATOR, near.nord), suggestion_id, approve=False)

    assert refusing["status"] == "declined"
    assert seen(near.portal_sued, suggestion_id)["status"] == "withdrawn"
    assert seen(near.world.organizer, suggestion_id)["status"] == "declined"


def test_a_list_of_what_waits_takes_as_many_questions_for_three_as_for_one(
    near: Two, client_queries: list[str]
) -> None:
    def waiting() -> None:
        suggestion_id = near.suggest()
        for portal in (near.portal_nord, near.portal_sued):
            near.answer(portal, suggestion_id, "yes")

    def questions() -> int:
        client_queries.clear()
        assert near.portal_nord.get("/v1/suggestions").json()["items"][0]["approval_needed"] is True
        return len([one for one in client_queries if one.startswith("SELECT")])

    others = near.world.published(near.sued, document("Second"), document("Third"))
    waiting()
    questions()
    with_one = questions()
    for near.of_sued in others:
        waiting()

    assert questions() == with_one


def test_only_a_coordinator_of_a_side_approves(near: Two) -> None:
    suggestion_id = near.suggest()
    other = near.world.caller(Role.COORDINATOR, near.world.company("Third"))
    address, body = f"/v1/suggestions/{suggestion_id}/approve", {"approve": True}

    callers = (near.portal_nord, near.world.operator, near.world.organizer, other)

    assert [caller.post(address, json=body).status_code for caller in callers] == [403, 403, 403, 404]


def test_a_decision_of_one_company_asks_its_own_coordinator_only(two: Two) -> None:
    of_nord = two.world.caller(Role.COORDINATOR, two.nord)
    address = f"/v1/companies/{two.nord}/proximity/{two.sued}"
    decided = of_nord.ask(
        "PUT", address, json={"proximity": "approval"}, headers={"If-Match": of_nord.get(address).headers["ETag"]}
    )
    assert decided.status_code == 200, decided.text
    suggestion_id = two.suggest()

    before = seen(two.portal_nord, suggestion_id)
    for portal in (two.portal_nord, two.portal_sued):
        two.answer(portal, suggestion_id, "yes")

    # Before both have said yes it would tell Nordwerk that its partner is the one company it has decided about.
    assert before["approval_needed"] is False
    assert seen(two.portal_nord, suggestion_id)["approval_needed"] is True
    assert seen(two.portal_sued, suggestion_id)["approval_needed"] is False
    assert approve(of_nord, suggestion_id)["status"] == "accepted"


def test_who_was_asked_stays_asked_whatever_its_company_decides_meanwhile(near: Two) -> None:
    """A question that went away with the decision about one company would tell that the partner is of that one."""
    suggestion_id = near.suggest()
    of_nord, of_west = (near.world.caller(Role.COORDINATOR, company) for company in (near.nord, near.sued))
    for portal in (near.portal_nord, near.portal_sued):
        near.answer(portal, suggestion_id, "yes")
    before = seen(of_nord, suggestion_id)
    address = f"/v1/companies/{near.nord}/proximity/{near.sued}"
    tag = of_nord.get(address).headers["ETag"]
    decided = of_nord.ask("PUT", address, json={"proximity": "free"}, headers={"If-Match": tag})
    after = seen(of_nord, suggestion_id)

    approve(of_west, suggestion_id)
    still = seen(of_nord, suggestion_id)

    assert decided.status_code == 200, decided.text
    assert after == before == still
    assert (still["status"], still["approval_needed"]) == ("awaiting_coordinator", True)
    assert approve(of_nord, suggestion_id)["status"] == "accepted"


def test_after_fourteen_days_nobody_answers_whether_or_not_the_worker_was_there(two: Two) -> None:
    suggestion_id = two.suggest()
    two.answer(two.portal_nord, suggestion_id, "yes")

    with time_machine.travel(now() + timedelta(days=14, minutes=1), tick=False):
        late = refused(two.portal_sued, suggestion_id, answer="yes")
        two.world.worker.run_until_idle()
        later = refused(two.portal_sued, suggestion_id, answer="yes")

    assert late == later == (409, "suggestion-over")
    assert [seen(portal, suggestion_id)["status"] for portal in (two.portal_nord, two.portal_sued)] == ["expired"] * 2


def test_a_coordinator_has_fourteen_days_of_its_own(near: Two) -> None:
    suggestion_id = near.suggest()
    with time_machine.travel(now() + timedelta(days=10), tick=False):
        for portal in (near.portal_nord, near.portal_sued):
            near.answer(portal, suggestion_id, "yes")

    with time_machine.travel(now() + timedelta(days=15), tick=False):
        near.world.worker.run_until_idle()
        still = seen(near.portal_nord, suggestion_id)["status"]
    with time_machine.travel(now() + timedelta(days=25), tick=False):
        near.world.worker.run_until_idle()

    assert still == "awaiting_coordinator"
    assert seen(near.portal_nord, suggestion_id)["status"] == "expired"


def test_an_expiry_that_crosses_the_last_yes_leaves_the_suggestion_to_the_coordinators(
    near: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestion_id = near.suggest()
    near.answer(near.portal_nord, suggestion_id, "yes")
    found_due = queries.due

    def due_before_the_yes(session: Session, moment: datetime, limit: int) -> Sequence[str]:
        due = found_due(session, moment, limit)
        later = {"status": SuggestionStatus.AWAITING_COORDINATOR, "expires_at": moment + timedelta(days=14)}
        session.execute(update(Suggestion).where(col(Suggestion.id).in_(due)).values(**later))
        return due

    monkeypatch.setattr(queries, "due", due_before_the_yes)
    with time_machine.travel(now() + timedelta(days=14, minutes=1), tick=False):
        near.world.worker.run_until_idle()

    assert seen(near.portal_nord, suggestion_id)["status"] == "awaiting_coordinator"


def test_a_paused_community_is_not_waited_for_and_its_tandem_goes_on(two: Two) -> None:
    [second] = two.world.published(two.nord, document("Second"))
    tandem_id = two.tandem()
    two.of_nord, of_nord = second, two.of_nord
    suggestion_id = two.suggest()

    paused = two.portal_sued.post(f"/v1/communities/{two.of_sued}/pause", json={})
    two.world.worker.run_until_idle()

    assert paused.status_code == 200
    assert seen(two.portal_nord, suggestion_id)["status"] == "withdrawn"
    assert two.portal_nord.get(f"/v1/tandems/{tandem_id}").json()["status"] == "starting"
    assert of_nord != second


def test_a_retry_with_the_same_key_answers_once(two: Two) -> None:
    suggestion_id, headers = two.suggest(), {"Idempotency-Key": "k-1"}
    address, body = f"/v1/suggestions/{suggestion_id}/answer", {"answer": "yes"}

    answers = [two.portal_nord.post(address, json=body, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
