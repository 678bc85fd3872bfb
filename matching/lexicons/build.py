"""Learns the German-English lexicon from parallel texts: `python -m matching.lexicons.build FOLDER --out FILE`.

FOLDER holds `*.tsv` files of `german<tab>english` lines. Each side becomes the stems of its content words; IBM model
1 (Brown et al. 1993, "The mathematics of statistical machine translation"), trained in both directions at once so
that they agree (Liang, Taskar and Klein 2006, "Alignment by agreement"), says which English stems mean a German one.
"""

import argparse
import gzip
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from matching.exceptions import MatchingError, UnreadableProfiles
from matching.languages import PIVOT, known_languages
from matching.text import TextAnalyzer, surfaces_of

GERMAN = "de"

Entries = dict[str, dict[str, float]]
"""For each German stem its English stems, each with the probability that it is meant."""

Ids = npt.NDArray[np.int32]
Shares = npt.NDArray[np.float64]
Say = Callable[[str], object]

# What one line of a source counts. A line of a term list is a translation by itself and reaches `EVIDENCE` alone;
# a sentence needs company. Machine-translated and code-like texts need more of it. A source not listed here counts 1.
WEIGHTS: Mapping[str, float] = {
    "community_terms": 3.0,
    "cpv_2008": 3.0,
    "osm_id_tagging_schema": 3.0,
    "i14y_swiss_codelists": 3.0,
    "isaqb_glossary": 3.0,
    "open_sdg": 3.0,
    "unicode_cldr": 1.0,
    "adobe_workfront": 0.4,
    "adobe_workfront_learn": 0.4,
    "adobe_learning_manager": 0.5,
    "adobe_campaign": 0.5,
    "adobe_target": 0.5,
    "adobe_commerce_operations": 0.25,
    "adobe_commerce_knowledge_base": 0.4,
    "ms_dynamics365_project_operations": 0.7,
    "ms_iot_for_beginners": 0.5,
    "ms_edgeai_for_beginners": 0.4,
    "ms_azd_for_beginners": 0.3,
    "ms_generative_ai_dotnet": 0.4,
    "php_manual": 0.5,
    "electron_docs": 0.25,
}
ONE_WORD_EACH = 2.0  # a line of one content word on both sides leaves no doubt: it counts so many times more
LONGEST = 40  # content words of a line that are read
ITERATIONS = 6
EVIDENCE = 1.0  # expected count of a translation, in lines of weight 1
TRANSLATIONS = 5
LEAST_PROBABILITY = 0.08
LEAST_SUM = 0.25  # of a stem's translations, before they are scaled
LEAST_OF_ITSELF = 1.5  # lines of a stem whose only translation is itself
PARTS_WEIGH = 3.0  # lines
PART_EVIDENCE = 5.0  # lines that hold a part of a compound

_SHORTEST_PART = 4
# So many triples (line, German word, English word) are numbered at a time: about 100 MB.
_AT_ONCE = 2_000_000


