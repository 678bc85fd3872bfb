"""The check of texts over HTTP, and hints on profiles."""

from sqlmodel import select

from app.access.models import Role
from app.guardrails.models import GuardrailNote
from app.guardrails.schemas import LONGEST_OF_SEVERAL, MOST_TEXTS
from tests.world import JsonObject, World

PRICING: JsonObject = {
    "name": "Pricing circle",
    "purpose": "We read charts.",
    "offers": ["Stories", "Eure Rabatte im Vergleich"],
    "tags": ["prices"],
    "managers": [{"email": "kim@own.example", "first_name": "Kim"}],
}
GERMAN = {"Accept-Language": "de"}


def test_texts_are_checked_in_the_callers_language_whoever_asks(world: World) -> None:
    asked = {"texts": ["  Welche Rabatte gebt ihr?", "Wie trefft ihr euch?"]}
    world.company()

    answers = [
        caller.post("/v1/guardrail/check", json=asked, headers=GERMAN).json()
        for caller in (world.operator, world.organizer, world.portal(world.company("Other")))
    ]

    topics = {one["topic"]: one for one in world.operator.get("/v1/guardrail/topics", headers=GERMAN).json()["items"]}
    assert (
        answers
        == [{"texts": [{"hints": [{"start": 9, "end": 16, "matched": "Rabatte"} | topics[1]]}, {"hints": []}]}] * 3
    )
    assert topics[1]["name"] == "Preise, Preisbestandteile, Rabatte, Zuschläge"
    english = world.operator.post("/v1/guardrail/check", json={"text": "Your salaries?"}).json()["texts"][0]["hints"]
    assert [(one["matched"], one["topic"], one["name"]) for one in english] == [
        ("salaries", 10, "Wages, bonuses, no-poach agreements")
    ]


def test_a_check_says_what_it_does_not_take(world: World) -> None:
    bodies: list[JsonObject] = [
        {},
        {"text": "x", "texts": ["x"]},
        {"texts": []},
        {"text": "x" * 20_001},
        {"texts": ["x" * (LONGEST_OF_SEVERAL + 1)]},
        {"texts": ["x"] * (MOST_TEXTS + 1)},
        {"text": 1},
    ]

    answers = [world.operator.post("/v1/guardrail/check", json=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [422] * len(bodies)
    assert all(answer.json()["errors"] for answer in answers)
    assert world.operator.post("/v1/guardrail/check", json={"text": "\x00\n"}).json() == {"texts": [{"hints": []}]}


def test_a_profile_shows_its_hints_and_a_kept_one_until_its_text_changes(world: World) -> None:
    company = world.company()
    portal = world.portal(company)
    stored = portal.put("/v1/sources/intranet/communities/pricing", json=PRICING).json()
    address = f"/v1/communities/{stored['id']}"
    manager = world.caller(Role.MANAGER, person_id=stored["managers"][0]["person_id"])

    def shown() -> list[tuple[str, str, str | None]]:
        items = manager.get(f"{address}/hints").json()["items"]
        return [(one["pointer"], one["matched"], one["kept"] and one["kept"]["reason"]) for one in items]

    before = shown()
    kept = manager.post(f"{address}/hints/keep", json={"pointer": "/name", "topic": 1, "reason": "Methods only."})
    after = shown()
    unrelated = {"purpose": "We read charts together.", "offers": ["Eure Rabatte im Vergleich"]}
    portal.patch(address, json=unrelated, headers={"If-Match": "*"})
    moved = shown()
    portal.patch(address, json={"name": "The pricing circle"}, headers={"If-Match": "*"})

    assert before == [("/name", "Pricing", None), ("/offers/1", "Rabatte", None)]
    assert (kept.status_code, kept.json()["recorded_by"]) == (201, "manager")
    assert after == [("/name", "Pricing", "Methods only."), ("/offers/1", "Rabatte", None)]
    assert moved == [("/name", "Pricing", "Methods only."), ("/offers/0", "Rabatte", None)]
    assert shown() == [("/name", "pricing", None), ("/offers/0", "Rabatte", None)]
    report = portal.post("/v1/communities/publish", json={"community_ids": [stored["id"]], "consent_by": "manager"})
    assert report.json()["published"] == 1


def test_only_a_hint_that_is_there_can_be_kept_and_only_by_those_who_may_change_the_profile(world: World) -> None:
    company = world.company()
    portal = world.portal(company)
    stored = portal.put("/v1/sources/intranet/communities/pricing", json=PRICING).json()
    address = f"/v1/communities/{stored['id']}/hints"
    wish = {"pointer": "/name", "topic": 1, "reason": "Fine."}
    other = world.portal(world.company("Other"))

    refused = [
        portal.post(f"{address}/keep", json=wish | change)
        for change in ({"topic": 2}, {"pointer": "/purpose"}, {"pointer": "/offers/7"}, {"pointer": "name"})
    ]

    assert [(one.status_code, one.json()["type"]) for one in refused] == [
        *[(422, "/problems/no-such-hint")] * 3,
        (422, "/problems/invalid-input"),
    ]
    assert [one.status_code for one in (other.get(address), other.post(f"{address}/keep", json=wish))] == [404, 404]
    portal.post("/v1/communities/publish", json={"community_ids": [stored["id"]], "consent_by": "manager"})
    assert world.organizer.get(address).status_code == 403
    with world.database.reader() as session:
        assert session.exec(select(GuardrailNote)).all() == []
