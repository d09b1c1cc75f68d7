"""The ground under a layer without any foreign tiles: sea, graticule, equator, and the node's own land (UI 5)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

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
COVERED: Final = 0.8
INSIDE: Final = 0.6
SPREAD: Final = 0.45
STRAY: Final = 0.5
"""Shares: of the land covered by a layer, of a layer within the land, of the land's span that a layer
spans, and of that span how far beyond the land a shape may lie before it is a stray.
"""


NEIGHBOUR_TEXT: Final = "#6B6053"
RIVER: Final = "#4C9BAA"
LAKE: Final = "#BFDDE2"
WATER_TEXT: Final = "#2B6B78"
ROAD: Final = "#DDD2BF"
DISTRICT: Final = "#B5A996"
SEAT: Final = "#E3A917"

AREAS: Final = ("land", "neighbour", "lake")
LINES: Final = ("district", "river", "road")
KINDS: Final = (*AREAS, *LINES)
"""What a feature of the ground can be, besides a name."""


def _none() -> Shapes:
    return np.array([], dtype=object)


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A name that belongs to the ground: plain text in both languages, its place in degrees, and what it names
    (``tetangga`` a neighbour, ``kota`` a town, ``laut`` a sea, ``sungai`` a river, ``pusat`` the region's seat).
    """

    text: LocalText
    x: float
    y: float
    of: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under a layer, in degrees (CRS84); ``source`` says where it comes from.

    ``land`` is the region itself and ``neighbour`` all land around and under it; ``district``, ``river`` and ``road``
    are lines, ``order`` tells how great each river is (1 the greatest).
    """

    land: Shapes
    source: LocalText
    neighbour: Shapes = field(default_factory=_none)
    district: Shapes = field(default_factory=_none)
    lake: Shapes = field(default_factory=_none)
    river: Shapes = field(default_factory=_none)
    order: Shapes = field(default_factory=_none)
    road: Shapes = field(default_factory=_none)
    names: tuple[PlaceName, ...] = ()


def read_ground(path: Path) -> Ground | None:
    """The ground from a GeoJSON file of the configuration (CRS84; a foreign member ``source`` with ``id`` and ``en``).

    Each feature has a ``kind`` of KINDS or ``name``; an area without one is land. None where there is no file, or an
    empty one: a map then has sea and graticule only. InvalidSpecification when the file is something else.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        features = content["features"] if content["type"] == "FeatureCollection" else [content]
        ground = assemble(features, LocalText.of(content.get("source")))
        if not len(ground.land):
            raise ValueError("a ground needs land")
        return ground
    except (ValueError, LookupError, AttributeError, TypeError, shapely.errors.GEOSException) as error:
        raise InvalidSpecification(f"{path} is not a GeoJSON of a ground: {error}") from error


def assemble(features: Iterable[Mapping[str, Any]], source: LocalText) -> Ground:
    """A ground from GeoJSON features, maybe without land; ValueError, LookupError or TypeError for what is none."""
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    orders: list[int] = []
    names = []
    for feature in features:
        facts = feature.get("properties") or {}
        kind = facts.get("kind", "land")
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(feature.get("geometry") or feature)))
        if kind == "name":
            text = LocalText(str(facts["name"]), str(facts.get("name_en") or facts["name"]))
            x, y = shapely.get_coordinates(shape)[0].tolist()
            names.append(PlaceName(text, x, y, str(facts.get("of", "kota"))))
            continue
        dimension = 2 if kind in AREAS else 1
        for part in shapely.get_parts(shapely.get_parts(shape)):
            if shapely.get_dimensions(part) != dimension or shapely.is_empty(part) or not shapely.is_valid(part):
                raise ValueError(f"a {kind} must be a valid {'area' if dimension == 2 else 'line'}")
            found[kind].append(part)
            if kind == "river":
                orders.append(int(facts.get("order", 2)))
    shapes: dict[str, Any] = {kind: np.array(parts, dtype=object) for kind, parts in found.items()}
    return Ground(source=source, order=np.array(orders, dtype=object), names=tuple(names), **shapes)


def settled(drawing: Drawing, ground: Ground) -> Extent | None:
    """Where the drawing lies, in degrees, without strays: one school on the wrong continent must not turn the map of
    the others into an empty world. Strays are shapes outside the land's box while most lie within it.
    """
    if drawing.extent is None or not len(drawing.shapes):
        return drawing.extent
    west, south, east, north = (float(end) for end in shapely.total_bounds(ground.land))
    margin = STRAY * max(east - west, north - south)
    box = shapely.box(west - margin, south - margin, east + margin, north + margin)
    at_home = np.asarray(shapely.intersects(drawing.shapes, box))
    if at_home.all() or at_home.sum() <= len(at_home) / 2:
        return drawing.extent
    low_x, low_y, high_x, high_y = (float(end) for end in shapely.total_bounds(drawing.shapes[at_home]))
    return low_x, low_y, high_x, high_y


def under(drawing: Drawing, ground: Ground | None) -> Ground | None:
    """The ground that this drawing needs: none where the layer lies elsewhere, or reaches far beyond it."""
    if ground is None or drawing.extent is None:
        return None
    land = shapely.box(*shapely.total_bounds(ground.land))
    wide = shapely.buffer(shapely.box(*(settled(drawing, ground) or drawing.extent)), 0.005, join_style="mitre")
    common = float(shapely.area(shapely.intersection(wide, land)))
    return ground if common >= INSIDE * float(shapely.area(wide)) else None


def covered(drawing: Drawing, ground: Ground) -> bool:
    """Whether the layer's own areas cover the land: then its borders are the layer's, and water lies over it."""
    own = float(shapely.area(drawing.shapes[: drawing.areas]).sum())
    return own > COVERED * float(shapely.area(ground.land).sum())


def edges(land: Shapes, neighbour: Shapes) -> tuple[Shapes, Shapes]:
    """The edge of the land in two: where it borders on other land, and where on water. All edge where nobody knows
    the land around.
    """
    rim = shapely.union_all(shapely.boundary(land))
    if not len(neighbour):
        return _pieces(rim), _none()
    around = shapely.union_all(neighbour)
    return _pieces(shapely.intersection(rim, around)), _pieces(shapely.difference(rim, around))


def _pieces(shape: shapely.Geometry) -> Shapes:
    merged = shapely.line_merge(shape) if shapely.get_type_id(shape) == 5 else shape
    parts = shapely.get_parts(merged)
    return cast("Shapes", parts[(shapely.get_type_id(parts) % 4 == 1) & ~shapely.is_empty(parts)])


def view(drawing: Drawing, land: Ground | None) -> Extent | None:
    """What a map of the drawing shows, in degrees: the layer, or the whole land when the layer is spread over much of
    it.
    """
    if land is None or drawing.extent is None:
        return drawing.extent
    west, south, east, north = (float(end) for end in shapely.total_bounds(land.land))
    own = settled(drawing, land) or drawing.extent
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
