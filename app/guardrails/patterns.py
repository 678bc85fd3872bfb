"""A small language for what a sentence has to say, so that terms are data: read from lines, found in words.

A line is a sequence of words. A word is compared by its stem; `=word` as it is written; `word-` is how a compound
begins, `-word` how one ends (or the word itself), `-word-` stands anywhere in one; `#` is a number; `@name` is any of
the words of a named list; `one|other` is either. Between two words `..` lets up to three others stand, `...` up to
ten. After the sequence, ` & ` names what must be said in the same sentence, ` ! ` what must not be: a sequence, or
`$name` for any of a named list of sequences.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_GAPS = {"..": 3, "...": 10}
_LONGEST_WORD = 60
_MOST_REMEMBERED = 50_000
_LEAST_OF_VERB = 6
_NO_UMLAUTS = str.maketrans("äöüéèêáàâóòôíìîúùûñç", "aoueeeaaaoooiiiuuunc")
_WRITTEN_OUT = re.compile(r"(?<=[^q])([aou])e")


class UnreadablePattern(ValueError):
    """The data of the terms is wrong: which line, and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line, compiled. `purpose` is what it stands for. Each slot is a set of bits, one for each kind of word that
    fits; `gaps` tells how many words may stand between a slot and the next."""

    purpose: str
    slots: tuple[int, ...]
    gaps: tuple[int, ...]
    needs: tuple[str, ...] = ()
    bans: tuple[str, ...] = ()

    @property
    def is_word(self) -> bool:
        return len(self.slots) == 1 and not self.needs and not self.bans


class Found(NamedTuple):
    """A pattern in a sentence: its first and its last word."""

    purpose: str
    first: int
    last: int


class _Known(NamedTuple):
    bits: int
    patterns: tuple[int, ...]


@dataclass(slots=True)
class Language:
    """The patterns of one language.

    stem : what words are compared by. words : the named lists of words. contexts : the named lists of sequences.
    separable : what a verb may begin with and stand apart from: "aufzuteilen" and "aufgeteilt" are "aufteilen" too.
    """

    stem: Callable[[str], str]
    words: Mapping[str, Sequence[str]]
    contexts: Mapping[str, Sequence[str]]
    separable: Sequence[str] = ()
    _kinds: dict[str, int] = field(default_factory=dict)
    _by_stem: dict[str, int] = field(default_factory=dict)
    _by_word: dict[str, int] = field(default_factory=dict)
    _by_beginning: dict[str, int] = field(default_factory=dict)
    _by_end: dict[str, int] = field(default_factory=dict)
    _inside: dict[str, int] = field(default_factory=dict)
    _number: int = 0
    _patterns: list[Pattern] = field(default_factory=list)
    _anchored: dict[int, list[int]] = field(default_factory=dict)
    _contexts: dict[str, "_Context"] = field(default_factory=dict)
    _remembered: dict[str, _Known] = field(default_factory=dict)

    def learn(self, purpose: str, lines: Iterable[str]) -> None:
        """Add the patterns of some lines."""
        for line in lines:
            pattern = self._compiled(purpose, line)
            anchor = self._anchor(line, pattern)
            for bit in _bits(anchor):
                self._anchored.setdefault(bit, []).append(len(self._patterns))
            self._patterns.append(pattern)
        self._remembered.clear()

    def find(self, words: Sequence[str]) -> list[Found]:
        """Everything that is said in a sentence of folded words."""
        known = [self._known(word) for word in words]
        candidates = {number for one in known for number in one.patterns}
        if not candidates:
            return []
        sentence = _Sentence([one.bits for one in known], self._contexts)
        patterns = self._patterns
        return [
            Found(patterns[number].purpose, first, last)
            for number in sorted(candidates)
            if sentence.may_say(patterns[number])
            for first, last in sentence.places(patterns[number])
        ]

    def _known(self, word: str) -> _Known:
        known = self._remembered.get(word)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            bits = self._bits_of(word)
            numbers = {number for bit in _bits(bits) for number in self._anchored.get(bit, ())}
            known = self._remembered[word] = _Known(bits, tuple(sorted(numbers)))
        return known

    def _bits_of(self, word: str) -> int:
        if len(word) > _LONGEST_WORD:
            return 0
        bits = self._number if word[0].isdigit() else 0
        for form in (word, *self._forms(word)):
            bits |= self._bits_of_form(form)
        return bits

    def _forms(self, word: str) -> Iterator[str]:
        """A verb without what stands between its two parts."""
        for part in self.separable:
            for between in ("zu", "ge"):
                if word.startswith(part + between) and len(word) >= len(part) + _LEAST_OF_VERB:
                    yield part + word[len(part) + len(between) :]

    def _bits_of_form(self, word: str) -> int:
        written, stem = plain(word), plain(self.stem(word))
        bits = self._by_word.get(written, 0) | self._by_stem.get(stem, 0)
        for at in range(1, len(written) + 1):
            bits |= self._by_beginning.get(written[:at], 0)
        for at in range(len(stem)):
            bits |= self._by_end.get(stem[at:], 0)
        for part, bit in self._inside.items():
            if part in written:
                bits |= bit
        return bits

    def _compiled(self, purpose: str, line: str) -> Pattern:
        sequence, *more = re.split(r" ([&!]) ", line.strip())
        slots, gaps = self._sequence(sequence, line)
        rules = list(zip(more[::2], more[1::2], strict=True))
        needs = tuple(self._context(named, line) for sign, named in rules if sign == "&")
        bans = tuple(self._context(named, line) for sign, named in rules if sign == "!")
        return Pattern(purpose, slots, gaps, needs, bans)

    def _sequence(self, sequence: str, line: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        slots: list[int] = []
        gaps: list[int] = []
        for part in sequence.split():
            if part in _GAPS:
                if not slots or len(gaps) == len(slots):
                    raise UnreadablePattern(f"a gap stands between two words: {line}")
                gaps.append(_GAPS[part])
                continue
            if slots and len(gaps) < len(slots):
                gaps.append(0)
            slots.append(self._slot(part, line))
        if not slots or len(gaps) != len(slots) - 1:
            raise UnreadablePattern(f"a gap stands between two words: {line}")
        return tuple(slots), tuple(gaps)

    def _slot(self, part: str, line: str) -> int:
        bits = 0
        for one in part.split("|"):
            if one.startswith("@"):
                if one[1:] not in self.words:
                    raise UnreadablePattern(f"there is no list of words {one}: {line}")
                for word in self.words[one[1:]]:
                    bits |= self._slot(word, line)
            else:
                bits |= self._kind(one, line)
        return bits

    def _kind(self, one: str, line: str) -> int:
        """The bit of one kind of word."""
        if one in self._kinds:
            return self._kinds[one]
        bare = one.strip("=-")
        if one != "#" and not re.fullmatch(r"[^\W_]+|[%€$£]", bare):
            raise UnreadablePattern(f"{one!r} is no word: {line}")
        bit = self._kinds[one] = 1 << len(self._kinds)
        if one == "#":
            self._number = bit
        elif one.startswith("="):
            self._by_word[plain(bare)] = self._by_word.get(plain(bare), 0) | bit
        elif one.startswith("-") and one.endswith("-"):
            self._inside[plain(bare)] = bit
        elif one.endswith("-"):
            self._by_beginning[plain(bare)] = bit
        else:
            stem = plain(self.stem(bare.casefold()))
            table = self._by_end if one.startswith("-") else self._by_stem
            table[stem] = table.get(stem, 0) | bit
        return bit

    def _context(self, named: str, line: str) -> str:
        """The name of a context, known from now on."""
        if named not in self._contexts:
            if named.startswith("$") and named[1:] not in self.contexts:
                raise UnreadablePattern(f"there is no list of sequences {named}: {line}")
            lines = self.contexts[named[1:]] if named.startswith("$") else [named]
            self._contexts[named] = _Context()
            self._contexts[named] = _Context.of([self._compiled(named, one) for one in lines])
        return named

    def _anchor(self, line: str, pattern: Pattern) -> int:
        """The slot that tells soonest that the pattern is not there: one without a list, with the fewest kinds."""
        parts = [part for part in re.split(r" [&!] ", line.strip())[0].split() if part not in _GAPS]
        return min(
            zip(pattern.slots, parts, strict=True), key=lambda one: ("@" in one[1], one[0].bit_count(), -len(one[1]))
        )[0]


@dataclass(frozen=True, slots=True)
class _Context:
    """What may be said: any of some words, or any of some patterns."""

    words: int = 0
    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, patterns: Sequence[Pattern]) -> "_Context":
        """Most are single words, which are looked for all at once."""
        words = 0
        for one in patterns:
            if one.is_word:
                words |= one.slots[0]
        return cls(words, tuple(one for one in patterns if not one.is_word))


class _Sentence:
    """The words of one sentence as bits, asked for patterns."""

    def __init__(self, words: Sequence[int], contexts: Mapping[str, _Context]) -> None:
        self._words = words
        self._all = 0
        for bits in words:
            self._all |= bits
        self._contexts = contexts
        self._said: dict[str, bool] = {}

    def may_say(self, pattern: Pattern) -> bool:
        """Whether each slot has a word at all, what must be said besides is said, and what must not be is not."""
        for slot in pattern.slots:
            if not slot & self._all:
                return False
        return all(map(self._says, pattern.needs)) and not any(map(self._says, pattern.bans))

    def places(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        """Where the pattern is said, one place after the other."""
        first_slot, free_from = pattern.slots[0], 0
        # Slots that are known not to go on from a word: a sentence of the same word again and again is as fast.
        dead: set[tuple[int, int]] = set()
        for at, bits in enumerate(self._words):
            if not bits & first_slot or at < free_from:
                continue
            last = self._last(pattern, 0, at, dead)
            if last is not None:
                yield at, last
                free_from = last + 1

    def _last(self, pattern: Pattern, slot: int, at: int, dead: set[tuple[int, int]]) -> int | None:
        """Where the pattern ends whose slot stands at this word."""
        if slot == len(pattern.slots) - 1:
            return at
        wanted = pattern.slots[slot + 1]
        for following in range(at + 1, min(at + 2 + pattern.gaps[slot], len(self._words))):
            if self._words[following] & wanted and (slot + 1, following) not in dead:
                last = self._last(pattern, slot + 1, following, dead)
                if last is not None:
                    return last
        dead.add((slot, at))
        return None

    def _says(self, named: str) -> bool:
        said = self._said.get(named)
        if said is None:
            # Also ends a context that names itself.
            self._said[named] = False
            context = self._contexts[named]
            said = self._said[named] = bool(context.words & self._all) or any(
                self.may_say(one) and next(self.places(one), None) is not None for one in context.patterns
            )
        return said


def plain(word: str) -> str:
    """A folded word without the difference between "ä", "ae" and "a"."""
    return _WRITTEN_OUT.sub(r"\1", word.casefold().replace("ß", "ss").translate(_NO_UMLAUTS))


def _bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest
