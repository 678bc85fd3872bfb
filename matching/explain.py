"""Why this pair and why no pair, as data: terms a reader knows, rules with a name, and what would change it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from matching.eligibility import Rule
from matching.profiles import Profile
from matching.text import AnalyzedProfile, TextAnalyzer

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_REASONS = 3
MAX_TERMS = 4
_MAX_WORDS_OF_A_PHRASE = 3

Language = Literal["de", "en"]
Side = Literal["a", "b"]


class ReasonKind(StrEnum):
    THEME = "theme"
    OFFER_MEETS_SEEK = "offer_meets_seek"
    DIFFERENCE = "difference"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TermPair:
    """The same theme in each side's own words."""

    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a similarity: its terms and the share (0 to 1) of the similarity that they make.

    `giver` is the side that offers what the other seeks, None for other kinds.
    """

    kind: ReasonKind
    terms: tuple[TermPair, ...]
    share: float
    giver: Side | None = None

    def as_record(self) -> dict[str, object]:
        """As one JSON object; `giver` only where there is one."""
        record: dict[str, object] = {
            "kind": self.kind.value,
            "terms": [{"a": term.a, "b": term.b} for term in self.terms],
            "share": round(self.share, 4),
        }
        return record | ({"giver": self.giver} if self.giver else {})


class UnmatchedKind(StrEnum):
    NO_CAPACITY = "no_capacity"
    NO_OTHER_COMPANY = "no_other_company"
    NO_TEXT = "no_text"
    NOTHING_SIMILAR = "nothing_similar"
    BELOW_MIN_SIMILARITY = "below_min_similarity"
    BELOW_COST = "below_cost"
    NOT_ELIGIBLE = "not_eligible"
    PARTNERS_TAKEN = "partners_taken"
    COMPANY_PAIR_FULL = "company_pair_full"


class Change(StrEnum):
    """What would change that a community stayed alone."""

    RAISE_CAPACITY = "raise_capacity"
    INVITE_COMPANIES = "invite_companies"
    DESCRIBE_MORE = "describe_more"
    LOWER_MIN_SIMILARITY = "lower_min_similarity"
    LOWER_COST = "lower_cost"
    ADD_LANGUAGE = "add_language"
    WIDEN_HOURS = "widen_hours"
    LIFT_EXCLUSION = "lift_exclusion"
    LIFT_BAN = "lift_ban"
    ALLOW_REPEAT = "allow_repeat"
    PARTNERS_RAISE_CAPACITY = "partners_raise_capacity"
    PREFER_COVERAGE = "prefer_coverage"
    RAISE_MAX_PER_COMPANY_PAIR = "raise_max_per_company_pair"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A community that stayed alone: why, its nearest miss if there is one, and what would change it."""

    id: str
    kind: UnmatchedKind
    changes: tuple[Change, ...]
    nearest: str | None = None
    nearest_similarity: float | None = None
    rule: Rule | None = None


CHANGES: Mapping[UnmatchedKind, tuple[Change, ...]] = {
    UnmatchedKind.NO_CAPACITY: (Change.RAISE_CAPACITY,),
    UnmatchedKind.NO_OTHER_COMPANY: (Change.INVITE_COMPANIES,),
    UnmatchedKind.NO_TEXT: (Change.DESCRIBE_MORE,),
    UnmatchedKind.NOTHING_SIMILAR: (Change.DESCRIBE_MORE, Change.INVITE_COMPANIES),
    UnmatchedKind.BELOW_MIN_SIMILARITY: (Change.DESCRIBE_MORE, Change.LOWER_MIN_SIMILARITY),
    UnmatchedKind.BELOW_COST: (Change.DESCRIBE_MORE, Change.LOWER_COST),
    UnmatchedKind.PARTNERS_TAKEN: (Change.PARTNERS_RAISE_CAPACITY, Change.PREFER_COVERAGE),
    UnmatchedKind.COMPANY_PAIR_FULL: (Change.RAISE_MAX_PER_COMPANY_PAIR,),
}
CHANGES_OF_RULES: Mapping[Rule, tuple[Change, ...]] = {
    Rule.SAME_COMPANY: (Change.INVITE_COMPANIES,),
    Rule.NO_CAPACITY: (Change.PARTNERS_RAISE_CAPACITY,),
    Rule.BANNED: (Change.LIFT_BAN,),
    Rule.MET_BEFORE: (Change.ALLOW_REPEAT,),
    Rule.COMPANY_EXCLUDED: (Change.LIFT_EXCLUSION,),
    Rule.NO_COMMON_LANGUAGE: (Change.ADD_LANGUAGE,),
    Rule.NO_COMMON_HOURS: (Change.WIDEN_HOURS,),
}


