"""Repairs of the vertices and rings of outlines: repeated ones, spikes, rings and slivers too small for a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import LINE, MULTILINE, MULTIPOLYGON, POLYGON
from geoportal.checks.shapes import LEAST_WIDTH_M, SLENDER
from geoportal.checks.vertices import REPEATED_M
from geoportal.repairs.draft import Change, geometries_of
from geoportal.repairs.geometry import changed_only
from geoportal.repairs.table import Choice, Proposal, Stage, Task, Wishes, repair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer

SLIVERS, FLAT = "drop-slivers", "force-2d"
MOST_SHOWN = 5


@repair("geometry-repeated-points", stage=Stage.SHAPES)
def without_repeated(task: Task) -> Proposal:
    """Of vertices in a row that are the same place to a millimetre one is kept, the first."""
    context = task.context
    near = REPEATED_M / context.metres_per_unit[0] * 1.01 if context.metres is not None else 0.0
    drawn = np.flatnonzero(context.is_present & (shapely.get_dimensions(context.geometry) > 0))
    was = context.geometry[drawn]
    now = np.array(shapely.remove_repeated_points(was, near), dtype=object)
    return Proposal(_sound(context, drawn, was, now))


@repair("geometry-spike", stage=Stage.SHAPES)
def without_spikes(task: Task) -> Proposal:
    """The tips of spikes are taken out of areas. A line that runs out and back may be a road: it is left to people."""
    context = task.context
    tips: dict[str, list[tuple[float, float]]] = {}
    for item in task.occurrences:
        if item.feature is not None and item.where is not None:
            tips.setdefault(item.feature, []).append(item.where)
    areal = task.positions[np.isin(context.type_ids[task.positions], (POLYGON, MULTIPOLYGON))]
    was = context.geometry[areal]
    now = np.array(
        [
            _each_part(shape, lambda part, at=feature: _without(part, tips[str(context.feature_ids[at])]))
            for feature, shape in zip(areal.tolist(), was, strict=True)
        ],
        dtype=object,
    )
    left = "by-hand" if len(areal) < len(task.positions) else None
    return Proposal(_sound(context, areal, was, now), left=left)


@repair("ring-tiny", stage=Stage.SHAPES)
def without_tiny_rings(task: Task) -> Proposal:
    """Holes too small to mean anything are filled, and such parts left out where another part remains."""
    context = task.context
    most_m2 = (2 * max(context.tolerance_m, LEAST_WIDTH_M)) ** 2
    areal = task.positions
    was = context.geometry[areal]
    made = []
    for shape in was:
        parts = shapely.get_parts(shape)
        large = _areas(context, shapely.get_exterior_ring(parts)) > most_m2
        kept = parts[large] if large.any() else parts
        filled = [_filled(context, part, most_m2) for part in kept]
        made.append(shapely.multipolygons(filled) if shapely.get_type_id(shape) == MULTIPOLYGON else filled[0])
    now = np.empty(len(was), dtype=object)
    now[:] = made
    return Proposal(_sound(context, areal, was, now), left="by-hand")


@repair("geometry-sliver", stage=Stage.FEATURES, confirmed=True)
def without_slivers(task: Task) -> Proposal:
    """Areas thinner than twice the tolerance, and such parts of areas, go after a yes: one may be a ditch."""
    context = task.context
    positions = task.positions
    if not task.said(SLIVERS):
        names = [str(name) for name in context.feature_ids[positions][:MOST_SHOWN]]
        choice = Choice("drop-slivers", f"--yes {SLIVERS}")
        return Proposal(question=task.ask("drop-slivers", len(positions), choice, features=names))
    width_m = 2 * max(context.tolerance_m, LEAST_WIDTH_M)
    dropped, changed, shapes = [], [], []
    for feature in positions.tolist():
        parts = shapely.get_parts(context.geometry[feature])
        thin = _is_thin(context, parts, width_m)
        if thin.all():
            dropped.append(feature)
        elif thin.any():
            changed.append(feature)
            shapes.append(shapely.multipolygons(parts[~thin]))
    now = np.empty(len(shapes), dtype=object)
    now[:] = shapes
    return Proposal(Change(np.array(changed, dtype=np.int64), now, dropped=np.array(dropped, dtype=np.int64)))


def flattened(layer: Layer, wishes: Wishes) -> Proposal:
    """The layer without heights, where the officer asked for that."""
    shapes = geometries_of(layer)
    high = np.flatnonzero(shapely.has_z(shapes))
    if FLAT not in wishes.confirmed or not high.size:
        return Proposal()
    return Proposal(Change(high, shapely.force_2d(shapes[high])), params={"rule": FLAT})


def _sound(context: Context, positions: NDArray[np.int_], was: NDArray[Any], now: NDArray[Any]) -> Change:
    """The change of those that stay what they were: of their type, as valid as before, and not empty."""
    if not len(positions):
        return Change()
    kept = (shapely.get_type_id(now) == shapely.get_type_id(was)) & ~shapely.is_empty(now)
    kept &= shapely.is_valid(now) | ~shapely.is_valid(was)
    kept &= ~np.isin(shapely.get_type_id(was), (LINE, MULTILINE)) | (shapely.length(now) > 0)
    return changed_only(positions[kept], was[kept], now[kept])


def _each_part(shape: Any, function: Any) -> Any:
    parts = [function(part) for part in shapely.get_parts(shape)]
    return shapely.multipolygons(parts) if shapely.get_type_id(shape) == MULTIPOLYGON else parts[0]


def _without(part: Any, tips: list[tuple[float, float]]) -> Any:
    """An area whose rings leave out some vertices; a ring that would vanish stays as it is."""
    rings = []
    for ring in shapely.get_rings(part):
        vertices = shapely.get_coordinates(ring, include_z=bool(shapely.has_z(ring)))[:-1]
        keep = ~(vertices[:, None, :2] == np.array(tips)[None]).all(axis=2).any(axis=1)
        vertices = vertices[keep] if keep.sum() >= 3 else vertices
        rings.append(shapely.linearrings(np.concatenate((vertices, vertices[:1]))))
    return _area_of(rings)


def _filled(context: Context, part: Any, most_m2: float) -> Any:
    """An area without its tiny holes."""
    rings = shapely.get_rings(part)
    if len(rings) < 2:
        return part
    large = _areas(context, rings[1:]) > most_m2
    return part if large.all() else _area_of([rings[0], *rings[1:][large]])


def _area_of(rings: list[Any]) -> Any:
    """The area within the first ring and without the others."""
    return shapely.Polygon(rings[0], rings[1:])


def _areas(context: Context, rings: Any) -> NDArray[Any]:
    """The area inside each ring in m²."""
    return np.asarray(shapely.area(context.in_metres(np.atleast_1d(shapely.polygons(rings)))))


def _is_thin(context: Context, parts: NDArray[Any], width_m: float) -> NDArray[np.bool_]:
    """Which parts are slivers, as the check has it; one without any area is."""
    moved = context.in_metres(parts)
    areas, lengths = shapely.area(moved), shapely.length(moved)
    return np.asarray((areas == 0) | ((2 * areas <= lengths * width_m) & (lengths**2 >= 4 * SLENDER * areas)))
