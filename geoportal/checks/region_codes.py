"""Rules about region codes (kode referensi, Perpres 39/2019): on the list of their edition, written as codes, inside
their parents, and not those of BPS.

Where nothing but the values says that a column holds codes, these rules warn and never block.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.distinct import cells, distinct
from geoportal.checks.findings import finding
from geoportal.checks.patterns import checked_pattern
from geoportal.checks.regions import (
    CODE,
    MOSTLY,
    PARENT_CODE,
    CodeColumn,
    Kind,
    Regions,
    ancestor,
    pairs,
    regions_of,
    says_code,
)
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import FieldSpecification, Specification

MOST_ZEROS = 4
LONGEST_CODE = 20


@rule("code-as-number", scope=Scope.FEATURE, element=Element.FORMAT_CONSISTENCY, severity=Severity.WARNING)
def codes_are_texts(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No code has lost its first or last zeros because a program took it for a number: 32.10 became 32.1."""
    described = {field.name: field for field in (spec.fields if spec else ())}
    found, meant = [], {}
    for field in layer.fields:
        if field.type not in ("string", "integer", "number") or not context.has_field(field.name):
            continue
        told = _lost(context, field.name, described.get(field.name))
        if told:
            values = distinct(context, field.name)
            found.append((field.name, values.rows(values.where(told.__contains__))))
            meant[field.name] = told
    return cells(context, found, about=lambda name, value: {"suggestion": meant[name][value]})


