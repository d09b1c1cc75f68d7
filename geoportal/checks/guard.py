"""The guard of reference systems: one mistake of its author puts a layer far away, and one reading brings it back.

Each rule names one mistake and proves it by where the layer would land: far from the region as it is read, in it
under the other reading (``placement``). A layer that lies elsewhere and under no single reading in the region is left
to ``layer-outside-region``. Nothing is applied here; the reading goes to the officer, and to a repair after a yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks import readings
from geoportal.checks.crs_guess import candidate_of
from geoportal.checks.findings import finding
from geoportal.checks.reference import label
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

PLACED = (Need.GEOMETRY, Need.CRS, Need.REGION)
KM_PER_DEGREE = 111.2
MIXED = "crs-mixed"
"""The reason of a finding that holds for a part of the layer: one reading would put the rest in the wrong place."""


def _guard(rule_id: str) -> Callable[..., Any]:
    return rule(
        rule_id, scope=Scope.LAYER, element=Element.POSITIONAL_ACCURACY, severity=Severity.WARNING, needs=PLACED
    )


@_guard("crs-axes-swapped")
def axes_in_order(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer lies in the region only when y is read before x."""
    return _explained(context, readings.SWAPPED)


@_guard("crs-sign-lost")
def signs_kept(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer lies in the region only when its latitudes change their sign."""
    return _explained(context, readings.SIGN)


@_guard("crs-hemisphere")
def hemisphere_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer lies in the region only in the zone's other hemisphere, 10,000 km away.

    A negative northing in a northern zone is a place south of the equator, and nothing is wrong with it.
    """
    return _explained(context, readings.HEMISPHERE)


@_guard("crs-zone")
def zone_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer lies in the region only in another zone, or another projected system of the region's settings."""
    return _explained(context, readings.ZONE, readings.SYSTEM)


@_guard("crs-degrees-as-metres")
def units_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer says metres and holds degrees: as metres it lies at the origin of its zone, as degrees in the region.

    The reverse, metres that say degrees, is no place on earth and is told by ``coordinates-outside-domain``.
    """
    return _explained(context, readings.DEGREES_AS_METRES)


@_guard("feature-stray")
def none_astray(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No feature of a layer that lies in the region is far from it. Where one mistake explains it, that is said."""
    placement = context.placement
    strays = placement.strays
    if not strays.size:
        return None
    reasons = placement.reasons(placement.middles[strays])
    distance_km = placement.gaps[strays].max(axis=1) * KM_PER_DEGREE
    names, counts = np.unique(reasons, return_counts=True)
    return finding(
        context,
        placement.present[strays],
        detail=lambda at: {"reason": reasons[at], "distance_km": int(distance_km[at])},
        params={
            "total": len(context),
            "region": context.region.name.as_dict(),
            "reasons": dict(zip(names.tolist(), counts.tolist(), strict=True)),
        },
    )


def _explained(context: Context, *kinds: str) -> Finding | None:
    """The finding of a mistake where it is the one that explains where the layer lies."""
    placement = context.placement
    reading = placement.explanation
    if reading is None or reading.kind not in kinds:
        return None
    assert context.extent is not None
    told = context.suggestions
    best = candidate_of(reading, context.extent, context.region, context.bounds[context.is_present], anywhere=True)
    first = [] if best is None else [best.as_dict()]
    turned = (reading.crs, reading.swapped, reading.flipped)
    others = [item for item in told["candidates"] if (item["crs"], item["swapped"], item["flipped"]) != turned]
    params: dict[str, Any] = {"total": len(context), "region": told["region"], "crs": label(context)}
    if not placement.holds_for_all(reading):
        # Some features lie right as they are: a repair of the whole layer would spoil those.
        first, others = ([{**item, "repair": {}} for item in items] for items in (first, others))
        params["reason"] = MIXED
    return finding(context, placement.explained(reading), params={**params, "candidates": [*first, *others]})
