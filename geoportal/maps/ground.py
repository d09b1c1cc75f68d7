"""The ground under a layer without any foreign tiles: sea, graticule, equator, and the node's own land (UI 5)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from geoportal.errors import InvalidSpecification
from geoportal.maps.drawing import Drawing, Extent, Shapes
from geoportal.model.text import LocalText

SEA: Final = "#DCEAEC"
NEUTRAL: Final = "#EEEAE0"
"""Behind a layer that brings no land and has none under it: nobody knows whether that is sea."""
LAND: Final = "#FFFDF7"
HALO: Final = "#FFFFFF"
GRATICULE: Final = "#C3D8DB"
EQUATOR: Final = "#B8892A"
EQUATOR_TEXT: Final = "#7A5200"
SHORE: Final = "#CFC7B8"
WATER_LINE: Final = "#6FA9B3"
EDGE: Final = "#5A4A3F"
BORDER: Final = "#8A6F55"
INK: Final = "#241C17"

STEPS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
COVERED: Final = 0.4
INSIDE: Final = 0.6
SPREAD: Final = 0.45
"""Shares: of the land covered by a layer, of a layer within the land, of the land's span that a layer spans."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The land of the region in degrees (CRS84), for layers that do not cover it themselves; ``source`` says where it
    comes from.
    """

    land: Shapes
    source: LocalText


def read_ground(path: Path) -> Ground | None:
    """The land from a GeoJSON file of the configuration (CRS84 areas; a foreign member ``source`` with ``id`` and
    ``en``).

    None where there is no file, or an empty one: a map then has sea and graticule only. InvalidSpecification when the
    file is something else.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        land = shapely.get_parts(shapely.force_2d(shapely.from_geojson(json.dumps(content))))
        source = LocalText.of(content.get("source"))
    except (ValueError, AttributeError, TypeError, shapely.errors.GEOSException) as error:
        raise InvalidSpecification(f"{path} is not a GeoJSON of land areas: {error}") from error
    land = shapely.get_parts(land)
    if not len(land) or not (shapely.get_type_id(land) == 3).all() or not shapely.is_valid(land).all():
        raise InvalidSpecification(f"{path} must hold valid areas only")
    return Ground(land, source)


def under(drawing: Drawing, ground: Ground | None) -> Ground | None:
    """The ground that this drawing needs: none where the layer's own areas cover the land, or reach far beyond it."""
    if ground is None or drawing.extent is None:
        return None
    land = shapely.box(*shapely.total_bounds(ground.land))
    wide = shapely.buffer(shapely.box(*drawing.extent), 0.005, join_style="mitre")
    if float(shapely.area(shapely.intersection(wide, land))) < INSIDE * float(shapely.area(wide)):
        return None
    covered = float(shapely.area(drawing.shapes[: drawing.areas]).sum())
    return None if covered > COVERED * float(shapely.area(ground.land).sum()) else ground


def view(drawing: Drawing, land: Ground | None) -> Extent | None:
    """What a map of the drawing shows, in degrees: the layer, or the whole land when the layer is spread over much of
    it.
    """
    if land is None or drawing.extent is None:
        return drawing.extent
    west, south, east, north = (float(end) for end in shapely.total_bounds(land.land))
    own = drawing.extent
    if max((own[2] - own[0]) / (east - west), (own[3] - own[1]) / (north - south)) < SPREAD:
        return own
    return min(west, own[0]), min(south, own[1]), max(east, own[2]), max(north, own[3])


def graticule_step(extent: Extent) -> float:
    """The step of the graticule in degrees: half a degree for a region, otherwise what gives three to eight lines."""
    span = max(extent[2] - extent[0], extent[3] - extent[1])
    if 1.2 <= span <= 6:
        return 0.5
    return next((step for step in STEPS if span / step <= 8), STEPS[-1])


def graticule(extent: Extent, step: float) -> Shapes:
    """The lines of the graticule over an extent, the equator left out: it is drawn as itself."""
    west, south, east, north = extent
    south, north = max(south, -85), min(north, 85)
    meridians = [
        shapely.linestrings([(step * n, south), (step * n, north)])
        for n in range(math.ceil(west / step), math.floor(east / step) + 1)
    ]
    parallels = [
        shapely.linestrings([(west, step * n), (east, step * n)])
        for n in range(math.ceil(south / step), math.floor(north / step) + 1)
        if n
    ]
    return np.array(meridians + parallels, dtype=object)
