"""The ground of an interactive map: panes that keep the order of drawing, what lies under the features, and the water
and edges over them (UI 5).
"""

from __future__ import annotations

import json
from typing import Any, Final

import folium
import numpy as np
import shapely

from geoportal.maps import ground as earth
from geoportal.maps.drawing import Extent, Shapes
from geoportal.maps.escape import inert
from geoportal.maps.generalise import MosaicLines, within
from geoportal.maps.ground import Ground, PlaceName
from geoportal.maps.names import UNBROKEN, broken
from geoportal.maps.plan import span

PANES: Final = (
    ("grid", 310),
    ("around", 312),
    ("halo", 314),
    ("land", 316),
    ("shade", 330),
    ("water", 440),
    ("edge", 450),
    ("names", 620),
)
"""Heights of the panes; the features of the layer lie at 400."""
EVERYWHERE: Final = 9.0
"""Degrees: a name of the ground has this much room, so only another name can push it away."""


def lay_ground(chart: folium.Map, extent: Extent, ground: Ground | None, *, covered: bool, areas: bool) -> None:
    """Graticule, land and water. ``covered`` when the layer fills the land itself, ``areas`` when it consists of areas:
    their rivers, and the lakes of a covered land, lie over the features.
    """
    for name, height in PANES:
        folium.map.CustomPane(name, z_index=height, pointer_events=False).add_to(chart)
    far = 3 * max(span(extent), 0.02)
    around = (extent[0] - far, extent[1] - far, extent[2] + far, extent[3] + far)
    step = earth.graticule_step(extent)
    still(chart, earth.graticule(around, step), "grid", {"color": earth.GRATICULE, "weight": 0.8}, 6)
    if ground is None:
        return
    wide = 2.6
    land = within(ground.land, 4000, wide)[0]
    fill = {"weight": 0, "fillOpacity": 1}
    beyond = fill | {"color": earth.SHORE, "weight": 1, "dashArray": "1 3", "fillColor": earth.NEUTRAL}
    still(chart, within(ground.neighbour, 2000, wide)[0], "around", beyond, 4)
    if not covered:
        still(chart, shapely.boundary(land), "halo", {"color": earth.HALO, "weight": 5}, 4)
    still(chart, land, "land", fill | {"color": earth.LAND, "fillColor": earth.LAND}, 4)
    lakes = {"color": earth.RIVER, "weight": 0.6, "fillColor": earth.LAKE, "fillOpacity": 1}
    still(chart, within(ground.lake, 2000, wide)[0], "water" if covered else "shade", lakes, 4)
    if not covered:
        still(chart, within(ground.road, 3000, wide)[0], "shade", {"color": earth.ROAD, "weight": 1.4}, 4)
        between = {"color": earth.DISTRICT, "weight": 0.8, "dashArray": "5 4"}
        still(chart, within(ground.district, 3000, wide)[0], "shade", between, 4)
    over = "water" if areas else "shade"
    for kept, weight in ((ground.order != 1, 1.1), (ground.order == 1, 2.6)):
        river = {"color": earth.RIVER, "weight": weight}
        still(chart, within(ground.river[kept], 4000, wide)[0], over, river, 4)
    if not covered:
        borders, shore = earth.edges(land, ground.neighbour)
        still(chart, shore, over, {"color": earth.WATER_LINE, "weight": 0.8}, 4)
        look = {"color": earth.EDGE, "weight": 1.6} if len(ground.neighbour) else {"color": earth.SHORE, "weight": 1}
        still(chart, borders, over, look, 4)


def lay_borders(
    chart: folium.Map, lines: MosaicLines, width: float, themed: bool, ground: Ground | None, *, covered: bool
) -> None:
    """The lines of a mosaic, each once: a white halo under it, borders and edge over it.

    What borders on no other land of the ground is shore. A mosaic within a land that it does not cover has no edge but
    a border.
    """
    within_land = ground is not None and not covered
    decimals = decimals_of(width)
    edge, shore = lines.edge, lines.shore
    if ground is not None and len(ground.neighbour) and len(edge):
        inland = shapely.union_all(ground.neighbour)
        coast = _lines(shapely.difference(edge, inland))
        edge, shore = _lines(shapely.intersection(edge, inland)), np.concatenate([coast, shore])
    if not within_land:
        halo = {"color": earth.HALO, "weight": 6, "opacity": 0.9}
        still(chart, shapely.simplify(lines.edge, width / 1000), "halo", halo, decimals)
    between = {"color": earth.BORDER, "weight": 1, "opacity": 0.6 if themed else 0.8}
    still(chart, lines.inner, "edge", between, decimals)
    still(chart, shore, "edge", {"color": earth.WATER_LINE, "weight": 0.8}, decimals)
    still(chart, edge, "edge", between if within_land else {"color": earth.EDGE, "weight": 1.5}, decimals)


def ground_names(ground: Ground, language: str) -> list[tuple[float, float, str, float, str]]:
    """The names of a ground as ``elements.Names`` takes them: latitude, longitude, inert text, room, class."""
    return [
        (
            round(place.y, 5),
            round(place.x, 5),
            "<br>".join(inert(line) for line in _lines_of(place, language)),
            EVERYWHERE,
            place.of,
        )
        for place in ground.names
        if place.of in ("tetangga", "kota", "laut", "sungai")
    ]


def _lines_of(place: PlaceName, language: str) -> tuple[str, ...]:
    name = place.text.in_language(language)
    return (name,) if place.of in UNBROKEN else broken(name)


def still(chart: folium.Map, shapes: Shapes, pane: str, look: dict[str, Any], decimals: int) -> None:
    """Shapes that are only looked at, in a pane of the ground."""
    shapes = shapely.get_parts(shapes)
    if not len(shapes):
        return
    lines = shapely.get_type_id(shapes[0]) == 1
    whole = np.array([shapely.multilinestrings(shapes) if lines else shapely.multipolygons(shapes)])
    features = [
        {"type": "Feature", "id": "0", "properties": {}, "geometry": geometry}
        for geometry in geometries(whole, decimals)
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda _feature: dict(look),
        name=pane,
        pane=pane,
        interactive=False,
        smooth_factor=0,
    ).add_to(chart)


def geometries(shapes: Shapes, decimals: int) -> list[dict[str, Any]]:
    """GeoJSON geometries with rounded coordinates."""
    rounded = shapely.transform(shapes, lambda coordinates: np.round(coordinates, decimals))
    return [json.loads(written) for written in shapely.to_geojson(rounded)]


def decimals_of(width: float) -> int:
    """Decimals of a degree: a metre for a region, a centimetre for a plot."""
    return 5 if width > 0.2 else 6 if width > 0.02 else 7


def _lines(shapes: Shapes) -> Shapes:
    parts = shapely.get_parts(shapes)
    kept: Shapes = parts[(shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)]
    return kept
