"""What the benchmark scripts share: their input, their clock, their memory, their line of JSON."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks import generator
from matching import Profile
from matching.__main__ import peak_mib
from matching.profiles import read_profiles

T = TypeVar("T")


@dataclass(frozen=True)
class Measured(Generic[T]):
    answer: T
    seconds: float
    cpu_seconds: float
    peak_mib: int


def input_profiles(count: int) -> tuple[str, list[Profile]]:
    """The name of the input and its profiles: those of `DATA=FOLDER`, else `count` generated ones."""
    folder = os.environ.get("DATA")
    if folder:
        return Path(folder).name, read_profiles(Path(folder) / "profiles.jsonl")
    return f"generated {count}", generator.profiles(count)


def in_own_process(work: Callable[[], T]) -> Measured[T]:
    """Run `work` in a forked process: its answer, its time (wall, and CPU), and the most memory it held."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def run() -> None:
        started, cpu = time.perf_counter(), time.process_time()
        answer = work()
        sender.send((answer, time.perf_counter() - started, time.process_time() - cpu, peak_mib()))

    process = context.Process(target=run)
    process.start()
    sender.close()
    answer, seconds, cpu_seconds, peak = receiver.recv()
    process.join()
    return Measured(answer, seconds, cpu_seconds, peak)


def tell(**figures: object) -> None:
    """Print the one line of JSON that a benchmark ends with."""
    # At once: a run of hours that is ended keeps what it has told.
    print(json.dumps(figures), flush=True)
