"""Rules about KUGI, the Indonesian feature catalogue (ISO 19110): the code in FCODE, and what stands beside it.

Identity is the code, never the name (release 5.1.2026 took the scale out of the names). What no printed source lists
is told as unknown, never as wrong: these rules block nothing unless a specification says so (CONTRACT 6).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geoportal.checks.distinct import Distinct, cells, distinct
from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.kugi import SCALES, fault_of, name_without_scale, parse_code
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

MEANING = "kugi-code"
SRS_FIELD = "SRS_ID"
PLAN_PROFILE = "rtrw"
FAMILIES = {"PT": (0, 4), "LN": (1, 2, 5), "AR": (3, 6)}
"""Geometry of a code -> numbers of simple feature types, as GEOS counts them."""


def has(context: Context, need: Need) -> bool:
    """Whether there is what a rule about KUGI or plans needs."""
    spec = context.spec
    match need:
        case Need.KUGI:
            return _described(context) is not None
        case Need.KUGI_FIELD:
            return _field(context) is not None
        case Need.KUGI_LISTS:
            return context.references.kugi is not None
        case Need.SRS_ID:
            return context.has_field(SRS_FIELD)
        case _:
            return spec is not None and spec.profile == PLAN_PROFILE


@rule(
    "kugi-code-missing",
    scope=Scope.LAYER,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.KUGI,),
)
def codes_there(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer has the field that says by KUGI code what its features are, and something stands in it."""
    described, field = _described(context), _field(context)
    if field is not None and (len(context) == 0 or distinct(context, field).filled):
        return None
    return finding(context, params={"field": field or described, "there": field is not None})


@rule(
    "kugi-code-form",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KUGI_FIELD,),
)
def codes_well_formed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Codes have the ten characters of KUGI (or the six of before), with a geometry and a scale that exist."""
    field, values = _codes(context)
    wrong = values.where(lambda value: parse_code(value) is None)
    rows = values.rows(wrong)
    return finding(
        context,
        rows,
        detail=lambda position: {
            "field": field,
            "value": (value := str(_value(values, rows[position]))),
            "reason": f"kugi-{fault_of(value)}",
        },
        params={"field": field, "values": _most_common(values, wrong)},
    )


@rule(
    "kugi-lcode",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.KUGI_FIELD,),
)
def codes_are_present_ones(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Codes are of the present kind. The older six characters (LCODE) are understood, but name no geometry or scale."""
    field, values = _codes(context)
    old = values.where(lambda value: (code := parse_code(value)) is not None and code.is_old)
    return finding(context, values.rows(old), params={"field": field, "values": _most_common(values, old)})


