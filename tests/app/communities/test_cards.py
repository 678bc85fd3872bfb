"""Masked cards: what is on them, and what never is."""

from typing import Any

import pytest

from app.communities.cards import CompanyWords, card_of
from app.communities.models import Format, Kind, SizeBand, Stage
from app.discovery.models import Found

SECRET = Found(
    id="cmt_secret",
    company_id="cmp_secret",
    version=7,
    name="Green Buyers",
    purpose="Who buys green",
    topics=["supply chain", "Nordwerk suppliers", "Green buyers"],
    tags=["Recycling", "recycling", "kim@nordwerk.example", "https://intra/x", "intra.nordwerk.de", "NordWerkCloud"],
    languages=["de", "en-GB"],
    kind=Kind.PRACTICE,
    size_band=SizeBand.FROM_100,
    stage=Stage.LIVE,
    formats_practised=[Format.TALK],
    formats_wanted=[Format.AMA],
    listed_openly=False,
    excluded_companies=["cmp_other"],
    excluded_sectors=["finance"],
    company_name="Nordwerk AG",
    sector="machinery",
)


def changed(**values: Any) -> Found:
    from dataclasses import replace

    return replace(SECRET, **values)


def test_a_masked_card_has_exactly_this() -> None:
    assert card_of(SECRET, "hdl_x").model_dump(mode="json") == {
        "handle": "hdl_x",
        "themes": ["supply chain", "Recycling"],
        "languages": ["de", "en-GB"],
        "size_band": "100-499",
        "sector": "machinery",
        "stage": "live",
        "formats_practised": ["talk"],
        "formats_wanted": ["ama"],
        "kind": "practice",
        "name": None,
        "company": None,
        "purpose": None,
    }


def test_one_that_is_listed_openly_tells_its_name_company_and_purpose_but_no_address() -> None:
    card = card_of(changed(listed_openly=True), "hdl_x")

    assert (card.name, card.company, card.purpose) == ("Green Buyers", "Nordwerk AG", "Who buys green")
    assert card.themes == ["supply chain", "Nordwerk suppliers", "Green buyers", "Recycling", "NordWerkCloud"]


def test_a_community_of_circumstance_does_not_tell_its_kind() -> None:
    assert card_of(changed(kind=Kind.CIRCUMSTANCE), "hdl_x").kind is None


@pytest.mark.parametrize(
    ("company", "text", "mentioned"),
    [
        ("Nordwerk AG", "the nordwerk way", True),
        ("Nordwerk AG", "Nord Werk", True),
        ("Nordwerk AG", "AG Digitales", False),
        ("Müller & Söhne GmbH", "MUELLER-Tage", True),
        ("Müller & Söhne GmbH", "muller", False),
        ("BMB", "BMB-Cloud", True),
        ("BMB", "bmbcloud", True),
        ("BMB", "submb", False),
        ("AG Group", "the group", True),
        ("Société Générale", "societe days", True),
        ("Südwerk", "Nordwerk", False),
        ("🎉", "party", False),
    ],
)
def test_a_word_of_a_companys_name_is_found_in_any_spelling(company: str, text: str, mentioned: bool) -> None:
    assert CompanyWords(company).mentioned_in(text) is mentioned
