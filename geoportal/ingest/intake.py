"""The parent's copy of a file in staging: what the child reads and what is kept, whatever happens to the original.

Nothing is opened here but to be copied. A loose shapefile or MapInfo table, a folder and a geodatabase become one zip.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from geoportal.errors import StorageFull
from geoportal.ingest.refusal import refuse
from geoportal.model.report import Report, Severity, Verdict

SOURCE, WORK, OUT = "source", "work", "out"
"""The folders of staging: what is read, what is unpacked, what is written."""

FULL = (errno.ENOSPC, errno.EDQUOT)
MEND = "mend"
"""What is asked of a reader whose layer is to be repaired: to write it also where it cannot be kept yet."""
MENDABLE = frozenset({"coordinates-outside-domain"})
"""Grounds of a refusal that lie in how coordinates are read, not in the file: a repair can put them right."""
_STEP = 1 << 20
_NAMES = {
    b"SQLite f": "source.gpkg",
    b"PK": "source.zip",
    b"II": "source.tif",
    b"MM": "source.tif",
    b"fgb\x03": "source.fgb",
}


_LOOSE = {".shp": b"\0\0\x27\x0a", ".tab": b"!table", ".mif": b"version"}
"""Files that come with others beside them, by suffix, and how they begin."""


def is_kept(report: Report, write: bool | str) -> bool:
    """Whether a layer with this report is written anew: when it was not refused, or only on MENDABLE grounds (MEND)."""
    grounds = {finding.rule for finding in report.findings if finding.intake is Severity.BLOCKING}
    return bool(write) and (report.verdict is not Verdict.REJECT or (write == MEND and grounds <= MENDABLE))


def take_in(path: Path, staging: Path, max_bytes: int, copied: Callable[[int, int], None] | None = None) -> Path:
    """A copy of a file in ``staging/source``, under a name of ours: a regular file, not larger than allowed. A loose
    .shp, .tab or .mif and a folder are packed.

    ``copied`` hears how many bytes of how many are there. Raises a refusal; StorageFull when the disk is full.
    """
    for name in (SOURCE, WORK, OUT):
        shutil.rmtree(staging / name, ignore_errors=True)
        (staging / name).mkdir(parents=True)
    try:
        real = path.resolve(strict=True)
        # NONBLOCK: a pipe without a writer would hold us for ever. NOFOLLOW: what was resolved is what is opened.
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(descriptor)
    except OSError as error:
        raise refuse("source-unreadable", reason="open", message=error.strerror or "") from error
    with os.fdopen(descriptor, "rb", buffering=0) if stat.S_ISREG(status.st_mode) else _closing(descriptor) as stream:
        try:
            if stream is not None:
                return _copied(stream, real, status.st_size, staging / SOURCE, max_bytes, copied)
            if stat.S_ISDIR(status.st_mode):
                return _packed(real, staging / SOURCE, max_bytes)
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("the data directory is full") from error
            raise refuse("source-unreadable", reason="open", message=error.strerror or "") from error
    raise refuse("source-unreadable", reason="not-a-file")


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    os.close(descriptor)
    yield


def _copied(
    stream: FileIO | BinaryIO,
    real: Path,
    size: int,
    folder: Path,
    max_bytes: int,
    copied: Callable[[int, int], None] | None,
) -> Path:
    if size > max_bytes:
        raise refuse("source-too-large", reason="file", limit_mb=max_bytes >> 20)
    head = stream.read(8) or b""
    if any(real.suffix.lower() == suffix and head.lower().startswith(magic) for suffix, magic in _LOOSE.items()):
        return _packed(real, folder, max_bytes)
    stream.seek(0)
    target = folder / next((name for magic, name in _NAMES.items() if head.startswith(magic)), "source.json")
    done = 0
    with target.open("xb") as written:
        while chunk := stream.read(_STEP):
            done += len(chunk)
            if done > max_bytes:
                raise refuse("source-too-large", reason="file", limit_mb=max_bytes >> 20)
            written.write(chunk)
            if copied is not None:
                copied(done, size)
    return target


def _packed(real: Path, folder: Path, max_bytes: int) -> Path:
    """A folder, or a loose file with the parts that lie beside it, as one zip."""
    from geoportal.ingest.packing import pack_folder, pack_parts

    pack = pack_folder if real.is_dir() else pack_parts
    return pack(real, folder / "source.zip", max_bytes)
