"""GeoJSON geometries as text (RFC 7946), many at a time and without a Python object per vertex.

Not ``shapely.to_geojson``: it prints one number in 600 with 15 digits where 9 would do, and cannot leave out a height
that is not a number.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.errors import Invalid

Geometries = NDArray[np.object_]

_NAMES = (
    b"Point",
    b"LineString",
    b"LineString",
    b"Polygon",
    b"MultiPoint",
    b"MultiLineString",
    b"MultiPolygon",
)
_POINT, _POLYGON, _MULTI_FIRST, _COLLECTION = 0, 3, 4, 7
_HEADS = tuple(b'{"type":"' + name + b'","coordinates":' for name in _NAMES)
_DEEPEST = 32


def geometry_texts(geometries: Geometries, depth: int = 0) -> list[bytes]:
    """The GeoJSON text of each geometry; ``null`` for None, empty coordinates for an empty one.

    Numbers are written as they are, in the fewest digits that give them back; all must be finite, save heights: a
    geometry with a height that is not a number is written without heights. Measures (M) have no place in GeoJSON.
    """
    if depth > _DEEPEST:
        raise Invalid(f"geometry collections are nested more than {_DEEPEST} deep")
    kinds = shapely.get_type_id(geometries)
    found: list[bytes] = [b"null"] * len(geometries)
    with_height = shapely.has_z(geometries)
    if with_height.any():
        solid = np.flatnonzero(with_height)
        coordinates, owners = shapely.get_coordinates(geometries[solid], include_z=True, return_index=True)
        with_height[solid[owners[~np.isfinite(coordinates[:, 2])]]] = False
    for has_z in (False, True):
        rows = np.flatnonzero((kinds >= 0) & (kinds != _COLLECTION) & (with_height == has_z))
        if len(rows):
            for row, text in zip(rows.tolist(), _simple_texts(geometries[rows], kinds[rows], has_z), strict=True):
                found[row] = text
    for row in np.flatnonzero(kinds == _COLLECTION).tolist():
        members = geometry_texts(shapely.get_parts(geometries[row]), depth + 1)
        found[row] = b'{"type":"GeometryCollection","geometries":[' + b",".join(members) + b"]}"
    return found


def _simple_texts(geometries: Geometries, kinds: NDArray[Any], has_z: bool) -> list[bytes]:
    parts, owners = shapely.get_parts(geometries, return_index=True)
    part_kinds = shapely.get_type_id(parts)
    runs_of, sequence_parts = sequences(parts, part_kinds)
    runs = iter(_runs(runs_of, has_z))
    texts = []
    for kind, count in zip(
        part_kinds.tolist(), np.bincount(sequence_parts, minlength=len(parts)).tolist(), strict=True
    ):
        if kind == _POINT:
            texts.append(next(runs))
        elif kind == _POLYGON:
            texts.append(b"[[" + b"],[".join(islice(runs, count)) + b"]]" if count else b"")
        else:
            run = next(runs)
            texts.append(b"[" + run + b"]" if run else b"")
    each = iter(texts)
    found = []
    for kind, count in zip(kinds.tolist(), np.bincount(owners, minlength=len(geometries)).tolist(), strict=True):
        if kind < _MULTI_FIRST:
            body = next(each) or b"[]"
        else:
            body = b"[" + b",".join(filter(None, islice(each, count))) + b"]"
        found.append(_HEADS[kind] + body + b"}")
    return found


def sequences(parts: Geometries, kinds: NDArray[Any]) -> tuple[Geometries, NDArray[np.int64]]:
    """The coordinate sequences of points, lines and rings, in the order of ``parts``, with the part of each."""
    areal = np.flatnonzero(kinds == _POLYGON)
    if not len(areal):
        return parts, np.arange(len(parts))
    plain = np.flatnonzero(kinds != _POLYGON)
    rings, ring_owners = shapely.get_rings(parts[areal], return_index=True)
    if not len(plain):
        return rings, areal[ring_owners]
    owners = np.concatenate([plain, areal[ring_owners]])
    order = np.argsort(owners, kind="stable")
    return np.concatenate([parts[plain], rings])[order], owners[order]


def _runs(sequences: Geometries, has_z: bool) -> list[bytes]:
    """``[x,y],[x,y]`` of each sequence, cut out of one text of all vertices."""
    counts = shapely.get_num_coordinates(sequences)
    coordinates = shapely.get_coordinates(sequences, include_z=has_z) + 0.0  # + 0.0 turns -0.0 into 0.0
    if not len(coordinates):
        return [b""] * len(sequences)
    text = orjson.dumps(coordinates, option=orjson.OPT_SERIALIZE_NUMPY)
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("]"))[:-1] + 1
    starts = np.concatenate([[1], ends[:-1] + 1])
    last = np.cumsum(counts)
    full = counts > 0
    cuts = np.zeros((len(sequences), 2), dtype=np.int64)
    cuts[full, 0] = starts[(last - counts)[full]]
    cuts[full, 1] = ends[last[full] - 1]
    return [text[start:end] for start, end in cuts.tolist()]


def changed(geometries: Geometries, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Geometries:
    """The geometries with other coordinates: ``function`` gets those without heights (n, 2), then those with (n, 3)."""
    found: Geometries = shapely.transform(geometries, function, include_z=None)  # type: ignore[call-overload]  # None is allowed
    return found


def right_handed(geometries: Geometries) -> Geometries:
    """Polygons with exterior rings counter-clockwise and holes clockwise (RFC 7946, 3.1.6); no vertex changes."""
    oriented: Geometries = shapely.orient_polygons(geometries, exterior_cw=False)
    return oriented
