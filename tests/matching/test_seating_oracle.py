"""Small seatings against all that there are, and against what CP-SAT proves."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from matching.evening import COST, evened
from matching.grouping import (
    Faults,
    Indices,
    Task,
    faults,
    least_repeated,
    least_same_company,
    pairs_together,
    similarities_of_groups,
    similarities_of_people,
    total_similarity,
)
from matching.regrouping import greedy_seating, searched, standing
from matching.rotations import refined

EFFORT = 0.1
ANY = ~np.uint64(0)


def task(
    people: int,
    *,
    seed: int,
    companies: int = 3,
    groups: int = 2,
    rotations: int = 2,
    apart: float = 0.0,
    languages: int = 0,
) -> Task:
    """People drawn at random: how alike they are, their companies, who is kept apart, what they speak."""
    rng = np.random.default_rng(seed)

    def symmetric(share: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        upper = np.triu(rng.random((people, people)) < share, 1)
        return upper | upper.T

    similarity = np.triu(rng.random((people, people)) ** 3, 1)
    spoken = [rng.integers(1, 1 << languages) if languages else ANY for _ in range(people)]
    return Task(
        similarity=similarity + similarity.T,
        company=rng.integers(0, companies, people),
        apart=symmetric(apart),
        met=symmetric(0.1),
        languages=np.array(spoken, dtype=np.uint64),
        groups=groups,
        seats=-(-people // groups),
        rotations=rotations,
    )


tasks = st.builds(
    task,
    st.integers(6, 7),
    seed=st.integers(0, 9_999),
    companies=st.integers(1, 5),
    apart=st.sampled_from([0.0, 0.2, 0.4]),
    languages=st.sampled_from([0, 2, 3]),
)


def all_rotations(one: Task) -> Iterator[Indices]:
    """Every way to sit in two groups."""
    larger, _ = one.sizes
    everybody = range(one.people)
    for chosen in combinations(everybody, larger):
        others = [at for at in everybody if at not in chosen]
        if len(others) == larger and chosen[0] != 0:
            continue
        padded = others + [one.people] * (one.seats - len(others))
        yield np.array([chosen, padded])


@pytest.mark.parametrize("seed", range(10))
def test_of_all_seatings_none_has_fewer_faults_and_hardly_one_more_in_common(seed: int) -> None:
    one = task(
        6 + seed % 2,
        seed=seed,
        companies=1 + seed % 5,
        apart=(0.0, 0.2, 0.4)[seed % 3],
        languages=(0, 2, 3)[seed // 2 % 3],
    )
    best = min(standing(one, np.stack(pair)) for pair in product(all_rotations(one), repeat=2))

    found = standing(one, searched(one, 1.0, lambda _: None))

    assert found[0] == best[0]
    assert -found[1] >= 0.97 * -best[1]


@given(one=tasks)
@settings(deadline=None, max_examples=4)
def test_no_seating_is_below_the_bounds(one: Task) -> None:
    fewest = min(
        (faults(one, np.stack(pair)) for pair in product(all_rotations(one), repeat=2)),
        key=lambda counted: counted.repeated,
    )

    assert fewest.repeated >= least_repeated(one) or fewest.kept_apart
    assert fewest.same_company >= least_same_company(one)


@given(one=st.builds(task, st.integers(9, 30), seed=st.integers(0, 9_999), groups=st.just(3)))
@settings(deadline=None, max_examples=5)
def test_what_is_searched_is_never_below_greedy(one: Task) -> None:
    found = searched(one, EFFORT, lambda _: None)

    assert standing(one, found) <= standing(one, greedy_seating(one))
    assert (found == searched(one, EFFORT, lambda _: None)).all()


@given(seed=st.integers(0, 9_999), languages=st.sampled_from([0, 2]))
@settings(deadline=None, max_examples=4)
def test_the_worst_served_are_better_off_for_a_small_share_and_no_fault(seed: int, languages: int) -> None:
    one = task(26, seed=seed, companies=8, groups=7, rotations=3, languages=languages)
    before = greedy_seating(one)

    after = evened(one, before)

    assert faults(one, after) <= faults(one, before)
    assert total_similarity(one, after) >= (1 - COST) * total_similarity(one, before) - 1e-9
    assert similarities_of_groups(one, after).min() >= similarities_of_groups(one, before).min()
    assert similarities_of_people(one, after).min() >= similarities_of_people(one, before).min() - 1e-12
    assert (np.sort(after.reshape(3, -1)) == np.sort(before.reshape(3, -1))).all()


@pytest.mark.parametrize("seed", range(4))
def test_one_rotation_of_a_few_people_without_faults_has_the_most_in_common_that_is_possible(seed: int) -> None:
    one = task(6 + seed % 2, seed=seed, companies=50, rotations=1)
    possible = [rotation[None] for rotation in all_rotations(one) if not any(faults(one, rotation[None]))]

    found = [refined(one, rotation, EFFORT, lambda _: None) for rotation in possible]

    best = max(total_similarity(one, rotation) for rotation in possible)
    assert [total_similarity(one, rotation) for rotation in found] == pytest.approx([best] * len(possible))


@given(seed=st.integers(0, 9_999), people=st.integers(15, 20))
@settings(deadline=None, max_examples=4)
def test_refined_adds_no_fault_and_loses_nothing_and_nobody(seed: int, people: int) -> None:
    one = task(people, seed=seed, companies=50, groups=5, rotations=2)
    before = greedy_seating(one)

    after = refined(one, before, EFFORT, lambda _: None)

    assert faults(one, after) == faults(one, before)
    assert total_similarity(one, after) >= total_similarity(one, before)
    assert (np.sort(after.reshape(2, -1)) == np.sort(before.reshape(2, -1))).all()
    assert (after == refined(one, before, EFFORT, lambda _: None)).all()


def test_whoever_stops_the_search_is_heard_before_each_rotation_that_is_chosen() -> None:
    one = task(18, seed=1, companies=50, groups=6, rotations=2)
    before, heard = searched(one, EFFORT, lambda _: None), list[float]()
    assert not any(faults(one, before))

    refined(one, before, 1.0, heard.append)

    assert heard == sorted(heard)
    assert heard.count(0.0) >= 5, "two of the first climb, one that is shaken, two of the next climb"


@pytest.mark.parametrize("seed", range(3))
def test_nearly_all_is_reached_that_cp_sat_proves(seed: int) -> None:
    one = task(12, seed=seed, companies=12, groups=3, rotations=1)

    found = searched(one, 1.0, lambda _: None)

    assert faults(one, found) == Faults(0, 0, 0, least_same_company(one))
    assert total_similarity(one, found) >= 0.99 * proven(one)


def proven(one: Task) -> float:
    """The most similarity of one rotation without a pair that met before and with the fewest of one company."""
    model = cp_model.CpModel()
    n = one.people
    sits = {(at, group): model.new_bool_var("") for at in range(n) for group in range(one.groups)}
    for at in range(n):
        model.add_exactly_one(sits[at, group] for group in range(one.groups))
    for group, size in enumerate(one.sizes):
        model.add(sum(sits[at, group] for at in range(n)) == size)
    gained, colleagues = [], []
    for a, b in combinations(range(n), 2):
        together = model.new_bool_var("")
        for group in range(one.groups):
            model.add_bool_or(~sits[a, group], ~sits[b, group], together)
            model.add_bool_or(~sits[a, group], sits[b, group], ~together)
        if one.met[a, b]:
            model.add(together == 0)
        if one.same_company[a, b]:
            colleagues.append(together)
        gained.append(round(1e6 * float(one.similarity[a, b])) * together)
    model.add(sum(colleagues) <= least_same_company(one))
    model.maximize(sum(gained))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 60
    assert solver.status_name(solver.solve(model)) == "OPTIMAL"
    return solver.objective_value / 1e6


def test_pairs_together_leave_empty_seats_out() -> None:
    one = task(7, seed=1)

    number, a, b = pairs_together(one, np.array([[[0, 1, 2, 3], [4, 5, 6, 7]]]))

    assert list(zip(number.tolist(), a.tolist(), b.tolist(), strict=True)) == [
        *((0, x, y) for x, y in combinations(range(4), 2)),
        *((1, x, y) for x, y in combinations(range(4, 7), 2)),
    ]
