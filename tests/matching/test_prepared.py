import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import generator
from matching import InvalidParameter, InvalidPin, PairingSettings, Profile, TandemMatcher
from matching.exceptions import MatchingError
from matching.side_by_side import side_by_side
from tests.factories import profile

THEMES = ("running", "python", "podcast", "mentoring")
MIX = [
    PairingSettings(),
    PairingSettings(objective="coverage", min_similarity=0.05),
    PairingSettings(objective="fair", min_similarity=0.3),
    PairingSettings(cost=0.3),
    PairingSettings(max_per_company_pair=1),
    PairingSettings(objective="coverage", max_per_company_pair=2),
    PairingSettings(repeat_after=2),
    PairingSettings(),
]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Profile], list[tuple[str, str, int]]]:
    profiles = [
        profile(
            f"p{number:02d}",
            company=draw(st.sampled_from("ABC")),
            name=" ".join(draw(st.lists(st.sampled_from(THEMES), min_size=1, max_size=3))),
            capacity=draw(st.integers(0, 3)),
        )
        for number in range(draw(st.integers(0, 12)))
    ]
    ids = st.sampled_from([one.id for one in profiles] or ["nobody"])
    return profiles, draw(st.lists(st.tuples(ids, ids, st.integers(0, 5)), max_size=12))


def fitted(one: PairingSettings) -> TandemMatcher:
    return TandemMatcher(
        objective=one.objective,
        min_similarity=one.min_similarity,
        cost=one.cost,
        alternates=one.alternates,
        repeat_after=one.repeat_after,
        max_per_company_pair=one.max_per_company_pair,
        neighbours=3,
    )


@given(history=histories())
@settings(deadline=None, max_examples=40)
def test_an_outline_has_the_tandems_and_the_left_over_of_a_fit_with_the_same_settings(
    history: tuple[list[Profile], list[tuple[str, str, int]]],
) -> None:
    profiles, met = history
    prepared = TandemMatcher(neighbours=3).prepare(profiles, past_pairs=met)

    for one, outline in zip(MIX, prepared.outlines(MIX), strict=True):
        matcher = fitted(one).fit(profiles, past_pairs=met)
        assert outline.settings == one
        assert outline.pairs == [
            (tandem.a, tandem.b, tandem.similarity, tandem.probability) for tandem in matcher.tandems_
        ]
        assert outline.unmatched == matcher.unmatched_
        assert (outline.n_edges, outline.pairing_bound) == (matcher.n_edges_, matcher.pairing_bound_)


def test_processes_side_by_side_give_the_same_outlines_in_the_order_asked_for() -> None:
    profiles = generator.profiles(300, companies=6)
    met = [(profiles[number].id, profiles[number + 1].id, 4) for number in range(0, 200, 2)]
    prepared = TandemMatcher().prepare(profiles, past_pairs=met)

    assert prepared.outlines(MIX, n_jobs=2) == [prepared.outline(one) for one in MIX]


def test_progress_of_outlines_grows_and_what_it_raises_ends_them() -> None:
    prepared = TandemMatcher().prepare(generator.profiles(60, companies=3))
    told: list[tuple[str, float]] = []

    prepared.outlines(MIX, n_jobs=2, on_progress=lambda stage, share: told.append((stage, share)))

    assert {stage for stage, _ in told} == {"pairing"}
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1] == ("pairing", 1.0)

    def stop(stage: str, share: float) -> None:
        raise KeyboardInterrupt

    for jobs in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            prepared.outlines(MIX, n_jobs=jobs, on_progress=stop)


def test_a_fair_pairing_can_be_left_between_its_steps() -> None:
    prepared = TandemMatcher().prepare(generator.profiles(60, companies=3))
    told: list[float] = []

    prepared.outline(PairingSettings(objective="fair"), on_progress=lambda stage, share: told.append(share))

    assert len(told) > 3


def test_a_setting_out_of_range_and_a_pin_that_a_setting_forbids_are_told_from_any_process() -> None:
    profiles = [profile("a", company="A", name="python"), profile("b", company="B", name="python")]
    prepared = TandemMatcher().prepare(profiles, past_pairs=[("a", "b", 3)], pins=[("a", "b")])

    with pytest.raises(InvalidParameter, match="cost"):
        prepared.outline(PairingSettings(cost=2.0))
    for jobs in (1, 2):
        with pytest.raises(InvalidPin, match="met before") as told:
            prepared.outlines([PairingSettings(repeat_after=2), PairingSettings(repeat_after=3)], n_jobs=jobs)
        assert told.value.pair == ("a", "b")


def test_a_process_that_is_killed_is_an_error_and_not_a_wait_for_ever() -> None:
    def answer() -> int:
        os._exit(9)

    with pytest.raises(MatchingError, match="without an answer"):
        side_by_side([answer, answer], n_jobs=2, on_done=lambda done: None)


def test_another_process_gives_the_same_bytes() -> None:
    script = (
        "import random\n"
        "from benchmarks import generator\n"
        "from matching import TandemMatcher\n"
        "profiles = generator.profiles(400, companies=8)\n"
        "random.shuffle(profiles)\n"
        "free = TandemMatcher().fit(profiles)\n"
        "pins = [(free.tandems_[0].a, free.alternates_[free.tandems_[0].a][0].id)]\n"
        "matcher = TandemMatcher(max_per_company_pair=4).fit(profiles, pins=pins)\n"
        "print(matcher.tandems_, matcher.unmatched_, matcher.alternates_, matcher.pairing_bound_)\n"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )

    assert first == second
    assert len(first) > 1000
