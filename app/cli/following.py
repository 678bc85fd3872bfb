"""Work that is under way: shown as a bar, and done here as long as no worker is heard of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.cli.terminal import notes
from app.core import jobs
from app.core.clock import now
from app.core.database import Database
from app.core.settings import Settings

LEFT = 130
"""What a shell expects of a command that Ctrl-C has ended."""

_LOOK_SECONDS = 0.2


class Left(Exception):
    """Somebody pressed Ctrl-C before the work had ended; it stays in the queue."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the work is: a stage in words, a share of the whole, and what else is to be said beside the bar."""

    stage: str
    share: float
    has_ended: bool
    beside: str = ""


def follow(database: Database, settings: Settings, look: Callable[[], Seen]) -> None:
    """Until what is looked at has ended. Raises Left."""
    with _Helper(database, settings, lambda: look().has_ended) as helper, _bar() as bar:
        task = bar.add_task("", total=1.0, beside="")
        try:
            while not (seen := look()).has_ended:
                bar.update(task, completed=seen.share, description=seen.stage, beside=seen.beside)
                if not helper.is_working and not worker_is_there(database, settings):
                    helper.start()
                helper.wait(_LOOK_SECONDS)
            bar.update(task, completed=seen.share, description=seen.stage, beside=seen.beside)
        except KeyboardInterrupt:
            helper.stop()
            if not look().has_ended:
                raise Left from None


def worker_is_there(database: Database, settings: Settings) -> bool:
    """Whether a worker process was heard of lately."""
    with database.reader() as session:
        seen = jobs.last_worker_seen(session)
    return seen is not None and now() - seen < timedelta(seconds=settings.worker_silent_seconds)


class _Helper:
    """A worker in a thread of this process, which leaves its job at the next stage when it is to stop."""

    def __init__(self, database: Database, settings: Settings, has_ended: Callable[[], bool]) -> None:
        # Imported here: the worker brings the engine, which most commands do not need.
        from app.worker import Worker

        self._worker = Worker(database, settings)
        self._has_ended = has_ended
        self._thread = Thread(target=self._work, name="helper", daemon=True)
        self._error: Exception | None = None
        # Not the thread itself: a `join` that Ctrl-C ends takes the thread for ended too (Python up to 3.12).
        self._left = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_working(self) -> bool:
        return self._thread.ident is not None

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait a moment, or until there is no more to do. Raises what has ended the work."""
        if self.is_working:
            self._left.wait(seconds)
            if self._error is not None:
                raise self._error
        else:
            self._worker.stopping.wait(seconds)

    def stop(self) -> None:
        """Leave the work, and wait until it is left in good order."""
        self._worker.stopping.set()
        if self.is_working:
            self._left.wait()

    def _work(self) -> None:
        # Older work comes first, as with any worker.
        try:
            while not self._worker.stopping.is_set() and not self._has_ended():
                if not self._worker.work_once():
                    self._worker.stopping.wait(self._worker.settings.poll_seconds)
        except Exception as error:
            # Told by the thread that waits; most likely the database is away.
            self._error = error
        finally:
            self._left.set()


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[beside]}"),
        console=notes,
        transient=True,
    )
