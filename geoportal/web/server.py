"""Run the node: one parent that watches, and workers that serve; one line when all of them answer.

The parent imports neither pygeoapi nor geopandas. A killed parent takes its workers with it (``app.create`` asks the
kernel for that), a killed worker is started again.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import IO

from geoportal.actions.renewal import unreadable
from geoportal.errors import Conflict, GeoportalError
from geoportal.node import Node
from geoportal.settings import Settings

LOGGER = logging.getLogger("geoportal.web")

RUN = "run"
BACKLOG = 4096
"""Connections that may wait in the kernel until a worker takes them."""
MOST_CONNECTIONS = 16_384
"""Connections that a worker holds open. granian's own number, 1,024 shared by all workers, counts those that say
nothing too: by ``tests.bench.servers`` 2,000 silent clients then shut out everybody else (1,000 of 1,000 connections
failed), with this room none failed. A bare answer of 7 KB went out 33,000 times a second with asyncio, 41,000 with
uvloop and HTTP/1 alone (what a proxy in front speaks), 33,000 under uvicorn with uvloop; in a later run on the same
machine 52,000 by ASGI and 63,000 by RSGI. 1,000 connections at once then had a p99 of 0.2 s (``make bench``).
"""
MOST_FILES = 65_536
"""Open files that the node asks the system for: every connection is one."""
ALLOCATOR = {-8: 2, -3: 8 * 1024 * 1024, -1: 8 * 1024 * 1024}
"""How the workers' C library holds memory: M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's mallopt. By
itself it makes an arena for each of their threads, and after the first large answer keeps up to 64 MB at hand for the
next: on 2,000 layers a worker had 200 MB after two definitions of 27 MB, so it has 128.
"""
PR_SET_PDEATHSIG = 1
_LOCKS: list[IO[bytes]] = []


def lock_data(data: Path, patience_s: float = 5.0) -> IO[bytes]:
    """Hold the data directory for one server; Conflict when another one holds it (a killed one lets go within
    moments).
    """
    handle = (data / "serve.lock").open("ab")
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                handle.close()
                raise Conflict(f"another server already runs on {data}; stop it, or give another --data") from error
            time.sleep(0.1)
        else:
            return handle


def is_running(data: Path) -> bool:
    """Whether a server holds the data directory at this moment."""
    try:
        handle = (data / "serve.lock").open("rb")
    except OSError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def worker_started(data: Path) -> None:
    """Called in each worker once its app is built: let go of the parent's lock and say that this worker is there."""
    while _LOCKS:
        _LOCKS.pop().close()
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # glibc's own
        for parameter, value in ALLOCATOR.items():
            mallopt(parameter, value)
    (data / RUN / str(os.getpid())).touch()


def load_demo_once(settings: Settings) -> None:
    """Load ``datasets/`` at the first start, in a process of its own so that the parent stays small."""
    marker = settings.storage.data / "demo.loaded"
    if not settings.node.demo or marker.exists():
        return
    code = run_beside(settings, "demo")
    if code:
        raise GeoportalError(f"the demonstration could not be loaded (exit code {code})")
    marker.touch()


def renew(settings: Settings) -> None:
    """Build serving files anew that an earlier version of this program wrote, before anybody reads; each is a line.

    What cannot be renewed is not served, as before, and says so in the log: the rest of the node is.
    """
    code = run_beside(settings, "renew")
    if code:
        LOGGER.error("not all serving files could be built anew (exit code %s)", code)


def run_beside(settings: Settings, command: str) -> int:
    """Run a command of ours on this node in a process of its own, and return its exit code."""
    environment = {**os.environ, "GEOPORTAL_DATA": str(settings.storage.data.absolute())}
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return subprocess.call(
            [sys.executable, "-m", "geoportal", command], env=environment, preexec_fn=die_with_parent
        )
    finally:
        signal.signal(signal.SIGTERM, before)


def ask_for_files() -> None:
    """Raise the number of open files to ``MOST_FILES``, or as far as the system grants. Workers inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however that comes about."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``announce`` gets the one line when all workers answer."""
    from granian import Granian

    data = settings.storage.data.absolute()
    node = Node(settings)
    lock = lock_data(data)
    _LOCKS.append(lock)
    node.files.sweep(node.register)
    outdated = bool(unreadable(node))
    node.close()
    if outdated:
        renew(settings)
    load_demo_once(settings)
    web = settings.web
    os.environ |= {
        "GEOPORTAL_DATA": str(data),
        "GEOPORTAL_HOST": web.host,
        "GEOPORTAL_PORT": str(web.port),
        "GEOPORTAL_WORKERS": str(web.workers),
    }
    (data / RUN).mkdir(exist_ok=True)
    for stale in (data / RUN).iterdir():
        stale.unlink()
    (data / "serve.pid").write_text(f"{os.getpid()}\n")
    (data / "serve.url").write_text(f"{settings.base_url}\n")
    ask_for_files()
    server = Granian(
        "geoportal.web.app:create",
        factory=True,
        address=web.host,
        port=web.port,
        interface="rsgi",  # type: ignore[arg-type]
        workers=web.workers,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=10,
        websockets=False,
        loop="uvloop",  # type: ignore[arg-type]
        http="1",  # type: ignore[arg-type]
        backlog=BACKLOG,
        backpressure=MOST_CONNECTIONS,
        log_level="warning",  # type: ignore[arg-type]
    )
    server.on_startup(lambda: Thread(target=_announce, args=(settings, announce), daemon=True).start())
    try:
        server.serve()
    finally:
        for name in ("serve.pid", "serve.url"):
            (data / name).unlink(missing_ok=True)


def _announce(settings: Settings, announce: Callable[[str], None]) -> None:
    """Wait until every worker has built its app and the node answers, then say so once."""
    data, web = settings.storage.data.absolute(), settings.web
    while sum(1 for _ in (data / RUN).iterdir()) < web.workers:
        time.sleep(0.05)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)
    at = f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(f"{at}/health/ready", timeout=5):
                break
        except OSError:
            time.sleep(0.05)
    announce(f"Ready: http://{web.host}:{web.port}")
