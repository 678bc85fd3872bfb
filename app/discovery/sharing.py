"""What two communities have in common, in words that the viewer may read."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from app.communities.cards import company_words, seen_texts
from app.communities.models import Community
from app.discovery.index import State
from app.discovery.models import Found, Read
from app.discovery.reading import profile_of
from app.discovery.telling import Telling
from app.discovery.viewing import Viewer
from matching.profiles import Profile
from matching.related import Compared, TermCounts, term_key
from matching.text import TextAnalyzer

MAX_SHARED = 5
HIGHEST = 100
"""Similarities and scores are told in hundredths."""


class Beside:
    """One community of the viewer beside all that can be found, as far as that may be told."""

    def __init__(self, viewer: Viewer, state: State, own: Community | Read) -> None:
        analyzer, profile = TextAnalyzer(), profile_of(own)
        terms = TermCounts.of_profile(profile, analyzer)
        compared = state.related.compared(terms, instead_of=state.row_of.get(own.id))
        telling = Telling(state, profile, analyzer)
        similarities = compared.similarities(telling.counted(terms), telling.only_with(terms))
        self.levels: npt.NDArray[np.int64] = np.rint(similarities * HIGHEST).astype(np.int64)
        """(n,) the similarity with each row in hundredths."""
        self.sharing = Sharing(viewer, telling, compared, profile, analyzer)

    def similarity(self, row: int) -> float:
        """The same of one row, 0 to 1."""
        return int(self.levels[row]) / HIGHEST


class Sharing:
    """The themes that one community of the viewer shares with others.

    Each is told in the viewer's own word for it, as far as `Telling` lets it be told.
    """

    def __init__(
        self, viewer: Viewer, telling: Telling, compared: Compared, own: Profile, analyzer: TextAnalyzer
    ) -> None:
        self._telling = telling
        self._compared = compared
        self._analyzer = analyzer
        name = company_words(viewer.company.name)
        self._spoken = {key: word for key, word in _spoken(own, analyzer).items() if not name.mentioned_in(word)}

    def with_(self, row: int, community: Found) -> list[str]:
        """At most five themes, strongest first; never a word of either company's name."""
        name = company_words(community.company_name)
        seen: frozenset[int] | None = None
        themes = []
        for key in self._compared.shared_with(row):
            word = self._spoken.get(key)
            if word is None or name.mentioned_in(word):
                continue
            if not self._telling.is_common(key):
                # Reading the card again takes longer than everything else here, and is seldom asked for.
                seen = self._read_on(community) if seen is None else seen
                if key not in seen:
                    continue
            themes.append(word)
            if len(themes) == MAX_SHARED:
                break
        return themes

    def _read_on(self, community: Found) -> frozenset[int]:
        terms = self._analyzer.terms_in_any_language(seen_texts(community))
        return frozenset(term_key(term) for term in terms)


def _spoken(own: Profile, analyzer: TextAnalyzer) -> Mapping[int, str]:
    """For each term the word that the community uses most for it."""
    used: dict[str, dict[str, int]] = {}
    for passage in analyzer.analyze(own).passages:
        for word in passage:
            surfaces = used.setdefault(word.term, {})
            surfaces[word.surface] = surfaces.get(word.surface, 0) + 1
    return {term_key(term): max(said, key=lambda one: said[one]) for term, said in used.items()}
