"""Reasons, why a community stayed alone and what would change it, in German and English."""

from collections.abc import Iterable, Mapping
from typing import Literal

from matching.calibration import Strength
from matching.eligibility import Rule
from matching.explain import Change, Reason, ReasonKind, TermPair, Unmatched, UnmatchedKind
from matching.themes import spelt

Language = Literal["de", "en"]

_REASON_TEXT: Mapping[Language, Mapping[ReasonKind, str]] = {
    "en": {
        ReasonKind.THEME: "Shared themes: {terms}",
        ReasonKind.OFFER_MEETS_SEEK: "One shows what the other wants to learn: {terms}",
        ReasonKind.DIFFERENCE: "A difference to learn from: {terms}",
        ReasonKind.UNKNOWN: "Not known yet: what both offer and seek",
    },
    "de": {
        ReasonKind.THEME: "Gemeinsame Themen: {terms}",
        ReasonKind.OFFER_MEETS_SEEK: "Die einen zeigen, was die anderen lernen möchten: {terms}",
        ReasonKind.DIFFERENCE: "Ein Unterschied, von dem sich lernen lässt: {terms}",
        ReasonKind.UNKNOWN: "Noch nicht bekannt: was beide zeigen und lernen möchten",
    },
}
_HIDDEN_TEXT: Mapping[Language, str] = {
    "en": "Similar in words that are not shown here",
    "de": "Ähnlich in Worten, die hier nicht gezeigt werden",
}
_STAGE_TEXT: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "idea": "an idea",
        "concept": "a concept",
        "first_steps": "first steps",
        "ramp_up": "ramping up",
        "live": "up and running",
        "growth": "in growth",
        "ending": "coming to an end",
    },
    "de": {
        "idea": "eine Idee",
        "concept": "ein Konzept",
        "first_steps": "erste Schritte",
        "ramp_up": "im Aufbau",
        "live": "im laufenden Betrieb",
        "growth": "im Wachstum",
        "ending": "vor dem Abschluss",
    },
}
_FORMAT_TEXT: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "talk": "talk",
        "ama": "ask me anything",
        "barcamp": "barcamp",
        "case_clinic": "case clinic",
        "knowledge_cafe": "knowledge café",
        "peer_learning": "peer learning",
        "podcast": "podcast",
        "hackathon": "hackathon",
        "working_out_loud": "Working Out Loud",
        "lunch_and_learn": "lunch & learn",
    },
    "de": {
        "talk": "Vortrag",
        "ama": "Fragestunde",
        "barcamp": "Barcamp",
        "case_clinic": "Fallberatung",
        "knowledge_cafe": "Wissenscafé",
        "peer_learning": "Lernen voneinander",
        "podcast": "Podcast",
        "hackathon": "Hackathon",
        "working_out_loud": "Working Out Loud",
        "lunch_and_learn": "Lunch & Learn",
    },
}
_STRENGTH_TEXT: Mapping[Language, Mapping[Strength, str]] = {
    "en": {Strength.STRONG: "strong", Strength.GOOD: "good", Strength.WORTH_A_LOOK: "worth a look"},
    "de": {Strength.STRONG: "stark", Strength.GOOD: "gut", Strength.WORTH_A_LOOK: "einen Blick wert"},
}
_UNMATCHED_TEXT: Mapping[Language, Mapping[UnmatchedKind, str]] = {
    "en": {
        UnmatchedKind.NO_CAPACITY: "has no free place for a tandem at the moment",
        UnmatchedKind.NO_OTHER_COMPANY: "no community of another company takes part",
        UnmatchedKind.NO_TEXT: "the profile has no word that tells its theme",
        UnmatchedKind.NOTHING_SIMILAR: "no community of another company shares a word with it",
        UnmatchedKind.BELOW_MIN_SIMILARITY: "the most similar community reaches {similarity}, less than asked for",
        UnmatchedKind.BELOW_COST: "even the best partner is less likely to fit than a suggestion has to be",
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
        UnmatchedKind.BELOW_COST: "auch der beste Partner passt wohl seltener, als ein Vorschlag es soll",
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
    if reason.kind is ReasonKind.UNKNOWN and reason.share > 0:
        return _HIDDEN_TEXT[language]
    terms = reason.terms
    if reason.kind is ReasonKind.DIFFERENCE:
        terms = tuple(TermPair(value_in_words(pair.a, language), value_in_words(pair.b, language)) for pair in terms)
    return _REASON_TEXT[language][reason.kind].format(terms=", ".join(_both_words(terms)))


def strength_sentence(strength: Strength, language: Language) -> str:
    """How sure a suggestion is, in words: "worth a look"."""
    return _STRENGTH_TEXT[language][strength]


def unmatched_sentence(unmatched: Unmatched, language: Language) -> str:
    """Why a community stayed alone, in words."""
    similarity = "" if unmatched.nearest_similarity is None else f"{unmatched.nearest_similarity:.2f}"
    rule = "" if unmatched.rule is None else _RULE_TEXT[language][unmatched.rule]
    return _UNMATCHED_TEXT[language][unmatched.kind].format(similarity=similarity, rule=rule)


def change_sentence(change: Change, language: Language) -> str:
    """What would change it, in words."""
    return _CHANGE_TEXT[language][change]


def _both_words(terms: Iterable[TermPair]) -> list[str]:
    return [t.a if spelt(t.a) == spelt(t.b) else f"{t.a} / {t.b}" for t in terms]


def value_in_words(value: str, language: Language) -> str:
    """A stage or a format in the reader's language; other words as they are."""
    free = value.replace("_", " ")
    return _STAGE_TEXT[language].get(value) or _FORMAT_TEXT[language].get(value, free)
