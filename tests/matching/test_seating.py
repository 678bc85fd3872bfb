import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import (
    Attendee,
    Group,
    InvalidAttendee,
    InvalidParameter,
    Profile,
    SeatingFigures,
    SeatingImpossible,
    SeatingPlanner,
    SharedTerm,
)
from matching.seating import SeatingProblem

THEMES = ("running", "python", "podcast", "mentoring", "biodiversity", "robotics", "choir", "onboarding")
# A tenth of the usual steps: what holds, holds for any number of them.
EFFORT = 0.1


def people(count: int, companies: int = 4) -> list[Attendee]:
    """So many people of some companies, each with two themes."""
    return [
        Attendee(
            f"p{number:02d}",
            f"c{number % companies}",
            themes=(THEMES[number % len(THEMES)], THEMES[(number * 3 + 1) % len(THEMES)]),
        )
        for number in range(count)
    ]


@st.composite
def meetups(draw: st.DrawFn) -> list[Attendee]:
    count = draw(st.integers(6, 20))
    return [
        Attendee(
            f"p{number:02d}",
            draw(st.sampled_from("ABCD")),
            themes=tuple(draw(st.lists(st.sampled_from(THEMES), max_size=2, unique=True))),
            learn=tuple(draw(st.lists(st.sampled_from(THEMES), max_size=1))),
            show=tuple(draw(st.lists(st.sampled_from(THEMES), max_size=1))),
            languages=draw(st.sampled_from([(), ("de",), ("en",), ("de", "en-GB"), ("fr", "en")])),
        )
        for number in range(count)
    ]


def seated(rotations: Sequence[Sequence[Group]]) -> list[list[str]]:
    return [sorted(member for group in rotation for member in group.members) for rotation in rotations]


