"""How sure a suggestion is, in a word: for the two sides, and beside its number for organizers."""

from app.core.i18n import Language
from app.tandems.schemas import StrengthOut
from matching.calibration import strength
from matching.sentences import strength_sentence


def strength_shown(probability: float | None, language: Language) -> StrengthOut | None:
    """The word for a probability; none where none is known."""
    if probability is None:
        return None
    found = strength(probability)
    return StrengthOut(kind=found.value, text=strength_sentence(found, language))
