"""Who is offered somebody else when a suggestion of a round has come to nothing, and who is not."""

from datetime import timedelta

import numpy as np
import pytest
import time_machine
from sqlalchemy import update
from sqlmodel import Session, col, func, select

from app.communities.models import Community, CommunityStatus
from app.core.clock import now
from app.core.events import Event
from app.core.jobs import Interrupted, Job, Lease
from app.programme import alternates
from app.programme import jobs as programme_jobs
from app.rounds import queries as rounds
from app.rounds.models import DecisionKind, RoundDecision, RoundSnapshot
from app.rounds.snapshot import freeze, thaw
from app.tandems import service as tandems
from app.tandems import standing
from app.tandems.ending import end_where
from app.tandems.models import Answer, SideName, Suggestion, SuggestionSide, SuggestionStatus
from app.worker import Worker
from matching.calibration import Calibration
from tests.app.programme.conftest import CHARTS, Released
from tests.world import World


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset((one, other))


FIRST_OF_BOTH = {pair("Alder", "Cedar")}


def test_after_a_no_the_next_partner_of_the_round_is_offered(released: Released) -> None:
    released.says("Alder", "no", "Birch")

    assert released.alternates() == FIRST_OF_BOTH

    successor = released.suggestion("Alder", "Cedar")
    assert (successor.status, successor.round_id) == (SuggestionStatus.OPEN, released.round_id)
    assert 0 < successor.similarity < released.suggestion("Alder", "Birch").similarity
    assert successor.probability is not None
    assert successor.score is not None
    # As the round had it: the same curve leads from the one to the other.
    assert successor.probability == pytest.approx(
        float(Calibration().probability(np.array(successor.score))), abs=1e-4
    )
    assert released.side("Alder", "Birch").replaced_by == successor.id
    assert released.side("Birch", "Alder").replaced_by is None


def test_reasons_are_those_that_the_round_would_have_told(released: Released) -> None:
    released.says("Alder", "no", "Birch")
    released.alternates()

    reason, not_known = released.suggestion("Alder", "Cedar").reasons
    german = released.portal("Cedar").get(
        f"/v1/suggestions/{released.suggestion('Alder', 'Cedar').id}", headers={"Accept-Language": "de"}
    )

    assert reason["kind"] == "theme"
    assert {term["a"] for term in reason["terms"]} == {"charts", "diagrams"}  # type: ignore[attr-defined]  # JSON
    assert reason["share"] + released.suggestion("Alder", "Cedar").other == pytest.approx(1, abs=1e-3)  # type: ignore[operator]  # JSON
    assert (not_known["kind"], not_known["share"]) == ("unknown", 0.0)
    assert german.json()["reasons"][0]["text"].startswith("Gemeinsame Themen: ")


def test_whose_partner_said_no_is_offered_somebody_too(world: World) -> None:
    released = Released(world)
    released.publish("Alder", *CHARTS)
    released.publish("Birch", *CHARTS)
    of_their_own = {
        "Cedar": ["bees", "honey", "flowers", "pollen", "hives"],
        "Dogwood": ["chess", "singing", "cooking", "opera", "sewing"],
    }
    for name, tags in of_their_own.items():
        # Somewhat alike, but kept apart, so that both are free.
        released.publish(name, "charts", *tags)
    with released.database.session() as session:
        session.execute(
            update(Community)
            .where(col(Community.id) == released.communities["Cedar"])
            .values(excluded_companies=[released.companies["Dogwood"]])
        )
    released.release()
    released.says("Birch", "no", "Alder")

    found = released.alternates()

    assert len(found) == 2
    assert frozenset.union(*found) == {"Alder", "Birch", "Cedar", "Dogwood"}
    assert pair("Alder", "Birch") not in found
    assert pair("Cedar", "Dogwood") not in found


def test_who_said_not_now_is_left_in_peace_and_the_other_side_is_not(released: Released) -> None:
    released.says("Alder", "not_now", "Birch")

    assert released.alternates() == {pair("Birch", "Cedar")}
    assert released.side("Alder", "Birch").replaced_by is None
    assert released.side("Birch", "Alder").replaced_by == released.suggestion("Birch", "Cedar").id


def test_who_stayed_silent_is_left_in_peace_and_who_said_yes_is_offered_somebody(released: Released) -> None:
    released.says("Birch", "yes", "Alder")

    with time_machine.travel(now() + timedelta(days=15), tick=False):
        assert released.alternates() == {pair("Birch", "Cedar")}
    assert released.suggestion("Alder", "Birch").status is SuggestionStatus.EXPIRED


def test_when_nobody_answers_nobody_is_offered_anything_and_the_round_closes(released: Released) -> None:
    with time_machine.travel(now() + timedelta(days=15), tick=False):
        assert released.alternates() == set()
        assert released.status() == "closed"


