"""Whether bytes are a geometry in ISO WKB, found out without a geometry library: a ledger is a foreign file."""

from __future__ import annotations

import struct

POINT, LINE, POLYGON, COLLECTION = 1, 2, 3, 7
DEEPEST = 16
"""Collections in collections; each one costs the library that reads them a level of its stack."""


def ensure_wkb(data: bytes) -> None:
    """ValueError unless ``data`` is one whole geometry, little endian, with x, y and perhaps a height."""
    try:
        end = _walk(data, 0, 0)
    except struct.error as error:
        raise ValueError("a geometry ends too soon") from error
    if end != len(data):
        raise ValueError("a geometry is longer than it says")


def _walk(data: bytes, at: int, depth: int) -> int:
    order, code = struct.unpack_from("<BI", data, at)
    kind, high = code % 1000, code // 1000
    if order != 1 or high not in (0, 1) or not POINT <= kind <= COLLECTION or depth > DEEPEST:
        raise ValueError("not a geometry of a kind that is kept here")
    at, size = at + 5, 8 * (3 if high else 2)
    if kind == POINT:
        return _within(data, at + size)
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    if kind == LINE:
        return _within(data, at + count * size)
    for _ in range(count):
        if kind == POLYGON:
            (points,) = struct.unpack_from("<I", data, at)
            at = _within(data, at + 4 + points * size)
        else:
            at = _walk(data, at, depth + 1)
    return at


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError("a geometry ends too soon")
    return end
