"""Whether points of a reference system are places on the earth, and how far they are from where it is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.projection import degrees_per_unit, leads_back, on_own_datum

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS
    from pyproj._crs import AreaOfUse

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
