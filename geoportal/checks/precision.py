"""A rule about what is left of shapes when their coordinates are rounded for publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.findings import finding
from geoportal.checks.projection import to_degrees
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

DECIMALS = 9
"""Of degrees in what is published as CRS84 (CONTRACT 6): a tenth of a millimetre."""
AT_ONCE = 50_000
"""Features that are rounded together, so that the layer is not held twice."""


@rule(
    "geometry-collapses",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.CRS),
)
def survives_rounding(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Shapes are still valid in degrees with nine decimals, as they are published. Points cannot collapse."""
    assert context.crs is not None
    counts = shapely.get_num_coordinates(context.geometry).astype(np.int64)
    firsts = np.cumsum(counts) - counts
    drawn = context.is_present & context.is_valid & (shapely.get_dimensions(context.geometry) > 0)
    reasons = np.full(len(context), "", dtype=object)
    for begin in range(0, len(context), AT_ONCE):
        rows = np.flatnonzero(drawn[begin : begin + AT_ONCE]) + begin
        if rows.size:
            last = rows[-1]
            block = context.vertices[firsts[begin] : firsts[last] + counts[last]]
            degrees = to_degrees(context.crs, block)
            _ask(context, rows, np.round(degrees, DECIMALS), degrees, counts[begin : last + 1], reasons)
    broken = np.flatnonzero(reasons != "")
    if not broken.size:
        return None
    names, times = np.unique(reasons[broken].astype(str), return_counts=True)
    return finding(
        context,
        broken,
        detail=lambda spot: {"reason": reasons[broken[spot]]},
        params={
            "decimals": DECIMALS,
            "reasons": {str(name): int(number) for name, number in zip(names, times, strict=True)},
        },
    )


def _ask(
    context: Context,
    rows: NDArray[np.int_],
    rounded: NDArray[Any],
    degrees: NDArray[Any],
    counts: NDArray[np.int_],
    reasons: NDArray[Any],
) -> None:
    """Write down what GEOS says of the features ``rows`` once they are rounded.

    ``rounded`` and ``degrees`` are the vertices of all features up to the last of ``rows``, which have ``counts`` each.
    """
    begin = int(rows[-1]) + 1 - len(counts)
    moved = (rounded != degrees).any(axis=1)
    if not moved.any():
        return
    owner = np.repeat(np.arange(begin, begin + len(counts)), counts)
    touched = np.zeros(len(context), dtype=bool)
    touched[owner[moved]] = True
    touched[owner[~np.isfinite(degrees).all(axis=1)]] = False  # off the earth: told by another rule
    rows = rows[touched[rows]]
    if not rows.size:
        return
    chosen = np.zeros(len(context), dtype=bool)
    chosen[rows] = True
    shapes = shapely.set_coordinates(shapely.force_2d(context.geometry[rows]), rounded[chosen[owner]])
    fallen = ~shapely.is_valid(shapes)
    if fallen.any():
        said = np.asarray(shapely.is_valid_reason(shapes[fallen]), dtype=str)
        reasons[rows[fallen]] = np.strings.strip(np.strings.partition(said, "[")[0])
