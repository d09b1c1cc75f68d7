"""Read-only connections to the SQLite files of all layers: opened when they are needed, bounded in number and time."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoportal.errors import Unavailable

MOST_IDLE = 64
"""Idle connections that a process keeps in all: thousands of layers would use up its open files and its memory. One
takes some 75 KB, and is opened in a tenth of a millisecond.
"""

_Held = tuple[sqlite3.Connection, list[float]]
"""A connection and the moment until which it may work (``time.monotonic``)."""

_TURN = threading.Condition(threading.RLock())  # re-entrant, since the collector may end a pool inside of it
_IDLE: OrderedDict[int, tuple[list[_Held], _Held]] = OrderedDict()  # with their pools; what was used last at the end


class Connections:
    """A few connections to one SQLite file, shared by the threads of a worker.

    A statement that runs longer than ``limit_s`` is stopped.
    """

    def __init__(self, path: Path, *, limit_s: float = 5.0, most: int = 8) -> None:
        self._name = path.name
        self._uri = f"{path.absolute().as_uri()}?immutable=1&mode=ro"
        self._limit_s = limit_s
        self._most = most
        self._busy = 0
        self._idle: list[_Held] = []
        weakref.finalize(self, _end, self._idle)  # nobody closes a version: its last reader lets go of it

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """A connection for one question; Unavailable when it takes longer than the limit, or the file is not there."""
        held = self._take()
        connection, deadline = held
        deadline[0] = time.monotonic() + self._limit_s
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if time.monotonic() >= deadline[0]:
                raise Unavailable(
                    f"the question took longer than {self._limit_s:g} s: ask for less", seconds=self._limit_s
                ) from error
            raise
        finally:
            self._give_back(held)

    def _take(self) -> _Held:
        while True:
            with _TURN:
                while not self._idle and self._busy >= self._most:
                    _TURN.wait()
                self._busy += 1
                if self._idle:
                    held = self._idle.pop()
                    del _IDLE[id(held)]
                    return held
            try:
                return self._open()
            except sqlite3.Error as error:
                with _TURN:
                    self._busy -= 1
                    made = self._busy + len(self._idle)
                    _TURN.notify_all()
                    if not made:
                        raise Unavailable(
                            f"{self._name} cannot be read: rebuild the serving files", file=self._name
                        ) from error
                    self._most = made  # no more can be opened: those that are must do

    def _give_back(self, held: _Held) -> None:
        with _TURN:
            self._busy -= 1
            self._idle.append(held)
            _IDLE[id(held)] = (self._idle, held)
            while len(_IDLE) > MOST_IDLE:
                _, (idle, oldest) = _IDLE.popitem(last=False)
                idle.remove(oldest)
                oldest[0].close()
            _TURN.notify_all()

    def _open(self) -> _Held:
        connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False, isolation_level=None)
        deadline = [math.inf]
        try:
            _prepare(connection, deadline)
        except sqlite3.Error:
            connection.close()
            raise
        return connection, deadline


def _prepare(connection: sqlite3.Connection, deadline: list[float]) -> None:
    for statement in (
        "query_only=1",
        "trusted_schema=0",
        "mmap_size=1073741824",
        "cache_size=8",  # pages: the file is mapped, so hardly more than its first is ever kept here
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("SELECT name FROM sqlite_schema LIMIT 1").fetchall()  # else the file is opened later
    connection.execute("PRAGMA shrink_memory")  # what was laid out for the larger cache that a connection begins with
    connection.set_progress_handler(lambda: time.monotonic() >= deadline[0], 5_000)


def _end(idle: list[_Held]) -> None:
    with _TURN:
        for held in idle:
            _IDLE.pop(id(held), None)
            held[0].close()
        idle.clear()
