"""GeoParquet and GeoArrow files (Feather 2), looked at and read by Arrow; GDAL of these wheels has no reader for them.

The footer is held against the file and against the number of cells before a page is unpacked. Without a description of
geometry the file is a table. Clauses of GeoParquet 1.1: no crs is OGC:CRS84, ``"crs": null`` is unknown, coordinates
are always x before y.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from geoportal.ingest.arrowtypes import plain_columns
from geoportal.ingest.crs import GEOJSON_DEFAULT, identify
from geoportal.ingest.geoarrow import as_wkb
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source

_CELLS = 400_000_000  # what three gigabytes hold of the smallest values
_LARGEST_FOOTER = 64 << 20
_THRIFT = 32 << 20
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Geometry:
    """The geometry of a file as its metadata describe it: the column, its encoding, its reference system (None:
    unknown), other geometry columns and the column of their boxes.
    """

    column: str
    encoding: str
    crs: str | None
    others: tuple[str, ...] = ()
    boxes: str | None = None
    notes: tuple[Note, ...] = ()


def find_parquet(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a Parquet file.

    Raises a refusal: source-unreadable (header, truncated, metadata), source-too-large, fields-too-many,
    format-not-supported (encrypted).
    """
    _check_footer(path)
    try:
        with _opened(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
            logical = {
                file.schema.column(n).path: file.schema.column(n).logical_type for n in range(metadata.num_columns)
            }
    except (pa.ArrowInvalid, OSError, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise refuse("source-unreadable", reason="header", message=shown(str(error), 120)) from error
    _check_size(metadata.num_rows, metadata.num_columns, len(schema), max_fields)
    said = metadata.metadata or {}
    geometry = (None if b"geo" in said else _logical(logical)) or _described(schema, said)
    return [_source(path, stem, geometry, metadata.num_rows, _read_parquet)]


def find_arrow(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of an Arrow file (Feather 2). Raises a refusal as ``find_parquet`` does."""
    try:
        with pa.OSFile(str(path)) as stream:
            file = pyarrow.ipc.open_file(stream)
            schema = file.schema
            rows = sum(file.get_batch(number).num_rows for number in range(file.num_record_batches))
    except (pa.ArrowInvalid, OSError, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise refuse("source-unreadable", reason="header", message=shown(str(error), 120)) from error
    _check_size(rows, len(schema), len(schema), max_fields)
    geometry = _described(schema, schema.metadata or {})
    return [_source(path, stem, geometry, rows, _read_arrow)]


def _opened(path: Path) -> pyarrow.parquet.ParquetFile:
    return pyarrow.parquet.ParquetFile(
        path, memory_map=False, thrift_string_size_limit=_THRIFT, thrift_container_size_limit=_THRIFT, pre_buffer=False
    )


def _check_footer(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 8))
        tail = stream.read(8)
    if tail[4:] == b"PARE":
        raise refuse("format-not-supported", kind="Parquet (encrypted)")
    if size < 12 or tail[4:] != b"PAR1":
        raise refuse("source-unreadable", reason="truncated")
    (footer,) = struct.unpack("<I", tail[:4])
    if footer > min(size - 12, _LARGEST_FOOTER):
        raise refuse("source-unreadable", reason="header")


def _check_size(rows: int, leaves: int, columns: int, max_fields: int) -> None:
    if columns > max_fields + 1:
        raise refuse("fields-too-many", count=columns, limit=max_fields)
    if rows < 0 or rows * max(1, leaves) > _CELLS:
        raise refuse("source-too-large", reason="memory")


def _described(schema: pa.Schema, metadata: Mapping[bytes, bytes]) -> Geometry | None:
    """The geometry by the file's ``geo`` metadata, else by an extension type of GeoArrow; None: a plain table."""
    if b"geo" in metadata:
        return _geo(schema, metadata[b"geo"])
    found = []
    for field in schema:
        extension = (field.metadata or {}).get(b"ARROW:extension:name", b"").decode("utf-8", "replace")
        if extension == "ogc.wkb" or extension.startswith("geoarrow."):
            said = (field.metadata or {}).get(b"ARROW:extension:metadata") or b"{}"
            found.append((field.name, extension.rpartition(".")[2], said))
    if not found:
        return None
    name, encoding, said = found[0]
    crs, notes = _crs(_mapping(said).get("crs"))
    return Geometry(name, encoding, crs, tuple(other for other, _, _ in found[1:]), notes=tuple(notes))


def _geo(schema: pa.Schema, text: bytes) -> Geometry:
    geo = _mapping(text)
    columns, primary = geo.get("columns"), geo.get("primary_column")
    if not isinstance(columns, dict) or not isinstance(primary, str) or not isinstance(columns.get(primary), dict):
        raise refuse("source-unreadable", reason="metadata")
    if schema.names.count(primary) != 1:
        raise refuse("source-unreadable", reason="metadata")
    said: dict[str, Any] = columns[primary]
    crs, notes = _crs(said.get("crs", _ABSENT))
    if said.get("edges", "planar") != "planar":
        notes.append(("reader-message", {"message": f"edges: {shown(str(said['edges']), 40)}"}))
    if "epoch" in said:
        notes.append(("reader-message", {"message": f"coordinate epoch: {shown(str(said['epoch']), 40)}"}))
    others = tuple(name for name in columns if name != primary and name in schema.names)
    encoding = said.get("encoding", "WKB")
    if not isinstance(encoding, str):
        raise refuse("source-unreadable", reason="metadata")
    return Geometry(primary, encoding, crs, others, _boxes(said, schema), tuple(notes))


def _boxes(said: Mapping[str, Any], schema: pa.Schema) -> str | None:
    """The column that holds a box for each feature, if ``covering`` names one and it is a struct of four numbers."""
    try:
        paths = said["covering"]["bbox"]
        names = {paths[side][0] for side in ("xmin", "ymin", "xmax", "ymax")}
    except (KeyError, TypeError, IndexError):
        return None
    name = next(iter(names)) if len(names) == 1 else None
    if not isinstance(name, str) or schema.names.count(name) != 1:
        return None
    kind = schema.field(name).type
    if not pa.types.is_struct(kind) or not {"xmin", "ymin", "xmax", "ymax"} <= {field.name for field in kind}:
        return None
    return name if all(pa.types.is_floating(field.type) for field in kind) else None


def _logical(logical: Mapping[str, Any]) -> Geometry | None:
    """The geometry by the type that Parquet itself has for it (GEOMETRY, GEOGRAPHY), where no metadata describe it."""
    found = []
    for name, kind in logical.items():
        said = _mapping(kind.to_json().encode()) if "Geo" in str(kind) else {}
        if str(said.get("Type", "")).upper() in ("GEOMETRY", "GEOGRAPHY"):
            found.append((name, said))
    if not found:
        return None
    name, said = found[0]
    crs, notes = _crs(said.get("crs") or _ABSENT)
    if str(said["Type"]).upper() == "GEOGRAPHY":
        notes.append(("reader-message", {"message": "edges: spherical"}))
    return Geometry(name, "WKB", crs, tuple(other for other, _ in found[1:]), notes=tuple(notes))


def _mapping(text: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise refuse("source-unreadable", reason="metadata") from None
    if not isinstance(value, dict):
        raise refuse("source-unreadable", reason="metadata")
    return value


def _crs(said: Any) -> tuple[str | None, list[Note]]:
    """The reference system as ``crs`` states it: absent is OGC:CRS84, null nobody knows."""
    if said is _ABSENT:
        return GEOJSON_DEFAULT, []
    if said is None:
        return None, []
    return identify(said if isinstance(said, str) else orjson.dumps(said).decode())


Reader = Callable[[Path], pa.Table]


def _source(path: Path, stem: str, geometry: Geometry | None, rows: int, reader: Reader) -> Source:
    notes: list[Note] = []
    if geometry is not None:
        notes += geometry.notes
        if geometry.others:
            things = {"other-geometries": len(geometry.others)}
            notes.append(("content-not-kept", {"things": things, "count": len(geometry.others)}))
        if geometry.boxes:
            notes.append(("bbox-column-left", {"field": shown(geometry.boxes)}))
    return Source(
        name=stem,
        driver=None,
        path=path,
        crs=geometry.crs if geometry else None,
        has_geometry=geometry is not None,
        claims={"header": rows},
        notes=tuple(notes),
        read=partial(_read, geometry=geometry, reader=reader),
    )


def _read(source: Source, *, geometry: Geometry | None, reader: Reader) -> tuple[dict[str, Any], pa.Table]:
    """The table with plain columns, and its geometry as WKB at the end."""
    table = reader(source.path)
    notes: list[Note] = []
    shapes: list[bytes | None] = []
    optional = False
    if geometry is not None:
        # The schema may let a geometry be missing, and GeoParquet lets it be empty: a note, not a fault of the file.
        optional = bool(table.schema.field(geometry.column).nullable)
        column = table.column(table.schema.names.index(geometry.column))
        shapes, found = as_wkb(_storage(column), geometry.encoding)
        notes += found
        left = {geometry.column, *geometry.others, geometry.boxes}
        table = table.select([n for n, name in enumerate(table.schema.names) if name not in left])
    rows = len(shapes) if geometry is not None else table.num_rows
    plain, found = plain_columns(table)
    notes += found
    if geometry is not None:
        field = pa.field(geometry.column, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
        arrays = [*plain.columns, pa.chunked_array([pa.array(shapes, pa.binary())])]
        plain = pa.table(arrays, schema=pa.schema([*plain.schema, field]))
    if plain.num_rows != rows:
        raise refuse("source-unreadable", reason="header")
    return {"geometry_type": None, "geometry_optional": optional, "notes": notes}, plain


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without its extension type."""
    if isinstance(column.type, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    return column


def _read_parquet(path: Path) -> pa.Table:
    with _opened(path) as file:
        return file.read(use_threads=False)


def _read_arrow(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as stream:
        options = pyarrow.ipc.IpcReadOptions(use_threads=False)
        table = pyarrow.ipc.open_file(stream, options=options).read_all()
    table.validate(full=True)
    return table
