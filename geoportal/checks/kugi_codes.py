"""Rules about KUGI, the Indonesian feature catalogue (ISO 19110): the code in FCODE, and what stands beside it.

Identity is the code, never the name (release 5.1.2026 took the scale out of the names). What no printed source lists
is told as unknown, never as wrong: these rules block nothing unless a specification says so (CONTRACT 6).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import as_text, is_blank
from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.kugi import SCALES, KugiCode, fault_of, name_without_scale, parse_code
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
    if field is not None and (len(context) == 0 or not is_blank(context.column(field)).all()):
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
    parsed = _parsed(values)
    wrong = np.array([value is not None and parsed[value] is None for value in values], dtype=bool)
    rows = np.flatnonzero(wrong)
    return finding(
        context,
        rows,
        detail=lambda position: {
            "field": field,
            "value": values[rows[position]],
            "reason": f"kugi-{fault_of(values[rows[position]])}",
        },
        params={"field": field, "values": _most_common(values[rows])},
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
    parsed = _parsed(values)
    old = np.array([(code := parsed.get(value)) is not None and code.is_old for value in values], dtype=bool)
    return finding(context, old, params={"field": field, "values": _most_common(values[old])})


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
    parsed = _parsed(values)
    strange = np.array(
        [(code := parsed.get(value)) is not None and code.catalogue not in letters for value in values], dtype=bool
    )
    return finding(
        context, strange, params={"field": field, "values": _most_common(values[strange]), "known": "".join(letters)}
    )


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
    parsed = _parsed(values)
    said = np.array([(code := parsed.get(value)) and code.geometry for value in values], dtype=object)
    differs = np.zeros(len(context), dtype=bool)
    for name, family in FAMILIES.items():
        differs |= (said == name) & (context.type_ids >= 0) & ~np.isin(context.type_ids, family)
    rows = np.flatnonzero(differs)
    return finding(
        context,
        rows,
        detail=lambda position: {"field": field, "value": values[rows[position]], "kind": said[rows[position]]},
        params={"field": field, "values": sorted(set(values[rows].tolist()))},
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
    parsed = _parsed(values)
    scales = Counter(code.scale for value in values if (code := parsed.get(value)) and code.scale)
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
    found = []
    for name, values in sorted(context.references.kugi.domains.items()):
        if context.has_field(name):
            column = context.column(name)
            filled = np.flatnonzero(~is_blank(column))
            texts = as_text(column)[filled]
            plain = np.array([text.strip() for text in texts], dtype=object)
            strange = ~np.isin(plain, np.array(values, dtype=object))
            found.append((name, filled[strange], texts[strange]))
    found = [item for item in found if item[1].size]
    if not found:
        return None
    rows = np.concatenate([item[1] for item in found])
    names = np.repeat([item[0] for item in found], [len(item[1]) for item in found])
    told = np.concatenate([item[2] for item in found])
    return finding(
        context,
        rows,
        detail=lambda position: {"field": str(names[position]), "value": told[position]},
        params={"fields": [item[0] for item in found], "values": _most_common(told)},
    )


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
    texts = as_text(context.column(SRS_FIELD))
    values = np.array([(text or "").strip() for text in texts], dtype=object)
    usual = _expected(values, layer.crs)
    differs = values != usual if usual is not None else np.zeros(len(values), dtype=bool)
    if usual is None or not differs.any():
        return None
    rows = np.flatnonzero(differs)
    return finding(
        context,
        rows,
        detail=lambda position: {"value": values[rows[position]] or None},
        params={"field": SRS_FIELD, "usual": usual, "values": _most_common(values[rows][values[rows] != ""])},
    )


def _expected(values: NDArray[Any], crs: str | None) -> str | None:
    """What SRS_ID should say: the layer's EPSG code where a value is such a number, else the value that most have;
    None where nothing is filled.
    """
    filled = [str(value) for value in values if value]
    if not filled:
        return None
    usual = Counter(filled).most_common(1)[0][0]
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


def _codes(context: Context) -> tuple[str, NDArray[Any]]:
    """The field with codes and its values, None where one is blank."""
    field = _field(context)
    assert field is not None  # the rule says that it needs the field
    values = as_text(context.column(field))
    values[is_blank(context.column(field))] = None
    return field, values


def _parsed(values: NDArray[Any]) -> dict[str, KugiCode | None]:
    """Each different code, taken apart once: a layer of a million features has a handful."""
    return {value: parse_code(value) for value in {value for value in values if value is not None}}


def _most_common(values: NDArray[Any]) -> list[str]:
    """Different values, those that come most often first."""
    return [str(value) for value, _ in sorted(Counter(values).items(), key=lambda item: (-item[1], str(item[0])))]
