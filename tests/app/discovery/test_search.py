"""Search across companies: forgiving, filtered, and no way to read what is hidden."""

from typing import Any

import pytest

from tests.app.discovery.conftest import Discovery
from tests.world import JsonObject, World


@pytest.fixture
def own(world: World) -> str:
    return world.company("Own", sector="energy")


def published(world: World, company: str, *tags: str, **fields: Any) -> str:
    document = {"name": f"Community {'-'.join(tags)[:60]}", "tags": list(tags), "languages": ["de"]} | fields
    return world.published(company, document)[0]


@pytest.mark.parametrize(
    ("q", "theme"),
    [
        ("Lieferketten", "Lieferkette"),
        ("LIEFERKETTE", "Lieferkette"),
        ("lieferkette", "Lieferkettenmanagement"),
        ("Netzwerke", "Netzwerk"),
        ("networks", "networking"),
        ("sustainabilty", "sustainability"),
        ("sustianability", "sustainability"),
        ("pyton", "Python"),
        ("Nachhaltigkiet", "Nachhaltigkeit"),
        ("Lieferkettenmanagement", "Lieferkette"),
        ("c++", "C++"),
        ("the python of all", "Python"),
    ],
)
def test_a_word_is_found_in_other_forms_and_spellings(discover: Discovery, own: str, q: str, theme: str) -> None:
    published(discover.world, discover.world.company("Otherwerk"), theme)
    published(discover.world, discover.world.company("Third"), "Chess")

    assert discover.themes(own, q) == [[theme]]


def test_what_fits_best_comes_first(discover: Discovery, own: str) -> None:
    other = discover.world.company("Otherwerk")
    published(discover.world, other, "Data", "Bees")
    published(discover.world, other, "Data", "Python")
    published(discover.world, other, "Python", "Bees", "Data", "Chess")
    published(discover.world, other, "Database")

    assert discover.themes(own, "data python") == [
        ["Data", "Python"],
        ["Python", "Bees", "Data", "Chess"],
        ["Data", "Bees"],
        ["Database"],
    ]


def test_hidden_text_is_never_searched(discover: Discovery, own: str) -> None:
    other = discover.world.company("Otherwerk")
    hidden = {
        "name": "Zephyr circle",
        "purpose": "Project Zephyr",
        "description": "About Zephyr",
        "offers": ["Zephyr"],
        "topics": ["Otherwerk Zephyr", "zephyr CIRCLE"],
    }
    published(discover.world, other, "bees", **hidden)

    for q in ("zephyr", "zephir", "Otherwerk", "circle", "zeph", "zephyrcircle"):
        assert discover.search(own, q) == {"items": [], "next_cursor": None, "corrected": []}


def test_one_that_is_listed_openly_is_found_by_name_purpose_and_description(discover: Discovery, own: str) -> None:
    other = discover.world.company("Otherwerk")
    published(
        discover.world,
        other,
        "bees",
        name="Zephyr circle",
        purpose="Boreas",
        description="Notus",
        offers=["Eurus"],
        listed_openly=True,
    )

    found = {q: [card["name"] for card in discover.search(own, q)["items"]] for q in ("zephyr", "boreas", "notus")}

    assert found == {"zephyr": ["Zephyr circle"], "boreas": ["Zephyr circle"], "notus": ["Zephyr circle"]}
    assert discover.themes(own, "eurus") == []
    [card] = discover.search(own)["items"]
    assert (card["company"], card["purpose"]) == ("Otherwerk", "Boreas")
    assert "Notus" not in str(card)


def test_a_correction_is_told_with_the_word_of_the_card(discover: Discovery, own: str) -> None:
    other = discover.world.company("Otherwerk")
    published(discover.world, other, "Sustainability")
    published(discover.world, other, "Python")

    found = discover.search(own, "Sustainabilty python")

    assert found["corrected"] == [{"from": "Sustainabilty", "to": "sustainability"}]
    assert len(found["items"]) == 2
    assert discover.search(own, "sustainability")["corrected"] == []


