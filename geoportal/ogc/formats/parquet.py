"""Features as GeoParquet 1.1, in the types of the download of the same layer, written group by group.

WKB is x before y whatever the axis order of the reference system, as the format wants it (GeoParquet 1.1, "Coordinate
axis order"): ``Content-Crs`` names the system. The reference system stands beside it as PROJJSON. Nothing here makes an
Arrow array of Python lists: pyarrow would load pandas to look whether they are its own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.model.layer import GEOMETRY_TYPES
from geoportal.ogc.formats.chosen import Batch, Chosen
from geoportal.ogc.formats.kinds import kinds_of
from geoportal.serving.crs import crs_from_uri
from geoportal.serving.downloads.contents import as_texts, free_name
from geoportal.serving.geojson import Geometries

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1.1.0"
GROUP = 10_000
GROUP_BYTES = 16_000_000
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def write(chosen: Chosen) -> Iterator[bytes]:
    """The file in pieces; plain Parquet where the answer has no geometries."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = kinds_of(chosen)
    zoned = {each.name for each in chosen.attributes if each.field.zoned}
    types = [_type(kind, name in zoned) for kind, name in zip(kinds, chosen.column_names, strict=True)]
    described = [pa.field(name, type_) for name, type_ in zip(chosen.column_names, types, strict=True)]
    told: dict[bytes, bytes] = {}
    if chosen.placed:
        place = free_name("geometry", chosen.column_names)
        box = free_name("bbox", [*chosen.column_names, place])
        described += [pa.field(place, pa.binary()), pa.field(box, pa.struct([(side, pa.float64()) for side in _SIDES]))]
        told[b"geo"] = orjson.dumps(_geo(chosen, place, box))
    schema = pa.schema(described, metadata=told or None)
    pieces = _Pieces()
    with pq.ParquetWriter(pa.PythonFile(pieces, "w"), schema, compression="zstd", write_statistics=True) as writer:
        for batch in chosen.batches(GROUP, GROUP_BYTES):
            arrays = [
                array_of(kind, type_, values) for kind, type_, values in zip(kinds, types, batch.columns, strict=True)
            ]
            if chosen.placed:
                arrays += _places(batch, described[-1].type)
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP)
            yield pieces.take()
    yield pieces.take()


class _Pieces:
    """A file that is read off while it is written."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._end = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._end += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._end

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def _geo(chosen: Chosen, place: str, box: str) -> dict[str, Any]:
    """The ``geo`` member (GeoParquet 1.1, file metadata)."""
    kinds, solid = chosen.kinds
    pairs = {(kind, high) for kind, high in zip(kinds.tolist(), solid.tolist(), strict=True) if kind >= 0}
    column = {
        "encoding": "WKB",
        "geometry_types": sorted({f"{GEOMETRY_TYPES[kind]}{' Z' if high else ''}" for kind, high in pairs}),
        "crs": crs_from_uri(chosen.crs).to_json_dict(),
        "covering": {"bbox": {side: [box, side] for side in _SIDES}},
    }
    return {"version": VERSION, "primary_column": place, "columns": {place: column}}


def _places(batch: Batch, box_type: pa.DataType) -> list[pa.Array]:
    import pyarrow as pa

    wkb = shapely.to_wkb(batch.shapes, byte_order=1, flavor="iso")
    bounds = shapely.bounds(batch.shapes)
    missing = np.isnan(bounds).any(axis=1)
    sides = [
        pa.Array.from_buffers(pa.float64(), len(batch), [_validity(missing), _buffer(bounds[:, side])])
        for side in range(4)
    ]
    boxes = pa.Array.from_buffers(box_type, len(batch), [_validity(missing)], children=sides)
    return [_of_bytes(pa.binary(), wkb.tolist()), boxes]


def _type(kind: str, zoned: bool) -> pa.DataType:
    import pyarrow as pa

    match kind:
        case "integer":
            return pa.int64()
        case "number":
            return pa.float64()
        case "boolean":
            return pa.bool_()
        case "date":
            return pa.date32()
        case "date-time":
            return pa.timestamp("us", "UTC" if zoned else None)
        case "binary":
            return pa.binary()
        case _:
            return pa.string()


def array_of(kind: str, type_: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """Values of a type that ``kinds_of`` found them all to have, as an Arrow array."""
    import pyarrow as pa

    missing = np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))
    match kind:
        case "integer":
            data = np.array([0 if value is None else value for value in values], dtype="<i8")
        case "number":
            data = np.array([0.0 if value is None else value for value in values], dtype="<f8")
        case "boolean":
            data = np.packbits([bool(value) for value in values], bitorder="little")
        case "date":
            days = np.array([value or "1970-01-01" for value in values], dtype="datetime64[D]")
            data = days.astype("<i8").astype("<i4")
        case "date-time":
            instants = [(value or "1970-01-01").removesuffix("Z") for value in values]
            data = np.array(instants, dtype="datetime64[us]").astype("<i8")
        case "binary":
            return _of_bytes(type_, [value if value is None else base64.b64decode(value) for value in values])
        case _:
            return _of_bytes(type_, [value if value is None else value.encode() for value in as_texts(values)])
    return pa.Array.from_buffers(type_, len(values), [_validity(missing), _buffer(data)])


def _of_bytes(type_: pa.DataType, values: Sequence[bytes | None]) -> pa.Array:
    import pyarrow as pa

    missing = np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))
    lengths = np.fromiter((len(value or b"") for value in values), dtype=np.int64, count=len(values))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype("<i4")
    data = pa.py_buffer(b"".join(value or b"" for value in values))
    return pa.Array.from_buffers(type_, len(values), [_validity(missing), _buffer(offsets), data])


def _validity(missing: NDArray[np.bool_]) -> pa.Buffer | None:
    return _buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None


def _buffer(data: NDArray[Any] | Geometries) -> pa.Buffer:
    import pyarrow as pa

    return pa.py_buffer(np.ascontiguousarray(data).tobytes())