def test_who_stayed_silent_is_not_offered_to_others_either(world: World) -> None:
    released = Released(world)
    released.publish("Alder", *CHARTS, capacity=2)
    released.publish("Birch", *CHARTS)
    released.publish("Cedar", "charts", "diagrams", "bees")
    released.publish("Dogwood", "charts", "bees", "honey")
    released.release()
    # Cedar and Dogwood say nothing, Alder and Birch do on the last day.
    with time_machine.travel(now() + timedelta(days=13), tick=False):
        released.says("Alder", "yes", "Birch")
    with time_machine.travel(now() + timedelta(days=15), tick=False):
        found = released.alternates()

    assert not any("Cedar" in one or "Dogwood" in one for one in found)


def test_an_alternate_is_not_followed_by_another(released: Released) -> None:
    released.publish("Elder", *CHARTS)
    released.says("Alder", "no", "Birch")
    released.alternates()

    released.says("Cedar", "no", "Alder")

    assert released.alternates() == FIRST_OF_BOTH
    assert released.status() == "closed"


def test_a_withdrawn_round_offers_nobody_anything(released: Released) -> None:
    withdrawn = released.world.organizer.post(f"/v1/rounds/{released.round_id}/withdraw")

    assert withdrawn.status_code == 200
    assert released.alternates() == set()
    assert released.status() == "withdrawn"


def test_who_takes_no_part_any_more_is_neither_offered_anybody_nor_offered(released: Released) -> None:
    for name in ("Birch", "Cedar"):
        paused = released.portal(name).post(f"/v1/communities/{released.communities[name]}/pause", json={})
        assert paused.status_code == 200

    assert released.alternates() == set()
    assert released.suggestion("Alder", "Birch").status is SuggestionStatus.WITHDRAWN
    assert released.status() == "closed"


def test_an_alternate_without_free_capacity_is_passed_over(world: World) -> None:
    released = Released(world)
    released.publish("Alder", *CHARTS)
    released.publish("Birch", *CHARTS)
    released.publish("Cedar", "charts", "diagrams", "bees", "honey")
    released.publish("Dogwood", "charts", "bees", "honey")
    released.release()
    assert released.suggestion("Cedar", "Dogwood").status is SuggestionStatus.OPEN

    released.says("Alder", "no", "Birch")

    assert released.alternates() == set()
    assert released.status() == "released"


def test_a_pair_that_the_organizer_bans_is_passed_over(released: Released) -> None:
    with released.database.session() as session:
        a_id, b_id = sorted((released.communities["Alder"], released.communities["Cedar"]))
        session.add(
            RoundDecision(
                id="dec_1",
                round_id=released.round_id,
                kind=DecisionKind.BAN,
                a_id=a_id,
                b_id=b_id,
                created_at=now(),
            )
        )

    released.says("Alder", "no", "Birch")

    assert released.alternates() == {pair("Birch", "Cedar")}


def test_the_limit_of_tandems_between_two_companies_holds_for_alternates_too(world: World) -> None:
    released = Released(world)
    released.publish("Alder", *CHARTS)
    released.publish("Birch", *CHARTS)
    released.publish("Cedar", "gardens", "trees")
    # Two more of Alder and of Cedar: one pair of theirs is as many as are allowed.
    [gardens] = world.published(released.companies["Alder"], {"name": "Gardens", "tags": ["gardens", "trees"]})
    [further] = world.published(released.companies["Cedar"], {"name": "Further", "tags": ["charts", "diagrams"]})
    released.communities |= {"Gardens": gardens, "Further": further}
    released.release(max_per_company_pair=1)
    assert released.suggestion("Gardens", "Cedar").status is SuggestionStatus.OPEN

    released.says("Alder", "no", "Birch")

    assert released.alternates() == {pair("Birch", "Further")}


def test_a_yes_of_both_ends_the_round_without_any_alternate(released: Released) -> None:
    released.says("Alder", "yes", "Birch")
    released.says("Birch", "yes", "Alder")

    assert released.alternates() == set()
    assert released.suggestion("Alder", "Birch").status is SuggestionStatus.ACCEPTED
    assert released.status() == "closed"


def test_texts_that_were_erased_give_no_reasons(released: Released) -> None:
    with released.database.session() as session:
        snapshot = session.get_one(RoundSnapshot, released.round_id)
        frozen = thaw(snapshot.content)
        kept = [one for one in frozen.profiles if one.id != released.communities["Cedar"]]
        snapshot.content, snapshot.erased_at = freeze(kept, [], frozen.calibration)[0], now()
        session.add(snapshot)
    released.says("Alder", "no", "Birch")

    released.alternates()

    successor = released.suggestion("Alder", "Cedar")
    assert (successor.reasons, successor.other) == ([], 1.0)


