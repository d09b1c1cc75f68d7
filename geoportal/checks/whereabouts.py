"""Rules about where on the earth a layer lies: off the area that its reference system is meant for, across the seam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoportal.checks.earth import ALONG_DEGREES, ASIDE_DEGREES, SLACK_DEGREES, aside_of, far_from_area, lies_well
from geoportal.checks.findings import finding
from geoportal.checks.projection import corners, degrees_per_unit, leads_back, on_own_datum
from geoportal.checks.reference import label
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification


@rule(
    "crs-area-of-use",
    scope=Scope.FEATURE,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.CRS),
)
def in_area_of_use(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Features lie where their reference system is meant to be used: outside, lengths and areas are off.

    What is absurdly far away is told by ``coordinates-outside-domain``.
    """
    crs = context.crs
    assert crs is not None
    area = crs.area_of_use
    if area is None or context.extent is None or lies_well(crs, context.extent):
        return None
    present = np.flatnonzero(context.is_present)
    places = corners(context.bounds[present])
    degrees, back = on_own_datum(crs, places)
    possible = np.isfinite(degrees).all(axis=1) & (np.abs(degrees) <= [180.0 + SLACK_DEGREES, 90.0]).all(axis=1)
    if crs.is_projected:
        possible &= leads_back(places, degrees, back)
    beyond = np.maximum(np.maximum(area.south - degrees[:, 1], degrees[:, 1] - area.north), 0.0)
    along = ALONG_DEGREES if crs.is_projected else ASIDE_DEGREES
    outside = ((aside_of(area, degrees[:, 0]) > ASIDE_DEGREES) | (beyond > along)).reshape(-1, 4).any(axis=1)
    suspects = np.flatnonzero(outside)
    absurd = (~possible | far_from_area(crs, degrees)).reshape(-1, 4)[suspects].any(axis=1)
    rows = present[suspects[~absurd]]
    if not rows.size:
        return None
    params = {"crs": label(context), "area": area.name}
    return finding(context, rows, params=params)


@rule(
    "antimeridian-crossing",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.CRS),
)
def within_one_turn(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No edge is longer than half the way round the earth, and no feature lies on both sides of the 180th meridian.

    Programs draw such an edge the long way round, right across the map (RFC 7946, 3.1.9), and take the box of a
    feature on both sides for the whole earth.
    """
    crs = context.crs
    assert crs is not None
    if not crs.is_geographic:
        return None
    half_turn = 180.0 / degrees_per_unit(crs)
    wide = np.flatnonzero(context.bounds[:, 2] - context.bounds[:, 0] > half_turn)
    if not wide.size:
        return None
    place = np.full((len(wide), 2), np.nan)
    reasons = np.full(len(wide), "", dtype=object)
    outlines = context.outlines
    long = np.flatnonzero(np.abs(outlines.edges[0]) > half_turn)
    features, first = np.unique(outlines.owners[outlines.paths_of(long)], return_index=True)
    _, spot, which = np.intersect1d(wide, features, return_indices=True)
    place[spot] = outlines.vertices[long[first[which]]]
    reasons[spot] = "long-edge"
    sides = np.abs(context.bounds[wide][:, [0, 2]])
    split = (np.abs(sides - half_turn) <= SLACK_DEGREES).all(axis=1)
    reasons[split & (reasons == "")] = "both-sides"
    found = reasons != ""
    return finding(context, wide[found], place=place[found], detail=lambda at: {"reason": reasons[found][at]})
