import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from matching import InvalidParameter, InvalidProfile, Profile, TandemMatcher, Unmatched
from matching.eligibility import Rule
from matching.explain import Change, UnmatchedKind
from tests.factories import profile

THEMES = ("running", "python", "podcast", "mentoring", "biodiversity", "robotics", "choir", "onboarding")


def community(profile_id: str, company: str, theme: str, *, capacity: int = 1) -> Profile:
    return profile(
        profile_id, company=company, name=f"{theme} circle", purpose=f"We talk about {theme}.", capacity=capacity
    )


@st.composite
def stores(draw: st.DrawFn) -> list[Profile]:
    n = draw(st.integers(0, 14))
    return [
        profile(
            f"p{number:02d}",
            company=draw(st.sampled_from("ABC")),
            name=" ".join(draw(st.lists(st.sampled_from(THEMES), min_size=1, max_size=3))),
            languages=draw(st.sampled_from([(), ("de",), ("en",), ("de", "en")])),
            capacity=draw(st.integers(0, 3)),
        )
        for number in range(n)
    ]


def test_related_communities_of_different_companies_become_tandems() -> None:
    profiles = [
        community("a1", "A", "python"),
        community("a2", "A", "running"),
        community("b1", "B", "running"),
        community("b2", "B", "python"),
    ]

    matcher = TandemMatcher(cost=0.01).fit(profiles)

    assert [(tandem.a, tandem.b) for tandem in matcher.tandems_] == [("a1", "b2"), ("a2", "b1")]
    assert matcher.unmatched_ == []
    assert [one.id for one in matcher.alternates_["a1"]] == ["b1"]


@given(profiles=stores(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_the_same_profiles_in_any_order_give_the_same_answer(profiles: list[Profile], seed: int) -> None:
    shuffled = random.Random(seed).sample(profiles, len(profiles))

    one, other = TandemMatcher().fit(profiles), TandemMatcher().fit(shuffled)

    assert one.tandems_ == other.tandems_
    assert one.unmatched_ == other.unmatched_
    assert one.alternates_ == other.alternates_


@given(profiles=stores(), objective=st.sampled_from(["quality", "coverage", "fair"]))
@settings(deadline=None, max_examples=60)
def test_nobody_is_over_capacity_ineligible_or_forgotten(profiles: list[Profile], objective: str) -> None:
    by_id = {one.id: one for one in profiles}

    matcher = TandemMatcher(objective=objective).fit(profiles)

    partners = [side for tandem in matcher.tandems_ for side in (tandem.a, tandem.b)]
    assert all(partners.count(name) <= by_id[name].capacity for name in partners)
    assert len({(tandem.a, tandem.b) for tandem in matcher.tandems_}) == len(matcher.tandems_)
    for tandem in matcher.tandems_:
        a, b = by_id[tandem.a], by_id[tandem.b]
        assert a.company != b.company
        assert not a.languages or not b.languages or set(a.languages) & set(b.languages)
        assert 0.10 <= tandem.similarity <= 1.0
        assert sum(reason.share for reason in tandem.reasons) + tandem.other == pytest.approx(1.0)
    assert {one.id for one in matcher.unmatched_} == by_id.keys() - set(partners)


def test_a_pair_that_met_before_gives_way_to_the_next_best() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("c", "C", "python")]

    first = TandemMatcher().fit(profiles).tandems_[0]
    second = TandemMatcher().fit(profiles, past_pairs=[(first.a, first.b)]).tandems_[0]

    assert (first.a, first.b) != (second.a, second.b)


@pytest.mark.parametrize(
    ("alone", "others", "expected"),
    [
        (
            community("x", "A", "python", capacity=0),
            [community("b", "B", "python")],
            Unmatched("x", UnmatchedKind.NO_CAPACITY, (Change.RAISE_CAPACITY,)),
        ),
        (
            community("x", "A", "python"),
            [community("b", "A", "python")],
            Unmatched("x", UnmatchedKind.NO_OTHER_COMPANY, (Change.INVITE_COMPANIES,)),
        ),
        (
            profile("x", company="A", name="the of and"),
            [community("b", "B", "python")],
            Unmatched("x", UnmatchedKind.NO_TEXT, (Change.DESCRIBE_MORE,)),
        ),
        (
            profile("x", company="A", name="beekeeping"),
            [community("b", "B", "python")],
            Unmatched("x", UnmatchedKind.NOTHING_SIMILAR, (Change.DESCRIBE_MORE, Change.INVITE_COMPANIES)),
        ),
    ],
)
def test_an_unmatched_community_learns_why_and_what_would_change_it(
    alone: Profile, others: list[Profile], expected: Unmatched
) -> None:
    matcher = TandemMatcher().fit([alone, *others])

    assert [one for one in matcher.unmatched_ if one.id == "x"] == [expected]


def test_a_near_miss_names_the_nearest_and_the_rule_or_limit_in_the_way() -> None:
    german, english = (
        replace(community(name, company, "python"), languages=(language,))
        for name, company, language in (("x", "A", "de"), ("y", "B", "en"))
    )

    by_rule = TandemMatcher().fit([german, english]).unmatched_[0]
    by_limit = (
        TandemMatcher(min_similarity=0.9)
        .fit([community("x", "A", "python"), community("y", "B", "running")])
        .unmatched_[0]
    )
    by_cost = (
        TandemMatcher(cost=1.0).fit([community("x", "A", "python"), community("y", "B", "python")]).unmatched_[0]
    )

    assert (by_rule.kind, by_rule.rule, by_rule.nearest) == (
        UnmatchedKind.NOT_ELIGIBLE,
        Rule.NO_COMMON_LANGUAGE,
        "y",
    )
    assert by_rule.changes == (Change.ADD_LANGUAGE,)
    assert (by_limit.kind, by_limit.nearest) == (UnmatchedKind.BELOW_MIN_SIMILARITY, "y")
    assert by_cost.kind is UnmatchedKind.BELOW_COST


def test_many_alike_profiles_are_all_paired() -> None:
    """The ten nearest of each are the same few; the others find each other all the same."""
    profiles = [community(f"{company}{number:03d}", company, "python") for company in "AB" for number in range(50)]

    matcher = TandemMatcher(min_similarity=0.0).fit([*profiles, community("z", "C", "running")])

    assert len(matcher.tandems_) == 50
    assert len([one for one in matcher.unmatched_ if one.id != "z"]) <= 1


def test_a_company_that_shares_no_language_is_told_so() -> None:
    polish = [replace(community(f"p{number}", "A", "python"), languages=("pl",)) for number in range(3)]
    others = [replace(community(f"q{number}", "B", "python"), languages=("en",)) for number in range(3)]

    matcher = TandemMatcher().fit([*polish, *others])

    assert {one.rule for one in matcher.unmatched_} == {Rule.NO_COMMON_LANGUAGE}


def test_no_change_is_proposed_that_is_made_already_and_no_alternate_below_the_cost() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("c", "C", "python")]

    covering = TandemMatcher(objective="coverage").fit(profiles)
    costly = TandemMatcher(cost=0.5).fit([*profiles, community("d", "D", "running")])

    assert covering.unmatched_[0].changes == (Change.PARTNERS_RAISE_CAPACITY,)
    assert all(one.probability > 0.5 for further in costly.alternates_.values() for one in further)


