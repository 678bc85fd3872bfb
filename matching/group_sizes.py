"""Into how many groups of which sizes people can be divided, and what would do where they cannot."""

from collections.abc import Iterator

SMALLEST, LARGEST = 3, 6
"""Fewer than three are a pair, of more than six one only listens."""


def groups_for(people: int, wished: int, least: int, most: int) -> int | None:
    """How many groups, so that sizes differ by one at most, stay within the limits and are near to the wished one on
    average, rather smaller than larger. None where there is no such number."""
    possible = _possible(people, least, most)
    # In whole numbers: two are exactly as near or they are not.
    return min(possible, key=lambda groups: (abs(people - wished * groups) / groups, -groups), default=None)


def remedies(people: int, least: int, most: int) -> list[str]:
    """What would do instead: other sizes of groups, fewer people or more."""
    return [*_other_sizes(people, least, most), *_other_numbers(people, least, most)]


def _possible(people: int, least: int, most: int) -> range:
    return range(max(1, -(-people // most)), people // least + 1)


def _other_sizes(people: int, least: int, most: int) -> Iterator[str]:
    wider = [
        (least - lower + upper - most, lower, upper)
        for lower in range(SMALLEST, least + 1)
        for upper in range(most, LARGEST + 1)
        if _possible(people, lower, upper)
    ]
    if not wider:
        return
    _, lower, upper = min(wider)
    groups = _possible(people, lower, upper)[0]
    larger = people % groups
    if not larger:
        yield f"{_counted(groups)} of {people // groups}"
    else:
        yield f"{_counted(larger)} of {people // groups + 1} and {_counted(groups - larger)} of {people // groups}"


def _other_numbers(people: int, least: int, most: int) -> Iterator[str]:
    fewer = [str(number) for number in range(people - 1, 0, -1) if _possible(number, least, most)][:1]
    # From `least` people on there is a next number that will do: whole groups of one size.
    more = [str(number) for number in range(people + 1, people + least + 1) if _possible(number, least, most)][:1]
    if fewer or more:
        yield " or ".join([*fewer, *more]) + " people"


def _counted(groups: int) -> str:
    return "one group" if groups == 1 else f"{groups} groups"
