"""What stands on a table card: a theme and a question to begin with, from what those of the table have in common.

Nobody is named and nothing is asked back: each question can be answered by everybody at the table.
"""

from collections.abc import Mapping, Sequence

from app.core.i18n import Language, mark, preferred_language, translate

# Of each several, so that not every table of a room reads the same.
_MEETING = (
    mark("Who of you can show something about “{theme}”, and what do the others want to see first?"),
    mark("“{theme}”: what has worked for those who do it, and what do the others want to know about it?"),
    mark("Some want to learn about “{theme}”, others can show something: which question do you begin with?"),
)
_WANTED = (
    mark("What would each of you like to know about “{theme}” by the end of this round?"),
    mark("“{theme}”: what have you tried so far, and what would help you next?"),
    mark("Which question about “{theme}” would you ask somebody who has done it for years?"),
)
_SHOWN = (
    mark("What about “{theme}” would you show first to somebody who is new to it?"),
    mark("“{theme}”: what does each of you do differently, and what can the others take from it?"),
    mark("Which detail of “{theme}” has made the greatest difference for you?"),
)
_COMMON = (
    mark("What does “{theme}” look like where you are, and what would you like to try?"),
    mark("“{theme}”: which small step has set something in motion for you?"),
    mark("What has surprised you most about “{theme}” lately?"),
)
_NEUTRAL = (
    (
        mark("What works in our communities"),
        mark("What is going well in your community at present, and what has helped it?"),
    ),
    (
        mark("Small experiments"),
        mark("Which small experiment would you do again, and which one would you do differently?"),
    ),
    (
        mark("What we take home"),
        mark("What would you like to take home for your community today?"),
    ),
    (
        mark("How people find us"),
        mark("How do people find their way into your community, and what lets them stay?"),
    ),
)


def label(shared: Sequence[Mapping[str, object]], language: Language, number: int = 1) -> str:
    """The theme of a table; a neutral one where its people have named nothing in common. `number` is the table's:
    neighbours without a theme get different ones."""
    theme = _theme(shared)
    if theme is None:
        return translate(_NEUTRAL[number % len(_NEUTRAL)][0], language)
    return _as_title(str(theme["text"]))


def opening_question(shared: Sequence[Mapping[str, object]], language: Language, number: int = 1) -> str:
    """A question that the table can begin with, about the same theme as its label."""
    theme = _theme(shared)
    if theme is None:
        return translate(_NEUTRAL[number % len(_NEUTRAL)][1], language)
    match bool(theme["wanted_by"]), bool(theme["shown_by"]):
        case True, True:
            texts = _MEETING
        case True, False:
            texts = _WANTED
        case False, True:
            texts = _SHOWN
        case _:
            texts = _COMMON
    return translate(texts[number % len(texts)], language, theme=theme["text"])


def language_of_table(spoken: str | None, meetup: str) -> Language:
    """In which language a card is written: that of the group, or of the meetup where the group has none of ours."""
    ours = [tag for tag in (spoken, meetup) if tag and tag.split("-", 1)[0].lower() in ("de", "en")]
    return preferred_language(ours[0] if ours else None)


def _theme(shared: Sequence[Mapping[str, object]]) -> Mapping[str, object] | None:
    """The strongest theme that some can show and others want, or else the strongest."""
    meeting = (one for one in shared if one["wanted_by"] and one["shown_by"])
    return next(meeting, shared[0] if shared else None)


def _as_title(text: str) -> str:
    """With a capital at the beginning, but for a word that has one inside: eLearning stays."""
    first, _, _ = text.partition(" ")
    return text[:1].upper() + text[1:] if first.islower() else text
