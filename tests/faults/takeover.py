"""One worker dies at its work, another one finishes it."""

import signal
from collections.abc import Callable, Mapping

from sqlmodel import Session

from app.core.database import Database
from app.worker import Worker
from tests.end_to_end.service import wait_for
from tests.faults.doomed import Point, doomed_worker

LEASE_SECONDS = 1
# What the work itself takes on a busy machine; alone it is a third of a second.
WORK_SECONDS = 15


def killed_worker(store: Database, point: Point, more: Mapping[str, str] | None = None) -> None:
    """Run a worker, with more settings, until it kills itself there."""
    environment = {
        "TANDEM_DATABASE_URL": store.url,
        "TANDEM_LEASE_SECONDS": str(LEASE_SECONDS),
        "TANDEM_POLL_SECONDS": "0.05",
        "TANDEM_LOG_LEVEL": "warning",
        **(more or {}),
    }
    with doomed_worker(point, environment) as child:
        child.join(60)
        assert child.exitcode == -signal.SIGKILL, f"the worker has not come to: {point}"


def finished(another: Worker, is_over: Callable[[Session], bool]) -> None:
    """Let another worker work until it is over: within the lease and what the work takes."""

    def over() -> bool:
        another.work_once()
        with another.database.reader() as session:
            return is_over(session)

    wait_for(over, "another worker to finish", seconds=LEASE_SECONDS + WORK_SECONDS)
