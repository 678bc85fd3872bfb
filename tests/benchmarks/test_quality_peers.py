import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality_peers import Beside, Comparison, Floats, Indices, greedy_pairs, numbered, plain, ranking


def compared(similarities: Floats) -> Comparison:
    """A comparison that finds just these similarities."""
    return Comparison(similarities, np.eye(len(similarities)))


def greedy_by_hand(similarities: Floats, houses: Indices) -> list[tuple[int, int]]:
    mean = (similarities + similarities.T) / 2
    pairs = [(a, b) for a, b in itertools.combinations(range(len(houses)), 2) if houses[a] != houses[b]]
    taken: set[int] = set()
    chosen = []
    for a, b in sorted(pairs, key=lambda pair: (-mean[pair], pair)):
        if mean[a, b] > 0 and not taken & {a, b}:
            taken |= {a, b}
            chosen.append((a, b))
    return chosen


@pytest.mark.parametrize("seed", range(8))
def test_greedy_pairs_are_those_of_a_sorted_list_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Few are remembered, so that some have to be compared with all again; few values, so that many are equal.
    monkeypatch.setattr("benchmarks.quality_peers._REMEMBERED", 2)
    chance = np.random.default_rng(seed)
    similarities = chance.integers(-1, 5, size=(30, 30)) / 4.0
    houses = chance.integers(0, 4, size=30)

    assert greedy_pairs(compared(similarities), houses) == greedy_by_hand(similarities, houses)


def test_a_ranking_names_other_houses_only_the_best_first() -> None:
    similarities = np.array([[1.0, 0.9, 0.2, 0.4], [0.9, 1.0, 0.0, 0.1], [0.2, 0.0, 1.0, 0.3], [0.4, 0.1, 0.3, 1.0]])

    found = [best.tolist() for _, best, _ in ranking(compared(similarities), numbered(["a", "a", "b", "c"]))]

    assert found == [[3, 2], [3], [3, 0], [0, 2, 1]]


def test_equal_texts_are_as_similar_as_can_be_to_the_plain_peer(tmp_path: Path) -> None:
    found = plain(["rowing on the lake", "chess", "rowing on the lake"], Beside(folder=tmp_path)).rows(0, 1)[0]

    assert found.tolist() == pytest.approx([1.0, 0.0, 1.0])
