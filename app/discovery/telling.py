"""Which words of a community may count, and be told, with which communities of others.

A masked text must not answer the question "does it hold this word?". So a word counts with a community only when its
card shows the word, or when communities of at least two other companies use it: then it tells no one of them.
"""

from collections.abc import Mapping

import numpy as np

from app.discovery.index import Mask, Rows, State
from matching.profiles import Profile
from matching.related import TermCounts, term_key
from matching.text import TextAnalyzer

_COMPANIES_OF_A_COMMON_WORD = 2
# So many rows nearly always show two companies already.
_A_LOOK = 512


class Telling:
    """What the terms of one profile may tell to its company."""

    def __init__(self, state: State, profile: Profile, analyzer: TextAnalyzer) -> None:
        self._state = state
        self._own = state.companies.index(profile.company) if profile.company in state.companies else -1
        self._stems = {term_key(term): term for term in analyzer.terms(profile)}
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
        words = self._state.vocabulary.words.by_stem.get(self._stems.get(key, ""), [])
        rows = [self._state.words.of(number) for number in words]
        return np.unique(np.concatenate(rows)) if rows else self._state.related.rows_with(0)[:0]
