"""Servers as processes: started with free ports, looked at while they work, and ended however the run ends."""

from __future__ import annotations

import atexit
import ctypes
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_RUNNING: dict[subprocess.Popen[bytes], int] = {}
"""Servers of this run, and the signal that ends each; the first ones end last."""


class Absent(Exception):
    """A peer that cannot be had on this machine, and why."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: socket.socket | None = None,
    ending: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own; it dies with this process, and what it says goes to ``log``."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=stdin.fileno() if stdin else subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    _RUNNING[process] = ending
    return process


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started."""
    family = tree([process.pid])
    if process.poll() is None:
        process.send_signal(_RUNNING.get(process, signal.SIGTERM))
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    for pid in family:
        _kill(pid, process.pid)
    _RUNNING.pop(process, None)


def _kill(pid: int, session: int) -> None:
    """Kill what is left of a server: only processes of the session that was opened for it."""
    try:
        if os.getsid(pid) == session:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@atexit.register
def stop_all() -> None:
    """End whatever still runs."""
    for process in reversed(list(_RUNNING)):
        stop(process)


def until(ready: Callable[[], bool], seconds: float, what: str, log: Path, *watched: subprocess.Popen[bytes]) -> None:
    """Wait until ``ready``; Absent with the end of the log when it does not come, or a process ends first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if any(process.poll() is not None for process in watched):
            break
        if ready():
            return
        time.sleep(0.1)
    raise Absent(f"{what} did not start: {log.read_text(errors='replace')[-400:]}" if log.exists() else what)


def tree(roots: Iterable[int]) -> list[int]:
    """Processes with all their descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name; None for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def spent(roots: Iterable[int]) -> float:
    """CPU seconds of processes and their descendants, ended children included."""
    return sum(sum(map(int, stat[11:15])) for pid in tree(roots) if (stat := _stat(pid))) / TICKS


def busy() -> float:
    """CPU seconds that the whole machine has spent since it started."""
    fields = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    """MB of a server: its share of all memory (PSS), and what the largest of its processes has written for itself alone
    (pages of files that the kernel may drop are not in it).
    """

    pss: float
    private: float


def memory(roots: Iterable[int]) -> Memory:
    """What a server with all its processes holds now."""
    shares, alone = 0, [0]
    for pid in tree(roots):
        try:
            said = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        numbers = {name: int(kb) for name, kb in re.findall(r"^(\w+):\s+(\d+)", said, re.MULTILINE)}
        shares += numbers.get("Pss", 0)
        alone.append(numbers.get("Private_Dirty", 0))
    return Memory(shares / 1024, max(alone) / 1024)


def settle(limit: float = 10.0) -> None:
    """Wait until servers have finished what the last load left in their queues."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = busy()
        time.sleep(0.25)
        if busy() - before < 0.1:
            return
