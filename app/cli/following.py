"""An import that is under way: shown as a bar, and worked on here as long as no worker is heard of."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.access.service import SYSTEM
from app.cli.terminal import notes
from app.core import jobs
from app.core.clock import now
from app.core.database import Database
from app.core.i18n import Language, mark, translate
from app.core.settings import Settings
from app.imports import service as imports
from app.imports.models import ImportStatus
from app.imports.schemas import ImportOut

_LOOK_SECONDS = 0.2
ENDED = (ImportStatus.DONE, ImportStatus.FAILED)


class Left(Exception):
    """Somebody pressed Ctrl-C before the import had ended; it stays in the queue."""


def follow(database: Database, settings: Settings, import_id: str, language: Language) -> None:
    """Until the import has ended. Raises Left."""

    def look() -> ImportOut:
        with database.reader() as session:
            return imports.shown(session, [imports.get(session, SYSTEM, import_id)], language)[0]

    def has_ended() -> bool:
        return look().status in ENDED

    with _Helper(database, settings, has_ended) as helper, _bar() as bar:
        task = bar.add_task("", total=1.0, rows="")
        try:
            while (seen := look()).status not in ENDED:
                bar.update(task, completed=seen.progress, description=seen.stage, rows=_speed(seen, language))
                if not helper.is_working and not worker_is_there(database, settings):
                    helper.start()
                helper.wait(_LOOK_SECONDS)
            bar.update(task, completed=seen.progress, description=seen.stage, rows=_speed(seen, language))
        except KeyboardInterrupt:
            helper.stop()
            if not has_ended():
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
        self._thread = Thread(target=self._work, name="import", daemon=True)
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
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]}"),
        console=notes,
        transient=True,
    )


def _speed(seen: ImportOut, language: Language) -> str:
    if seen.started_at is None or not seen.rows:
        return ""
    seconds = max(((seen.finished_at or now()) - seen.started_at).total_seconds(), 0.001)
    text = mark("{rows} rows, {speed} a second")
    return translate(text, language, rows=f"{seen.rows:,}", speed=f"{seen.rows / seconds:,.0f}")
