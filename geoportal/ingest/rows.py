"""Features that our own readers gathered, as the Arrow table that GDAL's reader would give.

Text stays text unless the format states a type and every value, written back, is the same: a code keeps its zeros.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from geoportal.ingest.refusal import Note, refuse
from geoportal.ingest.source import Source

_GEOMETRY = "geometry"
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}
_MOST_NAMED = 1000


@dataclass(slots=True)
class Rows:
    """The features of one layer as they are found: attributes by name, geometry as WKB, their own ids.

    ``types`` says what a column was declared as (integer, number, boolean); others are text. ``unread`` are the row
    numbers whose geometry nobody could read; ``notes`` what else must be said.
    """

    name: str
    max_fields: int
    has_geometry: bool = True
    types: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    shapes: list[bytes | None] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def add(self, values: Mapping[str, Any], shape: bytes | None, own: str | None = None) -> None:
        """One more feature. Raises a refusal when there are more columns than allowed."""
        number = len(self.shapes)
        for name, value in values.items():
            if name not in self.columns:
                if len(self.columns) >= self.max_fields:
                    raise refuse("fields-too-many", count=len(self.columns) + 1, limit=self.max_fields)
                self.columns[name] = []
            self.columns[name].append((number, value))
        self.shapes.append(shape)
        self.ids.append(own)

    def part(self, name: str, chosen: list[int]) -> Rows:
        """Some of the rows as a layer of their own, in the same order."""
        place = {number: position for position, number in enumerate(chosen)}
        kept = {
            column: [(place[number], value) for number, value in entries if number in place]
            for column, entries in self.columns.items()
        }
        return Rows(
            name,
            self.max_fields,
            self.has_geometry,
            dict(self.types),
            {column: entries for column, entries in kept.items() if entries},
            [self.shapes[number] for number in chosen],
            [self.ids[number] for number in chosen],
            [place[number] for number in self.unread if number in place],
            notes=list(self.notes),
        )

    def own_ids(self) -> tuple[str, ...] | None:
        """The features' own ids, where every feature has one and no two are alike."""
        found = [item for item in self.ids if item]
        return tuple(found) if found and len(found) == len(self.ids) == len(set(found)) else None

    def all_notes(self) -> tuple[Note, ...]:
        """What must be said of this layer, geometries that could not be read included."""
        if not self.unread:
            return tuple(self.notes)
        names = [self.ids[n] or str(n + 1) for n in self.unread[:_MOST_NAMED]]
        return (
            *self.notes,
            ("reader-message", {"message": "geometry", "count": len(self.unread), "features": names}),
        )

    def as_arrow(self, source: Source | None = None) -> tuple[dict[str, Any], pa.Table]:
        """What ``pyogrio.raw.read_arrow`` would give of this layer. The rows are gone afterwards."""
        arrays, described = [], []
        for name in list(self.columns):
            array = _array(self.columns.pop(name), len(self.shapes), self.types.get(name))
            arrays.append(array)
            described.append(pa.field(name, array.type))
        if self.has_geometry:
            arrays.append(pa.array(self.shapes, pa.binary()))
            metadata = {"ARROW:extension:name": "geoarrow.wkb"}
            described.append(pa.field(_GEOMETRY, pa.binary(), metadata=metadata))
        if not arrays:  # a table without columns would forget how many rows it has
            arrays.append(pa.nulls(len(self.shapes), pa.string()))
            described.append(pa.field("name", pa.string()))
        return {"geometry_type": None}, pa.table(arrays, schema=pa.schema(described))


def _array(entries: list[tuple[int, Any]], count: int, declared: str | None) -> pa.Array:
    values: list[Any] = [None] * count
    for number, value in entries:
        values[number] = value
    present = [value for value in values if value is not None]
    if any(isinstance(value, list | dict) for value in present):
        return pa.array([None if value is None else _json(value) for value in values], pa.string())
    match declared:
        case "integer" if all(value == "" or _INTEGER.fullmatch(value) for value in present):
            return pa.array([int(value) if value else None for value in values], pa.int64())
        case "number" if all(value == "" or _is_number(value) for value in present):
            return pa.array([float(value) if value else None for value in values], pa.float64())
        case "boolean" if all(value == "" or value in _BOOLEANS for value in present):
            return pa.array([_BOOLEANS[value] if value else None for value in values], pa.bool_())
    return pa.array([None if value is None else value for value in values], pa.string())


def _json(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
