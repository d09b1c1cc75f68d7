"""Rules between layers: features lie in those of another layer, desa in kecamatan in kabupaten.

By code where the specification names the columns, else in all of the other layer together. Indexes and prepared areas
come first; only what sticks out is cut.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.beside import Beside, Relation, surroundings_of
from geoportal.checks.context import LINE, MULTILINE, MULTIPOINT, POINT, RING
from geoportal.checks.findings import finding
from geoportal.checks.overlay import FINEST_M, grid_of, measured, overlaid, united
from geoportal.checks.rules import RULES, Need, rule, severity_under
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

BESIDE = ("not-covered", "point-in-other-region", "position-differs", "crosses-other-layer")
"""Rules that look at another layer."""
KINDS = {"length_m": {"reason": "line"}, "distance_m": {"reason": "point"}}
"""What lies outside, by how it is measured; areas where it is none of these."""


@rule(
    "not-covered",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES, Need.AREAS_BESIDE),
)
def lies_in_other_layer(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Features lie in those of the layers that the specification names, with nothing wider than the tolerance outside.

    A point that lies in another feature than the one it names is told by ``point-in-other-region``.
    """
    told = [_outside(context, relation) for relation in surroundings_of(context).promised.areas()]
    told = [item for item in told if len(item.features)]
    if not told:
        return None
    features = np.concatenate([item.features for item in told])
    amounts = np.concatenate([item.amounts for item in told])
    datasets = np.repeat([item.dataset for item in told], [len(item.features) for item in told])
    units = np.concatenate([item.units for item in told])
    return finding(
        context,
        features,
        place=np.concatenate([item.points for item in told]),
        related=np.concatenate([item.related for item in told]),
        detail=lambda position: {
            "dataset": str(datasets[position]),
            str(units[position]): round(float(amounts[position]), 1),
            **KINDS.get(str(units[position]), {}),
        },
        params={"datasets": sorted(set(datasets.tolist())), "tolerance_m": context.tolerance_m},
        shapes=np.concatenate([item.shapes for item in told]),
    )


