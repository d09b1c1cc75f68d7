"""How far the reading of a file is, on one line of a terminal; nothing where the answer goes to a program or a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from geoportal.language import text

_STEP_S = 0.1
_WIDTH = 60


@contextmanager
def on_terminal(language: str, *, quiet: bool) -> Iterator[Callable[[str, float | None], None] | None]:
    """A function that shows a phase and its share (0 to 1), or None when standard error is no terminal or ``quiet``.

    The line is wiped at the end, also when the work fails.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = ""
    last = float("-inf")

    def show(phase: str, share: float | None) -> None:
        nonlocal shown, last
        now = time.monotonic()
        if phase == shown and now - last < _STEP_S:
            return
        shown, last = phase, now
        line = text("cli", f"progress.{phase}", language)
        if share is not None:
            line += f" {min(100, int(share * 100))} %"
        sys.stderr.write("\r" + line[:_WIDTH].ljust(_WIDTH))
        sys.stderr.flush()

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write("\r" + " " * _WIDTH + "\r")
            sys.stderr.flush()
