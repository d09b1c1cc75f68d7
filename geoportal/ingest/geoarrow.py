"""Geometry columns of Arrow and Parquet as ISO WKB, one value a feature: WKB of any dialect, or the native encodings of
GeoArrow (points as x, y; lines, polygons and their multiples as lists of them).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import shapely

from geoportal.ingest import wkb
from geoportal.ingest.refusal import Note, refuse

LEVELS = {"point": 0, "linestring": 1, "multipoint": 1, "polygon": 2, "multilinestring": 2, "multipolygon": 3}
"""Native encodings, and how deep the lists of positions are nested in each."""

_EWKB = 0xE0000000  # PostGIS marks Z, M and SRID in the highest bits
_MOST_NAMED = 1000


def as_wkb(column: pa.ChunkedArray, encoding: str) -> tuple[list[bytes | None], list[Note]]:
    """The geometries of a column as ISO WKB, little endian, and what must be said of them.

    ``encoding`` is that of GeoParquet: WKB or one of LEVELS. Raises a refusal (source-unreadable, metadata) where the
    column is not what the encoding says.
    """
    if encoding.upper() == "WKB":
        if not (
            pa.types.is_binary(column.type)
            or pa.types.is_large_binary(column.type)
            or pa.types.is_binary_view(column.type)
            or pa.types.is_null(column.type)
        ):
            raise refuse("source-unreadable", reason="metadata")
        return _plain([value for chunk in column.chunks for value in chunk.to_pylist()])
    if encoding not in LEVELS:
        raise refuse("source-unreadable", reason="metadata")
    found: list[bytes | None] = []
    measured = False
    for chunk in column.chunks:
        positions, lists, has_m = _taken_apart(chunk, LEVELS[encoding])
        measured = measured or has_m
        valid = chunk.is_valid().to_numpy(zero_copy_only=False)
        found += [_made(encoding, positions, lists, index) if valid[index] else None for index in range(len(chunk))]
    present = len(found) - found.count(None)
    return found, [("geometry-measured", {"count": present})] if measured and present else []


def _plain(values: list[bytes | None]) -> tuple[list[bytes | None], list[Note]]:
    """WKB of other dialects (big endian, PostGIS) in ours; the rest stays byte for byte."""
    strange = [n for n, value in enumerate(values) if value is not None and _is_strange(value)]
    if not strange:
        return values, []
    made = shapely.from_wkb([values[n] for n in strange], on_invalid="ignore")
    unread = [number for number, geometry in zip(strange, made, strict=True) if geometry is None]
    for number, text in zip(strange, shapely.to_wkb(made, flavor="iso", byte_order=1), strict=True):
        values[number] = text
    if not unread:
        return values, []
    features = [str(number + 1) for number in unread[:_MOST_NAMED]]
    return values, [("reader-message", {"message": "geometry", "count": len(unread), "features": features})]


def _is_strange(value: bytes) -> bool:
    return value[:1] == b"\0" or (len(value) >= 5 and int.from_bytes(value[1:5], "little") & _EWKB != 0)


def _taken_apart(chunk: pa.Array, levels: int) -> tuple[wkb.Coordinates, list[np.ndarray], bool]:
    """All positions of a column, the offsets of each level of lists, and whether there were M values."""
    chunk.validate(full=True)
    lists = []
    for _ in range(levels):
        if not (pa.types.is_list(chunk.type) or pa.types.is_large_list(chunk.type)):
            raise refuse("source-unreadable", reason="metadata")
        lists.append(np.asarray(chunk.offsets))
        chunk = chunk.values
    if pa.types.is_struct(chunk.type):
        names = [field.name for field in chunk.type]
        parts = dict(zip(names, chunk.flatten(), strict=True))
        if not {"x", "y"} <= set(parts) or not all(pa.types.is_floating(part.type) for part in parts.values()):
            raise refuse("source-unreadable", reason="metadata")
        axes = [parts[name] for name in ("x", "y", "z") if name in parts]
        columns = [axis.to_numpy(zero_copy_only=False).astype(float) for axis in axes]
        return np.column_stack(columns), lists, "m" in parts
    if pa.types.is_fixed_size_list(chunk.type) and pa.types.is_floating(chunk.type.value_type):
        width, field = chunk.type.list_size, chunk.type.value_field.name
        if width not in (2, 3, 4):
            raise refuse("source-unreadable", reason="metadata")
        # values, not flatten: places without a position count too.
        numbers = chunk.values.to_numpy(zero_copy_only=False).astype(float).reshape(-1, width)
        numbers = numbers[chunk.offset : chunk.offset + len(chunk)]
        has_m = width == 4 or field.endswith("m")
        return numbers[:, : 2 if width == 3 and has_m else min(width, 3)], lists, has_m
    raise refuse("source-unreadable", reason="metadata")


def _made(encoding: str, positions: wkb.Coordinates, lists: Sequence[np.ndarray], index: int) -> bytes:
    """One feature out of the positions of all."""
    if encoding == "point":
        row = positions[index : index + 1]
        return wkb.point(row[:0] if np.isnan(row).all() else row)
    spans = [(int(lists[0][index]), int(lists[0][index + 1]))]
    if encoding == "linestring":
        return wkb.line(positions[slice(*spans[0])])
    inside = range(*spans[0])
    if encoding == "multipoint":
        return wkb.many([wkb.point(positions[n : n + 1]) for n in inside], wkb.MULTI_POINT)
    if encoding in ("polygon", "multilinestring"):
        parts = _runs(positions, lists[1], inside)
        return wkb.polygon(parts) if encoding == "polygon" else wkb.many([*map(wkb.line, parts)], wkb.MULTI_LINE)
    polygons = [_runs(positions, lists[2], range(int(lists[1][n]), int(lists[1][n + 1]))) for n in inside]
    return wkb.many([*map(wkb.polygon, polygons)], wkb.MULTI_POLYGON)


def _runs(positions: wkb.Coordinates, offsets: np.ndarray, numbers: range) -> list[wkb.Coordinates]:
    return [positions[int(offsets[n]) : int(offsets[n + 1])] for n in numbers]
