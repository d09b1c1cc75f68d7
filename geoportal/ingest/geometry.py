"""Geometries from WKB, as simple features: what shapely cannot hold is brought into the nearest form that it can, and
said.

Arcs become chords, surfaces of triangles become multipolygons, M values go, Z values stay, a ring that does not close
is closed because nothing can hold it open: each with a note that names the features. Nothing else changes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyarrow import compute

from geoportal.ingest.gdal import linearised
from geoportal.ingest.refusal import Note

_CURVES = range(8, 15)
_POLYHEDRAL, _TIN, _TRIANGLE = 15, 16, 17
_SIMPLE = {_POLYHEDRAL: 6, _TIN: 6, _TRIANGLE: 3}
_DEEPEST = 100


def geometries(wkb: Sequence[bytes | None], ids: Sequence[str] | None) -> tuple[NDArray[Any], list[Note]]:
    """Shapely geometries in the order of ``wkb`` (ISO WKB, little endian), and the notes: geometry-curved,
    geometry-measured, geometry-invalid for open rings, reader-message for what nobody can read. ``ids`` name the
    features; else they are counted from 1.
    """
    values = np.array([*wkb, None], dtype=object)[:-1]
    present = np.flatnonzero([value is not None for value in values])
    codes = _codes(values[present])
    base, dimension = codes % 1000, codes // 1000
    found = np.full(len(values), None, dtype=object)
    ordinary = present[base < 7]
    found[ordinary] = shapely.from_wkb(values[ordinary], on_invalid="ignore")
    strange = [int(i) for i in present if found[i] is None]
    curved: list[int] = []
    closed: list[int] = []
    lost: list[int] = []
    kinds = dict(zip(present.tolist(), base.tolist(), strict=True))
    for index in strange:
        plain, was_curved = _plain(values[index], kinds[index])
        geometry = _parsed(plain, "ignore")
        if geometry is None:
            geometry = _parsed(plain, "fix")
            (closed if geometry is not None else lost).append(index)
        if was_curved and geometry is not None:
            curved.append(index)
        found[index] = geometry
    measured = present[(dimension == 2) | (dimension == 3)]
    if len(measured):
        found[measured] = _without_m(found[measured])

    def named(rule: str, indexes: Sequence[int], **params: Any) -> list[Note]:
        if not len(indexes):
            return []
        features = [ids[i] if ids else str(i + 1) for i in list(indexes)[:1000]]
        return [(rule, {**params, "count": len(indexes), "features": features})]

    notes = named("geometry-curved", curved)
    if len(measured):
        notes.append(("geometry-measured", {"count": len(measured)}))
    notes += named("geometry-invalid", closed, reason="ring-not-closed")
    notes += named("reader-message", lost, message="geometry")
    return found, notes


def _codes(values: NDArray[Any]) -> NDArray[np.uint32]:
    """The type of each piece of WKB, four bytes behind the one that says the order; all bits set where they are cut."""
    sliced = compute.binary_slice(pa.array(values, pa.large_binary()), 1, 5)
    if len(values) and compute.min(compute.binary_length(sliced)).as_py() == 4:
        return np.frombuffer(sliced.buffers()[2], "<u4", count=len(values))
    return np.frombuffer(b"".join(bytes(value[1:5]).ljust(4, b"\xff") for value in values), "<u4")


def _parsed(wkb: bytes | None, on_invalid: Literal["ignore", "fix"]) -> Any:
    """One geometry, None where GEOS cannot make it; "fix" closes rings."""
    try:
        return shapely.from_wkb(wkb, on_invalid=on_invalid) if wkb else None
    except (NotImplementedError, shapely.errors.GEOSException):
        return None


def _without_m(values: NDArray[Any]) -> NDArray[Any]:
    with_z = shapely.has_z(values)
    plain = shapely.force_2d(values)
    if with_z.any():
        plain[with_z] = shapely.force_3d(plain[with_z])
        heights = shapely.get_coordinates(values[with_z], include_z=True)
        plain[with_z] = shapely.set_coordinates(plain[with_z], heights)
    return np.asarray(plain)


def _plain(wkb: bytes, kind: int) -> tuple[bytes | None, bool]:
    """WKB without curves and surfaces, and whether there were any; None when it cannot be read at all."""
    text: bytes | None = bytes(wkb)
    curved = kind in _CURVES
    if curved or kind == 7:
        linear = linearised(bytes(wkb))
        curved = curved or (linear is not None and linear != wkb)
        text = linear
    if text is None:
        return None, False
    try:
        return _without_surfaces(text, curved)
    except (struct.error, IndexError):
        return None, False


def _without_surfaces(wkb: bytes, curved: bool) -> tuple[bytes, bool]:
    """Polyhedral surfaces, TINs and triangles have the bytes of multipolygons and polygons under other type numbers."""
    text = bytearray(wkb)
    position, waiting = 0, [1]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            continue
        waiting[-1] -= 1
        if len(waiting) > _DEEPEST:
            raise IndexError
        (code,) = struct.unpack_from("<I", text, position + 1)
        base, dimension = code % 1000, code // 1000
        if base in _SIMPLE:
            curved = True
            base = _SIMPLE[base]
            struct.pack_into("<I", text, position + 1, base + 1000 * dimension)
        width = 8 * (2 + (dimension in (1, 2)) + 2 * (dimension == 3))
        position += 5
        if base == 1:
            position += width
            continue
        (count,) = struct.unpack_from("<I", text, position)
        position += 4
        if base == 2:
            position += count * width
        elif base == 3:
            for _ in range(count):
                (points,) = struct.unpack_from("<I", text, position)
                position += 4 + points * width
        else:
            waiting.append(count)
    return bytes(text), curved


def common_type(values: NDArray[Any], declared: str | None) -> str | None:
    """The simple feature type that all geometries have: 'MultiPolygon' also where some are single, 'Unknown' when
    they are mixed.

    ``declared`` answers for a layer without any geometry to look at.
    """
    names = {shapely.GeometryType(int(kind)).name for kind in np.unique(shapely.get_type_id(values)) if kind >= 0}
    if not names:
        return (declared or "Unknown").removesuffix(" Z")
    plain = {_TYPE_NAMES[name] for name in names}
    if len(plain) == 1:
        return plain.pop()
    single = {name.removeprefix("Multi") for name in plain}
    return f"Multi{single.pop()}" if len(single) == 1 else "Unknown"


_TYPE_NAMES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "LINEARRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}
