"""Whether points of a reference system are places on the earth, and how far they are from where it is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.projection import Box, degrees_per_unit, leads_back, on_own_datum

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS
    from pyproj._crs import AreaOfUse

ASIDE_DEGREES = 0.1
"""Longitude by which a feature may miss the area of use: areas are told in round numbers."""
ALONG_DEGREES = 3.0
"""Latitude by which it may in a projected system. A district on the equator is drawn in one zone, north or south: its
other half is outside the area on paper, and as exact as the rest."""
GRID = 15
"""Places a side at which a box is asked."""
SLACK_DEGREES = 1e-6
"""Rounding at the edge of the world is forgiven: 0.1 m."""
FAR_DEGREES = 60.0
"""Distance (along a great circle) from the area of use at which coordinates stop making sense. Zone 50 is used for all
of Indonesia, 25 degrees away, and across the equator: outside its area, but not absurd."""


def off_earth(crs: CRS, points: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points (n, 2) are no places in ``crs``."""
    if crs.is_geographic:
        limit = np.array([180.0, 90.0]) + SLACK_DEGREES
        return np.asarray((np.abs(points) * degrees_per_unit(crs) > limit).any(axis=1))
    degrees, back = on_own_datum(crs, points)
    return np.asarray(~leads_back(points, degrees, back) | far_from_area(crs, degrees))


def lies_well(crs: CRS, extent: Box) -> bool:
    """Whether a box in ``crs`` is on the earth and in, or very near, the area that it is made for: nothing to look for.

    A grid of places in the box is asked: within its area a projection has no folds. False where it names no area.
    """
    west, south, east, north = extent
    if crs.is_geographic:
        return not off_earth(crs, np.array([[west, south], [east, north]])).any() and _holds(crs, extent)
    grid = np.stack(np.meshgrid(np.linspace(west, east, GRID), np.linspace(south, north, GRID)), axis=-1)
    places = grid.reshape(-1, 2)
    degrees, back = on_own_datum(crs, places)
    if not leads_back(places, degrees, back).all():
        return False
    (left, bottom), (right, top) = degrees.min(axis=0).tolist(), degrees.max(axis=0).tolist()
    return _holds(crs, (left, bottom, right, top))


def _holds(crs: CRS, box: Box) -> bool:
    """Whether the area of use holds a box in degrees."""
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return False
    unit, along = (degrees_per_unit(crs), ASIDE_DEGREES) if crs.is_geographic else (1.0, ALONG_DEGREES)
    west, south, east, north = (side * unit for side in box)
    return bool(
        area.west - ASIDE_DEGREES <= west
        and east <= area.east + ASIDE_DEGREES
        and area.south - along <= south
        and north <= area.north + along
    )


def far_from_area(crs: CRS, degrees: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points lie absurdly far from the area for which ``crs`` is made. False throughout where it names none."""
    area = crs.area_of_use
    if area is None:
        return np.zeros(len(degrees), dtype=bool)
    longitude, latitude = degrees[:, 0], degrees[:, 1]
    aside = aside_of(area, longitude)
    inside = np.clip(latitude, area.south, area.north)
    south, north = np.full_like(latitude, area.south), np.full_like(latitude, area.north)
    distance = np.min([_angle(aside, latitude, edge) for edge in (inside, south, north)], axis=0)
    return np.asarray(distance > FAR_DEGREES)


def aside_of(area: AreaOfUse, longitude: NDArray[Any]) -> NDArray[Any]:
    """Degrees of longitude from an area, 0 within it; an area may reach across the 180th meridian."""
    width = (area.east - area.west) % 360 or 360.0
    eastward = (longitude - area.west) % 360
    return np.asarray(np.where(eastward <= width, 0.0, np.minimum(eastward - width, 360 - eastward)))


def _angle(aside: NDArray[Any], latitude: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Degrees along a great circle between two latitudes whose meridians are ``aside`` degrees apart."""
    a, b = np.radians(latitude), np.radians(other)
    cosine = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(np.radians(aside))
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
