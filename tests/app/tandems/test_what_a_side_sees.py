"""A no never shows as a rejection, and nobody is unmasked before all have said yes."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from app.access.models import Role
from app.access.service import SYSTEM
from app.communities.handles import Handles
from app.companies import service as companies
from app.core.i18n import Language
from app.people.models import Person
from app.tandems import service as tandems
from app.tandems.models import SideName, SuggestionOrigin, SuggestionSide
from tests.app.tandems.conftest import Two, document, offer
from tests.world import ApiCaller, JsonObject


def seen(caller: ApiCaller, suggestion_id: str, language: Language = "en") -> JsonObject:
    answer = caller.get(f"/v1/suggestions/{suggestion_id}", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    shown: JsonObject = answer.json()
    return shown


def declined(two: Two, suggestion_id: str) -> None:
    two.answer(two.portal_sued, suggestion_id, "no", reason="Too far away for us.")


def not_now(two: Two, suggestion_id: str) -> None:
    two.answer(two.portal_sued, suggestion_id, "not_now", until="2099-01-01", reason="We reorganize.")


def yes_taken_back(two: Two, suggestion_id: str) -> None:
    two.answer(two.portal_sued, suggestion_id, "yes")
    declined(two, suggestion_id)


def round_withdrawn(two: Two, suggestion_id: str) -> None:
    with two.database.session() as session:
        tandems.withdraw_of_round(session, "rnd_1")


def archived(two: Two, suggestion_id: str) -> None:
    two.portal_sued.post(f"/v1/communities/{two.of_sued}/archive")
    two.world.worker.run_until_idle()


def company_left(two: Two, suggestion_id: str) -> None:
    with two.database.session() as session:
        companies.leave(session, SYSTEM, two.sued)
    two.world.worker.run_until_idle()


WAYS = [declined, not_now, yes_taken_back, round_withdrawn, archived, company_left]
# What belongs to each suggestion and tells nothing about why it is over.
OF_ITS_OWN = {"id", "opened_at", "expires_at", "ended_at"}


def ended(two: Two, suggestion_id: str, way: Callable[[Two, str], None], own: str | None) -> JsonObject:
    if own is not None:
        two.answer(two.portal_nord, suggestion_id, own)
    way(two, suggestion_id)
    shown = seen(two.portal_nord, suggestion_id)
    late = two.portal_nord.post(f"/v1/suggestions/{suggestion_id}/answer", json={"answer": "not_now"})
    told = {name: value for name, value in shown.items() if name not in OF_ITS_OWN}
    told["partner"] = told["partner"] | {"handle": "-"}
    return told | {"late": [late.status_code, late.json()["detail"]]}


@pytest.mark.parametrize(
    ("own", "way"),
    # Two times yes would be a tandem.
    [(own, way) for own in (None, "yes") for way in WAYS if (own, way) != ("yes", yes_taken_back)],
)
def test_a_no_cannot_be_told_from_any_other_end(two: Two, own: str | None, way: Callable[[Two, str], None]) -> None:
    reference = ended(two, two.suggest(), round_withdrawn, own)

    found = ended(two, two.suggest(), way, own)

    assert found == reference
    assert found["status"] == "withdrawn"


def test_while_it_is_open_a_side_does_not_see_that_the_other_has_said_yes(two: Two) -> None:
    suggestion_id = two.suggest()
    address = f"/v1/suggestions/{suggestion_id}"
    before = two.portal_nord.get(address)

    two.answer(two.portal_sued, suggestion_id, "yes")
    after = two.portal_nord.get(address, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 304
    assert seen(two.world.organizer, suggestion_id)["status"] == "one_yes"


def test_a_side_that_is_offered_somebody_else_sees_replaced_and_the_other_withdrawn(two: Two) -> None:
    [second] = two.world.published(two.sued, document("Second"))
    suggestion_id = two.suggest()
    declined(two, suggestion_id)
    side = SideName(seen(two.portal_nord, suggestion_id)["side"])
    with two.database.session() as session:
        [instead] = tandems.open_many(session, [offer(two.of_nord, second, origin=SuggestionOrigin.ALTERNATE)])
        tandems.follow_up(session, suggestion_id, {side.value: instead})

    shown, refused = seen(two.portal_nord, suggestion_id), seen(two.portal_sued, suggestion_id)

    assert (shown["status"], shown["replaced_by"]) == ("replaced", instead)
    assert (refused["status"], refused["replaced_by"]) == ("declined", None)
    assert seen(two.portal_nord, instead)["origin"] == "alternate"


@pytest.mark.parametrize(
    ("probability", "kind", "german"),
    [
        (0.99, "strong", "stark"),
        (0.7501, "strong", "stark"),
        (0.7499, "good", "gut"),
        (0.5001, "good", "gut"),
        (0.4999, "worth_a_look", "einen Blick wert"),
    ],
)
def test_a_side_sees_how_sure_a_suggestion_is_as_a_word_and_never_as_a_number(
    two: Two, probability: float, kind: str, german: str
) -> None:
    suggestion_id = two.suggest(probability=probability, score=0.123456)

    shown, in_german = seen(two.portal_nord, suggestion_id), seen(two.portal_sued, suggestion_id, "de")

    assert (shown["strength"]["kind"], in_german["strength"]) == (kind, {"kind": kind, "text": german})
    assert (shown["probability"], in_german["probability"]) == (None, None)
    assert str(probability) not in str(shown) + str(in_german)
    assert "0.123456" not in str(shown) + str(in_german)
    assert seen(two.world.organizer, suggestion_id)["probability"] == probability


def test_how_sure_is_unknown_where_no_round_has_compared_the_two(two: Two) -> None:
    suggestion_id = two.suggest(origin=SuggestionOrigin.SPONTANEOUS, round_id=None, probability=None, score=None)

    for caller in (two.portal_nord, two.portal_sued, two.world.organizer):
        shown = seen(caller, suggestion_id)
        assert (shown["strength"], shown["probability"]) == (None, None)


def test_organizers_see_both_names_but_not_who_said_no_nor_why(two: Two) -> None:
    suggestion_id = two.suggest()
    declined(two, suggestion_id)

    for caller in (two.world.organizer, two.world.operator):
        shown = seen(caller, suggestion_id)

        assert (shown["status"], shown["round_id"]) == ("declined", "rnd_1")
        assert {shown["pair"][side]["name"] for side in "ab"} == {"Chart Circle", "Diagrammkreis"}
        assert [shown[name] for name in ("own", "partner", "side", "own_answer", "replaced_by")] == [None] * 5
        assert "Too far" not in str(shown)


def test_the_partner_is_masked_until_accepted(two: Two) -> None:
    suggestion_id = two.suggest()

    shown = seen(two.portal_nord, suggestion_id)

    assert shown["own"] == {"id": two.of_nord, "name": "Chart Circle"}
    assert (shown["partner"]["name"], shown["partner"]["company"], shown["partner"]["purpose"]) == (None,) * 3
    assert shown["partner"]["themes"] == ["data literacy", "Diagramme"]
    for secret in (two.of_sued, two.sued, "Suedbank", "Diagrammkreis"):
        assert secret not in str(shown)


def test_reasons_leave_out_words_that_would_unmask_the_partner(two: Two) -> None:
    side = "a" if two.of_nord < two.of_sued else "b"
    theirs = {"a": "b", "b": "a"}[side]
    pairs: list[dict[str, str]] = [
        {side: "charts", theirs: "Diagramme"},
        {side: "bank", theirs: "Suedbanker"},
        {side: "circle", theirs: "Diagrammkreis"},
        {side: "Nordwerk", theirs: "Werk"},
    ]
    reasons: list[dict[str, object]] = [
        {"kind": "theme", "terms": pairs, "share": 0.4},
        {"kind": "offer_meets_seek", "terms": pairs[1:2], "share": 0.2, "giver": "a"},
    ]
    suggestion_id = two.suggest(reasons=reasons)

    masked, whole = seen(two.portal_nord, suggestion_id), seen(two.world.organizer, suggestion_id)
    for portal in (two.portal_nord, two.portal_sued):
        two.answer(portal, suggestion_id, "yes")

    assert [(one["kind"], one["terms"], one["share"]) for one in masked["reasons"]] == [
        ("theme", [pairs[0], pairs[3]], 0.2)
    ]
    assert (masked["other"], whole["other"]) == (0.8, 0.4)
    assert masked["other"] + sum(one["share"] for one in masked["reasons"]) == pytest.approx(1)
    assert len(whole["reasons"]) == 2
    assert seen(two.portal_nord, suggestion_id)["reasons"] == whole["reasons"]


def test_a_difference_and_what_is_not_known_yet_are_told_to_masked_sides_in_their_language(two: Two) -> None:
    """A format that is also the partner's whole name is on its card anyway."""
    [podcast] = two.world.published(two.sued, document("Podcast"))
    own = "a" if two.of_nord < podcast else "b"
    theirs = {"a": "b", "b": "a"}[own]
    reasons: list[dict[str, object]] = [
        {"kind": "theme", "terms": [{own: "charts", theirs: "Podcast"}], "share": 0.6},
        {"kind": "difference", "terms": [{own: "knowledge_cafe", theirs: "podcast"}], "share": 0.0},
        {"kind": "unknown", "terms": [], "share": 0.0},
    ]
    with two.database.session() as session:
        [suggestion_id] = tandems.open_many(session, [offer(two.of_nord, podcast, reasons=reasons)])

    english, german = seen(two.portal_nord, suggestion_id), seen(two.portal_nord, suggestion_id, "de")

    sides = {"knowledge café": own, "podcast": theirs}
    assert [one["text"] for one in english["reasons"]] == [
        "A difference to learn from: " + " / ".join(sorted(sides, key=lambda word: sides[word])),
        "Not known yet: what both offer and seek",
    ]
    assert "Wissenscafé" in german["reasons"][0]["text"]
    assert german["reasons"][1]["text"] == "Noch nicht bekannt: was beide zeigen und lernen möchten"
    assert [one["share"] for one in english["reasons"]] == [0.0, 0.0]
    assert english["other"] == 1.0


