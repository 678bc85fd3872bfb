"""Why two communities fit, in words that both of them may read before either knows the other."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.communities.cards import company_words, seen_texts
from app.discovery.index import State
from app.discovery.models import Read
from app.discovery.reading import profile_of
from app.discovery.telling import Telling
from matching.explain import PairExplainer
from matching.profiles import Profile
from matching.related import term_key
from matching.text import TextAnalyzer


class _Vectors(NamedTuple):
    """Two rows as the explainer reads them; made by hand, for an API process does without SciPy."""

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int64]
    data: npt.NDArray[np.float64]


def told_to_both(state: State, one: Read, other: Read) -> tuple[list[dict[str, object]], float]:
    """At most three reasons as suggestions store them, side a the one with the smaller id, and what they leave over.

    A word is told when discovery would tell it to either side: it stands on the other's card, or communities of two
    further companies use it. So neither learns of the other's text what it could not have found.
    """
    a, b = sorted((one, other), key=lambda community: community.id)
    analyzer = TextAnalyzer()
    of_a, of_b = _profile(a), _profile(b)
    used_by_a, used_by_b = Counter(analyzer.terms(of_a)), Counter(analyzer.terms(of_b))
    shared = sorted(used_by_a.keys() & used_by_b.keys())
    told = _told(state, of_a, b, shared, analyzer) & _told(state, of_b, a, shared, analyzer)
    told -= _naming(of_a, a, b, analyzer) | _naming(of_b, a, b, analyzer)
    terms = [term for term in shared if term in told]
    weights = _weights(state, terms, used_by_a, used_by_b)
    numbers = np.arange(len(terms), dtype=np.int64)
    # What counts is the product of the two rows: all of it stands in the first.
    vectors = _Vectors(
        np.array([0, len(terms), 2 * len(terms)], dtype=np.int64),
        np.concatenate([numbers, numbers]),
        np.concatenate([weights, np.ones(len(terms))]),
    )
    reasons, left = PairExplainer([of_a, of_b], vectors, terms, analyzer).reasons(0, 1)
    return [reason.as_record() for reason in reasons], round(left, 4)


def _profile(community: Read) -> Profile:
    return replace(profile_of(community), withheld=(community.company_name,))


def _told(state: State, own: Profile, partner: Read, shared: list[str], analyzer: TextAnalyzer) -> set[str]:
    """Those of these terms that discovery tells the company of `own` about the partner."""
    telling, on_card = Telling(state, own, analyzer), analyzer.terms_in_any_language(seen_texts(partner))
    return {term for term in shared if term in on_card or telling.is_common(term_key(term))}


def _naming(profile: Profile, a: Read, b: Read, analyzer: TextAnalyzer) -> Set[str]:
    """Terms for which a profile uses a word of either company's name."""
    names = [company_words(community.company_name) for community in (a, b)]
    words = [word for passage in analyzer.analyze(profile).passages for word in passage]
    return {word.term for word in words if any(name.mentioned_in(word.surface) for name in names)}


def _weights(
    state: State, terms: list[str], used_by_a: Mapping[str, int], used_by_b: Mapping[str, int]
) -> npt.NDArray[np.float64]:
    """What each term makes of the similarity, up to a factor that all have in common."""
    df = np.array([len(state.related.rows_with(term_key(term))) for term in terms], dtype=np.float64)
    idf = np.log((1 + len(state.related)) / (1 + df)) + 1.0
    frequency = np.array([(1 + np.log(used_by_a[term])) * (1 + np.log(used_by_b[term])) for term in terms])
    weights: npt.NDArray[np.float64] = frequency.astype(np.float64) * idf * idf
    return weights
