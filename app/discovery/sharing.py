"""What two communities have in common, in words that the viewer may read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.communities.cards import company_words, seen_texts
from app.communities.models import Community
from app.discovery.index import State
from app.discovery.meanings import MAIN, Reader, Sense, Shares
from app.discovery.models import Found, Read
from app.discovery.reading import profile_of
from app.discovery.telling import Telling
from app.discovery.viewing import Viewer
from matching.profiles import Profile
from matching.related import Compared

MAX_SHARED = 5
HIGHEST = 100
"""Similarities and scores are told in hundredths."""


class Beside:
    """One community of the viewer beside all that can be found, as far as that may be told.

    Words of two languages meet in the pivot language alone. So that neither is at a disadvantage, a similarity is
    what it is of the most that texts in these languages could have.
    """

    def __init__(self, viewer: Viewer, state: State, own: Community | Read) -> None:
        reader, profile = Reader(state.dictionary), profile_of(own)
        said = _said(profile, viewer.company.name, reader)
        terms = reader.counted(profile, viewer.company.name)
        compared = state.related.compared(terms, instead_of=state.row_of.get(own.id))
        senses = {sense.key: sense for one in said for sense in one.senses}
        telling = Telling(state, profile.company, senses)
        counted = telling.counted(terms)
        similarities = compared.similarities(counted, telling.only_with(terms))
        attainable = _attainable(state.native_share(terms, counted), state.native)
        self.levels: npt.NDArray[np.int64] = np.rint(np.minimum(similarities / attainable, 1.0) * HIGHEST).astype(
            np.int64
        )
        """(n,) the similarity with each row in hundredths."""
        self.sharing = Sharing(viewer, telling, compared, said, reader)

    def similarity(self, row: int) -> float:
        """The same of one row, 0 to 1."""
        return int(self.levels[row]) / HIGHEST


@dataclass(frozen=True, slots=True)
class Said:
    """A word as the viewer's community uses it most, and what it is compared by."""

    surface: str
    senses: Shares


class Sharing:
    """The themes that one community of the viewer shares with others.

    Each is told in the viewer's own word for it, as far as `Telling` lets it be told.
    """

    def __init__(
        self, viewer: Viewer, telling: Telling, compared: Compared, said: list[Said], reader: Reader
    ) -> None:
        self._telling = telling
        self._compared = compared
        self._reader = reader
        self._named: dict[str, frozenset[int]] = {}
        name = company_words(viewer.company.name)
        self._by_key = _by_key([one for one in said if not name.mentioned_in(one.surface)])

    def with_(self, row: int, community: Found) -> list[str]:
        """At most five themes, strongest first; never a word of either company's name, in any language.

        A word is told once most of what it means is shared: a "Lieferkettengesetz" is no theme of who knows another
        law.
        """
        name = company_words(community.company_name)
        named = self._keys_of_name(community.company_name)
        shared: dict[str, float] = {}
        themes: list[str] = []
        for key in self._tellable(row, community):
            word, share = self._by_key[key]
            if key in named or word in themes or name.mentioned_in(word):
                continue
            shared[word] = shared.get(word, 0.0) + share
            if shared[word] >= MAIN:
                themes.append(word)
            if len(themes) == MAX_SHARED:
                break
        return themes

    def _keys_of_name(self, company: str) -> frozenset[int]:
        known = self._named.get(company)
        if known is None:
            known = self._named[company] = self._reader.keys_in_any_language([company])
        return known

    def _tellable(self, row: int, community: Found) -> Iterator[int]:
        """Keys of the senses in common that have a word and may be told, strongest first."""
        seen: frozenset[int] | None = None
        for key in self._compared.shared_with(row):
            if key not in self._by_key:
                continue
            if not self._telling.is_common(key):
                # Reading the card again takes longer than everything else here, and is seldom asked for.
                seen = self._reader.keys_in_any_language(seen_texts(community)) if seen is None else seen
                if key not in seen:
                    continue
            yield key


def _attainable(share: float, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) the similarity of texts that are the same in the pivot language and in each other, by how much of them is
    in another: 1 for two in one language."""
    attainable: npt.NDArray[np.float64] = np.sqrt(share * shares) + np.sqrt((1 - share) * (1 - shares))
    return attainable


def _said(own: Profile, company: str, reader: Reader) -> list[Said]:
    """The words of a community, each once, in the form that it uses most."""
    used: dict[Sense, dict[str, int]] = {}
    senses: dict[Sense, Shares] = {}
    for word in reader.words(own):
        shares = reader.senses(word, company)
        # The first is the word itself.
        itself = next(iter(shares))
        senses.setdefault(itself, {})
        senses[itself] = {**senses[itself], **shares}
        surfaces = used.setdefault(itself, {})
        surfaces[word.surface] = surfaces.get(word.surface, 0) + 1
    return [Said(max(surfaces, key=lambda one: surfaces[one]), senses[one]) for one, surfaces in used.items()]


def _by_key(said: list[Said]) -> Mapping[int, tuple[str, float]]:
    """For each key the word that it is most of, and how much."""
    found: dict[int, tuple[str, float]] = {}
    for one in said:
        for sense, share in one.senses.items():
            known = found.get(sense.key)
            if known is None or share > known[1]:
                found[sense.key] = one.surface, share
    return found
