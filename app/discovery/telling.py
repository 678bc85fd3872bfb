"""Which words of a community may count, and be told, with which communities of others.

A masked text must not answer the question "does it hold this word?". So a word counts with a community only when its
card shows the word, or when communities of at least two other companies use it: then it tells no one of them. What a
word stands for in the pivot language is asked about like a word.
"""

from collections.abc import Mapping

import numpy as np

from app.discovery.index import Mask, Rows, State
from app.discovery.meanings import Sense
from matching.related import TermCounts

_COMPANIES_OF_A_COMMON_WORD = 2
# So many rows nearly always show two companies already.
_A_LOOK = 512


class Telling:
    """What the terms of one profile may tell to its company."""

    def __init__(self, state: State, company_id: str, senses: Mapping[int, Sense]) -> None:
        """senses : of the profile, by their keys."""
        self._state = state
        self._own = state.companies.index(company_id) if company_id in state.companies else -1
        self._senses = senses
        self._common: dict[int, bool] = {}

    def counted(self, terms: TermCounts) -> Mask:
        """(terms,) those that count with everybody."""
        return np.array([self.is_common(key) for key in terms.keys.tolist()], dtype=np.bool_)

    def only_with(self, terms: TermCounts) -> Mapping[int, Rows]:
        """For the other terms the rows whose card shows them; terms that no card shows are absent."""
        shown = {key: self._rows_showing(key) for key in terms.keys.tolist() if not self.is_common(key)}
        return {key: rows for key, rows in shown.items() if len(rows)}

    def is_common(self, key: int) -> bool:
        """Whether communities of at least two other companies use the term."""
        known = self._common.get(key)
        if known is None:
            rows = self._state.related.rows_with(key)
            known = self._common[key] = self._of_others(rows[:_A_LOOK]) or self._of_others(rows)
        return known

    def _of_others(self, rows: Rows) -> bool:
        companies = np.unique(self._state.company_of[rows])
        return int(np.count_nonzero(companies != self._own)) >= _COMPANIES_OF_A_COMMON_WORD

    def _rows_showing(self, key: int) -> Rows:
        by_stem = self._state.vocabulary.words.by_stem
        rows = [self._state.words.of(number) for stem in self._stems(key) for number in by_stem.get(stem, ())]
        return np.unique(np.concatenate(rows)) if rows else self._state.related.rows_with(0)[:0]

    def _stems(self, key: int) -> list[str]:
        """The stems of the words on a card that show a sense: its own, and those of other languages that mean it."""
        sense = self._senses.get(key)
        if sense is None:
            return []
        meaning = () if sense.is_native else self._state.dictionary.standing_for(sense.term)
        return [sense.term, *(term for term, _ in meaning)]
