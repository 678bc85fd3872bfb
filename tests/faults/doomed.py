"""The real worker or the real API, which kills itself with SIGKILL at one exact step of its work.

A step is the name of something that a job or a request does (a key of `_STEPS`), or a stage as the job tells it.
Moments: `in` its transaction, when its rows are written; `before` that transaction commits; `after` it has.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from typing import Any, Literal

from sqlalchemy import event
from sqlmodel import Session

from app import worker
from app.core import jobs
from app.core.jobs import Lease
from app.notifications import queries
from app.rounds import jobs as round_jobs
from app.rounds import previews, releasing, running
from app.seatings import running as seating
from app.tandems import jobs as tandem_jobs
from app.tandems import service as tandems
from tests.receivers import TEMPLATES

# So that a few hundred communities fill several batches.
BATCH = 40

_STEPS: dict[str, tuple[object, str]] = {
    "claimed": (jobs, "claim"),
    "begin": (running, "begin"),
    "forget_run": (running, "forget_run"),
    "store_proposals": (running, "store_proposals"),
    "store_unmatched": (running, "store_unmatched"),
    "propose": (running, "propose"),
    "preview_begin": (previews, "begin"),
    "preview_finish": (previews, "finish"),
    "seating_begin": (seating, "begin"),
    "seating_finish": (seating, "finish"),
    "expire_due": (tandems, "expire_due"),
    "open_many": (tandems, "open_many"),
    "note": (releasing, "_note"),
    "settle": (queries, "settle"),
}


# One process that has imported everything, and forks: the imports take longer than all the work.
_NURSERY = get_context("forkserver")
_NURSERY.set_forkserver_preload(["tests.faults.doomed", "matching.matcher"])


@dataclass(frozen=True)
class Point:
    """Where a process ends."""

    step: str
    moment: Literal["in", "before", "after"]
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.moment} {self.step} {self.nth}"


@contextmanager
def doomed_worker(point: Point, environment: Mapping[str, str]) -> Iterator[ForkServerProcess]:
    """A worker that works until it comes to this point."""
    with _process(_work, point, environment) as child:
        yield child


@contextmanager
def doomed_api(point: Point, environment: Mapping[str, str], port: int) -> Iterator[ForkServerProcess]:
    """An API that serves until it comes to this point."""
    with _process(_serve, point, environment, port) as child:
        yield child


@contextmanager
def _process(target: Callable[..., None], *arguments: object) -> Iterator[ForkServerProcess]:
    child = _NURSERY.Process(target=target, args=arguments)
    child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join()


def _work(point: Point, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    round_jobs.BATCH = tandem_jobs.BATCH = BATCH
    worker.TEMPLATES = {**worker.TEMPLATES, **TEMPLATES}
    _Doom(point).install()
    worker.main()


def _serve(point: Point, environment: Mapping[str, str], port: int) -> None:
    # Imported where it is needed: a worker is forked sooner without.
    import uvicorn

    from app.main import create_app

    os.environ.update(environment)
    _Doom(point).install()
    uvicorn.run(create_app(), port=port, log_level="warning")


class _Doom:
    """Watches the steps of this process, and ends it."""

    def __init__(self, end: Point) -> None:
        self._end = end
        self._passed: Counter[tuple[str, str]] = Counter()

    def install(self) -> None:
        """Watch every step, and the commits that end their transactions."""
        for step, (owner, name) in _STEPS.items():
            self._watch(owner, name, _always(step))
        self._watch(Lease, "_update", lambda values: values.get("stage"))
        event.listen(Session, "before_commit", self._before_commit)
        event.listen(Session, "after_commit", self._after_commit)

    def _watch(self, owner: Any, name: str, step_of: Callable[[dict[str, Any]], str | None]) -> None:
        original = getattr(owner, name)

        @wraps(original)
        def watched(*arguments: Any, **named: Any) -> Any:
            answer = original(*arguments, **named)
            step = step_of(named)
            if step is None or (step == "claimed" and answer is None):
                return answer
            session = next((one for one in arguments if isinstance(one, Session)), None)
            if session is None:
                self._passes(step, "after")
            else:
                session.flush()
                session.info["step"] = step
                self._passes(step, "in")
            return answer

        setattr(owner, name, watched)

    def _before_commit(self, session: Session) -> None:
        if "step" in session.info:
            session.flush()
            self._passes(session.info["step"], "before")

    def _after_commit(self, session: Session) -> None:
        if "step" in session.info:
            self._passes(session.info.pop("step"), "after")

    def _passes(self, step: str, moment: str) -> None:
        # The thread that renews the lease writes no stage, and each step is run by one other thread only.
        assert threading.current_thread().name != "lease"
        self._passed[step, moment] += 1
        if (step, moment, self._passed[step, moment]) == (self._end.step, self._end.moment, self._end.nth):
            os.kill(os.getpid(), signal.SIGKILL)


def _always(step: str) -> Callable[[dict[str, Any]], str]:
    return lambda named: step
