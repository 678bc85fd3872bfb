"""A real service in processes of its own, on a free port and a database of its own."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx2

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], what: str, *, seconds: float = 60.0) -> T:
    """The first answer of `condition` that counts as true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        pause.wait(0.02)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(
    command: Sequence[str], database_url: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is ended with the block, politely first."""
    settings = {"TANDEM_DATABASE_URL": database_url, "TANDEM_LOG_LEVEL": "warning"}
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings, **(environment or {})})
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def serving(
    database_url: str, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """`tandem serve`, once it answers; its address and process id."""
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port), *options]
    with process(command, database_url, environment) as child:
        address = f"http://127.0.0.1:{port}"
        ready = "/healthz" if "--no-worker" in options else "/readyz"

        def answers() -> bool:
            assert child.poll() is None, "tandem serve ended"
            try:
                return httpx2.get(address + ready, timeout=5).status_code == 200
            except httpx2.TransportError:
                return False

        wait_for(answers, "the service to be ready")
        yield address, child.pid
