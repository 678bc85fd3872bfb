"""Related communities of other companies: the engine's similarity, masked."""

from typing import Any

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sqlalchemy import update
from sqlmodel import col, select

from app.access.models import Role
from app.communities import service as communities
from app.communities.handles import Handles
from app.communities.models import Community
from app.companies.models import Company, CompanyStatus
from app.core.clock import now
from app.discovery import queries
from app.discovery.reading import profile_of
from app.rounds.snapshot import profiles_of
from matching.profiles import Field
from matching.text import TextAnalyzer
from tests.app.discovery.conftest import Discovery
from tests.world import JsonObject, World

OWN: dict[str, Any] = {
    "name": "Lieferketten",
    "purpose": "Nachhaltige Lieferketten und Recycling.",
    "tags": ["Recycling"],
}
SECRET: dict[str, Any] = {
    "name": "Zephyr circle",
    "purpose": "Projekt Zephyr für nachhaltige Lieferketten.",
    "description": "Fragen Sie kim@other.example nach dem Zephyr.",
    "tags": ["Recycling", "Otherwerk recycling"],
    "languages": ["de"],
    "offers": ["Zephyr-Rundgang"],
    "managers": [{"email": "kim@other.example", "first_name": "Kim"}],
}


def handles_of(world: World, company_id: str) -> Handles:
    return Handles(world.settings.key_pepper.get_secret_value(), "discovery", company_id)


def test_the_most_similar_communities_of_other_companies_come_first(discover: Discovery) -> None:
    world = discover.world
    own, other, third = world.company("Own"), world.company("Otherwerk"), world.company("Third")
    [mine, _] = world.published(own, OWN, {"name": "Recycling twin", "tags": ["Recycling"]})
    # What it shares is on its card, for hidden words count only where two other companies use them.
    [close] = world.published(other, SECRET | {"tags": ["Recycling", "nachhaltige Lieferketten"]})
    [far, none] = world.published(
        third,
        {"name": "Garten", "tags": ["Recycling", "Beete", "Tomaten", "Bienen", "Kompost"], "languages": ["de"]},
        {"name": "Chess", "tags": ["chess"]},
    )

    found = discover.related(own, mine)

    opened = [handles_of(world, own).open(item["card"]["handle"]) for item in found]
    assert opened == [close, far]
    assert none not in opened
    assert found[0]["similarity"] > found[1]["similarity"]
    assert all(item["similarity"] == round(item["similarity"], 2) for item in found)


def test_the_answer_is_the_similarity_of_the_texts(discover: Discovery) -> None:
    world = discover.world
    companies = [world.company(name) for name in ("Own", "Otherwerk", "Third")]
    texts = ["python data", "data literacy data", "garden and bees", "python garden", "running", "data running bees"]
    ids = [
        world.published(company, *({"name": f"{text} {n}", "purpose": text} for n, text in enumerate(texts)))
        for company in companies
    ]
    with discover.database.reader() as session:
        there = queries.read(session, [one for some in ids for one in some], now().date())
    profiles = [profile_of(one) for one in there.values()]
    vectors = TfidfVectorizer(analyzer=TextAnalyzer().terms, sublinear_tf=True).fit_transform(profiles)
    similarity = (vectors @ vectors.T).toarray()

    for mine in ids[0]:
        found = discover.related(companies[0], mine, limit=200)
        told = {handles_of(world, companies[0]).open(one["card"]["handle"]): one["similarity"] for one in found}
        row = [one.id for one in profiles].index(mine)
        others = [at for at, one in enumerate(profiles) if one.company != profiles[row].company]
        expected = {profiles[at].id: round(float(similarity[row, at]), 2) for at in others}
        assert told == {name: value for name, value in expected.items() if value > 0}


