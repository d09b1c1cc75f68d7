"""Where a report is written for people: the whole file or none, never over a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoportal.errors import BadRequest, NotFound


def ensure_writable(target: Path) -> None:
    """Raise BadRequest where a folder lies at ``target``, NotFound where there is no folder to put it into."""
    if target.is_dir():
        raise BadRequest(f"{target} is a folder; name a file", say="folder", path=str(target))
    if not target.parent.is_dir():
        raise NotFound(f"there is no folder {target.parent}", say="folder", path=str(target.parent))


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of ``target`` once it is done; what failed leaves nothing."""
    ensure_writable(target)
    # In a folder of its own beside the target, since SQLite lays files beside the one it writes.
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}-", dir=target.parent))
    try:
        written = folder / target.name
        yield written
        written.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(target: Path, content: str) -> None:
    """Write a page whole, in UTF-8."""
    with whole(target) as path:
        path.write_text(content, "utf-8", newline="\n")
