"""One in-memory index a process: loaded at the first question, then kept up to date by a thread of its own.

NumPy only: the engine's heavier libraries would cost each API process a second and 100 MiB.
"""

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import structlog
from sqlmodel import Session

from app.communities.handles import Blocks, block_of
from app.core.database import Database
from app.core.errors import Problem
from app.core.i18n import mark
from app.discovery import queries
from app.discovery.meanings import Dictionary, are_native, dictionary_in_use
from app.discovery.reading import COUNT, KEY
from app.discovery.vocabulary import Vocabulary, Words
from matching.related import Counts, Keys, RelatedIndex, TermCounts

log = structlog.get_logger()

# A change is to be seen within a minute, and looking for changes is to take at most a twentieth of the time.
SHORTEST_PAUSE, LONGEST_PAUSE, SHARE = 2.0, 25.0, 0.05
LOAD_SECONDS = 10.0

Scalar = TypeVar("Scalar", bound=np.generic)
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class IndexLoading(Problem):
    status = 503
    slug = "index-loading"
    title = mark("The index is still loading")
    detail = mark("This process has only just started and is still reading what can be found. Ask again in a moment.")
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Ragged(Generic[Scalar]):
    """Several values a row, one row after the other."""

    lengths: npt.NDArray[np.int64]
    values: npt.NDArray[Scalar]

    def then(self, more: "Ragged[Scalar]", kept: Mask) -> "Ragged[Scalar]":
        """The kept rows, followed by more."""
        mine = self.values[np.repeat(kept, self.lengths)]
        return Ragged(np.concatenate([self.lengths[kept], more.lengths]), np.concatenate([mine, more.values]))


@dataclass(frozen=True, slots=True)
class Entries:
    """What is known of the communities that can be found, row by row."""

    ids: list[str]
    companies: list[str]
    made_from: list[tuple[int, str]]
    blocks: Blocks
    keys: Ragged[np.uint64]
    counts: npt.NDArray[np.uint16]
    words: Ragged[np.int32]
    facets: Ragged[np.int32]


class Postings:
    """For each number the rows that have it."""

    def __init__(self, values: Ragged[np.int32]) -> None:
        rows = np.repeat(np.arange(len(values.lengths), dtype=np.int32), values.lengths)
        order = np.argsort(values.values, kind="stable")
        self._rows = rows[order]
        size = int(values.values.max()) + 1 if len(values.values) else 0
        self._starts = np.append(0, np.cumsum(np.bincount(values.values, minlength=size)))

    def of(self, number: int) -> Rows:
        if number + 1 >= len(self._starts):
            return self._rows[:0]
        return self._rows[self._starts[number] : self._starts[number + 1]]


