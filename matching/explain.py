"""Why this pair and why no pair, as data: terms a reader knows, rules with a name, and what would change it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from matching.eligibility import Rule
from matching.known_words import KnownWords
from matching.profiles import Field, Profile
from matching.reading import AnalyzedProfile
from matching.text import TextAnalyzer, surfaces_of
from matching.themes import Link, Links, Theme, Voice, WordKey, counted_language, strong, themes, untagged

if TYPE_CHECKING:
    from matching.vectors import ProfileVectors

MAX_REASONS = 3
MAX_TERMS = 4

# A pairing explains each profile once or twice; a thousand analyses are some megabytes.
_REMEMBERED = 1_000
# A theme that weighs so much less than the first of its reason only blurs it.
_LEAST_OF_HEAVIEST = 0.2
# Two words that make so little of a similarity are not told.
_LEAST_OF_ALL = 0.005
# From here on a withheld word is also found inside a longer one: "Nordwerkpodcast".
_LEAST_LETTERS_INSIDE = 5

STAGES = frozenset({"idea", "concept", "first_steps", "ramp_up", "live", "growth", "ending"})
"""Where a community may stand, as values that are told."""
FORMATS = frozenset(
    {
        "talk",
        "ama",
        "barcamp",
        "case_clinic",
        "knowledge_cafe",
        "peer_learning",
        "podcast",
        "hackathon",
        "working_out_loud",
        "lunch_and_learn",
    }
)
"""Ways to meet that have a name in each language; any other is told in the profile's own words."""
# What a profile says when it says nothing.
_OTHER = "other"

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

    `giver` is the side that offers what the other seeks, None for other kinds. A difference is no part of a
    similarity: its share is 0 and its terms are values such as "growth", which `sentences` puts into words.
    Nor is what neither side may know yet: kind "unknown" with share 0. With a share above 0 that kind is a
    similarity of words that must not be shown.
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
    """Explains pairs of one set of profiles by the words that make their similarity; `vectors` are of these
    profiles, in this order."""

    def __init__(self, profiles: Sequence[Profile], vectors: "ProfileVectors") -> None:
        self._profiles = profiles
        self._vectors = vectors
        self._analyzer = TextAnalyzer()
        self._known = KnownWords(profiles, vectors, self._analyzer)
        self._withheld = lru_cache(maxsize=None)(self._read_withheld)
        self._speaker = lru_cache(maxsize=_REMEMBERED)(self._read)

    def reasons(self, a: int, b: int) -> tuple[tuple[Reason, ...], float]:
        """At most three reasons, the strongest first, and the share that they leave to `other`.

        Shares are parts of the similarity as it is, reciprocity included; with `other` they add up to 1. Where
        fewer than three words tell, a difference follows, and that offers or seeks are not known. Two profiles
        without similarity have no reason and `other` 1. A similarity made only of words that must not be shown is
        one reason of kind "unknown".
        """
        links = self._links(a, b)
        if not links:
            return (), 1.0
        one, other = self._speaker(a), self._speaker(b)
        found, left = told(one, other, links, self._may_pair)
        if found and found[0].kind is not ReasonKind.UNKNOWN:
            found = (*found, *_differences(one, other, self._known.knows), *_unknowns(one, other))[:MAX_REASONS]
        return found, left

    def _links(self, a: int, b: int) -> Links:
        """What each word of a together with each of b makes of their similarity."""
        vectors = self._vectors
        found = vectors.contributions(a, b)
        for (mine, theirs), weight in vectors.offers_meeting_seeks(a, b).items():
            found[mine, theirs] = found.get((mine, theirs), 0.0) + weight
        for (theirs, mine), weight in vectors.offers_meeting_seeks(b, a).items():
            found[mine, theirs] = found.get((mine, theirs), 0.0) + weight
        words = vectors.words.words
        return {(words[mine], words[theirs]): weight for (mine, theirs), weight in found.items()}

    def _may_pair(self, mine: WordKey, theirs: WordKey) -> bool:
        known = self._known
        return known.knows(mine) and known.knows(theirs) and known.means_alike(mine, theirs)

    def _read(self, position: int) -> "Speaker":
        profile = self._profiles[position]
        analyzed = self._vectors.words.reading.analyzed(position)
        return Speaker.aloud(profile, analyzed, self._withheld(profile.withheld))

    def _read_withheld(self, words: tuple[str, ...]) -> "Withheld":
        return Withheld.of(words, self._analyzer)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Words that a profile's reasons must never show: their terms in every language, and as they are written."""

    terms: Collection[str]
    surfaces: Collection[str]
    # Communities of one company withhold the same words, and hardly any term is met once only.
    _hidden: dict[str, bool] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, words: Iterable[str], analyzer: TextAnalyzer) -> "Withheld":
        surfaces = frozenset(surface.casefold() for text in words for surface in surfaces_of(text))
        return cls(analyzer.terms_in_any_language(words), surfaces)

    def hides(self, term: str) -> bool:
        """Whether a term is one of them, or a compound with a long one."""
        if not self.terms:
            return False
        hidden = self._hidden.get(term)
        if hidden is None:
            inside = any(len(own) >= _LEAST_LETTERS_INSIDE and own in term for own in self.terms)
            hidden = self._hidden[term] = inside or term in self.terms
        return hidden