def test_texts_are_read_only_when_there_is_a_pair_to_explain(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(content: bytes) -> None:
        raise AssertionError

    monkeypatch.setattr("app.programme.explaining.thaw", unread)

    with time_machine.travel(now() + timedelta(days=15), tick=False):
        assert released.alternates() == set()


def test_suggestions_that_end_together_are_looked_at_by_one_job(released: Released) -> None:
    with released.database.session() as session:
        for _ in range(3):
            alternates.suggestions_ended(session, _event(released.round_id))

    with released.database.reader() as session:
        queued = session.exec(select(func.count()).select_from(Job).where(col(Job.kind) == alternates.JOB)).one()
    assert queued == 1


def test_a_job_that_is_stopped_in_the_middle_offers_nobody_anything_twice(
    released: Released, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before each of its steps in turn, and taken up again."""
    monkeypatch.setattr(programme_jobs, "BATCH", 1)
    released.says("Alder", "no", "Birch")
    steps = {"allowed": 0}

    def stopped(lease: Lease, stage: str, progress: float) -> None:
        steps["allowed"] -= 1
        if steps["allowed"] < 0:
            raise Interrupted

    with released.database.session() as session:
        alternates.suggestions_ended(session, _event(released.round_id))
    with monkeypatch.context() as patched:
        patched.setattr(Lease, "tell", stopped)
        for allowed in range(5):
            steps["allowed"] = allowed
            worker.work_once()

    assert released.alternates() == FIRST_OF_BOTH


def test_what_has_come_between_since_it_was_chosen_is_not_offered(released: Released) -> None:
    released.says("Alder", "no", "Birch")
    with released.database.reader() as session:
        chosen = alternates.choose(session, released.round_id, 10)
    explained = {one.ids: alternates.Explained([], 1.0) for each in chosen for one in each.pairs.values()}
    with released.database.session() as session:
        session.execute(
            update(Community)
            .where(col(Community.id) == released.communities["Cedar"])
            .values(status=CommunityStatus.PAUSED)
        )

    with released.database.session() as session:
        alternates.offer(session, released.round_id, chosen, explained)
    with released.database.reader() as session:
        again = alternates.choose(session, released.round_id, 10)

    assert [set(one.pairs) for one in chosen] != [set()]
    assert [dict(one.pairs) for one in again] == [{}]
    assert released.alternates() == set()


def test_what_was_chosen_twice_is_offered_once(released: Released) -> None:
    released.says("Alder", "no", "Birch")
    with released.database.reader() as session:
        chosen = alternates.choose(session, released.round_id, 10)
    explained = {one.ids: alternates.Explained([], 1.0) for each in chosen for one in each.pairs.values()}

    for _ in range(2):
        with released.database.session() as session:
            alternates.offer(session, released.round_id, chosen, explained)

    assert released.alternates() == FIRST_OF_BOTH


def _event(round_id: str) -> Event:
    return Event(id="evt_1", kind="round.suggestions_ended", subject_id=round_id, happened_at=now())


def test_many_that_end_together_are_offered_what_one_after_the_other_would_be(world: World) -> None:
    """Chosen for all at once, and once more step by step, asking `standing` about each single pair."""
    released = Released(world)
    themes = ["maps", "charts", "bees", "trees", "talks"]
    for number in range(14):
        tags = [themes[number % 5], themes[(number * 3 + 1) % 5], themes[(number // 3) % 5]]
        released.publish(f"N{number}", *tags, capacity=1 + number % 2)
    released.release()
    with released.database.session() as session:
        everything = list(session.exec(select(Suggestion.id).order_by(col(Suggestion.id))))
        some = everything[::3] + everything[1::3]
        session.execute(
            update(SuggestionSide)
            .where(col(SuggestionSide.suggestion_id).in_(some[::2]), col(SuggestionSide.side) == SideName.B)
            .values(answer=Answer.NOT_NOW)
        )
        end_where(session, col(Suggestion.id).in_(some), SuggestionStatus.DECLINED)

    with released.database.reader() as session:
        chosen = alternates.choose(session, released.round_id, 1000)
        expected = _step_by_step(session, released.round_id)

    assert {one.suggestion_id: {side: pair.ids for side, pair in one.pairs.items()} for one in chosen} == expected
    assert sum(len(pairs) for pairs in expected.values()) > 1


def _step_by_step(session: Session, round_id: str) -> dict[str, dict[SideName, tuple[str, str]]]:
    ended = tandems.ended_without_tandem(session, round_id, 1000)
    had = {side.community_id for _, *sides in ended for side in sides if side.answer is Answer.NOT_NOW}
    found: dict[str, dict[SideName, tuple[str, str]]] = {}
    for suggestion, *sides in ended:
        found[suggestion.id] = {}
        proposal = rounds.proposal_of_suggestion(session, round_id, suggestion.id)
        assert proposal is not None
        for side in sides:
            named = proposal.alternates_of_a if side.side is SideName.A else proposal.alternates_of_b
            for one in named:
                first, second = sorted((side.community_id, str(one["id"])))
                if had.isdisjoint((first, second)) and standing.obstacles(session, [(first, second)]) == [None]:
                    had |= {first, second}
                    found[suggestion.id][side.side] = (first, second)
                    break
    return found
