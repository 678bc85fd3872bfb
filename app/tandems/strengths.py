"""How sure a suggestion is, in a word: for the two sides, and beside its number for organizers."""

from app.core.i18n import Language, mark, translate
from app.tandems.schemas import StrengthOut
from matching.calibration import Strength, strength

WORDS = {
    Strength.STRONG: mark("strong"),
    Strength.GOOD: mark("good"),
    Strength.WORTH_A_LOOK: mark("worth a look"),
}


def strength_shown(probability: float | None, language: Language) -> StrengthOut | None:
    """The word for a probability; none where none is known."""
    if probability is None:
        return None
    found = strength(probability)
    return StrengthOut(kind=found.value, text=translate(WORDS[found], language))
