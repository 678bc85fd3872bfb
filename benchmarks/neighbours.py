"""The k most similar of other companies against scikit-learn's brute-force NearestNeighbors, in the same run.

    python -m benchmarks.neighbours [COUNT ...]      (default 15000)

The peer has no notion of companies: it is asked for as many neighbours as it needs so that at least 10 of other
companies remain for nine profiles of ten, and only profiles with 10 left are compared. Both get the same vectors.
"""

import sys
import time

import numpy as np
from sklearn.neighbors import NearestNeighbors

from benchmarks.measuring import in_own_process, input_profiles, tell
from matching.eligibility import Eligibility
from matching.profiles import in_canonical_order
from matching.similarity import nearest_in_other_companies
from matching.vectors import ProfileVectorizer

K = 10
REPEATS = 3


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    ordered = in_canonical_order(profiles)
    started = time.perf_counter()
    vectors = ProfileVectorizer().fit_transform(ordered).together
    vector_seconds = time.perf_counter() - started
    company = Eligibility(ordered).company

    def ours(threads: int) -> object:
        found = nearest_in_other_companies(vectors, company, K, n_jobs=threads)
        each = [found.of(row) for row in range(len(ordered))]
        return [(near.column, near.similarity) for near in each]

    def theirs() -> object:
        peer = NearestNeighbors(n_neighbors=3 * K, metric="cosine", algorithm="brute", n_jobs=2).fit(vectors)
        distances, columns = peer.kneighbors(vectors)
        other = company[columns] != company[:, None]
        return [(columns[row][other[row]][:K], 1.0 - distances[row][other[row]][:K]) for row in range(len(ordered))]

    runs = [in_own_process(lambda: ours(2)) for _ in range(REPEATS)]
    single = in_own_process(lambda: ours(1))
    peer = in_own_process(theirs)
    median = sorted(run.seconds for run in runs)[REPEATS // 2]
    # What comes back from the other process is typed as object: lists of (ids, similarities), one a row.
    compared, same, worst = 0, 0, 0.0
    for (my_ids, mine), (its_ids, reference) in zip(runs[0].answer, peer.answer, strict=True):  # type: ignore[call-overload]
        if len(mine) == K and len(reference) == K:
            compared += 1
            # Of several equally similar ones at the end either may be kept: the similarities then still agree.
            same += set(my_ids.tolist()) == set(its_ids.tolist())
            worst = max(worst, float(np.abs(mine - reference).max()))
    tell(
        benchmark="neighbours",
        input=name,
        communities=len(ordered),
        terms_each=round(vectors.nnz / len(ordered), 1),
        vector_seconds=round(vector_seconds, 2),
        seconds=round(median, 2),
        seconds_one_thread=round(single.seconds, 2),
        peak_mib=max(run.peak_mib for run in runs),
        sklearn_seconds=round(peer.seconds, 2),
        sklearn_peak_mib=peer.peak_mib,
        times_faster=round(peer.seconds / median, 1),
        rows_compared=compared,
        rows_with_the_same_ids=same,
        largest_difference=float(f"{worst:.2e}"),
    )


if __name__ == "__main__":
    for asked in [int(argument) for argument in sys.argv[1:]] or [15_000]:
        measure(asked)
