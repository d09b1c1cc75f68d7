"""The quiet drawing of a sealed layer that lies under its findings: shapes in grey, land behind them, a scale.

Read straight from the sealed file with sqlite3 and shapely, so that a worker stays light, and kept for each file: a
sealed file never changes. A refused version has no pictures of its own; this needs none.
"""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.errors import UnknownReferenceSystem
from geoportal.serving.crs import CRS84, operation

Shapes = NDArray[np.object_]
Points = NDArray[np.float64]
Extent = tuple[float, float, float, float]

WIDTH, LEAST_HEIGHT, MOST_HEIGHT, MARGIN = 664, 440, 760, 34
MOST_FEATURES, MOST_BYTES, MOST_CORNERS = 3000, 16_000_000, 9000
FINEST = 0.6
"""Pixels: no corner finer than this is worth its weight."""
SMALL = 2.0
SMALLEST_SPAN = 0.02
FAR = 4.0
"""A layer so many times wider than the region has features gone astray: then the region is shown, and where they went
stands in the list."""
HIGHEST_LATITUDE = 85.0
KM_PER_DEGREE = 111.32
ENVELOPE_BYTES = (0, 32, 48, 48, 64)
"""By the envelope indicator in the header of a geometry (OGC 12-128r19, 2.1.3)."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A drawing of ``width`` x ``height`` pixels; the paths count in half pixels.

    ``west`` and ``north`` are the corner and ``scale`` the pixels per unit: Mercator degrees, or the layer's own
    coordinates where nobody knows how to bring them to degrees. ``scale_px`` is the length of the bar, 0 for none.
    """

    width: int
    height: int
    west: float
    north: float
    scale: float
    degrees: bool
    neighbour: str = ""
    land: str = ""
    lake: str = ""
    river: str = ""
    areas: str = ""
    lines: str = ""
    dots: str = ""
    scale_px: int = 0
    scale_km: float = 0.0

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a place lies, longitude and latitude in degrees; one outside comes to the edge."""
        across = (x - self.west) * self.scale
        down = (self.north - (float(_ordinate(np.array([y]))[0]) if self.degrees else y)) * self.scale
        return min(max(across, 14.0), self.width - 14.0), min(max(down, 14.0), self.height - 14.0)


@lru_cache(maxsize=64)
def backdrop(layer: Path, crs: str | None, region: Extent | None, ground: Path) -> Backdrop | None:
    """The drawing for a sealed layer; None where it has no shape to draw or its file cannot be read."""
    try:
        shapes, degrees = in_degrees(read_shapes(layer), crs)
    except (sqlite3.Error, shapely.errors.GEOSException):
        return None
    if not len(shapes):
        return None
    extent = _shown(shapes, region if degrees else None)
    if degrees:
        shapes = _mercator(shapes)
        extent = (extent[0], *_ordinate(np.array([extent[1]])).tolist(), extent[2], *_ordinate(np.array([extent[3]])))
    west, south, east, north = extent
    least = SMALLEST_SPAN if degrees else 1.0
    wide, high = max(east - west, least), max(north - south, least)
    height = round(min(max((WIDTH - 2 * MARGIN) * high / wide + 2 * MARGIN, LEAST_HEIGHT), MOST_HEIGHT))
    scale = min((WIDTH - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high)
    corner = (west + east) / 2 - WIDTH / scale / 2, (south + north) / 2 + height / scale / 2

    def pixels(some: Shapes) -> Shapes:
        moved = shapely.transform(some, lambda xy: (xy - corner) * (scale, -scale))
        near = shapely.intersects(shapely.box(-WIDTH, -height, 2 * WIDTH, 2 * height), moved)
        kept: Shapes = moved[near]
        return kept

    areas, lines, dots = _split(_light(pixels(shapes)))
    under = {}
    for kind, below in (read_ground(ground) if degrees else {}).items():
        moved = _light(pixels(_mercator(below)))
        under[kind] = _path(moved if kind == "river" else shapely.get_rings(moved), closed=kind != "river")
    spots = np.unique(np.rint(2 * shapely.get_coordinates(dots)).astype(int), axis=0)
    bar, km = _bar(scale, (south + north) / 2) if degrees else (0, 0.0)
    return Backdrop(
        width=WIDTH,
        height=height,
        west=corner[0],
        north=corner[1],
        scale=scale,
        degrees=degrees,
        **under,
        areas=_path(shapely.get_rings(areas), closed=True),
        lines=_path(lines, closed=False),
        dots="".join(f"M{x} {y}h0" for x, y in spots),
        scale_px=bar,
        scale_km=km,
    )


def read_shapes(path: Path) -> Shapes:
    """The shapes of a sealed GeoPackage in its own coordinates: all of them, or every so manieth of very many."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
        named = conn.execute("SELECT column_name FROM gpkg_geometry_columns WHERE table_name = 'layer'").fetchone()
        if named is None:
            return np.empty(0, dtype=object)
        last = conn.execute("SELECT max(_rowid_) FROM layer").fetchone()[0] or 0
        step = max(1, math.ceil(last / MOST_FEATURES))
        column = '"' + str(named[0]).replace('"', '""') + '"'
        found, weight = [], 0
        for (blob,) in conn.execute(f"SELECT {column} FROM layer WHERE _rowid_ % ? = ?", (step, 1 % step)):
            if blob is None or len(blob) < 13 or blob[:2] != b"GP":
                continue
            weight += len(blob)
            if weight > MOST_BYTES:
                break
            found.append(blob[8 + ENVELOPE_BYTES[min(blob[3] >> 1 & 7, 4)] :])
    shapes = shapely.force_2d(shapely.from_wkb(np.array(found, dtype=object), on_invalid="ignore"))
    kept: Shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return kept


