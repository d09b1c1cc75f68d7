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
    reasons, counts = np.unique(context.reasons[~context.is_valid].astype(str), return_counts=True)
    return finding(
        context,
        ~context.is_valid,
        place=context.reason_points,
        detail=lambda feature: {"reason": context.reasons[feature]},
        params={"reasons": {str(name): int(number) for name, number in zip(reasons, counts, strict=True)}},
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
    import pandas

    present = np.flatnonzero(context.is_present)
    # Equal geometries have equal boxes, so that only those with a twin are worth writing out.
    alike = present[pandas.DataFrame(context.bounds[present]).duplicated(keep=False).to_numpy()]
    if not alike.size:
        return None
    ordered = alike[context.ranked(alike)]
    written = shapely.to_wkb(shapely.normalize(context.geometry[ordered]), byte_order=1)
    codes, firsts = _first_of_each(written)
    again = firsts[codes] != np.arange(len(ordered))
    return finding(context, ordered[again], related=context.feature_ids[ordered[firsts[codes]]][again])


@rule(
    "ring-orientation",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GEOMETRY,),
)
def rings_wound_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Outer rings run counter-clockwise, holes clockwise (RFC 7946, 3.1.6). Shapefiles do the opposite: only a note."""
    sound = np.flatnonzero(context.is_valid & _typed(context, FAMILIES["Polygon"]))
    parts, part_of = shapely.get_parts(context.geometry[sound], return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return None
    is_outer = np.diff(ring_of, prepend=-1) > 0
    wrong_ring = shapely.is_ccw(rings) != is_outer
    wrong = np.zeros(len(context), dtype=bool)
    wrong[sound[part_of[ring_of[wrong_ring]]]] = True
    return finding(context, wrong)


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
