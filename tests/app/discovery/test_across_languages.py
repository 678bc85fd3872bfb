"""Discovery across languages: what a word stands for is found, and hides what the word hides."""

from pathlib import Path

import pytest
from sqlmodel import Session

from app.communities.models import Community
from app.core.settings import get_settings
from app.discovery import service as discovery
from app.discovery.meanings import Dictionary, Reader, dictionary_in_use
from matching.lexicon import Lexicon
from matching.profiles import Profile
from tests.app.discovery.conftest import Discovery
from tests.world import JsonObject

GERMAN: JsonObject = {
    "name": "Bienenfreunde",
    "purpose": "Wir pflegen Bienen und lernen, wie ein Garten mehr Artenvielfalt bekommt.",
    "topics": ["Bienen", "Artenvielfalt"],
    "languages": ["de"],
}
ENGLISH: JsonObject = {
    "name": "Hive minds",
    "purpose": "We keep bees and learn how a garden gains biodiversity.",
    "topics": ["bees", "biodiversity"],
    "languages": ["en"],
}
CHESS: JsonObject = {"name": "Chess", "purpose": "We play chess after work.", "languages": ["en"]}


@pytest.fixture
def own(discover: Discovery) -> str:
    return discover.world.company("Own")


@pytest.fixture
def other(discover: Discovery) -> str:
    return discover.world.company("Otherwerk")


def test_each_language_finds_the_other_and_is_told_so_in_its_own_words(
    discover: Discovery, own: str, other: str
) -> None:
    [german] = discover.world.published(own, GERMAN)
    [english, _] = discover.world.published(other, ENGLISH, CHESS)

    [to_english], [to_german] = discover.related(own, german), discover.related(other, english)

    assert to_english["themes_shared"] == ["Bienen", "Artenvielfalt"]
    assert to_german["themes_shared"] == ["bees", "biodiversity"]
    assert to_english["similarity"] == pytest.approx(to_german["similarity"], abs=0.02)
    assert to_english["similarity"] > 0.3
    assert to_english["card"]["themes"] == ["bees", "biodiversity"]


def test_a_partner_in_ones_own_language_is_not_at_an_advantage(discover: Discovery, own: str, other: str) -> None:
    """Who says the same in other words of the language comes after who says the same in the other language."""
    [mine] = discover.world.published(own, GERMAN)
    discover.world.published(
        other, ENGLISH, GERMAN | {"name": "Twin"}, GERMAN | {"topics": ["Bienen"], "purpose": "Garten"}
    )

    found = [one["card"]["languages"] for one in discover.related(own, mine)]

    assert found == [["de"], ["en"], ["de"]]


@pytest.mark.parametrize(
    ("q", "theme"),
    [
        ("Lieferkette", "supply chain"),
        ("supply chain", "Lieferkette"),
        ("Lieferketten", "Supply Chains"),
        ("supply chain", "Lieferkettengesetz"),
        ("Elternabend", "parents"),
        ("beekeeping", "Imker"),
    ],
)
def test_a_word_is_found_in_the_other_language(discover: Discovery, own: str, other: str, q: str, theme: str) -> None:
    discover.world.published(other, CHESS | {"name": "Found", "tags": [theme]}, CHESS | {"tags": ["chess"]})

    found = discover.search(own, q)

    assert [card["themes"] for card in found["items"]] == [[theme]]
    assert found["corrected"] == []


def test_whoever_has_all_that_a_word_stands_for_comes_first(discover: Discovery, own: str, other: str) -> None:
    tags = ["supply", "chain", "supply chain", "Lieferkette"]
    discover.world.published(other, *(CHESS | {"name": f"c {tag}", "tags": [tag]} for tag in tags))

    assert discover.themes(own, "Lieferkette") == [["Lieferkette"], ["supply chain"], ["chain"], ["supply"]]


def test_a_translation_does_not_find_out_which_hidden_text_holds_a_word(
    discover: Discovery, own: str, other: str
) -> None:
    hidden = CHESS | {"purpose": "We keep bees.", "tags": ["garden"]}
    discover.world.published(other, hidden)
    discover.world.published(discover.world.company("Third"), CHESS | {"tags": ["garden"]})
    portal = discover.portal(own)

    def asked(word: str) -> list[tuple[float, list[str]]]:
        address = f"/v1/sources/intranet/communities/{word}"
        draft = portal.put(address, json={"name": f"{word} Garten", "languages": ["de"]}).json()["id"]
        return [(one["similarity"], one["themes_shared"]) for one in discover.related(own, draft)]

    rare, unknown = asked("Bienen"), asked("Eltern")
    discover.world.published(discover.world.company("Fourth"), CHESS | {"purpose": "About bees."})
    common = asked("Bienen")

    assert rare == unknown
    assert sorted(map(sorted, (themes for _, themes in common))) == [["Bienen"], ["Bienen", "Garten"], ["Garten"]]


