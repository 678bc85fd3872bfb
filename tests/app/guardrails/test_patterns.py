"""The small language that terms are written in."""

import pytest

from app.guardrails.patterns import Found, Language, UnreadablePattern


def said(line: str, sentence: str, **contexts: list[str]) -> list[tuple[int, int]]:
    words = {"we": ["we", "us"]}
    language = Language(lambda word: word.removesuffix("s"), words, contexts)
    language.learn("x", [line])
    found = language.find(sentence.split())
    assert all(isinstance(one, Found) and one.purpose == "x" for one in found)
    return [(one.first, one.last) for one in found]


@pytest.mark.parametrize(
    ("line", "sentence", "places"),
    [
        ("price", "the prices of a price", [(1, 1), (4, 4)]),
        ("=price", "the prices of a price", [(4, 4)]),
        ("price-", "a pricelist", [(1, 1)]),
        ("-price", "a listprices", [(1, 1)]),
        ("-price-", "a listpricetag", [(1, 1)]),
        ("price list", "price list", [(0, 1)]),
        ("price list", "price of list", []),
        ("price .. list", "price of a list", [(0, 3)]),
        ("price .. list", "price a b c d list", []),
        ("price ... list", "price a b c d list", [(0, 5)]),
        ("@we sell|buy", "us sell and we buy", [(0, 1), (3, 4)]),
        ("# €", "cost 12 €", [(1, 2)]),
        ("price & today", "today the price", [(2, 2)]),
        ("price & today", "the price", []),
        ("price ! prize", "the price", [(1, 1)]),
        ("price ! prize", "the price and the prize", []),
        ("zuschläge", "zuschlaege zuschlage", [(0, 0), (1, 1)]),
    ],
)
def test_a_line_is_found_where_it_is_said(line: str, sentence: str, places: list[tuple[int, int]]) -> None:
    assert said(line, sentence) == places


def test_a_named_context_is_any_of_its_lines() -> None:
    assert said("price & $when", "price next month", when=["today", "next month"]) == [(0, 0)]
    assert said("price & $when", "price month next", when=["today", "next month"]) == []


@pytest.mark.parametrize("line", ["", "..", "price ..", ".. price", "a .. .. b", "@them", "price & $never", "pri_ce"])
def test_a_line_that_says_nothing_is_refused(line: str) -> None:
    with pytest.raises(UnreadablePattern):
        said(line, "price")
