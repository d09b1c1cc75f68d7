"""Geometry as ISO WKB, little endian, straight from numbers: it may also hold what no geometry library makes, such as a
ring that does not close, so that the checks can speak of it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Coordinates = NDArray[np.float64]
"""Positions, one a row: x, y and perhaps a height."""

POINT, LINE, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION = range(1, 8)
_MULTI = {POINT: MULTI_POINT, LINE: MULTI_LINE, POLYGON: MULTI_POLYGON}


def point(position: Coordinates) -> bytes:
    """One position; without any it is the empty point (NaN NaN)."""
    row = position if len(position) else np.full((1, 2), np.nan)
    return _head(POINT, row.shape[1]) + row[:1].astype("<f8").tobytes()


def line(positions: Coordinates) -> bytes:
    """A line through the positions."""
    return _head(LINE, _width(positions)) + _run(positions)


def polygon(rings: Sequence[Coordinates]) -> bytes:
    """An outer ring and its holes; rings that differ in having heights get 0 where there is none."""
    alike = level(rings)
    width = _width(alike[0]) if alike else 2
    return _head(POLYGON, width) + struct.pack("<I", len(alike)) + b"".join(map(_run, alike))


def many(parts: Sequence[bytes], kind: int | None = None) -> bytes:
    """Several geometries as one: of one kind MultiPoint, MultiLineString, MultiPolygon; else a collection. ``kind`` is
    for none at all.
    """
    kinds = {kind_of(part) for part in parts}
    return gathered(_MULTI.get(kinds.pop(), COLLECTION) if len(kinds) == 1 else (kind or COLLECTION), parts)


def gathered(kind: int, parts: Sequence[bytes]) -> bytes:
    """Several geometries as one of this kind; where one of them has heights, the others get 0."""
    widths = {3 if _code(part) >= 1000 else 2 for part in parts} or {2}
    width = max(widths)
    alike = parts if len(widths) == 1 else [with_width(part, width) for part in parts]
    return _head(kind, width) + struct.pack("<I", len(parts)) + b"".join(alike)


def kind_of(wkb: bytes) -> int:
    """The kind of a geometry, without its dimension: POINT ... COLLECTION."""
    return _code(wkb) % 1000


def level(lists: Sequence[Coordinates]) -> list[Coordinates]:
    """The same lists of positions, all with heights where one has them: a height that is not there is 0."""
    if len({_width(positions) for positions in lists}) < 2:
        return list(lists)
    return [p if _width(p) == 3 else np.column_stack([p.reshape(-1, 2), np.zeros(len(p))]) for p in lists]


def _code(wkb: bytes) -> int:
    return int.from_bytes(wkb[1:5], "little")


def _head(kind: int, width: int) -> bytes:
    return struct.pack("<BI", 1, kind + (1000 if width == 3 else 0))


def _width(positions: Coordinates) -> int:
    return positions.shape[1] if positions.ndim == 2 else 2


def _run(positions: Coordinates) -> bytes:
    return struct.pack("<I", len(positions)) + positions.astype("<f8").tobytes()


def with_width(wkb: bytes, width: int) -> bytes:
    """The same geometry with two numbers a position (heights are gone) or three (a height that is not there is 0); its
    rings may still be open.
    """
    parts: list[bytes] = []
    _rewrite(wkb, 0, width, parts)
    return b"".join(parts)


def _rewrite(wkb: bytes, at: int, wanted: int, parts: list[bytes]) -> int:
    code = _code(wkb[at : at + 5])
    kind, width = code % 1000, 3 if code >= 1000 else 2
    parts.append(_head(kind, wanted))
    at += 5
    if kind == POINT:
        return _positions(wkb, at, 1, width, wanted, parts)
    (count,) = struct.unpack_from("<I", wkb, at)
    parts.append(wkb[at : at + 4])
    at += 4
    if kind == LINE:
        return _positions(wkb, at, count, width, wanted, parts)
    for _ in range(count):
        if kind == POLYGON:
            (length,) = struct.unpack_from("<I", wkb, at)
            parts.append(wkb[at : at + 4])
            at = _positions(wkb, at + 4, length, width, wanted, parts)
        else:
            at = _rewrite(wkb, at, wanted, parts)
    return at


def _positions(wkb: bytes, at: int, count: int, width: int, wanted: int, parts: list[bytes]) -> int:
    numbers = np.frombuffer(wkb, "<f8", count * width, at).reshape(count, width)
    if width < wanted:
        numbers = np.column_stack([numbers, np.zeros(count)])
    parts.append(np.ascontiguousarray(numbers[:, :wanted]).tobytes())
    return at + 8 * count * width
