"""The box that a client asks for: kept as it was asked, and turned into a region on the layer only where the layer is
known.

Upstream turns a box into an axis-aligned box of the storage CRS, which is another region: edge features get lost, and
near the antimeridian the answer is the complement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.ogc.problems import Problem
from geoportal.serving.crs import CRS84, axis_swapped, half_turn, operation

Box = tuple[float, float, float, float]


class AskedBox(list[float]):
    """A ``bbox`` as it stood in the request, four or six numbers in the axis order of ``crs``."""

    crs: str

    def __init__(self, values: Iterable[float], crs: str) -> None:
        """Keep ``values`` with the address of their reference system."""
        super().__init__(values)
        self.crs = crs


def kept_box(bbox: list[float], from_crs: str, to_crs: str, always_xy: bool = False) -> AskedBox:
    """Seam S4: what pygeoapi means to be the box in the storage CRS stays the box that was asked for."""
    del to_crs, always_xy
    return AskedBox(bbox, str(from_crs))


def numbers_of(value: str | None = None) -> list[float]:
    """Seam S4: the numbers of a box as they stand. Upstream takes the first axis for longitude in whatever CRS."""
    return [float(part) for part in value.split(",")] if value else []


@dataclass(frozen=True, slots=True)
class Region:
    """Where to look, as ``Serving.select`` takes it: ``degrees`` are one or two boxes in CRS84, ``elsewhere`` are such
    boxes in another CRS, in the order of its axes, with its address.

    ``heights`` bound z values, in the units of the layer; a geometry without heights, or a feature without geometry,
    meets them all.
    """

    degrees: tuple[Box, ...] | None = None
    elsewhere: tuple[tuple[Box, ...], str] | None = None
    heights: tuple[float, float] | None = None

    def reaches(self, wkb: list[bytes | None]) -> NDArray[np.bool_]:
        """Which of these geometries (WKB, None for none) overlap the heights."""
        found = np.ones(len(wkb), dtype=bool)
        if self.heights is None:
            return found
        bottom, top = self.heights
        geometries = shapely.from_wkb(np.array(wkb, dtype=object))
        coordinates, owners = shapely.get_coordinates(geometries, include_z=True, return_index=True)
        finite = np.isfinite(coordinates[:, 2])
        lowest, highest = np.full(len(wkb), np.inf), np.full(len(wkb), -np.inf)
        np.minimum.at(lowest, owners[finite], coordinates[finite, 2])
        np.maximum.at(highest, owners[finite], coordinates[finite, 2])
        known = np.isfinite(lowest)
        found[known] = (lowest[known] <= top) & (highest[known] >= bottom)
        return found


def region_of(box: AskedBox) -> Region:
    """The region that ``box`` means; Problem 400 when a first corner lies behind the second one.

    Only a longitude may: then the box crosses the antimeridian (OGC 17-069r4, fc-bbox-definition), in whatever
    geographic system, and whichever axis the longitude is.
    """
    half = len(box) // 2
    low, high = list(box[:half]), list(box[half:])
    heights = (low[2], high[2]) if half == 3 else None
    if heights is not None and heights[0] > heights[1]:
        raise Problem(400, "{name}: the height of its first corner is greater than that of the second.", name="bbox")
    swapped = axis_swapped(box.crs)
    (west, south), (east, north) = (low[1::-1], high[1::-1]) if swapped else (low[:2], high[:2])
    turn = half_turn(box.crs)
    if south > north:
        key = "{name}: its first corner lies north of the second." if turn else _BEHIND
        raise Problem(400, key, name="bbox")
    if west <= east:
        boxes: tuple[Box, ...] = ((west, south, east, north),)
    elif turn is None:
        raise Problem(400, _BEHIND, name="bbox")
    else:
        boxes = ((west, south, max(west, turn), north), (min(east, -turn), south, east, north))
    if operation(box.crs, CRS84).null:
        return Region(degrees=boxes, heights=heights)
    if swapped:
        boxes = tuple((one[1], one[0], one[3], one[2]) for one in boxes)
    return Region(elsewhere=(boxes, box.crs), heights=heights)


_BEHIND = "{name}: its first corner must be the smaller one on both axes of this reference system."
