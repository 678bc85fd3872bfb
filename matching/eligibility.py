"""Who may meet whom: every rule as a vectorised yes or no, so that a forbidden pair is an absent edge."""

from collections.abc import Container, Iterable, Sequence
from copy import copy
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from matching.exceptions import InvalidParameter
from matching.profiles import Profile, primary_language

MIN_COMMON_HOURS = 2.0

# A pair of ids that met before, with how many rounds ago where that is known.
PastPair = tuple[str, str] | tuple[str, str, int]

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Without a known age a pair met so lately that no rule lets it meet again.
_AGE_UNKNOWN = -1


class Rule(StrEnum):
    """A reason why two communities may not meet, in the order in which it is named."""

    SAME_COMPANY = "same_company"
    NO_CAPACITY = "no_capacity"
    BANNED = "banned"
    MET_BEFORE = "met_before"
    COMPANY_EXCLUDED = "company_excluded"
    NO_COMMON_LANGUAGE = "no_common_language"
    NO_COMMON_HOURS = "no_common_hours"


class Eligibility:
    """The rules over profiles in canonical order, asked by arrays of positions.

    `past_pairs` are pairs of ids that met before: `(a, b)`, or `(a, b, rounds_ago)` for one that may meet again
    when `rounds_ago > repeat_after` (never where that is None; of several ages the youngest counts). `bans` are
    pairs of ids that must not meet, `excluded_company_pairs` pairs of companies that must not meet; without
    `common_language` any two languages may meet. Pairs that name an unknown id or company are passed over:
    history outlives communities. Raises InvalidParameter for a pair that is not two texts, or an age that is
    not a whole number of at least 0.
    """

    def __init__(
        self,
        profiles: Sequence[Profile],
        *,
        past_pairs: Iterable[PastPair] = (),
        repeat_after: int | None = None,
        bans: Iterable[tuple[str, str]] = (),
        excluded_company_pairs: Iterable[tuple[str, str]] = (),
        common_language: bool = True,
    ) -> None:
        self._count = len(profiles)
        names = sorted({profile.company for profile in profiles})
        number = {company: index for index, company in enumerate(names)}
        self._companies = len(names)
        self.company = np.array([number[profile.company] for profile in profiles], dtype=np.int64)
        self.capacity = np.array([profile.capacity for profile in profiles], dtype=np.int64)
        self._languages = _LanguageSets([profile.languages if common_language else () for profile in profiles])
        self._hours = _WorkingHours(profiles)
        self._position = {profile.id: index for index, profile in enumerate(profiles)}
        self._banned = self._pair_codes("bans", bans, self._position, self._count)
        self._met, self._age = self._met_before(past_pairs)
        self._repeat_after = repeat_after
        self._company_pairs = self._pair_codes(
            "excluded_company_pairs", excluded_company_pairs, number, self._companies
        )
        self._exclusions = np.unique(
            np.array(
                [
                    index * self._companies + number[company]
                    for index, profile in enumerate(profiles)
                    for company in profile.excluded_companies
                    if company in number
                ],
                dtype=np.int64,
            )
        )

    def with_repeat_after(self, repeat_after: int | None) -> Self:
        """The same rules with another answer to when a pair may meet again."""
        other = copy(self)
        other._repeat_after = repeat_after
        return other

    def changed_by(self, repeat_after: int | None) -> Indices:
        """The profiles with a past pair that may meet here and not after `repeat_after` rounds, or the other way."""
        differing = self._met[self._still_apart(self._repeat_after) != self._still_apart(repeat_after)]
        return np.unique(np.concatenate([differing // max(self._count, 1), differing % max(self._count, 1)]))

    def position(self, profile_id: str) -> int | None:
        """Where a profile stands in canonical order; None for an unknown id."""
        return self._position.get(profile_id)

    def allows(self, a: Indices, b: Indices) -> Mask:
        """For each pair of positions, whether no rule forbids it; symmetric in a and b."""
        forbidden = np.zeros(len(a), dtype=np.bool_)
        for rule in Rule:
            forbidden |= self.breaks(rule, a, b)
        return ~forbidden

    def somebody_to_talk_to(self) -> Mask:
        """For each profile, whether any profile of another company shares a language with it.

        Who has nobody need not be searched for: the search would go through everybody in vain.
        """
        if not self._count:
            return np.zeros(0, dtype=np.bool_)
        return self._languages.shared_elsewhere(self.company, self._companies)

    def first_broken_rule(self, a: int, b: int, *, apart_from: Container[Rule] = ()) -> Rule | None:
        """The first rule that forbids one pair, None when it may meet; rules in `apart_from` are not asked."""
        first, second = np.array([a], dtype=np.int64), np.array([b], dtype=np.int64)
        asked = (rule for rule in Rule if rule not in apart_from)
        return next((rule for rule in asked if self.breaks(rule, first, second)[0]), None)

    def company_pair(self, a: Indices, b: Indices) -> Indices:
        """For each pair of positions a number of its two companies, the same from either side."""
        one, other = self.company[a], self.company[b]
        return np.minimum(one, other) * self._companies + np.maximum(one, other)

    def breaks(self, rule: Rule, a: Indices, b: Indices) -> Mask:
        """For each pair of positions, whether this one rule forbids it."""
        match rule:
            case Rule.SAME_COMPANY:
                return np.equal(self.company[a], self.company[b])
            case Rule.NO_CAPACITY:
                return np.equal(np.minimum(self.capacity[a], self.capacity[b]), 0)
            case Rule.BANNED:
                return self._listed(self._banned, a, b, self._count)
            case Rule.MET_BEFORE:
                return self._listed(self._met[self._still_apart(self._repeat_after)], a, b, self._count)
            case Rule.COMPANY_EXCLUDED:
                excluded = self._listed(self._company_pairs, self.company[a], self.company[b], self._companies)
                excluded |= np.isin(a * self._companies + self.company[b], self._exclusions)
                excluded |= np.isin(b * self._companies + self.company[a], self._exclusions)
                return excluded
            case Rule.NO_COMMON_LANGUAGE:
                return ~self._languages.shared(a, b)
            case Rule.NO_COMMON_HOURS:
                return self._hours.common(a, b) < MIN_COMMON_HOURS

    def _still_apart(self, repeat_after: int | None) -> Mask:
        """For each past pair, whether it met too lately to meet again."""
        if repeat_after is None:
            return np.ones(len(self._met), dtype=np.bool_)
        return np.less_equal(self._age, repeat_after)

    def _met_before(self, past_pairs: Iterable[PastPair]) -> tuple[Indices, Indices]:
        """Each known past pair once, as a code, with its youngest age."""
        youngest: dict[int, int] = {}
        for pair in past_pairs:
            a, b, age = _with_age(pair)
            if a in self._position and b in self._position:
                low, high = sorted((self._position[a], self._position[b]))
                code = low * self._count + high
                youngest[code] = min(age, youngest.get(code, age))
        codes = sorted(youngest)
        return np.array(codes, dtype=np.int64), np.array([youngest[code] for code in codes], dtype=np.int64)

    @staticmethod
    def _listed(codes: Indices, a: Indices, b: Indices, base: int) -> Mask:
        if not len(codes):
            return np.zeros(len(a), dtype=np.bool_)
        return np.isin(np.minimum(a, b) * base + np.maximum(a, b), codes)

    @staticmethod
    def _pair_codes(parameter: str, pairs: Iterable[tuple[str, str]], number: dict[str, int], base: int) -> Indices:
        codes = []
        for pair in pairs:
            check_pair(parameter, pair)
            if pair[0] in number and pair[1] in number:
                low, high = sorted((number[pair[0]], number[pair[1]]))
                codes.append(low * base + high)
        return np.unique(np.array(codes, dtype=np.int64))


def check_pair(parameter: str, pair: Sequence[object]) -> None:
    """Raises InvalidParameter for what is not two texts."""
    if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(name, str) for name in pair):
        raise InvalidParameter(parameter, f"{pair!r} is not a pair of ids")


def _with_age(pair: PastPair) -> tuple[str, str, int]:
    if isinstance(pair, str) or len(pair) != 3:
        check_pair("past_pairs", pair)
        return pair[0], pair[1], _AGE_UNKNOWN
    a, b, age = pair
    check_pair("past_pairs", (a, b))
    if not isinstance(age, int) or isinstance(age, bool) or age < 0:
        raise InvalidParameter("past_pairs", f"{age!r} rounds ago, of {a!r} and {b!r}, is not a whole number from 0")
    return a, b, age


class _LanguageSets:
    """Which profiles share a language; each distinct set is compared with each other set once."""

    def __init__(self, stated: Sequence[Sequence[str]]) -> None:
        sets = [frozenset(primary_language(tag) for tag in languages) for languages in stated]
        distinct = sorted(set(sets), key=sorted)
        number = {languages: index for index, languages in enumerate(distinct)}
        self._set_of = np.array([number[languages] for languages in sets], dtype=np.int64)
        # Nothing stated is unknown, and unknown forbids nothing.
        self._shares = np.array(
            [[not one or not other or bool(one & other) for other in distinct] for one in distinct],
            dtype=np.bool_,
        ).reshape(len(distinct), len(distinct))

    def shared(self, a: Indices, b: Indices) -> Mask:
        return np.asarray(self._shares[self._set_of[a], self._set_of[b]], dtype=np.bool_)

    def shared_elsewhere(self, company: Indices, companies: int) -> Mask:
        """Whether any profile of another company shares a language."""
        counts = np.zeros((len(self._shares), companies), dtype=np.int64)
        np.add.at(counts, (self._set_of, company), 1)
        sharing = self._shares.astype(np.int64) @ counts
        elsewhere = sharing.sum(axis=1)[self._set_of] - sharing[self._set_of, company]
        return np.asarray(elsewhere > 0, dtype=np.bool_)


class _WorkingHours:
    """Common working hours of two profiles around the clock."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        spans = [profile.working_hours or (np.nan, np.nan) for profile in profiles]
        # However many days from UTC they are told: each begins on the same day.
        self._start = np.array([start % 24.0 for start, _ in spans], dtype=np.float64)
        self._end = self._start + np.array([end - start for start, end in spans], dtype=np.float64)

    def common(self, a: Indices, b: Indices) -> npt.NDArray[np.float64]:
        """Hours a day that both work; 24 where one is unknown."""
        hours = np.zeros(len(a), dtype=np.float64)
        # A day of work can lie across midnight of UTC: the other's day counts a day earlier and later too.
        for days in (-24.0, 0.0, 24.0):
            start = np.maximum(self._start[a], self._start[b] + days)
            end = np.minimum(self._end[a], self._end[b] + days)
            hours += np.clip(np.nan_to_num(end - start, nan=0.0), 0.0, None)
        unknown = np.isnan(self._start[a]) | np.isnan(self._start[b])
        return np.where(unknown, 24.0, np.minimum(hours, 24.0))
