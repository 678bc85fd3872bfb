import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import InvalidParameter, InvalidPin, Profile, TandemMatcher
from matching.eligibility import Rule
from tests.factories import profile

THEMES = ("running", "python", "podcast", "mentoring", "choir")


def community(profile_id: str, company: str, theme: str, *, capacity: int = 1) -> Profile:
    return profile(profile_id, company=company, name=f"{theme} circle", capacity=capacity)


@st.composite
def stores_with_pins(draw: st.DrawFn) -> tuple[list[Profile], list[tuple[str, str]]]:
    profiles = [
        profile(
            f"p{number:02d}",
            company=draw(st.sampled_from("ABC")),
            name=" ".join(draw(st.lists(st.sampled_from(THEMES), min_size=1, max_size=3))),
            capacity=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(2, 12)))
    ]
    left = {one.id: one.capacity for one in profiles}
    pins = []
    for one, other in draw(st.lists(st.tuples(st.sampled_from(profiles), st.sampled_from(profiles)), max_size=4)):
        pair = tuple(sorted((one.id, other.id)))
        if one.company != other.company and min(left[one.id], left[other.id]) > 0 and pair not in pins:
            left[one.id] -= 1
            left[other.id] -= 1
            pins.append(pair)
    return profiles, pins  # type: ignore[return-value]  # a sorted pair is a pair


def test_a_pin_is_a_tandem_whatever_similarity_and_cost_say() -> None:
    profiles = [
        community("a", "A", "python"),
        community("b", "B", "python"),
        profile("c", company="C", name="beekeeping"),
    ]

    matcher = TandemMatcher(min_similarity=0.5, cost=0.5).fit(profiles, pins=[("c", "a")])

    told = [(tandem.a, tandem.b, tandem.similarity, tandem.other, tandem.pinned) for tandem in matcher.tandems_]
    assert told == [("a", "c", 0.0, 1.0, True)]
    assert [one.id for one in matcher.unmatched_] == ["b"]
    assert [one.id for one in matcher.alternates_["a"]] == ["b"]


def test_a_pinned_tandem_tells_its_true_similarity_and_reasons_and_that_it_is_pinned() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("c", "C", "choir")]

    free = TandemMatcher().fit(profiles).tandems_[0]
    pinned = TandemMatcher().fit(profiles, pins=[("a", "b")]).tandems_[0]

    assert pinned.reasons == free.reasons
    assert pinned.similarity == pytest.approx(free.similarity, abs=1e-12)
    assert pinned.as_record() == free.as_record() | {"pinned": True}


@given(store=stores_with_pins(), seed=st.integers(0, 99), objective=st.sampled_from(["quality", "coverage", "fair"]))
@settings(deadline=None, max_examples=60)
def test_every_pin_is_kept_once_nobody_is_over_capacity_and_order_does_not_matter(
    store: tuple[list[Profile], list[tuple[str, str]]], seed: int, objective: str
) -> None:
    profiles, pins = store
    chance = random.Random(seed)

    one = TandemMatcher(objective=objective).fit(profiles, pins=pins)
    other = TandemMatcher(objective=objective).fit(
        chance.sample(profiles, len(profiles)), pins=[(b, a) for a, b in chance.sample(pins, len(pins))]
    )

    assert {(t.a, t.b) for t in one.tandems_ if t.pinned} == set(pins)
    assert len({(t.a, t.b) for t in one.tandems_}) == len(one.tandems_)
    sides = [side for t in one.tandems_ for side in (t.a, t.b)]
    assert all(sides.count(name.id) <= name.capacity for name in profiles)
    assert (one.tandems_, one.unmatched_, one.alternates_) == (other.tandems_, other.unmatched_, other.alternates_)


