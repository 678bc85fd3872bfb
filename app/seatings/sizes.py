"""Into groups of which sizes people can be divided, and what would do where they cannot."""

from dataclasses import dataclass

SMALLEST, LARGEST = 3, 6


@dataclass(frozen=True, slots=True)
class Nearest:
    """What would do instead: groups of these sizes, or so many people."""

    lower: int
    upper: int
    fewer: int
    more: int


def fit(people: int, least: int, most: int) -> bool:
    """Whether so many people can sit in groups of at least and at most so many."""
    return any(groups * least <= people <= groups * most for groups in range(1, people // least + 1))


def nearest(people: int, least: int, most: int) -> Nearest:
    """For at least `least` people who do not fit; from the smallest possible group on there is always an answer."""
    wider = (
        (least - lower + upper - most, lower, upper)
        for lower in range(SMALLEST, least + 1)
        for upper in range(most, LARGEST + 1)
        if fit(people, lower, upper)
    )
    _, lower, upper = min(wider)
    return Nearest(
        lower=lower,
        upper=upper,
        fewer=next(number for number in range(people - 1, 0, -1) if fit(number, least, most)),
        more=next(number for number in range(people + 1, people + least + 1) if fit(number, least, most)),
    )
