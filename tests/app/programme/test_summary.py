"""What came of a meetup, told to everybody in figures of many."""

from datetime import timedelta

import pytest
import time_machine
from sqlmodel import col, select

from app.access.models import Role
from app.core.clock import now
from app.core.events import Event
from app.core.ids import new_id
from app.meetups.models import Meetup, MeetupStatus, Talk, TalkStatus
from app.rounds.models import Round, RoundStatus
from app.seatings.models import Seating, SeatingGroup, SeatingStatus
from app.tandems.models import Suggestion, SuggestionOrigin, SuggestionStatus
from tests.app.registrations.test_feedback import (
    AFTER,
    END,
    START,
    a_meetup,
    comes,
    crowd,
    refused,
    summed_up,
)
from tests.world import ApiCaller, JsonObject, World


def summary(world: World, meetup_id: str, caller: ApiCaller | None = None) -> JsonObject:
    answer = (caller or world.organizer).get(f"/v1/meetups/{meetup_id}/summary")
    assert answer.status_code == 200, answer.text
    told: JsonObject = answer.json()
    return told


def a_talk(world: World, meetup_id: str, community_id: str, company_id: str, status: TalkStatus, title: str) -> None:
    with world.database.session() as session:
        session.add(
            Talk(
                id=new_id("tlk"),
                meetup_id=meetup_id,
                status=status,
                title=title,
                abstract="How new members find their way.",
                language="en",
                minutes=20,
                company_id=company_id,
                community_id=community_id,
                speaker_id=None,
                proposed_at=now(),
            )
        )


def tandems(world: World, meetup_id: str | None, round_id: str | None, number: int, *, begun: bool = True) -> None:
    """So many suggestions that came of a meetup, or of a round."""
    one, other = world.company(new_id("x")), world.company(new_id("x"))
    [a], [b] = (world.published(owner, {"name": "Circle", "tags": ["x"]}) for owner in (one, other))
    with world.database.session() as session:
        for _ in range(number):
            session.add(
                Suggestion(
                    id=new_id("sug"),
                    origin=SuggestionOrigin.MEETUP if meetup_id else SuggestionOrigin.ROUND,
                    meetup_id=meetup_id,
                    round_id=round_id,
                    a_id=a,
                    b_id=b,
                    status=SuggestionStatus.ACCEPTED if begun else SuggestionStatus.DECLINED,
                    similarity=0.4,
                    reasons=[],
                    other=1.0,
                    opened_at=now(),
                    expires_at=now(),
                    tandem_id=new_id("tnd") if begun else None,
                )
            )


def a_round(world: World, meetup_id: str) -> str:
    with world.database.session() as session:
        made = Round(
            id=new_id("rnd"),
            title="After the meetup",
            status=RoundStatus.CLOSED,
            objective="quality",
            min_similarity=0.1,
            cost=0.1,
            alternates=3,
            scope_meetup=meetup_id,
            created_at=now(),
        )
        session.add(made)
    return made.id


def seated(world: World, meetup_id: str, ids: list[str]) -> None:
    """One seating with two rotations of the same two tables."""
    with world.database.session() as session:
        seating = Seating(
            id=new_id("stg"),
            meetup_id=meetup_id,
            status=SeatingStatus.DONE,
            rotations=2,
            group_size=3,
            min_size=3,
            max_size=4,
            people=ids,
            created_at=now(),
        )
        session.add(seating)
        session.flush()
        for rotation in (1, 2):
            for number, members in ((1, ids[:3]), (2, ids[3:])):
                session.add(
                    SeatingGroup(
                        seating_id=seating.id, rotation=rotation, number=number, members=members, similarity=0.3
                    )
                )


def test_everybody_reads_what_came_of_a_meetup(world: World) -> None:
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, "yes", "yes", "partly", "yes", "no")
    nord = world.company()
    comes(world, meetup_id, nord, "Robin")
    comes(world, meetup_id, nord, "Absent", attended=False)
    [community_id] = world.published(nord, {"name": "Welcome Circle", "tags": ["x"]})
    a_talk(world, meetup_id, community_id, nord, TalkStatus.ACCEPTED, "A buddy")
    a_talk(world, meetup_id, community_id, nord, TalkStatus.DECLINED, "Not held")
    seated(world, meetup_id, ids)
    tandems(world, meetup_id, None, 2)
    tandems(world, None, a_round(world, meetup_id), 3)
    tandems(world, None, a_round(world, meetup_id), 4, begun=False)
    following = a_meetup(world, MeetupStatus.ANNOUNCED, START + timedelta(days=91), title="Summer meetup")
    a_meetup(world, MeetupStatus.DRAFT, START + timedelta(days=50), announced_at=None)

    summed_up(world)
    with time_machine.travel(AFTER, tick=False):
        told = summary(world, meetup_id, world.portal(world.company("Other")))
        by_organizer = summary(world, meetup_id)

    [talk] = told.pop("talks")
    assert (talk["title"], talk["community"], talk["company"], talk["speaker"]) == (
        *("A buddy", "Welcome Circle", "Nordwerk"),
        None,
    )
    assert told == {
        "meetup_id": meetup_id,
        "title": "Spring meetup",
        "starts_at": "2027-03-11T12:00:00Z",
        "ends_at": "2027-03-11T16:00:00Z",
        "time_zone": "Europe/Berlin",
        "people": 6,
        "companies": 4,
        "feedback": {"answers": 5, "yes": 3, "partly": 1, "no": 1, "comments": None},
        "feedback_from": "2027-03-14T16:00:00Z",
        "tables": {"rotations": 2, "groups": 4, "people": 5},
        "tandems": 5,
        "next_meetup": {
            "id": following,
            "title": "Summer meetup",
            "language": "en",
            "starts_at": "2027-06-10T12:00:00Z",
            "time_zone": "Europe/Berlin",
        },
        "told_at": "2027-03-14T16:00:00Z",
    }
    assert by_organizer["feedback"]["comments"] == [f"Comment {number}" for number in range(95, 100)]