@pytest.mark.parametrize(
    ("pins", "rule", "pair"),
    [
        ([("a", "nobody")], "unknown", ("a", "nobody")),
        ([("a", "a")], Rule.SAME_COMPANY, ("a", "a")),
        ([("a2", "a")], Rule.SAME_COMPANY, ("a", "a2")),
        ([("a", "banned")], Rule.BANNED, ("a", "banned")),
        ([("a", "met")], Rule.MET_BEFORE, ("a", "met")),
        ([("a", "resting")], Rule.NO_CAPACITY, ("a", "resting")),
        ([("a", "b"), ("a", "c")], Rule.NO_CAPACITY, ("a", "c")),
        ([("a", "polish")], Rule.NO_COMMON_LANGUAGE, ("a", "polish")),
        ([("a", "rival")], Rule.COMPANY_EXCLUDED, ("a", "rival")),
    ],
)
def test_a_pin_that_breaks_a_rule_is_an_error_that_names_pair_and_rule(
    pins: list[tuple[str, str]], rule: str, pair: tuple[str, str]
) -> None:
    profiles = [
        profile("a", company="A", languages=("de",)),
        profile("a2", company="A"),
        *(profile(name, company="B") for name in ("b", "banned", "met")),
        profile("c", company="C"),
        profile("resting", company="B", capacity=0),
        profile("polish", company="B", languages=("pl",)),
        profile("rival", company="R"),
    ]

    with pytest.raises(InvalidPin) as told:
        TandemMatcher().fit(
            profiles,
            pins=pins,
            bans=[("a", "banned")],
            past_pairs=[("met", "a")],
            excluded_company_pairs=[("A", "R")],
        )

    assert (told.value.rule, told.value.pair) == (rule, pair)
    assert str(pair[1]) in str(told.value)


def test_a_pin_named_twice_is_one_pin_and_half_a_pin_is_refused() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python")]

    assert len(TandemMatcher().fit(profiles, pins=[("a", "b"), ("b", "a")]).tandems_) == 1
    with pytest.raises(InvalidParameter, match="pins"):
        TandemMatcher().fit(profiles, pins=[("a",)])  # type: ignore[list-item]  # the mistake under test


def test_who_has_only_a_pinned_partner_learns_that_the_partner_is_taken() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("c", "C", "python")]

    matcher = TandemMatcher().fit(profiles, pins=[("a", "b")])

    assert [(one.id, one.kind.value) for one in matcher.unmatched_] == [("c", "partners_taken")]


@pytest.mark.parametrize(
    ("repeat_after", "past", "again"),
    [
        (None, [("a", "b", 9)], False),
        (2, [("a", "b", 2)], False),
        (2, [("b", "a", 3)], True),
        (2, [("a", "b")], False),
        (2, [("a", "b", 3), ("b", "a", 1)], False),
        (2, [("a", "b", 3), ("b", "a")], False),
        (0, [("a", "b", 1)], True),
    ],
)
def test_a_pair_meets_again_once_enough_rounds_have_passed(
    repeat_after: int | None, past: list[tuple[str, str] | tuple[str, str, int]], again: bool
) -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("z", "C", "choir")]

    matcher = TandemMatcher(repeat_after=repeat_after, min_similarity=0.5).fit(profiles, past_pairs=past)

    assert bool(matcher.tandems_) == again
    if not again:
        assert matcher.unmatched_[0].rule is Rule.MET_BEFORE


def test_a_pin_of_an_old_pair_waits_for_the_same_rule() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python")]

    matcher = TandemMatcher(repeat_after=2).fit(profiles, pins=[("a", "b")], past_pairs=[("a", "b", 3)])

    assert [(one.a, one.b) for one in matcher.tandems_] == [("a", "b")]
    with pytest.raises(InvalidPin, match="met before"):
        TandemMatcher(repeat_after=2).fit(profiles, pins=[("a", "b")], past_pairs=[("a", "b", 2)])


@pytest.mark.parametrize("age", [-1, 1.5, True, "2"])
def test_an_age_that_is_no_number_of_rounds_is_refused(age: object) -> None:
    with pytest.raises(InvalidParameter, match="past_pairs"):
        TandemMatcher().fit([], past_pairs=[("a", "b", age)])  # type: ignore[list-item]  # the mistake under test
