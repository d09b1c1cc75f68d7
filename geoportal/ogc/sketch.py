"""What the map of a page draws: the features of the page in CRS84 with their names, and no other attribute."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import shapely

from geoportal.errors import GeoportalError
from geoportal.ogc.sieve import name_field
from geoportal.ogc.splice import Features
from geoportal.ogc.visit import visit_under_way
from geoportal.serving.crs import CRS84, axis_swapped, crs_from_uri, operation

MOST_BYTES = 1_500_000
"""How many bytes of features a page draws; more than that is left to the JSON answer and the dataset's own map."""

Shape = dict[str, Any]


def drawn(features: Any) -> list[Shape] | None:
    """The features to draw, each with its place on the page (``n``) and its name; None when there are none, they are
    too heavy for a page, or there is no way to bring them to CRS84.
    """
    if isinstance(features, Features):
        if features.size_bytes > MOST_BYTES:
            return None
        features = features.decoded()
    visit = visit_under_way()
    called = name_field(visit.source) if visit.source is not None else ""
    found = []
    for place, feature in enumerate(features):
        if feature.get("geometry"):
            name = (feature.get("properties") or {}).get(called)
            said = {"n": place, "name": str(feature["id"] if name in (None, "") else name)}
            found.append({"type": "Feature", "properties": said, "geometry": feature["geometry"]})
    asked = dict(visit.pairs).get("crs", CRS84)
    if not found or asked == CRS84:
        return found or None
    try:
        return _in_degrees(found, asked)
    except (GeoportalError, shapely.errors.GEOSException):
        return None


def _in_degrees(found: list[Shape], asked: str) -> list[Shape] | None:
    """The same shapes in longitude and latitude; ``asked`` is the address of the system that they are in."""
    system = _code_of(asked)
    way, swapped = operation(system, CRS84), axis_swapped(system)
    shapes = shapely.force_2d(shapely.from_geojson([orjson.dumps(shape["geometry"]) for shape in found]))
    moved = shapely.transform(shapes, lambda xy: way.transform(xy[:, ::-1] if swapped else xy))
    sound = np.isfinite(shapely.bounds(moved)).all(axis=1)
    kept = [
        {**shape, "geometry": orjson.loads(written)}
        for shape, written, good in zip(found, shapely.to_geojson(moved), sound.tolist(), strict=True)
        if good
    ]
    return kept or None


@lru_cache(maxsize=256)
def _code_of(uri: str) -> str:
    """``AUTHORITY:CODE`` of the system that a URI names."""
    return ":".join(crs_from_uri(uri).to_authority() or ())
