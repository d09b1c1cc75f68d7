"""What of a layer is drawn: which features, where on earth, and what the reader must be told was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, cast

import geopandas
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geoportal.language import number, text
from geoportal.model.layer import Layer

Shapes = npt.NDArray[Any]
Extent = tuple[float, float, float, float]

MOST_FEATURES: Final = 2000
CRS84: Final = "OGC:CRS84"
COLLECTION: Final = 7
DIMENSIONS: Final = np.array([0, 1, 1, 2, 0, 1, 2, -1])
"""Dimension by shapely's type id; a GeometryCollection has none that a legend could name."""
POINT, LINE, AREA = 0, 1, 2
SCRIBBLE: Final = 100
"""An outline so many times longer than that of its bounds crosses itself too often to be sorted out in good time."""


@dataclass(frozen=True, slots=True)
class Omissions:
    """What is not on the map, by reason and count. ``largest`` says how the drawn ones were chosen, if not all are."""

    total: int
    candidates: int
    drawn: int
    largest: bool = False
    placeless: int = 0
    collections: int = 0
    outside: int = 0
    unknown_crs: bool = False

    def sentences(self, language: str) -> list[str]:
        """What a reader must know, a sentence each; none when everything is drawn."""
        if not self.total:
            return [text("maps", "note.empty", language)]
        if self.unknown_crs:
            return [text("maps", "note.crs", language)]
        if self.placeless == self.total:
            return [text("maps", "note.table", language)]
        said = []
        if self.drawn < self.candidates:
            key = "note.largest" if self.largest else "note.sample"
            said.append(
                text("maps", key, language, drawn=number(self.drawn, language), total=number(self.total, language))
            )
        for key, count in (
            ("note.placeless", self.placeless),
            ("note.collections", self.collections),
            ("note.outside", self.outside),
        ):
            if count:
                said.append(text("maps", key, language, count=number(count, language)))
        return said


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawn features, areas first and large ones before small ones, so that points and small areas stay on top.

    ``rows`` are positions in the layer's frame, ``shapes`` their geometries in degrees (CRS84, two-dimensional, not
    simplified), ``dimension`` 0, 1 or 2 each. ``extent`` is west, south, east, north; east is above 180 where the layer
    crosses the antimeridian.
    """

    rows: npt.NDArray[np.intp]
    shapes: Shapes
    dimension: npt.NDArray[np.int_]
    extent: Extent | None
    omissions: Omissions

    def __len__(self) -> int:
        """The number of drawn features."""
        return len(self.rows)

    @property
    def areas(self) -> int:
        """How many of them are areas; they come first."""
        return int((self.dimension == AREA).sum())


def draw(layer: Layer, most: int = MOST_FEATURES) -> Drawing:
    """Choose and place what a map of the layer shows; never raises for bad data.

    Without a CRS nothing is placed: none is guessed. Above ``most`` features, points are taken evenly over the source
    order, lines and areas by size.
    """
    source = _geometries(layer)
    total = len(source)
    kinds = shapely.get_type_id(source)
    placeless = (kinds < 0) | shapely.is_empty(source)
    collection = ~placeless & (kinds >= COLLECTION)
    candidates = np.flatnonzero(~placeless & ~collection)
    omitted = Omissions(total, len(candidates), 0, placeless=int(placeless.sum()), collections=int(collection.sum()))
    place = placer(layer.crs)
    if place is None:
        return _nothing(replace(omitted, unknown_crs=bool(len(candidates))))
    dimension = DIMENSIONS[kinds[candidates]]
    chosen = _choose(source[candidates], dimension, most)
    rows, dimension = candidates[chosen], dimension[chosen]
    shapes = place(source[rows])
    there = _on_earth(shapes)
    rows, dimension = rows[there], dimension[there]
    shapes = _unwrapped(_paintable(shapes[there]))
    order = np.lexsort((np.arange(len(rows)), -_size(shapes), -dimension))
    lost = int((~there).sum())
    largest = bool((dimension > POINT).any())
    drawn = replace(omitted, candidates=len(candidates) - lost, drawn=len(rows), largest=largest, outside=lost)
    return Drawing(rows[order], shapes[order], dimension[order], _extent(shapes), drawn)


def _geometries(layer: Layer) -> Shapes:
    """The geometry column, flat; all None for a table without one."""
    frame: Any = layer.frame
    if not isinstance(frame, geopandas.GeoDataFrame) or frame.active_geometry_name is None:
        return np.full(len(frame), None, dtype=object)
    return cast("Shapes", shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object)))


@lru_cache(maxsize=16)
def placer(crs: str | None) -> Callable[[Shapes], Shapes] | None:
    """What carries geometries to degrees, x before y; None when the CRS is unknown. Kept: PROJ looks long for the best
    way.
    """
    if crs is None:
        return None
    try:
        known = CRS.from_user_input(crs)
        transformer = Transformer.from_crs(known, CRS84, always_xy=True)
    except CRSError:
        return None

    def to_degrees(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1], errcheck=False)
        return np.column_stack([x, y])

    return lambda shapes: shapely.transform(shapes, to_degrees)


def _on_earth(shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Which shapes have finite corners only, none beyond a pole or more than once around."""
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    with np.errstate(invalid="ignore"):
        astray = ~((np.abs(corners[:, 0]) <= 360) & (np.abs(corners[:, 1]) <= 90))
    return np.asarray(np.bincount(owner[astray], minlength=len(shapes)) == 0, dtype=bool)


