"""Runs pieces of work in processes of their own and says how long each took and how much memory it needed."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = 3


@dataclass(frozen=True)
class Measured:
    """Seconds (the median of the runs), MB that the work added at its peak, and what the work had to say."""

    seconds: float
    peak_mb: float
    said: dict[str, Any]


def in_process(module: str, work: str, *args: str, runs: int = RUNS) -> Measured:
    """Run ``work`` of ``module`` with ``args`` in new processes, one after the other."""
    answers = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-m", module, "--work", work, *args],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        if done.returncode != 0:
            raise RuntimeError(f"{work} failed:\n{done.stderr[-3000:]}")
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    return Measured(
        statistics.median(answer["seconds"] for answer in answers),
        max(answer["peak_mb"] for answer in answers),
        answers[-1]["said"],
    )


def timed(prepare: Callable[[], Any], work: Callable[[Any], dict[str, Any]]) -> None:
    """In such a process: prepare, then do the work, and print seconds and memory as one line of JSON.

    What ``prepare`` returns is held before the clock starts, and so is not in the peak.
    """
    held = prepare()
    before = _now_mb()
    start = time.perf_counter()
    said = work(held)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak_mb": max(_peak_mb() - before, 0.0), "said": said}))


def _now_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def busy_elsewhere(seconds: float = 1.0) -> float:
    """Cores that other processes keep busy while this one sleeps."""
    before = _jiffies()
    time.sleep(seconds)
    after = _jiffies()
    return (after - before) / os.sysconf("SC_CLK_TCK") / seconds


def _jiffies() -> int:
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return int(user) + int(nice) + int(system)


@dataclass(frozen=True)
class Ratio:
    """One line of the table: our work as a multiple of the peer's, and the most (or least) that it may be."""

    name: str
    ours: float
    peer: float
    unit: str
    limit: float
    at_most: bool = True

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the peer's."""
        return self.ours / self.peer if self.peer else float("inf")

    @property
    def met(self) -> bool:
        """Whether the figure is reached."""
        return self.ratio <= self.limit if self.at_most else self.ratio >= self.limit

    def row(self) -> str:
        """The line in Markdown."""
        sign = "<=" if self.at_most else ">="
        return (
            f"| {self.name} | {self.ours:.2f} {self.unit} | {self.peer:.2f} {self.unit} | {self.ratio:.1f}x "
            f"| {sign} {self.limit:g}x | {'yes' if self.met else 'NO'} |"
        )


HEAD = "| what | ours | peer | ratio | figure | reached |\n|---|---|---|---|---|---|"
