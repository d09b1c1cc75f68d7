"""Finds that a layer lies beside itself: all of it shifted by the same metres from the areas that its codes name.

Nothing in a file tells one datum from another, and no box does. Against a region layer it can be measured; which datum
explains the shift is then asked of PROJ, which knows the way from each to the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.crs_guess import candidate_of
from geoportal.checks.findings import finding
from geoportal.checks.known_places import FEWEST, centres_of, in_degrees
from geoportal.checks.operations import operation_between
from geoportal.checks.projection import read_crs
from geoportal.checks.readings import DATUM, Reading, placed, same_projection
from geoportal.checks.reference import label
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LEAST_M = 5.0
"""A shift below this may be the pen of whoever drew the line."""
LARGEST_M = 2_000.0
"""Two datums are never farther apart: more is another mistake."""
STEADY = 0.2
"""Spread of the shifts, as part of the shift, up to which they are one and the same."""
EXPLAINED = 0.25
"""Part of the shift that may remain under the datum that explains it."""


@rule(
    "crs-datum-shift",
    scope=Scope.LAYER,
    element=Element.POSITIONAL_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.CRS, Need.REGION, Need.REFERENCES),
)
def datum_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Areas lie where the region layer has the areas of the same codes; a shift common to all is measured.

    The median of the shifts is the shift of the layer, when nearly all agree with it. Areas alone are asked: a point
    with the code of an area may stand anywhere in it.
    """
    assert context.crs is not None
    known = context.known_places
    if known is None:
        return None
    areal = np.flatnonzero(~shapely.is_missing(context.polygons[known.features]))
    if len(areal) < len(known.features):
        return None
    shapes = context.polygons[known.features]
    shifts = between(known.centres, centres_of(in_degrees(shapes, context.crs)))
    measured = np.isfinite(shifts).all(axis=1)
    shapes, shifts = shapes[measured], shifts[measured]
    if len(shifts) < FEWEST:
        return None
    shift = np.median(shifts, axis=0)
    length = float(np.hypot(*shift))
    spread = float(np.median(np.hypot(*(shifts - shift).T)))
    if not max(LEAST_M, 2 * context.tolerance_m) <= length <= LARGEST_M or spread > STEADY * length:
        return None
    middles = centres_of(shapes)
    told = [{**item, "rest_m": round(rest, 1)} for item, rest in _explanations(context, middles, shifts, length)]
    return finding(
        context,
        params={
            "reference": known.title,
            "matched": len(shifts),
            "shift_m": round(length, 1),
            "east_m": round(float(shift[0]), 1),
            "north_m": round(float(shift[1]), 1),
            "bearing": round(float(np.degrees(np.arctan2(shift[0], shift[1]))) % 360),
            "spread_m": round(spread, 1),
            "crs": label(context),
            "candidates": told,
            "region": context.region.name.as_dict(),
        },
    )


def between(start: NDArray[Any], end: NDArray[Any]) -> NDArray[Any]:
    """Metres to the east and to the north from places to places (n, 2; degrees on WGS 84), along the geodesic.

    NaN where one of the two is none.
    """
    from pyproj import Geod

    metres = np.full((len(start), 2), np.nan)
    known = np.isfinite(start).all(axis=1) & np.isfinite(end).all(axis=1)
    ends = np.column_stack((start[known], end[known])).T
    bearing, _, length = Geod(ellps="WGS84").inv(*ends)
    metres[known] = np.column_stack((np.sin(np.radians(bearing)) * length, np.cos(np.radians(bearing)) * length))
    return metres


def _explanations(
    context: Context, middles: NDArray[Any], shifts: NDArray[Any], length: float
) -> list[tuple[dict[str, Any], float]]:
    """Systems on other datums under which little of the shift remains, and how many metres do, the best first."""
    assert context.crs is not None and context.extent is not None
    as_read = placed(context.crs, middles)
    boxes = context.bounds[context.is_present]
    found = []
    for code in _on_other_datums(context.crs, context):
        operation = operation_between(code, "EPSG:4326")
        if operation is None or operation.ballpark:
            continue
        reading = Reading(code, DATUM)
        rest = float(np.hypot(*np.nanmedian(shifts + between(as_read, reading.place(middles)), axis=0)))
        candidate = candidate_of(reading, context.extent, context.region, boxes, anywhere=True)
        if rest <= EXPLAINED * length and candidate is not None:
            found.append((candidate.as_dict(), rest))
    return sorted(found, key=lambda item: round(item[1]))


def _on_other_datums(own: CRS, context: Context) -> Iterator[str]:
    """Systems that differ from ``own`` in their datum alone, on the datums of the region's settings, in that order."""
    seen: list[CRS] = [own.geodetic_crs] if own.geodetic_crs is not None else []
    candidates = [(code, crs) for code in context.region.crs_candidates if (crs := read_crs(code)) is not None]
    for _, crs in candidates:
        base = crs.geodetic_crs
        if base is None or any(base.equals(other, ignore_axis_order=True) for other in seen):
            continue
        seen.append(base)
        same = (
            code
            for code, other in candidates
            if other.geodetic_crs is not None
            and other.geodetic_crs.equals(base, ignore_axis_order=True)
            and same_projection(own, other)
        )
        if (code := next(same, None) or _twin(own, base)) is not None:
            yield code


def _twin(own: CRS, base: CRS) -> str | None:
    """The system of the registry with the projection of ``own`` on the datum ``base``, by its name; None for none."""
    from pyproj.database import query_crs_info
    from pyproj.enums import PJType

    _, _, projection = own.name.partition(" / ")
    if own.is_geographic or not projection:
        return None
    wanted = f"{base.name} / {projection}".casefold()
    known = query_crs_info("EPSG", [PJType.PROJECTED_CRS])
    for info in known:
        if info.name.casefold() == wanted and not info.deprecated:
            crs = read_crs(f"EPSG:{info.code}")
            if crs is not None and same_projection(own, crs):
                return f"EPSG:{info.code}"
    return None
