"""A rule about where a feature is, by a layer that says where it should be: a list of islands, of pillars, of capitals.

Codes tie the two together. Where a slip explains the difference (a lost minus sign, latitude and longitude exchanged)
it is named, and nothing is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.beside import Relation, surroundings_of
from geoportal.checks.findings import finding
from geoportal.checks.overlay import FINEST_M
from geoportal.checks.projection import to_degrees
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

EARTH_M = 6_371_000.0
FITS = 0.1
"""A slip explains a difference when without it no more than this part of the distance is left."""
SLIPS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "latitude-sign": lambda xy: xy * [1, -1],
    "longitude-sign": lambda xy: xy * [-1, 1],
    "axes-swapped": lambda xy: xy[:, ::-1],
}


@rule(
    "position-differs",
    scope=Scope.FEATURE,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES, Need.POINTS_BESIDE),
)
def where_the_reference_has_it(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Features lie where the reference layer has the point of the same code, within the tolerance."""
    told = [_far(context, relation) for relation in surroundings_of(context).promised.points()]
    features, names, metres, slips = (np.concatenate(items) for items in zip(*told, strict=True))
    datasets = np.repeat([relation.beside.name for relation in surroundings_of(context).promised.points()],
                         [len(item[0]) for item in told])  # fmt: skip
    named, counts = np.unique(slips[slips != ""].astype(str), return_counts=True)
    params: dict[str, Any] = {
        "datasets": sorted(set(datasets.tolist())),
        "slips": {str(name): int(count) for name, count in zip(named, counts, strict=True)},
        "tolerance_m": context.tolerance_m,
    }
    if len(counts) and counts.max() * 2 > len(features):
        params["reason"] = str(named[counts.argmax()])

    def detail(position: int) -> dict[str, Any]:
        return {
            "dataset": str(datasets[position]),
            "value": str(names[position]),
            "distance_m": round(float(metres[position]), 1),
            **({"reason": str(slips[position])} if slips[position] else {}),
        }

    return finding(context, features, detail=detail, params=params)


def _far(context: Context, relation: Relation) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The features that lie elsewhere than the reference says: number, code there, metres, and the slip or nothing."""
    assert relation.rows is not None and relation.names is not None  # points are compared by code
    known = np.flatnonzero((relation.rows >= 0) & context.is_present)
    rows = relation.rows[known]
    there = relation.beside.shapes[rows]
    metres = np.asarray(shapely.distance(context.in_metres(context.geometry[known]), context.in_metres(there)))
    far = ~(metres <= max(context.tolerance_m, FINEST_M))
    known, rows, there, metres = known[far], rows[far], there[far], metres[far]
    return known, relation.names[rows], metres, _slips(context, known, there, metres)


def _slips(context: Context, features: NDArray[Any], there: NDArray[Any], metres: NDArray[Any]) -> NDArray[Any]:
    """The slip that brings each feature to its reference, '' where none does."""
    assert context.crs is not None  # without it nothing is measured
    names: NDArray[Any] = np.full(len(features), "", dtype=object)
    own = to_degrees(context.crs, context.points(features))
    wanted = to_degrees(context.crs, shapely.get_coordinates(shapely.centroid(there)))
    allowed = np.maximum(FITS * metres, context.tolerance_m)
    best = np.full(len(features), np.inf)
    for name, mirrored in SLIPS.items():
        left = _great_circle(mirrored(own), wanted)
        better = (left <= allowed) & (left < best)
        names[better], best[better] = name, left[better]
    return names


def _great_circle(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Metres between points (n, 2) in degrees, on a sphere: enough to tell a slip."""
    x, y = np.radians(one).T
    u, v = np.radians(other).T
    half = np.sin((v - y) / 2) ** 2 + np.cos(y) * np.cos(v) * np.sin((u - x) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))))