class PairExplainer:
    """Explains pairs of one set of profiles by the terms that make their similarity.

    `vectors` are the rows that the similarity was computed from, `terms` their columns' names.
    """

    def __init__(
        self, profiles: Sequence[Profile], vectors: "csr_matrix", terms: Sequence[str], analyzer: TextAnalyzer
    ) -> None:
        self._profiles = profiles
        self._vectors = vectors
        self._terms = terms
        self._analyzer = analyzer
        # Communities of one company withhold the same words.
        self._withheld: dict[tuple[str, ...], Set[str]] = {}

    def reasons(self, a: int, b: int) -> tuple[tuple[Reason, ...], float]:
        """At most three reasons, the strongest first, and the share that they leave to `other`.

        Shares and `other` add up to 1. What one side seeks and the other offers is told before plain
        themes. Two profiles with no term in common have no reason and `other` 1. A similarity made
        only of words that must not be shown is one reason of kind "unknown".
        """
        weights = self._shared_weights(a, b)
        total = sum(weights.values())
        if total <= 0:
            return (), 1.0
        one, other = self._voice(a, weights.keys()), self._voice(b, weights.keys())
        tellable = {t: w for t, w in weights.items() if t not in one.withheld and t not in other.withheld}
        groups = _groups(one, other, tellable)
        found = []
        for kind, giver, group in groups:
            phrases = _phrases(group, one, other)[:MAX_TERMS]
            if phrases:
                share = sum(weight for _, weight in phrases) / total
                found.append(Reason(kind, tuple(pair for pair, _ in phrases), min(share, 1.0), giver))
        if not found:
            return (Reason(ReasonKind.UNKNOWN, (), 1.0),), 0.0
        strongest = sorted(found, key=lambda reason: -reason.share)[:MAX_REASONS]
        return tuple(strongest), max(0.0, 1.0 - sum(reason.share for reason in strongest))

    def _shared_weights(self, a: int, b: int) -> dict[str, float]:
        indptr, indices, data = self._vectors.indptr, self._vectors.indices, self._vectors.data
        of_a, of_b = slice(indptr[a], indptr[a + 1]), slice(indptr[b], indptr[b + 1])
        shared, in_a, in_b = np.intersect1d(indices[of_a], indices[of_b], assume_unique=True, return_indices=True)
        products = data[of_a][in_a] * data[of_b][in_b]
        return {self._terms[term]: float(weight) for term, weight in zip(shared, products, strict=True)}

    def _voice(self, position: int, shared: Set[str]) -> "_Voice":
        profile = self._profiles[position]
        withheld = self._withheld.get(profile.withheld)
        if withheld is None:
            withheld = self._withheld[profile.withheld] = self._analyzer.terms_in_any_language(profile.withheld)
        return _Voice.of(self._analyzer.analyze(profile), shared, withheld)


@dataclass(frozen=True, slots=True)
class _Voice:
    """How one profile says the shared terms: the usual surface of each, and which follow each other directly."""

    surfaces: Mapping[str, str]
    following: Mapping[tuple[str, str], tuple[str, str]]
    offered: Set[str]
    sought: Set[str]
    withheld: Set[str]

    @classmethod
    def of(cls, analyzed: AnalyzedProfile, shared: Set[str], withheld: Set[str]) -> "_Voice":
        counts: dict[str, dict[str, int]] = {}
        following: dict[tuple[str, str], tuple[str, str]] = {}
        for words in analyzed.passages:
            passage = [word for word in words if word.term in shared]
            for word in passage:
                said = counts.setdefault(word.term, {})
                said[word.surface] = said.get(word.surface, 0) + 1
            for left, right in pairwise(passage):
                if right.place == left.place + 1:
                    following.setdefault((left.term, right.term), (left.surface, right.surface))
        surfaces = {term: max(said, key=lambda surface: said[surface]) for term, said in counts.items()}
        offered = {word.term for passage in analyzed.offers for word in passage}
        sought = {word.term for passage in analyzed.seeks for word in passage}
        return cls(surfaces, following, offered, sought, withheld)


def _groups(
    a: _Voice, b: _Voice, weights: Mapping[str, float]
) -> list[tuple[ReasonKind, Side | None, dict[str, float]]]:
    a_gives = a.offered & b.sought & weights.keys()
    b_gives = (b.offered & a.sought & weights.keys()) - a_gives
    themes = weights.keys() - a_gives - b_gives
    return [
        (ReasonKind.OFFER_MEETS_SEEK, "a", {term: weights[term] for term in a_gives}),
        (ReasonKind.OFFER_MEETS_SEEK, "b", {term: weights[term] for term in b_gives}),
        (ReasonKind.THEME, None, {term: weights[term] for term in themes}),
    ]


