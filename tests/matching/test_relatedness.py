"""Who is related to whom: order, favour, languages, and what an odd profile must not do."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import generator
from matching import Profile, TandemMatcher
from matching.calibration import Calibration, strength
from matching.matcher import related_profiles
from matching.profiles import in_canonical_order
from matching.relatedness import Relatedness, relate
from tests.factories import profile

GERMAN = ("Nachhaltigkeit", "Lieferkette", "Garten", "Datenschutz", "Fotografie", "Gesundheit", "Schach", "Vielfalt")
ENGLISH = ("sustainability", "supply chain", "garden", "privacy", "photography", "health", "chess", "diversity")


def related(profiles: list[Profile]) -> Relatedness:
    companies = sorted({one.company for one in profiles})
    return relate(profiles, np.array([companies.index(one.company) for one in profiles], dtype=np.int64))


def themes(count: int, seed: int = 3) -> list[Profile]:
    """Half German, half English, on the same eight themes, in six companies."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        about = chance.sample(range(len(GERMAN)), 3)
        if number % 2:
            text = f"Wir sprechen über {', '.join(GERMAN[one] for one in about)} und lernen von den anderen."
        else:
            text = f"We talk about {', '.join(ENGLISH[one] for one in about)} and learn from the others."
        found.append(profile(f"p{number:03d}", company=f"c{number % 6}", name=f"Circle {number}", description=text))
    return found


def test_with_equally_related_partners_in_both_languages_half_of_the_nearest_cross_it() -> None:
    profiles = themes(240)
    best = related(profiles).best_partners(10)

    crossing = np.mean(best.row % 2 != best.column % 2)

    assert 0.35 <= crossing <= 0.65


def test_best_partners_equal_a_search_over_all_pairs() -> None:
    profiles = themes(60)
    found = related(profiles)
    best = found.best_partners(5)
    for row in range(len(profiles)):
        others = np.array([at for at, one in enumerate(profiles) if one.company != profiles[row].company])
        rows = np.full(len(others), row)
        score = found.score(rows, others)
        alike = found.vectors.similarity(rows, others) > 0
        expected = np.sort(score[alike])[::-1][:5]
        assert best.of(row).score == pytest.approx(expected, abs=1e-9)


def test_who_loses_partners_to_the_rules_is_searched_again() -> None:
    profiles = [profile(f"p{number:03d}", company=f"c{number % 3}", name="chess circle") for number in range(120)]
    found = related(profiles)

    best = found.best_partners(4, allows=lambda a, b: (b >= 100) | (a >= 100))

    assert set(np.bincount(best.row)) == {4}
    assert best.column[best.row < 100].min() >= 100


def test_a_profile_of_every_keyword_does_not_become_everybodys_partner() -> None:
    profiles = themes(120)
    greedy = profile(
        "zzz", company="other", name=" ".join((*GERMAN, *ENGLISH) * 5), description=" ".join(ENGLISH * 20)
    )
    best = related_profiles([*profiles, greedy], k=3)

    as_first = sum(best[one.id][0].id == "zzz" for one in profiles)

    assert as_first <= 6


def test_a_thousand_identical_profiles_are_all_paired() -> None:
    profiles = [profile(f"p{number:04d}", company=f"c{number % 7}", name="chess circle") for number in range(1000)]

    matcher = TandemMatcher().fit(profiles)

    assert len(matcher.tandems_) == 500
    assert [tandem.similarity for tandem in matcher.tandems_] == pytest.approx([1.0] * 500)


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "🎉",
        "chess",
        "CHESS AND GARDENS FOR EVERYBODY",
        "chess " * 10_000,
        "<b>chess</b>",
        "für Schach",
        "שחמט לכולם",
    ],
)
def test_an_odd_text_is_compared_as_far_as_it_goes(odd: str) -> None:
    profiles = [*themes(12), profile("odd", company="x", name=odd or " ")]

    matcher = TandemMatcher().fit(profiles)

    told = {one.id for one in matcher.unmatched_} | {side for one in matcher.tandems_ for side in (one.a, one.b)}
    assert told == {one.id for one in profiles}
    assert all(0 < one.probability < 1 and 0 <= one.similarity <= 1 for one in matcher.tandems_)


word = st.sampled_from([*GERMAN, *ENGLISH, "und", "the", "wir", "we", "Python"])


@st.composite
def stores(draw: st.DrawFn) -> list[Profile]:
    return [
        profile(
            f"p{number:02d}",
            company=draw(st.sampled_from("ABC")),
            name=" ".join(draw(st.lists(word, min_size=1, max_size=5))),
            offers=tuple(draw(st.lists(word, max_size=2))),
            seeks=tuple(draw(st.lists(word, max_size=2))),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@given(stores(), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_shuffled_or_renamed_profiles_give_the_same_records(profiles: list[Profile], seed: int) -> None:
    shuffled = random.Random(seed).sample(profiles, len(profiles))
    renamed = [replace(one, id=f"renamed-{one.id}") for one in shuffled]

    one, other = TandemMatcher().fit(profiles), TandemMatcher().fit(renamed)

    expected = [
        f"renamed-{tandem.a} renamed-{tandem.b} {tandem.as_record() | {'a': 0, 'b': 0}}" for tandem in one.tandems_
    ]
    assert [f"{tandem.a} {tandem.b} {tandem.as_record() | {'a': 0, 'b': 0}}" for tandem in other.tandems_] == expected


def test_an_unrelated_company_hardly_moves_similarities_and_words() -> None:
    profiles = in_canonical_order([*generator.profiles(1000, seed=11), *themes(200)])
    strangers = [
        profile(
            f"zz{number:03d}", company="strangers", name=f"Qux{number} zorb", description=f"Flim{number % 9} brak."
        )
        for number in range(60)
    ]
    before, after = related(profiles), related([*profiles, *strangers])
    best = before.best_partners(10)

    moved = np.abs(before.vectors.similarity(best.row, best.column) - after.vectors.similarity(best.row, best.column))
    words = [
        [strength(one) for one in Calibration().probability(which.score(best.row, best.column)).tolist()]
        for which in (before, after)
    ]

    assert np.mean(moved <= 0.02) >= 0.99
    assert np.mean([one != other for one, other in zip(*words, strict=True)]) <= 0.02


def test_the_number_of_threads_changes_nothing() -> None:
    profiles = themes(100)

    assert TandemMatcher(n_jobs=2).fit(profiles).tandems_ == TandemMatcher().fit(profiles).tandems_


def test_in_a_small_store_two_that_are_hardly_alike_do_not_become_the_same() -> None:
    profiles = [
        profile("a", company="A", name="chess circle and friends of the long evening"),
        profile("b", company="B", name="garden friends and bees of the morning"),
        profile("c", company="C", name="python data"),
        profile("d", company="D", name="running in the evening"),
    ]

    [best, *_] = TandemMatcher(min_similarity=0.0, cost=0.0).fit(profiles).tandems_

    assert best.similarity < 0.3
    assert best.correction < 1.5
    assert best.probability < 0.5
