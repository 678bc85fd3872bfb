"""The engine with one of its parts switched off, to see what the part is worth.

Constants are changed in a process that is forked for it and ends afterwards: the engine knows nothing of it.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from matching import Profile
from matching.compounds import CompoundSplitter
from matching.evaluation import Evaluation, Qrels, evaluate
from matching.languages import PIVOT, known_languages
from matching.lexicon import Lexicon
from matching.profiles import primary_language
from matching.text import MAX_WORDS, TextAnalyzer

Needs = Callable[[Sequence[Profile]], bool]


def _anything(profiles: Sequence[Profile]) -> bool:
    return True


def _two_languages(profiles: Sequence[Profile]) -> bool:
    return len({language_of(profile) for profile in profiles}) > 1


def _tags(profiles: Sequence[Profile]) -> bool:
    return any(profile.tags for profile in profiles)


def _offers_and_seeks(profiles: Sequence[Profile]) -> bool:
    return any(profile.offers for profile in profiles) and any(profile.seeks for profile in profiles)


def language_of(profile: Profile) -> str:
    """The first language that a profile states, the pivot for one that states none."""
    return primary_language(profile.languages[0]) if profile.languages else PIVOT


def _no_stems() -> None:
    def itself(analyzer: TextAnalyzer, word: str, language: str) -> str:
        return word

    setattr(TextAnalyzer, "stem", itself)  # noqa: B010  mypy refuses a plain assignment to a method


def _no_splitting() -> None:
    def whole(splitter: CompoundSplitter, word: str) -> tuple[str, ...]:
        return ()

    setattr(CompoundSplitter, "split", whole)  # noqa: B010  mypy refuses a plain assignment to a method


def _nothing() -> None:
    pass


_NO_LEXICONS = {language: Lexicon({}) for language in known_languages() if language != PIVOT}


@dataclass(frozen=True)
class Part:
    """One part of the engine, and how to do without it.

    constants : by name the value that makes it count for nothing, in each module that knows the name.
    changed : anything else to do. `needs` tells which profiles it can matter to.
    """

    name: str
    constants: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    changed: Callable[[], None] = _nothing
    lexicons: Mapping[str, Lexicon] | None = None
    needs: Needs = _anything


PARTS: tuple[Part, ...] = (
    Part("the lexicon", lexicons=_NO_LEXICONS, needs=_two_languages),
    Part("learning from the store", {"ROUNDS": 0}, needs=_two_languages),
    Part("lexicon and learning", {"ROUNDS": 0}, lexicons=_NO_LEXICONS, needs=_two_languages),
    Part("stems (and with them the lexicon, which is one of stems)", changed=_no_stems),
    Part("splitting compounds", changed=_no_splitting, needs=_two_languages),
    Part("parts of compounds beside the whole (PART_WEIGHT 0)", {"PART_WEIGHT": 0.0}, needs=_two_languages),
    Part("words in their own language (NATIVE_SHARE 0)", {"NATIVE_SHARE": 0.0}, needs=_two_languages),
    Part("words in the pivot language (NATIVE_SHARE 1)", {"NATIVE_SHARE": 1.0}, needs=_two_languages),
    Part("earlier words count more (LEAD without end)", {"_PLACES": np.ones(MAX_WORDS)}),
    Part("tags as a whole (PHRASE_WEIGHT 0)", {"PHRASE_WEIGHT": 0.0}, needs=_tags),
    Part("widening by neighbours (WIDENING 0)", {"WIDENING": 0.0}),
    Part("holding favourites back (STRENGTH 0)", {"STRENGTH": 0.0}),
    Part("the best of either side (BEHIND 0)", {"BEHIND": 0.0}),
    Part("offers that meet seeks (RECIPROCITY 0)", {"RECIPROCITY": 0.0}, needs=_offers_and_seeks),
)


def evaluated_without(part: Part, profiles: Sequence[Profile], qrels: Qrels) -> Evaluation:
    """The engine's evaluation without this part. Leaves the process changed: call it in one of its own."""
    for name, value in part.constants.items():
        replace_constant(name, value)
    part.changed()
    return evaluate(profiles, qrels, lexicons=part.lexicons)


def replace_constant(name: str, value: object) -> None:
    """In each module of the engine that knows it by this name. Raises LookupError where none does."""
    modules = modules_with(name)
    if not modules:
        raise LookupError(f"no module of the engine has {name}: what takes its place?")
    for module in modules:
        setattr(sys.modules[module], name, value)


def modules_with(name: str) -> list[str]:
    """The loaded modules of the engine that have such a constant, their own or imported."""
    return sorted(
        module for module in sys.modules if module.startswith("matching.") and hasattr(sys.modules[module], name)
    )
