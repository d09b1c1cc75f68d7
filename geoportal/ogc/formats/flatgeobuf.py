"""Features as FlatGeobuf (version 3 of the format), written as a stream and so without the spatial index.

Our own writer: GDAL's needs a file, and brings pandas into the process. Coordinates are x before y whatever the axis
order of the reference system, as all readers of the format take them; ``Content-Crs`` names the system. A feature
without a place, or with an empty one, has no geometry. Where some features have heights, all have: those of the others
are no number. Only a mixture of points, lines and areas is flat, as readers need it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from geoportal.ogc.formats.chosen import Batch, Chosen
from geoportal.ogc.formats.flatbuffer import Buffer, Scalar, Table, Vector
from geoportal.ogc.formats.kinds import kinds_of
from geoportal.serving.crs import crs_from_uri
from geoportal.serving.downloads.contents import as_texts, for_programs
from geoportal.serving.edition import described
from geoportal.serving.geojson import Geometries, sequences

MAGIC = b"fgb\x03fgb\x01"
_TYPES = {"boolean": 2, "integer": 7, "number": 10, "string": 11, "date": 13, "date-time": 13, "binary": 14}
"""Type of a column -> ColumnType of the format."""

_GEOMETRY_TYPES = (1, 2, 2, 3, 4, 5, 6, 7)
"""Number that shapely gives a geometry type -> GeometryType of the format."""

_POINT, _LINE, _POLYGON, _MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON, _COLLECTION = 0, 1, 3, 4, 5, 6, 7
_SINGLE = {_MULTI_POINT: _POINT, _MULTI_LINE: _LINE, _MULTI_POLYGON: _POLYGON}


def write(chosen: Chosen) -> Iterator[bytes]:
    """Magic, header and features; the number of features in the header tells a reader of a file that was cut."""
    kinds = kinds_of(chosen)
    types, solid = chosen.kinds
    present = np.unique(types[types >= 0]).tolist()
    high, several = bool(solid.any()), None
    if high and len(present) > 1:
        # A reader is not told of heights beside a mixture of types: as in the download, one family becomes multiple.
        several = next((multi for multi in _SINGLE if set(present) <= {multi, _SINGLE[multi]}), None)
        high, present = several is not None, present if several is None else [several]
    yield MAGIC + Buffer().finish(_header(chosen, kinds, present, high))
    for batch in chosen.batches():
        geometries = geometry_tables(batch.shapes if several is None else _multiple(batch.shapes), high)
        yield b"".join(
            Buffer().finish({0: geometry, 1: Vector(values)})
            for geometry, values in zip(geometries, _properties(batch, kinds), strict=True)
        )


def _multiple(shapes: Geometries) -> Geometries:
    """The geometries with each simple one as the only member of a multiple one."""
    found = shapes.copy()
    for kind, multiple in ((_POINT, shapely.multipoints), (_LINE, shapely.multilinestrings)):
        rows = np.flatnonzero(shapely.get_type_id(shapes) == kind)
        found[rows] = multiple(shapes[rows], indices=np.arange(len(rows)))
    rows = np.flatnonzero(shapely.get_type_id(shapes) == _POLYGON)
    found[rows] = shapely.multipolygons(shapes[rows], indices=np.arange(len(rows)))
    return found


def _header(chosen: Chosen, kinds: list[str], present: list[int], high: bool) -> Table:
    record = chosen.source.publication.record
    return {
        0: chosen.dataset_id,
        2: Scalar("B", _GEOMETRY_TYPES[present[0]] if len(present) == 1 else 0),
        3: Scalar("B", int(high)),
        7: [{0: name, 1: Scalar("B", _TYPES[kind])} for name, kind in zip(chosen.column_names, kinds, strict=True)],
        8: Scalar("Q", len(chosen)),
        9: Scalar("H", 0),  # no index
        10: _crs(chosen.crs) if chosen.placed else None,
        11: record.title.in_language("id") or None,
        12: described(record, "id") or None,
    }


@lru_cache(maxsize=64)
def _crs(uri: str) -> Table:
    """The reference system as GIS programs know it best (``downloads.contents.for_programs``)."""
    crs = crs_from_uri(uri)
    authority, code = crs.to_authority(min_confidence=100) or ("", "")
    known = for_programs(f"{authority}:{code}")
    if known != f"{authority}:{code}":
        crs = crs_from_uri(str(known))
        authority, code = str(known).split(":")
    number = int(code) if code.isascii() and code.isdigit() else None
    return {
        0: authority or None,
        1: Scalar("i", number) if number is not None else None,
        2: crs.name,
        4: crs.to_wkt("WKT2_2019"),
        5: code if code and number is None else None,
    }


def geometry_tables(shapes: Geometries, high: bool) -> list[Table | None]:
    """The Geometry table of each geometry, None for none and for an empty one."""
    found: list[Table | None] = [None] * len(shapes)
    kinds = shapely.get_type_id(shapes)
    for row in np.flatnonzero(kinds == _COLLECTION).tolist():
        members = [each for each in geometry_tables(shapely.get_parts(shapes[row]), high) if each is not None]
        found[row] = {6: Scalar("B", _GEOMETRY_TYPES[_COLLECTION]), 7: members} if members else None
    simple = np.flatnonzero((kinds >= 0) & (kinds != _COLLECTION))
    parts, owners = shapely.get_parts(shapes[simple], return_index=True)
    runs, run_parts = sequences(parts, shapely.get_type_id(parts))
    counts = shapely.get_num_coordinates(runs)
    coordinates = shapely.get_coordinates(runs, include_z=high) + 0.0
    xy, z = np.ascontiguousarray(coordinates[:, :2]).tobytes(), coordinates[:, 2].tobytes() if high else b""
    ends = np.cumsum(counts)
    run_ends = np.searchsorted(run_parts, np.arange(len(parts)), side="right")
    part_ends = np.searchsorted(owners, np.arange(len(simple)), side="right")
    run, part = 0, 0
    vertex_ends, all_runs = ends.tolist(), run_ends.tolist()
    for row, kind, last in zip(simple.tolist(), kinds[simple].tolist(), part_ends.tolist(), strict=True):
        pieces = []
        for end in all_runs[part:last]:
            pieces.append(vertex_ends[run:end])
            run = end
        begin = 0 if not part else _before(vertex_ends, all_runs[part - 1])
        part = last
        found[row] = _table(kind, pieces, begin, xy, z)
    return found


def _before(vertex_ends: list[int], runs: int) -> int:
    """The number of vertices before a run."""
    return vertex_ends[runs - 1] if runs else 0


def _table(kind: int, pieces: list[list[int]], begin: int, xy: bytes, z: bytes) -> Table | None:
    """The table of a geometry whose parts have runs of vertices that end there; the first starts at ``begin``."""
    if kind == _MULTI_POLYGON:
        members = []
        for ends in pieces:
            member = _table(_POLYGON, [ends], begin, xy, z)
            if member is not None:
                members.append(member)
            begin = ends[-1] if ends else begin
        return {6: Scalar("B", _GEOMETRY_TYPES[kind]), 7: members} if members else None
    ends = [end for piece in pieces for end in piece]
    if not ends or ends[-1] == begin:
        return None
    listed = [end - begin for last, end in zip([begin, *ends], ends, strict=False) if end > last]
    several = kind == _MULTI_LINE or (kind == _POLYGON and len(listed) > 1)
    return {
        0: Vector(struct.pack(f"<{len(listed)}I", *listed), 4) if several else None,
        1: Vector(xy[begin * 16 : ends[-1] * 16], 8),
        2: Vector(z[begin * 8 : ends[-1] * 8], 8) if z else None,
        6: Scalar("B", _GEOMETRY_TYPES[kind]),
    }


def _properties(batch: Batch, kinds: list[str]) -> Iterator[bytes]:
    columns = []
    for number, (kind, values) in enumerate(zip(kinds, batch.columns, strict=True)):
        pack = _PACKERS.get(kind)
        head = struct.pack("<H", number)
        if pack is None:
            pack, values = _packed_text, as_texts(values)
        columns.append([b"" if value is None else head + pack(value) for value in values])
    if not columns:
        return iter([b""] * len(batch))
    return (b"".join(row) for row in zip(*columns, strict=True))


def _packed_bytes(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def _packed_text(value: str) -> bytes:
    return _packed_bytes(value.encode())


_PACKERS: dict[str, Callable[[Any], bytes]] = {
    "boolean": struct.Struct("<?").pack,
    "integer": struct.Struct("<q").pack,
    "number": struct.Struct("<d").pack,
    "date": _packed_text,
    "date-time": _packed_text,
    "binary": lambda value: _packed_bytes(base64.b64decode(value)),
}
