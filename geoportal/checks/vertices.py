"""Rules about the vertices of outlines: repeated ones, spikes, and far too many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.checks.outlines import Outlines
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

REPEATED_M = 0.001
"""Two vertices in a row that are nearer than a millimetre are one place: no survey tells them apart."""
SPIKE_DEGREES = 2.0
"""The sharpest corner that somebody may have meant."""
SHORTEST_SPIKE_M = 0.01
MANY_VERTICES = 100_000
"""One shape of so many vertices is more than a browser draws or a service answers in good time."""
SOME_VERTICES = 1000
"""Fewer do no harm, however near they lie to each other."""
DENSE = 0.2
"""Part of the tolerance: a shape whose vertices lie nearer than this on average says less than it weighs."""


@rule(
    "geometry-repeated-points",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def vertices_once(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two vertices in a row are the same place, to a millimetre; without a reference system, to the last digit."""
    outlines = context.outlines
    dx, dy = outlines.edges
    measured = context.metres is not None
    near = REPEATED_M / context.metres_per_unit[0] * 1.01 if measured else 0.0
    short = (np.abs(dx) <= near) & (np.abs(dy) <= near)
    short[outlines.ends] = False
    edges = np.flatnonzero(short)
    edges = edges[outlines.begins_an_edge(edges)]
    if measured and edges.size:
        steps = _moved(context, edges + 1) - _moved(context, edges)
        edges = edges[np.hypot(steps[:, 0], steps[:, 1]) <= REPEATED_M]
    if not edges.size:
        return None
    owners, place = outlines.owners[outlines.paths_of(edges)], outlines.vertices[edges]
    order = in_order(owners, place)
    return finding(context, owners[order], place=place[order])


@rule(
    "geometry-spike",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES),
)
def no_spikes(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No outline runs out and back again along itself: corners sharper than two degrees and narrower than the
    tolerance.
    """
    outlines = context.outlines
    before, tip, after = _sharp(outlines, *context.metres_per_unit)
    if not tip.size:
        return None
    at = _moved(context, tip)
    one, other = _moved(context, before) - at, _moved(context, after) - at
    lengths = np.hypot(one[:, 0], one[:, 1]), np.hypot(other[:, 0], other[:, 1])
    length = np.minimum(*lengths)
    across = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    same_way = (one * other).sum(axis=1) > 0
    sine = across / (lengths[0] * lengths[1])
    least = max(context.tolerance_m, SHORTEST_SPIKE_M)
    spiked = same_way & (sine <= np.sin(np.radians(SPIKE_DEGREES))) & (sine * length <= least) & (length >= least)
    tip, length = tip[spiked], length[spiked]
    if not tip.size:
        return None
    owners, place = outlines.owners[outlines.paths_of(tip)], outlines.vertices[tip]
    order = in_order(owners, place)
    return finding(
        context,
        owners[order],
        place=place[order],
        detail=lambda spot: {"length_m": round(float(length[order[spot]]), 1)},
    )


@rule(
    "vertices-excessive",
    scope=Scope.FEATURE,
    element=Element.USABILITY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY,),
)
def vertices_few_enough(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No shape has more vertices than a browser can draw, or has them far nearer to each other than the tolerance."""
    counts = np.where(context.is_present, shapely.get_num_coordinates(context.geometry), 0)
    many = counts > MANY_VERTICES
    dense = np.zeros(len(context), dtype=bool)
    spacing = np.full(len(context), np.nan)
    if context.metres is not None:
        nearest = context.tolerance_m * DENSE
        drawn = np.flatnonzero(counts >= SOME_VERTICES)
        rough = shapely.length(context.geometry[drawn]) * context.metres_per_unit[0] / counts[drawn]
        drawn = drawn[(rough > 0) & (rough < nearest)]
        spacing[drawn] = shapely.length(context.in_metres(context.geometry[drawn])) / counts[drawn]
        dense[drawn] = spacing[drawn] < nearest

    def told(feature: int) -> dict[str, Any]:
        if many[feature]:
            return {"reason": "many", "vertices": int(counts[feature])}
        spaced = round(float(spacing[feature]), 3)
        return {"reason": "dense", "vertices": int(counts[feature]), "spacing_m": spaced}

    return finding(context, many | dense, detail=told, params={"most": MANY_VERTICES})


def in_order(owners: NDArray[np.int_], places: NDArray[Any]) -> NDArray[np.int_]:
    """Several places in one feature from west to east: the order in which a ring is drawn does not matter."""
    return np.lexsort((places[:, 1], places[:, 0], owners))


def _moved(context: Context, vertices: NDArray[np.int_]) -> NDArray[Any]:
    """Vertices (by number) in metres."""
    assert context.metres is not None
    return context.metres.forward(context.outlines.vertices[vertices])


def _sharp(
    outlines: Outlines, least: float, most: float
) -> tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]]:
    """Vertices where an outline nearly turns back, each with the one before it and the one after."""
    dx, dy = outlines.edges
    # An edge of no length, and so the end of a path, gives 0: no turn.
    back = dx[:-1] * dx[1:]
    back += dy[:-1] * dy[1:]
    tips = np.flatnonzero(back < 0) + 1
    before, after = tips - 1, tips
    # The corner at which a ring closes lies between its last edge and its first.
    closed = np.flatnonzero(outlines.is_ring)
    firsts = outlines.starts[closed]
    lasts = firsts + outlines.sizes[closed] - 2
    turned = (dx[lasts] * dx[firsts] + dy[lasts] * dy[firsts]) < 0
    before = np.concatenate((before, lasts[turned]))
    after = np.concatenate((after, firsts[turned]))
    # Units may be unlike along x and y, so that a sharp corner is less sharp here than on the ground.
    across = np.abs(dx[before] * dy[after] - dy[before] * dx[after])
    along = -(dx[before] * dx[after] + dy[before] * dy[after])
    suspect = across <= along * np.tan(np.radians(SPIKE_DEGREES)) * 2 * (most / least)
    before, after = before[suspect], after[suspect]
    return before, after, after + 1
