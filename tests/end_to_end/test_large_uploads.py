"""Bodies that are far too large, sent to a real service: refused at once, not read to their end."""

import socket
from urllib.parse import urlsplit

import psutil
import pytest

from tests.end_to_end.service import serving
from tests.world import World

TWO_GIGABYTES = 2 * 1024**3
PIECE = b"x" * 65536


def first_line(connection: socket.socket) -> bytes:
    return connection.makefile("rb").readline()


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
def test_two_gigabytes_are_refused_without_being_held(database_url: str, world: World, announced: bool) -> None:
    headers = world.portal(world.company()).headers
    with serving(database_url, "--no-worker") as (address, pid):
        host = urlsplit(address)
        with socket.create_connection((str(host.hostname), int(host.port or 0)), timeout=60) as connection:
            size = f"Content-Length: {TWO_GIGABYTES}" if announced else "Transfer-Encoding: chunked"
            connection.sendall(
                (
                    f"POST /v1/imports?source=x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                    f"Authorization: {headers['Authorization']}\r\n{size}\r\n\r\n"
                ).encode()
            )
            sent = 0
            try:
                while sent < TWO_GIGABYTES and not announced:
                    connection.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
                    sent += len(PIECE)
            except OSError:
                pass  # It has stopped reading: what it has answered stands in the buffer, or the connection is gone.
            try:
                answer = first_line(connection)
            except ConnectionResetError:
                answer = b""
        held = sum(one.memory_info().rss for one in [psutil.Process(pid), *psutil.Process(pid).children(True)])

    assert answer in (b"HTTP/1.1 413 Content Too Large\r\n", b"HTTP/1.1 413 Request Entity Too Large\r\n", b"")
    assert sent < 200 * 1024**2
    assert held < 900 * 1024**2
