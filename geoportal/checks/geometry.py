"""Rules about each geometry by itself: is it there, is it sound, is it of the right type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import (
    COLLECTION,
    LINE,
    MULTILINE,
    MULTIPOINT,
    MULTIPOLYGON,
    POINT,
    POLYGON,
    RING,
)
from geoportal.checks.crossings import crossings
from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.layer import GEOMETRY_TYPES
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

FAMILIES: dict[str, tuple[int, ...]] = {
    "Point": (POINT, MULTIPOINT),
    "LineString": (LINE, RING, MULTILINE),
    "Polygon": (POLYGON, MULTIPOLYGON),
}


@rule(
    "geometry-missing",
    scope=Scope.FEATURE,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def geometry_present(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every feature has a geometry (not null)."""
    return finding(context, context.is_missing, intake=_meant(layer))


@rule(
    "geometry-empty",
    scope=Scope.FEATURE,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def geometry_not_empty(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every geometry has coordinates."""
    return finding(context, context.is_empty, intake=_meant(layer))


@rule(
    "geometry-not-finite",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.BLOCKING,
    intake=Severity.BLOCKING,
    needs=(Need.GEOMETRY,),
)
def coordinates_finite(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every x and y is a number."""
    return finding(context, context.not_finite)


@rule(
    "geometry-invalid",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def geometry_valid(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Geometries obey the OGC simple feature rules (ISO 19125-1, 6.1), as GEOS tells them."""
    if context.is_valid.all():
        return None
    broken = np.flatnonzero(~context.is_valid)
    reasons, counts = np.unique(context.reasons[broken].astype(str), return_counts=True)
    # All places are looked for only where they are shown.
    shown = broken[context.ranked(broken)[: context.sample]]
    places = np.full(len(context), None, dtype=object)
    places[shown] = crossings(context.geometry[shown], context.reasons[shown], context.reason_points[shown])
    several = shapely.get_num_geometries(places)

    def told(feature: int) -> dict[str, Any]:
        reason = {"reason": context.reasons[feature]}
        return reason | {"places": int(several[feature])} if several[feature] > 1 else reason

    return finding(
        context,
        ~context.is_valid,
        place=context.reason_points,
        detail=told,
        params={"reasons": {str(name): int(number) for name, number in zip(reasons, counts, strict=True)}},
        shapes=places,
    )


@rule(
    "geometry-type-mixed",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def one_kind_of_geometry(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A layer holds points, or lines, or areas; the fewer ones are named. Simple and multi of one kind may mix."""
    members = {name: _typed(context, types) for name, types in FAMILIES.items()}
    sizes = {name: int(mask.sum()) for name, mask in members.items() if mask.any()}
    if len(sizes) < 2:
        return None
    main = max(sizes, key=lambda name: sizes[name])
    others = np.logical_or.reduce([members[name] for name in sizes if name != main])
    return finding(context, others, detail=lambda feature: _type_of(context, feature), params={"types": sizes})


@rule(
    "geometry-simple-and-multi",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY,),
)
def simple_or_multi(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Says that a layer holds both Polygon and MultiPolygon (or lines, or points): normal, but not in every format."""
    multi = np.zeros(len(context), dtype=bool)
    types: dict[str, int] = {}
    for name, members in FAMILIES.items():
        simple, several = _typed(context, members[:-1]), _typed(context, members[-1:])
        if simple.any() and several.any():
            multi |= several
            types[name] = int(simple.sum())
            types[f"Multi{name}"] = int(several.sum())
    return finding(context, multi, params={"types": types})


@rule(
    "geometry-collection",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def no_collections(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No feature is a GeometryCollection: few programs draw one, and a shapefile cannot hold it."""
    return finding(context, _typed(context, (COLLECTION,)))


@rule(
    "geometry-type-unexpected",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY, Need.TYPES),
)
def geometry_of_wanted_type(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Geometries are of a type that the specification names."""
    assert spec is not None
    wanted = [number for number, name in enumerate(GEOMETRY_TYPES) if name in spec.geometry]
    wrong = context.is_present & ~np.isin(context.type_ids, wanted)
    return finding(
        context,
        wrong,
        detail=lambda feature: _type_of(context, feature),
        params={"expected": list(spec.geometry), "types": _counts(context, wrong)},
    )


@rule(
    "geometry-duplicate",
    scope=Scope.BETWEEN,
    element=Element.COMPLETENESS_COMMISSION,
    severity=Severity.WARNING,
    needs=(Need.GEOMETRY,),
)
def geometry_once(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two features have the same geometry, wherever its rings begin. The first by id is kept as the original."""
    again, originals = repeated(context)
    return finding(context, again, related=context.feature_ids[originals])


@rule(
    "ring-orientation",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY,),
)
def rings_wound_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Outer rings run counter-clockwise, holes clockwise (RFC 7946, 3.1.6). Shapefiles do the opposite: only a note."""
    outlines = context.outlines
    wrong_way = outlines.is_ring & ((outlines.areas > 0) != outlines.is_outer)
    unsure = np.flatnonzero(outlines.is_ring & ~outlines.is_sure)
    if unsure.size:
        turns_left = shapely.is_ccw(shapely.get_exterior_ring(outlines.rings(unsure)))
        wrong_way[unsure] = turns_left != outlines.is_outer[unsure]
    wrong = np.zeros(len(context), dtype=bool)
    wrong[outlines.owners[wrong_way]] = True
    return finding(context, wrong & context.is_valid & context.is_present)


@rule(
    "geometry-dimension",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY,),
)
def flat_or_with_heights(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Says that features have heights (Z), and whether all have: maps and most profiles ask for two dimensions."""
    present = ~(context.is_missing | context.is_empty)
    with_heights = context.has_z & present
    if not with_heights.any():
        return None
    reason = "heights-all" if with_heights[present].all() else "heights-some"
    # Where all are alike there is no place to go to; where they are mixed, those with heights are named.
    where = with_heights if reason == "heights-some" else None
    total = int(present.sum())
    return finding(context, where, count=int(with_heights.sum()), params={"reason": reason, "total": total})


def repeated(context: Context) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """The features whose geometry another one, first by id, has as well, and that other one for each."""
    import pandas

    present = np.flatnonzero(context.is_present)
    # Equal geometries have equal boxes, so that only those with a twin are worth writing out.
    # One number a box finds most of those at once: equal boxes have equal numbers.
    boxes = context.bounds[present] + 0.0
    numbers = boxes.view(np.int64) @ np.array([3, 5_000_011, 7_000_000_001, 11_000_000_000_007])
    maybe = pandas.Series(numbers).duplicated(keep=False).to_numpy()
    present, boxes = present[maybe], boxes[maybe]
    twins = present[pandas.DataFrame(boxes).duplicated(keep=False).to_numpy()]
    if not twins.size:
        return twins, twins
    ordered = twins[context.ranked(twins)]
    written = shapely.to_wkb(shapely.normalize(context.geometry[ordered]), byte_order=1)
    codes, firsts = _first_of_each(written)
    again = firsts[codes] != np.arange(len(ordered))
    return ordered[again], ordered[firsts[codes]][again]


def _meant(layer: Layer) -> Severity | None:
    """A note at intake where the file's own schema lets a geometry be missing; profiles weigh it as ever."""
    return Severity.INFO if layer.geometry_optional else None


def _typed(context: Context, types: tuple[int, ...]) -> NDArray[Any]:
    """Which features have coordinates and are of one of these types."""
    return np.asarray(context.is_present & np.isin(context.type_ids, types))


def _type_of(context: Context, feature: int) -> dict[str, Any]:
    return {"type": GEOMETRY_TYPES[context.type_ids[feature]]}


def _counts(context: Context, mask: NDArray[Any]) -> dict[str, int]:
    """How many features of ``mask`` are of which type."""
    numbers, counts = np.unique(context.type_ids[mask], return_counts=True)
    table: dict[str, int] = {}
    for number, count in zip(numbers, counts, strict=True):
        table[GEOMETRY_TYPES[number]] = table.get(GEOMETRY_TYPES[number], 0) + int(count)
    return table


def _first_of_each(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A number for each distinct value, and for each number the position where its value comes first."""
    import pandas

    codes, _ = pandas.factorize(values)
    _, firsts = np.unique(codes, return_index=True)
    return codes, firsts
