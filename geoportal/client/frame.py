"""GeoJSON features of the API as a GeoDataFrame: columns by their schema, ids as the index, x before y."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas

KINDS: dict[str, Any] = {"integer": "Int64", "number": "float64", "boolean": "boolean", "string": "object"}


def frame_of(features: list[dict[str, Any]], fields: Mapping[str, str], crs: str) -> geopandas.GeoDataFrame:
    """The frame of features as the API sent them, whose coordinates are in ``crs`` in the order of its own axes.

    A column is what the schema says, also where all its values are null. A feature without a geometry has None.
    """
    import geopandas
    import pandas as pd
    import pyproj
    import shapely

    system = pyproj.CRS.from_user_input(crs)
    geometries = shapely.from_geojson(
        [None if feature.get("geometry") is None else json.dumps(feature["geometry"]) for feature in features]
    )
    if system.axis_info and system.axis_info[0].direction.lower() in ("north", "south"):
        geometries = shapely.transform(geometries, lambda c: c[:, [1, 0, *range(2, c.shape[1])]], include_z=True)
        geometries = shapely.force_2d(geometries) if not shapely.has_z(geometries).any() else geometries
    rows = [feature.get("properties") or {} for feature in features]
    names = [*fields, *dict.fromkeys(name for row in rows for name in row if name not in fields)]
    columns = {}
    for name in names:
        values = pd.Series([row.get(name) for row in rows], dtype="object")
        kind = KINDS.get(fields.get(name, ""), "object")
        columns[name] = values.astype(kind) if kind != "object" else values
    index = pd.Index([str(feature.get("id")) for feature in features], name="id")
    attributes = pd.DataFrame(columns, columns=names).set_axis(index, axis=0)
    free = next(name for name in ("geometry", "geom", "_geometry") if name not in names)
    attributes[free] = geopandas.GeoSeries(geometries, index=index, crs=system)
    return geopandas.GeoDataFrame(attributes, geometry=free)
