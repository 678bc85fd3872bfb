"""Why two communities fit, in words that both of them may read before either knows the other."""

from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import product

import numpy as np

from app.communities.cards import company_words, seen_texts
from app.discovery.index import State
from app.discovery.meanings import Reader, Sense
from app.discovery.models import Read
from app.discovery.reading import profile_of
from app.discovery.telling import Telling
from matching.explain import Speaker, told
from matching.profiles import Profile
from matching.themes import Link, WordKey, counted_language

Uses = Mapping[Sense, Mapping[WordKey, float]]
"""For each sense the words that a profile has for it, and how much of it each makes."""


def told_to_both(state: State, one: Read, other: Read) -> tuple[list[dict[str, object]], float]:
    """At most three reasons as suggestions store them, side a the one with the smaller id, and what they leave over.

    A word is told when discovery would tell what it stands for to either side: it is on the other's card, or
    communities of two further companies use it. So neither learns of the other's text what it could not have found;
    each side reads the words that the two of them wrote.
    """
    a, b = sorted((one, other), key=lambda community: community.id)
    reader = Reader(state.dictionary)
    of_a, of_b = _profile(a), _profile(b)
    uses_a, uses_b = _uses(of_a, a, reader), _uses(of_b, b, reader)
    shared = sorted(uses_a.keys() & uses_b.keys())
    tellable = _told(state, a, b, shared, reader) & _told(state, b, a, shared, reader)
    tellable -= _naming(of_a, a, b, reader) | _naming(of_b, b, a, reader)
    links = _links(state, [sense for sense in shared if sense in tellable], uses_a, uses_b)
    reasons, left = told(Speaker.of(of_a, reader.analyzer), Speaker.of(of_b, reader.analyzer), links)
    return [reason.as_record() for reason in reasons], round(left, 4)


def _profile(community: Read) -> Profile:
    return replace(profile_of(community), withheld=(community.company_name,))


def _uses(profile: Profile, community: Read, reader: Reader) -> Uses:
    found: dict[Sense, dict[WordKey, float]] = {}
    for word in reader.words(profile):
        key = counted_language(word.language), word.term
        for sense, share in reader.senses(word, community.company_name).items():
            words = found.setdefault(sense, {})
            words[key] = words.get(key, 0.0) + share
    return found


def _told(state: State, own: Read, partner: Read, shared: list[Sense], reader: Reader) -> set[Sense]:
    """Those of these senses that discovery tells the company of `own` about the partner."""
    telling = Telling(state, own.company_id, {sense.key: sense for sense in shared})
    on_card = reader.keys_in_any_language(seen_texts(partner))
    return {sense for sense in shared if sense.key in on_card or telling.is_common(sense.key)}


def _naming(profile: Profile, own: Read, partner: Read, reader: Reader) -> Set[Sense]:
    """Senses for which a profile uses a word of either company's name, in whatever language."""
    names = [company_words(community.company_name) for community in (own, partner)]
    named = reader.keys_in_any_language([own.company_name, partner.company_name])
    found: set[Sense] = set()
    for word in reader.words(profile):
        senses = reader.senses(word, own.company_name)
        if any(name.mentioned_in(word.surface) for name in names):
            found.update(senses)
        found.update(sense for sense in senses if sense.key in named)
    return found


def _links(state: State, senses: list[Sense], uses_a: Uses, uses_b: Uses) -> dict[Link, float]:
    """What each word of one side makes of the similarity with each of the other, up to a factor that all have in
    common."""
    links: dict[Link, float] = {}
    for sense in senses:
        of_a, of_b = uses_a[sense], uses_b[sense]
        uses = sum(of_a.values()), sum(of_b.values())
        idf = np.log((1 + len(state.related)) / (1 + len(state.related.rows_with(sense.key)))) + 1
        weight = float(np.prod([1 + np.log(max(one, 1.0)) for one in uses]) * idf**2)
        for (mine, my_share), (theirs, their_share) in product(of_a.items(), of_b.items()):
            part = weight * my_share * their_share / (uses[0] * uses[1])
            links[mine, theirs] = links.get((mine, theirs), 0.0) + part
    return links
