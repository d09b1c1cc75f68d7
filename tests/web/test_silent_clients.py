"""Clients that connect and say nothing do not shut out the others."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.journeys.test_live_publishing import status_of
from tests.processes import serving

SILENT = 1500
"""More than the server would hold by its own numbers: 1,024 for all workers."""


@pytest.fixture
def room() -> Iterator[None]:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SILENT + 500
    if most != resource.RLIM_INFINITY and most < wanted:
        pytest.skip(f"the system grants {most} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, wanted), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def test_silent_connections_starve_nobody(tmp_path, room):
    with serving(tmp_path / "data", workers=2) as node, ExitStack() as held:
        parts = urlsplit(node.url)
        for _ in range(SILENT):
            one = held.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=20))
            one.sendall(b"GET /ogc HTTP/1.1\r\nHost: ")
        assert [status_of(node.url, "/ogc?f=json") for _ in range(50)] == [200] * 50