class NoParallelText(MatchingError):
    """A folder holds no line to learn from."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}: no `*.tsv` file with a line of words on both sides")
        self.folder = str(folder)


@dataclass(frozen=True, slots=True)
class Lines:
    """Parallel lines as numbers: line i has the German stems `german[german_ends[i-1]:german_ends[i]]`.

    English alike. `weights` says what each line counts, `by_source` how many lines each file gave.
    """

    german_stems: list[str]
    english_stems: list[str]
    german: Ids
    german_ends: npt.NDArray[np.int64]
    english: Ids
    english_ends: npt.NDArray[np.int64]
    weights: Shares
    by_source: dict[str, int]

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of a German and an English stem that share a line, sorted; how often one is taken to mean the other."""

    german: Ids
    english: Ids
    counts: Shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the lexicon; 0 when it is written, 2 for input that cannot be used (told on standard error)."""
    options = _parser().parse_args(arguments)
    try:
        figures = build(options.folder, options.out, seed=options.seed, say=_tell)
    except MatchingError as error:
        _tell(f"error: {error}")
        return 2
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def build(folder: Path, out: Path, *, seed: Path | None = None, say: Say = lambda _: None) -> dict[str, object]:
    """Learn a lexicon from the `*.tsv` files of a folder, write it to `out`, and return figures about it.

    `seed` is a lexicon in the format of `out`; where both know a stem the mean of both is taken. The translations of
    each stem are scaled to sum to 1, which helps: the engine weighs a stem by how rare it is. The same files give
    the same bytes. Memory grows with the number of triples (line, German word, English word), 8 bytes each, and with
    the number of distinct pairs. Raises NoParallelText for a folder without a usable line, UnreadableProfiles for a
    line that is not two columns or not UTF-8, naming file and line.
    """
    lines = read_lines(folder, say=say)
    learnt = translations(lines, learn(lines, say=say))
    both = learnt if seed is None else combined(learnt, read_lexicon(seed))
    lexicon = {stem: _summing_to_one(meant) for stem, meant in both.items()}
    size = write_lexicon(lexicon, out)
    return {
        "lines": len(lines),
        "sources": lines.by_source,
        "learnt": len(learnt),
        "stems": len(lexicon),
        "translations": sum(map(len, lexicon.values())),
        "bytes": size,
    }


def read_lines(folder: Path, *, say: Say = lambda _: None) -> Lines:
    """The parallel lines of a folder, file by file in the order of their names, each distinct line once.

    A word counts once a line, and a line has at most `LONGEST` words a side; one without a content word on either
    side is left out. A line met again (docs repeat themselves) keeps its greatest weight and its first source.
    """
    analyzer = TextAnalyzer()
    german, english = _Side(GERMAN, analyzer), _Side(PIVOT, analyzer)
    weights: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    by_source: dict[str, int] = {}
    for path in sorted(folder.glob("*.tsv")):
        weight = WEIGHTS.get(path.stem, 1.0)
        before = len(weights)
        for german_text, english_text in _columns(path):
            pair = german.numbers(german_text), english.numbers(english_text)
            if not all(pair):
                continue
            worth = weight * ONE_WORD_EACH if len(pair[0]) == len(pair[1]) == 1 else weight
            weights[pair] = max(worth, weights.get(pair, 0.0))
        by_source[path.stem] = len(weights) - before
        say(f"{path.name}: {by_source[path.stem]} lines")
    if not weights:
        raise NoParallelText(folder)
    return Lines(
        german.stems,
        english.stems,
        np.fromiter((stem for pair in weights for stem in pair[0]), np.int32),
        np.cumsum([len(pair[0]) for pair in weights], dtype=np.int64),
        np.fromiter((stem for pair in weights for stem in pair[1]), np.int32),
        np.cumsum([len(pair[1]) for pair in weights], dtype=np.int64),
        np.fromiter(weights.values(), np.float64),
        by_source,
    )


class _Side:
    """One language: texts to numbers of stems."""

    def __init__(self, language: str, analyzer: TextAnalyzer) -> None:
        self._language = language
        self._analyzer = analyzer
        self._known: dict[str, int] = {}

    @property
    def stems(self) -> list[str]:
        return list(self._known)

    def numbers(self, text: str) -> tuple[int, ...]:
        """The distinct stems of the first `LONGEST` content words, in their order."""
        terms = self._analyzer.terms_of(surfaces_of(text), self._language)
        found = dict.fromkeys(term for term in terms if term)
        return tuple(self._known.setdefault(term, len(self._known)) for term in list(found)[:LONGEST])


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    with path.open("rb") as rows:
        for number, row in enumerate(rows, start=1):
            try:
                columns = row.decode("utf-8").rstrip("\r\n").split("\t")
            except UnicodeDecodeError:
                raise UnreadableProfiles(path.name, number, "not UTF-8") from None
            if columns == [""]:
                continue
            if len(columns) != 2:
                raise UnreadableProfiles(path.name, number, "not `german<tab>english`")
            yield columns[0], columns[1]


def learn(lines: Lines, *, iterations: int = ITERATIONS, say: Say = lambda _: None) -> Links:
    """IBM model 1 in both directions on the same lines, a link counted by the product of what both believe.

    Every English word of a line asks which German word it stands for, every German word the opposite; the two answers
    multiplied are the expected count of the link (Liang, Taskar and Klein 2006). A word that is a translation of
    several (a compound) keeps them all, for nobody else in its line wants them.
    """
    triples = _Triples(lines)
    say(f"{len(lines)} lines, {len(triples.link)} triples, {len(triples.german)} pairs of stems")
    german, english = triples.german, triples.english
    counts: Shares = np.bincount(triples.link, triples.weights(), len(german)).astype(np.float64)
    for iteration in range(iterations):
        forward = counts / np.bincount(german, counts)[german]
        backward = counts / np.bincount(english, counts)[english]
        counts = triples.expected(forward, backward)
        say(f"iteration {iteration + 1} of {iterations}: {np.count_nonzero(counts >= EVIDENCE)} links")
    return Links(german, english, counts)


class _Triples:
    """Every German word of a line with every English one: which pair of stems that is, line by line."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._german_lengths = np.diff(lines.german_ends, prepend=0)
        self._english_lengths = np.diff(lines.english_ends, prepend=0)
        self._ends = np.cumsum(self._german_lengths * self._english_lengths)
        codes = [np.unique(self._codes(first, last)) for first, last in self._batches()]
        known = np.unique(np.concatenate(codes))
        self.link = np.empty(self._ends[-1], dtype=np.int32)
        for first, last in self._batches():
            distinct, place = np.unique(self._codes(first, last), return_inverse=True)
            self.link[self._span(first, last)] = np.searchsorted(known, distinct)[place]
        vocabulary = len(lines.english_stems)
        self.german: Ids = (known // vocabulary).astype(np.int32)
        self.english: Ids = (known % vocabulary).astype(np.int32)

    def weights(self) -> Shares:
        """What each triple counts before anything is known: its share of all triples of its line's shorter side."""
        lengths = self._german_lengths * self._english_lengths
        return np.repeat(self._lines.weights / np.maximum(self._german_lengths, self._english_lengths), lengths)

    def expected(self, forward: Shares, backward: Shares) -> Shares:
        """The expected count of each pair of stems, given both directions' probabilities."""
        counts = np.zeros(len(self.german))
        for first, last in self._batches():
            link = self.link[self._span(first, last)]
            german_word, english_word, line = self._words(first, last)
            p, q = forward[link], backward[link]
            p /= np.bincount(english_word, p)[english_word]
            q /= np.bincount(german_word, q)[german_word]
            counts += np.bincount(link, np.sqrt(p * q) * self._lines.weights[line], len(counts))
        return counts

    def _batches(self) -> Iterator[tuple[int, int]]:
        """Ranges of lines with about `_AT_ONCE` triples each."""
        first = 0
        while first < len(self._ends):
            done = self._ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(self._ends, done + _AT_ONCE)))
            yield first, last
            first = last

    def _span(self, first: int, last: int) -> slice:
        return slice(int(self._ends[first - 1]) if first else 0, int(self._ends[last - 1]))

    def _words(self, first: int, last: int) -> tuple[Ids, Ids, Ids]:
        """For each triple of a batch its German word, its English word (both numbered in the batch) and its line."""
        english_lengths = self._english_lengths[first:last]
        german_lengths = self._german_lengths[first:last]
        of_german = np.repeat(english_lengths, german_lengths)  # each German word meets so many
        german_word = np.repeat(np.arange(len(of_german), dtype=np.int32), of_german)
        start = np.repeat(np.cumsum(english_lengths) - english_lengths, german_lengths)
        shift = start - (np.cumsum(of_german) - of_german)
        english_word = (np.arange(len(german_word)) + np.repeat(shift, of_german)).astype(np.int32)
        line = np.repeat(np.arange(first, last, dtype=np.int32), german_lengths * english_lengths)
        return german_word, english_word, line

    def _codes(self, first: int, last: int) -> npt.NDArray[np.int64]:
        lines = self._lines
        german_word, english_word, _ = self._words(first, last)
        german = lines.german[int(lines.german_ends[first - 1]) if first else 0 :][german_word]
        english = lines.english[int(lines.english_ends[first - 1]) if first else 0 :][english_word]
        return german.astype(np.int64) * len(lines.english_stems) + english


