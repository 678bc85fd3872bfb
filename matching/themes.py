"""From pairs of words that make two texts alike to themes: phrases that each side wrote itself, told side by side."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise, product
from typing import NamedTuple

from matching.languages import OTHER, PIVOT
from matching.profiles import Field, Profile
from matching.reading import AnalyzedProfile
from matching.text import surfaces_of

MAX_WORDS_OF_A_PHRASE = 3

# A link that is so much weaker than the strongest of either of its words is a translation by chance.
_LEAST_OF_STRONGEST = 0.25
# Bundles beyond are never told; what could still lengthen a phrase is among these.
_MOST_BUNDLES = 12
# What may stand between the words of a tag that is told as it was written; an address has other signs.
_BETWEEN = re.compile(r"[\s&'’-]+")
_TAG = "#"

WordKey = tuple[str, str]
"""The language that a word is counted in, and its term; of a tag as a whole "#" and the terms of its words."""
Words = tuple[WordKey, ...]
Link = tuple[WordKey, WordKey]
Links = Mapping[Link, float]
"""What each word of one side makes of the similarity together with each word of the other."""
Following = Mapping[tuple[WordKey, WordKey], tuple[str, str]]


class Theme(NamedTuple):
    """A theme in each side's own words, and what it makes of the similarity."""

    a: str
    b: str
    weight: float


class Tag(NamedTuple):
    """A tag: its words, how it is written, and whether it is told as a whole only, because a word in between carries
    no theme ("Community of Practice") or there are too many for a phrase."""

    words: Words
    written: str
    whole_only: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """How one profile says its words: the usual surface of each, which of them stand next to each other and as what,
    its tags by the key of the whole, and which words are offered and sought."""

    surfaces: Mapping[WordKey, str]
    following: Following
    tags: Mapping[WordKey, Tag]
    offered: Collection[WordKey]
    sought: Collection[WordKey]

    @classmethod
    def of(
        cls, profile: Profile, analyzed: AnalyzedProfile, used: Collection[WordKey], withheld: Collection[str]
    ) -> "Voice":
        """The voice of a profile as far as the `used` words go; `withheld` are folded words that no tag shows."""
        tags = dict(_tags(profile, analyzed, withheld)) if any(term.startswith(_TAG) for _, term in used) else {}
        wanted = {*used, *(word for key, tag in tags.items() if key in used for word in tag.words)}
        said: dict[WordKey, dict[str, int]] = {}
        following: dict[tuple[WordKey, WordKey], tuple[str, str]] = {}
        offered: set[WordKey] = set()
        sought: set[WordKey] = set()
        for part in analyzed.parts:
            language = counted_language(part.language)
            passage = [
                (key, word.surface, word.place) for word in part.words if (key := (language, word.term)) in wanted
            ]
            if not passage:
                continue
            for key, surface, _ in passage:
                counts = said.setdefault(key, {})
                counts[surface] = counts.get(surface, 0) + 1
            for (left, left_surface, left_place), (right, right_surface, place) in pairwise(passage):
                if place == left_place + 1:
                    following.setdefault((left, right), (left_surface, right_surface))
            if part.field is Field.OFFERS:
                offered.update(key for key, _, _ in passage)
            elif part.field is Field.SEEKS:
                sought.update(key for key, _, _ in passage)
        surfaces = {key: max(counts, key=counts.__getitem__) for key, counts in said.items()}
        return cls(surfaces, following, tags, offered, sought)

    def says(self, words: Words) -> str:
        """Words that stand next to each other, or those of a tag, as they are written."""
        if len(words) == 1:
            return self.surfaces[words[0]]
        for tag in self.tags.values():
            if tag.words == words:
                return tag.written
        first = self.following[words[0], words[1]][0]
        return " ".join([first, *(self.following[left, right][1] for left, right in pairwise(words))])


def counted_language(language: str) -> str:
    """The language that the words of a passage are counted in."""
    return PIVOT if language == OTHER else language


def spelt(text: str) -> str:
    """A text as it is compared: "First-Aid" is "first aid"."""
    return text.casefold().replace("-", " ")


