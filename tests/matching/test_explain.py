import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Profile, Reason, Tandem, TandemMatcher, TermPair
from matching.explain import PairExplainer, ReasonKind, Speaker, told
from matching.lexicon import Lexicon, shipped_lexicons
from matching.sentences import reason_sentence
from matching.text import TextAnalyzer
from matching.vectors import ProfileVectorizer
from tests.factories import profile

NOT_KNOWN = Reason(ReasonKind.UNKNOWN, (), 0.0)


def tandem_of(a: Profile, b: Profile) -> Tandem:
    return TandemMatcher(min_similarity=0.0, cost=0.0, common_language=False).fit([a, b]).tandems_[0]


def explained(a: Profile, b: Profile, *others: Profile) -> tuple[tuple[Reason, ...], float]:
    profiles = [a, b, *others]
    return PairExplainer(profiles, ProfileVectorizer().fit_transform(profiles)).reasons(0, 1)


def potters(
    company: str, *, stage: str = "", formats: tuple[str, ...] = (), withheld: tuple[str, ...] = ()
) -> Profile:
    """A community that says what it offers and seeks."""
    plain = profile(
        company, company=company, name="Pottery", offers=("juggling",), seeks=("origami",), withheld=withheld
    )
    return replace(plain, stage=stage, formats=formats)


def themes(reasons: Sequence[Reason]) -> list[TermPair]:
    return [pair for reason in reasons if reason.kind is ReasonKind.THEME for pair in reason.terms]


def words_shown(reasons: Sequence[Reason]) -> set[str]:
    return {word for reason in reasons for pair in reason.terms for word in (pair.a, pair.b)}


def test_a_theme_is_told_in_each_sides_own_words_and_as_a_phrase() -> None:
    a = profile("a", company="A", name="Sustainable supply chains and their people")
    b = profile("b", company="B", name="A sustainable Supply Chain for all of us")

    reasons = tandem_of(a, b).reasons

    assert reasons == (
        Reason(ReasonKind.THEME, (TermPair("Sustainable supply chains", "sustainable Supply Chain"),), 1.0),
        NOT_KNOWN,
    )


def test_a_german_and_an_english_profile_tell_the_same_theme_each_in_its_words() -> None:
    a = profile("a", company="A", name="Wir lernen von den Lieferketten und der Qualität")
    b = profile("b", company="B", name="What we learn of quality and of supply chains")

    assert TermPair("Lieferketten", "supply chains") in themes(tandem_of(a, b).reasons)
    assert TermPair("Qualität", "quality") in themes(tandem_of(a, b).reasons)


def test_words_that_stand_next_to_each_other_in_both_languages_are_one_phrase() -> None:
    a = profile("a", company="A", name="Das ist für digitale Lieferketten")
    b = profile("b", company="B", name="This is for the digital supply chains")

    assert themes(tandem_of(a, b).reasons) == [TermPair("digitale Lieferketten", "digital supply chains")]


def test_words_that_stand_apart_on_one_side_are_no_phrase() -> None:
    a = profile("a", company="A", name="The supply of bread and a chain of lights")
    b = profile("b", company="B", name="A supply chain for us")

    assert set(themes(tandem_of(a, b).reasons)) == {TermPair("supply", "supply"), TermPair("chain", "chain")}


def test_a_translation_by_chance_is_not_told() -> None:
    a = profile("a", company="A", name="Lieferketten")
    b = profile("b", company="B", name="supply chains and then bread")
    analyzer = TextAnalyzer()
    links = {
        (("de", "lieferkett"), ("en", "suppli")): 0.3,
        (("de", "lieferkett"), ("en", "chain")): 0.3,
        (("de", "lieferkett"), ("en", "bread")): 0.05,
    }

    reasons, other = told(Speaker.of(replace(a, languages=("de",)), analyzer), Speaker.of(b, analyzer), links)

    assert [reason.terms for reason in reasons] == [(TermPair("Lieferketten", "supply chains"),)]
    assert other == pytest.approx(0.05 / 0.65)


