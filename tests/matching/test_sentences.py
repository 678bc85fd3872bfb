import pytest

from matching import Reason, TermPair, Unmatched
from matching.calibration import Strength
from matching.eligibility import Rule
from matching.explain import FORMATS, STAGES, Change, ReasonKind, UnmatchedKind
from matching.sentences import Language, change_sentence, reason_sentence, strength_sentence, unmatched_sentence

NOT_KNOWN = Reason(ReasonKind.UNKNOWN, (), 0.0)


def test_reasons_and_misses_are_told_in_german_and_english() -> None:
    theme = Reason(
        ReasonKind.THEME, (TermPair("Lieferkette", "supply chain"), TermPair("First-Aid", "first aid")), 0.5
    )
    miss = Unmatched("x", UnmatchedKind.NOT_ELIGIBLE, (), "y", 0.4, Rule.NO_COMMON_LANGUAGE)

    assert reason_sentence(theme, "de") == "Gemeinsame Themen: Lieferkette / supply chain, First-Aid"
    assert reason_sentence(theme, "en") == "Shared themes: Lieferkette / supply chain, First-Aid"
    assert unmatched_sentence(miss, "en") == "the similar communities may not meet it (no common language)"
    assert (
        unmatched_sentence(miss, "de")
        == "die ähnlichen Communities dürfen sie nicht treffen (keine gemeinsame Sprache)"
    )


def test_what_is_hidden_and_what_is_not_known_yet_are_two_sentences() -> None:
    hidden = Reason(ReasonKind.UNKNOWN, (), 1.0)

    assert reason_sentence(hidden, "en") == "Similar in words that are not shown here"
    assert reason_sentence(NOT_KNOWN, "en") == "Not known yet: what both offer and seek"
    assert reason_sentence(hidden, "de") == "Ähnlich in Worten, die hier nicht gezeigt werden"
    assert reason_sentence(NOT_KNOWN, "de") == "Noch nicht bekannt: was beide zeigen und lernen möchten"


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_kind_has_a_sentence_in_both_languages(language: Language) -> None:
    sentences = [reason_sentence(Reason(kind, (), 0.1), language) for kind in ReasonKind]
    sentences += [unmatched_sentence(Unmatched("x", kind, (), "y", 0.1), language) for kind in UnmatchedKind]
    sentences += [change_sentence(change, language) for change in Change]
    sentences += [strength_sentence(strength, language) for strength in Strength]

    assert len(set(sentences)) == len(ReasonKind) + len(UnmatchedKind) + len(Change) + len(Strength)


@pytest.mark.parametrize("value", sorted(STAGES | FORMATS))
def test_every_stage_and_format_has_a_name_in_german(value: str) -> None:
    difference = Reason(ReasonKind.DIFFERENCE, (TermPair(value, value),), 0.0)

    assert not reason_sentence(difference, "de").endswith(f": {value.replace('_', ' ')}")