def _phrases(weights: Mapping[str, float], a: _Voice, b: _Voice) -> list[tuple[TermPair, float]]:
    """Terms as readers know them: words that follow each other on both sides are told as one phrase."""
    free = sorted(weights, key=lambda term: (-weights[term], term))
    phrases = []
    while free:
        chain = [free.pop(0)]
        while len(chain) < _MAX_WORDS_OF_A_PHRASE:
            after = next((t for t in free if _both_follow(chain[-1], t, a, b)), None)
            before = None if after else next((t for t in free if _both_follow(t, chain[0], a, b)), None)
            if after is not None:
                chain.append(after)
            elif before is not None:
                chain.insert(0, before)
            else:
                break
            free.remove(chain[-1] if after is not None else chain[0])
        phrases.append((TermPair(_spoken(chain, a), _spoken(chain, b)), sum(weights[term] for term in chain)))
    return sorted(phrases, key=lambda phrase: (-phrase[1], phrase[0].a, phrase[0].b))


def _both_follow(left: str, right: str, a: _Voice, b: _Voice) -> bool:
    return (left, right) in a.following and (left, right) in b.following


def _spoken(chain: Sequence[str], voice: _Voice) -> str:
    if len(chain) == 1:
        return voice.surfaces[chain[0]]
    words = [voice.following[chain[0], chain[1]][0]]
    words += [voice.following[left, right][1] for left, right in pairwise(chain)]
    return " ".join(words)