@pytest.mark.parametrize("tag", ["Community of Practice", "Peer-Learning", "Lean Six Sigma Black Belt"])
def test_a_tag_is_told_as_it_was_written(tag: str) -> None:
    a = profile("a", company="A", name="Potters", tags=(tag,))
    b = profile("b", company="B", name="Gardeners", tags=(f"#{tag.lower()}",))

    assert themes(tandem_of(a, b).reasons) == [TermPair(tag, tag.lower())]


def test_a_tag_is_part_of_a_longer_phrase() -> None:
    a = profile("a", company="A", name="sustainable supply chains", tags=("supply chains",))
    b = profile("b", company="B", name="sustainable supply chains", tags=("Supply Chains",))

    assert themes(tandem_of(a, b).reasons) == [TermPair("sustainable supply chains", "sustainable supply chains")]


def test_a_tag_leaves_out_a_withheld_word_that_carries_no_theme() -> None:
    a = profile("a", company="A", name="Potters", tags=("podcast for editors",), withheld=("For Ltd",))
    b = profile("b", company="B", name="Gardeners", tags=("podcast for editors",))

    assert themes(tandem_of(a, b).reasons) == [TermPair("podcast editors", "podcast editors")]


def test_a_word_that_stands_in_german_and_in_english_texts_is_told_once() -> None:
    name, purpose = "Wir sind die vom Podcast", "What we do for the podcast of all"
    a = profile("a", company="A", name=name, purpose=purpose)
    b = profile("b", company="B", name=name, purpose=purpose)

    assert themes(tandem_of(a, b).reasons) == [TermPair("Podcast", "Podcast")]


def test_what_one_offers_and_the_other_seeks_is_a_reason_of_its_own() -> None:
    a = profile("a", company="A", name="Podcast circle", offers=("interview training",))
    b = profile("b", company="B", name="Podcast studio", seeks=("better interviews",))

    kinds = {(reason.kind, reason.giver): reason.terms for reason in tandem_of(a, b).reasons}

    assert kinds == {
        (ReasonKind.OFFER_MEETS_SEEK, "a"): (TermPair("interview", "interviews"),),
        (ReasonKind.THEME, None): (TermPair("Podcast", "Podcast"),),
    }


def test_reciprocity_counts_where_offers_meet_seeks() -> None:
    a = profile("a", company="A", name="Podcast", offers=("interviews",))
    b = profile("b", company="B", name="Podcast", seeks=("interviews",))
    without = [replace(one, name="Podcast interviews", offers=(), seeks=()) for one in (a, b)]

    [offered] = [reason for reason in tandem_of(a, b).reasons if reason.kind is ReasonKind.OFFER_MEETS_SEEK]
    plain = tandem_of(*without)

    assert offered.giver == "a"
    assert offered.share > 0.25
    assert plain.reasons == (
        Reason(ReasonKind.THEME, (TermPair("Podcast interviews", "Podcast interviews"),), 1.0),
        NOT_KNOWN,
    )


def test_a_withheld_word_is_never_shown_and_does_not_count() -> None:
    a = profile("a", company="A", name="Nordwerk podcast", withheld=("Nordwerk AG",))
    b = profile("b", company="B", name="Podcast like at Nordwerk")

    tandem = tandem_of(a, b)

    assert words_shown(tandem.reasons) == {"podcast", "Podcast"}
    assert tandem.other == pytest.approx(0.0)


def test_a_withheld_word_is_not_shown_inside_a_longer_one_or_a_tag() -> None:
    a = profile("a", company="A", name="Nordwerkpodcast", tags=("podcast for Nordwerk",), withheld=("Nordwerk AG",))
    b = profile("b", company="B", name="Nordwerkpodcast", tags=("podcast for Nordwerk",))

    assert words_shown(tandem_of(a, b).reasons) == {"podcast"}


def test_an_unspoken_text_makes_alike_and_is_never_told() -> None:
    a = profile("a", company="A", name="Potters of clay", offers=("looms for quilting",))
    b = profile("b", company="B", name="Turners of clay", seeks=("quilting looms",))
    hushed = [replace(a, unspoken=a.offers), replace(b, unspoken=b.seeks)]

    loud, quiet, without = (tandem_of(*pair) for pair in ((a, b), hushed, [one.spoken for one in hushed]))

    assert quiet.similarity == loud.similarity > without.similarity
    assert any("quilting" in phrase for phrase in words_shown(loud.reasons))
    assert words_shown(quiet.reasons) == {"clay"}
    assert ReasonKind.OFFER_MEETS_SEEK not in [reason.kind for reason in quiet.reasons]