@dataclass(frozen=True, slots=True)
class Speaker:
    """A profile without its unspoken texts, the words of the others, and those that it withholds."""

    profile: Profile
    analyzed: AnalyzedProfile
    withheld: Withheld

    @classmethod
    def of(cls, profile: Profile, analyzer: TextAnalyzer) -> "Speaker":
        return cls.aloud(profile, analyzer.analyze(profile), Withheld.of(profile.withheld, analyzer))

    @classmethod
    def aloud(cls, profile: Profile, analyzed: AnalyzedProfile, withheld: Withheld) -> "Speaker":
        """As `of`, of a profile whose texts were analyzed already."""
        texts = zip(profile.texts_by_field, analyzed.parts, strict=True)
        parts = [part for (of_field, text), part in texts if profile.is_told(of_field, text)]
        return cls(profile.spoken, AnalyzedProfile(parts), withheld)


def told(
    a: Speaker, b: Speaker, links: Links, may_pair: Callable[[WordKey, WordKey], bool] | None = None
) -> tuple[tuple[Reason, ...], float]:
    """The reasons that the words of two profiles give, at most three, and the share that they leave over.

    links : what each word of a together with each of b makes of the similarity, up to a factor. may_pair : which
    of them may be told, by default all; words that either side withholds, or has in unspoken texts only, never are.
    No link: (), 1.0. None that may
    be told: one reason of kind "unknown".
    """
    total = sum(links.values())
    if total <= 0:
        return (), 1.0
    # What would not be told anyway need not be found in the texts.
    links = strong(links, _LEAST_OF_ALL * total)
    voices = _voices(a, b, links)
    split, wholes = untagged(links, *voices)
    tellable = {
        (mine, theirs): weight
        for (mine, theirs), weight in split.items()
        if mine in voices[0].surfaces
        and theirs in voices[1].surfaces
        and not _is_withheld(mine, a, b)
        and not _is_withheld(theirs, a, b)
        and (may_pair is None or may_pair(mine, theirs))
    }
    found = []
    for (kind, giver), group in _groups(tellable, *voices).items():
        if group:
            phrases = _worth_telling(themes(group, *voices, wholes))
            share = sum(phrase.weight for phrase in phrases) / total
            found.append(Reason(kind, tuple(TermPair(one.a, one.b) for one in phrases), min(share, 1.0), giver))
    if not found:
        return (Reason(ReasonKind.UNKNOWN, (), 1.0),), 0.0
    strongest = tuple(sorted(found, key=lambda reason: -round(reason.share, 12))[:MAX_REASONS])
    return strongest, max(0.0, 1.0 - sum(reason.share for reason in strongest))


def _worth_telling(found: Sequence[Theme]) -> list[Theme]:
    return [theme for theme in found[:MAX_TERMS] if theme.weight >= _LEAST_OF_HEAVIEST * found[0].weight]


def _voices(a: Speaker, b: Speaker, links: Links) -> tuple[Voice, Voice]:
    withheld = {*a.withheld.surfaces, *b.withheld.surfaces}
    mine, theirs = {mine for mine, _ in links}, {theirs for _, theirs in links}
    return Voice.of(a.profile, a.analyzed, mine, withheld), Voice.of(b.profile, b.analyzed, theirs, withheld)


def _is_withheld(word: WordKey, a: Speaker, b: Speaker) -> bool:
    return a.withheld.hides(word[1]) or b.withheld.hides(word[1])


def _groups(links: Links, a: Voice, b: Voice) -> dict[tuple[ReasonKind, Side | None], dict[Link, float]]:
    """The links by the kind of reason that they are: each is told once."""
    groups: dict[tuple[ReasonKind, Side | None], dict[Link, float]] = {
        (ReasonKind.OFFER_MEETS_SEEK, "a"): {},
        (ReasonKind.OFFER_MEETS_SEEK, "b"): {},
        (ReasonKind.THEME, None): {},
    }
    for (mine, theirs), weight in links.items():
        giver: Side | None = None
        if mine in a.offered and theirs in b.sought:
            giver = "a"
        elif theirs in b.offered and mine in a.sought:
            giver = "b"
        groups[ReasonKind.OFFER_MEETS_SEEK if giver else ReasonKind.THEME, giver][mine, theirs] = weight
    return groups


def _differences(a: Speaker, b: Speaker, known: Callable[[WordKey], bool]) -> list[Reason]:
    """What differs usefully, where both sides say it: where they stand, and how they meet."""
    stages = [_value(one.profile.stage) for one in (a, b)]
    differing = []
    if stages[0] != stages[1] and all(stage in STAGES for stage in stages):
        differing.append(TermPair(*stages))
    if {_value(one) for one in a.profile.formats}.isdisjoint(_value(one) for one in b.profile.formats):
        first, second = _format(a, a, b, known), _format(b, a, b, known)
        differing += [TermPair(first, second)] if first and second else []
    return [Reason(ReasonKind.DIFFERENCE, tuple(differing), 0.0)] if differing else []


def _format(speaker: Speaker, a: Speaker, b: Speaker, known: Callable[[WordKey], bool]) -> str | None:
    """The first format that says something and may be told."""
    for (of_field, text), part in zip(speaker.profile.texts_by_field, speaker.analyzed.parts, strict=True):
        if of_field is not Field.FORMATS or _value(text) == _OTHER:
            continue
        if _value(text) in FORMATS:
            return _value(text)
        language = counted_language(part.language)
        if part.words and all(
            not _is_withheld((language, word.term), a, b) and known((language, word.term)) for word in part.words
        ):
            return " ".join(word.surface for word in part.words)
    return None


def _value(word: str) -> str:
    """A value as it is compared."""
    return "_".join(word.casefold().replace("-", " ").replace("_", " ").split())


def _unknowns(a: Speaker, b: Speaker) -> list[Reason]:
    """That a side says neither what it shows nor what it wants to learn."""
    silent = any(not one.profile.offers and not one.profile.seeks for one in (a, b))
    return [Reason(ReasonKind.UNKNOWN, (), 0.0)] if silent else []
