"""Temporary folders, each owned by a living process: what a killed one leaves behind is known by its open lock.

``DATA/tmp/<pid>-<random>`` is the folder, ``<pid>-<random>.lock`` beside it is locked before the folder is made and
removed after it. The pid is for the reader's eyes; only the lock counts, since a pid may be given to another process.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from geoportal.store.locks import PRIVATE, open_lock

logger = logging.getLogger(__name__)

_SUFFIX = ".lock"


@dataclass(frozen=True, slots=True)
class Slot:
    """A temporary folder of this process and the descriptor of its lock."""

    folder: Path
    lock: int

    def release(self) -> None:
        """Remove the folder with all that is still in it, then its lock."""
        try:
            _remove(self.folder)
            _lock_path(self.folder).unlink(missing_ok=True)
        finally:
            os.close(self.lock)


def claim(parent: Path) -> Slot:
    """A fresh folder in ``parent`` that no sweep touches while this process lives."""
    while True:
        folder = parent / f"{os.getpid()}-{secrets.token_hex(8)}"
        path = _lock_path(folder)
        lock = open_lock(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # A sweep may have come between the two lines above and removed the file: then this lock holds nothing.
            if _is_at(lock, path):
                folder.mkdir(PRIVATE)
                return Slot(folder, lock)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(lock)
            raise
        os.close(lock)


def sweep(parent: Path) -> list[str]:
    """Remove the folders whose owner is dead, and return their names."""
    removed = []
    names = {path.name.removesuffix(_SUFFIX) for path in parent.iterdir()}
    for name in sorted(names):
        folder = parent / name
        path = _lock_path(folder)
        lock = open_lock(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            try:
                _remove(folder)
                path.unlink(missing_ok=True)
                removed.append(name)
            except OSError as error:
                logger.warning("temporary folder %s not removed: %s", name, error)
        finally:
            os.close(lock)
    return removed


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + _SUFFIX)


def _remove(path: Path) -> None:
    """Remove a folder tree, or whatever else lies there; a link is removed, not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
