"""Builds what tests need from code: layers, with the types and ids that a reader would have found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely
from pandas.api import types

from geoportal.model.layer import Field, Layer

FAMILIES = ("Point", "LineString", "LineString", "Polygon")
TYPE_NAMES = (*FAMILIES, "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")


def make_layer(
    geometries: Iterable[Any] | None = None,
    crs: str | None = "EPSG:4326",
    *,
    layer_name: str = "uji",
    ids: Sequence[str] | None = None,
    notes: Sequence[tuple[str, dict[str, Any]]] = (),
    **columns: Sequence[Any],
) -> Layer:
    """A layer of shapely geometries or WKT (None = null) and columns; ``geometries=None`` gives a mere table."""
    if geometries is None:
        frame = pandas.DataFrame(dict(columns))
        return Layer(layer_name, frame, crs, _fields(frame, columns), None, _ids(ids), tuple(notes))
    shapes = np.array([*(_shape(item) for item in geometries), None], dtype=object)[:-1]
    frame = geopandas.GeoDataFrame(dict(columns), geometry=geopandas.GeoSeries(shapes, crs=crs), crs=crs)
    return Layer(layer_name, frame, crs, _fields(frame, columns), common_type(shapes), _ids(ids), tuple(notes))


def squares(columns: int, rows: int, size: float = 0.01, origin: tuple[float, float] = (116.0, -0.5)) -> list[Any]:
    """A grid of squares that share their edges, row by row from the south-west."""
    west, south = origin
    return [
        shapely.box(west + x * size, south + y * size, west + (x + 1) * size, south + (y + 1) * size)
        for y in range(rows)
        for x in range(columns)
    ]


def common_type(shapes: Any) -> str | None:
    """The simple feature type of a layer as a reader states it: None without geometry, Unknown when mixed."""
    numbers = {int(number) for number in shapely.get_type_id(shapes) if number >= 0}
    if not numbers:
        return None
    return TYPE_NAMES[numbers.pop()] if len(numbers) == 1 else "Unknown"


def _shape(item: Any) -> Any:
    with np.errstate(invalid="ignore"):  # NaN coordinates are among what is tested
        return shapely.from_wkt(item) if isinstance(item, str) else item


def _ids(ids: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(ids)


def _fields(frame: Any, columns: Iterable[str]) -> tuple[Field, ...]:
    return tuple(Field(name, _type(frame[name])) for name in columns)


def _type(column: Any) -> str:
    if types.is_bool_dtype(column):
        return "boolean"
    if types.is_integer_dtype(column):
        return "integer"
    if types.is_float_dtype(column):
        return "number"
    return "date-time" if types.is_datetime64_any_dtype(column) else "string"
