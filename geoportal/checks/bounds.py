"""Rules about what values may be: numbers within bounds, fields that agree with each other, and dates that can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import as_text, is_blank
from geoportal.checks.distinct import Distinct, cells, distinct
from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years between which something on a map is dated. No clock is asked: a report says the same tomorrow."""
MOSTLY = 0.8
"""Share of the different values that must look like dates before a text field counts as one of dates."""
NUMBERS, DATES = ("integer", "number"), ("date", "date-time")
STARTS_WITH = "starts-with"

_YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/. ](?P<m>\d{1,2})[-/. ](?P<d>\d{1,2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})[-/. ](?P<b>\d{1,2})[-/. ](?P<y>\d{4})(?: .*)?")
_DATE_NAME = re.compile(r"(?:^|[^a-z])(?:tgl|tanggal|tmt|date)", re.IGNORECASE)
_LONG_MONTHS = frozenset((1, 3, 5, 7, 8, 10, 12))


@rule(
    "field-range",
    scope=Scope.FEATURE,
    element=Element.DOMAIN_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def within_bounds(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Numbers lie between the bounds of the specification, ends included; what is no number is not asked."""
    assert spec is not None
    found, bounds = [], {}
    for field in spec.fields:
        if (field.minimum is None and field.maximum is None) or not context.has_field(field.name):
            continue
        low = -np.inf if field.minimum is None else field.minimum
        high = np.inf if field.maximum is None else field.maximum
        values = _numbers(context.column(field.name))
        found.append((field.name, np.flatnonzero((values < low) | (values > high))))
        bounds[field.name] = {"minimum": field.minimum, "maximum": field.maximum}
    return cells(context, found, about=lambda name, _: {"reason": _bound(**bounds[name]), **bounds[name]})


@rule(
    "fields-disagree",
    scope=Scope.FEATURE,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.COMPARISONS,),
)
def fields_agree(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Fields of one feature keep what the specification promises of them; a blank on either side says nothing."""
    assert spec is not None
    rows: list[NDArray[np.int_]] = []
    broken: list[Any] = []
    for item in spec.comparisons:
        if context.has_field(item.left) and context.has_field(item.right):
            wrong = np.flatnonzero(_breaks(context, item.left, item.operator, item.right))
            rows.append(wrong)
            broken += [item] * len(wrong)
    if not broken:
        return None
    features = np.concatenate(rows)

    def pair(position: int) -> dict[str, Any]:
        item, row = broken[position], [int(features[position])]
        left, right = (as_text(context.column(name).iloc[row])[0] for name in (item.left, item.right))
        sign = "" if item.operator == STARTS_WITH else item.operator
        reason = STARTS_WITH if item.operator == STARTS_WITH else "compared"
        return {"left": item.left, "right": item.right, "sign": sign, "value": left, "other": right, "reason": reason}

    fields = sorted({name for item in broken for name in (item.left, item.right)})
    return finding(context, features, detail=pair, params={"fields": fields})


@rule("date-implausible", scope=Scope.FEATURE, element=Element.DOMAIN_CONSISTENCY, severity=Severity.WARNING)
def dates_plausible(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Dates exist, lie in years that a map is about, and say which number is the day and which the month."""
    found: list[tuple[str, NDArray[np.int_]]] = []
    reasons: dict[str, dict[str, str]] = {}
    counted: dict[str, int] = {}
    for name in _date_fields(context):
        values = distinct(context, name)
        told = _faults(values)
        if not told:
            continue
        reasons[name] = told
        found.append((name, values.rows(values.where(told.__contains__))))
        for value, number in zip(values.values, values.counts(), strict=True):
            if value in told:
                counted[told[value]] = counted.get(told[value], 0) + int(number)
    return cells(
        context,
        found,
        about=lambda name, value: {"reason": reasons[name][value]},
        params={"reasons": dict(sorted(counted.items()))},
    )


def _bound(minimum: float | None, maximum: float | None) -> str:
    if maximum is None:
        return "minimum"
    return "maximum" if minimum is None else "between"


def _numbers(column: pandas.Series[Any]) -> NDArray[np.float64]:
    import pandas
    from pandas.api import types

    if types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(pandas.to_numeric(pandas.Series(as_text(column)), errors="coerce"), dtype=float)


def _breaks(context: Context, left: str, operator: str, right: str) -> NDArray[np.bool_]:
    """For each feature whether its two values break a promise."""
    import pandas

    columns = context.column(left), context.column(right)
    known = ~(is_blank(columns[0]) | is_blank(columns[1]))
    kinds = {context.field_types[left], context.field_types[right]}
    wrong = np.zeros(len(known), dtype=bool)
    if operator == STARTS_WITH:
        rows = np.flatnonzero(known)
        codes, pairs = pandas.MultiIndex.from_arrays([as_text(column)[rows] for column in columns]).factorize()
        bad = np.fromiter((not one.startswith(other) for one, other in pairs), dtype=bool, count=len(pairs))
        wrong[rows] = bad[codes]
        return wrong
    one: Any
    other: Any
    if kinds & set(NUMBERS):
        one, other = (_numbers(column) for column in columns)
        known &= ~(np.isnan(one) | np.isnan(other))
    elif kinds & set(DATES) or _says_date(context, left) or _says_date(context, right):
        one, other = (_instants(column) for column in columns)
        known &= ~(np.isnat(one) | np.isnat(other))
    else:
        one, other = (as_text(column) for column in columns)
    one, other = one[known], other[known]
    match operator:
        case "<":
            kept = one < other
        case "<=":
            kept = one <= other
        case ">":
            kept = one > other
        case ">=":
            kept = one >= other
        case _:
            kept = one == other
    wrong[known] = ~np.asarray(kept, dtype=bool)
    return wrong


def _instants(column: pandas.Series[Any]) -> NDArray[np.datetime64]:
    """Dates as instants in UTC, NaT for what is none."""
    import pandas

    made = pandas.to_datetime(pandas.Series(as_text(column)), errors="coerce", utc=True, format="ISO8601")
    return np.asarray(made.dt.tz_localize(None).to_numpy(), dtype="datetime64[us]")


def _says_date(context: Context, name: str) -> bool:
    fields = context.spec.fields if context.spec else ()
    return any(field.name == name and field.type in ("date", "datetime") for field in fields)


def _date_fields(context: Context) -> Iterator[str]:
    """The fields of dates: those that type or specification calls so, and those whose texts mostly are."""
    for field in context.layer.fields:
        if not context.has_field(field.name):
            continue
        if field.type in DATES or (field.type == "string" and _says_date(context, field.name)):
            yield field.name
        elif field.type == "string":
            values = distinct(context, field.name).values
            some = values[:200]
            # A code of a kecamatan, 12.34.08, is no date: there the year has four digits.
            looks = sum(_date(value) is not None for value in some)
            if looks and looks >= MOSTLY * len(some) * (0.5 if _DATE_NAME.search(field.name) else 1):
                yield field.name


def _date(value: str) -> re.Match[str] | None:
    text = value.strip()
    return _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)


def _faults(values: Distinct) -> dict[str, str]:
    """What is wrong with which dates: unreadable, no such day, year, or day and month that may be either."""
    found: dict[str, str] = {}
    unclear: list[str] = []
    orders: set[str] = set()
    for value in values.values:
        match = _date(value)
        if match is None:
            found[value] = "date-unreadable"
            continue
        parts = match.groupdict()
        year = int(parts["y"])
        if "a" not in parts:
            exists = _exists(year, int(parts["m"]), int(parts["d"]))
        else:
            first, second = int(parts["a"]), int(parts["b"])
            day_first, month_first = _exists(year, second, first), _exists(year, first, second)
            exists = day_first or month_first
            if day_first and month_first and first != second:
                unclear.append(value)
            elif day_first != month_first:
                orders.add("day-first" if day_first else "month-first")
        if not exists:
            found[value] = "date-none"
        elif not FIRST_YEAR <= year < LAST_YEAR:
            found[value] = "date-year"
    if len(orders) != 1:
        found |= {value: "date-order" for value in unclear if value not in found}
    return found


def _exists(year: int, month: int, day: int) -> bool:
    """Whether a day is in the calendar."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return False
    if month == 2:
        return day <= (29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28)
    return day <= 30 or month in _LONG_MONTHS
