"""What is known of each language, read from data: a further one is three files, not code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PIVOT = "en"
"""The language that words of all others are translated to, to be compared."""
OTHER = "und"
"""BCP 47 for a language that is not determined: words are compared as they are written."""


@dataclass(frozen=True, slots=True)
class LanguageData:
    """Function words, Snowball's name of the stemmer, and what tells the language and its compounds."""

    stemmer: str
    stopwords: frozenset[str]
    letters: frozenset[str]
    endings: tuple[str, ...]
    links: tuple[str, ...]
    feminine_plural: str


@cache
def known_languages() -> Mapping[str, LanguageData]:
    """By primary BCP 47 tag, in the order of the tags."""
    folder = files("matching").joinpath("language_data")
    found = {}
    for name in sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml")):
        tag = name.removesuffix(".toml")
        data = tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
        found[tag] = LanguageData(
            stemmer=data["stemmer"],
            stopwords=frozenset(folder.joinpath(f"{tag}.stopwords.txt").read_text(encoding="utf-8").split()),
            letters=frozenset(data["letters"]),
            endings=tuple(data["endings"]),
            links=tuple(data["links"]),
            feminine_plural=data["feminine_plural"],
        )
    return found


@cache
def telling_words() -> Mapping[str, str]:
    """Function words that belong to one known language only, with that language."""
    owners: dict[str, list[str]] = {}
    for language, data in known_languages().items():
        for word in data.stopwords:
            owners.setdefault(word, []).append(language)
    return {word: languages[0] for word, languages in owners.items() if len(languages) == 1}
