"""A sealed layer.gpkg read back as the Layer that it was written from. For build-side code alone: it costs geopandas.

The file is our own writer's: one layer named ``layer``, features in source order, coordinates of the source. What a
GeoPackage cannot say of a field (its width, that a text is JSON) stands in the report that was sealed with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from geoportal.errors import Conflict
from geoportal.model.layer import ID_COLUMN, Field, Layer, LayerSummary
from geoportal.model.report import Report

_NAME = "layer"
_WITH_GAPS = {**dict.fromkeys((pa.int16(), pa.int32(), pa.int64()), "Int64"), pa.bool_(): "boolean"}
_TYPES = {
    ("OFTInteger", "OFSTBoolean"): "boolean",
    ("OFTInteger", "OFSTInt16"): "integer",
    ("OFTInteger", "OFSTNone"): "integer",
    ("OFTInteger64", "OFSTNone"): "integer",
    ("OFTReal", "OFSTNone"): "number",
    ("OFTReal", "OFSTFloat32"): "number",
    ("OFTString", "OFSTJSON"): "json",
    ("OFTDate", "OFSTNone"): "date",
    ("OFTTime", "OFSTNone"): "time",
    ("OFTDateTime", "OFSTNone"): "date-time",
    ("OFTBinary", "OFSTNone"): "binary",
}


def read_sealed(path: Path, report: Report, *, where: str | None = None) -> Layer:
    """The layer in ``path``, in the source CRS; ``report`` is the one that was sealed with it. ``where`` picks features
    (SQL).
    """
    about = pyogrio.read_info(path, layer=_NAME)
    summary = _summary(report, [str(name) for name in about["fields"] if name != ID_COLUMN])
    # CRS84 is written as EPSG:4326 (a GeoPackage always holds x before y): the report knows which it was.
    frame = _frame(path, summary.crs if summary and summary.crs else about["crs"], where)
    ids = tuple(frame.pop(ID_COLUMN).astype(str)) if ID_COLUMN in frame.columns else None
    found = tuple(
        Field(str(name), _TYPES.get((kind, detail), "string"))
        for name, kind, detail in zip(about["fields"], about["ogr_types"], about["ogr_subtypes"], strict=True)
        if name != ID_COLUMN
    )
    if summary is None:
        crs, fields, name, geometry_type = about["crs"], found, _NAME, about["geometry_type"]
    else:
        crs, fields, name, geometry_type = summary.crs, summary.fields, summary.name, summary.geometry_type
        if where is None and len(frame) != summary.features:
            raise Conflict(f"{path.name} holds {len(frame)} features, its report {summary.features}")
    return Layer(name, frame, crs, fields, geometry_type, ids)


@dataclass(frozen=True)
class SealedParts:
    """A sealed layer.gpkg read in parts (``checks.parts.Parts``), for layers that are too large to be held at once.

    ``layer`` is that file's layer without a feature in it: name, reference system, fields. ``notes`` are none: what
    the reader saw stands in the sealed report.
    """

    path: Path
    layer: Layer
    features: int
    size: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of features of each part."""
        return tuple(min(self.size, self.features - first) for first in range(0, self.features, self.size))

    def part(self, number: int) -> Layer:
        """One part, without ids."""
        first = number * self.size
        # Our writer numbers features from 1 in their order.
        return self._read(f"fid > {first} AND fid <= {first + self.size}")

    def rows(self, numbers: Any) -> Layer:
        """These features, counted from 0, ascending."""
        if len(numbers) == self.features:
            return self._read(None)
        numbers = np.asarray(numbers, dtype=np.int64)
        # Runs of numbers become ranges: neighbours in space are often neighbours in the file.
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        runs = np.split(numbers, breaks) if len(numbers) else []
        frames = [
            self._read(" OR ".join(f"fid BETWEEN {run[0] + 1} AND {run[-1] + 1}" for run in runs[at : at + MOST_RUNS]))
            for at in range(0, len(runs), MOST_RUNS)
        ] or [self._read("fid < 0")]
        if len(frames) == 1:
            return frames[0]
        return replace(self.layer, frame=pd.concat([layer.frame for layer in frames], ignore_index=True))

    def attributes(self) -> Layer:
        """The whole layer without geometry, with ids."""
        _, table = pyogrio.read_arrow(self.path, layer=_NAME, read_geometry=False)
        frame: Any = _attributes(table, None)
        ids = tuple(frame.pop(ID_COLUMN).astype(str)) if ID_COLUMN in frame.columns else None
        return replace(self.layer, frame=frame, ids=ids)

    def _read(self, where: str | None) -> Layer:
        frame = _frame(self.path, self.layer.crs, where)
        return replace(self.layer, frame=frame.drop(columns=ID_COLUMN, errors="ignore"))


MOST_RUNS = 400
"""Ranges in one question: SQLite takes a thousand terms."""


def sealed_parts(path: Path, report: Report, size: int) -> SealedParts:
    """The layer in ``path`` in parts of ``size`` features; ``report`` is the one that was sealed with it."""
    layer = read_sealed(path, report, where="fid < 0")
    return SealedParts(path, layer, int(pyogrio.read_info(path, layer=_NAME)["features"]), size)


def _frame(path: Path, crs: str | None, where: str | None = None) -> Any:
    """Attributes and geometry told apart by what the file says of the column: any name may be an attribute's."""
    about, table = pyogrio.read_arrow(path, layer=_NAME, where=where)
    shapes = about["geometry_name"]
    attributes = _attributes(table, shapes)
    if not shapes:
        return attributes
    wkb = table.column(shapes).to_numpy()
    geometries = np.empty(len(wkb), dtype=object)
    geometries[:] = shapely.from_wkb(wkb)
    name, number = "geometry", 1
    while name in attributes.columns:
        number += 1
        name = f"geometry_{number}"
    attributes[name] = geopandas.GeoSeries(geometries, index=attributes.index, crs=crs)
    return geopandas.GeoDataFrame(attributes, geometry=name)


def _attributes(table: pa.Table, shapes: str | None) -> pd.DataFrame:
    """The columns of a table but that of the geometry."""
    return pd.DataFrame(
        {name: _series(table.column(name)) for name in table.schema.names if name != shapes},
        index=pd.RangeIndex(table.num_rows),
    )


def _series(values: pa.ChunkedArray) -> Any:
    """A column as a series: whole numbers and booleans with gaps stay what they are, JSON stays text.

    As floats, large codes would lose their last digits.
    """
    if isinstance(values.type, pa.BaseExtensionType):
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], values.type.storage_type)
    if values.null_count and values.type in _WITH_GAPS:
        return pd.Series(values.to_pylist(), dtype=_WITH_GAPS[values.type])
    if pa.types.is_integer(values.type):
        values = values.cast(pa.int64())
    return values.to_pandas()


def _summary(report: Report, names: list[str]) -> LayerSummary | None:
    """What the report says of this layer: of several, the one with the same fields."""
    same = [layer for layer in report.layers if [field.name for field in layer.fields] == names]
    return same[0] if len(same) == 1 else None