def _paintable(shapes: Shapes) -> Shapes:
    """Areas that cross themselves as the same faces without a crossing: only for the picture, so that it can be
    simplified.
    """
    crossed = (shapely.get_dimensions(shapes) == AREA) & ~shapely.is_valid(shapes)
    if not crossed.any():
        return shapes
    result = shapes.copy()
    bounds = shapely.bounds(shapes)
    around = 2 * (bounds[:, 2] - bounds[:, 0] + bounds[:, 3] - bounds[:, 1])
    for place in np.flatnonzero(crossed & (shapely.length(shapes) < SCRIBBLE * around)):
        try:
            faces = shapely.get_parts(shapely.make_valid(shapes[place], method="structure", keep_collapsed=False))
        except shapely.errors.GEOSException:
            continue
        faces = faces[(shapely.get_dimensions(faces) == AREA) & ~shapely.is_empty(faces)]
        if len(faces):
            result[place] = shapely.multipolygons(list(faces))
    return result


def _choose(shapes: Shapes, dimension: npt.NDArray[np.int_], most: int) -> npt.NDArray[np.intp]:
    """At most ``most`` positions: evenly for points, the largest for the rest, shared out by their numbers."""
    if len(shapes) <= most:
        return np.arange(len(shapes))
    kept = []
    points = dimension == POINT
    for kind in (points, ~points):
        where = np.flatnonzero(kind)
        share = max(1, round(most * len(where) / len(shapes))) if len(where) else 0
        if share >= len(where):
            kept.append(where)
        elif kind is points:
            kept.append(where[np.linspace(0, len(where) - 1, share).round().astype(np.intp)])
        else:
            kept.append(where[np.argsort(-_size(shapes[where]), kind="stable")[:share]])
    return np.sort(np.concatenate(kept))[:most]


def _size(shapes: Shapes) -> npt.NDArray[np.float64]:
    """The diagonal of each feature's bounds: enough to rank by size, in whatever unit."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    sizes = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    return cast("npt.NDArray[np.float64]", np.nan_to_num(sizes, nan=0.0, posinf=0.0))


def _unwrapped(shapes: Shapes) -> Shapes:
    """Shapes on both sides of the antimeridian, moved side by side: their western longitudes count on past 180."""
    if not len(shapes):
        return shapes
    bounds = shapely.bounds(shapely.get_parts(shapes))
    west, east = bounds[:, 0], bounds[:, 2]
    if east.max() - west.min() <= 180 or ((west < 0) & (east > 0)).any():
        return shapes
    behind = west < 0
    if np.where(behind, east + 360, east).max() - np.where(behind, west + 360, west).min() >= 180:
        return shapes

    def onward(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(
            [np.where(coordinates[:, 0] < 0, coordinates[:, 0] + 360, coordinates[:, 0]), coordinates[:, 1]]
        )

    return cast("Shapes", shapely.transform(shapes, onward))


def _extent(shapes: Shapes) -> Extent | None:
    if not len(shapes):
        return None
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)


def _nothing(omissions: Omissions) -> Drawing:
    none = np.array([], dtype=np.intp)
    return Drawing(none, np.array([], dtype=object), none.astype(np.int_), None, omissions)
