"""What answers say in figures: of many only, and once the round is over."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.access.models import Role
from app.communities.models import Community
from app.core.clock import now
from app.exchanges.models import Exchange, ExchangeFeedback, ExchangeStatus
from app.rounds.models import Round, RoundStatus
from app.tandems.models import (
    Answer,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemStatus,
)
from tests.world import JsonObject, World

NO_TIME, LANGUAGE = ["no_time"], ["language", "no_time"]


def asked(world: World, status: RoundStatus, companies: int, *why: list[str]) -> str:
    """A round whose sides, of so many companies in turn, have declined for these causes after a reminder; its id."""
    owners = [world.company(f"Company {number}") for number in range(companies)]
    partner = world.company("Partner", sector="health")
    moment = now()
    with world.database.session() as session:
        session.add(
            Round(
                id="rnd_1",
                title="Spring",
                status=status,
                objective="quality",
                min_similarity=0.1,
                cost=0.1,
                alternates=3,
                created_at=moment,
                released_at=moment,
            )
        )
    for number, causes in enumerate(why):
        owner = owners[number % companies]
        [mine] = world.published(owner, {"name": f"Mine {number}", "tags": ["x"]})
        [theirs] = world.published(partner, {"name": f"Theirs {number}", "tags": ["x"]})
        name = f"sug_{number}"
        with world.database.session() as session:
            session.add(
                Suggestion(
                    id=name,
                    origin=SuggestionOrigin.ROUND,
                    round_id="rnd_1",
                    a_id=mine,
                    b_id=theirs,
                    status=SuggestionStatus.DECLINED,
                    similarity=0.4,
                    reasons=[],
                    other=1.0,
                    opened_at=moment,
                    expires_at=moment,
                )
            )
            session.flush()
            session.add(
                SuggestionSide(
                    suggestion_id=name,
                    side=SideName.A,
                    community_id=mine,
                    company_id=owner,
                    answer=Answer.NO,
                    why=causes,
                    reminded_at=moment,
                    answered_at=moment,
                )
            )
            session.add(SuggestionSide(suggestion_id=name, side=SideName.B, community_id=theirs, company_id=partner))
    return "rnd_1"


def feedback(world: World, round_id: str) -> JsonObject:
    answer = world.organizer.get(f"/v1/rounds/{round_id}/feedback")
    assert answer.status_code == 200, answer.text
    told: JsonObject = answer.json()
    return told


def test_an_organizer_reads_how_often_each_cause_was_given_in_the_order_in_which_they_are_offered(
    world: World,
) -> None:
    round_id = asked(world, RoundStatus.CLOSED, 3, NO_TIME, NO_TIME, LANGUAGE, LANGUAGE, NO_TIME)

    told = feedback(world, round_id)

    assert [(one["why"], one["sides"]) for one in told.pop("declines")] == [
        ("no_time", 5),
        ("theme_does_not_fit", None),
        ("partner_too_similar", None),
        ("other_sector_wished", None),
        ("same_sector_not_wished", None),
        # Of two sides: it could be known whose it is.
        ("language", None),
        ("other", None),
    ]
    assert told.pop("text").startswith("Where fewer sides have answered")
    assert told == {
        "round_id": "rnd_1",
        "asked": 10,
        "answered": 5,
        "reminders": {"sent": 5, "answered": 5},
        "useful": None,
        "not_useful": None,
    }


@pytest.mark.parametrize(
    ("said", "companies", "closed_for", "told"),
    [
        ([True] * 6 + [False] * 4, 2, 31, (6, None)),
        ([True] * 4 + [False] * 4, 2, 31, (None, None)),
        ([True] * 6, 1, 31, (None, None)),
        ([True] * 6, 2, 29, (None, None)),
        ([True] * 6, 2, None, (None, None)),
    ],
)
def test_whether_meetings_were_useful_is_told_of_enough_and_when_nobody_says_any_more(
    world: World, said: list[bool], companies: int, closed_for: int | None, told: tuple[int | None, int | None]
) -> None:
    round_id = asked(world, RoundStatus.CLOSED, companies, *[NO_TIME] * companies)
    ended = None if closed_for is None else now() - timedelta(days=closed_for)
    with world.database.session() as session:
        for suggestion in session.exec(select(Suggestion)).all():
            a, b = (session.get_one(Community, one).company_id for one in (suggestion.a_id, suggestion.b_id))
            session.add(tandem(suggestion, (a, b), ended))
        session.flush()
        for number, useful in enumerate(said):
            session.add(meeting(number, f"tnd_{number // 2 % companies}"))
            session.flush()
            side = list(SideName)[number % 2]
            session.add(ExchangeFeedback(exchange_id=f"exc_{number}", side=side, useful=useful, said_at=now()))

    found = feedback(world, round_id)

    assert (found["useful"], found["not_useful"]) == told
    assert found["text"].startswith("Where" if closed_for == 31 else "Whether meetings were useful is told once all")


def tandem(suggestion: Suggestion, companies: tuple[str, str], closed_at: datetime | None) -> Tandem:
    return Tandem(
        id=suggestion.id.replace("sug", "tnd"),
        suggestion_id=suggestion.id,
        a_id=suggestion.a_id,
        b_id=suggestion.b_id,
        a_company=companies[0],
        b_company=companies[1],
        status=TandemStatus.CLOSED if closed_at else TandemStatus.ACTIVE,
        started_at=now(),
        closed_at=closed_at,
    )


def meeting(number: int, tandem_id: str) -> Exchange:
    return Exchange(
        id=f"exc_{number}",
        tandem_id=tandem_id,
        number=number,
        status=ExchangeStatus.HELD,
        starts_at=now(),
        minutes=60,
        host=SideName.A,
        agenda=[],
        uid=f"exc_{number}@tandem.example",
        created_at=now(),
        kick_off=False,
        time_zone="UTC",
    )


@pytest.mark.parametrize(
    ("status", "companies", "sides", "text"),
    [
        (RoundStatus.RELEASED, 3, 5, "The figures come once the round is over"),
        (RoundStatus.CLOSED, 2, 5, "Where fewer sides have answered"),
        (RoundStatus.CLOSED, 3, 4, "Where fewer sides have answered"),
    ],
)
def test_no_figure_is_told_that_could_be_somebodys(
    world: World, status: RoundStatus, companies: int, sides: int, text: str
) -> None:
    round_id = asked(world, status, companies, *[NO_TIME] * sides)

    told = feedback(world, round_id)

    assert [told[name] for name in ("asked", "answered", "declines", "reminders")] == [2 * sides, None, None, None]
    assert told["text"].startswith(text)


def test_figures_are_the_organizers(world: World) -> None:
    company = world.company()

    answers = [
        caller.get("/v1/rounds/rnd_none/feedback").status_code
        for caller in (
            world.organizer,
            world.operator,
            world.portal(company),
            world.caller(Role.COORDINATOR, company),
        )
    ]

    assert answers == [404, 404, 403, 403]
