"""The quality report: from the figures of a run to Markdown. What it says of parameters is read from the engine."""

import ast
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.quality_measures import COSTS, NOTICEABLE
from matching import relatedness, translation, vectors, word_counts
from matching.calibration import LEAST_GOOD, LEAST_STRONG, Calibration
from matching.matcher import TandemMatcher

Figures = Mapping[str, Any]

_ENGINES = {
    "ours": "C3 Tandem",
    "plain": "TfidfVectorizer",
    "tuned": "TfidfVectorizer, tuned",
    "bm25": "bm25s",
    "minilm": "all-MiniLM-L6-v2",
    "e5": "multilingual-e5-small, 4 bits",
}
# What an earlier state of the engine measured on sets that are not at hand any more.
_EARLIER = Path(__file__).with_name("quality_earlier.md")
_LANGUAGES = {"de": "German", "en": "English"}
# Parameters whose module says nothing beside them.
_UNTOLD = {"ROUNDS": "How often translations are learnt from the store's own profiles."}

_INTRODUCTION = """# Quality

How good rankings, tandems and probabilities are on judged profiles, beside what others make of the same texts. This
page is written by `benchmarks/quality.py` (`make quality DATA="FOLDER ..." PEERS=FOLDER`); every figure of ours and
of a peer is from the same run, but for peers marked as measured earlier. A folder holds `profiles.jsonl` and
`qrels.tsv`, as for `make evaluate`; the data itself is its authors' own and not part of this project.

No set has human judgements of "would this be a good tandem". Relevance is derived (the same club elsewhere, the
same skill, the same parent in a classification), so that absolute figures are low by nature: differences are what
counts, and 0.01 nDCG is noise. Where relevance was derived from names and the names are there, they make a set
unfair for tuning what a name weighs, and its figures flattering: it is no evidence for that weight.

**Whole and held out.** Houses (a university, a company) sorted by name, every second one is the held-out half:
profiles and judgements of these houses alone, every engine run anew. The probabilities were fitted on the other half
alone; which parts the engine has, and their round values, were chosen looking at the whole sets.
"""

_PEERS = """\
**Peers** read name, description and tags as one text. *TfidfVectorizer*: scikit-learn's, as it comes. *Tuned*:
sublinear, German and English function words left out, words of at least two and at most half of the texts; chosen
once for all sets. *bm25s* as it comes, each profile a query. Neural ones on the processor, where they were
measured. Each ranks the ten best of other houses, and pairs greedily from everything above 0; ours is what `python
-m matching evaluate` does, with a least probability for a tandem. Fewer pairs with a larger share of related ones
are meant, then; the table by cost below has others.

*nDCG@10* with the 95 % interval by bootstrap over the queries. *Related / pairs*: of the tandems with judgements on
both sides those judged related. *x plain* is the ratio to TfidfVectorizer. *Across*: of the ten best, those in
another language. *ECE* and *Brier skill*: how far probabilities are from what came true (0 and 1 would be perfect).
Time is the whole process, ours with pairing, reasons and measures; wall time depends on what else runs on the
machine.
"""

_CALIBRATION = """\
A probability is a logistic function of the score. The shipped one (slope {slope:g}, intercept {intercept:g}) saw
two kinds of data: student clubs with names withheld, and skills in German and English; half of the houses of each.
Below, one fitted on a whole set (row) and tested on another (column), on the ten best of each where both sides have
judgements: ECE / Brier skill. In italics a set tested on itself.
"""

_BY_COST = """\
Related / pairs where a suggestion costs so much, exactly paired and greedily on the same probabilities;
greedy chooses from the 50 best partners of each, the exact pairing from 10 and from whom it introduces.
"""
_WITHOUT = """\
nDCG@10 without it, and related / pairs. The shipped probabilities stay, so that the number of pairs moves
with the scores. A dash: nothing in this set that the part could matter to.
"""
_MOVED = """\
A company of 5 % of the size that has nothing to do with the others joins. Of each one's ten best partners:
how many move by more than {noticeable:g} in similarity, and how many change the word that they are shown with (strong
from {strong:.0%}, good from {good:.0%}).
"""
_HELD_OUT = """\
Held out were these houses when the probabilities were fitted; the engine's parts and values were chosen with all of
them in view, so that only other data would tell how well nDCG carries over.
"""
_TWO_HOUSES = """\
Each two houses alone, language by language, where at least 30 queries are judged between them: nDCG@10
less TfidfVectorizer's.
"""
_READING = """\
{profiles:,} generated profiles; medians of three runs in turn. Theirs are words as they are written; ours
know languages, stems, compounds and translations.
"""
_SIBLINGS = """\
- Siblings of a taxonomy that share no words. On *{title}* the twin of a profile in the other language is
  found first for {twins:.0%}; of the siblings only {same:.0%} are found in one's own language and {other:.0%} in the
  other. TfidfVectorizer finds {plain_same:.0%} in one's own, with {plain_across:.0%} of its places for the other, and
  {plain_other:.0%} in the other. nDCG is {times} times the plain one on the whole, {half_times} times on the held-out
  half, where the twins of many are in a house that is not there.
"""


