"""The engine on the command line: `python -m matching pair|related|evaluate|seat ...`, without the service."""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from matching.attendees import read_attendees
from matching.evaluation import RANKED, evaluate, read_judged
from matching.exceptions import MatchingError
from matching.lexicon import Lexicon, lexicons_with
from matching.matcher import TandemMatcher, related_profiles
from matching.pair_files import read_pairs, read_past_pairs
from matching.pairing import Objective
from matching.profiles import read_profiles
from matching.seating import SeatingPlanner
from matching.sentences import Language, change_sentence, reason_sentence, unmatched_sentence

_SUMMARY: Mapping[Language, str] = {
    "en": "{profiles} profiles of {companies} companies: {tandems} tandems, {expected:.1f} of them likely good ones, "
    "total similarity {total:.4f}",
    "de": "{profiles} Profile aus {companies} Unternehmen: {tandems} Tandems, davon wohl {expected:.1f} gute, "
    "Ähnlichkeit gesamt {total:.4f}",
}
_ALONE: Mapping[Language, str] = {"en": "{count} without a tandem: {reason}", "de": "{count} ohne Tandem: {reason}"}
_CHANGE: Mapping[Language, str] = {"en": "what would change it", "de": "was das ändern würde"}
_NEAR: Mapping[Language, str] = {
    "en": "at least {share:.2%} of the best that the limit between two companies allows",
    "de": "mindestens {share:.2%} des Besten, das die Grenze zwischen zwei Unternehmen zulässt",
}
_BEST: Mapping[Language, str] = {"en": "the likeliest good tandem", "de": "das wohl beste Tandem"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it is done, 2 for input that cannot be used (told on standard error)."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except MatchingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; nothing is left to say on a closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def pair(options: argparse.Namespace) -> None:
    """One tandem a line in a stable order; a summary on standard error."""
    profiles = read_profiles(options.profiles)
    matcher = TandemMatcher(
        min_similarity=options.min_similarity,
        objective=options.objective,
        cost=options.cost,
        alternates=options.alternates or 0,
        repeat_after=options.repeat_after,
        max_per_company_pair=options.max_per_company_pair,
        lexicons=_lexicons(options),
        n_jobs=os.cpu_count() or 1,
    )
    past_pairs = [] if options.past_pairs is None else read_past_pairs(options.past_pairs)
    pins, bans = ([] if path is None else read_pairs(path) for path in (options.pins, options.bans))
    with _progress() as tell:
        matcher.fit(profiles, past_pairs=past_pairs, bans=bans, pins=pins, on_progress=tell)
    with _output(options.out) as out:
        for tandem in matcher.tandems_:
            record = tandem.as_record()
            if options.alternates is not None:
                record["alternates"] = {side: _further(matcher, side) for side in (tandem.a, tandem.b)}
            print(json.dumps(record, ensure_ascii=False), file=out)
    _tell_summary(matcher, len(profiles), len({profile.company for profile in profiles}), options.lang)


def _further(matcher: TandemMatcher, profile_id: str) -> list[dict[str, object]]:
    """The alternates of one side, most similar first."""
    return [
        {"id": one.id, "similarity": round(one.similarity, 6), "probability": round(one.probability, 4)}
        for one in matcher.alternates_.get(profile_id, ())
    ]


def _lexicons(options: argparse.Namespace) -> Mapping[str, Lexicon] | None:
    """The shipped lexicons, with the operator's dictionary where there is one."""
    return None if options.dictionary is None else lexicons_with(options.dictionary)


def related(options: argparse.Namespace) -> None:
    """The best partners among the communities of other companies, one a line, the most probable first."""
    profiles = read_profiles(options.profiles)
    found = related_profiles(
        profiles, k=options.k, ids=[options.id], lexicons=_lexicons(options), n_jobs=os.cpu_count() or 1
    )
    names = {profile.id: profile for profile in profiles}
    for partner in found[options.id]:
        profile = names[partner.id]
        record = {"id": partner.id, "similarity": round(partner.similarity, 6)}
        record |= {"probability": round(partner.probability, 4)}
        print(json.dumps(record | {"company": profile.company, "name": profile.name}, ensure_ascii=False))


def evaluate_folder(options: argparse.Namespace) -> None:
    """Write the ranking and the tandems where asked; print the measures."""
    started = time.perf_counter()
    profiles, qrels = read_judged(options.folder)
    found = evaluate(
        profiles, qrels, k=options.k, cost=options.cost, lexicons=_lexicons(options), n_jobs=os.cpu_count() or 1
    )
    if options.run is not None:
        with _output(options.run) as out:
            for query, partners in sorted(found.run.items()):
                for partner, similarity in partners[:RANKED]:
                    print(query, partner, f"{similarity:.6f}", sep="\t", file=out)
    if options.tandems is not None:
        with _output(options.tandems) as out:
            for tandem in found.tandems:
                print(json.dumps(tandem.as_record(), ensure_ascii=False), file=out)
    measures = {name: round(value, 4) for name, value in found.as_dict(options.k).items()}
    measures |= {"seconds": round(time.perf_counter() - started, 2), "peak_mib": peak_mib()}
    if options.json:
        print(json.dumps(measures))
        return
    for name, value in measures.items():
        print(f"{name:<10} {value}")


def seat(options: argparse.Namespace) -> None:
    """One group a line, rotation after rotation; a summary on standard error."""
    planner = SeatingPlanner(
        rotations=options.rotations,
        group_size=options.group_size,
        min_size=options.min_size,
        max_size=options.max_size,
        effort=options.effort,
    )
    planner.fit(read_attendees(options.attendees), apart=options.apart)
    for number, rotation in enumerate(planner.rotations_, start=1):
        for place, group in enumerate(rotation, start=1):
            record = {"rotation": number, "group": place, "members": group.members, "language": group.language}
            record |= {"similarity": round(group.similarity, 6), "shared": [asdict(term) for term in group.shared]}
            print(json.dumps(record, ensure_ascii=False))
    figures = planner.figures_
    print(
        f"{figures.people} people in {figures.groups} groups of {figures.rotations} rotations: mean similarity "
        f"{figures.mean_similarity:.4f}, at random {figures.random_similarity:.4f}, worst group "
        f"{figures.worst_group:.4f}",
        f"{figures.repeated_pairs} pairs meet again (at least {figures.least_repeated_pairs}), "
        f"{figures.same_company_pairs} are of one company (at least {figures.least_same_company_pairs}), "
        f"{figures.groups_without_language} groups without a common language",
        sep="\n",
        file=sys.stderr,
    )


def peak_mib() -> int:
    """The most memory that this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (1024 * 1024 if sys.platform == "darwin" else 1024))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m matching",
        description="Pair related communities of different companies; seat the people of a meetup.",
    )
    commands = parser.add_subparsers(required=True, metavar="pair | related | evaluate | seat")

    pairing = commands.add_parser("pair", help="pair the profiles of a file, provably best")
    pairing.add_argument("profiles", type=Path, metavar="PROFILES.ndjson")
    pairing.add_argument("--out", type=Path, metavar="TANDEMS.ndjson", help="write here instead of standard output")
    pairing.add_argument("--objective", choices=[objective.value for objective in Objective], default="quality")
    pairing.add_argument(
        "--min-similarity", type=float, default=0.10, help="least similarity of a tandem (default 0.10)"
    )
    pairing.add_argument(
        "--cost", type=float, default=0.1, help="what a suggestion costs, in good tandems (default 0.1)"
    )
    pairing.add_argument("--alternates", type=int, metavar="N", help="write up to N further partners of each side")
    pairing.add_argument(
        "--max-per-company-pair", type=int, metavar="N", help="at most N tandems between the same two companies"
    )
    pairing.add_argument(
        "--past-pairs",
        type=Path,
        metavar="FILE",
        help="pairs that met before: id, tab, id, and (if known) tab, rounds ago",
    )
    pairing.add_argument(
        "--repeat-after",
        type=int,
        metavar="ROUNDS",
        help="past pairs may meet again when that was more than ROUNDS rounds ago (default never)",
    )
    pairing.add_argument("--pins", type=Path, metavar="FILE", help="pairs that must be tandems: id, tab, id")
    pairing.add_argument("--bans", type=Path, metavar="FILE", help="pairs that must not meet: id, tab, id")
    pairing.add_argument("--lang", choices=["de", "en"], default="en", help="language of the summary")
    pairing.set_defaults(command=pair)

    nearest = commands.add_parser("related", help="the best partners of one among the communities of other companies")
    nearest.add_argument("profiles", type=Path, metavar="PROFILES.ndjson")
    nearest.add_argument("--id", required=True, help="id of the profile to start from")
    nearest.add_argument("-k", type=_positive, default=10, help="how many (default 10)")
    nearest.set_defaults(command=related)

    judging = commands.add_parser(
        "evaluate", help="measure ranking and pairing on judged data (languages forbid nothing here)"
    )
    judging.add_argument("folder", type=Path, metavar="FOLDER", help="holds profiles.jsonl and qrels.tsv")
    judging.add_argument("-k", type=_positive, default=RANKED, help="depth of the ranking (default 10)")
    judging.add_argument("--json", action="store_true", help="print one line of JSON")
    judging.add_argument("--run", type=Path, metavar="RUN.tsv", help="write the rankings here")
    judging.add_argument("--tandems", type=Path, metavar="TANDEMS.ndjson", help="write the tandems here")
    judging.add_argument(
        "--cost", type=float, default=0.1, help="what a suggestion costs, in good tandems (default 0.1)"
    )
    judging.set_defaults(command=evaluate_folder)

    seating = commands.add_parser("seat", help="seat the people of a meetup in groups, for some rotations")
    seating.add_argument("attendees", type=Path, metavar="ATTENDEES.ndjson")
    seating.add_argument("--rotations", type=int, default=3, help="how many (1 to 6, default 3)")
    seating.add_argument("--group-size", type=int, default=4, help="people in a group, wished (default 4)")
    seating.add_argument("--min-size", type=int, default=3, help="at least (default 3)")
    seating.add_argument("--max-size", type=int, default=5, help="at most (default 5, never above 6)")
    seating.add_argument("--effort", type=float, default=1.0, help="steps of the search, times the usual (default 1)")
    seating.add_argument(
        "--apart",
        type=_pair,
        nargs="+",
        default=[],
        metavar="A,B",
        help="ids that never sit together, each pair with a comma between",
    )
    seating.set_defaults(command=seat)
    for command in (pairing, nearest, judging):
        command.add_argument(
            "--dictionary",
            type=Path,
            metavar="FILE",
            help="a German-English dictionary of your own in the format of Ding, beside the shipped lexicon",
        )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _pair(text: str) -> tuple[str, str]:
    a, comma, b = text.partition(",")
    if not (a and comma and b):
        raise argparse.ArgumentTypeError(f"{text!r} is not two ids with a comma between")
    return a, b


def _tell_summary(matcher: TandemMatcher, profiles: int, companies: int, lang: Language) -> None:
    total = sum(tandem.similarity for tandem in matcher.tandems_)
    expected = sum(tandem.probability for tandem in matcher.tandems_)
    summary = _SUMMARY[lang].format(
        profiles=profiles, companies=companies, tandems=len(matcher.tandems_), expected=expected, total=total
    )
    print(summary, file=sys.stderr)
    if matcher.max_per_company_pair is not None and matcher.pairing_bound_:
        share = (expected - matcher.cost * len(matcher.tandems_)) / matcher.pairing_bound_
        print(_NEAR[lang].format(share=share), file=sys.stderr)
    if matcher.tandems_:
        best = matcher.tandems_[0]
        why = "; ".join(reason_sentence(reason, lang) for reason in best.reasons)
        print(f"{_BEST[lang]}: {best.a} - {best.b} ({best.probability:.0%}). {why}", file=sys.stderr)
    by_kind: dict[str, int] = {}
    for alone in matcher.unmatched_:
        by_kind[alone.kind.value] = by_kind.get(alone.kind.value, 0) + 1
    examples = {alone.kind.value: alone for alone in reversed(matcher.unmatched_)}
    for kind, count in sorted(by_kind.items(), key=lambda item: (-item[1], item[0])):
        example = examples[kind]
        print(_ALONE[lang].format(count=count, reason=kind.replace("_", " ")), file=sys.stderr)
        changes = ", ".join(change_sentence(change, lang) for change in example.changes)
        print(f"  {example.id}: {unmatched_sentence(example, lang)}; {_CHANGE[lang]}: {changes}", file=sys.stderr)


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="\n") as out:
            yield out
    except OSError as error:
        raise MatchingError(f"{path}: {error.strerror}") from error


class _Teller:
    """One line of progress that is written over, on a terminal only."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()

    def __call__(self, stage: str, share: float) -> None:
        if self.shown:
            print(f"\r{stage:<12}{share:4.0%}", end="", file=sys.stderr, flush=True)


@contextmanager
def _progress() -> Iterator[_Teller]:
    teller = _Teller()
    yield teller
    if teller.shown:
        print("\r" + " " * 16 + "\r", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
