"""Well-known text (OGC 06-103r4) in the fewest digits that give every number back, many geometries at a time.

Not ``shapely.to_wkt``: it prints at most 17 decimals, which small numbers are more than.
"""

from __future__ import annotations

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.serving.geojson import Geometries, geometry_texts

_BATCH = 10_000
_NAMES = {
    b"Point": (b"POINT", 1),
    b"LineString": (b"LINESTRING", 2),
    b"Polygon": (b"POLYGON", 3),
    b"MultiPoint": (b"MULTIPOINT", 2),
    b"MultiLineString": (b"MULTILINESTRING", 3),
    b"MultiPolygon": (b"MULTIPOLYGON", 4),
}
"""GeoJSON type -> name in WKT, and how deep its coordinates are nested."""


def wkt_texts(geometries: Geometries) -> list[str | None]:
    """The WKT of each geometry, None for none. Measures (M) are kept, in 17 decimals."""
    found: list[str | None] = []
    for start in range(0, len(geometries), _BATCH):
        batch = geometries[start : start + _BATCH]
        plain = ~shapely.has_m(batch) & _finite(batch)
        texts = iter(geometry_texts(batch[plain]))
        solid = shapely.has_z(batch)
        for geometry, exact, high in zip(batch, plain.tolist(), solid.tolist(), strict=True):
            if not exact:
                found.append(shapely.to_wkt(geometry, rounding_precision=-1, trim=True, output_dimension=4))
                continue
            text = next(texts)
            found.append(None if text == b"null" else _wkt(text, high).decode())
    return found


def _finite(geometries: Geometries) -> NDArray[np.bool_]:
    """Whether all coordinates of each geometry, heights included, are numbers."""
    found = np.ones(len(geometries), dtype=np.bool_)
    for include_z in (False, True):
        rows = np.flatnonzero(shapely.has_z(geometries) == include_z)
        coordinates, owners = shapely.get_coordinates(geometries[rows], include_z=include_z, return_index=True)
        found[rows[owners[~np.isfinite(coordinates).all(axis=1)]]] = False
    return found


def _wkt(text: bytes, high: bool) -> bytes:
    kind, _, rest = text.removeprefix(b'{"type":"').partition(b'"')
    if kind == b"GeometryCollection":
        members = orjson.loads(text)["geometries"]
        inside = b", ".join(_wkt(orjson.dumps(member), _is_high(member)) for member in members)
        return b"GEOMETRYCOLLECTION" + (b" Z" if high else b"") + (b" (" + inside + b")" if inside else b" EMPTY")
    name, depth = _NAMES[kind]
    body = rest.removeprefix(b',"coordinates":')[:-1]
    name += b" Z" if high else b""
    if body == b"[]":
        return name + b" EMPTY"
    body = body[depth:-depth].replace(b"]]],[[[", b"))#((").replace(b"]],[[", b")#(")
    body = body.replace(b"],[", b")#(" if kind == b"MultiPoint" else b"#").replace(b",", b" ").replace(b"#", b", ")
    brackets = depth if kind in (b"Point", b"MultiPoint") else depth - 1
    return name + b" " + b"(" * brackets + body + b")" * brackets


def _is_high(member: object) -> bool:
    """Whether a GeoJSON geometry has heights: its innermost coordinates are three."""
    found = member["geometries"] if isinstance(member, dict) and "geometries" in member else None
    if found is not None:
        return any(_is_high(each) for each in found)
    inner = member["coordinates"] if isinstance(member, dict) else member
    while isinstance(inner, list) and inner and isinstance(inner[0], list):
        inner = inner[0]
    return isinstance(inner, list) and len(inner) == 3
