"""Rules about where a layer lies: its reference system, the domain of that system, and the node's region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.crs_guess import Candidate, suggest
from geoportal.checks.earth import lies_well, off_earth
from geoportal.checks.findings import finding
from geoportal.checks.placement import EXPLAINED, MOST, inside, middles
from geoportal.checks.projection import corners
from geoportal.checks.readings import METRES_AS_DEGREES, SWAPPED
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LONGEST_CODE = 40


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
    return finding(context, params=context.suggestions)


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
    if context.extent is None or lies_well(context.crs, context.extent):
        return None
    present = np.flatnonzero(context.is_present)
    outside = off_earth(context.crs, corners(context.bounds[present])).reshape(-1, 4).any(axis=1)
    suspects = present[outside]
    vertices, owner = shapely.get_coordinates(context.geometry[suspects], return_index=True)
    off = off_earth(context.crs, vertices)
    broken, first = np.unique(owner[off], return_index=True)
    if not broken.size:
        return None
    params = {"crs": label(context), **context.suggestions}
    best: dict[str, Any] = next(iter(params["candidates"]), {})
    if best.get("kind") in (METRES_AS_DEGREES, SWAPPED) and best["share_inside"] >= EXPLAINED:
        params["reason"] = best["kind"]  # one mistake explains the whole layer: the sentence says so
    features, place = suspects[broken], vertices[off][first]
    reasons: NDArray[Any] | None = None
    if context.region.extent is not None and len(broken) <= MOST:
        reasons = context.placement.reasons(place)
    return finding(
        context,
        features,
        place=place,
        detail=None if reasons is None else lambda at: {"reason": str(reasons[at])},
        params=params,
    )


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
        params["candidates"] = context.suggestions["candidates"]
    return finding(context, placement.present[outside], params=params)


def suggestions(context: Context) -> dict[str, Any]:
    """The readings of its numbers under which the layer would lie in the region, other than its own."""
    boxes = context.bounds[context.is_present]
    candidates = suggest(context.extent, context.region, boxes=boxes, declared=context.layer.crs)
    if plain := _degrees_by_name(context):
        candidates = [plain, *(item for item in candidates if item.swapped or item.flipped or item.crs != plain.crs)]
    told = [item.as_dict() for item in candidates]
    if context.crs is not None and told and context.placement.near.mean() > 1 - EXPLAINED:
        # What lies right as it is read would be spoilt by a repair of the whole layer.
        told = [{**item, "repair": item["repair"] if item["share_inside"] >= EXPLAINED else {}} for item in told]
    return {
        "candidates": told,
        "region": context.region.name.as_dict(),
    }


def label(context: Context) -> str | None:
    """The layer's reference system in a word: its code, else the name in its WKT; None where it has none."""
    crs = context.layer.crs
    return crs if crs is None or context.crs is None or len(crs) <= LONGEST_CODE else context.crs.name


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