def test_a_word_that_another_text_has_is_told_as_that_text_writes_it() -> None:
    a = profile("a", company="A", name="Podcast", tags=("Podcasts of Birgit",), unspoken=("Podcasts of Birgit",))
    b = profile("b", company="B", name="A podcast", tags=("Podcasts of Birgit",))

    loud, _ = explained(replace(a, unspoken=()), b)
    reasons, _ = explained(a, b)

    assert "Birgit" in " ".join(words_shown(loud))
    assert themes(reasons) == [TermPair("Podcast", "podcast")]


def test_two_whose_common_words_are_all_unspoken_are_told_that_there_are_some() -> None:
    a = profile("a", company="A", name="Potters", tags=("quilting",), unspoken=("quilting",))
    b = profile("b", company="B", name="Turners", tags=("quilting",))

    assert explained(a, b) == ((Reason(ReasonKind.UNKNOWN, (), 1.0),), 0.0)


def test_profiles_that_share_a_withheld_word_only_make_no_pair() -> None:
    a = profile("a", company="A", name="Nordwerk", withheld=("Nordwerk",))
    b = profile("b", company="B", name="Nordwerk")

    assert TandemMatcher(min_similarity=0.0).fit([a, b]).tandems_ == []
    assert explained(a, b) == ((), 1.0)


def test_a_name_that_one_company_alone_uses_is_not_shown() -> None:
    a = profile("a", company="A", name="Zephyrix")
    b = profile("b", company="A", name="Zephyrix")
    c = profile("c", company="C", name="Zephyrix for everybody")

    assert explained(a, b) == ((Reason(ReasonKind.UNKNOWN, (), 1.0),), 0.0)
    assert words_shown(explained(a, b, c)[0]) == {"Zephyrix"}


def test_a_word_of_one_company_is_shown_where_a_lexicon_knows_it() -> None:
    a = profile("a", company="A", name="Über Qualität und Zephyrix")
    b = profile("b", company="A", name="Unsere Qualität und Zephyrix")

    assert words_shown(explained(a, b)[0]) == {"Qualität"}


def test_a_difference_is_told_where_fewer_than_three_reasons_stand() -> None:
    a = potters("A", stage="growth", formats=("talk", "ama"))
    b = potters("B", stage="first_steps", formats=("podcast",))

    *_, difference = tandem_of(a, b).reasons

    terms = (TermPair("growth", "first_steps"), TermPair("talk", "podcast"))
    assert difference == Reason(ReasonKind.DIFFERENCE, terms, 0.0)
    assert reason_sentence(difference, "en") == "A difference to learn from: in growth / first steps, talk / podcast"
    assert (
        reason_sentence(difference, "de")
        == "Ein Unterschied, von dem sich lernen lässt: im Wachstum / erste Schritte, Vortrag / Podcast"
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (potters("A", stage="growth"), potters("B")),
        (potters("A", stage="growth"), potters("B", stage="growth")),
        (potters("A", stage="growth"), potters("B", stage="Zephyrix")),
        (potters("A", formats=("talk",)), potters("B")),
        (potters("A", formats=("talk", "podcast")), potters("B", formats=("Podcast",))),
        (potters("A", formats=("other",)), potters("B", formats=("talk",))),
        (potters("A", formats=("Nordwerktalk",), withheld=("Nordwerk",)), potters("B", formats=("podcast",))),
        (potters("A", formats=("Zephyrix",)), potters("B", formats=("podcast",))),
    ],
)
def test_what_is_not_known_of_both_or_tells_a_name_is_no_difference(a: Profile, b: Profile) -> None:
    assert {reason.kind for reason in tandem_of(a, b).reasons} == {ReasonKind.THEME}


def test_free_words_of_a_difference_are_told_as_they_are() -> None:
    a, b = potters("A", formats=("Brown_bag lunch",)), potters("B", formats=("case_clinic",))
    c = replace(profile("c", company="C", name="Cooks"), formats=("brown bag lunch",))

    difference = explained(a, b, c)[0][-1]

    assert reason_sentence(difference, "de").endswith(": Brown bag lunch / Fallberatung")


