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
# Whole numbers and booleans with gaps stay what they are: as floats, large codes would lose their last digits.
_NULLABLE = {
    **dict.fromkeys((pa.int16(), pa.int32(), pa.int64()), pd.Int64Dtype()),
    pa.bool_(): pd.BooleanDtype(),
}
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
    frame = _frame(path)
    ids = tuple(frame.pop(ID_COLUMN).astype(str)) if ID_COLUMN in frame.columns else None
    found = tuple(
        Field(str(name), _TYPES.get((kind, detail), "string"))
        for name, kind, detail in zip(about["fields"], about["ogr_types"], about["ogr_subtypes"], strict=True)
        if name != ID_COLUMN
    )
    summary = _summary(report, [field.name for field in found])
    if summary is None:
        crs, fields, name, geometry_type = about["crs"], found, _NAME, about["geometry_type"]
    else:
        crs, fields, name, geometry_type = summary.crs, summary.fields, summary.name, summary.geometry_type
        if len(frame) != summary.features:
            raise Conflict(f"{path.name} holds {len(frame)} features, its report {summary.features}")
    return Layer(name, frame, crs, fields, geometry_type, ids)


def _frame(path: Path) -> Any:
    """Attributes and geometries read apart: an attribute of any name is kept, also one named like a geometry column."""
    attributes = pyogrio.read_dataframe(
        path,
        layer=_NAME,
        read_geometry=False,
        use_arrow=True,
        arrow_to_pandas_kwargs={"types_mapper": _NULLABLE.get},
    )
    for name in attributes.columns:
        column = attributes[name]
        kind = {"Int64": "int64", "boolean": "bool"}.get(str(column.dtype))
        if kind and not column.hasnans:
            attributes[name] = column.to_numpy(dtype=kind)
    about, table = pyogrio.read_arrow(path, layer=_NAME, columns=[])
    wkb = table[about["geometry_name"] or "wkb_geometry"].to_numpy()
    geometries = np.empty(len(wkb), dtype=object)
    geometries[:] = shapely.from_wkb(wkb)
    name = "geometry"
    while name in attributes.columns:
        name = f"_{name}"
    attributes[name] = geopandas.GeoSeries(geometries, index=attributes.index, crs=about["crs"])
    return geopandas.GeoDataFrame(attributes, geometry=name)


def _summary(report: Report, names: list[str]) -> LayerSummary | None:
    """What the report says of this layer: of several, the one with the same fields."""
    same = [layer for layer in report.layers if [field.name for field in layer.fields] == names]
    return same[0] if len(same) == 1 else None
