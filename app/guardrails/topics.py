"""The twelve topics that are never exchanged: what each is called, why there is a hint, what is fine instead."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from app.core.i18n import Language

WITH_WHOM: Final = 4
PASSING_ON: Final = 11
BY_WHATEVER_WAY: Final = 12


@dataclass(frozen=True, slots=True)
class Topic:
    number: int
    names: Mapping[Language, str]
    explanations: Mapping[Language, str]

    def name(self, language: Language) -> str:
        return self.names[language]

    def explanation(self, language: Language) -> str:
        return self.explanations[language]


def _read() -> Mapping[int, Topic]:
    data = tomllib.loads(files("app.guardrails").joinpath("data", "topics.toml").read_text(encoding="utf-8"))
    return {int(number): Topic(int(number), one["name"], one["explanation"]) for number, one in data.items()}


TOPICS: Mapping[int, Topic] = _read()