def test_who_is_listed_openly_is_shown_at_once(two: Two) -> None:
    [openly] = two.world.published(two.sued, document("Open Circle", listed_openly=True))
    with two.database.session() as session:
        [suggestion_id] = tandems.open_many(session, [offer(two.of_nord, openly)])

    partner = seen(two.portal_nord, suggestion_id)["partner"]

    assert (partner["name"], partner["company"]) == ("Open Circle", "Suedbank")


def test_handles_of_suggestions_and_discovery_cannot_be_joined(two: Two) -> None:
    first = two.suggest()
    declined(two, first)
    second = two.suggest()
    pepper = two.world.settings.key_pepper.get_secret_value()

    handles = {seen(two.portal_nord, one)["partner"]["handle"] for one in (first, second)}
    handles.add(Handles(pepper, "discovery", two.nord).of(two.of_sued))

    assert len(handles) == 3


def test_a_side_cannot_ask_by_the_communities_or_rounds_of_others(two: Two) -> None:
    two.suggest()

    def asked(caller: ApiCaller, **query: str) -> tuple[int, int]:
        answer = caller.get("/v1/suggestions", params=query)
        return answer.status_code, len(answer.json().get("items", []))

    assert asked(two.portal_nord, community_id=two.of_nord) == (200, 1)
    assert asked(two.portal_nord, community_id=two.of_sued) == (200, 0)
    assert asked(two.world.organizer, community_id=two.of_sued) == (200, 1)
    assert asked(two.portal_nord, round_id="rnd_1") == (403, 0)
    assert asked(two.world.organizer, round_id="rnd_1") == (200, 1)
    assert asked(two.world.organizer, round_id="rnd_2") == (200, 0)


