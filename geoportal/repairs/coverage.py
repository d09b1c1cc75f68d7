"""Repairs of areas against each other: overlaps and gaps, closed only where they are narrow.

Boundaries are law: what is wider than the width that the officer gave (``--gap-width``, metres on the ground) is left
to people. Without a width nothing moves, for what is narrower than the tolerance is no finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.repairs.draft import Change
from geoportal.repairs.geometry import changed_only
from geoportal.repairs.table import Proposal, Stage, Task, repair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context

METRES_A_DEGREE = 111_700.0
"""The longest that a degree is anywhere on the earth: a width turned into degrees with it is never too wide."""
ROUNDING = 1.01


@repair("coverage-overlap", "coverage-gap", stage=Stage.COVERAGE, confirmed=True)
def fit_neighbours(task: Task) -> Proposal:
    """Overlaps and gaps up to the given width go to the neighbour with the longest common border."""
    width = task.wishes.gap_width_m
    context = task.context
    if width is None or context.metres is None or context.crs is None:
        return Proposal(left="wide")
    areal = np.flatnonzero(context.is_present & ~shapely.is_missing(context.polygons))
    if not context.is_valid[areal].all() or context.has_z[areal].any():
        return Proposal(left="neighbours-broken")
    was = context.geometry[areal]
    units = width / (METRES_A_DEGREE if context.crs.is_geographic else context.crs.axis_info[0].unit_conversion_factor)
    clean: Any = getattr(shapely, "coverage_clean")  # noqa: B009 - newer than its stubs
    now: NDArray[Any] = np.array(clean(was, gap_width=units, snapping_distance=0.0), dtype=object)
    sound = ~shapely.is_empty(now) & shapely.is_valid(now)
    moved = np.flatnonzero(sound & ~shapely.equals(was, now))
    too_far = moved[_is_wide(context, was[moved], now[moved], width)]
    # One that may not move keeps its ground, and so must those that shared out the change with it.
    spared = _with_neighbours(was, moved, too_far)
    moved = np.setdiff1d(moved, spared)
    fitting = _kept_multi(was, now)
    change = changed_only(areal[moved], was[moved], fitting[moved])
    return Proposal(Change(change.positions, change.geometries, facts={"gap_width_m": width}), left="wide")


def _is_wide(context: Context, was: NDArray[Any], now: NDArray[Any], width: float) -> NDArray[np.bool_]:
    """Where the ground that changed hands is somewhere wider than ``width`` metres."""
    ground = shapely.symmetric_difference(was, now)
    core = shapely.buffer(context.in_metres(ground), -width * ROUNDING / 2, quad_segs=2)
    return np.asarray(~shapely.is_empty(core), dtype=bool)


def _with_neighbours(shapes: NDArray[Any], moved: NDArray[np.int_], first: NDArray[np.int_]) -> NDArray[np.int_]:
    """``first`` and all of ``moved`` that hang together with them."""
    if not first.size:
        return first
    one, other = shapely.STRtree(shapes[moved]).query(shapes[moved], predicate="intersects")
    found = np.isin(moved, first)
    while True:
        wider = found.copy()
        wider[other[found[one]]] = True
        if (wider == found).all():
            return moved[found]
        found = wider


def _kept_multi(was: NDArray[Any], now: NDArray[Any]) -> NDArray[Any]:
    """Areas that were multi before stay so."""
    made = np.array(now, dtype=object)
    for number in np.flatnonzero((shapely.get_type_id(was) == 6) & (shapely.get_type_id(now) == 3)).tolist():
        made[number] = shapely.multipolygons([now[number]])
    return made
