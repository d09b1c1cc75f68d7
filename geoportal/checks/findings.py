"""Makes findings: the full count, a capped sample of occurrences, and nothing in them that JSON or a page chokes on."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.masking import veiled
from geoportal.checks.rules import RULES, severity_under
from geoportal.model.report import Element, Finding, Occurrence, Rule, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.specification import Specification

LONGEST_TEXT = 200
LONGEST_LIST = 20
MOST_VERTICES = 1000
"""Corners of one place's shape; what has more is drawn more simply, or told as a point alone."""
_ORDER = tuple(Severity)


def finding(
    context: Context,
    where: NDArray[Any] | None = None,
    *,
    place: NDArray[Any] | None = None,
    related: NDArray[Any] | None = None,
    detail: Callable[[int], dict[str, Any]] | None = None,
    params: Mapping[str, Any] | None = None,
    told: Sequence[Occurrence] = (),
    count: int | None = None,
    element: Element | None = None,
    intake: Severity | None = None,
    shapes: NDArray[Any] | None = None,
) -> Finding | None:
    """What the rule that is being asked found; None when ``where`` names no feature.

    ``where`` is a mask over the features, or an array of feature numbers (one may come twice); None = the layer as a
    whole. ``place`` (n, 2), ``related`` and ``detail`` (parameters of one occurrence, asked for the sample only) are
    aligned with it, and so are ``shapes``, geometries in the layer's CRS where the place is more than a point. A place
    that is not given is a point on the feature. ``told`` are occurrences that belong to no
    feature (a field, a gap). Count, element and the weight in the intake verdict are those of ``where`` and of the
    rule unless given.
    """
    rule = context.rule
    assert rule is not None  # the decorator sets it
    occurrences = tuple(replace(item, params=tidy(item.params)) for item in told[: context.sample])
    if where is not None:
        chosen = np.flatnonzero(where) if where.dtype == bool else np.arange(len(where))
        if not chosen.size:
            return None
        features = chosen if where.dtype == bool else where
        count = len(chosen) if count is None else count
        order = context.ranked(features)[: context.sample]
        occurrences = _occurrences(context, features[order], chosen[order], place, related, detail, shapes)
    severity = severity_under(rule, context.spec)
    if intake is not None and context.spec is None:
        severity = intake
    return Finding(
        rule=rule.id,
        severity=severity or rule.severity,
        element=element or rule.element,
        count=(len(told) or 1) if count is None else count,
        layer=context.layer.name,
        intake=intake or rule.intake,
        params=tidy(params or {}),
        occurrences=occurrences,
    )


def _occurrences(
    context: Context,
    features: NDArray[Any],
    aligned: NDArray[Any],
    place: NDArray[Any] | None,
    related: NDArray[Any] | None,
    detail: Callable[[int], dict[str, Any]] | None,
    shapes: NDArray[Any] | None = None,
) -> tuple[Occurrence, ...]:
    points = context.points(features)
    if place is not None:
        given = np.asarray(place, dtype=float)[aligned]
        known = np.isfinite(given).all(axis=1)
        points[known] = given[known]
    return tuple(
        Occurrence(
            feature=tidied(str(context.feature_ids[feature])),
            where=at,
            related=None if related is None or related[position] is None else tidied(str(related[position])),
            params=tidy(detail(int(position))) if detail else {},
            geometry=None if shapes is None else shape_of(shapes[position]),
        )
        for feature, position, at in zip(features, aligned, inside(context, points), strict=True)
    )


def shape_of(geometry: Any) -> dict[str, Any] | None:
    """The geometry of an occurrence as GeoJSON in the layer's own numbers, None for none."""
    import shapely

    if geometry is None or geometry.is_empty:
        return None
    if shapely.get_num_coordinates(geometry) > MOST_VERTICES:
        # A drawing of the place, for a map and a fault package: a report is no second copy of the layer.
        west, south, east, north = geometry.bounds
        geometry = shapely.simplify(geometry, max(east - west, north - south) / 500)
        if geometry.is_empty or shapely.get_num_coordinates(geometry) > MOST_VERTICES:
            return None
    return {name: _listed(value) for name, value in shapely.geometry.mapping(geometry).items()}


def _listed(value: Any) -> Any:
    """Tuples as lists: what JSON makes of them anyway."""
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    return {name: _listed(item) for name, item in value.items()} if isinstance(value, dict) else value


