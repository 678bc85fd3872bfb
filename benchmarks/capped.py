"""Pairing with a limit of tandems between two companies against scipy's integer programme, in the same run.

python -m benchmarks.capped [COUNT] [LIMIT] [SECONDS OF THE PEER]      (default 15000 30 120)
"""

import sys

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, vstack

from benchmarks.measuring import in_own_process, input_profiles, tell
from benchmarks.pairing import graph_of
from matching.capped import best_capped_pairing
from matching.eligibility import Eligibility
from matching.pairing import Floats, Indices
from matching.profiles import in_canonical_order

Graph = tuple[Indices, Indices, Floats, Indices, Indices, Indices]


def ours(graph: Graph) -> tuple[float, float]:
    found = best_capped_pairing(*graph)
    return float(graph[2][found.chosen].sum()), found.bound


def theirs(graph: Graph, seconds: float) -> tuple[float, float]:
    a, b, weights, capacities, company_pair, room = graph
    m = len(a)
    column = np.arange(m)
    at_ends = csr_matrix(
        (np.ones(2 * m), (np.concatenate([a, b]), np.concatenate([column, column]))), (len(capacities), m)
    )
    between = csr_matrix((np.ones(m), (company_pair, column)), (len(room), m))
    found = milp(
        -weights,
        constraints=LinearConstraint(vstack([at_ends, between]), ub=np.concatenate([capacities, room])),
        integrality=np.ones(m),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds},
    )
    total = 0.0 if found.x is None else float(weights[found.x > 0.5].sum())
    return total, float("nan") if found.mip_dual_bound is None else -float(found.mip_dual_bound)


def measure(count: int, limit: int, seconds: float) -> None:
    name, profiles = input_profiles(count)
    ordered = in_canonical_order(profiles)
    rules = Eligibility(ordered)
    a, b, weights = in_own_process(lambda: graph_of(profiles)).answer
    names, company_pair = np.unique(rules.company_pair(a, b), return_inverse=True)
    graph = (a, b, weights, np.ones(len(ordered), dtype=np.int64), company_pair, np.full(len(names), limit))
    run = in_own_process(lambda: ours(graph))
    peer = in_own_process(lambda: theirs(graph, seconds))
    (total, bound), (their_total, their_bound) = run.answer, peer.answer
    tell(
        benchmark="capped",
        input=name,
        communities=len(ordered),
        limit=limit,
        total=round(total, 4),
        bound=round(bound, 4),
        gap=round(1 - total / bound, 5),
        seconds=round(run.seconds, 2),
        milp_total=round(their_total, 4),
        milp_bound=round(their_bound, 4),
        milp_seconds=round(peer.seconds, 2),
        share_of_milp=round(total / their_total, 5) if their_total else None,
    )


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    measure(*(given + [15_000, 30, 120][len(given) :]))
