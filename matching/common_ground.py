"""What the people of a group have in common, in words that one of them wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.explain import PairExplainer, ReasonKind
from matching.profiles import Field, Profile
from matching.reading import AnalyzedProfile
from matching.themes import spelt
from matching.vectors import ProfileVectors

MAX_SHARED = 3

# Half of the words of a phrase: "sustainable supply chains" is wanted by who wants to learn about "supply chains".
_LEAST_SHARE_MEANT = 0.5


@dataclass(frozen=True, slots=True)
class SharedTerm:
    """A theme of a group.

    `text` is a word or phrase as one of them wrote it, never a stem; `people` is how many it connects, of which
    `wanted_by` want to learn about it and `shown_by` can show something.
    """

    text: str
    people: int
    wanted_by: int
    shown_by: int


class CommonGround:
    """Tells what groups of one set of profiles have in common; `vectors` are of these profiles, in this order, and
    `similarity` (n, n) is what they say of each pair.

    What may be told of a pair may be told of a group: no word that somebody withholds, none that only one company
    uses (`PairExplainer`).
    """

    def __init__(
        self, profiles: Sequence[Profile], vectors: ProfileVectors, similarity: npt.NDArray[np.float64]
    ) -> None:
        self._explainer = PairExplainer(profiles, vectors)
        self._reading = vectors.words.reading
        self._similarity = similarity
        self._meant: dict[int, _Meant] = {}

    def shared_by(self, members: Sequence[int]) -> tuple[SharedTerm, ...]:
        """At most three themes that connect two or more members, the strongest first.

        The themes of the pairs are joined: what one says to two others is one theme of three.
        """
        themes: list[_Theme] = []
        for a, b in combinations(sorted(members), 2):
            for common in self._common_of(a, b):
                mine, theirs = self._phrase(a, common.a), self._phrase(b, common.b)
                meeting = [one for one in themes if one.has(mine) or one.has(theirs)]
                joined = _Theme.of(meeting).with_pair(mine, theirs, common.weight)
                themes = [one for one in themes if one not in meeting] + [joined]
        strongest = sorted(themes, key=lambda theme: (-round(theme.weight, 9), theme.text))
        return tuple(self._told(theme) for theme in strongest[:MAX_SHARED])

    def _common_of(self, a: int, b: int) -> "list[_Common]":
        """The phrases that two people have in common."""
        if self._similarity[a, b] <= 0.0:
            return []
        reasons, _ = self._explainer.reasons(a, b)
        return [
            _Common(term.a, term.b, float(self._similarity[a, b]) * reason.share / len(reason.terms))
            for reason in reasons
            if reason.kind in (ReasonKind.THEME, ReasonKind.OFFER_MEETS_SEEK)
            for term in reason.terms
        ]

    def _told(self, theme: "_Theme") -> SharedTerm:
        people = {phrase.person for phrase in theme.phrases}
        wanted, shown = (
            len({one.person for one in theme.phrases if self._meant_by(one.person).says(one.terms, of_field)})
            for of_field in (Field.SEEKS, Field.OFFERS)
        )
        return SharedTerm(theme.text, len(people), wanted, shown)

    def _phrase(self, person: int, text: str) -> "_Phrase":
        return _Phrase(person, text, self._meant_by(person).terms_of(text))

    def _meant_by(self, person: int) -> "_Meant":
        if person not in self._meant:
            self._meant[person] = _Meant.of(self._reading.analyzed(person))
        return self._meant[person]


class _Common(NamedTuple):
    """The same theme in the words of two people, and what it makes of their similarity."""

    a: str
    b: str
    weight: float


class _Phrase(NamedTuple):
    """What a person says, as it is written, and the terms of its words."""

    person: int
    text: str
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Theme:
    """Phrases that say the same, each with what it makes of the similarities in the group."""

    phrases: dict[_Phrase, float] = field(default_factory=dict)

    @classmethod
    def of(cls, several: "Sequence[_Theme]") -> "_Theme":
        return cls({phrase: weight for one in several for phrase, weight in one.phrases.items()})

    def with_pair(self, mine: _Phrase, theirs: _Phrase, weight: float) -> "_Theme":
        found = dict(self.phrases)
        for phrase in (mine, theirs):
            found[phrase] = found.get(phrase, 0.0) + weight / 2
        return _Theme(found)

    def has(self, phrase: _Phrase) -> bool:
        """Whether the same person says the phrase here, or one that holds it or is held by it."""
        return any(
            one.person == phrase.person and (one.terms <= phrase.terms or phrase.terms <= one.terms)
            for one in self.phrases
        )

    @property
    def weight(self) -> float:
        return sum(self.phrases.values())

    @property
    def text(self) -> str:
        """The spelling that most of them use; of several the one that connects most."""
        uses: dict[str, list[tuple[float, str]]] = {}
        for phrase, weight in self.phrases.items():
            uses.setdefault(spelt(phrase.text), []).append((weight, phrase.text))
        best = min(
            uses.values(), key=lambda found: (-len(found), -round(sum(weight for weight, _ in found), 9), found[0][1])
        )
        return min(text for _, text in best)


@dataclass(frozen=True, slots=True)
class _Meant:
    """The terms of a person's words, and those of each field."""

    terms: dict[str, set[str]]
    of_field: dict[Field, set[str]]

    @classmethod
    def of(cls, analyzed: AnalyzedProfile) -> "_Meant":
        terms: dict[str, set[str]] = {}
        of_field: dict[Field, set[str]] = {}
        for part in analyzed.parts:
            for word in part.words:
                for spelling in spelt(word.surface).split():
                    terms.setdefault(spelling, set()).add(word.term)
                of_field.setdefault(part.field, set()).add(word.term)
        return cls(terms, of_field)

    def terms_of(self, phrase: str) -> frozenset[str]:
        """The terms of the words of a phrase that carry a theme; the phrase itself where none is known to."""
        words = spelt(phrase).split()
        return frozenset(term for word in words for term in self.terms.get(word, ())) or frozenset([spelt(phrase)])

    def says(self, terms: frozenset[str], of_field: Field) -> bool:
        """Whether terms stand in a field, at least half of them."""
        found = terms & self.of_field.get(of_field, set())
        return bool(found) and len(found) >= _LEAST_SHARE_MEANT * len(terms)
