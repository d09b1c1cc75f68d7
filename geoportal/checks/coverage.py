"""Rules about areas against each other: no overlaps, no gaps (a coverage, as village boundaries must be).

Neighbours are compared in the layer's own coordinates, where its lines are straight; what was found is then measured
in metres. GEOS' coverage test comes first, because it is ten times cheaper than asking every pair (STACK 10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.findings import finding, inside, shape_of
from geoportal.checks.overlay import measured, overlaid, united
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

MOST_PAIRS = 200_000
"""Pairs that are looked at. Thousands of shapes on one heap have millions; the finding then says "at least"."""
BLOCK = 64
ENCLAVE = 0.5
"""A hole of at least this part of the median area is no slip of the pen: another territory, or one that is missing."""


@rule(
    "coverage-overlap",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def no_overlaps(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two areas share ground wider than the tolerance. One occurrence for each pair, at its largest common part."""
    areal = context.areas
    polygons = context.polygons[areal]
    if len(areal) < 2 or not context.clashes.any():
        return None
    pairs, complete = _neighbours(polygons, context.clashes)
    if not pairs.size:
        return None
    one, other = areal[pairs[:, 0]], areal[pairs[:, 1]]
    names = context.feature_ids[other]
    shared = overlaid(context, shapely.intersection, polygons[pairs[:, 0]], polygons[pairs[:, 1]], one, names)
    parts, pair_of = shapely.get_parts(shared, return_index=True)
    areas, is_wide = measured(context, parts)
    parts, pair_of, areas = parts[is_wide], pair_of[is_wide], areas[is_wide]
    if not parts.size:
        return None
    # The largest part of each pair comes first in it.
    order = np.lexsort((-areas, pair_of))
    parts, areas = parts[order], areas[order]
    found, first, number = np.unique(pair_of[order], return_index=True, return_inverse=True)
    total = np.bincount(number, weights=areas)
    return finding(
        context,
        one[found],
        place=shapely.get_coordinates(shapely.point_on_surface(parts[first])),
        related=names[found],
        detail=lambda position: {"area_m2": round(float(total[position]), 1)},
        params={
            # The sum of what is told of each pair, so that parts of a layer add up to the same.
            "area_m2": round(float(np.round(total, 1).sum()), 1),
            "tolerance_m": context.tolerance_m,
            "complete": complete,
        },
        shapes=shapely.multipolygons(parts, indices=number),
    )


@rule(
    "coverage-gap",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def no_gaps(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Areas shut in no ground that is wider than the tolerance. Bays that are open to the outside are no gaps."""
    areal = context.areas
    polygons = context.polygons[areal]
    if not len(areal):
        return None
    whole = united(context, polygons, fit=not context.clashes.any())
    if whole is None:
        return None
    holes = _enclosed(whole)
    areas, is_wide = measured(context, holes, any_width=context.tolerance_m == 0)
    holes, areas = holes[is_wide], areas[is_wide]
    if not holes.size:
        return None
    is_enclave = areas >= ENCLAVE * np.median(shapely.area(context.in_metres(polygons)))
    points = shapely.get_coordinates(shapely.point_on_surface(holes))
    order = np.lexsort((points[:, 1], points[:, 0], -areas))[: context.sample]
    tree = shapely.STRtree(polygons)
    around = [sorted({str(context.feature_ids[areal[i]]) for i in tree.query(holes[n], "intersects")}) for n in order]
    told = [
        Occurrence(
            None,
            at,
            ", ".join(names) or None,
            {"area_m2": round(float(areas[n]), 1), **({"enclave": True, "reason": "enclave"} if is_enclave[n] else {})},
            shape_of(holes[n]),
        )
        for n, at, names in zip(order, inside(context, points[order]), around, strict=True)
    ]
    return finding(
        context,
        told=told,
        params={
            "area_m2": round(float(areas.sum()), 1),
            "tolerance_m": context.tolerance_m,
            "enclaves": int(is_enclave.sum()),
        },
        count=len(holes),
    )


def _neighbours(polygons: NDArray[Any], clashes: NDArray[np.bool_]) -> tuple[NDArray[np.int_], bool]:
    """Pairs (k, 2) of polygons that touch where the coverage test complains, each once; and whether these are all."""
    suspects = np.flatnonzero(clashes)
    tree = shapely.STRtree(polygons)
    blocks: list[NDArray[np.int_]] = []
    seen = 0
    for start in range(0, len(suspects), BLOCK):
        block = suspects[start : start + BLOCK]
        one, other = tree.query(polygons[block], predicate="intersects")
        pairs = np.column_stack((block[one], other))
        blocks.append(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1))
        seen += len(blocks[-1])
        if seen > 2 * MOST_PAIRS:  # each pair may come from both sides
            break
    if not blocks:
        return np.empty((0, 2), dtype=np.int64), True
    unique = np.unique(np.concatenate(blocks), axis=0)
    return unique[:MOST_PAIRS], seen <= 2 * MOST_PAIRS and len(unique) <= MOST_PAIRS


def _enclosed(whole: Any) -> NDArray[Any]:
    """The ground that is not in ``whole`` but shut in by it, also where its parts only touch in points."""
    west, south, east, north = shapely.bounds(whole)
    margin = max(east - west, north - south)
    frame = shapely.box(west - margin, south - margin, east + margin, north + margin)
    rest = shapely.get_parts(shapely.difference(frame, whole))
    # One part reaches the frame: the outside world.
    return np.asarray(rest[shapely.bounds(rest)[:, 0] >= west])
