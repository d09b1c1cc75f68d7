"""Overlays that do not give up at one bad pair: tried as they are, then on a grid of a millimetre, then told.

GEOS refuses a few shapes outright (near-coincident lines, numbers at the end of their digits). One of them would take
the whole array with it; here it costs its own pair alone, and the rule ``topology-failed`` names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.errors import GEOSException

from geoportal.checks.findings import inside, tidied
from geoportal.checks.rules import RULES, severity_under
from geoportal.model.report import Finding, Occurrence, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geoportal.checks.context import Context

FINEST_M = 0.001
"""A tolerance of zero means one millimetre: below that there is only rounding."""
DEGREE_M = 111_320.0


def grid_of(context: Context) -> float:
    """A millimetre in units of the layer, near enough: the grid on which a failed overlay is tried again."""
    crs = context.crs
    if crs is None or not crs.axis_info:
        return FINEST_M
    unit = crs.axis_info[0].unit_conversion_factor
    return FINEST_M / (DEGREE_M * np.degrees(unit)) if crs.is_geographic else FINEST_M / unit


def overlaid(
    context: Context,
    function: Callable[..., Any],
    one: NDArray[Any],
    other: NDArray[Any],
    features: NDArray[Any],
    related: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """``function`` (``shapely.intersection``, ``shapely.difference``) of pairs; None where no grid helps.

    ``features`` are the feature numbers of ``one`` and ``related`` the names of ``other``, by which a failed pair is
    told.
    """
    try:
        return np.asarray(function(one, other), dtype=object)
    except GEOSException:
        pass
    grid = grid_of(context)
    made = np.full(len(one), None, dtype=object)
    for position in range(len(one)):
        for options in ({}, {"grid_size": grid}):
            try:
                made[position] = function(one[position], other[position], **options)
                break
            except GEOSException:
                continue
        else:
            feature = np.asarray(features)[position : position + 1]
            where = inside(context, context.points(feature))[0]
            partner = None if related is None or related[position] is None else str(related[position])
            context.overlay_failures.append((_rule(context), str(context.feature_ids[feature[0]]), where, partner))
    return made


def united(context: Context, polygons: NDArray[Any], *, fit: bool = False) -> Any:
    """All polygons as one, None where no grid helps; ``fit`` says that they share their edges vertex by vertex."""
    grid = grid_of(context)
    attempts: list[Callable[[], Any]] = [lambda: shapely.coverage_union_all(polygons)] if fit else []
    attempts += [lambda: shapely.union_all(polygons), lambda: shapely.union_all(polygons, grid_size=grid)]
    for attempt in attempts:
        try:
            return attempt()
        except GEOSException:
            continue
    context.overlay_failures.append((_rule(context), None, None, None))
    return None


def measured(context: Context, shapes: NDArray[Any], *, any_width: bool = False) -> tuple[NDArray[Any], NDArray[Any]]:
    """The area of each shape in m², and whether it is somewhere wider than the tolerance (``any_width``: than nothing).

    None has no area.
    """
    in_metres = context.in_metres(shapes)
    areas = np.nan_to_num(np.asarray(shapely.area(in_metres), dtype=float))
    is_wide = areas > 0
    if not any_width:
        width = max(context.tolerance_m, FINEST_M)
        # A shape that is nowhere wider than w vanishes when w/2 is taken off all around it.
        is_wide[is_wide] = ~shapely.is_empty(shapely.buffer(in_metres[is_wide], -width / 2, quad_segs=2))
    return areas, is_wide


def not_overlaid(context: Context) -> Finding | None:
    """What could not be laid over each other, as a finding; it weighs as much as the rule that could not look, for
    what was not compared has not passed. None where everything was.
    """
    own = RULES["topology-failed"]
    failures = set(context.overlay_failures)
    if not failures or (severity := severity_under(own, context.spec)) is None:
        return None
    told = [
        Occurrence(feature if feature is None else tidied(feature), where, related and tidied(related), {"rule": rule})
        for rule, feature, where, related in sorted(failures, key=str)
    ]
    rules = sorted({item[0] for item in failures})
    if Severity.BLOCKING in (severity_under(RULES[rule], context.spec) for rule in rules):
        severity = Severity.BLOCKING
    return Finding(
        own.id, severity, own.element, len(told), context.layer.name, own.intake, {"rules": rules},
        tuple(told[: context.sample]),
    )  # fmt: skip


def _rule(context: Context) -> str:
    assert context.rule is not None  # the decorator sets it
    return context.rule.id