def test_suggestions_are_listed_by_whether_they_are_open(two: Two) -> None:
    over = two.suggest()
    declined(two, over)
    waiting = two.suggest()

    def listed(caller: ApiCaller, **query: str) -> list[str]:
        return [one["id"] for one in caller.get("/v1/suggestions", params=query).json()["items"]]

    for caller in (two.portal_nord, two.portal_sued, two.world.organizer):
        assert listed(caller) == [waiting, over]
        assert listed(caller, open="true") == [waiting]
        assert listed(caller, open="false") == [over]


def test_only_the_two_sides_see_a_suggestion(two: Two) -> None:
    kim = {"email": "kim@nordwerk.example", "first_name": "Kim"}
    [other] = two.world.published(two.nord, document("Another", managers=[kim]))
    third = two.world.company("Third", sector="health")
    suggestion_id = two.suggest()
    manager = person_of(two, "kim@nordwerk.example")
    strangers = [
        two.world.portal(third),
        two.world.caller(Role.COORDINATOR, third),
        two.world.caller(Role.MANAGER, person_id=manager),
        two.world.caller(Role.PARTICIPANT, person_id=manager),
    ]

    for caller in strangers:
        body = {"answer": "yes"}
        assert caller.get(f"/v1/suggestions/{suggestion_id}").status_code == 404
        assert caller.post(f"/v1/suggestions/{suggestion_id}/answer", json=body).status_code == 404
        assert caller.get("/v1/suggestions").json()["items"] == []
    assert other != two.of_nord


