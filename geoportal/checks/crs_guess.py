"""Suggests in which reference system a layer would land in the node's region. Nothing is ever applied here.

On the equator, or on the edge of two zones, one wrong digit puts a layer 10,000 km away (DOMAIN 1.5). The
candidates stand in the region's settings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.placement import EXPLAINED, inside, middles, spread
from geoportal.checks.projection import Box, corners, leads_back, on_own_datum, read_crs, to_degrees
from geoportal.checks.readings import DATUM, MISSING, SIGN, Reading, placed, readings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.model.region import Region

EDGE_POINTS = 23
MOST = 0.5
"""Share of the features that another reading must bring into the region to be named beside the one that is stated."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading that would put the layer into the region.

    ``extent_degrees`` is where the layer would lie (west, south, east, north; WGS 84); ``share_inside`` the share of
    its features that would lie in the region (0 to 1), or the part of its box where only that is known. ``swapped``
    means that y would have to be read before x, ``flipped`` that latitudes have lost their sign, ``kind`` which
    mistake this would put right (``readings``). ``assigned`` is False where the system stays the declared one.
    """

    crs: str
    name: str
    extent_degrees: Box
    share_inside: float
    swapped: bool = False
    flipped: bool = False
    kind: str = MISSING
    assigned: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The candidate as JSON; ``repair`` is what a repair would do to the layer after a yes."""
        return {
            "crs": self.crs,
            "name": self.name,
            "extent_degrees": [round(value, 6) for value in self.extent_degrees],
            "share_inside": round(self.share_inside, 4),
            "swapped": self.swapped,
            "flipped": self.flipped,
            "kind": self.kind,
            "repair": Reading(self.crs, self.kind, self.swapped, self.flipped, self.assigned).repair,
        }


def suggest(
    bounds: Box | None, region: Region, *, boxes: NDArray[Any] | None = None, declared: str | None = None
) -> list[Candidate]:
    """Readings under which ``bounds`` (min x, min y, max x, max y; unknown units) touches the region, the best first.

    ``boxes`` (n, 4) are those of the features: then features are counted, and one astray spoils nothing. ``declared``
    is the system that the layer says it is in: then only what puts more of it into the region is named. Equal ones
    keep the order of the settings, as read before swapped. Empty when nothing fits or the region has no extent.
    """
    if bounds is None or region.extent is None or not all(map(math.isfinite, bounds)):
        return []
    sample = None if boxes is None else boxes[spread(len(boxes))]
    own = read_crs(declared)
    floor = 0.0 if own is None or sample is None else _share(placed(own, middles(sample)), region)
    found: list[Candidate] = []
    plain: dict[str, float] = {}
    for reading in readings_of(declared, region):
        if own is not None and reading.kind == DATUM:
            continue
        candidate = candidate_of(reading, bounds, region, sample)
        if candidate is None or candidate.share_inside <= floor or (own is not None and candidate.share_inside < MOST):
            continue
        if own is None and reading.kind == SIGN:
            # In a region on the equator the mirrored place is as good as any: only proof counts.
            if candidate.share_inside < EXPLAINED or plain.get(reading.crs, 0.0) > 1 - EXPLAINED:
                continue
        elif not reading.swapped:
            plain[reading.crs] = candidate.share_inside
        found.append(candidate)
    return sorted(found, key=lambda item: (-round(item.share_inside, 2), item.swapped, item.flipped))


def candidate_of(
    reading: Reading, bounds: Box, region: Region, boxes: NDArray[Any] | None, *, anywhere: bool = False
) -> Candidate | None:
    """Where a layer would land under a reading, None when that is nowhere, or outside the region (unless ``anywhere``
    will do).
    """
    crs = read_crs(reading.crs)
    if crs is None or region.extent is None:
        return None
    extent, share = _landing(reading, crs, bounds, region, boxes)
    touching = share_of(extent, region.extent) if extent else 0.0
    if extent is None or (max(share or 0.0, touching) <= 0 and not anywhere):
        return None
    return Candidate(
        reading.crs,
        crs.name,
        extent,
        touching if share is None else share,
        reading.swapped,
        reading.flipped,
        reading.kind,
        reading.assigned,
    )


def _landing(
    reading: Reading, crs: CRS, bounds: Box, region: Region, boxes: NDArray[Any] | None
) -> tuple[Box | None, float | None]:
    """Where a layer would lie, and the share of its features in the region; None for the share without features."""
    if boxes is None:
        turned = reading.turned(np.array(bounds).reshape(2, 2))
        (west, south), (east, north) = turned.min(axis=0), turned.max(axis=0)
        return _in_degrees(crs, (float(west), float(south), float(east), float(north))), None
    outline = reading.place(corners(boxes))
    outline = outline[np.isfinite(outline).all(axis=1)]
    if not len(outline):
        return None, None
    (west, south), (east, north) = outline.min(axis=0), outline.max(axis=0)
    extent = float(west), float(south), float(east), float(north)
    return extent, _share(reading.place(middles(boxes)), region)


def _share(degrees: NDArray[Any], region: Region) -> float:
    """The share of some places (longitude, latitude) that lies in the region."""
    return float(inside(degrees, region.extent).mean()) if region.extent and len(degrees) else 0.0


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