def untagged(links: Links, a: Voice, b: Voice) -> tuple[dict[Link, float], list[tuple[Words, Words]]]:
    """The links with what tags as a whole make shared out among their words, and the tags that are told as a whole
    only, each in the words of both sides."""
    found: dict[Link, float] = {}
    wholes: list[tuple[Words, Words]] = []
    for pair, weight in links.items():
        mine, theirs = pair
        my_tag, their_tag = a.tags.get(mine), b.tags.get(theirs)
        if my_tag is None and their_tag is None:
            found[pair] = found.get(pair, 0.0) + weight
            continue
        my_words, their_words = my_tag.words if my_tag else (mine,), their_tag.words if their_tag else (theirs,)
        pairs = list(product(my_words, their_words))
        if my_tag and their_tag and mine == theirs:
            pairs = list(zip(my_words, their_words, strict=True))
            if my_tag.whole_only or their_tag.whole_only:
                wholes.append((my_words, their_words))
        for one in pairs:
            found[one] = found.get(one, 0.0) + weight / len(pairs)
    return found, wholes


def strong(links: Links, least: float) -> dict[Link, float]:
    """The links of at least this weight that are not much weaker than the strongest of either of their words."""
    best_of_a: dict[WordKey, float] = {}
    best_of_b: dict[WordKey, float] = {}
    for (mine, theirs), weight in links.items():
        if weight > best_of_a.get(mine, 0.0):
            best_of_a[mine] = weight
        if weight > best_of_b.get(theirs, 0.0):
            best_of_b[theirs] = weight
    return {
        (mine, theirs): weight
        for (mine, theirs), weight in links.items()
        if weight >= least
        and weight >= _LEAST_OF_STRONGEST * best_of_a[mine]
        and weight >= _LEAST_OF_STRONGEST * best_of_b[theirs]
    }


def themes(links: Links, a: Voice, b: Voice, wholes: Iterable[tuple[Words, Words]] = ()) -> list[Theme]:
    """The themes of some links, the heaviest first; none is told twice.

    Links that share a word are one bundle ("Lieferketten / supply chains"), bundles that stand next to each other on
    both sides one phrase ("nachhaltige Lieferketten / sustainable supply chains"), at most three words a side.
    """
    phrases = _phrases(_bundles(links, a, b, wholes), a, b)
    told = (Theme(a.says(phrase.a), b.says(phrase.b), phrase.weight) for phrase in phrases)
    found: list[Theme] = []
    # The same word, read once as German and once as English.
    of_a: dict[str, int] = {}
    of_b: dict[str, int] = {}
    for theme in sorted(told, key=_heaviest_first):
        mine, theirs = spelt(theme.a), spelt(theme.b)
        number = min(of_a.get(mine, len(found)), of_b.get(theirs, len(found)))
        if number < len(found):
            one = found[number]
            found[number] = one._replace(weight=one.weight + theme.weight)
            continue
        of_a.setdefault(mine, number)
        of_b.setdefault(theirs, number)
        found.append(theme)
    return sorted(found, key=_heaviest_first)


class _Bundle(NamedTuple):
    """Words of both sides that say the same, each side's next to each other."""

    a: Words
    b: Words
    weight: float
    is_whole: bool = False


def _bundles(links: Links, a: Voice, b: Voice, wholes: Iterable[tuple[Words, Words]]) -> list[_Bundle]:
    """The heaviest bundles, each word in one of them at most.

    A bundle is one word and its run of partners that stand next to each other, or a tag. What a word of it has in
    common with words that are told nowhere is part of its weight: it tells that theme, too.
    """
    of_a: dict[WordKey, dict[WordKey, float]] = {}
    of_b: dict[WordKey, dict[WordKey, float]] = {}
    for (mine, theirs), weight in links.items():
        of_a.setdefault(mine, {})[theirs] = weight
        of_b.setdefault(theirs, {})[mine] = weight
    found: list[_Bundle] = []
    taken_a: set[WordKey] = set()
    taken_b: set[WordKey] = set()
    for bundle in _candidates(of_a, of_b, a, b, wholes, taken_a, taken_b):
        found.append(bundle)
        taken_a.update(bundle.a)
        taken_b.update(bundle.b)
        if len(found) == _MOST_BUNDLES:
            break
    return _with_all_weight(found, links)