def test_a_manager_answers_for_the_own_community(two: Two) -> None:
    kim = {"email": "kim@nordwerk.example", "first_name": "Kim"}
    [two.of_nord] = two.world.published(two.nord, document("Managed", managers=[kim]))
    person_id = person_of(two, "kim@nordwerk.example")
    suggestion_id = two.suggest()

    answered = two.answer(two.world.caller(Role.MANAGER, person_id=person_id), suggestion_id, "yes")

    assert (answered["status"], answered["own"]["name"]) == ("one_yes", "Managed")
    with two.database.reader() as session:
        mine = select(SuggestionSide).where(col(SuggestionSide.community_id) == two.of_nord)
        side = session.exec(mine).one()
    assert (side.answered_by, side.answered_as) == (person_id, "manager")


def test_a_suggestion_reads_in_english_and_german(two: Two) -> None:
    suggestion_id = two.suggest()

    english, german = (seen(two.portal_nord, suggestion_id, language) for language in ("en", "de"))
    declined(two, suggestion_id)
    late = two.portal_nord.post(
        f"/v1/suggestions/{suggestion_id}/answer", json={"answer": "yes"}, headers={"Accept-Language": "de"}
    )

    assert english["reasons"][0]["text"] == "Shared themes: charts / Diagramme, data"
    assert german["reasons"][0]["text"] == "Gemeinsame Themen: charts / Diagramme, data"
    assert english["next_steps"].startswith("Read the reasons")
    assert german["next_steps"].startswith("Lesen Sie die Gründe")
    assert late.json()["detail"] == (
        "Eine Antwort ist nicht mehr möglich: der Vorschlag wurde zurückgenommen; weitere werden kommen."
    )


@pytest.mark.parametrize("who", ["portal", "organizer"])
def test_a_list_takes_as_many_questions_for_three_as_for_one(two: Two, client_queries: list[str], who: str) -> None:
    more = two.world.published(two.sued, document("Second"), document("Third"))
    caller = two.portal_nord if who == "portal" else two.world.organizer
    two.suggest()

    def questions() -> int:
        client_queries.clear()
        assert caller.get("/v1/suggestions").status_code == 200
        # The key may have been looked up a second ago.
        return len([one for one in client_queries if one.startswith("SELECT") and "api_key" not in one])

    questions()
    with_one = questions()
    with two.database.session() as session:
        tandems.open_many(session, [offer(two.of_nord, one) for one in more])

    assert questions() == with_one <= 6


def person_of(two: Two, email: str) -> str:
    with two.database.reader() as session:
        return session.exec(select(Person.id).where(col(Person.email) == email)).one()
