"""Pairs that must be tandems: checked before anything is computed, then kept out of the pairing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.eligibility import Eligibility, Rule, check_pair
from matching.exceptions import InvalidPin
from matching.profiles import Profile

Indices = npt.NDArray[np.int64]

_PROBLEMS: Mapping[Rule, str] = {
    Rule.SAME_COMPANY: "both are of the same company; pin communities of two companies",
    Rule.NO_CAPACITY: "one of them has no free place for it; raise its capacity or take a pin away",
    Rule.BANNED: "the pair is banned; lift the ban or the pin",
    Rule.MET_BEFORE: "the pair met before; allow it to meet again or take the pin away",
    Rule.COMPANY_EXCLUDED: "one company excludes the other; lift the exclusion or the pin",
    Rule.NO_COMMON_LANGUAGE: "they have no language in common; add one or take the pin away",
    Rule.NO_COMMON_HOURS: "they have less than two working hours in common; take the pin away",
}


@dataclass(frozen=True)
class Pins:
    """Pinned pairs by position, `a` before `b`, each once, in order; and the places that they leave."""

    a: Indices
    b: Indices
    places: Indices  # (n,) free places of each profile

    def check_history(self, profiles: Sequence[Profile], rules: Eligibility) -> None:
        """Raises InvalidPin for a pair that met before, as far as these rules keep such pairs apart."""
        self._refuse_where(rules.breaks(Rule.MET_BEFORE, self.a, self.b), profiles)

    def check_cap(self, profiles: Sequence[Profile], rules: Eligibility, most: int) -> None:
        """Raises InvalidPin for the first pin more than `most` between the same two companies."""
        counts: Counter[int] = Counter()
        companies_of = rules.company_pair(self.a, self.b).tolist()
        for a, b, companies in zip(self.a.tolist(), self.b.tolist(), companies_of, strict=True):
            counts[companies] += 1
            if counts[companies] > most:
                raise InvalidPin(
                    (profiles[a].id, profiles[b].id),
                    "max_per_company_pair",
                    f"more pins between these two companies than the {most} tandems allowed; take one away",
                )

    def _refuse_where(self, broken: npt.NDArray[np.bool_], profiles: Sequence[Profile]) -> None:
        for place in np.flatnonzero(broken)[:1].tolist():
            pair = profiles[self.a[place]].id, profiles[self.b[place]].id
            raise InvalidPin(pair, Rule.MET_BEFORE, _PROBLEMS[Rule.MET_BEFORE])


def checked_pins(pins: Iterable[tuple[str, str]], profiles: Sequence[Profile], rules: Eligibility) -> Pins:
    """The pins as positions; a pair named twice is one pin.

    Raises InvalidParameter for a pin that is not a pair of ids, and InvalidPin for an unknown id, one company
    twice, more pins at a community than its capacity, and any other rule but history and cap: those depend
    on the settings of each pairing.
    """
    places = rules.capacity.copy()
    named: list[tuple[int, int]] = []
    for pin in sorted({_in_order(pin) for pin in pins}):
        a, b = (_known(pin, name, rules) for name in pin)
        rule = rules.first_broken_rule(a, b, apart_from=(Rule.MET_BEFORE,))
        if rule is None and min(places[a], places[b]) == 0:
            rule = Rule.NO_CAPACITY
        if rule is not None:
            raise InvalidPin(pin, rule, _PROBLEMS[rule])
        places[[a, b]] -= 1
        named.append((a, b))
    pairs = np.array(named, dtype=np.int64).reshape(-1, 2)
    return Pins(pairs[:, 0], pairs[:, 1], places)


def _in_order(pin: tuple[str, str]) -> tuple[str, str]:
    check_pair("pins", pin)
    a, b = sorted(pin)
    return a, b


def _known(pin: tuple[str, str], name: str, rules: Eligibility) -> int:
    position = rules.position(name)
    if position is None:
        raise InvalidPin(pin, "unknown", f"no profile has the id {name!r}; correct it or take the pin away")
    return position
