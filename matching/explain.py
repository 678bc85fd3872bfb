"""Why this pair and why no pair, as data: terms a reader knows, rules with a name, and what would change it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from matching.eligibility import Rule
from matching.profiles import Profile

if TYPE_CHECKING:
    from matching.vectors import ProfileVectors

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
    def __init__(self, profiles: Sequence[Profile], vectors: "ProfileVectors") -> None:
        self._profiles = profiles
        self._vectors = vectors

    def reasons(self, a: int, b: int) -> tuple[tuple[Reason, ...], float]:
        return (), 1.0


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
