"""File locks between the processes of one node: held by an open file, so that a killed process lets go of its own.

``flock`` belongs to the open file, not to the process: two threads of one process exclude each other too. Lock files
hold nothing and stay where they are, save those of temporary folders (``temporary``).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o700
"""Mode of every folder under the data directory: what lies there includes layers that only some may see."""


def private_folder(path: Path) -> Path:
    """``path``, made with its parents for the node's own user where it is not there; what exists keeps its mode."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(PRIVATE, exist_ok=True)
    return path


def open_lock(path: Path) -> int:
    """An open descriptor of a lock file, made where it is not there; a program that is executed does not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock ``path`` alone. Without ``wait``, says False at once where somebody else holds it."""
    descriptor = open_lock(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock ``path`` together with any number of others, none of whom holds it alone."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)
