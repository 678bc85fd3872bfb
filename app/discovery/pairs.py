"""Why two communities fit, in words that both of them may read before either knows the other."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import product

import numpy as np

from app.communities.cards import company_words, seen_texts
from app.discovery.index import State
from app.discovery.models import Read
from app.discovery.reading import profile_of
from app.discovery.telling import Telling
from matching.explain import Speaker, told
from matching.profiles import Profile
from matching.related import term_key
from matching.text import TextAnalyzer
from matching.themes import Link, WordKey, counted_language


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
    tellable = _told(state, of_a, b, shared, analyzer) & _told(state, of_b, a, shared, analyzer)
    tellable -= _naming(of_a, a, b, analyzer) | _naming(of_b, a, b, analyzer)
    weights = _weights(state, [term for term in shared if term in tellable], used_by_a, used_by_b)
    speaker_a, speaker_b = Speaker.of(of_a, analyzer), Speaker.of(of_b, analyzer)
    reasons, left = told(speaker_a, speaker_b, _links(weights, speaker_a, speaker_b))
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
) -> dict[str, float]:
    """What each term makes of the similarity, up to a factor that all have in common."""
    df = np.array([len(state.related.rows_with(term_key(term))) for term in terms], dtype=np.float64)
    idf = np.log((1 + len(state.related)) / (1 + df)) + 1.0
    frequency = np.array([(1 + np.log(used_by_a[term])) * (1 + np.log(used_by_b[term])) for term in terms])
    return dict(zip(terms, (frequency * idf * idf).tolist(), strict=True))


def _links(weights: Mapping[str, float], a: Speaker, b: Speaker) -> dict[Link, float]:
    """The same for the words of both sides: here a term is one in whatever language a passage was read."""
    words_a, words_b = _words_by_term(a), _words_by_term(b)
    links: dict[Link, float] = {}
    for term, weight in weights.items():
        pairs = list(product(words_a[term], words_b[term]))
        links |= dict.fromkeys(pairs, weight / len(pairs))
    return links


def _words_by_term(speaker: Speaker) -> dict[str, list[WordKey]]:
    found: dict[str, dict[WordKey, None]] = {}
    for part in speaker.analyzed.parts:
        for word in part.words:
            found.setdefault(word.term, {})[counted_language(part.language), word.term] = None
    return {term: list(words) for term, words in found.items()}
