"""Repairs of areas against each other: overlaps and gaps, closed only where they are narrow.

Boundaries are law: what is wider than the width that the officer gave (``--gap-width``, metres on the ground) is left
to people. Without a width nothing moves, for what is narrower than the tolerance is no finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.errors import GEOSException

from geoportal.checks.context import MULTIPOLYGON, POLYGON
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
    try:
        cleaned = clean(was, gap_width=units, snapping_distance=0.0)
    except GEOSException:  # too tangled for it
        return Proposal(left="wide")
    # Rings come out clockwise; all others of a layer run as they should by now.
    now: NDArray[Any] = np.array(shapely.orient_polygons(cleaned), dtype=object)
    sound = ~shapely.is_empty(now) & shapely.is_valid(now)
    moved = np.flatnonzero(sound & ~shapely.equals(was, now))
    fitting = now.copy()
    fitting[moved] = _where_narrow(context, was[moved], now[moved], width)
    moved = moved[shapely.is_valid(fitting[moved]) & ~shapely.is_empty(fitting[moved])]
    moved = moved[np.isin(shapely.get_type_id(fitting[moved]), (POLYGON, MULTIPOLYGON))]
    fitting = _kept_multi(was, fitting)
    change = changed_only(areal[moved], was[moved], fitting[moved])
    return Proposal(Change(change.positions, change.geometries, facts={"gap_width_m": width}), left="wide")


def _where_narrow(context: Context, was: NDArray[Any], now: NDArray[Any], width: float) -> NDArray[Any]:
    """What fits, with all ground as it was that would change hands and is somewhere wider than ``width`` metres.

    Ground that two share is taken from one, and a gap is given to one: each area may keep what it has by itself.
    """
    made = np.array(now, dtype=object)
    fits = np.zeros(len(was), dtype=bool)
    lost, gained = shapely.difference(was, now), shapely.difference(now, was)
    for ground, back in ((gained, shapely.difference), (lost, shapely.union)):
        parts, owner = shapely.get_parts(ground, return_index=True)
        core = shapely.buffer(context.in_metres(parts), -width * ROUNDING / 2, quad_segs=2)
        wide = ~shapely.is_empty(core)
        fits[owner[~wide & ~shapely.is_empty(parts)]] = True
        owners, first = np.unique(owner[wide], return_inverse=True)
        for number, feature in enumerate(owners.tolist()):
            made[feature] = back(made[feature], shapely.union_all(parts[wide][first == number]))
    made[~fits] = was[~fits]
    return made


def _kept_multi(was: NDArray[Any], now: NDArray[Any]) -> NDArray[Any]:
    """Areas that were multi before stay so."""
    made = np.array(now, dtype=object)
    single = (shapely.get_type_id(was) == MULTIPOLYGON) & (shapely.get_type_id(now) == POLYGON)
    for number in np.flatnonzero(single).tolist():
        made[number] = shapely.multipolygons([now[number]])
    return made
