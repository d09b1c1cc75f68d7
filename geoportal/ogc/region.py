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

from geoportal.errors import BadRequest
from geoportal.serving.crs import CRS84, axis_swapped, operation

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


@dataclass(frozen=True, slots=True)
class Region:
    """Where to look, as ``Serving.select`` takes it: ``degrees`` are one or two boxes in CRS84, ``elsewhere`` is a
    box with its CRS.

    ``heights`` bound z values, in the units of the layer; a geometry without heights, or a feature without geometry,
    meets them all.
    """

    degrees: tuple[Box, ...] | None = None
    elsewhere: tuple[tuple[float, ...], str] | None = None
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
    """The region that ``box`` means; BadRequest when it is upside down in its own CRS."""
    half = len(box) // 2
    low, high = list(box[:half]), list(box[half:])
    heights = (low[2], high[2]) if half == 3 else None
    if not operation(box.crs, CRS84).null:
        return Region(elsewhere=((*low[:2], *high[:2]), box.crs), heights=heights)
    if axis_swapped(box.crs):
        low, high = low[1::-1], high[1::-1]
    (west, south), (east, north) = low[:2], high[:2]
    if south > north:
        raise BadRequest("bbox: the second corner must not lie south of the first", parameter="bbox")
    if west > east:  # across the antimeridian
        return Region(
            ((west, south, max(west, 180.0), north), (min(east, -180.0), south, east, north)), heights=heights
        )
    return Region(((west, south, east, north),), heights=heights)
