"""Themes and opening questions: readable, in both languages, not the same at every table, about nobody."""

import pytest

from app.seatings import sizes, wording
from app.seatings.sizes import Nearest


def shared(text: str, wanted_by: int = 0, shown_by: int = 0) -> dict[str, object]:
    return {"text": text, "people": 2, "wanted_by": wanted_by, "shown_by": shown_by}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("peer learning", "Peer learning"),
        ("eLearning", "eLearning"),
        ("iPhone apps", "iPhone apps"),
        ("Lernen", "Lernen"),
        ("übergabe", "Übergabe"),
        ("{theme} {0}", "{theme} {0}"),
    ],
)
def test_a_label_is_the_theme_as_it_was_written_with_a_capital(text: str, label: str) -> None:
    assert wording.label([shared(text)], "de") == label


def test_a_theme_with_braces_is_told_as_it_is() -> None:
    assert "“{x}”" in wording.opening_question([shared("{x}")], "en")


def test_what_some_can_show_and_others_want_comes_before_what_is_stronger() -> None:
    both = [shared("onboarding"), shared("podcasts", wanted_by=2, shown_by=1)]

    assert wording.label(both, "en") == "Podcasts"
    assert "“podcasts”" in wording.opening_question(both, "en")


def test_the_question_is_another_one_for_who_shows_who_wants_and_who_only_shares() -> None:
    kinds = [shared("x", 1, 1), shared("x", 1, 0), shared("x", 0, 1), shared("x", 0, 0)]

    questions = [
        {wording.opening_question([one], language, table) for table in range(1, 51)}
        for one in kinds
        for language in ("en", "de")
    ]

    assert [len(one) for one in questions] == [3] * 8
    assert len(set().union(*questions)) == 24


def test_tables_without_a_theme_get_one_and_neighbours_different_ones() -> None:
    cards = [(wording.label([], "de", table), wording.opening_question([], "de", table)) for table in (1, 2, 3, 4)]

    assert len(set(cards)) == 4
    assert wording.label([], "de", 1) == wording.label([], "de", 5)


def test_the_same_table_reads_the_same_each_time() -> None:
    assert wording.opening_question([shared("x")], "en", 7) == wording.opening_question([shared("x")], "en", 7)


@pytest.mark.parametrize(
    ("spoken", "meetup", "written"),
    [
        ("de", "en", "de"),
        ("de-CH", "en", "de"),
        ("en-GB", "de", "en"),
        ("fr", "de", "de"),
        (None, "de", "de"),
        (None, "fr", "en"),
    ],
)
def test_a_card_is_in_the_group_s_language_or_the_meetup_s(spoken: str | None, meetup: str, written: str) -> None:
    assert wording.language_of_table(spoken, meetup) == written


@pytest.mark.parametrize("least", range(3, 7))
def test_whatever_does_not_fit_is_told_what_would(least: int) -> None:
    for most in range(least, 7):
        for people in range(least, 60):
            if sizes.fit(people, least, most):
                continue
            instead = sizes.nearest(people, least, most)
            assert sizes.fit(people, instead.lower, instead.upper)
            assert sizes.fit(instead.fewer, least, most)
            assert sizes.fit(instead.more, least, most)
            assert instead.fewer < people < instead.more


def test_the_nearest_is_the_nearest() -> None:
    assert sizes.nearest(5, 4, 4) == Nearest(lower=4, upper=5, fewer=4, more=8)
    assert sizes.nearest(7, 5, 6) == Nearest(lower=3, upper=6, fewer=6, more=10)
