"""Rules about the form of areas, and about shapes that are nearly the same: tiny rings, slivers, near-duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import MULTIPOLYGON, POLYGON
from geoportal.checks.findings import finding
from geoportal.checks.geometry import repeated
from geoportal.checks.nearness import alike, near_pairs, with_company
from geoportal.checks.rules import Need, rule
from geoportal.checks.vertices import in_order
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LEAST_WIDTH_M = 0.01
SLENDER = 20.0
"""Half the outline over the mean width from which an area is long and thin: 18 times as long as wide."""


@rule(
    "ring-tiny",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def rings_large_enough(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No hole and no part of an area is smaller than a square of twice the tolerance: 1 m² where that is half a metre.

    Invalid shapes are left out: they are told already, and what their rings enclose is not certain.
    """
    outlines = context.outlines
    most_m2 = (2 * max(context.tolerance_m, LEAST_WIDTH_M)) ** 2
    least, _ = context.metres_per_unit
    small = outlines.is_ring & (np.abs(outlines.areas) <= most_m2 / least**2 * 1.01)
    paths = np.flatnonzero(small)
    paths = paths[context.is_present[outlines.owners[paths]] & context.is_valid[outlines.owners[paths]]]
    if not paths.size:
        return None
    areas = shapely.area(context.in_metres(outlines.rings(paths)))
    tiny = areas <= most_m2
    paths, areas = paths[tiny], areas[tiny]
    owners = outlines.owners[paths]
    place = shapely.get_coordinates(shapely.point_on_surface(outlines.rings(paths)))
    order = in_order(owners, place)

    def told(spot: int) -> dict[str, Any]:
        reason = "tiny-part" if outlines.is_outer[paths[order[spot]]] else "tiny-hole"
        return {"reason": reason, "area_m2": round(float(areas[order[spot]]), 4)}

    return finding(context, owners[order], place=place[order], detail=told, params={"most_m2": most_m2})


@rule(
    "geometry-sliver",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def areas_have_width(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No area, or part of one, is long and thinner on average than twice the tolerance, or has no area at all."""
    width_m = 2 * max(context.tolerance_m, LEAST_WIDTH_M)
    parts, owners = _areal_parts(context)
    least, most = context.metres_per_unit
    areas, lengths = shapely.area(parts), shapely.length(parts)
    # Mean width and slenderness, each with the benefit of the doubt that unlike units along x and y leave.
    suspect = (2 * areas <= lengths * (width_m / least)) & (lengths**2 * (most / least) ** 2 >= 4 * SLENDER * areas)
    parts, owners = parts[suspect], owners[suspect]
    measured = context.in_metres(parts)
    areas, lengths = shapely.area(measured), shapely.length(measured)
    thin = (2 * areas <= lengths * width_m) & (lengths**2 >= 4 * SLENDER * areas)
    flat = _without_area(context)
    features = np.concatenate((owners[thin], flat))
    place = np.concatenate((shapely.get_coordinates(shapely.point_on_surface(parts[thin])), context.points(flat)))
    widths = np.concatenate((2 * areas[thin] / lengths[thin], np.zeros(len(flat))))
    sizes = np.concatenate((areas[thin], np.zeros(len(flat))))
    order = in_order(features, place)

    def told(spot: int) -> dict[str, Any]:
        at = order[spot]
        if not sizes[at]:
            return {"reason": "no-area"}
        return {"width_m": round(float(widths[at]), 2), "area_m2": round(float(sizes[at]), 2)}

    return finding(context, features[order], place=place[order], detail=told, params={"most_m": width_m})


@rule(
    "geometry-near-duplicate",
    scope=Scope.BETWEEN,
    element=Element.COMPLETENESS_COMMISSION,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def geometry_nearly_once(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two features are the same shape to within the tolerance without being equal: the same thing drawn twice.

    Each vertex of one lies within the tolerance of the outline of the other (Hausdorff's distance). Equal shapes are
    told by ``geometry-duplicate``. The first by id is kept as the original.
    """
    sole = context.is_present.copy()
    again, _ = repeated(context)
    sole[again] = False
    tolerance_m = context.tolerance_m
    near_by = tolerance_m / context.metres_per_unit[0] * 1.01
    rows = np.flatnonzero(sole)
    rows = rows[with_company(context.bounds[rows, :2], near_by)]
    rows = rows[context.ranked(rows)]
    one, other, complete = near_pairs(context.bounds[rows], near_by)
    first, second = rows[one], rows[other]
    if not first.size:
        return None
    used, back = np.unique(np.concatenate((first, second)), return_inverse=True)
    shapes = context.in_metres(shapely.force_2d(context.geometry[used]))
    distances = alike(shapes[back[: len(first)]], shapes[back[len(first) :]], tolerance_m)
    near = np.flatnonzero(distances <= tolerance_m)
    # Of several likenesses of one shape the one that comes first is named; pairs come in the order of their firsts.
    _, keep = np.unique(second[near], return_index=True)
    near = near[keep]
    if not complete:
        context.unfinished.add("geometry-near-duplicate")
    return finding(
        context,
        second[near],
        related=context.feature_ids[first[near]],
        detail=lambda spot: {"distance_m": round(float(distances[near[spot]]), 2)},
        params={"most_m": tolerance_m, "complete": complete},
    )


def _areal_parts(context: Context) -> tuple[NDArray[Any], NDArray[np.int_]]:
    """The polygons of all valid areas and the features that they belong to."""
    sound = context.is_present & context.is_valid
    plain = np.flatnonzero(sound & (context.type_ids == POLYGON))
    several = np.flatnonzero(sound & (context.type_ids == MULTIPOLYGON))
    if not several.size:
        return context.geometry[plain], plain
    parts, part_of = shapely.get_parts(context.geometry[several], return_index=True)
    return np.concatenate((context.geometry[plain], parts)), np.concatenate((plain, several[part_of]))


def _without_area(context: Context) -> NDArray[np.int_]:
    """Invalid areas of which nothing is left when they are made valid."""
    broken = context.is_present & ~context.is_valid & np.isin(context.type_ids, (POLYGON, MULTIPOLYGON))
    rows = np.flatnonzero(broken)
    if not rows.size:
        return rows
    mended = shapely.make_valid(context.geometry[rows], method="structure", keep_collapsed=False)
    return rows[shapely.is_empty(mended)]