def test_the_engine_reads_the_same_texts_here_as_in_a_round(discover: Discovery) -> None:
    world = discover.world
    company = world.company("Otherwerk")
    [community_id] = world.published(
        company,
        SECRET
        | {
            "teaser": "t",
            "topics": ["x"],
            "seeks": ["s"],
            "languages": ["de", "en"],
            "target_group": "trainees",
            "formats_practised": ["lunch_and_learn", "other"],
            "formats_wanted": ["talk", "lunch_and_learn"],
            "stage": "first_steps",
        },
    )
    with discover.database.reader() as session:
        [participant] = communities.taking_part(session, company_ids=[], community_ids=[])
        row = session.get_one(Company, company)
        [in_a_round] = profiles_of([participant], {company: row}, now(), {}, {})
        here = profile_of(queries.read(session, [community_id], now().date())[community_id])

    assert here.texts_by_field == in_a_round.texts_by_field
    assert (Field.TARGET_GROUP, "trainees") in here.texts_by_field
    assert here.formats == ("lunch and learn", "talk")
    assert (here.id, here.company, here.languages, here.stage) == (
        in_a_round.id,
        in_a_round.company,
        in_a_round.languages,
        in_a_round.stage,
    )


def test_nothing_hidden_is_in_the_answer(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    [mine] = world.published(own, OWN | {"description": "Zephyr, Otherwerk"})
    [secret] = world.published(other, SECRET)

    [found] = discover.related(own, mine)

    assert found["card"]["themes"] == ["Recycling"]
    assert (found["card"]["name"], found["card"]["company"], found["card"]["purpose"]) == (None, None, None)
    for hidden in ("zephyr", "kim", "otherwerk", secret, other, "intranet", "rundgang", "version"):
        assert hidden not in str(found).casefold()


def test_shared_themes_are_the_viewers_own_words_strongest_first(discover: Discovery) -> None:
    world = discover.world
    own = world.company("Own")
    [mine] = world.published(own, OWN | {"description": "Lieferketten, Lieferketten und Lieferkettendaten."})
    world.published(
        world.company("Otherwerk"),
        {"name": "x1", "tags": ["Lieferkette", "recycling", "Bienen"], "languages": ["de"]},
    )

    [found] = discover.related(own, mine)

    assert found["themes_shared"] == ["Lieferketten", "Recycling"]


def test_a_rare_word_of_hidden_texts_is_not_told_a_common_one_is(discover: Discovery) -> None:
    world = discover.world
    own, other, third = world.company("Own"), world.company("Otherwerk"), world.company("Third")
    draft = discover.portal(own).put(
        "/v1/sources/intranet/communities/draft", json={"name": "Zephyr", "description": "gardens"}
    )
    twin = {"name": "Zephyr x", "description": "gardens", "tags": ["bees"]}
    world.published(own, twin | {"name": "Zephyr y"})
    world.published(other, twin)
    alone = discover.related(own, draft.json()["id"])
    world.published(third, {"name": "Green", "description": "gardens"})

    both = discover.related(own, draft.json()["id"])

    assert alone == []
    assert sorted(map(tuple, (one["themes_shared"] for one in both))) == [("gardens",), ("gardens",)]


def test_a_draft_does_not_find_out_which_hidden_text_holds_a_word(discover: Discovery) -> None:
    world = discover.world
    own, other, third = world.company("Own"), world.company("Otherwerk"), world.company("Third")
    world.published(other, {"name": "Project Zephyr", "tags": ["bees"]})
    world.published(third, {"name": "Airships", "tags": ["bees", "zeppelin"]})
    portal = discover.portal(own)

    def asked(number: int, **fields: object) -> list[tuple[float, list[str]]]:
        address = f"/v1/sources/intranet/communities/draft{number}"
        draft = portal.put(address, json={"name": "x"} | fields).json()["id"]
        return [(one["similarity"], one["card"]["themes"]) for one in discover.related(own, draft)]

    hidden, unknown = asked(1, name="Zephyr"), asked(2, name="Quagga")
    padded, padded_unknown = asked(3, name="Zephyr bees"), asked(4, name="Quagga bees")
    on_the_card = asked(5, name="Zeppelin")

    assert hidden == unknown == []
    assert padded == padded_unknown
    assert [themes for _, themes in on_the_card] == [["bees", "zeppelin"]]


def test_words_of_either_companys_name_are_never_shared_themes(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Garten Nord"), world.company("Bienen AG")
    words = ["garten", "bienen", "beete"]
    [mine] = world.published(own, {"name": "x1", "tags": words})
    world.published(other, {"name": "x2", "listed_openly": True, "tags": words})

    [found] = discover.related(own, mine)

    assert found["themes_shared"] == ["beete"]


def test_a_draft_asks_too_and_is_seen_by_nobody(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    draft = discover.portal(own).put("/v1/sources/intranet/communities/draft", json=OWN).json()["id"]
    [theirs] = world.published(other, SECRET)

    assert len(discover.related(own, draft)) == 1
    assert discover.related(other, theirs) == []
    assert discover.search(other)["items"] == []


def test_exclusions_hold_both_ways(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own", sector="energy"), world.company("Otherwerk", sector="finance")
    mine = world.published(
        own,
        OWN,
        OWN | {"name": "no company", "excluded_companies": [other]},
        OWN | {"name": "no sector", "excluded_sectors": ["finance"]},
    )
    theirs = world.published(
        other,
        SECRET,
        SECRET | {"name": "no company", "excluded_companies": [own]},
        SECRET | {"name": "no sector", "excluded_sectors": ["energy"]},
    )

    seen = [[handles_of(world, own).open(i["card"]["handle"]) for i in discover.related(own, one)] for one in mine]
    back = [[handles_of(world, other).open(i["card"]["handle"]) for i in discover.related(other, o)] for o in theirs]

    # Whom the own community has excluded is found masked like all others: what vanishes would tell whose it is.
    assert seen == [[theirs[0]], [theirs[0]], []]
    assert back == [[mine[0]], [mine[0]], []]
    assert len(discover.search(own)["items"]) == 1


def test_pairs_of_companies_that_must_not_meet_do_not_find_each_other(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    [mine] = world.published(own, OWN)
    world.published(other, SECRET)
    world.caller(Role.COORDINATOR, other).put(
        f"/v1/companies/{other}/proximity/{own}", json={"proximity": "excluded"}, headers={"If-Match": "*"}
    )
    # Who has decided it sees the other's cards among all others, and cannot tell which they are.
    assert len(discover.search(other)["items"]) == 1

    assert discover.related(own, mine) == []
    assert discover.search(own)["items"] == []


def test_two_viewers_cannot_join_their_handles(discover: Discovery) -> None:
    world = discover.world
    own, other, third = world.company("Own"), world.company("Otherwerk"), world.company("Third")
    [mine] = world.published(own, OWN)
    [theirs] = world.published(third, OWN)
    world.published(other, SECRET)

    for_own = {one["card"]["handle"] for one in discover.related(own, mine)}
    for_third = {one["card"]["handle"] for one in discover.related(third, theirs)}

    assert len(for_own) == len(for_third) == 2
    assert for_own.isdisjoint(for_third)
    assert for_own == {card["handle"] for card in discover.search(own)["items"]}


def test_pages_are_stable_and_equal_ones_stand_by_their_handles(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    [mine] = world.published(own, {"name": "Twin", "purpose": "gardens"})
    world.published(
        other, *({"name": f"Twin {n}", "purpose": "gardens"} for n in range(7)), {"name": "x", "tags": ["gardens"]}
    )
    discover.refresh()
    address = f"/v1/communities/{mine}/related"
    whole = discover.portal(own).get(address).json()["items"]

    pages: list[JsonObject] = []
    cursor = None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = discover.portal(own).get(address, params=params).json()
        assert len(page["items"]) <= 3
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert pages == whole
    assert [(-one["similarity"], one["card"]["handle"]) for one in whole] == sorted(
        (-one["similarity"], one["card"]["handle"]) for one in whole
    )


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIl0", "WzEsICJjbXRfMSJd", "WzFd"])
def test_a_cursor_that_is_none_is_refused(discover: Discovery, cursor: str) -> None:
    world = discover.world
    own = world.company("Own")
    [mine] = world.published(own, OWN)

    for address in (f"/v1/communities/{mine}/related", "/v1/discovery/communities"):
        answer = discover.portal(own).get(address, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


def test_who_may_ask(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    managers = [{"email": "kim@own.example", "first_name": "Kim"}]
    [mine] = world.published(own, OWN | {"managers": managers})
    [theirs] = world.published(other, SECRET)
    person = discover.portal(own).get(f"/v1/communities/{mine}").json()["managers"][0]["person_id"]
    discover.refresh()
    address = f"/v1/communities/{mine}/related"
    callers = {
        "operator": world.operator,
        "organizer": world.organizer,
        "coordinator": world.caller(Role.COORDINATOR, own),
        "manager": world.caller(Role.MANAGER, person_id=person),
        "participant": world.caller(Role.PARTICIPANT, person_id=person),
        "other": discover.portal(other),
    }

    assert {name: caller.get(address).status_code for name, caller in callers.items()} == {
        "operator": 200,
        "organizer": 403,
        "coordinator": 200,
        "manager": 200,
        "participant": 403,
        "other": 404,
    }
    assert callers["manager"].get(f"/v1/communities/{theirs}/related").status_code == 404
    assert callers["operator"].get(address).json() == discover.portal(own).get(address).json()
    search = {name: caller.get("/v1/discovery/communities").status_code for name, caller in callers.items()}
    assert search == {
        "operator": 422,
        "organizer": 403,
        "coordinator": 200,
        "manager": 200,
        "participant": 403,
        "other": 200,
    }
    named = world.operator.get("/v1/discovery/communities", params={"company": own})
    assert named.json() == discover.portal(own).get("/v1/discovery/communities").json()
    foreign = discover.portal(own).get("/v1/discovery/communities", params={"company": other})
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/other-company")


def test_a_company_that_does_not_take_part_finds_nothing(discover: Discovery) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    [mine] = world.published(own, OWN)
    world.published(other, SECRET)
    discover.refresh()
    with discover.database.session() as session:
        session.execute(update(Company).where(col(Company.id) == own).values(status=CompanyStatus.LEFT))

    answers = [
        discover.portal(own).get(f"/v1/communities/{mine}/related"),
        discover.portal(own).get("/v1/discovery/communities"),
    ]

    assert [(one.status_code, one.json()["type"]) for one in answers] == [(409, "/problems/company-not-active")] * 2


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    discover: Discovery, client_queries: list[str], count: int
) -> None:
    world = discover.world
    own, other = world.company("Own"), world.company("Otherwerk")
    [mine] = world.published(own, OWN)
    world.published(other, *(SECRET | {"name": f"Circle {n}"} for n in range(count)))
    discover.refresh()
    portal = discover.portal(own)
    portal.get("/v1/discovery/communities")

    def asked(address: str) -> int:
        client_queries.clear()
        assert len(portal.get(address).json()["items"]) == count
        return len([one for one in client_queries if one != "BEGIN" and "discovery_entry" not in one])

    assert (asked(f"/v1/communities/{mine}/related"), asked("/v1/discovery/communities?q=recycling")) == (5, 4)


def test_one_company_alone_and_an_empty_store_find_nothing(discover: Discovery) -> None:
    world = discover.world
    own = world.company("Own")

    assert discover.search(own) == {"items": [], "next_cursor": None, "corrected": []}
    mine = world.published(own, OWN, OWN | {"name": "Twin"})
    assert discover.related(own, mine[0]) == []
    assert discover.search(own, "recycling")["items"] == []


def test_a_community_without_a_usable_word_has_no_related_ones(discover: Discovery) -> None:
    world = discover.world
    own = world.company("Own")
    draft = discover.portal(own).put("/v1/sources/intranet/communities/x", json={"name": "🎉 2026"}).json()["id"]
    world.published(world.company("Otherwerk"), SECRET)

    assert discover.related(own, draft) == []


def test_every_community_of_the_database_has_an_id_that_a_handle_can_be_made_of(discover: Discovery) -> None:
    world = discover.world
    own = world.company("Own")
    world.published(own, OWN)
    with discover.database.reader() as session:
        ids = session.exec(select(Community.id)).all()

    assert [handles_of(world, own).open(handles_of(world, own).of(one)) for one in ids] == list(ids)
