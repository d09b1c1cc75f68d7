"""The generation: one number that rises with every change that readers can see.

The truth is a row of the register, raised in the transaction that makes the change. A file of eight bytes repeats it
for the workers, each of which has it mapped into memory: asking costs no system call. The file is written after the
commit, so it may lag (a kill between the two; ``Register.heal`` mends it) but never runs ahead: who sees a generation
in the file finds its change in the register.
"""

from __future__ import annotations

import mmap
import os
import secrets
from pathlib import Path

import sqlalchemy as sa

from geoportal.store.locks import exclusive
from geoportal.store.tables import counters

LARGEST = 2**62
"""No register comes here by counting: a file that says more is damaged."""

_SIZE = 8
_NAME = "generation"


def current(conn: sa.Connection) -> int:
    """The generation that this connection sees, in one transaction with whatever else is read on it."""
    value: int = conn.execute(sa.select(counters.c.value).where(counters.c.name == _NAME)).scalar_one()
    return value


def bump(conn: sa.Connection) -> None:
    """Say that this transaction changes something that readers can see."""
    conn.execute(sa.update(counters).where(counters.c.name == _NAME).values(value=counters.c.value + 1))


def raise_above(conn: sa.Connection, seen: int) -> int:
    """Bring the register above a generation that readers have already seen (it was restored from an older state)."""
    conn.execute(sa.update(counters).where(counters.c.name == _NAME, counters.c.value <= seen).values(value=seen + 1))
    return current(conn)


class GenerationFile:
    """The eight bytes, mapped.

    They lie at the start of a page and are stored as one machine word: no reader sees half a number.

    The file is made by writing and renaming, never by stretching: a hole in a file on a full disk would end the
    process that touches it.
    """

    def __init__(self, path: Path, lock: Path) -> None:
        self._path = path
        self._lock = lock
        self._view: memoryview | None = None
        self._inode: tuple[int, int] | None = None

    def read(self) -> int:
        """The number, from memory; 0 in a file that had to be made."""
        view = self._view
        if view is None:
            view = self._open()
        return int(view[0])

    def refresh(self) -> int:
        """The number, after looking whether the file is still the one that is mapped."""
        return int(self._open()[0])

    def raise_to(self, value: int) -> None:
        """Store ``value`` unless the file already holds as much: whoever comes late, the later commit stays."""
        with exclusive(self._lock):
            view = self._open(locked=True)
            if value > view[0]:
                view[0] = value

    def replace(self, value: int) -> None:
        """Begin a new file at ``value``; who has the old one mapped finds the new one at its next heal."""
        with exclusive(self._lock):
            self._make(value)
            self._open(locked=True)

    def close(self) -> None:
        """Let go of the mapping."""
        self._view = None
        self._inode = None

    def _open(self, *, locked: bool = False) -> memoryview:
        view = self._mapped()
        if view is not None:
            return view
        if locked:
            self._make(0)
        else:
            with exclusive(self._lock):
                if self._mapped() is None:
                    self._make(0)
        view = self._mapped()
        if view is None:
            raise FileNotFoundError(self._path)
        return view

    def _mapped(self) -> memoryview | None:
        """The view of the file that is at the path now, None where there is none or it is not eight bytes long."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(descriptor)
            if status.st_size != _SIZE:
                return None
            inode = (status.st_dev, status.st_ino)
            # An inode that is mapped cannot be given to another file, so equal means the same.
            if self._view is None or inode != self._inode:
                self._view = memoryview(mmap.mmap(descriptor, _SIZE)).cast("Q")
                self._inode = inode
            return self._view
        finally:
            os.close(descriptor)

    def _make(self, value: int) -> None:
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        word = bytearray(_SIZE)
        memoryview(word).cast("Q")[0] = value
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, word)
            os.fsync(descriptor)
            fresh.replace(self._path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