_REASON_TEXT: Mapping[Language, Mapping[ReasonKind, str]] = {
    "en": {
        ReasonKind.THEME: "Shared themes: {terms}",
        ReasonKind.OFFER_MEETS_SEEK: "One shows what the other wants to learn: {terms}",
        ReasonKind.DIFFERENCE: "A difference to learn from: {terms}",
        ReasonKind.UNKNOWN: "Similar in words that are not shown here",
    },
    "de": {
        ReasonKind.THEME: "Gemeinsame Themen: {terms}",
        ReasonKind.OFFER_MEETS_SEEK: "Die einen zeigen, was die anderen lernen möchten: {terms}",
        ReasonKind.DIFFERENCE: "Ein Unterschied, von dem sich lernen lässt: {terms}",
        ReasonKind.UNKNOWN: "Ähnlich in Worten, die hier nicht gezeigt werden",
    },
}
_UNMATCHED_TEXT: Mapping[Language, Mapping[UnmatchedKind, str]] = {
    "en": {
        UnmatchedKind.NO_CAPACITY: "has no free place for a tandem at the moment",
        UnmatchedKind.NO_OTHER_COMPANY: "no community of another company takes part",
        UnmatchedKind.NO_TEXT: "the profile has no word that tells its theme",
        UnmatchedKind.NOTHING_SIMILAR: "no community of another company shares a word with it",
        UnmatchedKind.BELOW_MIN_SIMILARITY: "the most similar community reaches {similarity}, less than asked for",
        UnmatchedKind.BELOW_COST: "the most similar community reaches {similarity}, no more than the cost",
        UnmatchedKind.NOT_ELIGIBLE: "the similar communities may not meet it ({rule})",
        UnmatchedKind.PARTNERS_TAKEN: "its possible partners are in tandems that fit better",
        UnmatchedKind.COMPANY_PAIR_FULL: "its company has as many tandems with the other company as are allowed",
    },
    "de": {
        UnmatchedKind.NO_CAPACITY: "hat zurzeit keinen freien Platz für ein Tandem",
        UnmatchedKind.NO_OTHER_COMPANY: "keine Community eines anderen Unternehmens nimmt teil",
        UnmatchedKind.NO_TEXT: "das Profil enthält kein Wort, das sein Thema nennt",
        UnmatchedKind.NOTHING_SIMILAR: "keine Community eines anderen Unternehmens teilt ein Wort mit ihr",
        UnmatchedKind.BELOW_MIN_SIMILARITY: "die ähnlichste Community erreicht {similarity}, weniger als verlangt",
        UnmatchedKind.BELOW_COST: "die ähnlichste Community erreicht {similarity}, nicht mehr als der Preis",
        UnmatchedKind.NOT_ELIGIBLE: "die ähnlichen Communities dürfen sie nicht treffen ({rule})",
        UnmatchedKind.PARTNERS_TAKEN: "ihre möglichen Partner sind in Tandems, die besser passen",
        UnmatchedKind.COMPANY_PAIR_FULL: "ihr Unternehmen hat mit dem anderen schon so viele Tandems wie erlaubt",
    },
}
_RULE_TEXT: Mapping[Language, Mapping[Rule, str]] = {
    "en": {
        Rule.SAME_COMPANY: "same company",
        Rule.NO_CAPACITY: "no free capacity",
        Rule.BANNED: "banned by the organizer",
        Rule.MET_BEFORE: "met or asked before",
        Rule.COMPANY_EXCLUDED: "company excluded",
        Rule.NO_COMMON_LANGUAGE: "no common language",
        Rule.NO_COMMON_HOURS: "less than two common working hours",
    },
    "de": {
        Rule.SAME_COMPANY: "dasselbe Unternehmen",
        Rule.NO_CAPACITY: "keine freie Kapazität",
        Rule.BANNED: "von der Organisation ausgeschlossen",
        Rule.MET_BEFORE: "sich schon begegnet oder schon gefragt worden",
        Rule.COMPANY_EXCLUDED: "Unternehmen ausgeschlossen",
        Rule.NO_COMMON_LANGUAGE: "keine gemeinsame Sprache",
        Rule.NO_COMMON_HOURS: "weniger als zwei gemeinsame Arbeitsstunden",
    },
}
_CHANGE_TEXT: Mapping[Language, Mapping[Change, str]] = {
    "en": {
        Change.RAISE_CAPACITY: "raise its capacity",
        Change.INVITE_COMPANIES: "invite further companies",
        Change.DESCRIBE_MORE: "describe purpose, topics, offers and seeks in more words",
        Change.LOWER_MIN_SIMILARITY: "lower the minimum similarity",
        Change.LOWER_COST: "lower the cost of a poor suggestion",
        Change.ADD_LANGUAGE: "name a further language",
        Change.WIDEN_HOURS: "find a partner in a nearer time zone",
        Change.LIFT_EXCLUSION: "lift the exclusion of a company",
        Change.LIFT_BAN: "lift the ban of the pair",
        Change.ALLOW_REPEAT: "allow a pair to meet again",
        Change.PARTNERS_RAISE_CAPACITY: "similar communities raise their capacity",
        Change.PREFER_COVERAGE: "choose the objective coverage",
        Change.RAISE_MAX_PER_COMPANY_PAIR: "allow more tandems between the same two companies",
    },
    "de": {
        Change.RAISE_CAPACITY: "ihre Kapazität erhöhen",
        Change.INVITE_COMPANIES: "weitere Unternehmen einladen",
        Change.DESCRIBE_MORE: "Zweck, Themen, Angebote und Gesuche ausführlicher beschreiben",
        Change.LOWER_MIN_SIMILARITY: "die Mindestähnlichkeit senken",
        Change.LOWER_COST: "den Preis eines schlechten Vorschlags senken",
        Change.ADD_LANGUAGE: "eine weitere Sprache angeben",
        Change.WIDEN_HOURS: "einen Partner in einer näheren Zeitzone finden",
        Change.LIFT_EXCLUSION: "den Ausschluss eines Unternehmens aufheben",
        Change.LIFT_BAN: "das Verbot des Paares aufheben",
        Change.ALLOW_REPEAT: "ein erneutes Treffen eines Paares erlauben",
        Change.PARTNERS_RAISE_CAPACITY: "ähnliche Communities erhöhen ihre Kapazität",
        Change.PREFER_COVERAGE: "das Ziel Abdeckung (coverage) wählen",
        Change.RAISE_MAX_PER_COMPANY_PAIR: "mehr Tandems zwischen denselben zwei Unternehmen erlauben",
    },
}


def reason_sentence(reason: Reason, language: Language) -> str:
    """A reason in words: "Shared themes: supply chain / Lieferkette, recycling"."""
    return _REASON_TEXT[language][reason.kind].format(terms=", ".join(_both_words(reason.terms)))


def unmatched_sentence(unmatched: Unmatched, language: Language) -> str:
    """Why a community stayed alone, in words."""
    similarity = "" if unmatched.nearest_similarity is None else f"{unmatched.nearest_similarity:.2f}"
    rule = "" if unmatched.rule is None else _RULE_TEXT[language][unmatched.rule]
    return _UNMATCHED_TEXT[language][unmatched.kind].format(similarity=similarity, rule=rule)


def change_sentence(change: Change, language: Language) -> str:
    """What would change it, in words."""
    return _CHANGE_TEXT[language][change]


def _both_words(terms: Iterable[TermPair]) -> list[str]:
    return [t.a if t.a.casefold() == t.b.casefold() else f"{t.a} / {t.b}" for t in terms]