def test_profiles_without_a_word_in_common_have_no_reason() -> None:
    a = replace(profile("a", company="A", name="Pottery"), stage="growth")
    b = replace(profile("b", company="B", name="Sailing"), stage="idea")

    assert explained(a, b) == ((), 1.0)


# fmt: off
WORDS = [
    "the", "und", "Lieferketten", "supply", "chains", "nachhaltige", "sustainable", "Qualität", "quality",
    "Podcast", "podcasts", "Sicherheit", "safety", "Nordwerk", "Nordwerkpodcast", "Zephyrix",
    "Arbeitssicherheit", "digitale", "digital", "Community", "of", "Practice", "C3", "IT", "Daten", "data",
    "Datenqualität", "für", "Kolleg:innen",
]
# fmt: on
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
lists = st.lists(texts.filter(bool), max_size=2).map(tuple)


def some_unspoken(which: int, **fields: object) -> Profile:
    made = Profile(**fields)  # type: ignore[arg-type]  # as drawn below
    return replace(made, unspoken=(*made.tags, *made.offers, *made.seeks)[:which])


drawn = st.builds(
    some_unspoken,
    which=st.integers(0, 3),
    id=st.uuids().map(str),
    company=st.sampled_from("AB"),
    name=texts,
    description=texts,
    tags=lists,
    offers=lists,
    seeks=lists,
    formats=st.sampled_from([(), ("talk",), ("case_clinic", "ama"), ("Nordwerk podcast",)]),
    stage=st.sampled_from(["", "growth", "idea"]),
    withheld=st.sampled_from([(), ("Nordwerk AG",)]),
)


@given(st.lists(drawn, min_size=2, max_size=5, unique_by=lambda one: one.id), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_shares_add_up_and_only_a_sides_own_words_are_shown(profiles: list[Profile], chance: random.Random) -> None:
    a, b = profiles[:2]
    shuffled = chance.sample(profiles, len(profiles))

    reasons, other = explained(*profiles)
    again = PairExplainer(shuffled, ProfileVectorizer().fit_transform(shuffled)).reasons(
        shuffled.index(a), shuffled.index(b)
    )

    assert len(reasons) <= 3
    assert all(reason.share >= 0 for reason in reasons)
    assert [reason.share for reason in reasons] == sorted((reason.share for reason in reasons), reverse=True)
    assert sum(reason.share for reason in reasons) + other == pytest.approx(1.0, abs=1e-9)
    assert [(reason.kind, reason.terms, reason.giver) for reason in reasons] == [
        (reason.kind, reason.terms, reason.giver) for reason in again[0]
    ]
    assert [reason.share for reason in reasons] == pytest.approx([reason.share for reason in again[0]], abs=1e-9)
    withheld = bool(a.withheld or b.withheld)
    for reason in reasons:
        for pair in reason.terms:
            for side, phrase in ((a, pair.a), (b, pair.b)):
                own = " ".join([*(text for _, text in side.spoken.texts_by_field), side.stage]).casefold()
                assert all(word in own for word in phrase.casefold().split())
                assert "#" not in phrase
                assert not (withheld and "nordwerk" in phrase.casefold())


def test_words_that_only_a_dictionary_of_the_operator_knows_are_told_too() -> None:
    own = with_({"quarzel": {"zibbert": 1.0}})
    profiles = [
        Profile(id="a", company="A", name="Quarzel", tags=("Quarzel",), languages=("de",)),
        Profile(id="b", company="B", name="zibbert", tags=("zibbert",), languages=("en",)),
    ]

    [told] = TandemMatcher(cost=0.0, lexicons=own, common_language=False).fit(profiles).tandems_

    assert [(term.a, term.b) for term in told.reasons[0].terms] == [("Quarzel", "zibbert")]


def with_(translations: dict[str, dict[str, float]]) -> dict[str, Lexicon]:
    """The shipped lexicons, with more German stems."""
    shipped = dict(shipped_lexicons())
    return shipped | {"de": shipped["de"].with_(Lexicon(translations))}