def translations(lines: Lines, links: Links) -> Entries:
    """The translations that are worth keeping: enough evidence, likely enough, at most `TRANSLATIONS` a stem.

    Probabilities are shares of all that a stem's lines say, so what is left out is missing from their sum. A stem of
    which less than `LEAST_SUM` is left means nothing in particular ("möglicherweise", "entweder") and goes, as does
    one that is no word of letters, an English function word, or an identifier met once that means only itself.
    """
    evidence = np.bincount(links.german, links.counts, len(lines.german_stems))
    probabilities = links.counts / evidence[links.german]
    kept = (links.counts >= EVIDENCE) & (probabilities >= LEAST_PROBABILITY)
    lexicon: Entries = {}
    for german, english, probability in zip(
        links.german[kept].tolist(), links.english[kept].tolist(), probabilities[kept].tolist(), strict=True
    ):
        lexicon.setdefault(lines.german_stems[german], {})[lines.english_stems[english]] = probability
    known = dict(zip(lines.german_stems, evidence.tolist(), strict=True))
    foreign = known_languages()[PIVOT].stopwords
    return _with_whole_compounds(
        {
            stem: _best(meant)
            for stem, meant in lexicon.items()
            if stem.isalpha()
            and len(stem) > 1
            and stem not in foreign
            and sum(meant.values()) >= LEAST_SUM
            and (meant.keys() != {stem} or known[stem] >= LEAST_OF_ITSELF)
        },
        known,
    )


