"""The parent's side of the fork server: start it when it is first needed, ask it for one child a file, hear how the
child ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geoportal
from geoportal.errors import Unavailable

START_S = 120.0
_GRACE_S = 30.0  # what the server may take to end a child after its deadline
_STEP = 1 << 16
_KEPT_VARIABLES = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "TZ")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its answer (b"" when it gave none), exit code or signal, and who ended it.

    ``memory_mb`` is the most that it held. ``ended_by`` is 'wall' (too slow), 'abandoned' (the answer was too long)
    or None. ``known`` is False when the server itself was lost.
    """

    answer: bytes
    exit_code: int | None
    signal: int | None
    ended_by: str | None
    memory_mb: int = 0
    overflow: bool = False
    known: bool = True


class ForkServer:
    """One fork server of this process, usable from all its threads. ``program`` is what Python runs."""

    def __init__(self, program: Sequence[str] = ("-m", "geoportal.ingest.forkserver")) -> None:
        """Start nothing yet."""
        self._program = tuple(program)
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @property
    def pid(self) -> int | None:
        """The process id of the server, None while it does not run."""
        running = self._process is not None and self._owner == os.getpid() and self._process.poll() is None
        return self._process.pid if self._process is not None and running else None

    def ask(
        self, request: bytes, wall_s: float, max_answer: int, meanwhile: Callable[[], None] | None = None
    ) -> Ending:
        """Let a new child work on ``request`` for at most ``wall_s`` seconds; never more than ``max_answer`` bytes
        are taken from it. ``meanwhile`` is called now and then while it works.

        Raises Unavailable when no server can be started.
        """
        ending = self._ask_once(request, wall_s, max_answer, meanwhile)
        if not ending.known:  # the server was killed; that says nothing about the file
            ending = self._ask_once(request, wall_s, max_answer, meanwhile)
        return ending

    def close(self) -> None:
        """End the server and, with it, its children."""
        with self._lock:
            self._stop()

    def _ask_once(self, request: bytes, wall_s: float, max_answer: int, meanwhile: Callable[[], None] | None) -> Ending:
        pipes = [os.pipe() for _ in range(3)]
        (request_r, request_w), (answer_r, answer_w), (status_r, status_w) = pipes
        ours, theirs = [request_w, answer_r, status_r], [request_r, answer_w, status_w]
        try:
            try:
                self._send(json.dumps({"wall_s": wall_s}).encode(), theirs)
            finally:
                for descriptor in theirs:
                    os.close(descriptor)
            return _converse(request, request_w, answer_r, status_r, ours, wall_s + _GRACE_S, max_answer, meanwhile)
        finally:
            for descriptor in ours:
                os.close(descriptor)

    def _send(self, message: bytes, descriptors: list[int]) -> None:
        with self._lock:
            for attempt in (1, 2):
                control = self._running()
                try:
                    socket.send_fds(control, [message], descriptors)
                except OSError:
                    self._stop()
                    if attempt == 2:
                        raise Unavailable("the process that reads files does not stay up") from None
                else:
                    return

    def _running(self) -> socket.socket:
        if self._owner == os.getpid() and self._control is not None and self._process is not None:
            if self._process.poll() is None:
                return self._control
            self._stop()
        if self._owner != os.getpid():
            # After a fork the socket is shared with the process that started the server: it stays theirs.
            self._control, self._process = None, None
        self._control, self._process = self._start()
        if self._owner != os.getpid():
            atexit.register(self.close)
        self._owner = os.getpid()
        return self._control

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", *self._program, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=_environment(),
                cwd="/",
            )
        control.settimeout(START_S)
        ready = b""
        with contextlib.suppress(OSError):
            ready = control.recv(16)
        if ready != b"ready":
            control.close()
            process.kill()
            process.wait()
            raise Unavailable("the process that reads files could not be started")
        return control, process

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        process, self._control, self._process = self._process, None, None
        if process is not None and self._owner == os.getpid():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment() -> dict[str, str]:
    """No secret of the parent, no PROJ or GDAL variable that a GIS shell left behind, one thread a library."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GDAL_NUM_THREADS"), "1")
    return {
        **kept,
        **single,
        "PYTHONPATH": str(Path(geoportal.__file__).resolve().parent.parent),
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "LC_ALL": "C.UTF-8",
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # other pools reserve address space, which the child's limit counts
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a fork copies one thread; there must be no other
        "PROJ_NETWORK": "OFF",
        "GDAL_DRIVER_PATH": "disable",
    }


def _converse(
    request: bytes,
    request_w: int,
    answer_r: int,
    status_r: int,
    ours: list[int],
    patience_s: float,
    max_answer: int,
    meanwhile: Callable[[], None] | None = None,
) -> Ending:
    """Write the request and collect answer and status until both pipes are closed. ``ours`` loses the descriptors
    closed here.
    """
    os.set_blocking(request_w, False)
    answer, status, overflow = bytearray(), bytearray(), False
    left = memoryview(request)
    deadline = time.monotonic() + patience_s

    def close(descriptor: int) -> None:
        selector.unregister(descriptor)
        ours.remove(descriptor)
        os.close(descriptor)

    with selectors.DefaultSelector() as selector:
        selector.register(request_w, selectors.EVENT_WRITE)
        selector.register(answer_r, selectors.EVENT_READ)
        selector.register(status_r, selectors.EVENT_READ)
        while len(selector.get_map()) and time.monotonic() < deadline:
            ready = selector.select(0.1 if meanwhile else 1.0)
            if meanwhile is not None:
                meanwhile()
            for key, _ in ready:
                descriptor = key.fd
                if descriptor == request_w:
                    try:
                        left = left[os.write(request_w, left[:_STEP]) :]
                    except BrokenPipeError:
                        left = left[:0]
                    if not left:
                        close(request_w)
                    continue
                chunk = os.read(descriptor, _STEP)
                if descriptor == status_r:
                    status += chunk
                elif len(answer) + len(chunk) <= max_answer:
                    answer += chunk
                else:
                    overflow = True
                    close(status_r)  # nobody waits any more: the server ends the child
                    return Ending(b"", None, None, "abandoned", overflow=True)
                if not chunk:
                    close(descriptor)
                    if descriptor == status_r and request_w in ours:
                        close(request_w)
    try:
        said = json.loads(bytes(status))
    except ValueError:
        return Ending(b"", None, None, None, known=False)
    return Ending(bytes(answer), said["exit"], said["signal"], said["ended_by"], said["memory_mb"], overflow)
