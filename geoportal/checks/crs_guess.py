"""Suggests in which reference system a layer would land in the node's region. Nothing is ever applied here.

On the equator, or on the edge of two zones, one wrong digit puts a layer 10,000 km away (DOMAIN 1.5). The
candidates stand in the region's settings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.projection import Box, corners, leads_back, on_own_datum, read_crs, to_degrees

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.model.region import Region

EDGE_POINTS = 23


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference system that would put the layer into the region.

    ``extent_degrees`` is where the layer would lie (west, south, east, north; WGS 84); ``share_inside`` the part of
    that box inside the region (0 to 1). ``swapped`` means that y would have to be read before x.
    """

    crs: str
    name: str
    extent_degrees: Box
    share_inside: float
    swapped: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The candidate as JSON."""
        return {
            "crs": self.crs,
            "name": self.name,
            "extent_degrees": [round(value, 6) for value in self.extent_degrees],
            "share_inside": round(self.share_inside, 4),
            "swapped": self.swapped,
        }


def suggest(bounds: Box | None, region: Region) -> list[Candidate]:
    """Candidates under which ``bounds`` (min x, min y, max x, max y; unknown units) touches the region, the best first.

    Equal ones keep the order of the settings, as read before swapped. Empty when nothing fits or the region has no
    extent.
    """
    if bounds is None or region.extent is None or not all(map(math.isfinite, bounds)):
        return []
    swapped = (bounds[1], bounds[0], bounds[3], bounds[2])
    found = []
    for text in region.crs_candidates:
        crs = read_crs(text)
        if crs is None:
            continue
        for box, is_swapped in ((bounds, False), (swapped, True)):
            extent = _in_degrees(crs, box)
            share = share_of(extent, region.extent) if extent else 0.0
            if extent and share > 0:
                found.append(Candidate(text, crs.name, extent, share, is_swapped))
    return sorted(found, key=lambda item: (-round(item.share_inside, 2), item.swapped))


def _in_degrees(crs: CRS, box: Box) -> Box | None:
    """``box`` in degrees on WGS 84 with its edges bent, None where it is no place in ``crs``."""
    if crs.is_geographic and (max(abs(box[0]), abs(box[2])) > 180 or max(abs(box[1]), abs(box[3])) > 90):
        return None
    if crs.is_projected:
        points = corners(np.array([box]))
        if not leads_back(points, *on_own_datum(crs, points)).all():
            return None
    moved = to_degrees(crs, _outline(box))
    if not np.isfinite(moved).all():
        return None
    (west, south), (east, north) = moved.min(axis=0), moved.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _outline(box: Box) -> NDArray[Any]:
    """Points around a box, close enough together that its edges may bend."""
    x, y = np.linspace(box[0], box[2], EDGE_POINTS), np.linspace(box[1], box[3], EDGE_POINTS)
    sides = [(x, np.full_like(x, edge)) for edge in (box[1], box[3])] + [
        (np.full_like(y, edge), y) for edge in (box[0], box[2])
    ]
    return np.concatenate([np.column_stack(side) for side in sides])


def share_of(box: Box, region: Box) -> float:
    """The part of ``box`` inside ``region``; a box without width or height counts along what it has."""
    share = 1.0
    for low, high in ((0, 2), (1, 3)):
        inside = min(box[high], region[high]) - max(box[low], region[low])
        length = box[high] - box[low]
        if inside < 0:
            return 0.0
        share *= inside / length if length > 0 else 1.0
    return share
