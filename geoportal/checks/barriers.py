"""A rule between layers: lines and areas stay on one side of those of another layer that they must not cross."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.beside import Beside, surroundings_of
from geoportal.checks.context import LINE, MULTILINE, MULTIPOLYGON, POLYGON, RING
from geoportal.checks.findings import finding
from geoportal.checks.overlay import FINEST_M
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LINES = (LINE, RING, MULTILINE)
AREAS = (POLYGON, MULTIPOLYGON)


@rule(
    "crosses-other-layer",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES, Need.BARRIERS),
)
def crosses_nothing(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Lines and outlines of areas cross no line and no outline of the layers that the specification names.

    Touching, and ending on one, is no crossing; nor is what reaches over it by no more than the tolerance. One
    occurrence for each feature and the one it crosses, at all places where it does.
    """
    told = [_crossings(context, beside) for beside in surroundings_of(context).barriers]
    features = np.concatenate([found for found, _, _ in told])
    if not features.size:
        return None
    datasets = np.repeat(
        [beside.name for beside in surroundings_of(context).barriers], [len(found) for found, _, _ in told]
    )
    shapes = np.concatenate([places for _, _, places in told])
    points = shapely.get_coordinates(shapely.get_geometry(shapes, 0))
    return finding(
        context,
        features,
        place=points,
        related=np.concatenate([names for _, names, _ in told]),
        detail=lambda at: {
            "dataset": str(datasets[at]),
            "places": int(shapely.get_num_geometries(shapes[at])),
        },
        params={
            "datasets": sorted(set(datasets.tolist())),
            "places": int(shapely.get_num_geometries(shapes).sum()),
            "tolerance_m": context.tolerance_m,
        },
        shapes=shapes,
    )


def _crossings(context: Context, beside: Beside) -> tuple[NDArray[np.int_], NDArray[Any], NDArray[Any]]:
    """Features that cross one of ``beside``, the name of that one, and the places as multipoints."""
    own = np.flatnonzero(context.is_present & context.is_valid & np.isin(context.type_ids, (*LINES, *AREAS)))
    shapes = shapely.force_2d(context.geometry[own])
    tree = shapely.STRtree(beside.shapes)
    pairs = [tree.query(shapes, predicate=how) for how in ("crosses", "overlaps")]
    one, other = np.unique(np.concatenate(pairs, axis=1), axis=1)
    kept = _reaches_over(context, shapes[one], beside.shapes[other])
    one, other = one[kept], other[kept]
    # Along a common stretch there is no place of crossing but its ends.
    met = shapely.intersection(_outline(shapes[one]), _outline(beside.shapes[other]))
    points = np.array([shapely.MultiPoint(np.unique(_ends(shape), axis=0)) for shape in met], dtype=object)
    there = np.array([not shapely.is_empty(shape) for shape in points], dtype=bool)
    names = np.array([_name(beside, row) for row in other[there].tolist()], dtype=object)
    return own[one[there]], names, points[there]


def _outline(shapes: NDArray[Any]) -> NDArray[Any]:
    """Lines as they are, areas as their outlines."""
    lines = shapes.copy()
    areal = np.isin(shapely.get_type_id(shapes), AREAS)
    lines[areal] = shapely.boundary(shapes[areal])
    return lines


def _ends(shape: Any) -> NDArray[Any]:
    """The points of an intersection of two lines, and both ends of each stretch that they share."""
    parts = shapely.get_parts(shape)
    if not len(parts):
        return np.empty((0, 2))
    is_line = np.isin(shapely.get_type_id(parts), LINES)
    ends = [parts[~is_line], shapely.get_point(parts[is_line], 0), shapely.get_point(parts[is_line], -1)]
    return np.asarray(shapely.get_coordinates(np.concatenate(ends)))


def _reaches_over(context: Context, shapes: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether a feature lies on both sides of an area by more than the tolerance. Two lines always cross for good."""
    wide = np.ones(len(shapes), dtype=bool)
    areal = np.isin(shapely.get_type_id(others), AREAS)
    if not areal.any():
        return wide
    least = max(context.tolerance_m, FINEST_M)
    for piece in (shapely.intersection, shapely.difference):
        in_metres = context.in_metres(piece(shapes[areal], others[areal]))
        size = shapely.length(in_metres)
        flat = np.isin(shapely.get_type_id(shapes[areal]), AREAS)
        # An area reaches over where its part is wider than the tolerance; its width is its area over half its outline.
        size[flat] = 2 * shapely.area(in_metres[flat]) / np.maximum(size[flat], FINEST_M)
        wide[areal] &= size > least
    return wide


def _name(beside: Beside, row: int) -> str:
    """What the feature there is called: its code, else its number from 1."""
    if beside.key is not None and beside.key in beside.frame.columns:
        return str(beside.frame[beside.key].iloc[row])
    return str(row + 1)
