"""Keeps a few child processes running: starts them, restarts what ends, stops them together."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger()

_HEALTHY_SECONDS = 10.0
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
_STOP_SECONDS = 15.0


@dataclass
class _Child:
    name: str
    command: Sequence[str]
    niceness: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    next_start: float = field(default=0.0)


class Supervisor:
    """Child processes by name. One that ends is started again, after a pause that grows while it keeps failing."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        niceness: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        nice = niceness or {}
        self._children = [_Child(name, command, nice.get(name, 0)) for name, command in commands.items()]
        self._environment = dict(os.environ) | dict(environment or {})
        self._stopping = threading.Event()

    def run(self) -> int:
        """Until SIGTERM or SIGINT: 0. 1 when a child fails again and again from the start."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        try:
            while not self._stopping.is_set():
                if not all(self._keep(child) for child in self._children):
                    return 1
                self._stopping.wait(0.2)
            return 0
        finally:
            self._end_all()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()

    def _keep(self, child: _Child) -> bool:
        """Start the child where it is not running; False when it is beyond hope."""
        moment = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return True
            lived = moment - child.started
            child.process = None
            child.failures = 0 if lived >= _HEALTHY_SECONDS else child.failures + 1
            if child.failures > len(_PAUSES):
                log.error("process_gives_up", name=child.name, code=code)
                return False
            pause = _PAUSES[max(child.failures - 1, 0)]
            child.next_start = moment + pause
            log.warning("process_ended", name=child.name, code=code, restart_in_seconds=pause)
        if moment >= child.next_start:
            child.started = moment
            child.process = subprocess.Popen(  # noqa: S603  the commands are our own
                child.command, env=self._environment, start_new_session=True
            )
            if child.niceness:
                os.setpriority(os.PRIO_PROCESS, child.process.pid, child.niceness)
        return True

    def _end_all(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