@rule(
    "region-code-unknown",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def codes_listed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Every region code is on a list of the node. One in a region that no list is about is told beside listed ones."""

    def chosen(column: CodeColumn) -> Any:
        kinds = (Kind.UNKNOWN, Kind.OUTSIDE) if column.is_about_lists else (Kind.UNKNOWN,)
        return column.of_kind(*kinds)

    return _told(context, chosen, lambda regions, value: {"reason": f"code-{regions.kind_of(value)[0]}"})


@rule(
    "region-code-placeholder",
    scope=Scope.FEATURE,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def codes_filled(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No placeholder stands where a region code belongs: 12.--.--, xx.--.--.----, 12.34.00; nor a blank among codes.

    Blanks are left to ``field-null`` and ``key-null`` where these ask, and to nobody where most of a column is blank.
    """
    asked = {field.name for field in (spec.fields if spec else ()) if field.required} | {context.key}
    regions = regions_of(context)
    found, declared = [], False
    for column in regions.columns:
        wrong = column.values.rows(column.of_kind(Kind.PLACEHOLDER))
        if column.name not in asked and column.values.filled >= MOSTLY * len(context):
            wrong = np.union1d(wrong, np.flatnonzero(column.values.index < 0))
        found.append((column.name, wrong))
        declared = declared or (column.declared and bool(wrong.size))
    return soft(cells(context, found), declared)


@rule(
    "region-code-format",
    scope=Scope.FEATURE,
    element=Element.FORMAT_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def codes_dotted(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Region codes are written with their dots and all their digits: 12.34.08, not 123408 or 12.34.8."""

    def suggested(regions: Regions, value: str) -> dict[str, Any]:
        return {"suggestion": regions.kind_of(value)[1]}

    return _told(context, lambda column: column.of_kind(Kind.FORM, Kind.NONE), suggested)


@rule(
    "bps-code-in-kemendagri-column",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def no_codes_of_bps(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No codes of BPS stand among those of Kemendagri. They are not converted: below the kabupaten none follows from
    the other.
    """
    return _told(context, lambda column: column.of_kind(Kind.BPS))


@rule(
    "region-code-edition",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def codes_of_one_edition(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """All region codes are on the list of the edition that holds for the layer, not on an older or newer one alone."""

    def facts(regions: Regions, value: str) -> dict[str, Any]:
        code = str(regions.kind_of(value)[1])
        return {"other": regions.editions.get(code), "suggestion": _crossed(regions, code)}

    return _told(context, lambda column: column.of_kind(Kind.OTHER_EDITION), facts)


@rule(
    "region-code-before-split",
    scope=Scope.LAYER,
    element=Element.COMPLETENESS_OMISSION,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def newest_division(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A layer with all regions of one level has the new ones too: 20 kecamatan, not the 18 from before the split."""
    regions = regions_of(context)
    column = regions.main
    if column is None or not regions.changes:
        return None
    have = {code for code in column.codes if code is not None}
    told = []
    for old, new, since in regions.changes:
        if new not in regions.entries or new in have or not (old is None or old in have):
            continue
        parent = new.rpartition(".")[0]
        level = {code for code in regions.entries if code.rpartition(".")[0] == parent}
        newer = {code for _, code, _ in regions.changes}
        # All that was there before the split is there, so this is a layer of the whole level, only an old one.
        if level - newer <= have:
            facts = {"code": new, "name": regions.name_of(new), "other": old, "since": since}
            told.append(Occurrence(params=facts))
    if not told:
        return None
    told.sort(key=lambda item: str(item.params["code"]))
    codes = [f"{item.params['code']} {item.params['name']}" for item in told]
    return soft(finding(context, told=told, params={"fields": [column.name], "codes": codes}), column.declared)


@rule(
    "region-code-parent",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def codes_inside_parents(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A region code begins with the code of the region that another column names as its parent."""
    regions = regions_of(context)
    main = regions.main
    if main is None:
        return None
    rows: list[Any] = []
    facts: list[dict[str, Any]] = []
    declared = False
    for column in regions.columns:
        if column is main or (column.means == CODE and column.level >= main.level):
            continue
        said = column.means == PARENT_CODE and main.declared
        wrong, told, asked = _outside_parent(main, column)
        if wrong.size and (said or wrong.size <= (1 - MOSTLY) * asked):
            rows.append(wrong)
            facts += told
            declared = declared or said
    if not rows:
        return None
    features = np.concatenate(rows)
    fields = sorted({name for item in facts for name in (item["field"], item["parent_field"])})
    return soft(finding(context, features, detail=facts.__getitem__, params={"fields": fields}), declared)


@rule(
    "region-codes-counted",
    scope=Scope.LAYER,
    element=Element.USABILITY,
    severity=Severity.INFO,
    needs=(Need.CODES_COUNTED,),
)
def codes_counted(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """How many codes of each column are on which list: asked by ``geoportal wilayah check`` alone."""
    regions = regions_of(context)
    told = []
    for column in regions.columns:
        counts = column.values.counts()
        codes = {code for code in column.codes if code is not None}
        kinds = {kind: int(counts[column.of_kind(kind)].sum()) for kind in Kind}
        facts = {
            "field": column.name,
            "values": column.values.filled,
            "blank": len(context) - column.values.filled,
            "distinct": len(column.values.values),
            "level": column.level,
            "kinds": {str(kind): number for kind, number in kinds.items() if number},
            "editions": {item.edition: len(codes & {entry.code for entry in item.entries}) for item in regions.lists},
        }
        told.append(Occurrence(params=facts))
    if not told:
        return None
    params = {"fields": [column.name for column in regions.columns], "edition": regions.chosen.edition}
    return finding(context, told=told, params=params)


def _told(
    context: Context,
    chosen: Callable[[CodeColumn], Any],
    about: Callable[[Regions, str], dict[str, Any]] | None = None,
) -> Finding | None:
    """A finding about values of the columns of codes."""
    regions = regions_of(context)
    found = [(column, column.values.rows(chosen(column))) for column in regions.columns]
    wrong = sorted({str(value) for column, _ in found for value in column.values.values[chosen(column)]})
    made = cells(
        context,
        [(column.name, rows) for column, rows in found],
        about=(lambda _, value: about(regions, value)) if about else None,
        params={"edition": regions.chosen.edition, "values": wrong},
    )
    return soft(made, regions.is_certain and any(column.declared for column, rows in found if rows.size))


def soft(made: Finding | None, declared: bool) -> Finding | None:
    """A finding that blocks only where the specification itself said that the column holds codes."""
    if made is None or declared or made.severity is not Severity.BLOCKING:
        return made
    return replace(made, severity=Severity.WARNING)


def _crossed(regions: Regions, code: str) -> str | None:
    """What a code of another edition is called in the one that holds, as far as a list of changes prints it."""
    old = regions.cut_from(code)
    if old is not None and old in regions.entries:
        return old
    newer = [new for was, new, _ in regions.changes if was == code and new in regions.entries]
    return newer[0] if len(newer) == 1 else None


def _outside_parent(main: CodeColumn, parent: CodeColumn) -> tuple[Any, list[dict[str, Any]], int]:
    """The features whose code does not lie in their parent's, what to tell of each, and how many have both codes."""
    found, rows, which = pairs(main.values.index, parent.values.index)
    wrong = np.zeros(len(found), dtype=bool)
    asked = np.zeros(len(found), dtype=bool)
    for number, (own, above) in enumerate(found):
        code, other = main.codes[own], parent.codes[above]
        if code is not None and other is not None:
            asked[number] = True
            wrong[number] = ancestor(code, other.count(".") + 1) != other
    bad = np.flatnonzero(wrong[which])
    told = [
        {
            "field": main.name,
            "value": main.values.values[found[which[at]][0]],
            "parent_field": parent.name,
            "parent": parent.values.values[found[which[at]][1]],
        }
        for at in bad
    ]
    return rows[bad], told, int(asked[which].sum())


def _lost(context: Context, name: str, field: FieldSpecification | None) -> dict[str, str]:
    """The values of a field that lost zeros as a number, and the code that each was; empty for most fields."""
    told: dict[str, str] = {}
    if field is not None and (field.pattern or field.codes):
        fits = _fits(field)
        for value in distinct(context, name).values:
            if len(value) <= LONGEST_CODE and value.replace(".", "", 1).isdigit() and not fits(value):
                longer = next(filter(fits, _with_zeros(value)), None)
                if longer is not None:
                    told[value] = longer
        return told
    if not (says_code(name) or (field is not None and field.means in (CODE, PARENT_CODE))):
        return told
    values = distinct(context, name).values
    # Codes of kabupaten read as numbers: two digits, a dot, two digits, save those that ended in a zero.
    whole = sum(len(value) == 5 and value[2] == "." and _is_kabupaten(value) for value in values)
    short = [value for value in values if len(value) == 4 and value[2] == "." and _is_kabupaten(f"{value}0")]
    if short and whole + len(short) >= MOSTLY * len(values) and (whole or field is not None):
        told = {value: f"{value}0" for value in short}
    return told


def _is_kabupaten(text: str) -> bool:
    return text[:2].isdigit() and text[3:].isdigit() and int(text[:2]) >= 11 and text[3:] != "00"


def _fits(field: FieldSpecification) -> Callable[[str], bool]:
    codes = frozenset(field.codes)
    match = checked_pattern(field.pattern).fullmatch if field.pattern else None
    return lambda value: (match is None or match(value) is not None) and (not codes or value in codes)


def _with_zeros(value: str) -> list[str]:
    """A number with its zeros back: before it, or after its decimals."""
    before = ["0" * zeros + value for zeros in range(1, MOST_ZEROS + 1)]
    return before + ([f"{value}{'0' * zeros}" for zeros in range(1, MOST_ZEROS + 1)] if "." in value else [])