def report(found: Sequence[Figures], overall: Figures) -> str:
    """Markdown with every table, from the figures of each set and those of all together."""
    parts = [
        _INTRODUCTION,
        "## In short\n",
        _HELD_OUT,
        _summary(found),
        _on_two_houses(found),
        "## The sets\n",
        _sets(found),
        "## Set by set\n",
        _PEERS,
        _missing(overall["missing"]),
        *(_set_by_set(figures) for figures in found),
        "## Tandems by cost\n",
        _BY_COST,
        _by_cost(found),
        "## Probabilities\n",
        _CALIBRATION.format(slope=Calibration().slope, intercept=Calibration().intercept),
        _calibration(overall["calibration"]),
        "## What each part is worth\n",
        _WITHOUT,
        _parts(found),
        _unmeasured(found),
        "## What a further company changes\n",
        _MOVED.format(noticeable=NOTICEABLE, strong=LEAST_STRONG, good=LEAST_GOOD),
        _moved(found),
        "## From texts to vectors\n",
        _reading(overall["reading"]),
        "## Parameters\n",
        _parameters(),
        "## What does not work\n",
        _limits(found),
        _EARLIER.read_text(encoding="utf-8"),
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def ratio(ours: float, plain: float) -> str:
    """How many times the other one, a dash where that is nothing."""
    return f"{ours / plain:.2f}" if plain else "-"


def _summary(found: Sequence[Figures]) -> str:
    head = ["", "nDCG@10", "TfidfVectorizer", "x plain", "held out", "TfidfVectorizer", "x plain", "related, x plain"]
    rows = []
    for figures in found:
        row = [figures["title"]]
        for half in ("whole", "held_out"):
            ours, plain = figures[half]["ours"], figures[half]["plain"]
            row += [f"{ours['ndcg']:.3f}", f"{plain['ndcg']:.3f}", ratio(ours["ndcg"], plain["ndcg"])]
        whole = figures["whole"]
        rows.append([*row, ratio(whole["ours"]["related"], whole["plain"]["related"])])
    return table(head, rows)


def _on_two_houses(found: Sequence[Figures]) -> str:
    head = ["two houses alone, one language", "pairs of houses", "queries", "mean", "worst", "below by more than .02"]
    rows = [
        [
            figures["title"],
            str(alone["house_pairs"]),
            str(alone["queries"]),
            f"{alone['mean']:+.3f}",
            f"{alone['worst']:+.3f}",
            str(alone["noticeably_below"]),
        ]
        for figures in found
        if (alone := figures["houses_alone"])["house_pairs"]
    ]
    if not rows:
        return ""
    return f"{_TWO_HOUSES}\n{table(head, rows)}"


def _sets(found: Sequence[Figures]) -> str:
    head = ["", "profiles", "houses", "languages", "related pairs", "queries"]
    rows = [
        [
            figures["title"],
            f"{figures['profiles']:,}",
            str(figures["houses"]),
            ", ".join(f"{_LANGUAGES.get(tag, tag)} {count:,}" for tag, count in figures["languages"].items()),
            f"{figures['judged_pairs']:,}",
            f"{figures['whole']['ours']['queries']:,}",
        ]
        for figures in found
    ]
    notes = [f"- *{figures['title']}*: {figures['about']}\n" for figures in found if figures["about"]]
    return table(head, rows) + ("\n" + "".join(notes) if notes else "")


def _missing(missing: Mapping[str, str]) -> str:
    told = [f"{_ENGINES[peer]} {why} in this run" for peer, why in missing.items()]
    return "; ".join(told) + ".\n" if told else ""


def _set_by_set(figures: Figures) -> str:
    whole = _engines(figures["whole"])
    held_out = _engines(figures["held_out"])
    kinship = _kinship(figures["kinship"])
    title = figures["title"][0].upper() + figures["title"][1:]
    return f"### {title}\n\nWhole:\n\n{whole}\nHeld out:\n\n{held_out}\n{kinship}"


def _engines(by_engine: Mapping[str, Figures]) -> str:
    head = ["", "nDCG@10", "x plain", "related / pairs", "share", "related, x plain", "share, x plain", "across"]
    head += ["ECE", "Brier skill", "s wall", "s CPU", "MiB"]
    plain = by_engine["plain"]
    return table(head, [_engine(_ENGINES[name], by_engine[name], plain) for name in _ENGINES if name in by_engine])


def _engine(name: str, one: Figures, plain: Figures) -> list[str]:
    return [
        name + (" (earlier)" if one.get("earlier") else ""),
        f"{one['ndcg']:.3f} ({one['low']:.3f}-{one['high']:.3f})",
        ratio(one["ndcg"], plain["ndcg"]),
        f"{one['related']} / {one['pairs']}",
        f"{one['pair_share']:.1%}",
        ratio(one["related"], plain["related"]),
        ratio(one["pair_share"], plain["pair_share"]),
        f"{one['cross_language']:.1%}",
        f"{one['ece']:.3f}" if "ece" in one else "",
        f"{one['brier_skill']:.3f}" if "brier_skill" in one else "",
        f"{one['seconds']:.1f}",
        f"{one['cpu_seconds']:.1f}",
        str(one["peak_mib"]),
    ]


def _kinship(kinship: Mapping[str, Figures]) -> str:
    if not kinship:
        return ""
    head = ["", "twin in the other language found first", "siblings in one's own language", "siblings in the other"]
    rows = [
        [_ENGINES[name], f"{one['twins_first']:.1%}", f"{one['siblings_same']:.1%}", f"{one['siblings_other']:.1%}"]
        for name, one in kinship.items()
    ]
    told = "Twins and siblings apart; of siblings those among the ten best, of as many as ten places hold:\n\n"
    return told + table(head, rows)


def _by_cost(found: Sequence[Figures]) -> str:
    head = ["", *(f"cost {cost:g}" for cost in COSTS)]
    rows = []
    for figures in found:
        for kind in ("exact", "greedy"):
            cells = [f"{one[f'{kind}_related']} / {one[f'{kind}_pairs']}" for one in figures["by_cost"]]
            rows.append([f"{figures['title']}, {kind}", *cells])
    return table(head, rows)


def _calibration(figures: Figures) -> str:
    titles: Sequence[str] = figures["titles"]
    numbers = [str(number) for number in range(1, len(titles) + 1)]
    rows = []
    for at, (title, fitted, tested) in enumerate(zip(titles, figures["fitted"], figures["tested"], strict=True)):
        cells = [f"*{_ece_and_skill(one)}*" if on == at else _ece_and_skill(one) for on, one in enumerate(tested)]
        line = f"{numbers[at]}. {title} (slope {fitted['slope']:.1f}, intercept {fitted['intercept']:.1f})"
        rows.append([line, *cells])
    rows.append(["shipped", *map(_ece_and_skill, figures["shipped"])])
    return table(["fitted on", *(f"on {number}" for number in numbers)], rows)


def _ece_and_skill(one: Sequence[float]) -> str:
    return f"{one[0]:.3f} / {one[1]:.2f}"


def _parts(found: Sequence[Figures]) -> str:
    names = list(dict.fromkeys(name for figures in found for name in figures["without"]))
    head = ["without", *(figures["title"] for figures in found)]
    rows = [["nothing left out", *(_measured_part(figures["whole"]["ours"]) for figures in found)]]
    rows += [[name, *(_part(figures, name) for figures in found)] for name in names]
    rows.append(["exact pairing (greedy instead)", *(_greedily(figures) for figures in found)])
    return table(head, rows)


def _part(figures: Figures, name: str) -> str:
    return _measured_part(figures["without"][name]) if name in figures["without"] else "-"


def _measured_part(one: Figures) -> str:
    return f"{one['ndcg']:.3f}, {one['related']} / {one['pairs']}"


def _greedily(figures: Figures) -> str:
    usual = next(one for one in figures["by_cost"] if one["cost"] == TandemMatcher().cost)
    return f"{figures['whole']['ours']['ndcg']:.3f}, {usual['greedy_related']} / {usual['greedy_pairs']}"


def _unmeasured(found: Sequence[Figures]) -> str:
    everywhere = set.intersection(*(set(figures["not_without"]) for figures in found))
    names = [name for name in found[0]["not_without"] if name in everywhere]
    return f"Not measured, for no set has what it needs: {'; '.join(names)}.\n" if names else ""


def _moved(found: Sequence[Figures]) -> str:
    head = ["", "joined by", "pairs", "similarity moves", "word changes"]
    return table(
        head,
        [
            [figures["title"], joined, f"{one['pairs']:,}", f"{one['similarity']:.2%}", f"{one['word']:.2%}"]
            for figures in found
            for joined, one in figures["moved"].items()
        ],
    )


def _reading(figures: Figures) -> str:
    rows = [
        [f"s {kind}", f"{ours:.2f}", f"{plain:.2f}", ratio(ours, plain)]
        for kind, ours, plain in (
            ("wall", figures["ours_seconds"], figures["plain_seconds"]),
            ("CPU", figures["ours_cpu_seconds"], figures["plain_cpu_seconds"]),
        )
    ]
    told = _READING.format(profiles=figures["profiles"])
    return f"{told}\n{table(['', 'ours', 'TfidfVectorizer', 'times as long'], rows)}"


def _parameters() -> str:
    rows = [
        [f"`{name}`", shown(value), told]
        for module in (word_counts, vectors, relatedness, translation)
        for name, value, told in parameters_of(module)
    ]
    defaults = TandemMatcher()
    rows += [
        ["`min_similarity`", shown(defaults.min_similarity), "Least similarity of a tandem, before any correction."],
        [
            "`cost`",
            shown(defaults.cost),
            "What a suggestion costs, in good tandems: a tandem must be a good one with a larger probability.",
        ],
        [
            "`neighbours`",
            shown(defaults.neighbours),
            "How many best partners of each community the pairing chooses from.",
        ],
    ]
    lines = ["| parameter | value | what it does |", "| --- | --- | --- |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def parameters_of(module: ModuleType) -> list[tuple[str, object, str]]:
    """Name, value and description of the parameters that a module itself sets: what stands below each in its source.

    A parameter is a public constant that is a number, or numbers by field; one without a description has that of
    this module, and is left out where that has none.
    """
    body = ast.parse(inspect.getsource(module)).body
    following: list[ast.stmt | None] = [*body[1:], None]
    found: list[tuple[str, object, str]] = []
    for statement, after in zip(body, following, strict=True):
        name = _assigned(statement)
        if name is None or not isinstance(value := getattr(module, name), int | float | Mapping):
            continue
        told = _text(after) or _UNTOLD.get(name)
        if told:
            found.append((name, value, " ".join(told.split())))
    return found


def _assigned(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_" else None


def _text(statement: ast.stmt | None) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else None
    return None


def shown(value: object) -> str:
    """A parameter's value for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {number:g}" for key, number in value.items())
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _limits(found: Sequence[Figures]) -> str:
    told = ["- The sets are no communities of companies: clubs, courses and groups come nearest.\n"]
    told += [_about_siblings(figures) for figures in found if figures["kinship"]]
    told.append(
        "- The lexicon was learnt from the ESCO classification's occupations among others, no skills; their\n"
        "  wording is alike, which is to the advantage of a set of skills.\n"
        "- Of languages other than German and English nothing is known: their words meet the same words only.\n"
    )
    return "".join(told)


def _about_siblings(figures: Figures) -> str:
    ours, plain = figures["kinship"]["ours"], figures["kinship"]["plain"]
    whole, half = figures["whole"], figures["held_out"]
    return _SIBLINGS.format(
        title=figures["title"],
        twins=ours["twins_first"],
        same=ours["siblings_same"],
        other=ours["siblings_other"],
        plain_same=plain["siblings_same"],
        plain_other=plain["siblings_other"],
        plain_across=whole["plain"]["cross_language"],
        times=ratio(whole["ours"]["ndcg"], whole["plain"]["ndcg"]),
        half_times=ratio(half["ours"]["ndcg"], half["plain"]["ndcg"]),
    )