def _candidates(
    of_a: Mapping[WordKey, Mapping[WordKey, float]],
    of_b: Mapping[WordKey, Mapping[WordKey, float]],
    a: Voice,
    b: Voice,
    wholes: Iterable[tuple[Words, Words]],
    taken_a: set[WordKey],
    taken_b: set[WordKey],
) -> Iterator[_Bundle]:
    """Possible bundles of words that are not taken, the heaviest first; who asks for the next has taken the last."""

    def around(head: WordKey, is_of_a: bool) -> tuple[float, Words, Words, WordKey, bool] | None:
        partners, taken, voice = (of_a[head], taken_b, b) if is_of_a else (of_b[head], taken_a, a)
        if head in (taken_a if is_of_a else taken_b):
            return None
        run, weight = _run({one: share for one, share in partners.items() if one not in taken}, voice.following)
        mine, theirs = ((head,), run) if is_of_a else (run, (head,))
        return (-round(weight, 12), mine, theirs, head, is_of_a) if run else None

    waiting = [one for head in of_a if (one := around(head, True))]
    # A word with one partner is in that partner's bundle.
    waiting += [one for head, partners in of_b.items() if len(partners) > 1 and (one := around(head, False))]
    for mine, theirs in wholes:
        weights = [of_a.get(one, {}).get(other, 0.0) for one, other in zip(mine, theirs, strict=True)]
        if all(weights) and taken_a.isdisjoint(mine) and taken_b.isdisjoint(theirs):
            yield _Bundle(mine, theirs, sum(weights), is_whole=True)
    heapify(waiting)
    while waiting:
        weight, mine, theirs, head, is_of_a = heappop(waiting)
        if taken_a.isdisjoint(mine) and taken_b.isdisjoint(theirs):
            yield _Bundle(mine, theirs, -weight)
        elif again := around(head, is_of_a):
            heappush(waiting, again)


def _run(partners: Mapping[WordKey, float], following: Following) -> tuple[Words, float]:
    """The strongest of a word's partners with those that stand next to it, in the order of the text."""
    free = sorted(partners, key=lambda one: (-round(partners[one], 12), one))
    if not free:
        return (), 0.0
    run: Words = (free.pop(0),)
    while (longer := next((found for one in free if (found := _beside(run, (one,), following))), None)) is not None:
        run = longer
        free = [one for one in free if one not in run]
    return run, sum(partners[one] for one in run)


def _beside(words: Words, more: Words, following: Following) -> Words | None:
    """Both in the order in which they follow each other; None where they do not, or are too many."""
    if len(words) + len(more) > MAX_WORDS_OF_A_PHRASE:
        return None
    if (words[-1], more[0]) in following:
        return words + more
    return more + words if (more[-1], words[0]) in following else None


def _with_all_weight(bundles: Sequence[_Bundle], links: Links) -> list[_Bundle]:
    owner_of_a = {word: number for number, bundle in enumerate(bundles) for word in bundle.a}
    owner_of_b = {word: number for number, bundle in enumerate(bundles) for word in bundle.b}
    weights = [0.0] * len(bundles)
    for (mine, theirs), weight in links.items():
        owner = owner_of_a.get(mine, owner_of_b.get(theirs))
        if owner is not None:
            weights[owner] += weight
    return [bundle._replace(weight=weight) for bundle, weight in zip(bundles, weights, strict=True)]


def _phrases(bundles: Sequence[_Bundle], a: Voice, b: Voice) -> list[_Bundle]:
    """Bundles joined with those that stand next to them on both sides."""
    free = sorted(bundles, key=lambda bundle: (-round(bundle.weight, 12), bundle.a, bundle.b))
    found = []
    while free:
        phrase = free.pop(0)
        while not phrase.is_whole:
            for number, more in enumerate(free):
                mine = None if more.is_whole else _beside(phrase.a, more.a, a.following)
                theirs = _beside(phrase.b, more.b, b.following) if mine else None
                if mine and theirs:
                    phrase = _Bundle(mine, theirs, phrase.weight + more.weight)
                    del free[number]
                    break
            else:
                break
        found.append(phrase)
    return found


def _heaviest_first(theme: Theme) -> tuple[float, str, str]:
    return -round(theme.weight, 12), theme.a, theme.b


def _tags(profile: Profile, analyzed: AnalyzedProfile, withheld: Collection[str]) -> Iterator[tuple[WordKey, Tag]]:
    for (field, text), part in zip(profile.texts_by_field, analyzed.parts, strict=True):
        if field is not Field.TAGS or not part.words:
            continue
        language = counted_language(part.language)
        words = tuple((language, word.term) for word in part.words)
        has_gap = part.words[-1].place - part.words[0].place >= len(words)
        whole_only = len(words) > 1 and (has_gap or len(words) > MAX_WORDS_OF_A_PHRASE)
        key = PIVOT, _TAG + " ".join(word.term for word in part.words)
        yield key, Tag(words, _written(text, [word.surface for word in part.words], withheld), whole_only)


def _written(text: str, telling: Sequence[str], withheld: Collection[str]) -> str:
    """A tag as it is written, or its words where it holds more than words: markup, an address, a withheld word."""
    surfaces = surfaces_of(text)
    if any(surface.casefold() in withheld for surface in surfaces):
        return " ".join(telling)
    plain = text.strip().strip(_TAG).strip()
    return plain if _BETWEEN.split(plain) == surfaces else " ".join(surfaces)
