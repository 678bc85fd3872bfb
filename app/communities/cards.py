"""Masked cards: what another company sees of a community before all have said yes."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from app.communities.models import Carded, Kind
from app.communities.schemas import CardOut

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(
    r"@|://|\bwww\.|\b(?:[a-z0-9-]+\.)+(?:com|org|de|eu|at|ch|uk|info|biz|cloud|example|local|intern)\b",
    re.IGNORECASE,
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
# Words of company names that tell no company from another.
_FORMS = "ag se gmbh mbh kg kgaa co ohg ev eg inc ltd llc plc sa nv bv corp corporation company group gruppe holding"
_OF_MANY = frozenset(f"{_FORMS} international the and und of for der die das".split())
# From here on a part of a longer word tells the company, and from here on the start of one.
_LONG, _SHORT = 5, 3


class CompanyWords:
    """The words that would tell a company: those of its name, in any spelling."""

    def __init__(self, name: str) -> None:
        words = _words(name)
        self._words = [word for word in words if word not in _OF_MANY] or words
        self._whole = "".join(self._words)

    def mentioned_in(self, text: str) -> bool:
        """Whether a text contains one of them, also inside a longer word. Rather once too often than once too few."""
        words = _words(text)
        together = "".join(words)
        # Nearly every text is told apart here already.
        if not any(own in together for own in self._words):
            return False
        if len(self._whole) >= _LONG and self._whole in together:
            return True
        return any(_tells(own, word) for own in self._words for word in words)


def card_of(community: Carded, handle: str) -> CardOut:
    """The card of a community; name, company and purpose only where it has listed itself openly."""
    openly = community.listed_openly
    return CardOut(
        handle=handle,
        themes=themes_of(community),
        languages=community.languages,
        size_band=community.size_band,
        sector=community.sector,
        stage=community.stage,
        formats_practised=community.formats_practised,
        formats_wanted=community.formats_wanted,
        # What people share in their lives can tell who speaks for them.
        kind=None if community.kind is Kind.CIRCUMSTANCE else community.kind,
        name=community.name if openly else None,
        company=community.company_name if openly else None,
        purpose=community.purpose if openly else None,
    )


def themes_of(community: Carded) -> list[str]:
    """Topics and tags, each once, without those that would unmask the community."""
    themes: dict[str, str] = {}
    for phrase in (*community.topics, *community.tags):
        if not _ADDRESS.search(phrase) and not unmasks(community, phrase):
            themes.setdefault(phrase.casefold(), phrase)
    return list(themes.values())


def unmasks(community: Carded, phrase: str) -> bool:
    """Whether a phrase of a community would tell who it is: its whole name, or a word of its company's."""
    if community.listed_openly:
        return False
    return company_words(community.company_name).mentioned_in(phrase) or _words(phrase) == _words(community.name)


def seen_texts(community: Carded) -> list[str]:
    """Every text on the card."""
    openly = [community.name, community.purpose or ""] if community.listed_openly else []
    return [*themes_of(community), *openly]


@lru_cache(maxsize=4096)
def company_words(name: str) -> CompanyWords:
    return CompanyWords(name)


def _tells(own: str, word: str) -> bool:
    if len(own) >= _LONG:
        return own in word
    return word.startswith(own) if len(own) >= _SHORT else word == own


# A page of cards asks for the words of some hundred phrases, mostly the same ones as the page before.
@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    """Words without case, accents and the ways to write an umlaut."""
    if text.isascii():
        return tuple(_WORD.findall(text.casefold().replace("_", " ")))
    lowered = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    bare = "".join(one for one in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(one))
    return tuple(_WORD.findall(bare.replace("_", " ")))


def any_mentioned(companies: Iterable[CompanyWords], text: str) -> bool:
    return any(company.mentioned_in(text) for company in companies)
