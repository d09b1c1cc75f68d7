"""The manifest of a sealed version: its files with their lengths and their sha256. Its own sha256 is the digest.

It holds no clock, so the same source under the same checks gives the same digest. JSON is ASCII with sorted keys: a
name in a broken encoding survives as an escape, and a number that is none becomes null.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Any

from geoportal.errors import Invalid

FORMAT = 1
"""Version of the folder's form: ``source/``, ``layer.gpkg``, ``report.json``, ``manifest.json``."""

NAME = "manifest.json"
_CHUNK = 1024 * 1024
_LONGEST_NAME = 120
_READ_ONLY = 0o444


def json_bytes(value: Any) -> bytes:
    """``value`` as JSON, always the same bytes for the same value."""
    written = json.dumps(_finite(value), sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return written.encode("ascii") + b"\n"


def digest_of(manifest: bytes) -> str:
    """The name of a sealed folder: the sha256 of its manifest."""
    return hashlib.sha256(manifest).hexdigest()


def write(path: Path, content: bytes) -> dict[str, Any]:
    """Write a new file down to the disk, read-only, and return its line in the manifest."""
    with path.open("xb") as target:
        target.write(content)
        _settle(target.fileno(), target)
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def copy(source: Path, path: Path) -> dict[str, Any]:
    """Copy a file down to the disk, read-only, and return its line in the manifest, of the very bytes written."""
    digest, length = hashlib.sha256(), 0
    with open(os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb", buffering=0) as stream:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise Invalid(f"{source.name} is not a file", name=source.name)
        with path.open("xb", buffering=0) as target:
            while chunk := stream.read(_CHUNK):
                _write_all(target.fileno(), chunk)
                digest.update(chunk)
                length += len(chunk)
            _settle(target.fileno(), target)
    return {"bytes": length, "sha256": digest.hexdigest()}


def copy_source(source: Path, name: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Copy what was received, one file or the files of a folder, under names that every file system takes.

    The names as they came stand in the manifest. Links are not followed out of a folder, and not kept.
    """
    if not source.is_dir():
        plain = plain_name(name)
        return {plain: {**copy(source, folder / plain), "name": name}}
    lines: dict[str, dict[str, Any]] = {}
    for path in sorted(p for p in source.rglob("*") if p.is_file() and not p.is_symlink()):
        relative = path.relative_to(source).as_posix()
        plain = _free(plain_name(relative), lines)
        lines[plain] = {**copy(path, folder / plain), "name": f"{name}/{relative}"}
    return lines


def faults(folder: Path, digest: str, *, deep: bool) -> list[str]:
    """What is wrong with a sealed folder: missing, too short, or (``deep``: every byte is read) changed."""
    try:
        content = (folder / NAME).read_bytes()
    except OSError:
        return [f"{NAME}: cannot be read"]
    if digest_of(content) != digest:
        return [f"{NAME}: changed"]
    found = []
    for name, line in json.loads(content)["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != line["bytes"]:
            found.append(f"{name}: missing or of another length")
        elif deep:
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != line["sha256"]:
                    found.append(f"{name}: changed")
    return found


def plain_name(name: str) -> str:
    """``name`` in letters, digits, ``.``, ``_`` and ``-``, never hidden and never a path; its ending is kept."""
    stem, _, ending = name.rpartition(".")
    if not re.fullmatch(r"[A-Za-z0-9]{1,12}", ending):
        stem, ending = name, ""
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_stem).strip("._-")[:_LONGEST_NAME] or "source"
    return f"{plain}.{ending}" if ending else plain


def _free(name: str, taken: dict[str, Any]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{number}_{name}"
    return free


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _settle(descriptor: int, target: Any) -> None:
    target.flush()
    os.fchmod(descriptor, _READ_ONLY)
    os.fsync(descriptor)
