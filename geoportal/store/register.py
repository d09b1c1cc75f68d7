"""The register: one SQLite file that alone says what there is and what is published; its commit is the commit point.

WAL with ``synchronous=FULL``: what was acknowledged survives a power cut. A connection lives as long as one ``with``
block and is never pooled, so none that works is carried over a fork or between threads. Beside them each process keeps
one idle connection open: it holds SQLite's shared index in place, so that reading goes on when the disk is full, and
spares each block the opening and the folding up of the log. Nothing in the file is an absolute path. Do not open
``register.db`` with ``open()`` in a process that uses it: closing it again would drop SQLite's locks.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from geoportal.errors import Conflict, StorageFull, Unavailable
from geoportal.store import generation, migrations
from geoportal.store.clock import Clock, utc_now, with_clock
from geoportal.store.generation import GenerationFile
from geoportal.store.locks import exclusive, private_folder

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5.0
"""Seconds that a writer waits for another one before it is told to come back later (503)."""

_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "mmap_size = 0", "trusted_schema = OFF")
_BEGIN = "geoportal_begin"


class Register:
    """The register of one data directory: ``DATA/register.db``, with ``generation`` and ``locks/`` beside it."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path = path
        self._clock = clock
        self._locks = path.parent / "locks"
        self._counter = GenerationFile(path.parent / "generation", self._locks / "generation")
        self._engine: sa.Engine | None = None
        self._anchor: weakref.finalize[Any, Any] | None = None
        self._pid = 0

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that writes, alone from its first statement. Committed at the end, undone by an exception.

        When this returns, every process of the node sees the new generation. Raises Unavailable where another writer
        keeps the register for more than five seconds, StorageFull where the disk has no room for the commit.
        """
        with _translated(), self._connect("BEGIN IMMEDIATE") as conn, conn.begin():
            yield conn
            reached = generation.current(conn)
        self._announce(reached)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that reads one state of the register, whatever is written meanwhile, and cannot write."""
        with _translated(), self._connect("BEGIN") as conn:
            conn.exec_driver_sql("PRAGMA query_only = ON")
            yield conn

    def upgrade(self) -> None:
        """Make the register where there is none, bring its tables to this program's form, heal the generation.

        Safe when several processes start at once: one works, the others wait and find it done. All steps are one
        transaction. Raises Conflict where a newer program wrote the register.
        """
        private_folder(self._locks)
        with exclusive(self._locks / "register"):
            self._create()
            with _translated(), self._connect(None) as conn:
                mode = conn.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
                if mode != "wal":
                    raise Unavailable(f"the data directory does not allow SQLite's write-ahead log (it gives {mode})")
                # A revision may rebuild a table (copy, drop, rename); its references are checked at the end instead.
                conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                found = migrations.revision_of(conn)
                if found not in (None, *migrations.REVISIONS):
                    raise Conflict("a newer version of the program wrote this register", revision=found)
                if found != migrations.REVISIONS[-1]:
                    migrations.upgrade(conn)
                conn.commit()
        self.heal()

    def generation(self) -> int:
        """The generation, from memory. Ask it *before* reading the register: then what is read is at least as new.

        A state that was read carries its own number, ``generation.current(conn)``, which may be ahead of this one for
        a moment.
        """
        return self._counter.read()

    def heal(self) -> int:
        """Mend the mapped file by the register: after a kill between commit and file, or when the file was replaced.

        Never goes back: where readers have seen more than the register knows (it was restored from an older state),
        the register rises.
        """
        seen = self._counter.refresh()
        with self.read() as conn:
            true = generation.current(conn)
        if seen > generation.LARGEST:
            self._counter.replace(true)
        elif seen > true:
            with self.begin() as conn:
                generation.raise_above(conn, seen)
        elif seen < true:
            self._counter.raise_to(true)
        return self._counter.read()

    def close(self) -> None:
        """Let go of the generation file. Connections are closed by their own blocks."""
        self._counter.close()
        if self._anchor is not None:
            self._anchor()
        self._engine = self._anchor = None

    def _announce(self, reached: int) -> None:
        """Write the generation file after a commit. The change is made: whatever fails here is left to ``heal``."""
        try:
            self._counter.raise_to(reached)
        except OSError as error:
            logger.warning("generation file not written: %s", error)

    def _create(self) -> None:
        """Make an empty file that only the node's own user may read; SQLite gives its log the same mode."""
        if self._path.exists():
            return
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _connect(self, begin: str | None) -> Iterator[sa.Connection]:
        with self._own_engine().connect() as conn:
            yield with_clock(conn.execution_options(**{_BEGIN: begin}), self._clock)

    def _own_engine(self) -> sa.Engine:
        """The engine of this process: a child that was forked makes its own."""
        engine = self._engine
        if engine is None or self._pid != os.getpid():
            engine = sa.create_engine("sqlite://", creator=self._open, poolclass=NullPool)
            event.listen(engine, "begin", _begin)
            self._anchor = self._idle_connection()
            self._engine, self._pid = engine, os.getpid()
        return engine

    def _idle_connection(self) -> weakref.finalize[Any, Any]:
        raw = self._open()
        try:
            raw.execute("SELECT count(*) FROM sqlite_master").close()
        except sqlite3.Error:
            raw.close()
            raise
        return weakref.finalize(self, _close_own, raw, os.getpid())

    def _open(self) -> sqlite3.Connection:
        # mode=rw: only upgrade() makes a register; elsewhere a missing one is an error, not an empty node.
        address = f"file:{quote(str(self._path.absolute()))}?mode=rw"
        raw = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}").close()
        return raw


def _close_own(raw: sqlite3.Connection, pid: int) -> None:
    """Close a connection in the process that opened it: in a forked child it belongs to the parent still."""
    if pid == os.getpid():
        raw.close()


def _begin(conn: sa.Connection) -> None:
    """Begin by our own words: the driver would begin late, and only before some statements."""
    statement: Any = conn.get_execution_options()[_BEGIN]
    if statement:
        conn.exec_driver_sql(statement)


@contextmanager
def _translated() -> Iterator[None]:
    """Say what SQLite could not do in the errors of the node."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
            raise Unavailable("the register is busy; try again in a moment") from error
        if code == sqlite3.SQLITE_FULL:
            raise StorageFull("no room on the disk for the register") from error
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
            raise Unavailable("the register cannot be read or written") from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("no room on the disk") from error
        raise
