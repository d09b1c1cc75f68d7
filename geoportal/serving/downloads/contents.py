"""A layer on its way into files: its attributes under names that differ, as values and as Arrow columns."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.model.layer import GEOMETRY_TYPES, Layer
from geoportal.model.record import Record
from geoportal.serving.build import geometries_of, served_fields
from geoportal.serving.columns import Values, json_values, knows_zone
from geoportal.serving.downloads.notes import Note
from geoportal.serving.edition import Edition
from geoportal.serving.geojson import Geometries
from geoportal.serving.summary import ORDER, ROWS, ServedField, Summary, read_summary

if TYPE_CHECKING:
    import pyarrow as pa

_INT64 = 2**63


class Contents:
    """What every writer is given: the features of a layer in its order, computed once and shared by all formats."""

    def __init__(self, layer: Layer, serving: Path, dataset_id: str, record: Record, edition: Edition) -> None:
        """``serving`` is the folder of the layer's serving files, which are there already (else Unavailable)."""
        self.layer = layer
        self.serving = serving
        self.dataset_id = dataset_id
        self.record = record
        self.edition = edition
        self.summary: Summary = read_summary(serving)
        self.geometries: Geometries = geometries_of(layer)
        self.places = [place for place, _ in served_fields(layer)]
        self.fields: tuple[ServedField, ...] = tuple(field for _, field in served_fields(layer))
        self.names = unique_names([field.name for field in self.fields])

    def __len__(self) -> int:
        """The number of features."""
        return len(self.layer)

    @property
    def is_table(self) -> bool:
        """Whether it is an attribute table: no feature has a place, and there is no reference system to have one in."""
        return self.layer.crs is None and not (shapely.get_type_id(self.geometries) >= 0).any()

    @cached_property
    def values(self) -> list[Values]:
        """The values of each field as JSON has them (``columns.json_values``)."""
        return [
            json_values(self.layer.frame.iloc[:, place], field.type)
            for place, field in zip(self.places, self.fields, strict=True)
        ]

    @cached_property
    def columns(self) -> list[Column]:
        """The fields as typed columns."""
        return [
            Column.of(name, field.type, values)
            for name, field, values in zip(self.names, self.fields, self.values, strict=True)
        ]

    @cached_property
    def fids(self) -> list[str]:
        """The ids under which the API serves the features, in the order of the source."""
        with closing(sqlite3.connect(f"{(self.serving / ROWS).absolute().as_uri()}?mode=ro", uri=True)) as base:
            found = [str(fid) for (fid,) in base.execute("SELECT fid FROM rows ORDER BY row")]
        return found if ORDER not in self.summary.files else [found[row] for row in self.rows.tolist()]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The row of each feature in the serving files, in the order of the source."""
        rows = np.arange(len(self), dtype=np.int64)
        if ORDER in self.summary.files:
            rows[np.fromfile(self.serving / ORDER, dtype="<i4")] = np.arange(len(self))
        return rows

    @property
    def measured(self) -> int:
        """How many features have measures (M)."""
        return int(shapely.has_m(self.geometries).sum())

    @property
    def solid(self) -> int:
        """How many features have heights (Z)."""
        return int(shapely.has_z(self.geometries).sum())

    def names_of(self, *types: str) -> list[str]:
        """The fields of these types."""
        return [field.name for field in self.fields if field.type in types]

    def renamed(self) -> list[Note]:
        """A note on fields that could not keep their names."""
        changed = [
            f"{field.name} → {name}" for field, name in zip(self.fields, self.names, strict=True) if field.name != name
        ]
        return [Note("names", count=len(changed), names=changed)] if changed else []

    def texts(self, *types: str) -> list[Note]:
        """A note on fields of types that a format does not have, and writes as text."""
        names = self.names_of(*types)
        return [Note("as-text", names=names)] if names else []


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute as Arrow: ``kind`` is the type it really has, ``text`` in place of one that its values break."""

    name: str
    kind: str
    array: pa.Array

    @classmethod
    def of(cls, name: str, kind: str, values: Values) -> Column:
        """The column of JSON values of a type; what does not fit into the type as a whole is text as a whole."""
        import pyarrow as pa

        try:
            return cls(name, kind, _typed(kind, values))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError):
            return cls(name, "string", pa.array(as_texts(values), pa.string()))


def _typed(kind: str, values: Values) -> Any:
    import pyarrow as pa

    match kind:
        case "integer":
            if any(value is not None and not (-_INT64 <= value < _INT64) for value in values):
                raise OverflowError(kind)
            return pa.array(values, pa.int64())
        case "number":
            return pa.array(values, pa.float64())
        case "boolean":
            return pa.array(values, pa.bool_())
        case "date":
            return pa.array(values, pa.string()).cast(pa.date32())
        case "date-time":
            zone = "UTC" if knows_zone(values) else None
            return pa.array(values, pa.string()).cast(pa.timestamp("us", zone))
        case "binary":
            return pa.array([value if value is None else base64.b64decode(value) for value in values], pa.binary())
        case _:
            return pa.array(as_texts(values), pa.string())


def as_texts(values: Iterable[Any]) -> list[str | None]:
    """Values as text: what is no text yet as JSON writes it."""
    return [value if value is None or isinstance(value, str) else orjson.dumps(value).decode() for value in values]


def arrow_table(columns: Sequence[Column], geometries: Geometries | None, geometry_name: str) -> pa.Table:
    """Columns and geometries (ISO WKB) as one table, as GDAL takes it; None for a table without geometry."""
    import pyarrow as pa

    arrays = [column.array for column in columns]
    described = [pa.field(column.name, column.array.type) for column in columns]
    if geometries is not None:
        arrays.append(pa.array(shapely.to_wkb(geometries, flavor="iso"), pa.binary()))
        described.append(pa.field(geometry_name, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"}))
    if not arrays:  # a table needs a column to have rows
        raise ValueError("neither fields nor geometries")
    return pa.table(arrays, schema=pa.schema(described))


def unique_names(names: Iterable[str]) -> list[str]:
    """The names, told apart where SQLite would not: it does not see capitals."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        found.append(free_name(name or "field", taken))
        taken.add(found[-1].casefold())
    return found


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3`` ... that is not taken; capitals make no difference."""
    used = {each.casefold() for each in taken}
    candidate, number = name, 2
    while candidate.casefold() in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def for_programs(crs: str | None) -> str | None:
    """The reference system as GIS programs know it best: CRS84, where a file holds x before y anyway, is EPSG:4326."""
    return "EPSG:4326" if crs == "OGC:CRS84" else crs


def declared_type(geometries: Geometries) -> str:
    """The geometry type that all features have, with Z where all of them have heights; else Unknown."""
    present = geometries[~shapely.is_missing(geometries)]
    kinds = np.unique(shapely.get_type_id(present))
    name = GEOMETRY_TYPES[int(kinds[0])] if len(kinds) == 1 and not shapely.has_m(present).any() else "Unknown"
    if name == "Unknown" or not (solid := shapely.has_z(present)).any():
        return name
    return f"{name} Z" if solid.all() else "Unknown"
