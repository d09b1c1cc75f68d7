"""A rule about label points: the coordinates in the fields that say where the name of an area is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.columns import as_numbers
from geoportal.checks.findings import finding
from geoportal.checks.overlay import FINEST_M
from geoportal.checks.projection import from_own_degrees
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification


@rule(
    "label-point-outside",
    scope=Scope.FEATURE,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES, Need.LABELS),
)
def label_in_area(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The label point that the fields of an area name lies in the area, or no further off than the tolerance.

    The fields hold the layer's own coordinates; beside a projected layer numbers that can only be degrees are degrees
    on its datum.
    """
    areal = context.areas
    points = np.column_stack([as_numbers(context.column(name))[areal] for name in context.label_fields])
    given = np.isfinite(points).all(axis=1)
    areal, points = areal[given], points[given]
    if not len(areal):
        return None
    points = _in_layer(context, points)
    polygons = context.polygons[areal]
    shapely.prepare(polygons)
    out = np.flatnonzero(~shapely.intersects_xy(polygons, points[:, 0], points[:, 1]))
    places = np.asarray(shapely.points(points[out]), dtype=object)
    metres = np.asarray(shapely.distance(context.in_metres(polygons[out]), context.in_metres(places)))
    far = ~(metres <= max(context.tolerance_m, FINEST_M))
    out, metres = out[far], metres[far]
    return finding(
        context,
        areal[out],
        place=points[out],
        detail=lambda position: {"distance_m": round(float(metres[position]), 1)},
        params={"fields": list(context.label_fields), "tolerance_m": context.tolerance_m},
    )


def _in_layer(context: Context, points: NDArray[Any]) -> NDArray[Any]:
    crs, extent = context.crs, context.extent
    assert crs is not None and extent is not None  # the rule needs metres
    if crs.is_geographic or (np.abs(points) > [180, 90]).any() or max(map(abs, extent)) <= 180:
        return points
    return from_own_degrees(crs, points)
