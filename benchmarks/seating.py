"""Seating a meetup against chance, a greedy seating and CP-SAT, in the same run.

python -m benchmarks.seating [PEOPLE] [ROTATIONS] [SECONDS OF CP-SAT]      (default 200 4 0: CP-SAT does not run)
python -m benchmarks.seating golf [PEOPLE] [ROTATIONS]                     (default 16 5: everybody meets once)

People are drawn from the profiles of `DATA=FOLDER`, else made by the generator: a text each, a fifth of it wanted
and a fifth shown, companies of uneven size, German, English or both. CP-SAT has our seating as a hint, and
looks at seatings without any fault: its bound is what none of them can reach.
"""

import sys
from itertools import combinations

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from benchmarks.measuring import in_own_process, input_profiles, tell
from matching import Attendee, SeatingPlanner
from matching.evening import evened
from matching.grouping import (
    Indices,
    Task,
    faults,
    least_repeated,
    least_same_company,
    similarities_of_groups,
    similarities_of_people,
    total_similarity,
)
from matching.profiles import Profile
from matching.regrouping import greedy_seating, searched

_COMPANIES = 20
_SEED = 7


def attendees(profiles: list[Profile], count: int) -> list[Attendee]:
    """So many people, each with the text of one of the profiles; the same each time."""
    rng = np.random.default_rng(_SEED)
    drawn = rng.choice(len(profiles), size=count, replace=False).tolist()
    sizes = 1.0 / np.arange(1, _COMPANIES + 1) ** 0.5
    company = rng.choice(_COMPANIES, size=count, p=sizes / sizes.sum()).tolist()
    spoken = [(("de",), ("en",), ("de", "en"), ("de", "en"))[one] for one in rng.integers(0, 4, size=count)]
    people = []
    for number, at in enumerate(drawn):
        words = profiles[at].description.split()[:60]
        fifth = max(1, len(words) // 5)
        people.append(
            Attendee(
                id=f"p{number:04d}",
                company=f"c{company[number]:02d}",
                themes=(profiles[at].name, *profiles[at].tags, " ".join(words[2 * fifth :])),
                learn=(" ".join(words[:fifth]),),
                show=(" ".join(words[fifth : 2 * fifth]),),
                languages=spoken[number],
            )
        )
    return people


def at_random(task: Task) -> Indices:
    rng = np.random.default_rng(_SEED)
    seats = np.full((task.rotations, task.groups, task.seats), task.people)
    for rotation in seats:
        order = rng.permutation(task.people)
        for group, size in enumerate(task.sizes):
            rotation[group, :size], order = order[:size], order[size:]
    return seats


def judged(task: Task, seating: Indices) -> dict[str, object]:
    """What is told of one seating."""
    counted = faults(task, seating)
    told = task.similarity.any(axis=1)
    pairs = task.rotations * sum(size * (size - 1) // 2 for size in task.sizes)
    return {
        "similarity": round(total_similarity(task, seating) / pairs, 5),
        "without_language": counted.without_language,
        "repeated": counted.repeated,
        "same_company": counted.same_company,
        "worst_group": round(float(similarities_of_groups(task, seating).min()), 4),
        "worst_person": round(float(similarities_of_people(task, seating)[told].min(initial=1.0)), 4),
    }


def proven(task: Task, hint: Indices, seconds: float) -> tuple[str, float, float]:
    """What CP-SAT says of the most similarity without any fault: status, total and bound.

    Every group without a fault is a variable of each rotation, and nobody meets anybody twice. The bound is the lower
    one of CP-SAT's and of HiGHS', which looks at all rotations together: so many groups for each person.
    """
    groups = [group for size in sorted(set(task.sizes)) for group in combinations(range(task.people), size)]
    groups = [group for group in groups if _without_fault(task, group)]
    pairs_of = [list(combinations(group, 2)) for group in groups]
    value = [round(1e6 * sum(float(task.similarity[a, b]) for a, b in pairs)) for pairs in pairs_of]
    model = cp_model.CpModel()
    meets = [[model.new_bool_var("") for _ in groups] for _ in range(task.rotations)]
    with_pair: dict[tuple[int, int], list[cp_model.IntVar]] = {}
    for rotation, seats in zip(meets, hint.tolist(), strict=True):
        hinted = {tuple(sorted(at for at in group if at < task.people)) for group in seats}
        for variable, group, pairs in zip(rotation, groups, pairs_of, strict=True):
            model.add_hint(variable, group in hinted)
            for pair in pairs:
                with_pair.setdefault(pair, []).append(variable)
        for at in range(task.people):
            model.add_exactly_one(one for one, group in zip(rotation, groups, strict=True) if at in group)
    for variables in with_pair.values():
        model.add_at_most_one(variables)
    model.maximize(sum(worth * one for rotation in meets for worth, one in zip(value, rotation, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.status_name(solver.solve(model))
    bound = min(solver.best_objective_bound, _together(task, groups, value))
    return status, solver.objective_value / 1e6, bound / 1e6


def _without_fault(task: Task, group: tuple[int, ...]) -> bool:
    spoken = np.bitwise_and.reduce(task.languages[list(group)])
    apart = task.same_company | task.apart | task.met
    return bool(spoken) and not any(apart[a, b] for a, b in combinations(group, 2))


def _together(task: Task, groups: list[tuple[int, ...]], value: list[int]) -> float:
    """The most that so many groups for each person are worth, no pair in two, however they fall into rotations."""
    number = {pair: at for at, pair in enumerate(combinations(range(task.people), 2))}
    seats = [(at, column) for column, group in enumerate(groups) for at in group]
    pairs = [(number[pair], column) for column, group in enumerate(groups) for pair in combinations(group, 2)]
    found = milp(
        -np.array(value, dtype=np.float64),
        constraints=[
            LinearConstraint(_ones(seats, (task.people, len(groups))), task.rotations, task.rotations),
            LinearConstraint(_ones(pairs, (len(number), len(groups))), 0, 1),
        ],
        integrality=np.ones(len(groups)),
        bounds=Bounds(0, 1),
        options={"time_limit": 120},
    )
    return float(-found.mip_dual_bound)


def _ones(at: list[tuple[int, int]], shape: tuple[int, int]) -> csr_matrix:
    rows, columns = zip(*at, strict=True)
    return csr_matrix((np.ones(len(at)), (rows, columns)), shape=shape)


def measure(count: int, rotations: int, seconds: float) -> None:
    name, profiles = input_profiles(count)
    people = attendees(profiles, count)
    run = in_own_process(lambda: SeatingPlanner(rotations=rotations).fit(people).figures_)
    task = SeatingPlanner(rotations=rotations).prepare(people).task
    before = searched(task, 1.0, lambda _: None)
    greedy = in_own_process(lambda: greedy_seating(task))
    figures, mine, theirs = run.answer, judged(task, before), judged(task, greedy.answer)
    told: dict[str, object] = {}
    if seconds and not any(faults(task, before)):
        status, total, bound = proven(task, before, seconds)
        reached = total_similarity(task, evened(task, before))
        told = {
            "cp_sat": status,
            "cp_sat_seconds": seconds,
            "share_of_cp_sat": round(reached / total, 4),
            "share_of_bound": round(reached / bound, 4),
        }
    tell(
        benchmark="seating",
        input=name,
        people=count,
        rotations=rotations,
        seconds=round(run.seconds, 2),
        cpu_seconds=round(run.cpu_seconds, 2),
        peak_mib=run.peak_mib,
        times_random=round(figures.mean_similarity / figures.random_similarity, 3),
        times_greedy=round(total_similarity(task, evened(task, before)) / total_similarity(task, greedy.answer), 3),
        least_repeated=least_repeated(task),
        least_same_company=least_same_company(task),
        searched=mine,
        evened=judged(task, evened(task, before)),
        greedy=theirs,
        random=judged(task, at_random(task)),
        **told,
    )


def golf(count: int, rotations: int) -> None:
    people = [Attendee(f"p{number:03d}", f"c{number:03d}") for number in range(count)]
    run = in_own_process(lambda: SeatingPlanner(rotations=rotations).fit(people).figures_)
    tell(
        benchmark="seating golf",
        people=count,
        rotations=rotations,
        repeated=run.answer.repeated_pairs,
        least_repeated=run.answer.least_repeated_pairs,
        seconds=round(run.seconds, 2),
        cpu_seconds=round(run.cpu_seconds, 2),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["golf"]:
        given = [int(argument) for argument in sys.argv[2:]]
        golf(*(given + [16, 5][len(given) :]))
    else:
        given = [int(argument) for argument in sys.argv[1:]]
        measure(*(given + [200, 4, 0][len(given) :]))
