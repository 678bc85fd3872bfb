"""The hints of the check for competition law on two lists of labelled phrases, beside a plain list of keywords.

    python -m benchmarks.guardrail [--topics]

Terms are developed on one list; the other one was written before them, by somebody who had not seen them, and never
changes: its hash is checked. A phrase counts once for each topic that it has or is given. `--topics` adds for each
topic how often it was found, missed, and hinted at without reason.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from app.guardrails.terms import hints
from benchmarks.measuring import tell

FOLDER = Path(__file__).parent
DEVELOPMENT, TEST = FOLDER / "guardrail_development.tsv", FOLDER / "guardrail_test.tsv"
TEST_SHA256 = "6391f0ce40552ac06e9fb7c373527f83d556c64e5e45aa222274161953126feb"
LANGUAGES = ("de", "en")
_LONG_TEXT = 4_000

# What the twelve topics are called where they are defined; the peer looks for just these words.
KEYWORDS: Mapping[int, str] = {
    1: "prices price discounts surcharges preise rabatte zuschläge",
    2: "costs calculation margins profits kosten kalkulation margen",
    3: "terms delivery payment konditionen lieferbedingungen",
    4: "customers suppliers boycotts boycott kunden lieferanten boykott",
    5: "markets territories quotas marktaufteilung quoten",
    6: "production capacity utilisation stock kapazität auslastung lager",
    7: "sales turnover shares absatz umsatz marktanteile",
    8: "bids tenders negotiations ausschreibungen angebote jahresgespräche",
    9: "strategy roadmap strategie expansion",
    10: "wages bonuses poach gehälter boni abwerbeverbot",
    11: "taxes",
    12: "party platform algorithm",
}

Check = Callable[[str], set[int]]


class Phrase(NamedTuple):
    text: str
    language: str
    topics: frozenset[int]


def phrases(path: Path) -> list[Phrase]:
    """The phrases of a list, each with its topics."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return [
        Phrase(text, language, frozenset() if topics == "-" else frozenset(map(int, topics.split(","))))
        for text, language, topics in rows
    ]


def ours(text: str) -> set[int]:
    return {hint.topic for hint in hints(text)}


def theirs(text: str) -> set[int]:
    words = set(re.findall(r"\w+", text.casefold()))
    return {topic for topic, known in KEYWORDS.items() if words & set(known.split())}


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares over phrases and topics, and (`any_`) of whether there is a hint at all; by topic how often it was
    found, missed, and hinted at without reason."""

    phrases: int
    precision: float
    recall: float
    any_precision: float
    any_recall: float
    topics: dict[int, list[int]]

    def told(self, *, each_topic: bool = False) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if each_topic or name != "topics"}


def figures(rows: Sequence[Phrase], check: Check) -> Figures:
    """How well a check does on some phrases."""
    found: Counter[int] = Counter()
    missed: Counter[int] = Counter()
    alarms: Counter[int] = Counter()
    hinted = rightly = 0
    for row in rows:
        told = check(row.text)
        found.update(told & row.topics)
        missed.update(row.topics - told)
        alarms.update(told - row.topics)
        hinted += bool(told)
        rightly += bool(told and row.topics)
    return Figures(
        phrases=len(rows),
        precision=_share(found.total(), found.total() + alarms.total()),
        recall=_share(found.total(), found.total() + missed.total()),
        any_precision=_share(rightly, hinted),
        any_recall=_share(rightly, sum(bool(row.topics) for row in rows)),
        topics={topic: [found[topic], missed[topic], alarms[topic]] for topic in sorted(found | missed | alarms)},
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def milliseconds(rows: Sequence[Phrase]) -> float:
    """Of the processor, for a text of 4,000 characters, warm: the best of twenty."""
    text = ". ".join(row.text for row in rows)[:_LONG_TEXT]
    taken = []
    for _ in range(21):
        started = time.process_time()
        hints(text)
        taken.append(time.process_time() - started)
    return round(1000 * min(taken[1:]), 2)


def _in(rows: Sequence[Phrase], language: str) -> list[Phrase]:
    return [row for row in rows if row.language == language]


def measure(*, each_topic: bool) -> None:
    content = TEST.read_bytes()
    if sha256(content).hexdigest() != TEST_SHA256:
        raise SystemExit(f"{TEST} has changed: its figures would be of another list")
    parts = {"development": phrases(DEVELOPMENT), "test": phrases(TEST)}
    told = {
        f"{part}_{language}": figures(_in(rows, language), ours).told(each_topic=each_topic)
        for part, rows in parts.items()
        for language in LANGUAGES
    }
    peer = {
        f"keywords_test_{language}": figures(_in(parts["test"], language), theirs).told() for language in LANGUAGES
    }
    tell(benchmark="guardrail", **told, **peer, milliseconds_4000_characters=milliseconds(parts["development"]))


if __name__ == "__main__":
    measure(each_topic="--topics" in sys.argv[1:])