def test_a_companys_name_is_no_theme_in_any_language(discover: Discovery, own: str) -> None:
    world = discover.world
    bees, bienen, third = world.company("Bee Ltd"), world.company("Bienen AG"), world.company("Third")
    [german] = world.published(own, GERMAN)
    world.published(bees, ENGLISH)
    world.published(bienen, GERMAN)
    [english] = world.published(third, ENGLISH)

    themes = [one["themes_shared"] for one in discover.related(own, german)]
    back = [one["themes_shared"] for one in discover.related(third, english)]

    assert sum("Bienen" in one for one in themes) == 1, "of the third company alone"
    assert sum("bees" in one for one in back) == 1, "of the own company alone"


def test_reasons_of_a_pair_are_in_the_words_of_both(discover: Discovery, own: str, other: str) -> None:
    [german] = discover.world.published(own, GERMAN)
    [english] = discover.world.published(other, ENGLISH)
    discover.refresh()
    discover.search(own)

    def told(session: Session, one: str, partner: str) -> set[tuple[str, str]]:
        fit = discovery.fit(session, discover.index.current(), "pepper", session.get_one(Community, one), partner)
        assert fit is not None
        terms = [term for reason in fit.reasons for term in reason["terms"]]  # type: ignore[attr-defined]  # a list
        return {(term["a"], term["b"]) for term in terms}

    with discover.database.reader() as session:
        forth, back = told(session, german, english), told(session, english, german)

    in_order = {("Bienen", "bees"), ("Artenvielfalt", "biodiversity")}
    assert forth == back == (in_order if german < english else {(b, a) for a, b in in_order})


def test_with_a_dictionary_of_the_operator_entries_are_made_anew(
    discover: Discovery, own: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [mine] = discover.world.published(own, {"name": "x1", "tags": ["Quaggazucht"], "languages": ["de"]})
    discover.world.published(other, {"name": "x2", "tags": ["zebrafoals"], "languages": ["en"]})
    before = discover.related(own, mine), discover.themes(own, "Quaggazucht")
    dictionary = tmp_path / "own.txt"
    dictionary.write_text("Quaggazucht {f} :: zebrafoals\n", encoding="utf-8")
    monkeypatch.setenv("TANDEM_DICTIONARY", str(dictionary))
    get_settings.cache_clear()

    renewed = discovery.bring_up_to_date(discover.database)
    discover.index.stop()
    del discover.world.client.app.state.discovery  # type: ignore[attr-defined]  # ours
    discover.portal(own).get("/v1/discovery/communities")
    after = discover.related(own, mine), discover.themes(own, "Quaggazucht"), discover.themes(other, "zebrafoal")

    assert before == ([], [])
    assert renewed == 2
    assert [one["themes_shared"] for one in after[0]] == [["Quaggazucht"]]
    assert after[1:] == ([["zebrafoals"]], [["Quaggazucht"]])


def test_a_word_is_compared_by_itself_and_by_what_it_stands_for() -> None:
    lexicon = Lexicon({"lieferkett": {"chain": 0.68, "suppli": 0.31, "rare": 0.01}, "gesetz": {"law": 1.0}})
    reader = Reader(Dictionary({"de": lexicon}))

    def senses(text: str, language: str, company: str = "x") -> dict[str, float]:
        profile = Profile(id="1", company="c", name=text, languages=(language,))
        [word] = reader.words(profile)
        return {f"{sense.language}:{sense.term}": share for sense, share in reader.senses(word, company).items()}

    assert senses("Lieferketten", "de") == {"de:lieferkett": 1.0, "en:chain": 0.68, "en:suppli": 0.31}
    assert senses("Lieferkettengesetz", "de") == {
        "de:lieferkettengesetz": 1.0,
        "en:chain": 0.34,
        "en:suppli": 0.155,
        "en:law": 0.5,
    }
    assert senses("Quagga", "de") == {"de:quagga": 1.0, "en:quagga": 1.0}
    assert senses("Lieferketten", "de", "Lieferketten AG") == {"de:lieferkett": 1.0, "en:lieferketten": 1.0}
    assert senses("chains", "en") == {"en:chain": 1.0}
    assert senses("łańcuchy", "pl") == {"en:łańcuchi": 1.0}


def test_another_dictionary_is_another_reading() -> None:
    shipped, empty = dictionary_in_use(), Dictionary({"de": Lexicon({})})

    assert len({shipped.reading, empty.reading, Dictionary({}).reading}) == 3
    assert empty.reading == Dictionary({"de": Lexicon({})}).reading
