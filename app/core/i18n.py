"""Texts for people in German and English: English is the source, `app/locale/` holds the German catalogue."""

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Annotated, Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Depends, Header, Response

Language = Literal["de", "en"]

_SOURCE: Language = "en"
_LANGUAGES: tuple[Language, ...] = ("en", "de")


def mark(text: str) -> str:
    """Marks a text for the catalogue where it is written; it is translated where it is shown."""
    return text


def translate(text: str, language: Language, **values: object) -> str:
    """The text in that language with its `{placeholders}` filled in; a `reason` is told in that language too."""
    if isinstance(values.get("reason"), str):
        values["reason"] = lookup(str(values["reason"]), language)
    return lookup(text, language).format(**values)


def lookup(text: str, language: Language) -> str:
    """The text in that language as it stands in the catalogue, placeholders and all."""
    return _catalogue(language).gettext(text) if text else ""


def preferred_language(accept_language: str | None) -> Language:
    """The language of an `Accept-Language` header (RFC 9110); English when none of ours is asked for."""
    wishes: list[tuple[float, int, Language]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().split("-", 1)[0].lower()
        for language in _LANGUAGES:
            if primary == language:
                wishes.append((-_quality(parameter), place, language))
    asked = sorted(wish for wish in wishes if wish[0] < 0)
    return asked[0][2] if asked else _SOURCE


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language == _SOURCE:
        return NullTranslations()
    path = files("app").joinpath("locale", language, "LC_MESSAGES", "messages.po")
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(path.read_bytes()), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


async def _asked(
    response: Response,
    accept_language: Annotated[str | None, Header(description="`de` or `en`, for texts meant for people.")] = None,
) -> Language:
    response.headers["Vary"] = "Accept-Language"
    return preferred_language(accept_language)


LanguageDep = Annotated[Language, Depends(_asked)]