def pairs_of(groups: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [pair for group in groups for pair in combinations(sorted(group), 2)]


@given(meetup=meetups(), rotations=st.integers(1, 3))
@settings(deadline=None, max_examples=10)
def test_everybody_sits_once_a_rotation_and_what_is_told_is_so(meetup: list[Attendee], rotations: int) -> None:
    by_id = {one.id: one for one in meetup}

    planner = SeatingPlanner(rotations=rotations, effort=EFFORT).fit(meetup)

    assert seated(planner.rotations_) == [sorted(by_id)] * rotations
    met: set[tuple[str, str]] = set()
    for rotation in planner.rotations_:
        sizes = [len(group.members) for group in rotation]
        assert min(sizes) >= 3
        assert max(sizes) <= 5
        assert max(sizes) - min(sizes) <= 1
        for group in rotation:
            pairs = pairs_of([group.members])
            assert group.same_company_pairs == sum(by_id[a].company == by_id[b].company for a, b in pairs)
            assert group.repeated_pairs == sum(pair in met for pair in pairs)
            spoken = [
                {tag.split("-")[0] for tag in by_id[one].languages} for one in group.members if by_id[one].languages
            ]
            common = set.intersection(*spoken) if spoken else set()
            assert group.no_common_language == (bool(spoken) and not common)
            assert group.language in common if common else group.language is None
            assert all(2 <= term.people <= len(group.members) for term in group.shared)
        met |= set(pairs_of([group.members for group in rotation]))
    groups = [group for rotation in planner.rotations_ for group in rotation]
    figures = planner.figures_
    assert figures.repeated_pairs == sum(group.repeated_pairs for group in groups) >= figures.least_repeated_pairs
    assert figures.same_company_pairs == sum(group.same_company_pairs for group in groups)
    assert figures.same_company_pairs >= figures.least_same_company_pairs
    assert figures.groups_without_language == sum(group.no_common_language for group in groups)
    assert figures.worst_group == pytest.approx(min(group.similarity for group in groups))


@given(meetup=meetups(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=5)
def test_the_same_people_in_any_order_sit_the_same_and_nothing_is_changed(meetup: list[Attendee], seed: int) -> None:
    shuffled = random.Random(seed).sample(meetup, len(meetup))
    apart = [(meetup[0].id, meetup[1].id)]
    before = deepcopy((meetup, apart))

    one = SeatingPlanner(effort=EFFORT).fit(meetup, apart=apart)
    other = SeatingPlanner(effort=EFFORT).fit(shuffled, apart=[(meetup[1].id, meetup[0].id)])

    assert one.rotations_ == other.rotations_
    assert one.figures_ == other.figures_
    assert (meetup, apart) == before


@given(meetup=meetups(), data=st.data())
@settings(deadline=None, max_examples=10)
def test_who_is_to_be_kept_apart_never_sits_together(meetup: list[Attendee], data: st.DataObject) -> None:
    pairs = list(combinations([one.id for one in meetup], 2))
    apart = data.draw(st.lists(st.sampled_from(pairs), max_size=len(meetup)))

    try:
        planner = SeatingPlanner(rotations=2, effort=EFFORT).fit(meetup, apart=apart)
    except SeatingImpossible:
        # Whether it is true is shown where all seatings are tried.
        return

    together = pairs_of([group.members for rotation in planner.rotations_ for group in rotation])
    assert not set(apart) & set(together)


def test_a_company_that_either_side_excludes_sits_elsewhere() -> None:
    meetup = [
        Attendee("a1", "A", excluded_companies=("B",)),
        Attendee("a2", "A"),
        Attendee("b1", "B"),
        *(Attendee(f"c{number}", "C") for number in range(6)),
    ]

    planner = SeatingPlanner(rotations=4, group_size=3, effort=EFFORT).fit(meetup)

    together = pairs_of([group.members for rotation in planner.rotations_ for group in rotation])
    assert ("a1", "b1") not in together


def test_who_may_sit_with_nobody_is_named() -> None:
    meetup = people(8)
    apart = [("p03", one.id) for one in meetup if one.id not in ("p03", "p04")]

    with pytest.raises(SeatingImpossible, match="p03 may sit with fewer than 3 of the others") as refused:
        SeatingPlanner().fit(meetup, apart=apart)

    assert refused.value.people == ("p03",)


def test_more_people_who_exclude_each_other_than_there_are_groups_are_named() -> None:
    apart = list(combinations(["p01", "p04", "p06"], 2))

    with pytest.raises(SeatingImpossible, match="p01, p04, p06 may not sit with each other") as refused:
        SeatingPlanner().fit(people(8), apart=apart)

    assert refused.value.people == ("p01", "p04", "p06")


def test_three_who_share_languages_only_two_by_two_are_no_group() -> None:
    meetup = [
        Attendee("p1", "A", themes=("choir",), languages=("de", "en")),
        Attendee("p2", "B", themes=("choir",), languages=("en", "fr")),
        Attendee("p3", "C", themes=("choir",), languages=("fr", "de")),
        Attendee("p4", "D", languages=("de",)),
        Attendee("p5", "E", languages=("en",)),
        Attendee("p6", "F"),
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    assert ("p1", "p2", "p3") not in [group.members for group in planner.rotations_[0]]
    assert sorted(group.language or "" for group in planner.rotations_[0]) == ["de", "en"]
    assert planner.figures_.groups_without_language == 0


def test_a_group_without_a_language_is_told_where_there_is_no_other_way() -> None:
    meetup = [
        Attendee(f"p{number}", "A", languages=(tag,))
        for number, tag in enumerate(["de", "de", "de", "de", "fr", "fr"])
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    assert planner.figures_.groups_without_language == 1
    assert [group.language for group in planner.rotations_[0] if not group.no_common_language] == ["de"]


def test_pairs_of_rotations_that_were_held_do_not_meet_again() -> None:
    held = SeatingPlanner(rotations=2, effort=EFFORT).fit(people(24)).rotations_
    before = [[group.members for group in rotation] for rotation in held]
    gone = [(*group[:-1], "somebody who has left") for group in before[0]]
    rest = [one for one in people(24) if one.id != "p07"]

    planner = SeatingPlanner(rotations=2, effort=EFFORT).fit(rest, before=[gone, before[1]])

    met = set(pairs_of(gone)) | set(pairs_of(before[1]))
    together = pairs_of([group.members for rotation in planner.rotations_ for group in rotation])
    assert planner.figures_.repeated_pairs == 0
    assert not met & set(together)


def test_sixteen_people_meet_each_other_once_in_five_rotations_of_four() -> None:
    planner = SeatingPlanner(rotations=5, effort=EFFORT).fit(
        [Attendee(f"p{number:02d}", f"c{number}") for number in range(16)]
    )

    together = pairs_of([group.members for rotation in planner.rotations_ for group in rotation])
    assert len(set(together)) == len(together) == 16 * 15 // 2


def test_seven_people_in_six_rotations_are_told_how_few_repeats_are_possible() -> None:
    figures = SeatingPlanner(rotations=6, effort=EFFORT).fit(people(7)).figures_

    assert figures.repeated_pairs == figures.least_repeated_pairs == 6 * 9 - 21


def test_nine_of_ten_from_one_company_are_spread_as_far_as_can_be() -> None:
    meetup = [Attendee(f"p{number:02d}", "A" if number < 36 else f"c{number}") for number in range(40)]

    figures = SeatingPlanner(rotations=2, effort=EFFORT).fit(meetup).figures_

    assert figures.repeated_pairs == 0
    assert figures.same_company_pairs == figures.least_same_company_pairs == 2 * (6 * 6 + 4 * 3)


def test_without_any_theme_there_is_a_seating_and_nothing_in_common() -> None:
    planner = SeatingPlanner(rotations=2, effort=EFFORT).fit(
        [Attendee(f"p{number}", f"c{number % 3}") for number in range(9)]
    )

    assert planner.figures_.mean_similarity == planner.figures_.random_similarity == 0.0
    assert {group.shared for rotation in planner.rotations_ for group in rotation} == {()}


def test_all_of_one_company_and_all_alike_are_seated() -> None:
    meetup = [Attendee(f"p{number}", "A", themes=("Wissenstransfer",)) for number in range(8)]

    figures = SeatingPlanner(rotations=1, effort=EFFORT).fit(meetup).figures_

    rounded = {name: round(value, 9) for name, value in asdict(figures).items()}
    assert SeatingFigures(**rounded) == SeatingFigures(
        people=8,
        rotations=1,
        groups=2,
        repeated_pairs=0,
        same_company_pairs=12,
        groups_without_language=0,
        mean_similarity=1.0,
        random_similarity=1.0,
        worst_group=1.0,
        worst_person=1.0,
        least_repeated_pairs=0,
        least_same_company_pairs=12,
    )


def test_german_and_english_people_with_one_theme_share_a_group_and_its_words() -> None:
    meetup = [
        Attendee("de1", "A", themes=("nachhaltige Lieferketten",), languages=("de", "en")),
        Attendee("en1", "B", themes=("sustainable supply chains",), languages=("en",)),
        Attendee("en2", "C", learn=("sustainable supply chains",), languages=("en",)),
        Attendee("x1", "A", themes=("Chor",), languages=("de", "en")),
        Attendee("x2", "B", themes=("choir",), languages=("en",)),
        Attendee("x3", "C", show=("choir",), languages=("en",)),
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    assert [(group.members, group.shared[0]) for group in planner.rotations_[0]] == [
        (("de1", "en1", "en2"), SharedTerm("sustainable supply chains", 3, 1, 0)),
        (("x1", "x2", "x3"), SharedTerm("choir", 3, 0, 1)),
    ]


def test_who_wants_to_learn_sits_with_who_can_show() -> None:
    meetup = [
        Attendee("learner", "A", learn=("Podcast",)),
        Attendee("shower", "B", show=("Podcast",)),
        *(Attendee(f"other{number}", f"c{number}", themes=(theme,)) for number, theme in enumerate(THEMES[3:7])),
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    together = next(group for group in planner.rotations_[0] if "learner" in group.members)
    assert "shower" in together.members
    assert together.shared == (SharedTerm("Podcast", 2, 1, 1),)


def test_a_withheld_word_and_one_of_a_single_company_are_never_told() -> None:
    meetup = [
        Attendee("p1", "A", themes=("Nordwerk Podcast", "Zyxomat"), withheld=("Nordwerk",)),
        Attendee("p2", "A", themes=("Nordwerk Podcast", "Zyxomat"), withheld=("Nordwerk",)),
        Attendee("p3", "B", themes=("Podcast",)),
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    told = " ".join(term.text for term in planner.rotations_[0][0].shared)
    assert "Podcast" in told
    assert "Nordwerk" not in told
    assert "Zyxomat" not in told


def test_what_the_community_says_counts_as_well() -> None:
    def community(company: str, theme: str) -> Profile:
        return Profile(id=f"{company}-{theme}", company=company, name="", tags=(theme,))

    meetup = [
        Attendee(f"{theme}-{company}", company, profile=community(company, theme))
        for theme in ("robotics", "choir")
        for company in "ABC"
    ]

    planner = SeatingPlanner(rotations=1, group_size=3, effort=EFFORT).fit(meetup)

    assert [group.members for group in planner.rotations_[0]] == [
        ("choir-A", "choir-B", "choir-C"),
        ("robotics-A", "robotics-B", "robotics-C"),
    ]


@pytest.mark.parametrize(
    ("count", "limits", "kind", "told"),
    [
        (0, (4, 3, 5), SeatingProblem.TOO_FEW, "0 people are fewer than the 3"),
        (2, (4, 3, 5), SeatingProblem.TOO_FEW, "2 people are fewer than the 3"),
        (5, (4, 4, 4), SeatingProblem.SIZES, "groups of 4 to 4; possible: one group of 5; or 4 or 8 people"),
        (7, (5, 5, 6), SeatingProblem.SIZES, "possible: one group of 4 and one group of 3; or 6 or 10 people"),
    ],
)
def test_people_who_cannot_be_divided_are_told_what_would_do(
    count: int, limits: tuple[int, int, int], kind: SeatingProblem, told: str
) -> None:
    size, least, most = limits

    with pytest.raises(SeatingImpossible, match=told) as refused:
        SeatingPlanner(group_size=size, min_size=least, max_size=most).fit(people(count))

    assert refused.value.kind == kind


def test_five_people_are_one_group_where_five_may_sit_together() -> None:
    planner = SeatingPlanner(rotations=1, effort=EFFORT).fit(people(5))

    assert [group.members for group in planner.rotations_[0]] == [("p00", "p01", "p02", "p03", "p04")]


@pytest.mark.parametrize(
    ("parameter", "planner"),
    [
        ("rotations", SeatingPlanner(rotations=0)),
        ("rotations", SeatingPlanner(rotations=7)),
        ("min_size", SeatingPlanner(min_size=2)),
        ("max_size", SeatingPlanner(max_size=7)),
        ("max_size", SeatingPlanner(min_size=5, group_size=5, max_size=4)),
        ("group_size", SeatingPlanner(group_size=6)),
        ("effort", SeatingPlanner(effort=0)),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameter: str, planner: SeatingPlanner) -> None:
    with pytest.raises(InvalidParameter) as refused:
        planner.fit(people(8))

    assert refused.value.name == parameter


@pytest.mark.parametrize("apart", [[("p00", "gone")], [("p00", "p00")]])
def test_a_pair_to_keep_apart_is_two_attendees(apart: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidParameter, match="apart"):
        SeatingPlanner().fit(people(8), apart=apart)


@pytest.mark.parametrize(
    "broken", [Attendee("", "A"), Attendee("p00", "A"), Attendee("new", "")], ids=["no id", "twice", "no company"]
)
def test_an_attendee_that_cannot_be_told_from_others_is_refused(broken: Attendee) -> None:
    with pytest.raises(InvalidAttendee) as refused:
        SeatingPlanner().fit([*people(8), broken])

    assert refused.value.attendee_id == broken.id


def test_progress_grows_to_one_and_what_it_raises_ends_the_run() -> None:
    heard: list[float] = []
    SeatingPlanner(effort=EFFORT).fit(people(12), progress=heard.append)

    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    with pytest.raises(KeyboardInterrupt):
        SeatingPlanner(effort=EFFORT).fit(people(12), progress=stop)
