"""Compounds into their parts: "Lieferkettengesetz" -> Liefer-, ketten-, gesetz.

With the vocabulary at hand instead of a dictionary, in the manner of P. Koehn, K. Knight: Empirical methods for
compound splitting, EACL 2003: of all ways to split a word, the one whose parts are known best.
"""

import math
from collections.abc import Callable, Sequence

_SHORTEST_WORD = 8
_SHORTEST_HEAD, _SHORTEST_MODIFIER = 4, 3
_LONGEST_WORD = 40
_DEEPEST = 3


class CompoundSplitter:
    """Splits the words of one language.

    known : how well a folded word is known, 0 for not at all; a part has to be known, but for the modifier's
        linking element. A word that a split would explain worse than itself stays whole.
    links : what may stand between two parts.
    """

    def __init__(self, known: Callable[[str], float], links: Sequence[str]) -> None:
        self._known = known
        self._links = links

    def split(self, word: str) -> tuple[str, ...]:
        """The parts of a folded word, the head last; none for a word that is no compound, or not of known parts."""
        return self._split(word, 1)[1] if len(word) <= _LONGEST_WORD else ()

    def _split(self, word: str, depth: int) -> tuple[float, tuple[str, ...]]:
        """How well the parts of the best split are known (0 without one), and the parts."""
        best: tuple[float, tuple[str, ...]] = 0.0, ()
        if len(word) < _SHORTEST_WORD or depth > _DEEPEST:
            return best
        for at in range(_SHORTEST_MODIFIER, len(word) - _SHORTEST_HEAD + 1):
            head = self._known(word[at:])
            if not head:
                continue
            for modifier in self._modifiers(word[:at]):
                inner, parts = self._split(modifier, depth + 1)
                score = math.sqrt(head * (self._known(modifier) or inner))
                if score > best[0]:
                    best = score, (*(parts or (modifier,)), *(self._split(word[at:], depth + 1)[1] or (word[at:],)))
        return best

    def _modifiers(self, before: str) -> list[str]:
        stripped = [before.removesuffix(link) for link in self._links if before.endswith(link)]
        return [modifier for modifier in dict.fromkeys(stripped) if len(modifier) >= _SHORTEST_MODIFIER]