@pytest.mark.parametrize(("begun", "told"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_few_tandems_are_some_and_none_are_none(world: World, begun: int, told: int | None) -> None:
    meetup_id = a_meetup(world)
    tandems(world, meetup_id, None, begun)

    assert summary(world, meetup_id)["tandems"] == told


def test_of_few_people_no_figure_is_told(world: World) -> None:
    meetup_id = a_meetup(world)
    ids = crowd(world, meetup_id, "yes", "no", "yes", "no")
    seated(world, meetup_id, ids)

    told = summary(world, meetup_id)

    assert (told["people"], told["companies"], told["feedback"]) == (None, None, None)
    assert told["tables"] == {"rotations": 2, "groups": 4, "people": None}


def test_where_nobody_was_seated_and_nothing_follows_that_is_said(world: World) -> None:
    told = summary(world, a_meetup(world))

    assert (told["tables"], told["next_meetup"], told["talks"]) == (None, None, [])


@pytest.mark.parametrize("status", [MeetupStatus.ANNOUNCED, MeetupStatus.OPEN, MeetupStatus.CANCELLED])
def test_before_it_was_held_there_is_no_summary(world: World, status: MeetupStatus) -> None:
    address = f"/v1/meetups/{a_meetup(world, status)}/summary"

    assert refused(world.organizer.get(address)) == (409, "meetup-not-held")
    assert refused(world.organizer.post(f"{address}/send")) == (409, "meetup-not-held")


def test_of_a_draft_nobody_else_hears(world: World) -> None:
    address = f"/v1/meetups/{a_meetup(world, MeetupStatus.DRAFT, announced_at=None)}/summary"

    assert refused(world.portal(world.company()).get(address)) == (404, "meetup-not-found")
    assert refused(world.organizer.get(address)) == (409, "meetup-not-held")


def due(world: World) -> list[str]:
    with world.database.reader() as session:
        return list(session.exec(select(Event.subject_id).where(col(Event.kind) == "meetup.summary_due")))


def test_an_organizer_sends_it_once(world: World) -> None:
    meetup_id = a_meetup(world)
    address, key = f"/v1/meetups/{meetup_id}/summary/send", {"Idempotency-Key": "k-1"}

    with time_machine.travel(END + timedelta(hours=2), tick=False):
        first = world.organizer.post(address, headers=key)
        again = world.organizer.post(address, headers=key)
        another = world.organizer.post(address)

    assert (first.status_code, first.json()["told_at"]) == (200, "2027-03-11T18:00:00Z")
    assert again.json() == first.json()
    assert refused(another) == (409, "summary-told-before")
    assert "2027-03-11 18:00" in another.json()["detail"]
    assert due(world) == [meetup_id]


def test_before_it_is_told_everybody_reads_from_when_and_nobody_how_it_was(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, *["yes"] * 4, "no")

    with time_machine.travel(END + timedelta(hours=2), tick=False):
        before = summary(world, meetup_id)
        sent = world.organizer.post(f"/v1/meetups/{meetup_id}/summary/send").json()

    assert (before["feedback"], before["feedback_from"]) == (None, "2027-03-14T16:00:00Z")
    assert sent["feedback"] == {
        **{"answers": 5, "yes": 4, "partly": 0, "no": 1},
        "comments": [f"Comment {number}" for number in range(95, 100)],
    }
    assert sent["feedback_from"] == "2027-03-11T18:00:00Z"


def test_nobody_but_organizers_sends_it(world: World) -> None:
    meetup_id, nord = a_meetup(world), world.company()

    for caller in (world.portal(nord), world.caller(Role.COORDINATOR, nord)):
        assert caller.post(f"/v1/meetups/{meetup_id}/summary/send").status_code == 403
    assert due(world) == []


def test_a_summary_takes_as_many_queries_for_many_as_for_few(world: World, client_queries: list[str]) -> None:
    counts = []
    for people in (5, 15):
        meetup_id = a_meetup(world)
        ids = crowd(world, meetup_id, *["yes"] * people)
        seated(world, meetup_id, ids)
        nord = world.company(new_id("x"))
        [community_id] = world.published(nord, {"name": "Welcome Circle", "tags": ["x"]})
        for number in range(people // 5):
            a_talk(world, meetup_id, community_id, nord, TalkStatus.ACCEPTED, f"Talk {number}")
        # The key is looked up once.
        summary(world, meetup_id)
        client_queries.clear()
        summary(world, meetup_id)
        counts.append(len(client_queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_what_was_kept_of_forgotten_registrations_is_told_on(world: World) -> None:
    feedback = {"yes": 20, "partly": 4, "no": 1}
    figures = {"registered": 60, "attended": 58, "people": 58, "companies": 8, "feedback": feedback}
    meetup_id = a_meetup(world, MeetupStatus.ARCHIVED, figures=figures)

    told = summary(world, meetup_id)

    assert (told["people"], told["companies"]) == (58, 8)
    assert told["feedback"] == {"answers": 25, **feedback, "comments": []}
    with world.database.reader() as session:
        assert session.get_one(Meetup, meetup_id).figures == figures