def inside(context: Context, points: NDArray[Any]) -> list[tuple[float, float] | None]:
    """Points as pairs, None where there is none. A computed one that misses the extent by a rounding is put on it."""
    extent = context.extent
    if extent is None:
        return [None] * len(points)
    kept = np.clip(points, extent[:2], extent[2:])
    finite = np.isfinite(kept).all(axis=1)
    return [(float(x), float(y)) if good else None for (x, y), good in zip(kept, finite, strict=True)]


def noted(
    rule_id: str,
    params: Mapping[str, Any],
    spec: Specification | None,
    context: Context | None = None,
) -> Finding | None:
    """What the reader noticed, as a finding; None when the specification does not want to hear of it.

    Among the parameters ``count`` is the number of places and ``features`` a list of features, named by the source's
    ids or by row numbers; ``details`` may give parameters to each of these, which then come in the order of the layer.
    ``context`` is that of the layer, None for the file as a whole. KeyError for an unknown rule.
    """
    rule = RULES[rule_id]
    severity = severity_under(rule, spec)
    if severity is None:
        return None
    facts = dict(params)
    rows = context.rows_of(facts["features"]) if context and "features" in facts else np.empty(0, dtype=np.int64)
    details = dict(zip(rows.tolist(), facts.pop("details", ()), strict=False))
    if isinstance(facts.get("features"), list | tuple):
        del facts["features"]
    count = facts.pop("count", None)
    if not isinstance(count, int) or count < 1:
        count = len(rows) or 1
    told = tidy(facts)
    occurrences: tuple[Occurrence, ...] = (Occurrence(params=told),) if told else ()
    if context is not None and rows.size:
        order = context.ranked(rows)[: context.sample]
        told_of = rows[order]
        occurrences = _occurrences(context, told_of, order, None, None, lambda at: details.get(int(rows[at]), {}))
    layer = context.layer.name if context else None
    return Finding(rule.id, severity, rule.element, count, layer, rule.intake, told, occurrences)


def one_per_rule(findings: Iterable[Finding | None], sample: int | None) -> tuple[Finding, ...]:
    """Findings, those of one rule and layer joined into one (CONTRACT 6), each with at most ``sample`` occurrences."""
    table: dict[tuple[str, str | None], Finding] = {}
    for item in findings:
        if item is not None:
            key = (item.rule, item.layer)
            table[key] = _joined(table[key], item) if key in table else item
    return tuple(replace(item, occurrences=item.occurrences[:sample]) for item in table.values())


def _joined(first: Finding, second: Finding) -> Finding:
    """One finding of two: places add up, a fact about the whole layer stays one fact."""
    params = {**second.params, **first.params}
    if RULES[first.rule].scope is Scope.LAYER:
        told = first.occurrences or second.occurrences
        return replace(first, count=max(first.count, second.count), params=params, occurrences=told)
    return replace(
        first,
        severity=min(first.severity, second.severity, key=_ORDER.index),
        intake=first.intake or second.intake,
        count=first.count + second.count,
        params=params,
        occurrences=first.occurrences + second.occurrences,
    )


def failed(rule: Rule, context: Context) -> Finding:
    """A check that could not be finished. It weighs as much as the rule would: what was not checked has not passed."""
    own = RULES["check-failed"]
    severity = severity_under(rule, context.spec) or own.severity
    return Finding(
        rule=own.id,
        severity=Severity.WARNING if severity is Severity.INFO else severity,
        element=own.element,
        count=1,
        layer=context.layer.name,
        intake=rule.intake,
        params={"rule": rule.id},
        occurrences=(Occurrence(params={"rule": rule.id}),),
    )


def tidied(value: Any) -> Any:
    """A value from a file as JSON can hold it and a person can read it: short, finite, without control characters."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= 2**53 else str(value)[:LONGEST_TEXT]
        case str():
            shown = "".join(
                " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in value[:1000]
            )
            return shown if len(shown) <= LONGEST_TEXT else shown[: LONGEST_TEXT - 1] + "…"
        case float():
            return value if math.isfinite(value) else str(value)
        case np.generic():
            return tidied(value.item())
        case dict():
            return {str(tidied(str(key))): tidied(item) for key, item in list(value.items())[:LONGEST_LIST]}
        case list() | tuple():
            return [tidied(item) for item in value[:LONGEST_LIST]]
        case _:
            return tidied(str(value))


def tidy(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a finding, each tidied, and no personal value among them as it stands in the file."""
    return veiled({name: tidied(value) for name, value in params.items()})
