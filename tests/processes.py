"""The program as its users run it: the command line, and a node that serves, each in a process of its own.

Fixtures in conftest.py wrap these for one test; a module that shares one node among its tests uses ``serving`` itself.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).parent / "geoportal"
READY_WITHIN_S = 60
STOPPED_WITHIN_S = 20


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a child: nothing of ours that steers a node, the network guard, and DATA."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GEOPORTAL_")}
    clean["PYTHONPATH"] = str(ROOT / "tests" / "guard")
    clean["GEOPORTAL_DATA"] = str(data)
    return clean | more


def run_cli(*arguments: object, data: Path, timeout: float = 120, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``geoportal ARGUMENTS`` on the node in ``data``; the exit code is the caller's to judge."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env=environment(data, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def of_session(session: int) -> list[psutil.Process]:
    """All living processes of a session: a child that lost its parent still belongs to it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@dataclass
class ServedNode:
    """A node that answers at ``url``; ``process`` leads a session of its own, so that what it leaves behind is seen."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]
    output: Path
    guard_log: Path
    stopped: bool = field(default=False)

    def log(self) -> str:
        """All that it has printed so far."""
        return self.output.read_text("utf-8", "replace")

    def memory_mb(self) -> float:
        """Proportional set size of all its processes together."""
        total = 0
        for process in of_session(self.process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total / 2**20

    def stop(self) -> None:
        """SIGTERM, as make or systemd would; it must end well, leave no process and have reached for nobody else."""
        self.stopped = True
        was_running = self.process.poll() is None
        if was_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOPPED_WITHIN_S)
            left = self._left()
        finally:
            for process in of_session(self.process.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(5)
        assert not left, f"still there after the end of the node: {left}\n{self.log()}"
        assert not was_running or code == 0, f"SIGTERM ended the node with {code}\n{self.log()}"
        reached = self.guard_log.read_text("utf-8") if self.guard_log.exists() else ""
        assert not reached, f"the node reached for another machine:\n{reached}"

    def _left(self) -> list[str]:
        until = time.monotonic() + 3
        while (left := of_session(self.process.pid)) and time.monotonic() < until:
            time.sleep(0.05)
        names = []
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                names.append(" ".join(process.cmdline()))
        return names


def start(data: Path, workers: int = 2, demo: bool = False, port: int | None = None, **more: str) -> ServedNode:
    """Start ``geoportal serve`` on ``data`` and return when it says that all workers answer."""
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    output, guard_log = data.parent / f"{data.name}.{port}.log", data.parent / f"{data.name}.{port}.foreign"
    variables = {
        "GEOPORTAL_PORT": str(port),
        "GEOPORTAL_WORKERS": str(workers),
        "GEOPORTAL_NODE__DEMO": "true" if demo else "false",
        "GUARD_LOG": str(guard_log),
        "PYTHONUNBUFFERED": "1",
    }
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [PROGRAM, "serve"],
            env=environment(data, **variables | more),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    node = ServedNode(url, data, process, output, guard_log)
    until = time.monotonic() + READY_WITHIN_S
    while f"Ready: {url}" not in node.log():
        if process.poll() is not None or time.monotonic() > until:
            for left in of_session(process.pid):
                left.kill()
            process.wait(5)
            raise AssertionError(f"the node did not come up (exit {process.returncode}):\n{node.log()}")
        time.sleep(0.05)
    return node


@contextlib.contextmanager
def serving(data: Path, workers: int = 2, demo: bool = False, **more: str) -> Iterator[ServedNode]:
    """A served node for as long as the block lasts."""
    node = start(data, workers, demo, **more)
    try:
        yield node
    finally:
        if not node.stopped:
            node.stop()


def loaded_demo(folder: Path) -> Path:
    """A data directory in ``folder`` with the demonstration loaded, made once for all processes of a test run."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data = folder / "data"
        if not (folder / "done").exists():
            shutil.rmtree(data, ignore_errors=True)
            done = run_cli("demo", data=data, timeout=300)
            assert done.returncode == 0, done.stderr
            (folder / "done").touch()
        return data
