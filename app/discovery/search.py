"""Search by words: which rows of the index a query finds, how well, and which words were taken for misspelt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from app.communities.cards import CompanyWords, any_mentioned
from app.discovery.index import Mask, State
from app.discovery.meanings import Reader
from app.discovery.vocabulary import TRANSLATED, Forms
from matching.profiles import Profile
from matching.text import TextAnalyzer

# More words than anybody types; bounds the work of one request.
MAX_WORDS = 16
# Of a score that is how much of the query is found, the rest how much else there is.
_FOUND = 0.8

Levels = npt.NDArray[np.int64]


@dataclass(slots=True)
class Hits:
    """How well each row is found, in hundredths; and for misspelt words the words they were taken for."""

    levels: Levels
    corrections: dict[str, list[str]] = field(default_factory=dict)
    forms: set[int] = field(default_factory=set)
    """Numbers of all words that were looked for."""


def search(state: State, query: str, allowed: Mask, names: Sequence[CompanyWords]) -> Hits:
    """Rows among the allowed ones that have a word of the query on their card.

    A word is looked for in its forms (German and English), as a part of a compound, and by what it is called in the
    other language; only a word that finds nothing so is taken for misspelt. Never corrected to a word of a company's
    name. Only allowed rows count for anything, also for what is taken for misspelt: the answer
    must not tell which words stand on cards that the viewer does not see.
    """
    reader = Reader(state.dictionary)
    words = _words(query, reader.analyzer)
    hits = Hits(np.zeros(len(state), dtype=np.int64))
    covered, matched, total = np.zeros(len(state)), np.zeros(len(state)), 0.0
    population = int(allowed.sum())
    for word, written in words.items():
        forms = state.vocabulary.forms(word, reader)
        best = _best(state, forms, allowed)
        if not best.any():
            forms = Forms(_corrected(state, word, allowed, names, reader))
            hits.corrections[written] = [state.vocabulary.words.texts[number] for number in forms.worth]
            best = _best(state, forms, allowed)
        if not best.any():
            forms = Forms(state.vocabulary.parts(word))
            best = _best(state, forms, allowed)
        hits.forms |= forms.numbers
        weight = float(np.log((1 + population) / (1 + np.count_nonzero(best))) + 1.0)
        covered += weight * best
        matched += best > 0
        total += weight
    if total > 0:
        coverage = covered / total
        share = np.minimum(matched / np.maximum(state.words_each, 1), 1.0)
        score = coverage * (_FOUND + (1 - _FOUND) * share)
        # Whatever is found is found: never cut to nothing.
        hits.levels = np.where(matched > 0, np.maximum(np.rint(score * 100), 1), 0).astype(np.int64)
    return hits


def _best(state: State, forms: Forms, allowed: Mask) -> npt.NDArray[np.float64]:
    """The worth of the best form that each row has."""
    best, together = np.zeros(len(state)), np.zeros(len(state))
    for number, worth in forms.worth.items():
        rows = state.words.of(number)
        best[rows] = np.maximum(best[rows], worth)
    for worth, numbers in forms.meanings:
        if numbers:
            together[np.unique(np.concatenate([state.words.of(number) for number in numbers]))] += worth
    return np.where(allowed, np.maximum(best, np.minimum(together, TRANSLATED)), 0.0)


def _corrected(
    state: State,
    word: str,
    allowed: Mask,
    names: Sequence[CompanyWords],
    reader: Reader,
) -> dict[int, float]:
    """Forms of the nearest word on an allowed card, itself first; of equally near ones that of most cards."""
    numbers = state.vocabulary.words.numbers
    near = [
        (edits, -int(np.count_nonzero(allowed[state.words.of(numbers[text])])), text)
        for edits, text in state.vocabulary.near(word)
        if not any_mentioned(names, text)
    ]
    there = sorted(one for one in near if one[1] < 0)
    if not there:
        return {}
    family = state.vocabulary.family(there[0][2], reader)
    return dict(sorted(family.items(), key=lambda form: -form[1]))


def _words(query: str, analyzer: TextAnalyzer) -> dict[str, str]:
    """The words of a query that carry a theme, folded, each as it was written."""
    words: dict[str, str] = {}
    for passage in analyzer.analyze(Profile(id="query", company="query", name=query)).passages:
        for word in passage:
            words.setdefault(word.surface.casefold(), word.surface)
    return dict(islice(words.items(), MAX_WORDS))
