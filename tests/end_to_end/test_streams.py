"""Streams of events in a real service: they tell where the work is, and do not keep the service from ending."""

import os
import signal
import time
from contextlib import ExitStack

import httpx2
import psutil

from app.core.processes import port_is_free
from tests.end_to_end.service import serving, wait_for
from tests.world import World


def test_a_service_with_an_open_stream_ends_soon(database_url: str, world: World) -> None:
    portal = world.portal(world.company())
    with ExitStack() as open_things:
        address, pid = open_things.enter_context(serving(database_url, "--no-worker"))
        client = open_things.enter_context(httpx2.Client(base_url=address, headers=portal.headers, timeout=30))
        queued = client.post(
            "/v1/imports?source=x", content=b"{}", headers={"Content-Type": "application/x-ndjson"}
        ).json()
        stream = open_things.enter_context(client.stream("GET", f"/v1/imports/{queued['id']}/events"))
        lines = stream.iter_lines()
        first = [next(lines), next(lines)]

        os.kill(pid, signal.SIGTERM)
        asked = time.monotonic()
        wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie", "the service to end")
        lasted = time.monotonic() - asked
        port = int(address.rpartition(":")[2])

    assert "event: progress" in first
    assert '"status":"queued"' in "".join(first)
    assert lasted < 14
    assert port_is_free("127.0.0.1", port)
