"""Rules about where a layer lies: its reference system, the domain of that system, and the node's region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.crs_guess import Candidate, suggest
from geoportal.checks.findings import finding
from geoportal.checks.placement import inside, middles
from geoportal.checks.projection import corners, degrees_per_unit, leads_back, on_own_datum
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

SLACK_DEGREES = 1e-6
"""Rounding at the edge of the world is forgiven: 0.1 m."""
FAR_DEGREES = 60.0
"""Distance (along a great circle) from the area of use at which coordinates stop making sense. Zone 50 is used for all
of Indonesia, 25 degrees away, and across the equator: outside its area, but not absurd."""


@rule(
    "crs-missing",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.BLOCKING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def crs_known(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer says in which reference system its coordinates are. Candidates are suggested, never applied."""
    if context.crs is not None:
        return None
    return finding(context, params=suggestions(context))


@rule(
    "coordinates-outside-domain",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.BLOCKING,
    intake=Severity.BLOCKING,
    needs=(Need.GEOMETRY, Need.CRS),
)
def coordinates_on_earth(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Coordinates are possible in the declared system: degrees within 180 and 90, metres that lead back to the earth.

    Boxes are asked first; a corner of a box may be off the earth where the shape is not (world maps), so the vertices
    decide.
    """
    assert context.crs is not None
    present = np.flatnonzero(context.is_present)
    outside = _off_earth(context.crs, corners(context.bounds[present])).reshape(-1, 4).any(axis=1)
    suspects = present[outside]
    vertices, owner = shapely.get_coordinates(context.geometry[suspects], return_index=True)
    off = _off_earth(context.crs, vertices)
    broken, first = np.unique(owner[off], return_index=True)
    params = {"crs": layer.crs, **suggestions(context)} if broken.size else {}
    return finding(context, suspects[broken], place=vertices[off][first], params=params)


@rule(
    "layer-outside-region",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.CRS, Need.REGION),
)
def layer_in_region(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Features touch the box of the node's region. When most do not, hemisphere, zone or axes may be wrong.

    Those that lie absurdly far from a layer which is otherwise in the region are told by ``feature-stray``.
    """
    placement = context.placement
    outside = ~placement.near
    outside[placement.strays] = False
    if not outside.any():
        return None
    params: dict[str, Any] = {"total": len(context), "region": context.region.name.as_dict()}
    if placement.is_elsewhere:
        params["candidates"] = suggestions(context)["candidates"]
    return finding(context, placement.present[outside], params=params)


def suggestions(context: Context) -> dict[str, Any]:
    """The readings of its numbers under which the layer would lie in the region, other than its own."""
    boxes = context.bounds[context.is_present]
    candidates = suggest(context.extent, context.region, boxes=boxes, declared=context.layer.crs)
    if plain := _degrees_by_name(context):
        candidates = [plain, *(item for item in candidates if item.swapped or item.flipped or item.crs != plain.crs)]
    return {
        "candidates": [item.as_dict() for item in candidates],
        "region": context.region.name.as_dict(),
    }


def _degrees_by_name(context: Context) -> Candidate | None:
    """WGS 84 for a table without reference system whose columns are called longitude and latitude and hold such values.

    It is what such a table nearly always means, so it is named first; it is still the officer who says so.
    """
    extent = context.extent
    named = any(
        rule == "table-coordinates" and params.get("reason") in ("coordinates-degrees", "coordinates-dms")
        for rule, params in context.layer.notes
    )
    if extent is None or not named or context.layer.crs is not None:
        return None
    if max(abs(extent[0]), abs(extent[2])) > 180 or max(abs(extent[1]), abs(extent[3])) > 90:
        return None
    region = context.region.extent
    places = middles(context.bounds[context.is_present])
    return Candidate("EPSG:4326", "WGS 84", extent, float(inside(places, region).mean()) if region else 0.0)


def _off_earth(crs: CRS, points: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points (n, 2) are no places in ``crs``."""
    if crs.is_geographic:
        limit = np.array([180.0, 90.0]) + SLACK_DEGREES
        return np.asarray((np.abs(points) * degrees_per_unit(crs) > limit).any(axis=1))
    degrees, back = on_own_datum(crs, points)
    return np.asarray(~leads_back(points, degrees, back) | _far_from_area(crs, degrees))


def _far_from_area(crs: CRS, degrees: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points lie absurdly far from the area for which ``crs`` is made. False throughout where it names none."""
    area = crs.area_of_use
    if area is None:
        return np.zeros(len(degrees), dtype=bool)
    longitude, latitude = degrees[:, 0], degrees[:, 1]
    width = (area.east - area.west) % 360 or 360.0
    eastward = (longitude - area.west) % 360
    aside = np.where(eastward <= width, 0.0, np.minimum(eastward - width, 360 - eastward))
    inside = np.clip(latitude, area.south, area.north)
    south, north = np.full_like(latitude, area.south), np.full_like(latitude, area.north)
    distance = np.min([_angle(aside, latitude, edge) for edge in (inside, south, north)], axis=0)
    return np.asarray(distance > FAR_DEGREES)


def _angle(aside: NDArray[Any], latitude: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Degrees along a great circle between two latitudes whose meridians are ``aside`` degrees apart."""
    a, b = np.radians(latitude), np.radians(other)
    cosine = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(np.radians(aside))
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
