"""Rules about the fields of a layer and its key: are they there, of the right type, and is the key unique."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import as_text, is_blank
from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import FieldSpecification, Specification

TYPES: dict[str, tuple[str, ...]] = {
    "text": ("string",),
    "integer": ("integer",),
    "real": ("number", "integer"),
    "boolean": ("boolean",),
    "date": ("date",),
    "datetime": ("date-time",),
}
"""The words of a specification for field types, and the types of JSON Schema that satisfy each."""


@rule(
    "key-missing",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KEY,),
)
def key_exists(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The field that identifies features is there."""
    assert spec is not None and spec.key is not None
    if context.has_field(spec.key):
        return None
    return finding(context, params={"field": spec.key, "near": _near(context, spec.key)})


@rule(
    "key-null",
    scope=Scope.FEATURE,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.KEY_FIELD,),
)
def key_filled(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every feature has a value in the key field."""
    assert spec is not None and spec.key is not None
    return finding(context, is_blank(context.column(spec.key)), params={"field": spec.key})


@rule(
    "key-duplicate",
    scope=Scope.BETWEEN,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KEY_FIELD,),
)
def key_unique(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two features have the same key. The count leaves out the first of each."""
    assert spec is not None and spec.key is not None
    features, values, times = repeats(context, spec.key)
    return finding(
        context,
        features,
        detail=lambda position: {"value": values[position], "times": int(times[position])},
        params={"field": spec.key, "values": len(set(values))},
    )


@rule(
    "field-missing",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def fields_exist(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every field of the specification is there, spelled as written."""
    assert spec is not None
    missing = [field.name for field in spec.fields if not context.has_field(field.name)]
    return _about_fields(
        context,
        [{"field": name, "near": _near(context, name)} for name in missing],
    )


@rule(
    "field-type",
    scope=Scope.LAYER,
    element=Element.FORMAT_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def fields_of_type(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Fields have the type of the specification. Whole numbers stored as reals (a habit of .dbf) count as integers."""
    assert spec is not None
    return _about_fields(
        context,
        [
            {"field": field.name, "expected": field.type, "found": context.field_types[field.name]}
            for field in spec.fields
            if field.type and context.has_field(field.name) and not _has_type(context, field)
        ],
    )


def repeats(context: Context, name: str) -> tuple[NDArray[np.int_], NDArray[Any], NDArray[np.int_]]:
    """Features whose value in a field was already used, with that value and how often it comes.

    The first feature of each value (by id and place) is left out, and so are blanks.
    """
    import pandas

    column = context.column(name)
    # Values of one type are equal when their texts are; whether any two are is soon seen, and hardly ever so.
    if not pandas.api.types.is_object_dtype(column.dtype) and not column.duplicated().any():
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    filled = np.flatnonzero(~is_blank(column))
    ordered = filled[context.ranked(filled)]
    values = as_text(column)[ordered]
    codes, _ = pandas.factorize(values)
    again = pandas.Series(codes).duplicated().to_numpy()
    return ordered[again], values[again], np.bincount(codes)[codes][again]


def _has_type(context: Context, field: FieldSpecification) -> bool:
    found = context.field_types[field.name]
    if found in TYPES[str(field.type)]:
        return True
    if field.type == "integer" and found == "number":
        values = context.column(field.name).to_numpy(dtype=float, na_value=np.nan)
        values = values[~np.isnan(values)]
        return bool(np.isfinite(values).all() and (values == np.floor(values)).all())
    return False


def _about_fields(context: Context, facts: Iterable[dict[str, Any]]) -> Finding | None:
    """A finding with one occurrence for each field that is wrong."""
    told = sorted((Occurrence(params=item) for item in facts), key=lambda item: str(item.params["field"]))
    if not told:
        return None
    return finding(context, told=told, params={"fields": [item.params["field"] for item in told]})


def _near(context: Context, name: str) -> str | None:
    """A field of the layer that differs in case or blanks only: probably the one that was meant."""
    plain = name.strip().casefold()
    return next((field for field in sorted(context.field_types) if field.strip().casefold() == plain), None)
