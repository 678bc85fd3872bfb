"""Hints: the right topics at the right places, in both languages, whatever a text is written like."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.guardrails.sentences import LONGEST_TEXT
from app.guardrails.terms import Hint, hints
from app.guardrails.topics import TOPICS
from benchmarks.guardrail import DEVELOPMENT, TEST, figures, ours, phrases

PHRASES = [phrase.text for phrase in phrases(DEVELOPMENT)]


def told(text: str) -> list[tuple[str, int]]:
    return [(hint.matched, hint.topic) for hint in hints(text)]


def test_a_community_on_pricing_gets_one_hint_and_one_of_volunteers_none() -> None:
    assert hints("Pricing methods in agile teams") == [Hint(0, 7, "Pricing", 1)]
    assert hints("Gemeinsam Kapazität für Ehrenamt schaffen") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Welche Rabatte gebt ihr?", [("Rabatte", 1)]),
        ("Unsere Margen sind öffentlich nachzulesen.", []),
        ("Unsere Margen sind noch nicht öffentlich.", [("Margen", 2)]),
        ("Our market share is small. The prize goes to Kim.", [("market share", 7)]),
        ("We pass the higher energy costs on to customers", [("pass the higher energy costs on to customers", 11)]),
        (
            "We get the minimum wage rise back from the customer",
            [("get the minimum wage rise back from the customer", 11)],
        ),
        ("Wir sprechen nicht über Preise", []),
        ("Um jeden Preis", []),
        ("Mindestlohngesetz: was sich ändert", []),
        ("Grundlagen der Kalkulation mit Excel", []),
        ("Grundlagen der Kalkulation, im Vergleich der Häuser", [("Kalkulation", 2)]),
        ("Der Erlös des Kuchenbasars geht an das Tierheim", []),
        ("Gehälter bleiben heute draußen", []),
        ("What do you pay per tonne?", [("What do you pay per tonne", 1)]),
        ("Course: getting ready for a salary talk", []),
        ("Eure Preisliste, please, and your salary bands", [("Preisliste", 1), ("salary bands", 10)]),
    ],
)
def test_a_hint_names_what_stands_there_and_its_topic(text: str, expected: list[tuple[str, int]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("🎉🎉 Unsere Zuschläge", "Zuschläge"),
        ("Unsere Zuschla\u0308ge", "Zuschla\u0308ge"),
        ("UNSERE ZUSCHLÄGE", "ZUSCHLÄGE"),
        ("Unsere Zuschlaege", "Zuschlaege"),
        ("<p>Unsere&nbsp;<b>Zuschl&auml;ge</b></p>", "Zuschl&auml;ge"),
        ("Unsere Zu\u00adschlä\u00adge", "Zu\u00adschlä\u00adge"),
        ('<a href="https://preise.example/rabatte">Unsere Zuschläge</a> preise@rabatte.example', "Zuschläge"),
    ],
)
def test_places_are_those_of_the_text_as_it_was_given(text: str, matched: str) -> None:
    assert told(text) == [(matched, 1)]


def test_who_is_meant_changes_nothing() -> None:
    assert [topic for _, topic in told("Wer sind eure größten Kund:innen?")] == [4]
    assert [topic for _, topic in told("Wer sind eure größten KundInnen?")] == [4]
    assert [topic for _, topic in told("Wer sind eure größten Kunden?")] == [4]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PHRASES) | st.text(max_size=30), max_size=8), st.sampled_from([" ", ". ", "\n", "<br>"])
)
def test_a_hint_is_a_part_of_its_text_and_of_one_topic_none_overlap(parts: list[str], between: str) -> None:
    text = between.join(parts)

    found = hints(text)

    assert [text[one.start : one.end] for one in found] == [one.matched for one in found]
    assert found == sorted(found)
    assert {one.topic for one in found} <= TOPICS.keys()
    for topic in TOPICS:
        places = [(one.start, one.end) for one in found if one.topic == topic]
        assert all(end <= start for (_, end), (start, _) in pairwise(places))


@pytest.mark.parametrize(
    "text",
    [
        "Preis " * 40_000,
        "preis" * 40_000,
        "wir ihr " * 30_000,
        "<" * 100_000,
        "&auml;" * 40_000,
        "a@" * 50_000,
        "wer kunden wir über nicht verkauft " * 10_000,
    ],
)
def test_a_huge_text_is_read_to_its_bound_and_in_no_time(text: str) -> None:
    started = time.process_time()

    found = hints(text)

    # Of the processor, and a hundred times what it takes.
    assert time.process_time() - started < 10
    assert all(one.end <= LONGEST_TEXT for one in found)


def test_there_is_nothing_to_say_about_nothing() -> None:
    assert [hints(text) for text in ("", " ", "\n", "<p></p>", "!!!", "😀")] == [[]] * 6


def test_the_twelve_topics_are_told_in_both_languages() -> None:
    assert list(TOPICS) == list(range(1, 13))
    for topic in TOPICS.values():
        texts = [topic.name("de"), topic.name("en"), topic.explanation("de"), topic.explanation("en")]
        assert all(texts)
        assert len(set(texts)) == 4


@pytest.mark.parametrize("language", ["de", "en"])
def test_on_both_lists_it_is_as_good_as_the_documentation_says(language: str) -> None:
    of_development, of_test = (
        figures([one for one in phrases(path) if one.language == language], ours) for path in (DEVELOPMENT, TEST)
    )

    assert min(of_development.precision, of_development.recall) >= 0.9
    assert min(of_test.precision, of_test.recall) >= 0.8