def _best(meant: Mapping[str, float]) -> dict[str, float]:
    likely = [one for one in meant.items() if one[1] >= LEAST_PROBABILITY]
    return dict(sorted(likely, key=lambda one: (-one[1], one[0]))[:TRANSLATIONS])


def _with_whole_compounds(lexicon: Entries, evidence: Mapping[str, float]) -> Entries:
    """The lexicon with the other half of compounds that lost it.

    A compound that few lines hold often keeps one half only, for elsewhere the simple word explains the other half
    better ("Bildungsplattform": educ). Its parts' translations are added, weighing like `PARTS_WEIGH` lines, where
    they share a translation with it: that tells a compound from what only looks like one.
    """
    analyzer = TextAnalyzer()

    def known(word: str) -> float:
        stem = analyzer.stem(word, GERMAN)
        return evidence[stem] if stem in lexicon and evidence[stem] >= PART_EVIDENCE else 0.0

    whole = dict(lexicon)
    for compound, meant in lexicon.items():
        parts = [analyzer.stem(part, GERMAN) for part in _parts(compound, known)]
        composed: dict[str, float] = {}
        for part in parts:
            for english, share in _summing_to_one(lexicon[part]).items():
                composed[english] = composed.get(english, 0.0) + share / len(parts)
        if meant.keys() & composed.keys():
            sure = evidence[compound] / (evidence[compound] + PARTS_WEIGH)
            own = _summing_to_one(meant)
            whole[compound] = _best(
                {
                    english: sure * own.get(english, 0.0) + (1 - sure) * composed.get(english, 0.0)
                    for english in own.keys() | composed.keys()
                }
            )
    return whole


def _parts(compound: str, known: Callable[[str], float]) -> tuple[str, ...]:
    """The two parts whose rarer one is known best, none if a part is not known.

    Two only, unlike `matching.compounds`: what the lexicon knows ("Plattform") has no need to be split further.
    """
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    for middle in range(_SHORTEST_PART, len(compound) - _SHORTEST_PART + 1):
        head = compound[middle:]
        head_known = known(head)
        for link in known_languages()[GERMAN].links if head_known > best[0] else ():
            front = compound[:middle].removesuffix(link)
            if len(front) + len(link) == middle and len(front) >= _SHORTEST_PART:
                rarer = min(head_known, known(front))
                best = (rarer, (front, head)) if rarer > best[0] else best
    return best[1]


def _summing_to_one(meant: Mapping[str, float]) -> dict[str, float]:
    total = sum(meant.values())
    return {english: share / total for english, share in meant.items()}


def combined(one: Entries, other: Entries) -> Entries:
    """Both lexicons: the mean where both know a stem, likely enough translations only."""
    lexicon: Entries = {}
    for stem in sorted(one.keys() | other.keys()):
        known = [meant[stem] for meant in (one, other) if stem in meant]
        english_stems = {english for meant in known for english in meant}
        lexicon[stem] = _best(
            {english: sum(meant.get(english, 0.0) for meant in known) / len(known) for english in english_stems}
        )
    return {stem: meant for stem, meant in lexicon.items() if meant}


def read_lexicon(path: Path) -> Entries:
    """A lexicon as `write_lexicon` writes it."""
    lexicon: Entries = {}
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            stem, _, meant = row.rstrip("\n").partition("\t")
            pairs = (one.rpartition(":") for one in meant.split(" "))
            lexicon[stem] = {english: float(share) for english, _, share in pairs}
    return lexicon


def write_lexicon(lexicon: Entries, path: Path) -> int:
    """Write `german<tab>english:probability english:probability ...`, sorted by stem, as gzip; return its size.

    The same lexicon gives the same bytes.
    """
    rows = (
        f"{stem}\t{' '.join(f'{english}:{_two_digits(share)}' for english, share in lexicon[stem].items())}\n"
        for stem in sorted(lexicon)
    )
    packed = gzip.compress("".join(rows).encode("utf-8"), compresslevel=9, mtime=0)
    path.write_bytes(packed)
    return len(packed)


def _two_digits(share: float) -> str:
    # Cut, not rounded, for the sum of a row must not pass 1; a share that is 0.28 but for the last bit stays 0.28.
    return f"{math.floor(share * 100 + 1e-6) / 100:.2f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matching.lexicons.build", description="Build the lexicon.")
    parser.add_argument("folder", type=Path, help="folder of `*.tsv` files, `german<tab>english` a line")
    parser.add_argument("--seed", type=Path, help="a lexicon to combine with, in the format of the result")
    parser.add_argument("--out", type=Path, required=True, help="where the lexicon goes")
    return parser


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