def test_when_all_partners_are_taken_the_odd_one_is_told_so() -> None:
    profiles = [community("a", "A", "python"), community("b", "B", "python"), community("c", "C", "python")]

    matcher = TandemMatcher().fit(profiles)

    assert [one.kind for one in matcher.unmatched_] == [UnmatchedKind.PARTNERS_TAKEN]


def test_no_profiles_give_no_tandem() -> None:
    matcher = TandemMatcher().fit([])

    assert (matcher.tandems_, matcher.unmatched_, matcher.alternates_) == ([], [], {})


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"min_similarity": 1.1}, "min_similarity"),
        ({"min_similarity": float("nan")}, "min_similarity"),
        ({"cost": -0.1}, "cost"),
        ({"objective": "best"}, "objective"),
        ({"neighbours": 0}, "neighbours"),
        ({"alternates": -1}, "alternates"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_a_parameter_outside_its_range_is_an_error_when_fitting(parameters: dict[str, float], named: str) -> None:
    matcher = TandemMatcher(**parameters)  # type: ignore[arg-type]  # the mistake under test

    with pytest.raises(InvalidParameter, match=named):
        matcher.fit([])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (profile("x", capacity=4), "capacity is 4"),
        (profile("x", capacity=-1), "capacity is -1"),
        (profile("x", company=""), "company is empty"),
        (profile("x", working_hours=(9.0, 9.0)), "working_hours"),
    ],
)
def test_a_profile_that_breaks_a_rule_is_an_error(broken: Profile, message: str) -> None:
    with pytest.raises(InvalidProfile, match=message):
        TandemMatcher().fit([broken])


def test_an_id_that_occurs_twice_is_an_error() -> None:
    with pytest.raises(InvalidProfile, match="occurs twice"):
        TandemMatcher().fit([profile("x", company="A"), profile("x", company="B")])


def test_the_matcher_can_be_cloned_and_shown_like_any_estimator() -> None:
    matcher = TandemMatcher(min_similarity=0.2)

    assert clone(matcher).get_params() == matcher.get_params()
    assert repr(matcher) == "TandemMatcher(min_similarity=0.2)"


def test_progress_is_told_stage_by_stage_and_may_end_the_run() -> None:
    stages: list[str] = []

    def tell(stage: str, share: float) -> None:
        assert 0.0 <= share <= 1.0
        stages.append(stage)

    TandemMatcher().fit([community("a", "A", "python"), community("b", "B", "python")], on_progress=tell)
    assert list(dict.fromkeys(stages)) == ["vectors", "neighbours", "pairing", "reasons"]

    def stop(stage: str, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TandemMatcher().fit([community("a", "A", "python")], on_progress=stop)
