"""The ground taken from layers that the node itself publishes: an office's own boundaries, rivers and roads."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import shapely

from geoportal.maps.drawing import AREA, LINE, Shapes, draw
from geoportal.maps.generalise import mosaic_lines, within
from geoportal.maps.ground import AREAS
from geoportal.maps.plan import span
from geoportal.model.layer import Layer

DECIMALS: Final = 4
MOST_CORNERS: Final = {"land": 3000, "neighbour": 1500, "district": 2500, "lake": 1200, "river": 3500, "road": 3000}


def ground_features(kind: str, layer: Layer) -> list[dict[str, Any]]:
    """A layer as features of a ground of one kind: in degrees, light enough to lie under every map.

    Areas given for lines (districts) become the borders between them; areas given for land are joined. The longest
    river is the greatest. Nothing where the layer has no shapes of the right sort.
    """
    drawing = draw(layer)
    areas, lines = drawing.shapes[drawing.dimension == AREA], drawing.shapes[drawing.dimension == LINE]
    width = span(drawing.extent)
    most = MOST_CORNERS[kind]
    if kind in AREAS:
        if not len(areas):
            return []
        sound = np.where(shapely.is_valid(areas), areas, shapely.buffer(areas, 0))
        joined = sound if kind == "lake" else np.array([shapely.union_all(sound, grid_size=width / 100_000)])
        return _features(kind, _valid(within(joined, most, width)[0]))
    if not len(lines) and len(areas) > 1:
        lines = mosaic_lines(areas, width).inner
    if not len(lines):
        return []
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines))))
    light = within(merged, most, width)[0]
    if kind != "river":
        return _features(kind, light)
    longest = int(shapely.length(light).argmax())
    return [
        feature
        for place, line in enumerate(light)
        for feature in _features(kind, np.array([line]), order=1 if place == longest else 2)
    ]


def _valid(areas: Shapes) -> Shapes:
    """Areas on the grid of a ground, valid and without what has no width there."""
    snapped = shapely.get_parts(shapely.set_precision(areas, 10.0**-DECIMALS))
    kept: Shapes = snapped[(shapely.get_type_id(snapped) == 3) & ~shapely.is_empty(snapped)]
    return kept


def _features(kind: str, shapes: Shapes, **facts: Any) -> list[dict[str, Any]]:
    found = []
    for shape in shapely.get_parts(shapes):
        rounded = shapely.transform(shape, lambda corners: np.round(corners, DECIMALS))
        plain = json.loads(shapely.to_geojson(rounded))
        found.append({"type": "Feature", "properties": {"kind": kind} | facts, "geometry": plain})
    return found
