"""Profiles as rows of a CSV file that an import reads back as they are: the inverse of headings and cells.

A cell that a spreadsheet would take for a formula begins with an apostrophe, which an import takes away again.
"""

import html
from collections.abc import Sequence

from app.communities.schemas import CommunityOut, ManagerOut
from app.imports.cells import guarded, says_none
from app.imports.headings import HEADINGS, SKIPPED, Person, name_of
from app.imports.prose import LISTS_OF_TEXTS, TEXTS, plain

__all__ = ["columns", "guarded", "row"]

_PARTS = ("email", "first_name")
_SEPARATORS = frozenset("\n|;,/")


def columns(managers: int, deputies: int) -> list[str]:
    """The headings, with room for so many managers and deputies of one community."""
    return [*HEADINGS, *(name_of(Person(*person)) for person in _persons(managers, deputies)), *SKIPPED]


def row(community: CommunityOut, company: str, managers: int, deputies: int) -> list[str]:
    """The cells of a community in the order of `columns`."""
    values = community.model_dump(mode="json", exclude={"managers", "also_known_as"})
    values["company"] = company
    values["also_known_as"] = [f"{one.source}/{one.external_id}" for one in community.also_known_as or ()]
    speakers = _by_place(community.managers or ())
    persons = [
        getattr(speakers[role, number], part) if (role, number) in speakers else ""
        for role, number, part in _persons(managers, deputies)
    ]
    told = [_written(field, values[field.removeprefix("tandem_")]) for field in SKIPPED]
    return [guarded(cell) for cell in (*(_written(field, values[field]) for field in HEADINGS), *persons, *told)]


def _persons(managers: int, deputies: int) -> list[tuple[str, int, str]]:
    of_each = (("manager", managers), ("deputy", deputies))
    return [(role, number, part) for role, most in of_each for number in range(1, most + 1) for part in _PARTS]


def _by_place(speakers: Sequence[ManagerOut]) -> dict[tuple[str, int], ManagerOut]:
    placed: dict[tuple[str, int], ManagerOut] = {}
    for role, theirs in (
        ("manager", [one for one in speakers if not one.deputy]),
        ("deputy", [one for one in speakers if one.deputy]),
    ):
        placed |= {(role, number): one for number, one in enumerate(theirs, start=1)}
    return placed


def _written(field: str, value: object) -> str:
    """A cell that is read back as this value; an empty one where nothing is stored."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case []:
            # Only here is an empty list something else than none: nothing sensitive, said expressly.
            return "none" if field == "touches" else ""
        case list():
            return _listed([_marked_up(str(one)) if field in LISTS_OF_TEXTS else str(one) for one in value])
        case str() if field in TEXTS:
            return _marked_up(value)
        case _:
            return str(value)


def _listed(items: Sequence[str]) -> str:
    separator = "\n" if any("|" in item for item in items) else "|"
    [*others, last] = items
    if not others and (says_none(last) or not _SEPARATORS.isdisjoint(last)):
        # Said to be a list, so that this one entry is not taken for several, or for none.
        return last + separator
    return separator.join(items)


def _marked_up(text: str) -> str:
    """What an import would take for HTML is written as HTML; everything else stays as it is."""
    if plain(text) == text and "\r" not in text:
        return text
    return html.escape(text, quote=False).replace("\r", "&#13;")