@rule(
    "kugi-code-unknown-catalogue",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KUGI_FIELD, Need.KUGI_LISTS),
)
def catalogue_known(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The first letter of a code is one of the printed catalogues (A Referensi Spasial ... Z Dataset Khusus)."""
    assert context.references.kugi is not None  # the rule says that it needs the lists
    letters = context.references.kugi.catalogues
    field, values = _codes(context)
    strange = values.where(lambda value: (code := parse_code(value)) is not None and code.catalogue not in letters)
    params = {"field": field, "values": _most_common(values, strange), "known": "".join(letters)}
    return finding(context, values.rows(strange), params=params)


@rule(
    "kugi-geometry-differs",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.KUGI_FIELD, Need.GEOMETRY),
)
def geometry_agrees(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A code of points (01) stands on points, one of lines (02) on lines, one of areas (03) on areas."""
    field, values = _codes(context)
    said = np.array([(code.geometry if (code := parse_code(value)) else None) for value in values.values] + [None])
    differs = np.zeros(len(context), dtype=bool)
    for name, family in FAMILIES.items():
        meant = (said == name)[values.index]
        differs |= meant & (context.type_ids >= 0) & ~np.isin(context.type_ids, family)
    rows = np.flatnonzero(differs)
    found = np.unique(values.index[rows])
    return finding(
        context,
        rows,
        detail=lambda position: {
            "field": field,
            "value": _value(values, rows[position]),
            "kind": said[values.index[rows[position]]],
        },
        params={"field": field, "values": sorted(map(str, values.values[found]))},
    )


@rule(
    "kugi-scale-mixed",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KUGI_FIELD,),
)
def one_scale(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """All codes of a layer name one scale."""
    field, values = _codes(context)
    scales: Counter[int] = Counter()
    for value, times in zip(values.values, values.counts(), strict=True):
        if (code := parse_code(value)) is not None and code.scale is not None:
            scales[code.scale] += int(times)
    if len(scales) < 2:
        return None
    found = [scale for scale in SCALES.values() if scale in scales]
    told = [Occurrence(params={"scale": f"1:{scale}", "features": scales[scale]}) for scale in found]
    return finding(context, told=told, params={"field": field, "scales": [item.params["scale"] for item in told]})


@rule(
    "kugi-name-old",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.KUGI,),
)
def name_is_present_one(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The name of the layer is one of release 5.1.2026, without a scale. Old names are taken as they come."""
    kugi = context.references.kugi
    present = name_without_scale(layer.name)
    if present != layer.name.strip():
        return finding(context, params={"name": layer.name, "present": present})
    if kugi is not None and present.upper() in kugi.old_names:
        return finding(context, params={"name": layer.name, "present": None})
    return None


@rule(
    "kugi-value-unlisted",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.KUGI, Need.KUGI_LISTS),
)
def values_printed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Coded fields (TIPADM, KLBADM, STSBTS) hold values that a printed list has; 1, 1.0 and '1' are one value."""
    assert context.references.kugi is not None  # the rule says that it needs the lists
    found, strange_values = [], []
    for name, printed in sorted(context.references.kugi.domains.items()):
        if context.has_field(name):
            values = distinct(context, name)
            strange = values.where(lambda value, printed=printed: value.strip() not in printed)  # type: ignore[misc]
            found.append((name, values.rows(strange)))
            strange_values += _most_common(values, strange)
    return cells(context, found, params={"values": list(dict.fromkeys(strange_values))})


@rule(
    "srs-id-differs",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.SRS_ID,),
)
def srs_id_agrees(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """SRS_ID says the same in every feature, is never blank beside filled ones, and names no other EPSG code than
    that of the layer.

    Words ('SRGI 2013') cannot be compared with a code, so they only have to agree with each other.
    """
    values = distinct(context, SRS_FIELD)
    usual = _expected(values, layer.crs)
    if usual is None:
        return None
    other = values.where(lambda value: value.strip() != usual)
    rows = np.flatnonzero(np.append(other, True)[values.index])  # a blank differs too
    return finding(
        context,
        rows,
        detail=lambda position: {"value": _value(values, rows[position])},
        params={"field": SRS_FIELD, "usual": usual, "values": _most_common(values, other)},
    )


def _expected(values: Distinct, crs: str | None) -> str | None:
    """What SRS_ID should say: the layer's EPSG code where a value is such a number, else the value that most have;
    None where nothing is filled.
    """
    times: Counter[str] = Counter()
    for value, count in zip(values.values, values.counts(), strict=True):
        times[value.strip()] += int(count)
    if not times:
        return None
    usual = times.most_common(1)[0][0]
    authority, _, code = (crs or "").partition(":")
    return code if authority == "EPSG" and usual.isdecimal() else usual


def _described(context: Context) -> str | None:
    """The field that holds KUGI codes, by the name that the specification gives it."""
    fields = context.spec.fields if context.spec else ()
    return next((field.name for field in fields if field.means == MEANING), None)


def _field(context: Context) -> str | None:
    """The field of the layer that holds KUGI codes, under its name or another that it is known by."""
    for field in context.spec.fields if context.spec else ():
        if field.means == MEANING:
            found = next((name for name in (field.name, *field.aliases) if context.has_field(name)), None)
            if found is not None:
                return found
    return None


def _codes(context: Context) -> tuple[str, Distinct]:
    """The field with codes and its different values: a layer of a million features has a handful."""
    field = _field(context)
    assert field is not None  # the rule says that it needs the field
    return field, distinct(context, field)


def _value(values: Distinct, row: int) -> str | None:
    """The value of one feature, None for a blank."""
    number = int(values.index[row])
    return None if number < 0 else str(values.values[number])


def _most_common(values: Distinct, chosen: NDArray[np.bool_]) -> list[str]:
    """The chosen among the different values, those that come most often first."""
    counted = zip(-values.counts()[chosen], map(str, values.values[chosen]), strict=True)
    return [value for _, value in sorted(counted)]