class State:
    """The index as it is at one moment; never changed, so that a request reads one whole."""

    def __init__(self, entries: Entries, words: Words, facets: Mapping[str, int], dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.ids = entries.ids
        self.made_from = entries.made_from
        """Of each row the community's version and its company's name."""
        self.row_of = {community_id: row for row, community_id in enumerate(entries.ids)}
        self.companies = sorted(set(entries.companies))
        number_of = {company_id: number for number, company_id in enumerate(self.companies)}
        self.company_of = np.array([number_of[company_id] for company_id in entries.companies], dtype=np.int32)
        self.blocks = entries.blocks
        self.related = RelatedIndex().fit(entries.keys.lengths, entries.keys.values, entries.counts)
        self.native = self._native_shares(entries)
        """(n,) how much of each row is in a language of its own: 0 in the pivot language, else about a half."""
        self.vocabulary = Vocabulary.of(words)
        self.words = Postings(entries.words)
        self.words_each = entries.words.lengths
        self._facets = Postings(entries.facets)
        self._facet_numbers = facets

    def __len__(self) -> int:
        return len(self.ids)

    def of_companies(self, companies: frozenset[str]) -> Mask:
        """Which rows belong to these companies."""
        wanted = np.array([company_id in companies for company_id in self.companies], dtype=bool)
        return wanted[self.company_of] if len(self) else np.zeros(0, dtype=bool)

    def native_share(self, terms: TermCounts, counted: Mask) -> float:
        """The same of a profile, as though it took part; terms that do not count are what nobody else uses."""
        rows = np.array([len(self.related.rows_with(key)) for key in terms.keys.tolist()], dtype=np.int64)
        squares = self._squares(np.where(counted, np.maximum(rows, 1), 1), terms.counts)
        total = float(squares.sum())
        return float(squares[are_native(terms.keys)].sum()) / total if total else 0.0

    def _native_shares(self, entries: Entries) -> Floats:
        keys, n = entries.keys.values, len(entries.keys.lengths)
        squares = self._squares(self._rows_with_each(keys), entries.counts)
        row = np.repeat(np.arange(n), entries.keys.lengths)
        native, total = (
            np.bincount(row, weights, minlength=n) for weights in (np.where(are_native(keys), squares, 0.0), squares)
        )
        shares: Floats = np.divide(native, total, out=np.zeros(n), where=total > 0)
        return shares

    def _rows_with_each(self, keys: Keys) -> npt.NDArray[np.int64]:
        return self.related.df_[np.searchsorted(self.related.terms_, keys)]

    def _squares(self, rows: npt.NDArray[np.int64], counts: Counts) -> Floats:
        """What each term of a profile makes of its squared length, by the rows that have it."""
        weights: Floats = (1 + np.log(np.maximum(counts, 1))) * (np.log((1 + len(self)) / (1 + rows)) + 1)
        return weights * weights

    def with_facet(self, facet: str) -> Mask:
        """Which rows have a facet."""
        mask = np.zeros(len(self), dtype=bool)
        number = self._facet_numbers.get(facet)
        if number is not None:
            mask[self._facets.of(number)] = True
        return mask


class DiscoveryIndex:
    """The index of this process. `current` is for requests, `refresh` for its thread and for tests."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._state: State | None = None
        self._loaded = threading.Event()
        self._stopping = threading.Event()
        self._refreshing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._extent = queries.Extent(0, 0)
        self._dictionary: Dictionary | None = None
        self._words = Words()
        self._facets: dict[str, int] = {}
        self._entries = _read(iter(()), self._words, self._facets)[1]

    def current(self) -> State:
        """The present state; the first question starts the loading and waits for it. Raises IndexLoading."""
        if self._state is None or self._thread is None:
            self._start()
            self._loaded.wait(LOAD_SECONDS)
        if self._state is None:
            raise IndexLoading
        return self._state

    def refresh(self, session: Session) -> bool:
        """Take over what has been stored since; whether there was anything."""
        with self._refreshing:
            extent = queries.extent(session)
            if self._state is not None and extent == self._extent:
                return False
            replaced, more = _read(queries.entries_after(session, self._extent.seq), self._words, self._facets)
            gone = replaced
            there = [one for one in self._entries.ids if one not in replaced]
            if len(there) + len(more.ids) != extent.entries:
                # Communities that were erased took their entries along.
                present = queries.entry_ids(session)
                gone = replaced | {one for one in there if one not in present}
            self._entries = _joined(self._entries, more, gone)
            self._extent = queries.Extent(extent.seq, len(self._entries.ids))
            # Read here, in the thread that loads, and not when an application is made.
            self._dictionary = self._dictionary or dictionary_in_use()
            self._state = State(self._entries, self._words, dict(self._facets), self._dictionary)
            self._loaded.set()
            return True

    def stop(self) -> None:
        """End the thread, if one runs, and wait for it."""
        self._stopping.set()
        with self._starting:
            if self._thread is not None:
                self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._keep, name="discovery", daemon=True)
                self._thread.start()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            started = time.perf_counter()
            try:
                with self.database.reader() as session:
                    self.refresh(session)
            except Exception as error:
                # Most likely the database is away; what is known stays of use meanwhile.
                log.warning("discovery_not_refreshed", exc_info=error)
            spent = time.perf_counter() - started
            self._stopping.wait(min(max(spent * (1 / SHARE - 1), SHORTEST_PAUSE), LONGEST_PAUSE))


def _read(rows: Iterator[Sequence[object]], words: Words, facets: dict[str, int]) -> tuple[set[str], Entries]:
    """Ids of all rows, and what is known of those that can be found."""
    replaced: set[str] = set()
    ids: list[str] = []
    companies: list[str] = []
    made_from: list[tuple[int, str]] = []
    keys: list[bytes] = []
    counts: list[bytes] = []
    word_lists: list[list[int]] = []
    facet_lists: list[list[int]] = []
    for community_id, company_id, version, company_name, hidden, term_keys, term_counts, seen, facet_texts in rows:
        replaced.add(str(community_id))
        if hidden:
            continue
        ids.append(str(community_id))
        companies.append(str(company_id))
        made_from.append((int(str(version)), sys.intern(str(company_name))))
        keys.append(_bytes(term_keys))
        counts.append(_bytes(term_counts))
        word_lists.append([words.number(word) for word in str(seen).split()])
        facet_lists.append([facets.setdefault(one, len(facets)) for one in str(facet_texts).split()])
    lengths = np.array([len(one) // KEY.itemsize for one in keys], dtype=np.int64)
    return replaced, Entries(
        ids,
        companies,
        made_from,
        np.frombuffer(b"".join(map(block_of, ids)), dtype=np.uint8).reshape(-1, 16),
        Ragged(lengths, np.frombuffer(b"".join(keys), dtype=KEY).astype(np.uint64)),
        np.frombuffer(b"".join(counts), dtype=COUNT).astype(np.uint16),
        _ragged(word_lists),
        _ragged(facet_lists),
    )


def _joined(entries: Entries, more: Entries, gone: set[str]) -> Entries:
    kept = np.array([one not in gone for one in entries.ids], dtype=bool)

    def both(old: list[str], new: list[str]) -> list[str]:
        return [one for one, stays in zip(old, kept.tolist(), strict=True) if stays] + new

    made_from = [one for one, stays in zip(entries.made_from, kept.tolist(), strict=True) if stays]
    return Entries(
        both(entries.ids, more.ids),
        both(entries.companies, more.companies),
        made_from + more.made_from,
        np.concatenate([entries.blocks[kept], more.blocks]),
        entries.keys.then(more.keys, kept),
        Ragged(entries.keys.lengths, entries.counts).then(Ragged(more.keys.lengths, more.counts), kept).values,
        entries.words.then(more.words, kept),
        entries.facets.then(more.facets, kept),
    )


def _ragged(lists: list[list[int]]) -> Ragged[np.int32]:
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    values = np.fromiter((value for one in lists for value in one), dtype=np.int32, count=int(lengths.sum()))
    return Ragged(lengths, values)


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | memoryview)  # noqa: S101  PostgreSQL's driver may hand out either
    return bytes(value)
