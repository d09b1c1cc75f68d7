"""Files that all workers read through one memory map: no heap, no open file, and a map outlives the file's name."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from geoportal.errors import Unavailable


def expect(path: Path, size: int) -> None:
    """Unavailable unless the file is there and ``size`` bytes long."""
    try:
        found = path.stat().st_size
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be read: rebuild the serving files", file=path.name) from error
    if found != size:
        raise Unavailable(f"{path.name} has {found} bytes, not {size}: rebuild the serving files", file=path.name)


def map_bytes(path: Path, size: int) -> mmap.mmap | bytes:
    """The file as a read-only map that slices to ``bytes``; Unavailable unless it is there and ``size`` bytes long.

    An empty file cannot be mapped, and needs no map.
    """
    expect(path, size)
    if not size:
        return b""
    with path.open("rb") as file:
        if sys.version_info >= (3, 13):
            return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ, trackfd=False)
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)  # keeps the file open for as long as the map


def map_array(path: Path, size: int, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """The file as a read-only array over its map (little-endian ``dtype``)."""
    return np.frombuffer(map_bytes(path, size), dtype=dtype).reshape(shape)
