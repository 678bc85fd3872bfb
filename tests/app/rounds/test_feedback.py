"""What answers say in figures: of many only, and once the round is over."""

import pytest

from app.access.models import Role
from app.core.clock import now
from app.rounds.models import Round, RoundStatus
from app.tandems.models import Answer, SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
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
        ("theme_does_not_fit", 0),
        ("partner_too_similar", 0),
        ("other_sector_wished", 0),
        ("same_sector_not_wished", 0),
        ("language", 2),
        ("other", 0),
    ]
    assert told == {
        "round_id": "rnd_1",
        "asked": 10,
        "answered": 5,
        "reminders": {"sent": 5, "answered": 5},
        "text": None,
    }


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
