from matching import Profile, Reason, Tandem, TandemMatcher, TermPair, Unmatched
from matching.eligibility import Rule
from matching.explain import (
    Change,
    ReasonKind,
    UnmatchedKind,
    change_sentence,
    reason_sentence,
    unmatched_sentence,
)
from tests.factories import profile


def tandem_of(a: Profile, b: Profile) -> Tandem:
    return TandemMatcher(min_similarity=0.0).fit([a, b]).tandems_[0]


def test_a_theme_is_told_in_each_sides_own_words_and_as_a_phrase() -> None:
    a = profile("a", company="A", name="Sustainable supply chains and their people")
    b = profile("b", company="B", name="A sustainable Supply Chain for all of us")

    reasons = tandem_of(a, b).reasons

    assert reasons == (
        Reason(ReasonKind.THEME, (TermPair("Sustainable supply chains", "sustainable Supply Chain"),), 1.0),
    )


def test_what_one_offers_and_the_other_seeks_is_a_reason_of_its_own() -> None:
    a = profile("a", company="A", name="Podcast circle", offers=("interview training",))
    b = profile("b", company="B", name="Podcast studio", seeks=("better interviews",))

    kinds = {(reason.kind, reason.giver): reason.terms for reason in tandem_of(a, b).reasons}

    assert kinds == {
        (ReasonKind.OFFER_MEETS_SEEK, "a"): (TermPair("interview", "interviews"),),
        (ReasonKind.THEME, None): (TermPair("Podcast", "Podcast"),),
    }


def test_a_withheld_word_is_never_shown_but_counts() -> None:
    a = profile("a", company="A", name="Nordwerk podcast", withheld=("Nordwerk AG",))
    b = profile("b", company="B", name="Podcast like at Nordwerk")

    tandem = tandem_of(a, b)

    shown = {word for reason in tandem.reasons for pair in reason.terms for word in (pair.a, pair.b)}
    assert shown == {"podcast", "Podcast"}
    assert tandem.other > 0.4


def test_a_similarity_of_withheld_words_only_is_an_unknown_reason() -> None:
    a = profile("a", company="A", name="Nordwerk", withheld=("Nordwerk",))
    b = profile("b", company="B", name="Nordwerk")

    assert tandem_of(a, b).reasons == (Reason(ReasonKind.UNKNOWN, (), 1.0),)


def test_reasons_and_misses_are_told_in_german_and_english() -> None:
    theme = Reason(ReasonKind.THEME, (TermPair("Lieferkette", "supply chain"), TermPair("CO2", "co2")), 0.5)
    miss = Unmatched("x", UnmatchedKind.NOT_ELIGIBLE, (), "y", 0.4, Rule.NO_COMMON_LANGUAGE)

    assert reason_sentence(theme, "de") == "Gemeinsame Themen: Lieferkette / supply chain, CO2"
    assert reason_sentence(theme, "en") == "Shared themes: Lieferkette / supply chain, CO2"
    assert unmatched_sentence(miss, "en") == "the similar communities may not meet it (no common language)"
    assert (
        unmatched_sentence(miss, "de")
        == "die ähnlichen Communities dürfen sie nicht treffen (keine gemeinsame Sprache)"
    )


def test_every_kind_has_a_sentence_in_both_languages() -> None:
    for language in ("de", "en"):
        told = [reason_sentence(Reason(kind, (), 0.1), language) for kind in ReasonKind]
        told += [unmatched_sentence(Unmatched("x", kind, (), "y", 0.1), language) for kind in UnmatchedKind]
        told += [change_sentence(change, language) for change in Change]
        assert len(set(told)) == len(ReasonKind) + len(UnmatchedKind) + len(Change)
