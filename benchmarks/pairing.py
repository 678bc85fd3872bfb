"""Exact pairing against rustworkx's blossom algorithm on the same graph, in the same run.

python -m benchmarks.pairing [COUNT ...]      (default 15000 100000; rustworkx is asked up to 20,000)
"""

import sys

import numpy as np
import rustworkx

from benchmarks.measuring import in_own_process, input_profiles, tell
from matching import Profile
from matching.eligibility import Eligibility
from matching.pairing import Floats, Indices, best_pairing
from matching.profiles import in_canonical_order
from matching.similarity import edges_of, nearest_in_other_companies
from matching.vectors import ProfileVectorizer

Graph = tuple[Indices, Indices, Floats]
PEER_UP_TO = 20_000
REPEATS = 3


def graph_of(profiles: list[Profile]) -> Graph:
    """The pairs that a round chooses from: everybody's 11 most similar of other companies."""
    ordered = in_canonical_order(profiles)
    vectors = ProfileVectorizer().fit_transform(ordered).together
    neighbours = nearest_in_other_companies(vectors, Eligibility(ordered).company, 11, n_jobs=2)
    edges = edges_of(neighbours, len(ordered), 0.10)
    return edges.row, edges.column, edges.similarity


def ours(n: int, graph: Graph) -> float:
    a, b, weights = graph
    return float(weights[best_pairing(a, b, weights, np.ones(n, dtype=np.int64))].sum())


def theirs(n: int, graph: Graph) -> float:
    a, b, weights = (column.tolist() for column in graph)
    peer = rustworkx.PyGraph(multigraph=False)
    peer.add_nodes_from(range(n))
    peer.add_edges_from(list(zip(a, b, weights, strict=True)))
    # Its weights are whole numbers: nine digits of the similarity.
    pairs = rustworkx.max_weight_matching(peer, weight_fn=lambda weight: round(weight * 1e9))
    return float(sum(peer.get_edge_data(i, j) for i, j in pairs))


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    n = len(profiles)
    graph = in_own_process(lambda: graph_of(profiles)).answer
    runs = [in_own_process(lambda: ours(n, graph)) for _ in range(REPEATS)]
    median = sorted(run.seconds for run in runs)[REPEATS // 2]
    figures: dict[str, object] = {
        "benchmark": "pairing",
        "input": name,
        "communities": n,
        "edges": len(graph[0]),
        "seconds": round(median, 2),
        "peak_mib": max(run.peak_mib for run in runs),
        "total": round(runs[0].answer, 6),
    }
    if n <= PEER_UP_TO:
        peer = in_own_process(lambda: theirs(n, graph))
        figures |= {
            "rustworkx_seconds": round(peer.seconds, 2),
            "rustworkx_total": round(peer.answer, 6),
            "times_faster": round(peer.seconds / median, 1),
            "total_difference": float(f"{abs(peer.answer - runs[0].answer):.2e}"),
        }
    tell(**figures)


if __name__ == "__main__":
    for asked in [int(argument) for argument in sys.argv[1:]] or [15_000, 100_000]:
        measure(asked)
