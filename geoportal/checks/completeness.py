"""Rules about the layer as a whole: is there anything in it, and is it as much as promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification


@rule(
    "layer-empty",
    scope=Scope.LAYER,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
)
def has_features(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A layer has features."""
    return finding(context) if len(context) == 0 else None


@rule(
    "layer-without-geometry",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    intake=Severity.WARNING,
)
def is_spatial(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A layer can be drawn: it has geometries, and not all of them are null or empty."""
    if context.has_geometry and (len(context) == 0 or not (context.is_missing | context.is_empty).all()):
        return None
    return finding(context)


@rule(
    "feature-count-unexpected",
    scope=Scope.LAYER,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.EXPECTED,),
)
def as_many_as_promised(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer has as many features as the specification says; the count is how many are missing or too many."""
    assert spec is not None and spec.expected_features is not None
    difference = len(context) - spec.expected_features
    if difference == 0:
        return None
    return finding(
        context,
        count=abs(difference),
        params={"expected": spec.expected_features, "found": len(context)},
        element=Element.COMPLETENESS_COMMISSION if difference > 0 else Element.COMPLETENESS_OMISSION,
    )
