"""Values of attributes as people read them: numbers, dates and truths in the reader's language."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from babel.dates import format_date

from geoportal.language import number, text
from geoportal.maps.escape import shortened

LONGEST: Final = 240
"""Characters of one value in a pop-up; the table of the dataset page has the whole."""
BEFORE_THE_NUMBER: Final = frozenset({"Rp", "IDR", "US$", "USD", "$"})
CODE_DIGITS: Final = 6


def readable(column: pd.Series[Any], language: str, unit: str | None = None) -> list[str | None]:
    """The values of one field as text, None where there is none. Plain text: not escaped yet.

    Whole numbers of one length from six digits on are codes, and four-digit ones without a unit may be years: both stay
    ungrouped.
    """
    plain = column.astype(object).to_numpy()
    missing = absent(column)
    grouped = not _looks_like_codes(plain, missing, unit)
    days_only = _has_days_only(plain, missing)
    return [
        None if gone else shortened(_written(value, language, unit, grouped, days_only), LONGEST)
        for value, gone in zip(plain, missing, strict=True)
    ]


def absent(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a column has no value: null, NaN or NaT; blank text counts as none."""
    missing = np.asarray(column.isna(), dtype=bool)
    if column.dtype.kind in "biufM":
        return missing
    blank = [isinstance(value, str) and not value.strip() for value in column.to_numpy(dtype=object)]
    return np.asarray(missing | np.array(blank, dtype=bool), dtype=bool)


def quantity(value: float, language: str, decimals: int | None = None) -> str:
    """A number in the reader's language; four-digit whole numbers keep their digits together."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    whole = float(value).is_integer()
    if decimals is None:
        decimals = 0 if whole else _decimals(value)
    if whole and decimals == 0 and abs(value) < 10_000:
        return f"{int(value)}"
    return number(value, language, decimals)


def day(value: date, language: str) -> str:
    """A date as ``24 Nov 2026``."""
    return format_date(value, "d MMM yyyy", locale=language)


def _written(value: Any, language: str, unit: str | None, grouped: bool, days_only: bool) -> str:
    if isinstance(value, bool | np.bool_):
        return text("maps", "value.true" if value else "value.false", language)
    if isinstance(value, int | np.integer):
        return _with_unit(quantity(int(value), language) if grouped else str(int(value)), unit)
    if isinstance(value, float | np.floating | Decimal):
        value = float(value)
        if grouped or not value.is_integer():
            return _with_unit(quantity(value, language), unit)
        return _with_unit(f"{value:.0f}", unit)
    if isinstance(value, datetime):
        written = day(value.date(), language)
        if days_only:
            return written
        zone = f" {value.tzname()}" if value.tzinfo else ""
        return f"{written}, {value:%H}{'.' if language == 'id' else ':'}{value:%M}{zone}"
    if isinstance(value, date):
        return day(value, language)
    if isinstance(value, time | timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return text("maps", "value.binary", language, count=number(len(value), language))
    return _with_unit(str(value), unit)


def _with_unit(written: str, unit: str | None) -> str:
    if not unit:
        return written
    return f"{unit} {written}" if unit in BEFORE_THE_NUMBER else f"{written} {unit}"


def _decimals(value: float) -> int:
    """Enough decimals for three significant digits, at least one, at most six; none that are zeros."""
    size = math.floor(math.log10(abs(value))) if value else 0
    wanted = min(6, max(1 if size >= 2 else 2, 2 - size))
    written = f"{value:.{wanted}f}".rstrip("0")
    return max(1, len(written.partition(".")[2]))


def _looks_like_codes(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any], unit: str | None) -> bool:
    if unit:
        return False
    present = [value for value, gone in zip(values, missing, strict=True) if not gone]
    whole = [value for value in present if _is_whole(value)]
    if len(whole) < 2 or len(whole) < len(present):
        return False
    lengths = {len(str(abs(int(value)))) for value in whole}
    return len(lengths) == 1 and lengths.pop() >= CODE_DIGITS


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, int | np.integer) or (isinstance(value, float | np.floating) and float(value).is_integer())


def _has_days_only(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any]) -> bool:
    """Whether all instants of a column are midnights: then they were dates before a format without dates took them."""
    instants = [value for value, gone in zip(values, missing, strict=True) if not gone and isinstance(value, datetime)]
    return all(value.time() == time() for value in instants)
