"""Where a report is drawn: the layers and the places of a report on one ground.

In degrees where a reference system is known. Where none is, in the plain numbers of the file: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from geoportal.maps.drawing import placer
from geoportal.model.layer import Layer
from geoportal.model.report import Occurrence, Report

DEGREE_DECIMALS: Final = 7
Box = tuple[float, float, float, float]


class Ground:
    """Carries coordinates of each layer of a report to where they are drawn."""

    def __init__(self, report: Report) -> None:
        """``report`` says in which reference system each layer is."""
        self._placers = {layer.name: placer(layer.crs) for layer in report.layers}
        self.names = list(self._placers)
        placed = {layer.name for layer in report.layers if layer.extent} or set(self.names)
        known = {name for name in placed if self._placers[name] is not None}
        self.on_earth = bool(known) or not placed
        self.unplaced = placed - known if known else set()
        """Layers that cannot be laid beside those whose system is known."""

    def place(self, name: str | None, shapes: Any) -> Any:
        """Shapes of a layer (None: of the first) where they are drawn; None in the place of what cannot be drawn."""
        shapes = np.asarray(shapes, dtype=object)
        way = self._placers.get(name or (self.names[0] if self.names else "")) if self.on_earth else None
        if self.on_earth and way is None:
            return np.full(len(shapes), None, dtype=object)
        placed = np.asarray(way(shapes) if way else shapes, dtype=object).copy()
        boxes = shapely.bounds(placed)
        with np.errstate(invalid="ignore"):
            there = np.isfinite(boxes).all(axis=1)
            if self.on_earth:
                there &= (np.abs(boxes[:, [0, 2]]) <= 360).all(axis=1) & (np.abs(boxes[:, [1, 3]]) <= 89).all(axis=1)
        placed[~there] = None
        return placed

    def points(self, name: str | None, items: Sequence[Occurrence]) -> Any:
        """The points of places that have one."""
        return self.place(name, shapely.points(np.array([item.where for item in items], dtype=float).reshape(-1, 2)))

    def flat(self, coordinates: Any) -> list[float]:
        """Coordinates as a flat list, no finer than a map can show."""
        array = np.asarray(coordinates, dtype=float)
        return [float(value) for value in (array.round(DEGREE_DECIMALS) if self.on_earth else array).ravel()]


@dataclass(frozen=True, slots=True)
class Outlines:
    """The lines and points of the layers where they are drawn, as arrays of coordinates."""

    lines: list[Any]
    points: Any

    @property
    def coordinates(self) -> Any:
        """All of them, (n, 2)."""
        return np.concatenate([self.points, *self.lines])


def outlines_on(ground: Ground, layers: Sequence[Layer]) -> Outlines:
    """The outlines of layers on a ground."""
    lines: list[Any] = []
    points = [np.empty((0, 2))]
    for layer in layers:
        if layer.geometry_type is None:
            continue  # a mere table
        shapes = shapely.force_2d(np.asarray(layer.frame.geometry.to_numpy(), dtype=object))
        parts = shapely.get_parts(shapely.get_parts(shapes))
        parts = np.concatenate([shapely.get_rings(parts), parts[shapely.get_type_id(parts) < 3]])
        parts = ground.place(layer.name, parts)
        parts = parts[~shapely.is_missing(parts)]
        dots = shapely.get_type_id(parts) == 0
        points.append(shapely.get_coordinates(parts[dots]))
        lines += [shapely.get_coordinates(line) for line in parts[~dots]]
    return Outlines(lines, np.concatenate(points))


def box_around(*coordinates: Any) -> Box | None:
    """The box around coordinates, None for none."""
    array = np.concatenate([np.empty((0, 2)), *(np.asarray(item, dtype=float).reshape(-1, 2) for item in coordinates)])
    if not len(array):
        return None
    (west, south), (east, north) = array.min(axis=0), array.max(axis=0)
    return float(west), float(south), float(east), float(north)
