"""A sealed layer.gpkg read back as the Layer that it was written from. For build-side code alone: it costs geopandas.

The file is our own writer's: one layer named ``layer``, features in source order, coordinates of the source. What a
GeoPackage cannot say of a field (its width, that a text is JSON) stands in the report that was sealed with it.
"""

from __future__ import annotations

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


def read_sealed(path: Path, report: Report) -> Layer:
    """The layer in ``path``, in the source CRS; ``report`` is the one that was sealed with it."""
    about = pyogrio.read_info(path, layer=_NAME)
    summary = _summary(report, [str(name) for name in about["fields"] if name != ID_COLUMN])
    # CRS84 is written as EPSG:4326 (a GeoPackage always holds x before y): the report knows which it was.
    frame = _frame(path, summary.crs if summary and summary.crs else about["crs"])
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
        if len(frame) != summary.features:
            raise Conflict(f"{path.name} holds {len(frame)} features, its report {summary.features}")
    return Layer(name, frame, crs, fields, geometry_type, ids)


def _frame(path: Path, crs: str | None) -> Any:
    """Attributes and geometry told apart by what the file says of the column: any name may be an attribute's."""
    about, table = pyogrio.read_arrow(path, layer=_NAME)
    shapes = about["geometry_name"]
    attributes = pd.DataFrame(
        {name: _series(table.column(name)) for name in table.schema.names if name != shapes},
        index=pd.RangeIndex(table.num_rows),
    )
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
