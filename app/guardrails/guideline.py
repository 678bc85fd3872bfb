"""The guideline on competition law in its versions: texts in both languages, the notice of each meeting, the card."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from app.core.i18n import Language


@dataclass(frozen=True, slots=True)
class GuidelineText:
    """A version in one language. `notice` goes into invitations and calendar entries, `card` onto the table."""

    version: str
    title: str
    paragraphs: tuple[str, ...]
    notice: str
    card: str


def _read() -> list[Mapping[Language, GuidelineText]]:
    data = tomllib.loads(files("app.guardrails").joinpath("data", "guideline.toml").read_text(encoding="utf-8"))
    return [{"de": _text(one, "de"), "en": _text(one, "en")} for one in data["versions"]]


def _text(version: Mapping[str, object], language: Language) -> GuidelineText:
    texts = version[language]
    assert isinstance(texts, dict)  # noqa: S101  a file of our own
    return GuidelineText(
        version=str(version["version"]),
        title=texts["title"],
        paragraphs=tuple(texts["paragraphs"]),
        notice=texts["notice"],
        card=texts["card"],
    )


VERSIONS = _read()
CURRENT: Mapping[Language, GuidelineText] = VERSIONS[-1]
CURRENT_VERSION = CURRENT["en"].version
