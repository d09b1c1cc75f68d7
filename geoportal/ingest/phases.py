"""Where the reading of a file is, told by the child and heard by the parent: a few bytes in a file of staging.

The child may write there anyway. The parent believes nothing but the name of a phase that it knows and two small
numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[str, float | None], None]
"""Hears a phase and, where it is known, the share of it that is done (0 to 1)."""

PHASES = ("copy", "unpack", "read", "check", "write")
_FILE = "phase"
_LONGEST = 64


def copying(progress: Progress | None) -> Callable[[int, int], None] | None:
    """What the copying of a file calls with the bytes done and the bytes in all."""
    if progress is None:
        return None
    hear = progress
    return lambda done, total: hear("copy", done / total if total else None)


def teller(folder: Path | None) -> Callable[..., None]:
    """The child's side: ``tell(phase, number, count)``; nothing where nobody listens (None)."""

    def tell(phase: str, number: int = 0, count: int = 1) -> None:
        if folder is not None:
            (folder / _FILE).write_text(f"{phase} {number} {count}", "ascii")

    return tell


def listening(folder: Path, progress: Progress | None) -> Callable[[], None] | None:
    """The parent's side: a function that looks whether there is news, None when nobody asks."""
    if progress is None:
        return None
    hear, last = progress, b""

    def look() -> None:
        nonlocal last
        try:
            descriptor = os.open(folder / _FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            text = os.read(descriptor, _LONGEST)
        except OSError:
            return
        finally:
            os.close(descriptor)
        parts = text.split()
        if text == last or len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
            return
        last = text
        phase, number, count = parts[0].decode("ascii", "replace"), int(parts[1]), int(parts[2])
        if phase in PHASES:
            hear(phase, number / count if count > 1 and number < count else None)

    return look
