"""Rules about the values in the fields: filled, well-formed, from the code list, and free of invisible characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import is_blank
from geoportal.checks.distinct import cells, distinct
from geoportal.checks.patterns import LONGEST_VALUE, checked_pattern
from geoportal.checks.rules import Need, rule
from geoportal.checks.schema import repeats
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import FieldSpecification, Specification

INVISIBLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
"""Control characters, save tab and line ends; zero-width blanks; and marks that turn the direction of text."""


@rule(
    "field-null",
    scope=Scope.FEATURE,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def required_filled(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Required fields have a value in every feature."""
    found = [
        (field.name, np.flatnonzero(is_blank(context.column(field.name))))
        for field in _described(spec, context)
        if field.required
    ]
    return cells(context, found)


@rule(
    "field-duplicate",
    scope=Scope.BETWEEN,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def unique_once(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Fields that the specification calls unique hold each value once. The count leaves out the first of each."""
    found = [
        (field.name, repeats(context, field.name)[0])
        for field in _described(spec, context)
        if field.unique and field.name != context.key
    ]
    return cells(context, found)


@rule(
    "field-pattern",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def pattern_kept(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Values have the form that the specification gives (a regular expression for the whole value)."""
    return _values(
        context,
        spec,
        lambda field: field.pattern is not None,
        lambda field, values: ~_matching(str(field.pattern), values),
    )


@rule(
    "field-length",
    scope=Scope.FEATURE,
    element=Element.FORMAT_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def length_kept(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Values are no longer than the specification allows, in characters."""
    return _values(
        context,
        spec,
        lambda field: field.length is not None,
        lambda field, values: _lengths(values) > (field.length or 0),
    )


@rule(
    "field-code",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def code_listed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Values are on the code list of the specification; 1, 1.0 and '1' are one code."""
    return _values(
        context,
        spec,
        lambda field: bool(field.codes),
        lambda field, values: ~np.isin(values, np.array(field.codes, dtype=object)),
    )


@rule(
    "text-control-characters",
    scope=Scope.FEATURE,
    element=Element.FORMAT_CONSISTENCY,
    severity=Severity.WARNING,
)
def text_visible(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Texts hold no invisible characters: they break joins by code and can make a name read as another."""
    found = []
    for field in layer.fields:
        if field.type in ("string", "json") and context.has_field(field.name):
            column = context.column(field.name)
            texts = column.where(column.notna(), "").astype(str)
            found.append((field.name, np.flatnonzero(texts.str.contains(INVISIBLE, regex=True).to_numpy(dtype=bool))))
    return cells(context, found)


def _described(spec: Specification | None, context: Context) -> Iterator[FieldSpecification]:
    """The fields of the specification that the layer has."""
    return (field for field in (spec.fields if spec else ()) if context.has_field(field.name))


def _values(
    context: Context,
    spec: Specification | None,
    applies: Callable[[FieldSpecification], bool],
    is_wrong: Callable[[FieldSpecification, NDArray[Any]], NDArray[np.bool_]],
) -> Finding | None:
    """Ask ``is_wrong`` of the different values (as text, no blanks) of every field to which a rule applies."""
    found = []
    for field in _described(spec, context):
        if applies(field):
            known = distinct(context, field.name)
            found.append((field.name, known.rows(is_wrong(field, known.values))))
    return cells(context, found)


def _matching(pattern: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which texts match as a whole. A text that is too long to be asked safely does not."""
    match = checked_pattern(pattern).fullmatch
    return np.fromiter(
        (len(value) <= LONGEST_VALUE and match(value) is not None for value in values), dtype=bool, count=len(values)
    )


def _lengths(values: NDArray[Any]) -> NDArray[np.int_]:
    return np.fromiter(map(len, values), dtype=np.int64, count=len(values))
