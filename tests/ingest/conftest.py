"""What the tests of ingest share: one way to look at a file in a child."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geoportal.ingest import sandbox
from geoportal.ingest.sandbox import Staged
from geoportal.model.region import Region
from geoportal.model.report import Report
from geoportal.settings import IngestSettings

Inspect = Callable[..., tuple[Report, Staged | None]]


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """``inspect(path, layer=..., limits={...})``: the report and what was staged; each call has a staging folder of
    its own.
    """
    count = 0

    def call(path: Path, limits: dict[str, int] | None = None, **named: Any) -> tuple[Report, Staged | None]:
        nonlocal count
        count += 1
        settings = IngestSettings(**{"wall_s": 60, "cpu_s": 50} | (limits or {}))
        staging = tmp_path / f"staging-{count}"
        return sandbox.inspect_in_child(path, None, Region(), staging=staging, limits=settings, **named)

    return call


@pytest.fixture
def canary() -> Iterator[tuple[int, list[bytes]]]:
    """A listener on loopback: its port, and the first bytes of every visit."""
    visits: list[bytes] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(2)
                    visits.append(connection.recv(200))
                    connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listener.getsockname()[1], visits
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture(scope="session", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    sandbox.close()


def rules(report: Report) -> dict[str, dict[str, Any]]:
    """The parameters of each finding, by rule."""
    return {finding.rule: finding.params for finding in report.findings}


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` started and that still run."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(item) for item in text.split()]
