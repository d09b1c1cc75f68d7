"""Rules about the reference system by itself: has it a code, has it heights, is it the official one.

A label is compared with what it stands for: two systems are the same for a layer when its features lie in the same
places under both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.crs_candidates import OFFICIAL
from geoportal.checks.crs_guess import candidate_of
from geoportal.checks.datum_shift import between
from geoportal.checks.findings import finding
from geoportal.checks.operations import operation_between
from geoportal.checks.placement import middles, spread
from geoportal.checks.projection import boxes_in_degrees, read_crs
from geoportal.checks.readings import UNNAMED, Reading, placed, same_projection
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from pyproj import CRS

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LEAST_CONFIDENCE = 25
NEAREST_M = 1.0
"""A system of the region's settings is named as the nearest when it puts the layer within this of where it lies."""
_CODE = re.compile(r"[A-Za-z]+:[\w+.:-]+")


@rule(
    "crs-without-authority",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY, Need.CRS),
)
def system_has_code(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The reference system is one that a registry knows by a code. If not, the nearest is named, and how near it is."""
    crs = context.crs
    assert crs is not None
    if layer.crs is None or _CODE.fullmatch(layer.crs) or crs.to_authority(min_confidence=100):
        return None
    nearest = _nearest(crs, context)
    return finding(context, params={"name": crs.name, **(nearest or {})})


@rule(
    "crs-compound",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY, Need.CRS),
)
def system_is_flat(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The reference system has two axes. One with a height is read by its horizontal part; that is told."""
    import pyproj

    assert layer.crs is not None and context.crs is not None
    whole = pyproj.CRS.from_user_input(layer.crs)
    if whole.is_bound and whole.source_crs is not None:
        whole = whole.source_crs
    if whole.is_compound:
        kind, height = "height-system", whole.sub_crs_list[-1].name
    elif len(whole.axis_info) > 2:
        kind, height = "height-ellipsoid", whole.axis_info[2].name
    else:
        return None
    return finding(
        context,
        params={
            "name": whole.name,
            "horizontal": context.crs.name,
            "height": height,
            "reason": kind,
            "with_heights": int(context.has_z.sum()),
            "total": len(context),
        },
    )


@rule(
    "crs-not-official",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY, Need.CRS),
)
def system_is_official(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The datum is that of SRGI2013 (Perban BIG 13/2021).

    Asked only where the profile names this rule and the region's settings list systems on that datum: a note, with the
    system to go to and how accurate the way there is.
    """
    assert context.crs is not None and layer.crs is not None
    if spec is None or spec.severities.get("crs-not-official") is None or _on_official_datum(context.crs):
        return None
    listed = [
        (code, crs) for code in context.region.crs_candidates if (crs := read_crs(code)) and _on_official_datum(crs)
    ]
    if not listed:
        return None
    same = (code for code, crs in listed if same_projection(context.crs, crs))
    flat = (code for code, crs in listed if crs.is_geographic)
    target = next(same, None) or next(flat, None) or listed[0][0]
    area = None
    if context.extent is not None:
        west, south, east, north = boxes_in_degrees(context.crs, np.array([context.extent]))[0].tolist()
        area = (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None
    operation = operation_between(layer.crs, target, area)
    if operation is None:
        return None
    goal = read_crs(target)
    return finding(
        context,
        params={
            "name": context.crs.name,
            "candidates": [
                {
                    "crs": target,
                    "name": goal.name if goal else target,
                    "swapped": False,
                    "kind": "datum",
                    "repair": {"reproject": target},
                }
            ],
            "operation": operation.name,
            "accuracy_m": operation.accuracy_m,
            "ballpark": operation.ballpark,
        },
    )


def _nearest(crs: CRS, context: Context) -> dict[str, Any] | None:
    """The system with a code that is nearest to ``crs``: what the registry takes for it, or one of the settings under
    which the layer lies in the same places. None when there is no such thing.
    """
    boxes = context.bounds[context.is_present]
    if context.extent is None or not len(boxes):
        return None
    known = {
        f"{match.auth_name}:{match.code}": int(match.confidence)
        for match in crs.list_authority(min_confidence=LEAST_CONFIDENCE)
    }
    points = middles(boxes[spread(len(boxes))])
    here = placed(crs, points)
    found: list[tuple[float, int, int, str]] = []
    for code in (*known, *(code for code in context.region.crs_candidates if code not in known)):
        other = read_crs(code)
        operation = None if other is None else operation_between(crs.to_wkt(), code)
        if other is None or operation is None or operation.ballpark:
            continue  # where nobody knows the datum nobody can say how near another is
        offsets = np.hypot(*between(here, placed(other, points)).T)
        offset = float(np.nanmax(offsets)) if np.isfinite(offsets).any() else np.inf
        if code in known or offset <= NEAREST_M:
            found.append((round(offset, 2), -known.get(code, 0), len(found), code))
    if not found:
        return None
    offset, confidence, _, code = min(found)
    candidate = candidate_of(Reading(code, UNNAMED), context.extent, context.region, boxes, anywhere=True)
    return {
        "reason": "nearest",
        "best": code,
        "confidence": -confidence or None,
        "offset_m": offset if np.isfinite(offset) else None,
        "candidates": [] if candidate is None else [candidate.as_dict()],
    }


def _on_official_datum(crs: CRS) -> bool:
    official, own = read_crs(OFFICIAL), crs.geodetic_crs
    return official is not None and own is not None and bool(own.to_2d().equals(official, ignore_axis_order=True))