def test_a_correction_tells_no_hidden_word(discover: Discovery, own: str) -> None:
    """Words of the own company, of cards that exclude the viewer, and of companies' names."""
    world = discover.world
    other, named = world.company("Otherwerk"), world.company("Zephyros")
    published(world, own, "Borealis")
    published(world, other, "Notusonia", excluded_companies=[own])
    published(world, other, "Eurusonia", excluded_sectors=["energy"])
    published(world, other, "Zephyros partner")
    published(world, named, "bees")

    for q in ("borealos", "notusonja", "eurusonja", "zephyras"):
        assert discover.search(own, q) == {"items": [], "next_cursor": None, "corrected": []}, q
    viewer = world.company("Viewer")
    assert discover.search(viewer, "notusonja")["corrected"] == [{"from": "notusonja", "to": "notusonia"}]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, {"a", "b", "c"}),
        ({"language": "de"}, {"a", "b"}),
        ({"language": "de-AT"}, {"a", "b"}),
        ({"language": "en"}, {"b", "c"}),
        ({"sector": "finance"}, {"c"}),
        ({"stage": "live"}, {"a"}),
        ({"format": "talk"}, {"a", "b"}),
        ({"size_band": "<50"}, {"b"}),
        ({"language": "en", "format": "talk"}, {"b"}),
        ({"language": "fr"}, set()),
        ({"q": "bees", "stage": "live"}, {"a"}),
    ],
)
def test_filters_all_have_to_fit(discover: Discovery, own: str, filters: dict[str, str], names: set[str]) -> None:
    world = discover.world
    other, third = world.company("Otherwerk"), world.company("Third", sector="finance")
    published(world, other, "bees", "a", languages=["de-CH"], stage="live", formats_wanted=["talk"])
    published(world, other, "bees", "b", languages=["de", "en"], formats_practised=["talk"], size_band="<50")
    published(world, third, "bees", "c", languages=["en"])

    assert {themes[1] for themes in discover.themes(own, **filters)} == names


@pytest.mark.parametrize("filters", [{"stage": "x"}, {"language": "not a language"}, {"q": "x" * 301}, {"q": "a\0b"}])
def test_values_that_are_none_are_refused(discover: Discovery, own: str, filters: dict[str, str]) -> None:
    answer = discover.portal(own).get("/v1/discovery/communities", params=filters)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


@pytest.mark.parametrize(
    "q",
    [
        "the and of",
        "und die der",
        "🎉🎉",
        "' OR 1=1; DROP TABLE community; --",
        "%",
        "_",
        "\\",
        "(.*)+$",
        "2026",
        "a",
        "kim@other.example",
        "https://intra/bees",
        "\n\t",
        "x" * 300,
        "ab " * 100,
        "ß" * 300,
    ],
)
def test_odd_queries_are_answered(discover: Discovery, own: str, q: str) -> None:
    published(discover.world, discover.world.company("Otherwerk"), "bees")

    found = discover.search(own, q)

    assert found["items"] == [] or not q.strip()
    assert found["corrected"] == []


def test_without_words_cards_stand_by_their_handles_page_by_page(discover: Discovery, own: str) -> None:
    other = discover.world.company("Otherwerk")
    for number in range(7):
        published(discover.world, other, f"theme{number}")

    whole = discover.search(own)
    pages: list[JsonObject] = []
    page = discover.search(own, limit=3)
    while True:
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        assert "cmt_" not in page["next_cursor"]
        page = discover.search(own, limit=3, cursor=page["next_cursor"])

    handles = [card["handle"] for card in whole["items"]]
    assert pages == whole["items"]
    assert handles == sorted(handles)
    assert len(handles) == 7


def test_a_page_is_full_although_some_have_gone_meanwhile(discover: Discovery, own: str) -> None:
    world = discover.world
    other = world.company("Otherwerk")
    ids = [published(world, other, f"theme{number}") for number in range(30)]
    discover.refresh()
    for one in ids[:20]:
        discover.portal(other).post(f"/v1/communities/{one}/archive")

    page = discover.portal(own).get("/v1/discovery/communities", params={"limit": 6}).json()

    assert len(page["items"]) == 6
    rest = discover.portal(own).get("/v1/discovery/communities", params={"cursor": page["next_cursor"]}).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (4, None)
