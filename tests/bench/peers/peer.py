"""A server to be measured: how it is asked, which processes it is, how it is started and ended."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.peers.machine import stop
from tests.bench.peers.workloads import Dialect

ACCEPT = "application/geo+json, application/json;q=0.9, */*;q=0.1"


@dataclass(slots=True)
class Peer:
    """A running server. ``addresses`` replaces the dialect for one whose answers are files."""

    name: str
    version: str
    base: str
    dialect: Dialect
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    """First processes of what it leans on (a database), which counts for it but outlives it."""
    note: str = ""
    accept: str = ACCEPT

    @property
    def roots(self) -> list[int]:
        """The processes whose time and memory are its own."""
        return [process.pid for process in self.processes] + self.beside

    def stop(self) -> None:
        """End it."""
        for process in reversed(self.processes):
            stop(process)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps its things, and which data it is about."""

    folder: Path
    data: dict[str, Path]
    scale: float
    keep: bool = False
    """Whether what an earlier run published is taken as it is."""

    def make(self, name: str) -> Path:
        """A folder in the run's folder."""
        made = self.folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made


Starter = Callable[[Place], Peer]


def reachable(address: str) -> bool:
    """Whether a GET is answered with 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=30) as answer:
            return int(answer.status) == 200
    except OSError:
        return False
