"""Loose files put into one zip, the form in which several files are kept: a shapefile, a geodatabase, a folder.

What is packed is judged by the archive gate like any upload. No link is followed: it could be any file.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from geoportal.ingest.archive import LAYER_SUFFIXES
from geoportal.ingest.gate import MEMBERS
from geoportal.ingest.members import FAMILIES, geodatabases, in_geodatabase
from geoportal.ingest.refusal import refuse

_STEP = 1 << 20
_DEEPEST = 5
_LARGEST = (4 << 30) - (64 << 20)  # what a zip holds without its extension for large files
_WANTED = frozenset(suffix for suffixes in FAMILIES.values() for suffix in suffixes) | frozenset(LAYER_SUFFIXES)


def pack_parts(path: Path, target: Path, max_bytes: int) -> Path:
    """Put a loose .shp, .tab or .mif and the parts beside it into one zip. The same parts give the same bytes.

    Raises a refusal beyond ``max_bytes``.
    """
    family = FAMILIES[path.suffix.lower()]
    beside = sorted(part for part in path.parent.iterdir() if part.stem.casefold() == path.stem.casefold())
    parts = {path.suffix.lower(): path}
    for part in sorted(beside, key=lambda part: part.stem != path.stem):  # the exact name before one in other case
        if part.suffix.lower() in family and part.is_file() and not part.is_symlink():
            parts.setdefault(part.suffix.lower(), part)
    return _packed({path.stem + suffix: part for suffix, part in parts.items()}, target, max_bytes)


def pack_folder(path: Path, target: Path, max_bytes: int) -> Path:
    """Put what may be layers in a folder into one zip, with their folders. The same files give the same bytes.

    A folder that is a geodatabase keeps its name. Raises a refusal: source-unreadable (nothing in it), archive-unsafe
    (too many files), source-too-large.
    """
    found = {PurePosixPath(name): part for name, part in _files(path)}
    bases = geodatabases(found)
    own = "" in bases
    wanted = {
        str(PurePosixPath(path.name, name) if own else name): part
        for name, part in found.items()
        if name.suffix.lower() in _WANTED or in_geodatabase(name, bases)
    }
    if not wanted:
        raise refuse("source-unreadable", reason="folder-empty")
    return _packed(wanted, target, max_bytes)


def _files(root: Path) -> Iterable[tuple[str, Path]]:
    """Regular files below a folder by their path there, in order; links and hidden files are passed over."""
    count = 0
    for folder, folders, names in os.walk(root, followlinks=False):
        here = Path(folder).relative_to(root)
        if len(here.parts) >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            part = Path(folder) / name
            if name.startswith(".") or not stat.S_ISREG(part.lstat().st_mode):
                continue
            count += 1
            if count > 10 * MEMBERS:
                raise refuse("archive-unsafe", reason="too-many-members", member=None)
            yield (here / name).as_posix(), part


def _packed(parts: Mapping[str, Path], target: Path, max_bytes: int) -> Path:
    """A zip of these files, stored: the gate never takes a table of blanks for a bomb."""
    if len(parts) > MEMBERS:
        raise refuse("archive-unsafe", reason="too-many-members", member=None)
    max_bytes = min(max_bytes, _LARGEST)
    if sum(part.stat().st_size for part in parts.values()) > max_bytes:
        raise refuse("source-too-large", reason="file", limit_mb=max_bytes >> 20)
    left = max_bytes
    with zipfile.ZipFile(target, "x") as archive:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            # NOFOLLOW: what was a file a moment ago may be a link now.
            descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as source, archive.open(entry, "w", force_zip64=False) as written:
                while chunk := source.read(_STEP):
                    left -= len(chunk)
                    if left < 0:
                        raise refuse("source-too-large", reason="file", limit_mb=max_bytes >> 20)
                    written.write(chunk)
    return target