def in_degrees(shapes: Shapes, crs: str | None) -> tuple[Shapes, bool]:
    """The shapes in longitude and latitude, and True; as they are, and False, where no way leads there."""
    degrees = False
    if crs is not None:
        try:
            way = operation(crs, CRS84)
            shapes, degrees = shapely.transform(shapes, way.transform), True
        except UnknownReferenceSystem:
            degrees = False
    bounds = shapely.bounds(shapes)
    sound = np.isfinite(bounds).all(axis=1)
    if degrees:
        sound &= (np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1)
    kept: Shapes = shapes[sound]
    return kept, degrees


def read_ground(path: Path) -> dict[str, Shapes]:
    """The areas and lines of the node's ground in degrees, by kind; none where there is no such file, or another one.

    A feature without a kind is land, as in the maps of the datasets.
    """
    found: dict[str, list[Any]] = {"land": [], "neighbour": [], "lake": [], "river": []}
    try:
        for feature in json.loads(path.read_text("utf-8"))["features"]:
            kind = (feature.get("properties") or {}).get("kind", "land")
            if kind in found:
                shape = shapely.force_2d(shapely.from_geojson(json.dumps(feature["geometry"])))
                found[kind].extend(shapely.get_parts(shapely.get_parts(shape)))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, shapely.errors.GEOSException):
        return {}
    return {kind: np.array(shapes, dtype=object) for kind, shapes in found.items() if shapes}


def _shown(shapes: Shapes, region: Extent | None) -> Extent:
    west, south, east, north = (float(end) for end in shapely.total_bounds(shapes))
    if region and max((east - west) / (region[2] - region[0]), (north - south) / (region[3] - region[1])) > FAR:
        inside = shapes[shapely.intersects(shapely.box(*region), shapes)]
        if len(inside) and len(inside) < len(shapes):
            return region
    return west, south, east, north


def _ordinate(latitude: Points) -> Points:
    """Latitude as the ordinate of the spherical Mercator projection, in degrees of longitude at the equator."""
    safe = np.radians(np.clip(latitude, -HIGHEST_LATITUDE, HIGHEST_LATITUDE))
    ordinate: Points = np.degrees(np.arcsinh(np.tan(safe)))
    return ordinate


def _mercator(shapes: Shapes) -> Shapes:
    projected: Shapes = shapely.transform(shapes, lambda xy: np.column_stack([xy[:, 0], _ordinate(xy[:, 1])]))
    return projected


def _light(shapes: Shapes) -> Shapes:
    """The shapes with as many corners as a page can carry: corners go first, then the smallest shapes."""
    tolerance = FINEST
    shapes = shapely.simplify(shapes, tolerance)
    while int(shapely.get_num_coordinates(shapes).sum()) > MOST_CORNERS and tolerance < 8:
        tolerance *= 1.7
        shapes = shapely.simplify(shapes, tolerance)
    corners = shapely.get_num_coordinates(shapes)
    if corners.sum() > MOST_CORNERS:
        largest = np.argsort(-shapely.length(shapes), kind="stable")
        shapes = shapes[np.sort(largest[np.cumsum(corners[largest]) <= MOST_CORNERS])]
    return shapes


def _split(shapes: Shapes) -> tuple[Shapes, Shapes, Shapes]:
    """Areas, lines, and points with the areas too small to see."""
    parts: Any = shapely.get_parts(shapely.get_parts(shapes))
    kind, bounds = shapely.get_dimensions(parts), shapely.bounds(parts)
    tiny = (kind == 2) & (np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) < SMALL)
    dots = np.concatenate([parts[kind == 0], shapely.centroid(parts[tiny])])
    return parts[(kind == 2) & ~tiny], parts[kind == 1], dots


def _path(lines: Shapes, *, closed: bool) -> str:
    """Lines as one path of whole half pixels, relative from corner to corner."""
    written = []
    for line in lines:
        corners = np.rint(2 * shapely.get_coordinates(line)).astype(int)
        moves = np.diff(corners, axis=0)
        moves = moves[(moves != 0).any(axis=1)]
        if len(moves):
            numbers = " ".join(map(str, moves.ravel().tolist())).replace(" -", "-")
            written.append(f"M{corners[0][0]} {corners[0][1]}l{numbers}{'z' if closed else ''}")
    return "".join(written)


def _bar(scale: float, ordinate: float) -> tuple[int, float]:
    """A bar of a round number of kilometres, at most 90 pixels, at the middle latitude."""
    latitude = math.atan(math.sinh(math.radians(ordinate)))
    pixels_per_km = scale / (KM_PER_DEGREE * math.cos(latitude))
    longest = 90 / pixels_per_km
    power = 10.0 ** math.floor(math.log10(longest))
    km = next(step * power for step in (5, 3, 2, 1) if step * power <= longest)
    return round(km * pixels_per_km), km
