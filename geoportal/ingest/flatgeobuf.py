"""A look at a FlatGeobuf before GDAL does: its header, and where each feature begins and ends.

The layout is that of flatgeobuf 3: eight magic bytes, a header with its size before it, an index if there is one, then
features each with their size before them. Every offset is held against the file before it is followed.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyogrio.raw import read_arrow

from geoportal.ingest.crs import identify
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source

MAGIC = b"fgb\x03fgb"
_LARGEST_HEADER = 10 << 20  # the limit of the format's own readers
_NODE = 40  # bytes of an index node
_EXACT = 1 << 53
_UNSIGNED_LONG = 8


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says: the layer's name, how many features (0: unknown), its columns by name and type number, and
    its reference system as text.
    """

    name: str | None
    features: int
    node_size: int
    columns: tuple[tuple[str, int], ...]
    crs: str | None
    end: int


@dataclass(frozen=True, slots=True)
class _Table:
    """A flatbuffers table in bytes that were checked for size: its fields by number, every offset held to the bytes."""

    data: bytes
    at: int
    fields: tuple[int, ...] = field(default=())

    @classmethod
    def open(cls, data: bytes, at: int) -> _Table:
        (back,) = _unpack("<i", data, at)
        vtable = at - back
        size, _ = _unpack("<HH", data, vtable)
        if size < 4 or size % 2:
            raise _damaged()
        return cls(data, at, _unpack(f"<{(size - 4) // 2}H", data, vtable + 4))

    def value(self, number: int, kind: str, default: Any) -> Any:
        offset = self.fields[number] if number < len(self.fields) else 0
        return _unpack(kind, self.data, self.at + offset)[0] if offset else default

    def target(self, number: int) -> int | None:
        offset = self.fields[number] if number < len(self.fields) else 0
        if not offset:
            return None
        return self.at + offset + int(_unpack("<I", self.data, self.at + offset)[0])

    def text(self, number: int) -> str | None:
        if (at := self.target(number)) is None:
            return None
        (length,) = _unpack("<I", self.data, at)
        if at + 4 + length > len(self.data):
            raise _damaged()
        return self.data[at + 4 : at + 4 + length].decode("utf-8", "replace")

    def tables(self, number: int, most: int) -> list[_Table]:
        if (at := self.target(number)) is None:
            return []
        (length,) = _unpack("<I", self.data, at)
        if length > most:
            raise refuse("fields-too-many", count=length, limit=most)
        places = (at + 4 + 4 * index for index in range(length))
        return [_Table.open(self.data, place + int(_unpack("<I", self.data, place)[0])) for place in places]

    def table(self, number: int) -> _Table | None:
        at = self.target(number)
        return None if at is None else _Table.open(self.data, at)


def _unpack(kind: str, data: bytes, at: int) -> tuple[Any, ...]:
    if at < 0 or at + struct.calcsize(kind) > len(data):
        raise _damaged()
    return struct.unpack_from(kind, data, at)


def _damaged() -> Exception:
    return refuse("source-unreadable", reason="header")


def read_header(data: mmap.mmap | bytes, max_fields: int) -> Header:
    """The header of a FlatGeobuf. Raises a refusal: source-unreadable (header), fields-too-many."""
    if len(data) < 12 or data[:7] != MAGIC:
        raise _damaged()
    (size,) = struct.unpack_from("<I", data, 8)
    if not 4 <= size <= _LARGEST_HEADER or 12 + size > len(data):
        raise _damaged()
    raw = bytes(data[12 : 12 + size])
    table = _Table.open(raw, int(_unpack("<I", raw, 0)[0]))
    columns = tuple((item.text(0) or "", int(item.value(1, "<B", 0))) for item in table.tables(7, max_fields))
    return Header(
        name=table.text(0),
        features=int(table.value(8, "<Q", 0)),
        node_size=int(table.value(9, "<H", 16)),
        columns=columns,
        crs=_stated(table.table(10)),
        end=12 + size,
    )


def _stated(crs: _Table | None) -> str | None:
    if crs is None:
        return None
    code, text = int(crs.value(1, "<i", 0)), crs.text(5)
    if code > 0:
        return f"{crs.text(0) or 'EPSG'}:{code}"
    return f"{crs.text(0) or 'EPSG'}:{text}" if text else crs.text(4)


def index_size(features: int, node_size: int) -> int:
    """How many bytes the index of so many features takes: a packed tree, leaves first."""
    if node_size < 2 or features == 0:
        return 0
    nodes = level = features
    while True:  # one feature has a root above it too
        level = -(-level // node_size)
        nodes += level
        if level == 1:
            return nodes * _NODE


def count_features(data: mmap.mmap | bytes, start: int) -> int:
    """How many whole features stand from ``start`` to the end. Raises a refusal (truncated) where the last is cut."""
    at, count, end = start, 0, len(data)
    while at < end:
        if at + 4 > end:
            raise refuse("source-unreadable", reason="truncated")
        (size,) = struct.unpack_from("<I", data, at)
        at += 4 + size
        if size < 4 or at > end:
            raise refuse("source-unreadable", reason="truncated")
        count += 1
    return count


def read_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a FlatGeobuf.

    Raises a refusal: source-unreadable (header, truncated), fields-too-many.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = read_header(data, max_fields)
        if header.node_size == 1:
            raise _damaged()
        start = header.end + index_size(header.features, header.node_size)
        if start > len(data):
            raise _damaged()
        held = count_features(data, start)
    crs, notes = identify(header.crs)
    return [
        Source(
            name=header.name or stem,
            driver="FlatGeobuf",
            path=path,
            crs=crs,
            options={"VERIFY_BUFFERS": "YES"},
            claims={"header": header.features or held, "table": held},
            notes=tuple(notes),
            read=_read if any(kind == _UNSIGNED_LONG for _, kind in header.columns) else None,
        )
    ]


def _read(source: Source) -> tuple[dict[str, Any], pa.Table]:
    """As GDAL reads it; unsigned 64-bit integers become real numbers there, and what that costs is said."""
    meta, table = read_arrow(str(source.path), **source.options)
    with source.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        columns = read_header(data, len(table.schema) + 1).columns
    notes: list[Note] = []
    for name, kind in columns:
        if (
            kind == _UNSIGNED_LONG
            and table.schema.names.count(name) == 1
            and pa.types.is_floating(table.schema.field(name).type)
        ):
            values = table.column(name)
            large = pc.sum(pc.greater_equal(pc.abs(values), float(_EXACT))).as_py() or 0
            if large:
                said = f"integers beyond 15 digits are rounded; write them as text: {shown(name)}"
                notes.append(("reader-message", {"message": said, "count": int(large)}))
            elif pc.all(pc.equal(values, pc.floor(values))).as_py() is not False:
                position = table.schema.names.index(name)
                table = table.set_column(position, pa.field(name, pa.int64()), values.cast(pa.int64()))
    return {**meta, "notes": notes}, table
