"""What the two talk about and for how long: a template that each reads in its language, and items of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import cast

from app.core.i18n import Language, mark, translate
from app.guardrails import terms

Stored = dict[str, object]
MOST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """An item of a template; its minutes are those of a whole hour."""

    name: str
    text: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Item:
    """An item as somebody reads or writes it. `given`: it comes from the template."""

    text: str
    minutes: int
    parked: bool
    given: bool = False


KICK_OFF = (
    Step("get_to_know", mark("Get to know each other"), 15),
    Step("expectations", mark("What each side expects"), 10),
    Step("shared_question", mark("One question that both share"), 15),
    Step("rules", mark("The rules: confidentiality and the competition-law card"), 10),
    Step("next", mark("Rhythm, next date and next host"), 10),
)
REGULAR = (
    Step("check_in", mark("Check-in"), 5),
    Step("practice", mark("The host shows one practice"), 20),
    Step("peer_question", mark("Peer question"), 20),
    Step("take_away", mark("Take-away and next host"), 10),
    Step("check_out", mark("Competition-law check-out"), 5),
)
_STEPS = {step.name: step for step in (*KICK_OFF, *REGULAR)}


def template(*, kick_off: bool, minutes: int) -> list[Stored]:
    """The agenda that a meeting begins with, its items shared out over these minutes."""
    steps = KICK_OFF if kick_off else REGULAR
    whole = sum(step.minutes for step in steps)
    ends, so_far = [0], 0
    for step in steps:
        so_far += step.minutes
        # Rounded where items meet, so that they fill the meeting to the minute.
        ends.append(round(so_far * minutes / whole))
    lengths = (max(end - begin, 1) for begin, end in pairwise(ends))
    return [
        {"step": step.name, "minutes": length, "parked": False} for step, length in zip(steps, lengths, strict=True)
    ]


def with_parked(agenda: Sequence[Stored], before: Sequence[Stored]) -> list[Stored]:
    """With what was parked in the meeting before, unless the check has a hint for it: that is left where it is."""
    back = [
        one | {"parked": False}
        for one in before
        if one["parked"] and "text" in one and not terms.hints(str(one["text"]))
    ]
    *items, last = agenda
    return [*items, *back[: MOST_ITEMS - len(agenda)], last]


def stored(items: Sequence[Item]) -> list[Stored]:
    """What was written; a text of the template, in whichever language, stays one that each reads in its own."""
    known = _by_text()
    return [
        {**({"step": known[one.text]} if one.text in known else {"text": one.text})}
        | {"minutes": one.minutes, "parked": one.parked}
        for one in items
    ]


def shown(agenda: Sequence[Mapping[str, object]], language: Language) -> list[Item]:
    """The items in the reader's language."""
    return [
        Item(
            text=translate(_STEPS[str(one["step"])].text, language) if "step" in one else str(one["text"]),
            minutes=cast("int", one["minutes"]),
            parked=bool(one["parked"]),
            given="step" in one,
        )
        for one in agenda
    ]


@cache
def _by_text() -> dict[str, str]:
    languages: tuple[Language, ...] = ("en", "de")
    return {translate(step.text, language): step.name for step in _STEPS.values() for language in languages}
