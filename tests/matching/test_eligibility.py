import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.eligibility import Eligibility, Rule
from matching.exceptions import InvalidParameter
from matching.profiles import Profile
from tests.factories import profile

Pairs = list[tuple[str, str]]


def broken_rule(
    a: Profile, b: Profile, *, bans: Pairs | None = None, past: Pairs | None = None, companies: Pairs | None = None
) -> Rule | None:
    rules = Eligibility([a, b], bans=bans or [], past_pairs=past or [], excluded_company_pairs=companies or [])
    return rules.first_broken_rule(0, 1)


def test_two_communities_of_different_companies_may_meet() -> None:
    assert broken_rule(profile(company="A"), profile(company="B")) is None


def test_each_rule_forbids_on_its_own() -> None:
    a, b = profile("a", company="A"), profile("b", company="B")

    assert broken_rule(a, profile(company="A")) is Rule.SAME_COMPANY
    assert broken_rule(a, profile(company="B", capacity=0)) is Rule.NO_CAPACITY
    assert broken_rule(a, b, bans=[("b", "a")]) is Rule.BANNED
    assert broken_rule(a, b, past=[("a", "b")]) is Rule.MET_BEFORE
    assert broken_rule(a, b, companies=[("B", "A")]) is Rule.COMPANY_EXCLUDED
    assert broken_rule(a, profile(company="B", excluded_companies=("A",))) is Rule.COMPANY_EXCLUDED


def test_a_common_language_is_needed_only_when_both_state_theirs() -> None:
    german = profile(company="A", languages=("de-CH",))

    assert broken_rule(german, profile(company="B", languages=("en",))) is Rule.NO_COMMON_LANGUAGE
    assert broken_rule(german, profile(company="B", languages=("en", "de"))) is None
    assert broken_rule(german, profile(company="B")) is None


@pytest.mark.parametrize(
    ("hours", "rule"),
    [
        ((14.0, 22.0), None),  # New York: two hours in common
        ((15.0, 23.0), Rule.NO_COMMON_HOURS),  # Chicago: one
        ((0.0, 8.0), Rule.NO_COMMON_HOURS),  # Tokyo: none
        ((-18.0, -10.0), None),  # the same hours of the day, counted a day earlier: 6 to 14
    ],
)
def test_two_common_working_hours_are_needed(hours: tuple[float, float], rule: Rule | None) -> None:
    berlin = profile(company="A", working_hours=(8.0, 16.0))

    assert broken_rule(berlin, profile(company="B", working_hours=hours)) is rule


def test_history_may_name_communities_that_are_gone_but_not_half_a_pair() -> None:
    a, b = profile("a", company="A"), profile("b", company="B")

    assert broken_rule(a, b, past=[("a", "gone")]) is None
    with pytest.raises(InvalidParameter, match="past_pairs"):
        Eligibility([a, b], past_pairs=["ab"])  # type: ignore[list-item]  # the mistake under test


hours = st.integers(-30, 30).flatmap(
    lambda start: st.tuples(st.just(float(start)), st.integers(start + 1, start + 24).map(float))
)


@given(hours, hours)
@example((-27.0, -21.0), (30.0, 47.0))
def test_common_hours_equal_a_count_around_the_clock(one: tuple[float, float], other: tuple[float, float]) -> None:
    a, b = profile(company="A", working_hours=one), profile(company="B", working_hours=other)
    clock_a = {hour % 24 for hour in range(int(one[0]), int(one[1]))}
    clock_b = {hour % 24 for hour in range(int(other[0]), int(other[1]))}

    forbidden = Eligibility([a, b]).breaks(Rule.NO_COMMON_HOURS, np.array([0]), np.array([1]))[0]

    assert forbidden == (len(clock_a & clock_b) < 2)