@rule(
    "point-in-other-region",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.METRES, Need.REGIONS_BY_CODE),
)
def point_in_named_region(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A point lies in the region whose code it names, not in another one."""
    around = surroundings_of(context)
    features: list[NDArray[Any]] = []
    related: list[NDArray[Any]] = []
    named: list[NDArray[Any]] = []
    datasets: list[str] = []
    for relation in (*around.promised.areas(), *around.by_code):
        if relation.rows is None or relation.names is None:
            continue
        found, inside = _elsewhere(context, relation)
        there = inside >= 0
        found, inside = found[there], inside[there]
        features.append(found)
        related.append(relation.names[inside])
        named.append(relation.names[relation.rows[found]])
        datasets += [relation.beside.name] * len(found)
    if not features:
        return None
    values = np.concatenate(named)
    return finding(
        context,
        np.concatenate(features),
        related=np.concatenate(related),
        detail=lambda position: {"dataset": datasets[position], "value": str(values[position])},
    )


@rule(
    "reference-missing",
    scope=Scope.LAYER,
    element=Element.USABILITY,
    severity=Severity.WARNING,
    needs=(Need.COVERED_BY,),
)
def references_there(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layers that this one is compared with are to be had. What could not be compared has not passed: this weighs
    as much as the comparison would.
    """
    around = surroundings_of(context)
    missing = around.missing
    if not missing:
        return None
    context.unfinished.update(BESIDE)
    told = [Occurrence(params={"dataset": name, "reason": reason}) for name, reason in missing]
    found = finding(context, told=told, params={"datasets": [name for name, _ in missing]})
    assert found is not None  # there are occurrences
    if Severity.BLOCKING in (severity_under(RULES[name], spec) for name in BESIDE):
        return replace(found, severity=Severity.BLOCKING)
    return found


class _Outside:
    """Features of which something lies outside: where, how much of it, and what they should lie in."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self.features = np.empty(0, dtype=np.int64)
        self.points = np.empty((0, 2))
        self.amounts = np.empty(0)
        self.units = np.empty(0, dtype=object)
        self.related = np.empty(0, dtype=object)
        self.shapes = np.empty(0, dtype=object)

    def add(
        self, features: NDArray[Any], points: NDArray[Any], amounts: NDArray[Any], unit: str,
        related: NDArray[Any], shapes: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        self.features = np.append(self.features, features)
        self.points = np.concatenate((self.points, points))
        self.amounts = np.append(self.amounts, amounts)
        self.units = np.append(self.units, np.full(len(features), unit, dtype=object))
        self.related = np.append(self.related, related)
        none = np.full(len(features), None, dtype=object)
        self.shapes = np.append(self.shapes, none if shapes is None else shapes)


def _outside(context: Context, relation: Relation) -> _Outside:
    told = _Outside(relation.beside.name)
    points = context.is_present & np.isin(context.type_ids, (POINT, MULTIPOINT))
    if points.any():
        _points_outside(context, relation, told)
    lines = np.full(len(context), None, dtype=object)
    linear = context.is_present & np.isin(context.type_ids, (LINE, RING, MULTILINE))
    lines[linear] = shapely.force_2d(context.geometry[linear])
    for shapes, unit in ((context.polygons, "area_m2"), (lines, "length_m")):
        features = np.flatnonzero(~shapely.is_missing(shapes))
        features = features[context.ranked(features)]
        if len(features):
            _parts_outside(context, relation, told, features, shapes[features], unit)
    return told


def _points_outside(context: Context, relation: Relation, told: _Outside) -> None:
    features, inside = _elsewhere(context, relation)
    lost = features[inside < 0]
    if not len(lost):
        return
    rows = np.full(len(lost), -1) if relation.rows is None else relation.rows[lost]
    shapes = context.geometry[lost]
    nearest = shapely.STRtree(relation.beside.shapes).nearest(shapes)
    target = relation.beside.shapes[np.where(rows >= 0, rows, nearest)]
    metres = shapely.distance(context.in_metres(shapes), context.in_metres(target))
    told.add(lost, context.points(lost), metres, "distance_m", _named(relation, rows))


def _elsewhere(context: Context, relation: Relation) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Points that do not lie in the area that they name (or, naming none, in any), with the area that they lie in, -1
    where that is none. Asked once for the rules that tell the two kinds.
    """
    known = surroundings_of(context).strays
    if id(relation) not in known:
        known[id(relation)] = _strays(context, relation)
    return known[id(relation)]


def _strays(context: Context, relation: Relation) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    areas = relation.beside.shapes
    points = np.flatnonzero(context.is_present & np.isin(context.type_ids, (POINT, MULTIPOINT)))
    rows = np.full(len(points), -1) if relation.rows is None else relation.rows[points]
    shapely.prepare(areas)
    fine = np.zeros(len(points), dtype=bool)
    order = np.argsort(rows, kind="stable")
    order = order[rows[order] >= 0]
    fine[order] = shapely.intersects(areas[rows[order]], context.geometry[points[order]])
    left = np.flatnonzero(~fine)
    inside = np.full(len(left), -1)
    if len(left):
        # The tree holds the points, so that the areas are prepared when they are asked.
        area, point = shapely.STRtree(context.geometry[points[left]]).query(areas, predicate="intersects")
        order = np.lexsort((area, point))
        inside[point[order][::-1]] = area[order][::-1]
    named = rows[left]
    # Naming no known area, a point may lie in any; and the edge of its own may be near enough.
    strayed = (named >= 0) | (inside < 0)
    left, inside, named = left[strayed], inside[strayed], named[strayed]
    near = _within_tolerance(context, points[left], areas, named)
    return points[left[~near]], inside[~near]


def _within_tolerance(
    context: Context, points: NDArray[Any], areas: NDArray[Any], rows: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which points are no further than the tolerance from their area, or from any where they name none."""
    near = np.zeros(len(points), dtype=bool)
    width = max(context.tolerance_m, FINEST_M)
    if not len(points):
        return near
    wanted = np.unique(rows[rows >= 0])
    plane = np.full(len(areas), None, dtype=object)
    shapes = context.in_metres(context.geometry[points])
    if len(wanted):
        plane[wanted] = context.in_metres(areas[wanted])
        shapely.prepare(plane[wanted])
        known = np.flatnonzero(rows >= 0)
        known = known[np.argsort(rows[known], kind="stable")]
        near[known] = shapely.dwithin(plane[rows[known]], shapes[known], width)
    loose = np.flatnonzero(rows < 0)
    if len(loose):
        _, found = shapely.STRtree(shapes[loose]).query(context.in_metres(areas), predicate="dwithin", distance=width)
        near[loose[found]] = True
    return near


def _parts_outside(
    context: Context, relation: Relation, told: _Outside, features: NDArray[Any], shapes: NDArray[Any], unit: str
) -> None:
    """Lines and areas that are not covered: what of them lies outside, cut out and measured."""
    rows = np.full(len(features), -1) if relation.rows is None else relation.rows[features]
    areas = relation.beside.shapes
    shapely.prepare(areas)
    covered = np.zeros(len(features), dtype=bool)
    named = np.flatnonzero(rows >= 0)
    covered[named] = shapely.covers(areas[rows[named]], shapes[named])
    free = np.flatnonzero(rows < 0)
    if len(free):
        _, inside = shapely.STRtree(shapes[free]).query(areas, predicate="covers")
        covered[free[inside]] = True
    left = np.flatnonzero(~covered)
    if not len(left):
        return
    cover = _covers(context, relation.beside, shapes[left], rows[left])
    rest = overlaid(context, shapely.difference, shapes[left], cover, features[left], _named(relation, rows[left]))
    parts, number = shapely.get_parts(rest, return_index=True)
    kept = shapely.get_dimensions(parts) == (2 if unit == "area_m2" else 1)
    parts, number = parts[kept], number[kept]
    if unit == "area_m2":
        amounts, wide = measured(context, parts)
    else:
        plane = context.in_metres(parts)
        amounts = np.asarray(shapely.length(plane))
        # A line along the border, digitised twice, is outside but nowhere far outside.
        vertices, of = shapely.get_coordinates(plane, return_index=True)
        apart = shapely.distance(shapely.points(vertices), context.in_metres(cover)[number][of])
        widest = np.zeros(len(parts))
        np.maximum.at(widest, of, np.nan_to_num(apart, nan=np.inf))
        wide = widest > max(context.tolerance_m, FINEST_M)
    parts, number, amounts = parts[wide], number[wide], amounts[wide]
    if not len(parts):
        return
    order = np.lexsort((-amounts, number))
    parts, number, amounts = parts[order], number[order], amounts[order]
    found, first, group = np.unique(number, return_index=True, return_inverse=True)
    group = group.ravel()
    middle = shapely.point_on_surface(parts[first])
    together = shapely.multipolygons if unit == "area_m2" else shapely.multilinestrings
    told.add(
        features[left[found]],
        shapely.get_coordinates(middle),
        np.bincount(group, weights=amounts),
        unit,
        _named(relation, rows[left[found]]),
        together(parts, indices=group),
    )


def _covers(context: Context, beside: Beside, shapes: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """For each shape what it must lie in: the area that it names, else all areas that it touches, or nearly, as one."""
    cover = np.full(len(shapes), None, dtype=object)
    named = rows >= 0
    cover[named] = beside.shapes[rows[named]]
    free = np.flatnonzero(~named)
    if len(free):
        near = 1.5 * context.tolerance_m / FINEST_M * grid_of(context)
        area, which = shapely.STRtree(shapes[free]).query(beside.shapes, predicate="dwithin", distance=near)
        touched: dict[int, list[int]] = {}
        for position, number in zip(which.tolist(), area.tolist(), strict=True):
            touched.setdefault(position, []).append(number)
        joined: dict[tuple[int, ...], Any] = {(): shapely.Polygon()}
        for position, at in enumerate(free.tolist()):
            group = tuple(sorted(touched.get(position, ())))
            if group not in joined:
                joined[group] = united(context, beside.shapes[list(group)])
            cover[at] = joined[group]
    return cover


def _named(relation: Relation, rows: Iterable[int]) -> NDArray[Any]:
    """The codes of areas as written, None where a feature names none."""
    names = relation.names
    return np.array([None if row < 0 or names is None else names[row] for row in rows] + [None], dtype=object)[:-1]
